"""Checks of what the device has computed: it tells the host a number, at which the host raises."""

from __future__ import annotations

from typing import Any, Iterable

from pyflow.core import dtypes
from pyflow.ops.gpu import Inspected, dispatches
from pyflow.runtime.program import Program, Step, Value
from pyflow.runtime.webgpu.node import Node, Work, changed, shape_of


def inspected(step: Step, device: Any) -> Inspected | None:
    """How the device can help the host with a check, if the step is one."""
    how = step.definition.gpu if step.definition is not None else None
    if not isinstance(how, Inspected) or step.inputs[0].dtype not in how.types:
        return None
    if step.inputs[0].dtype is dtypes.float16 and "shader-f16" not in device.features:
        return None
    shape = shape_of(step.inputs[0])
    return how if shape is not None and None not in shape and 0 not in shape else None


def settle(program: Program, works: dict[Step, Work], session: Any, device: Any) -> None:
    """Parts each check of what is on the device in two: its number is computed there, and looked at on the host.

    What takes the checked value takes what is checked; the host's step has an effect, so that no variable is written
    before it that was to be written after the check.
    """
    cells = {id(v.cell) for step in works for v in changed(step)}
    same: dict[Value, Value] = {}
    steps: list[Step] = []
    for step in program.steps:
        _take(step, works, same)
        value = step.inputs[0] if step.inputs else None
        how = inspected(step, device)
        if how is None or value is None or not (value.step in works or id(value.cell) in cells):
            steps.append(step)
            continue
        number = Value(dtypes.int32, (1,))
        there = Step(step.op, None, step.attrs, [value], [number])
        commands = how.rule(Node(there, session))
        works[there] = Work(there, dispatches(how.rule), commands)
        here = Step(step.op, None, {"returns": True}, [number], [])
        here.kernel = _raising(how, step.attrs)
        steps += [there, here]
        same[step.outputs[0]] = value
    program.steps = steps
    program.fetches[:] = [same.get(v, v) for v in program.fetches]
    program.wanted[:] = [same.get(v, v) for v in program.wanted]
    program.kept = {same.get(v, v) for v in program.kept}


def _take(step: Step, works: dict[Step, Work], same: dict[Value, Value]) -> None:
    if same.keys().isdisjoint(step.inputs):
        return
    step.inputs[:] = [same.get(v, v) for v in step.inputs]
    dispatched: Iterable[Any] = works[step].each_dispatch() if step in works else ()
    for dispatch in dispatched:
        dispatch.inputs = [same.get(v, v) for v in dispatch.inputs]


def _raising(how: Inspected, attrs: dict) -> Any:
    def look(number: Any) -> None:
        how.refuse(int(number[0]), **attrs)

    return look
