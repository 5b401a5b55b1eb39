"""What a program prints, sent to the page at once; if that is much, in pieces of a sixtieth of a second."""

from __future__ import annotations

import functools
import io
import itertools
import operator
import sys
import time
from collections.abc import Callable
from typing import Any

from playground import tell
from pyflow.runtime.session import BaseSession

_SECONDS = 1 / 60
_MOST_AT_ONCE = 20  # pieces that are sent without waiting for others
_MOST_WAITING = 1 << 16
_SLICE = 0.05  # seconds that a program sleeps before it is seen whether it is to stop


class Stream(io.TextIOBase):
    """A text stream whose lines become `output` events; both streams of a program share a list, so order is kept."""

    waiting: list[tuple[str, str]] = []
    size = 0
    allowed_from = 0.0  # the time from when on a piece may be sent

    def __init__(self, name: str):
        self._name = name

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        Stream.waiting.append((self._name, text))
        Stream.size += len(text)
        if Stream.size > _MOST_WAITING:
            send()
        elif "\n" in text or "\r" in text:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Sends what waits, if not too much was sent lately: programs that flush each line print many."""
        if time.perf_counter() > Stream.allowed_from:
            send()


def send() -> None:
    """Sends what waits."""
    waiting, Stream.waiting, Stream.size = Stream.waiting, [], 0
    if waiting:
        parts = itertools.groupby(waiting, operator.itemgetter(0))
        start = time.perf_counter()
        tell("output", [(name, "".join(text for _, text in pieces)) for name, pieces in parts])
        end = time.perf_counter()
        Stream.allowed_from = max(Stream.allowed_from, end - _MOST_AT_ONCE * _SECONDS) + _SECONDS
        if len(waiting) > _MOST_AT_ONCE and end - start > _SECONDS:  # the page is slow: fewer and larger pieces
            Stream.allowed_from = end + 4 * (end - start)


def install() -> None:
    """Has what is printed sent before a session runs something or the program sleeps; and it does not sleep on Stop."""
    BaseSession.run = _after_sending(BaseSession.run)
    time.sleep = _after_sending(_in_slices(time.sleep))


def _after_sending(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if Stream.waiting:
            send()
        return function(*args, **options)

    return call


def _in_slices(sleep: Callable[[float], None]) -> Callable[[float], None]:
    """Stop is seen between two slices, not in the middle of one."""
    try:
        from pyodide_js import checkInterrupt  # type: ignore[import-not-found]
    except ImportError:
        return sleep

    @functools.wraps(sleep)
    def sliced(seconds: float) -> None:
        end = time.perf_counter() + seconds
        sleep(min(seconds, _SLICE))
        while (left := end - time.perf_counter()) > 0:
            checkInterrupt()
            sleep(min(left, _SLICE))

    return sliced


class _Nobody(io.StringIO):
    """In the place of a keyboard."""

    def readline(self, size: int | None = -1, /) -> str:
        raise EOFError("EOF when reading a line: in the playground nobody answers, write the answers into the program")


class Console:
    """In the block, `sys.stdout` and `sys.stderr` go to the page, and `input` says that nobody will answer."""

    def __enter__(self) -> Console:
        self._before = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = _Nobody(), Stream("out"), Stream("err")
        return self

    def __exit__(self, *error: Any) -> None:
        sys.stdin, sys.stdout, sys.stderr = self._before
        send()
