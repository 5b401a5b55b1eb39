"""Partial runs: one run of a graph in several calls, each with some of the feeds and fetches."""

from __future__ import annotations

from typing import Any

from pyflow.core.errors import InvalidArgumentError
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor
from pyflow.runtime.executable import Executable
from pyflow.runtime.feeds import flatten_feeds
from pyflow.runtime.fetches import Fetches
from pyflow.runtime.ordering import needed_ops


class PartialRun:
    """What a partial run has computed so far: no operation runs twice in it."""

    def __init__(self, session: Any, fetches: Any, feeds: Any):
        self._session = session
        handler = Fetches(session.graph, fetches)
        self._to_fetch = dict.fromkeys([*handler.tensors, *handler.targets], True)
        self._may_feed = {session.graph.as_graph_element(f, allow_operation=False) for f in feeds or ()}
        if not self._to_fetch:
            raise _invalid("Must specify at least one target to fetch or execute.")
        for tensor in handler.tensors:
            if tensor in self._may_feed:
                raise _invalid(f"{tensor.name} is both fed and fetched.")
        self._known: dict[Tensor, Any] = {}
        self._done: set[Operation] = set()

    def run(self, fetches: Any, feed_dict: Any) -> Any:
        """The next call: values of `fetches`, of which everything they need must be fed or computed by now.

        Raises:
          InvalidArgumentError: a fetch or feed was not announced, comes a second time, or cannot be computed yet.
        """
        if not any(self._to_fetch.values()) and self._known.keys() >= self._may_feed:
            raise _invalid("Must run 'setup' before performing partial runs!")
        feeds = flatten_feeds(self._session.graph, feed_dict or {})
        for tensor in feeds:
            if tensor not in self._may_feed:
                raise _invalid(f"The feed {tensor.name} was not specified in partial_run_setup.")
            if tensor in self._known:
                raise _invalid(f"The feed {tensor.name} has already been fed.")
        handler = Fetches(self._session.graph, fetches)
        for element in (*handler.tensors, *handler.targets):
            if element not in self._to_fetch:
                raise _invalid(f"The fetch {element.name} was not specified in partial_run_setup.")
            if not self._to_fetch[element]:
                raise _invalid(f"The fetch {element.name} has already been fetched.")
        self._to_fetch.update(dict.fromkeys([*handler.tensors, *handler.targets], False))
        self._known.update(feeds)
        self._compute(handler)
        return handler.rebuild(tuple(self._known[t] for t in handler.tensors))

    def _compute(self, handler: Fetches) -> None:
        """Runs what the fetches need beyond what is known, and keeps every value, as a later call may need it."""
        missing = [t for t in handler.tensors if t not in self._known]
        targets = [op for op in handler.targets if op not in self._done]
        ops = [op for op in needed_ops(missing, targets, self._known) if op not in self._done]
        for tensor in self._may_feed - self._known.keys():
            if tensor.op in ops:
                raise _invalid(f"Fetch {tensor.name} can't be computed from the feeds that have been fed so far.")
        kept = [t for op in ops for t in op.outputs if not t.dtype._is_ref_dtype and t not in self._known]
        wanted = list(dict.fromkeys([*missing, *kept]))
        shapes = {t: getattr(v, "shape", ()) for t, v in self._known.items()}
        executable = Executable(self._session, wanted, targets, shapes, on_device=True)
        self._known.update(zip(wanted, executable(tuple(self._known.values()))))
        self._done.update(ops)


def _invalid(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)
