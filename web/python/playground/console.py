"""What a program prints, sent to the page in pieces of a sixtieth of a second."""

from __future__ import annotations

import io
import sys
import time
from typing import Any

from playground import tell

_SECONDS = 1 / 60
_MOST_WAITING = 1 << 16


class Stream(io.TextIOBase):
    """A text stream whose lines become `output` events; both streams of a program share a list, so order is kept."""

    waiting: list[tuple[str, str]] = []
    size = 0
    last = 0.0

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
        if Stream.size > _MOST_WAITING or time.perf_counter() - Stream.last > _SECONDS:
            send()
        return len(text)

    def flush(self) -> None:
        """Waiting text goes out with what comes next, or at the end: programs that flush each line print many."""


def send() -> None:
    """Sends what waits."""
    if Stream.waiting:
        tell("output", Stream.waiting)
    Stream.waiting = []
    Stream.size = 0
    Stream.last = time.perf_counter()


class Console:
    """In the block, `sys.stdout` and `sys.stderr` go to the page, and `input` says that nobody will answer."""

    def __enter__(self) -> Console:
        self._before = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = io.StringIO(), Stream("out"), Stream("err")
        return self

    def __exit__(self, *error: Any) -> None:
        sys.stdin, sys.stdout, sys.stderr = self._before
        send()
