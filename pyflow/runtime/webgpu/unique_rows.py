"""Sparse gradients in memory of known size: optimisers sum rows of equal index first, and how many remain is not known.

`Unique` gives indices [k], `UnsortedSegmentSum` sums [k, ...], and the optimiser works on those and changes rows. Where
all of it is done on the device and nothing else looks at it, there may as well be a row for each of the n indices, with
-1 for the index of all but the first of equals: what changes rows leaves out such.
"""

from __future__ import annotations

from typing import Any, Callable

from pyflow.ops.gpu import ElementWise, dispatches
from pyflow.ops.gpu_scatter import DISTINCT, firsts, sums
from pyflow.runtime.program import Program, Step, Value
from pyflow.runtime.webgpu.node import Work, is_constant

_MOST_INDICES = 1 << 15
_GATHERS = ("Gather", "GatherV2", "ResourceGather")


class _Rows:
    """All that depends on the number of unique indices of a `Unique`.

    Attributes:
      steps: the steps that work on rows, in the order of the program.
      sums: those of them that sum what has the same index.
      counting: the steps that only compute how many rows there are.
    """

    def __init__(self, unique: Step):
        self.unique = unique
        self.steps: list[Step] = []
        self.sums: list[Step] = []
        self.counting: list[Step] = []

    def is_complete(self, program: Program, users: dict[Value, list[Step]]) -> bool:
        """Whether everything that takes from the `Unique`, directly or not, is known to work row by row."""
        indices, places = self.unique.outputs
        counts, rows, kept = {indices}, set[Value](), {*program.fetches, *program.kept}
        pending = {step for value in self.unique.outputs for step in users.get(value, ())}
        for step in program.steps:
            if step not in pending:
                continue
            taken = [i for i, v in enumerate(step.inputs) if v in rows or v in counts or v is places]
            names = step.definition.input_names if step.definition is not None else ()
            if step.type in ("Shape", "StridedSlice") and all(step.inputs[i] in counts for i in taken):
                self.counting.append(step)
                counts.update(step.outputs)
            elif step.type == "UnsortedSegmentSum" and taken == [1, 2] and step.inputs[1] is places:
                self.sums.append(step)
                rows.update(step.outputs)
            elif step.type in _GATHERS and taken == [1] and step.inputs[1] is indices:
                self.steps.append(step)
                rows.update(step.outputs)
            elif _changes_rows(step) and all(_is_row_argument(names[i], step.inputs[i], indices, rows) for i in taken):
                self.steps.append(step)
            elif _is_row_by_row(step, rows) and all(step.inputs[i] in rows for i in taken):
                self.steps.append(step)
                rows.update(step.outputs)
            else:
                return False
            if kept & {*step.outputs}:
                return False
            if not _changes_rows(step):
                pending |= {user for value in step.outputs for user in users.get(value, ())}
        return bool(self.sums) and not kept & {indices, places}


def _changes_rows(step: Step) -> bool:
    return step.type.replace("Resource", "").startswith(("Scatter", "SparseApply")) and "Nd" not in step.type


def _is_row_argument(name: str, value: Value, indices: Value, rows: set[Value]) -> bool:
    return value is indices if name == "indices" else value in rows and name in ("grad", "updates")


def _is_row_by_row(step: Step, rows: set[Value]) -> bool:
    """Whether an element-wise step takes rows and single numbers only."""
    how = step.definition.gpu if step.definition is not None else None
    if not isinstance(how, ElementWise) or how.updates or len(step.outputs) != 1 or step.stateful:
        return False
    return all(v in rows or v.shape == () for v in step.inputs) and all(isinstance(e, str) for e in how.expressions)


def settle(program: Program, work_of: Callable[[Step], Work | None]) -> tuple[dict[Step, Work], Callable[[], None]]:
    """Gives shapes to what depends on the number of unique indices, wherever the device can do all of it.

    Args:
      work_of: how the device does a step, or None if it cannot or is not to.

    Returns:
      The work of all such steps, and what takes it all back.
    """
    works: dict[Step, Work] = {}
    undo: list[tuple[Value, Any]] = []
    attrs: list[tuple[Step, dict]] = []
    before = list(program.steps)
    users: dict[Value, list[Step]] = {}
    for step in program.steps:
        for value in step.inputs:
            users.setdefault(value, []).append(step)
    for step in before:
        if step.type != "Unique" or is_constant(step.inputs[0]) or not 0 < _count(step.inputs[0]) <= _MOST_INDICES:
            continue
        rows = _Rows(step)
        if not rows.is_complete(program, users):
            continue
        mark, changed = len(undo), len(attrs)
        found = _settled(rows, work_of, undo, attrs)
        if found is None:
            _take_back(undo[mark:], attrs[changed:])
            del undo[mark:], attrs[changed:]
            continue
        works.update(found)
        program.steps = [s for s in program.steps if s not in rows.counting]

    def take_back() -> None:
        _take_back(undo, attrs)
        program.steps = before

    return works, take_back


def _count(vector: Value) -> int:
    return (vector.shape or (0,))[0] or 0


def _take_back(shapes: list[tuple[Value, Any]], attrs: list[tuple[Step, dict]]) -> None:
    for value, shape in shapes:
        value.shape = shape
    for step, former in attrs:
        step.attrs = former


def _settled(rows: _Rows, work_of: Callable, undo: list, attrs: list) -> dict[Step, Work] | None:
    unique = rows.unique
    (x,), (indices, places) = unique.inputs, unique.outputs
    count = _count(x)

    def shaped(value: Value, shape: Any) -> None:
        undo.append((value, value.shape))
        value.shape = shape

    shaped(indices, (count,))
    shaped(places, (2 * count,))  # for the chain of equals
    works = {unique: _work(unique, firsts(x, places, indices))}
    for step in rows.sums:
        data = step.inputs[0]
        if not data.known_shape or data.dtype.name != "float32":
            return None
        shaped(step.outputs[0], data.shape)
        works[step] = _work(step, [sums(places, data, step.outputs[0], count)])
    for step in rows.steps:
        for value in step.outputs:
            if value.shape is not None and None in value.shape:
                shaped(value, (count, *value.shape[1:]))
        if _changes_rows(step):
            attrs.append((step, step.attrs))
            step.attrs = {**step.attrs, DISTINCT: True}
        work = work_of(step)
        if work is None:
            return None
        works[step] = work
    return works


def _work(step: Step, commands: list) -> Work:
    return Work(step, dispatches(lambda node: commands), commands)
