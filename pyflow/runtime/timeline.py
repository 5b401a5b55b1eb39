"""A run's step statistics as a Chrome trace (chrome://tracing, Perfetto)."""

from __future__ import annotations

import json
from typing import Any


class Timeline:
    """The steps of a run on a time line.

    Args:
      step_stats: `RunMetadata.step_stats` of a run with `trace_level=RunOptions.FULL_TRACE`.
    """

    def __init__(self, step_stats: Any, graph: Any = None):
        self._step_stats = step_stats

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False, op_time: str = "schedule"
    ) -> str:
        """JSON text in Chrome's trace event format: one process a device, one complete event a node."""
        events: list[dict[str, Any]] = []
        for pid, device in enumerate(self._step_stats.dev_stats):
            events.append({"name": "process_name", "ph": "M", "pid": pid, "args": {"name": f"{device.device} Compute"}})
            events += [self._event(pid, stats) for stats in device.node_stats]
        return json.dumps({"traceEvents": events}, indent=4)

    @staticmethod
    def _event(pid: int, stats: Any) -> dict[str, Any]:
        label, _, rest = stats.timeline_label.partition(" = ")
        op, _, inputs = rest.partition("(")
        arguments = {"name": stats.node_name, "op": op}
        for i, name in enumerate(part for part in inputs.rstrip(")").split(", ") if part):
            arguments[f"input{i}"] = name
        return {
            "name": op or label,
            "cat": "Op",
            "ph": "X",
            "pid": pid,
            "tid": 0,
            "ts": stats.all_start_micros,
            "dur": max(1, stats.all_end_rel_micros),
            "args": arguments,
        }
