"""How far a run is, as a line that is written over and over."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from pyflow.core.api import export


@export("keras.utils.Progbar")
class Progbar:
    """A progress bar on the standard output.

    Args:
      target: the number of steps, None if it isn't known.
      width: of the bar, in letters.
      verbose: 1 for a bar, 2 for one line at the end, 0 for nothing.
      interval: the shortest time between two updates, in seconds.
      stateful_metrics: the values that are shown as they are, not as means.
      unit_name: what the steps are called.
    """

    def __init__(
        self,
        target: Any,
        width: int = 30,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Any = None,
        unit_name: str = "step",
    ):
        self.target, self.width, self.verbose, self.interval = target, width, verbose, interval
        self.unit_name = unit_name
        self.stateful_metrics = set(stateful_metrics or ())
        self._dynamic_display = hasattr(sys.stdout, "isatty") and sys.stdout.isatty() or "ipykernel" in sys.modules
        self._values: dict[str, Any] = {}
        self._total_width = self._seen_so_far = 0
        self._start = time.time()
        self._last_update = 0.0

    def update(self, current: int, values: Any = None) -> None:
        """Shows that `current` steps are done, and (name, value) pairs of this one."""
        for key, value in values or []:
            if key in self.stateful_metrics:
                self._values[key] = [value, 1]
            else:
                count = max(current - self._seen_so_far, 1)
                old = self._values.get(key, [0, 0])
                self._values[key] = [old[0] + value * count, old[1] + count]
        self._seen_so_far = current
        now = time.time()
        is_last = self.target is not None and current >= self.target
        if self.verbose == 1 and (is_last or self.target is None or now - self._last_update >= self.interval):
            self._show(current, now, is_last)
            self._last_update = now
        elif self.verbose == 2 and is_last:
            digits = len(str(self.target))
            seconds = f" - {now - self._start:.0f}s"
            sys.stdout.write(f"{current:{digits}d}/{self.target}{seconds}{self._shown_values()}\n")
            sys.stdout.flush()

    def _show(self, current: int, now: float, is_last: bool) -> None:
        before = self._total_width
        sys.stdout.write("\b" * before + "\r" if self._dynamic_display else "\n")
        if self.target is None:
            bar = f"{current:7d}/Unknown"
        else:
            digits = len(str(self.target))
            done = int(self.width * current / self.target)
            filled = "=" * (done - 1) + (">" if current < self.target else "=") if done > 0 else ""
            bar = f"{current:{digits}d}/{self.target} [{filled}{'.' * (self.width - done)}]"
        each = (now - self._start) / current if current else 0
        if self.target is not None and not is_last:
            info = " - ETA: " + _duration(each * (self.target - current))
        else:
            scaled = f"{each:.0f}s" if each >= 1 else f"{each * 1e3:.0f}ms" if each >= 1e-3 else f"{each * 1e6:.0f}us"
            info = f" - {now - self._start:.0f}s {scaled}/{self.unit_name}"
        line = bar + info + self._shown_values()
        self._total_width = len(line)
        sys.stdout.write(line + " " * (before - len(line)) + ("\n" if is_last else ""))
        sys.stdout.flush()

    def _shown_values(self) -> str:
        shown = ""
        for key, (total, count) in self._values.items():
            mean = np.mean(total / max(1, count))
            shown += f" - {key}: {mean:.4f}" if abs(mean) > 1e-3 else f" - {key}: {mean:.4e}"
        return shown

    def add(self, n: int, values: Any = None) -> None:
        """Shows that n more steps are done."""
        self.update(self._seen_so_far + n, values)


def _duration(seconds: float) -> str:
    if seconds > 3600:
        return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f}:{int(seconds % 60):02d}"
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}" if seconds > 60 else f"{int(seconds)}s"
