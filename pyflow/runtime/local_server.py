"""Servers of this process: sessions that name the same one as their target share variables and queues."""

from __future__ import annotations

import itertools
import weakref
from typing import Any

from pyflow.runtime.resources import Resources

_SERVERS: dict[str, LocalServer] = {}
_ports = itertools.count(32768)


class LocalServer:
    """What the sessions of one target have in common. It listens at no port: the number tells servers apart."""

    def __init__(self) -> None:
        self.target = f"grpc://localhost:{next(_ports)}"
        self.resources = Resources(self._forget_plans)
        self._sessions: weakref.WeakSet = weakref.WeakSet()
        _SERVERS[self.target] = self

    def join(self, session: Any) -> Resources:
        """The resources that a new session is to use."""
        self._sessions.add(session)
        return self.resources

    def reset(self) -> None:
        """Lets go of all variables and queues."""
        self.resources.clear()
        self._forget_plans()

    def _forget_plans(self) -> None:
        for session in list(self._sessions):
            session.forget_plans()


def find_server(target: Any) -> LocalServer | None:
    """The server of that target, or None if there is none in this process."""
    return _SERVERS.get(target.decode() if isinstance(target, bytes) else target)
