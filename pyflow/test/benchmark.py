"""Benchmark: the base class of TensorFlow's benchmarks."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.scopes import get_default_session
from pyflow.core.tensor import Tensor


@export("test.Benchmark")
class Benchmark:
    """Times operations; `tf.test.main` does not run benchmarks, so a program calls their methods itself."""

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []

    @classmethod
    def is_abstract(cls) -> bool:
        """Whether a class defines no benchmarks: has no method `benchmark...`."""
        return not any(name.startswith("benchmark") for name in dir(cls))

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors in the default session."""
        return get_default_session().run(tensors)

    def report_benchmark(
        self,
        iters: int | None = None,
        cpu_time: float | None = None,
        wall_time: float | None = None,
        throughput: float | None = None,
        extras: dict[str, Any] | None = None,
        name: str | None = None,
        metrics: Any = None,
    ) -> None:
        """Prints a result, times in seconds and throughput in MB a second, and keeps it in `reports`."""
        report = {
            "name": name or type(self).__name__,
            "iters": iters,
            "cpu_time": cpu_time,
            "wall_time": wall_time,
            "throughput": throughput,
            "extras": extras or {},
            "metrics": metrics,
        }
        self.reports.append(report)
        print(", ".join(f"{key}: {value}" for key, value in report.items() if value))

    def run_op_benchmark(
        self,
        sess: Any,
        op_or_tensor: Any,
        feed_dict: Any = None,
        burn_iters: int = 2,
        min_iters: int = 10,
        store_trace: bool = False,
        store_memory_usage: bool = True,
        name: str | None = None,
        extras: Any = None,
        mbs: float = 0,
    ) -> dict[str, Any]:
        """Runs an operation `burn_iters` and then `min_iters` times, and reports the median time.

        Args:
          mbs: the megabytes that a run processes, for the throughput.
        """
        target = op_or_tensor.op if isinstance(op_or_tensor, Tensor) else op_or_tensor
        for _ in range(burn_iters):
            sess.run(target, feed_dict)
        times = []
        for _ in range(min_iters):
            start = time.perf_counter()
            sess.run(target, feed_dict)
            times.append(time.perf_counter() - start)
        median = float(np.median(times))
        throughput = mbs / median if mbs else None
        self.report_benchmark(min_iters, wall_time=median, throughput=throughput, extras=extras, name=name)
        return self.reports[-1]
