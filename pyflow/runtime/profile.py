"""RunMetadata: when each step of a run started and ended, as TF's step statistics."""

from __future__ import annotations

import atexit
import os
import time
from typing import Any

from pyflow.core import dtypes
from pyflow.core.errors import InvalidArgumentError
from pyflow.runtime.ordering import needed_ops

_TASK = "/job:localhost/replica:0/task:0"


class TraceFile:
    """Every run of the process in one Chrome trace, written when the process ends: `PYFLOW_TRACE=FILE`."""

    def __init__(self, path: str):
        from pyflow.protos.step_stats_pb2 import StepStats

        self._path = path
        self._stats = StepStats()
        atexit.register(self.write)

    def run(self, executable: Any, feeds: tuple) -> tuple:
        results, timings = executable.traced(feeds)
        _record(self._stats, timings)
        return results

    def write(self) -> None:
        from pyflow.runtime.timeline import Timeline

        with open(self._path, "w", encoding="utf-8") as file:
            file.write(Timeline(self._stats).generate_chrome_trace_format())


trace_file = TraceFile(os.environ["PYFLOW_TRACE"]) if os.environ.get("PYFLOW_TRACE") else None


def run(executable: Any, feeds: tuple, options: Any, run_metadata: Any) -> tuple:
    """Runs an executable; with a trace level in `options`, fills `run_metadata.step_stats`."""
    from pyflow.protos.config_pb2 import RunMetadata, RunOptions

    if options is not None and not isinstance(options, RunOptions):
        raise TypeError(f"options must be a RunOptions protocol buffer, but got {type(options)}")
    if run_metadata is not None and not isinstance(run_metadata, RunMetadata):
        raise TypeError(f"run_metadata must be a RunMetadata protocol buffer, but got {type(run_metadata)}")
    level = options.trace_level if options is not None else 0
    if level not in (0, 1, 2, 3):
        raise InvalidArgumentError(None, None, f"Unknown trace level {level}")
    if level == 0 or run_metadata is None:
        return executable(feeds)
    results, timings = executable.traced(feeds)
    _record(run_metadata.step_stats, timings)
    return results


def add_partition_graph(run_metadata: Any, tensors: list, targets: list, feeds: Any) -> None:
    """Adds the part of the graph that a run needed, on its one device, to the metadata."""
    partition = run_metadata.partition_graphs.add()
    for op in needed_ops(tensors, targets, feeds):
        partition.node.add().CopyFrom(op.node_def)


def _record(step_stats: Any, timings: Any) -> None:
    """Adds the timings to those of their devices."""
    if not timings and not step_stats.dev_stats:  # everything was known beforehand
        step_stats.dev_stats.add(device=f"{_TASK}/device:CPU:0")
    offset = time.time() - time.perf_counter()
    devices = {device.device: device for device in step_stats.dev_stats}
    for step, start, end, kind in timings:
        name = f"{_TASK}/device:{kind}:0"
        if name not in devices:
            devices[name] = step_stats.dev_stats.add(device=name)
        _fill(devices[name].node_stats.add(), step, start + offset, end - start)


def _fill(stats: Any, step: Any, start: float, seconds: float) -> None:
    stats.node_name = step.op.name
    stats.timeline_label = f"{step.op.name} = {step.type}({', '.join(t.op.name for t in step.op.inputs)})"
    stats.all_start_micros = int(start * 1e6)
    stats.all_start_nanos = int(start * 1e9)
    stats.op_end_rel_micros = stats.all_end_rel_micros = max(1, int(seconds * 1e6))
    stats.op_end_rel_nanos = stats.all_end_rel_nanos = int(seconds * 1e9)
    for slot, value in enumerate(step.outputs):
        if value.known_shape and value.dtype not in (dtypes.resource, dtypes.variant):
            output = stats.output.add(slot=slot)
            output.tensor_description.dtype = value.dtype.as_datatype_enum
            for size in value.shape:
                output.tensor_description.shape.dim.add(size=size)
            output.tensor_description.allocation_description.requested_bytes = value.nbytes
