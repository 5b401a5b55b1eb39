"""The samples that stand with the ops, ready to be run: `SAMPLES` lists them, `input_arrays` makes their arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

import pyflow
from pyflow.core.registry import OPS, Arg, OpDef, Sample

assert pyflow  # importing it registers the ops

SAMPLES: list[tuple[OpDef, Sample]] = [(OPS[name], s) for name in sorted(OPS) for s in OPS[name].samples]
IDS = [f"{op.name}-{op.samples.index(s)}" for op, s in SAMPLES]


def _array(value: Any, arg: Arg, floating: type) -> np.ndarray:
    """One tensor: numbers take the dtype of their argument, or float32 / int32 where the op leaves it open."""
    array = np.asarray(value)
    if array.dtype.kind in "SU":
        return np.asarray(value, object)
    if arg.dtype is not None:
        return array.astype(arg.dtype.as_numpy_dtype)
    if isinstance(value, np.ndarray):
        return array
    return array.astype({"f": floating, "i": np.int32}.get(array.dtype.kind, array.dtype))


def input_arrays(op: OpDef, sample: Sample, floating: type = np.float32) -> list[Any]:
    """One array per input argument, or a list of them where the argument is a list; open floats become `floating`."""
    return [
        [_array(item, arg, floating) for item in value] if arg.is_list else _array(value, arg, floating)
        for arg, value in zip(op.inputs, sample.inputs)
    ]


def flatten(values: list[Any]) -> list[Any]:
    """Input arguments one after the other, lists opened."""
    return [item for value in values for item in (value if isinstance(value, (list, tuple)) else [value])]
