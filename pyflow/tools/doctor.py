"""`pyflow doctor`: which GPU adapters there are, what they can do, and whether every kernel computes right on them."""

from __future__ import annotations

import os
from typing import Any, Iterator

import numpy as np

from pyflow.core.graph import Graph
from pyflow.core.registry import OPS, OpDef, Sample
from pyflow.core.tensor import Tensor
from pyflow.ops.placeholder import placeholder
from pyflow.protos.config_pb2 import ConfigProto
from pyflow.runtime.session import Session
from pyflow.runtime.webgpu import adapters

_NONE_FOUND = (
    "No GPU adapter was found; everything runs on the CPU.",
    "To use a GPU: pip install 'pyflow-tf[gpu]', and on Linux the Vulkan driver of your card",
    "(Debian, Ubuntu: apt-get install mesa-vulkan-drivers, or the vendor's package).",
)


def doctor() -> Iterator[str]:
    """The lines of the report, as they are found out."""
    found = adapters.driver.adapters()
    if not found:
        yield from _NONE_FOUND
        return
    default = adapters.chosen()
    for adapter in found:
        info = adapters.driver.describe(adapter)
        kind = "software" if info.is_software else "hardware"
        yield f"{info.name} ({kind}; {info.description})"
        device = adapters.driver.open_device(adapter)
        yield f"  features: {', '.join(sorted(device.features)) or 'none of those that are used'}"
        for name, limit in device.limits.items():
            yield f"  {name}: {limit}"
        device.close()
        failures, count = _failures(info.name)
        yield f"  kernels: {count - len(failures)} of {count} ops compute what the CPU does"
        yield from (f"    {failure}" for failure in failures)
    if default is None:
        yield "Sessions use none of these: software is slower than the CPU kernels. PYFLOW_ADAPTER=NAME asks for one."
    else:
        yield f"Sessions use {default.info.name}."


def _failures(adapter: str) -> tuple[list[str], int]:
    """What is wrong with kernels on the adapter, and how many ops were tried."""
    before = os.environ.get("PYFLOW_ADAPTER")
    os.environ["PYFLOW_ADAPTER"] = adapter
    try:
        tried = [op for op in OPS.values() if op.gpu is not None and op.samples and not op.stateful]
        failures = []
        for op in tried:
            for number, sample in enumerate(op.samples):
                words = _compare(op, sample)
                if words:
                    failures.append(f"{op.name}, sample {number}: {words}")
        return failures, len(tried)
    finally:
        os.environ.pop("PYFLOW_ADAPTER")
        if before is not None:
            os.environ["PYFLOW_ADAPTER"] = before


def _compare(op: OpDef, sample: Sample) -> str:
    """What is wrong with the kernel's result; "" if nothing is."""
    graph = Graph()
    with graph.as_default(), graph.device("/device:GPU:0"):
        feeds: dict[Tensor, Any] = {}
        inputs = [
            [_input(v, arg, feeds) for v in value] if arg.is_list else _input(value, arg, feeds)
            for arg, value in zip(op.inputs, sample.inputs)
        ]
        result = op(*inputs, **sample.attrs)
    outputs = list(result) if isinstance(result, (list, tuple)) else [result]
    try:
        with Session(graph=graph, config=ConfigProto(allow_soft_placement=True)) as session:
            values = session.run(outputs, feeds)
        on_cpu = ConfigProto(allow_soft_placement=True, device_count={"GPU": 0})
        with Session(graph=graph, config=on_cpu) as session:
            expected = session.run(outputs, feeds)
    except Exception as error:  # whatever a driver does, the report goes on
        return str(error).splitlines()[0]
    for value, wanted in zip(values, expected):
        if not np.allclose(value, wanted, rtol=1e-4, atol=1e-5, equal_nan=True):
            return f"{np.asarray(value).tolist()} instead of {np.asarray(wanted).tolist()}"[:200]
    return ""


def _input(value: Any, arg: Any, feeds: dict[Tensor, Any]) -> Any:
    """A fed tensor for numbers with fractions; others as they are, since shapes and axes have to be known."""
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return value
    array = array.astype(np.float32)
    tensor = placeholder("float32", array.shape)
    feeds[tensor] = array
    return tensor
