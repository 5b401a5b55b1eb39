"""Threads that programs start, where there are none: such a thread does its work when it is started.

Queue runners and a coordinator's loops need none of this: PyFlow runs those whenever something waits for them.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from pyflow.core.waiting import threads_available

_start = threading.Thread.start
_told: Any = None  # the last program that was told
_NOTE = (
    "A browser tab has no threads: what a thread does is done at once when it is started, until it ends. "
    "Threads that wait for each other need Python outside of the browser.\n"
)


def install() -> None:
    """Has programs' own threads run when they are started, if they cannot run beside."""
    if not threads_available():  # is asked before, because afterwards it would seem that they can
        threading.Thread.start = start


def start(self: threading.Thread) -> None:
    """In the place of `Thread.start`.

    Raises:
      RuntimeError: the thread is not the program's own.
    """
    if _is_of_program(self):
        return run_at_once(self)
    try:
        _start(self)
    except RuntimeError as error:
        raise RuntimeError(f"{error}: a browser tab has no threads") from None


def _is_of_program(thread: threading.Thread) -> bool:
    """Whether a program has made the thread, not a library, whose threads mostly wait for later work."""
    target: Any = getattr(thread, "_target", None) or type(thread)
    return getattr(target, "__module__", "") == "__main__"


def run_at_once(thread: Any) -> None:
    """Does the thread's work in this one, so that it has ended when `start` returns."""
    _tell_once()
    begin, active = threading._start_joinable_thread, dict(threading._active)  # type: ignore[attr-defined]

    def begin_here(function: Any, handle: Any = None, daemon: bool = True) -> None:
        function()
        thread._os_thread_handle = threading._make_thread_handle(threading.get_ident())  # type: ignore[attr-defined]
        thread._os_thread_handle._set_done()

    threading._start_joinable_thread = begin_here  # type: ignore[attr-defined]
    try:
        _start(thread)
    finally:
        threading._start_joinable_thread = begin  # type: ignore[attr-defined]
        threading._active.update(active)  # type: ignore[attr-defined]


def _tell_once() -> None:
    global _told
    if _told is not sys.modules["__main__"]:
        _told = sys.modules["__main__"]
        sys.stderr.write(_NOTE)
