"""Where the time of a program's runs went, by kind of op and by device."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from pyflow.runtime import profile


class Recorder:
    """Stands in the place of the runtime's trace file: every `Session.run` is timed step by step."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], float] = {}
        self._calls: dict[tuple[str, str], int] = {}
        self._runs = 0

    def run(self, executable: Any, feeds: tuple) -> tuple:
        results, timings = executable.traced(feeds)
        self._runs += 1
        for step, start, end, device in timings:
            key = step.type if step.type != "fused" else f"{step.op.type}, fused", device
            self._seconds[key] = self._seconds.get(key, 0.0) + end - start
            self._calls[key] = self._calls.get(key, 0) + 1
        return results

    def table(self) -> dict[str, Any]:
        """{"runs", "rows": [op, device, calls, seconds]}, those that took longest first."""
        order = sorted(self._seconds, key=self._seconds.__getitem__, reverse=True)
        return {"runs": self._runs, "rows": [[*key, self._calls[key], self._seconds[key]] for key in order]}


@contextlib.contextmanager
def recording(wanted: bool) -> Iterator[Recorder | None]:
    """In the block, runs are timed if that is wanted."""
    recorder = Recorder() if wanted else None
    before, profile.trace_file = profile.trace_file, recorder or profile.trace_file
    try:
        yield recorder
    finally:
        profile.trace_file = before
