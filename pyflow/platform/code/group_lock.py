"""GroupLock: a lock that those of one group hold together, and that keeps the other groups out."""

from __future__ import annotations

import contextlib
import threading
from typing import Iterator


class GroupLock:
    """Many threads of one group may be inside at a time, of two groups none.

    Raises:
      ValueError: `num_groups` is not positive.
    """

    def __init__(self, num_groups: int = 2):
        if num_groups < 1:
            raise ValueError(f"num_groups must be a positive integer, got {num_groups}")
        self._changed = threading.Condition(threading.Lock())
        self._inside = [0] * num_groups

    @contextlib.contextmanager
    def group(self, group_id: int) -> Iterator[None]:
        """Holds the lock for a group inside a `with` block."""
        self.acquire(group_id)
        try:
            yield
        finally:
            self.release(group_id)

    def acquire(self, group_id: int) -> None:
        """Waits until no other group is inside, and enters.

        Raises:
          ValueError: there is no such group.
        """
        self._check(group_id)
        with self._changed:
            self._changed.wait_for(lambda: not any(n > 0 for i, n in enumerate(self._inside) if i != group_id))
            self._inside[group_id] += 1

    def release(self, group_id: int) -> None:
        """Leaves.

        Raises:
          ValueError: there is no such group.
        """
        self._check(group_id)
        with self._changed:
            self._inside[group_id] -= 1
            self._changed.notify_all()

    def _check(self, group_id: int) -> None:
        if not 0 <= group_id < len(self._inside):
            raise ValueError(f"group_id={group_id} should be between 0 and num_groups={len(self._inside)}")
