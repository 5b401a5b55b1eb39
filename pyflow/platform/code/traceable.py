"""Things that know where they were put: file and line."""

from __future__ import annotations

import sys
from typing import Any, Iterator


class TraceableObject:
    """A thing with the place it comes from."""

    SUCCESS, HEURISTIC_USED, FAILURE = 0, 1, 2

    def __init__(self, obj: Any, filename: str | None = None, lineno: int | None = None):
        self.obj, self.filename, self.lineno = obj, filename, lineno

    def set_filename_and_line_from_caller(self, offset: int = 0) -> int:
        """Takes the place of the caller, or of that `offset` calls further out.

        Returns:
          SUCCESS, or HEURISTIC_USED where there are not so many calls and the outermost was taken.
        """
        frame, result = sys._getframe(1), self.SUCCESS
        for _ in range(offset):
            if frame.f_back is None:
                result = self.HEURISTIC_USED
                break
            frame = frame.f_back
        self.filename, self.lineno = frame.f_code.co_filename, frame.f_lineno
        return result

    def copy_metadata(self) -> TraceableObject:
        """The place without the thing."""
        return type(self)(None, self.filename, self.lineno)


class TraceableStack:
    """A stack of things that know where they were pushed."""

    def __init__(self, existing_stack: list[TraceableObject] | None = None):
        self._stack = list(existing_stack or [])

    def push_obj(self, obj: Any, offset: int = 0) -> int:
        """Pushes a thing; what it gives, and `offset`, are those of `set_filename_and_line_from_caller`."""
        traceable = TraceableObject(obj)
        self._stack.append(traceable)
        return traceable.set_filename_and_line_from_caller(offset + 1)

    def pop_obj(self) -> Any:
        """Takes the newest thing off.

        Raises:
          IndexError: there is none.
        """
        return self._stack.pop().obj

    def peek_top_obj(self) -> Any:
        """The newest thing."""
        return self._stack[-1].obj

    def peek_objs(self) -> Iterator[Any]:
        """The things, the newest first."""
        return (traceable.obj for traceable in reversed(self._stack))

    def peek_traceable_objs(self) -> Iterator[TraceableObject]:
        """The things with their places, the newest first."""
        return reversed(self._stack)

    def copy(self) -> TraceableStack:
        """Another stack of the same things."""
        return TraceableStack(self._stack)

    def __len__(self) -> int:
        return len(self._stack)
