"""Joins neighbouring element-wise steps, so that one shader does them in one pass over memory."""

from __future__ import annotations

from typing import Any, Iterable

import numpy as np

from pyflow.runtime.program import Step, Value
from pyflow.runtime.webgpu.node import Work, changed, is_constant, is_reference, shape_of

# So many units may lie between a step and the one that it joins.
_LOOKED_BACK = 32


class Unit:
    """What is dispatched together: element-wise steps over one shape, or the dispatches of one step."""

    def __init__(self, shape: Any = None):
        self.works: list[Work] = []
        self.shape = shape  # of element-wise ones
        self.reads: set[int] = set()  # of variables, by the cell's id
        self.writes: set[int] = set()

    @property
    def is_elementwise(self) -> bool:
        return self.shape is not None

    def steps(self) -> Iterable[Step]:
        return (w.step for w in self.works)

    def made(self) -> list[Value]:
        """What the steps compute, variables left out."""
        return [v for s in self.steps() for v in s.outputs if not is_reference(v)]

    def taken(self) -> list[Value]:
        """What the steps need and do not compute themselves, in order."""
        made = set(self.made())
        return list(dict.fromkeys(v for w in self.works for v in w.inputs if v not in made))

    def cells(self) -> dict[int, Value]:
        """The variables they change, each as a value that stands for it."""
        return {id(v.cell): v for s in self.steps() for v in changed(s)}


def shape_over(step: Step) -> Any:
    """The shape that an element-wise step runs over."""
    references = changed(step)
    return shape_of(references[0]) if references else step.outputs[0].shape


class Fusing:
    """Makes units of works that come in the order of a program."""

    def __init__(self, works: list[Work], outputs: Iterable[Value], max_bindings: int):
        self._max_bindings = max_bindings
        self._outputs = set(outputs)
        self._users: dict[Value, set[Step]] = {}
        for work in works:
            for value in work.inputs:
                self._users.setdefault(value, set()).add(work.step)
        self.roots: dict[Value, Value] = {}
        self.units: list[Unit] = []
        self._unit_of: dict[Value, int] = {}
        for work in works:
            self._add(work)

    def root(self, value: Value) -> Value:
        """The value whose memory an alias shares."""
        return self.roots.get(value, value)

    def _add(self, work: Work) -> None:
        step = work.step
        if work.is_alias:
            source, alias = step.inputs[0], step.outputs[0]
            self.roots[alias] = self.root(source)
            self._users.setdefault(self.root(source), set()).update(self._users.get(alias, ()))
            if alias in self._outputs:
                self._outputs.add(self.root(source))
            self._unit_of[alias] = self._unit_of.get(source, -1)
            return
        if step.type == "ReadCell" and not work.is_elementwise:  # what reads it, reads the variable's buffer
            cell = id(step.outputs[0].cell)
            self._unit_of[step.outputs[0]] = max((i for i, u in enumerate(self.units) if cell in u.writes), default=-1)
            return
        joined = self._find(work) if work.is_elementwise else None
        if joined is None:
            joined = len(self.units)
            self.units.append(Unit(shape_over(step) if work.is_elementwise else None))
        unit = self.units[joined]
        unit.works.append(work)
        reads, writes = self._cells(step)
        unit.reads |= reads
        unit.writes |= writes
        for value in step.outputs:
            self._unit_of[value] = joined

    def _cells(self, step: Step) -> tuple[set[int], set[int]]:
        writes = {id(v.cell) for v in changed(step)}
        return {id(r.cell) for r in map(self.root, step.inputs) if r.cell is not None} - writes, writes

    def _find(self, work: Work) -> int | None:
        """The latest unit that can do an element-wise step as well; none before what the step needs."""
        step, shape = work.step, shape_over(work.step)
        reads, writes = self._cells(step)
        first = max((self._unit_of.get(v, -1) for v in work.inputs), default=-1)
        for i in range(len(self.units) - 1, max(first, 0, len(self.units) - _LOOKED_BACK) - 1, -1):
            unit = self.units[i]
            if unit.shape == shape and self._fits(unit, work):
                return i
            if i == first or (reads | writes) & unit.writes or writes & unit.reads:
                return None
        return None

    def _fits(self, unit: Unit, work: Work) -> bool:
        """Whether the bindings are enough, and each element needs of what is changed only itself."""
        trial = Unit(unit.shape)
        trial.works = [*unit.works, work]
        steps = set(trial.steps())
        stored = [v for v in trial.made() if v in self._outputs or not self._users.get(v, set()) <= steps]
        cells = trial.cells()
        sources = [r for r in map(self.root, trial.taken()) if not (is_constant(r) and np.size(r.constant) == 1)]
        taken = {id(r) for r in sources if r.cell is None or id(r.cell) not in cells}
        if len(stored) + len(cells) + len(taken) > self._max_bindings:
            return False
        made = set(trial.made())
        for each in trial.works:
            for root in map(self.root, each.at_other_places(unit.shape)):
                if root in made or root.cell is not None and id(root.cell) in cells:
                    return False
        return True

    def stored(self, unit: Unit) -> list[Value]:
        """What a unit computes that is needed outside of it."""
        steps = set(unit.steps())
        return [v for v in unit.made() if v in self._outputs or not self._users.get(v, set()) <= steps]
