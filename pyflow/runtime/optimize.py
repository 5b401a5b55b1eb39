"""Passes over a program before it is lowered: common subexpressions, then dead code."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.shapes import TensorShape
from pyflow.runtime.program import Program, Step, Value, cell_of


def merge_common_subexpressions(program: Program) -> None:
    """Steps without side effects that do the same to the same values become one.

    What is done to a variable's memory before a step that may write to it differs from what is done afterwards.
    """
    seen: dict[Any, Step] = {}
    writes: dict[int, int] = {}
    replaced: dict[Value, Value] = {}
    kept = []
    for step in program.steps:
        step.inputs = [replaced.get(v, v) for v in step.inputs]
        if not step.stateful:
            times = tuple(writes.get(id(cell_of(v)), 0) for v in step.inputs) if writes else ()
            key = (step.type, tuple(map(_value_key, step.inputs)), _attrs_key(step.attrs), times if any(times) else ())
            earlier = seen.setdefault(key, step)
            if earlier is not step:
                replaced.update(zip(step.outputs, earlier.outputs))
                continue
        elif step.type != "ReadCell":
            for value in step.inputs:
                if value.cell is not None and not _is_read(value):
                    writes[id(value.cell)] = writes.get(id(value.cell), 0) + 1
        kept.append(step)
    program.steps = kept
    program.fetches = [replaced.get(v, v) for v in program.fetches]
    program.wanted = [replaced.get(v, v) for v in program.wanted]


def _is_read(value: Value) -> bool:
    return value.step is not None and value.step.type == "ReadCell"


def _value_key(value: Value) -> Any:
    constant = value.constant
    if isinstance(constant, np.ndarray) and constant.size <= 16 and constant.dtype != object:
        return constant.dtype.str, constant.shape, constant.tobytes()
    return id(value)


def _attrs_key(attrs: dict[str, Any]) -> Any:
    return tuple((name, _attr_key(value)) for name, value in attrs.items() if not name.startswith("_"))


def _attr_key(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_attr_key, value))
    if isinstance(value, TensorShape):
        return value.as_tuple()
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value


def drop_dead_steps(program: Program) -> None:
    """Removes steps whose outputs nothing uses (folding and fusing leave such behind)."""
    live = {*program.fetches, *program.wanted}
    used: set[Value] = set()
    kept = []
    for step in reversed(program.steps):
        if step.type == "ReadCell" and not live.intersection(step.outputs) and "checked" not in step.attrs:
            continue
        if step.definition is None or step.stateful or not step.outputs or live.intersection(step.outputs):
            kept.append(step)
            for value in (*step.inputs, *step.attrs.get("_reads", ())):
                live.add(value)
                used.add(value)
    kept.reverse()
    program.steps = kept
    program.wanted = [v for v in program.wanted if v not in used]  # the others' users may be fused with them
