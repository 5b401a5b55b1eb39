"""Splits a program into what the CPU does and what the device does, with as few changes between them as there can be.

Steps without side effects go wherever their inputs allow. What reads or writes the same variable stays in order, what
has effects outside (queues, printing, assertions) as well, and no variable is written before such an effect that came
first.
"""

from __future__ import annotations

import heapq
import math
from typing import Any

from pyflow.core.device import DeviceSpec
from pyflow.runtime.program import Program, Step, Value
from pyflow.runtime.webgpu import inspection, unique_rows
from pyflow.runtime.webgpu.node import COPY, Work, changed, is_constant, is_reference, shape_of, work_of
from pyflow.runtime.webgpu.passing import Place
from pyflow.runtime.webgpu.recording import Segment

# Values with so few elements are computed on the host where their inputs are.
_FEW = 64
# A program that is not told to use the GPU has to have so many numbers to compute.
_WORTHWHILE = 1 << 14
_RANDOM = ("Random", "TruncatedNormal", "ParameterizedTruncatedNormal", "Multinomial", "StatelessRandom")


def split(program: Program, session: Any, device: Any) -> bool:
    """Puts steps that run recorded programs on the device in the place of those that the device can do.

    Returns whether there are such.
    """
    works = _chosen(program, session, device)
    if not works:
        return False
    inspection.settle(program, works, session, device)
    _part_outputs(program, works)
    _part_reads(program, works)
    _read_again(program, works)
    _refer_to_variables(program, works)
    order = _schedule(program.steps, works)
    steps: list[Step] = []
    places: dict[Value, Place] = {}
    for on_device, part in order:
        steps += [_segment(program, part, works, device, places)] if on_device else part
    program.steps = steps
    computed = {v for step in steps for v in step.outputs}
    program.wanted = [v for v in program.wanted if v.step is None or v in computed]
    return True


def _requested(step: Step) -> str:
    return (DeviceSpec.from_string(step.op.device).device_type or "") if step.op.device else ""


def _chosen(program: Program, session: Any, device: Any) -> dict[Step, Work]:
    """The steps for the device: those it is asked to do, and whatever else is worth it.

    Steps that are near others, by what they take or by a variable that they work on, go where those are.
    """

    def possible(step: Step) -> Work | None:
        return None if _requested(step) == "CPU" or step.op.type == "Const" else work_of(step, session, device)

    chosen, take_back = unique_rows.settle(program, possible)
    refused: set[Step] = set()
    there: set[Value] = {v for step in chosen for v in step.outputs}
    cells: set[int] = {id(v.cell) for step in chosen for v in changed(step)}  # variables that live on the device
    volume = sum(_size(v) for step in chosen for v in (*step.inputs, *step.outputs))
    asked = any(_requested(step) == "GPU" for step in chosen)
    count = -1
    while count != len(chosen) + len(there):
        count = len(chosen) + len(there)
        for step in program.steps:
            if step in chosen or step in refused:
                continue
            requested = _requested(step)
            if step.type == "ReadCell":
                value = step.outputs[0]
                if value.cell is not None and (id(value.cell) in cells or _size(value) > _FEW):
                    there.add(value)
                continue
            if inspection.inspected(step, device) and step.inputs[0] in there:
                there.update(step.outputs)
                continue
            references = changed(step)
            near = any(v in there for v in step.inputs) or any(id(v.cell) in cells for v in references)
            large = any(_size(v) > _FEW for v in (*step.outputs, *filter(is_reference, step.inputs)))
            if not (near or large or requested == "GPU"):
                continue
            if not near and all(_size(v) == 1 for v in (*step.inputs, *step.outputs)):
                continue  # single numbers of the host are computed there, even if the GPU is asked to
            work = possible(step)
            if work is None or work.is_alias and not near and requested != "GPU":
                if work is None:
                    refused.add(step)
                continue
            chosen[step] = work
            there.update(step.outputs)
            cells.update(id(v.cell) for v in references)
            volume += sum(_size(v) for v in (*step.inputs, *step.outputs))
            asked = asked or requested == "GPU"
    if asked or volume >= _WORTHWHILE:
        _alias_what_comes_up(program, chosen, possible)
        return chosen
    take_back()
    return {}


def _alias_what_comes_up(program: Program, chosen: dict[Step, Work], possible: Any) -> None:
    """Values of the host that only the device takes under another shape go up as they are."""
    users: dict[Value, list[Step]] = {}
    for step in program.steps:
        for value in step.inputs:
            users.setdefault(value, []).append(step)
    kept = {*program.fetches, *program.wanted, *program.kept}
    for step in reversed(program.steps):
        if step in chosen or len(step.outputs) != 1 or step.outputs[0] in kept:
            continue
        takers = users.get(step.outputs[0], [])
        if takers and all(s in chosen for s in takers) and not is_constant(step.inputs[0]):
            work = possible(step)
            if work is not None and work.is_alias:
                chosen[step] = work


def _size(value: Value) -> int:
    shape = shape_of(value)
    return 0 if shape is None or None in shape else math.prod(shape)


def _part_outputs(program: Program, works: dict[Step, Work]) -> None:
    """Makes a step for each output of an element-wise one: they may be of several shapes, and go separate ways."""
    needed = {*program.fetches, *program.wanted, *(v for s in program.steps for v in s.inputs)}
    steps: list[Step] = []
    for step in program.steps:
        work = works.get(step)
        if work is None or not work.is_elementwise or work.how.updates or len(step.outputs) == 1:
            steps.append(step)
            continue
        del works[step]
        node = work.node
        for value, text in zip(step.outputs, work.texts):
            if value in needed:
                part = Step(step.op, step.definition, step.attrs, list(step.inputs), [value])
                works[part], node = Work(part, work.how, (), node, [text]), None
                steps.append(part)
    program.steps = steps


def _part_reads(program: Program, works: dict[Step, Work]) -> None:
    """Gives the device a read of its own of each variable that it works on."""
    steps: list[Step] = []
    here: dict[Value, Value] = {}
    for step in program.steps:
        if step.type == "ReadCell":
            value = step.outputs[0]
            users = [s for s in program.steps if value in s.inputs and s in works]
            if users:
                copied = step.attrs.get("copy")
                there = Value(value.dtype, value.shape, cell=None if copied else value.cell)
                read = Step(step.op, None, dict(step.attrs), step.inputs, [there])
                read.type = "ReadCell"
                works[read] = Work(read, COPY if copied else None)
                steps.append(read)
                here[value] = there
                elsewhere = value in program.fetches or value in program.wanted
                if not elsewhere and all(s in works for s in program.steps if value in s.inputs):
                    continue
        elif step in works and here:
            step.inputs[:] = [here.get(v, v) for v in step.inputs]
            work = works[step]
            for dispatch in work.each_dispatch():
                dispatch.inputs = [here.get(v, v) for v in dispatch.inputs]
        steps.append(step)
    program.steps = steps


def _read_again(program: Program, works: dict[Step, Work]) -> None:
    """Has the host read variables again that the device has changed since, where what was read is no copy."""
    steps: list[Step] = []
    lent: dict[Value, Step] = {}
    newest: dict[int, Value] = {}  # by the cell's id

    def fresh(value: Value) -> Value:
        if value not in lent:
            return value
        if id(value.cell) not in newest:
            newest[id(value.cell)] = there = Value(value.dtype, value.shape, cell=value.cell)
            read = Step(lent[value].op, None, dict(lent[value].attrs), lent[value].inputs, [there])
            read.type = "ReadCell"
            steps.append(read)
        return newest[id(value.cell)]

    for step in program.steps:
        if step in works:
            for value in changed(step):
                newest.pop(id(value.cell), None)
        elif step.type == "ReadCell" and not step.attrs.get("copy"):
            lent[step.outputs[0]] = step
            newest[id(step.outputs[0].cell)] = step.outputs[0]
        else:
            step.inputs[:] = map(fresh, step.inputs)
        steps.append(step)
    program.fetches[:] = map(fresh, program.fetches)
    program.steps = steps


def _refer_to_variables(program: Program, works: dict[Step, Work]) -> None:
    """Gives steps of the CPU the variable itself where they have it from a step that the device does."""
    for step in program.steps:
        if step not in works:
            step.inputs[:] = [
                Value(v.dtype, v.shape, constant=v.cell, cell=v.cell) if is_reference(v) and v.step in works else v
                for v in step.inputs
            ]


def _dependencies(steps: list[Step], works: dict[Step, Work]) -> list[set[int]]:
    """For each step the numbers of those that have to come before it. What the device does has no effects outside."""
    made: dict[Value, int] = {}
    written: dict[int, int] = {}
    read: dict[int, list[int]] = {}
    lent: dict[Value, int] = {}  # values that are the memory of a variable, not copies of what was there
    writes_since, barrier = [], -1
    needs: list[set[int]] = []
    for i, step in enumerate(steps):
        need = {made[v] for v in step.inputs if v in made}
        uses = {lent[v] for v in step.inputs if v in lent}
        need |= {written[c] for c in uses if c in written}
        cells = {id(v.cell) for v in step.inputs if is_reference(v)}
        calls = step.definition is not None and bool(step.definition.calls)
        if step.type == "ReadCell":
            need |= {written[c] for c in cells if c in written} | ({barrier} - {-1})
            for c in cells:
                read.setdefault(c, []).append(i)
        elif calls or (step.stateful and step not in works and not cells and not step.type.startswith(_RANDOM)):
            need.update(writes_since, {barrier} - {-1})
            if calls:
                need.update(j for readers in read.values() for j in readers)
            writes_since, barrier = [], i
        elif cells:
            writes = {id(v.cell) for v in changed(step)}
            need |= {written[c] for c in cells if c in written} | ({barrier} - {-1})
            for c in cells - writes:
                read.setdefault(c, []).append(i)
            for c in writes:
                need.update(read.pop(c, ()))
                written[c] = i
            if writes:
                writes_since.append(i)
        for c in uses:
            read.setdefault(c, []).append(i)
        if step.type == "ReadCell" and not step.attrs.get("copy"):
            lent.update((v, id(v.cell)) for v in step.outputs)
        elif step.definition is not None and step.definition.view and step.inputs[0] in lent:
            lent[step.outputs[0]] = lent[step.inputs[0]]
        needs.append(need)
        made.update((v, i) for v in step.outputs)
    return needs


def _schedule(steps: list[Step], works: dict[Step, Work]) -> list[tuple[bool, list[Step]]]:
    """The steps in parts that are done on one side, each as long as it can be."""
    needs = _dependencies(steps, works)
    followers: list[list[int]] = [[] for _ in steps]
    for i, need in enumerate(needs):
        for j in need:
            followers[j].append(i)
    waiting = [len(need) for need in needs]
    ready: dict[bool, list[int]] = {False: [], True: []}
    for i, count in enumerate(waiting):
        if not count:
            heapq.heappush(ready[steps[i] in works], i)
    parts: list[tuple[bool, list[Step]]] = []
    side = False
    while ready[False] or ready[True]:
        part: list[Step] = []
        while ready[side]:
            i = heapq.heappop(ready[side])
            part.append(steps[i])
            for follower in followers[i]:
                waiting[follower] -= 1
                if not waiting[follower]:
                    heapq.heappush(ready[steps[follower] in works], follower)
        if part:
            parts.append((side, part))
        side = not side
    return parts


def _segment(
    program: Program, part: list[Step], works: dict[Step, Work], device: Any, places: dict[Value, Place]
) -> Step:
    """One step that does all of the part's on the device."""
    # What was read of a variable by an earlier segment, this one reads itself: nothing changes the variable until then.
    lent = dict.fromkeys(v.step for s in part for v in works[s].inputs if v.cell is not None and not is_reference(v))
    part = [*(s for s in lent if s is not None and s not in part), *part]
    inside = {v for step in part for v in step.outputs}
    here = set(part)
    on_host = {*program.fetches, *program.kept, *(v for s in program.steps if s not in works for v in s.inputs)}
    wanted = [v for s in program.steps if s not in here for v in s.inputs] + program.fetches
    wanted = [v for v in dict.fromkeys(wanted) if v in inside and v.cell is None]
    used = dict.fromkeys(v for s in part for v in works[s].inputs)
    inputs = [v for v in used if v not in inside and not is_reference(v) and not is_constant(v)]
    outputs, passed = [v for v in wanted if v in on_host], [v for v in wanted if v not in on_host]
    segment = Segment(device, [works[s] for s in part], inputs, outputs, passed, places)
    step = Step(part[0].op, None, {"returns": True}, inputs, [])
    step.kernel, step.outputs = segment, segment.gives
    for index, value in enumerate(step.outputs):
        value.step, value.index = step, index
    return step
