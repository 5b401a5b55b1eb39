"""Joins neighbouring element-wise steps, so that one shader does them in one pass over memory.

A product of matrices, a convolution, a reduction can be the beginning of it (all of them are called products here):
what it computes goes on without being stored.
"""

from __future__ import annotations

import math
from typing import Any, Iterable

import numpy as np

from pyflow.runtime.program import Step, Value
from pyflow.runtime.webgpu.node import Work, changed, elements, is_constant, is_reference, shape_of

# So many units may lie between a step and the one that it joins.
_LOOKED_BACK = 32
# A dispatch joins steps as long as they need no more buffers than this, or than the device can bind; and such that
# have nothing to do with each other as long as there is room for others that have.
_MOST_BINDINGS = 16
_MOST_BINDINGS_UNRELATED = 5
# So many steps may follow a product in its dispatch: they stand there once for each of the vectors that it stores.
_MOST_BEHIND_A_PRODUCT = 16


class Unit:
    """What is dispatched together: the dispatches of one step, or element-wise steps over equally many elements.

    Steps that compute a single number may be among the latter: every invocation computes it. They may follow a product
    of as many elements.
    """

    def __init__(self, works: Iterable[Work] = (), count: int | None = None, product: Work | None = None):
        self.works = list(works)
        self.count = count  # of elements, if it has or can be joined by element-wise steps
        self.product = product  # the step that is not element-wise, if others can follow it
        self.reads: set[int] = set()  # of variables, by the cell's id
        self.writes: set[int] = set()

    @property
    def is_elementwise(self) -> bool:
        return self.count is not None and self.product is None

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

    def interferes(self, other: Unit) -> bool:
        """Whether the order of the two matters because of a variable."""
        return bool(self.writes & (other.reads | other.writes) or self.reads & other.writes)


def _needs(works: list[Work]) -> list[list[int]]:
    """For each work the numbers of those before it that have to be done first."""
    made: dict[Value, int] = {}
    cells: dict[Value, Any] = {}  # of aliases, too, the variable whose memory they are
    written: dict[int, int] = {}
    read: dict[int, list[int]] = {}
    needs: list[list[int]] = []
    for i, work in enumerate(works):
        step, writes = work.step, {id(v.cell) for v in changed(work.step)}
        inputs = step.inputs if writes else work.inputs
        need = [made[v] for v in inputs if v in made]
        reads = {id(c) for c in (cells.get(v, v.cell) for v in inputs) if c is not None} - writes
        for cell in reads:
            if any(is_reference(v) and id(v.cell) == cell for v in inputs) and cell in written:
                need.append(written[cell])
            read.setdefault(cell, []).append(i)
        for cell in writes:
            need += [*read.pop(cell, ()), *([written[cell]] if cell in written else [])]
            written[cell] = i
        if work.is_alias:
            cells[step.outputs[0]] = cells.get(step.inputs[0], step.inputs[0].cell)
        made.update((v, i) for v in step.outputs)
        needs.append(need)
    return needs


def as_late_as_possible(works: list[Work], outputs: Iterable[Value]) -> list[Work]:
    """The works in an order where element-wise ones stand right before what needs them, and can join it."""
    needs, outputs = _needs(works), set(outputs)
    order: list[Work] = []
    done = [False] * len(works)

    def do(last: int) -> None:
        pending, early, late = [last], [], []
        seen = {last}
        while pending:
            for j in needs[pending.pop()]:
                if not done[j] and j not in seen:
                    seen.add(j)
                    (late if _can_wait(works[j]) else early).append(j)
                    if _can_wait(works[j]):
                        pending.append(j)
        for j in sorted(early):
            if not done[j]:
                do(j)
        for j in [*sorted(late), last]:
            if not done[j]:
                done[j] = True
                order.append(works[j])

    for i, work in enumerate(works):
        if not done[i] and (not _can_wait(work) or not outputs.isdisjoint(work.step.outputs)):
            do(i)
    return order


def _can_wait(work: Work) -> bool:
    return (work.is_elementwise or work.is_alias or work.step.type == "ReadCell") and not changed(work.step)


class Fusing:
    """Makes units of works that come in the order of a program."""

    def __init__(self, works: list[Work], outputs: Iterable[Value], max_bindings: int):
        works = as_late_as_possible(works, outputs)
        self._max_bindings = min(max_bindings, _MOST_BINDINGS)
        self.roots: dict[Value, Value] = {}
        for work in works:
            if work.is_alias:
                self.roots[work.step.outputs[0]] = self.root(work.step.inputs[0])
        works = [work for work in works if not work.is_alias]
        self._outputs = set(map(self.root, outputs))
        self._users: dict[Value, set[Step]] = {}
        for work in works:
            for value in map(self.root, work.inputs):
                self._users.setdefault(value, set()).add(work.step)
        self.units: list[Unit] = []
        self._unit_of: dict[Value, int] = {}
        for work in self._with_late_copies(works):
            self._add(work)
        self.units = [unit for unit in self.units if unit.works]

    def root(self, value: Value) -> Value:
        """The value whose memory an alias shares."""
        return self.roots.get(value, value)

    def _add(self, work: Work) -> None:
        step = work.step
        if step.type == "ReadCell" and not work.is_elementwise:
            return  # what reads it, reads the variable's buffer
        if work.is_elementwise:
            new = Unit([work], math.prod(work.over))
        elif work.takes_steps:
            new = Unit([work], elements(step.outputs[0]), work)
        else:
            new = Unit([work])
        new.writes = {id(v.cell) for v in changed(step)}
        new.reads = {id(r.cell) for r in map(self.root, step.inputs) if r.cell is not None} - new.writes
        place = self._find(new) if new.is_elementwise else None
        if place is None:
            place = len(self.units)
            self.units.append(Unit(count=new.count))
        self._move(new, place, first=False)
        if new.is_elementwise:
            for source in sorted({self._place(v) for v in work.inputs} - {-1, place}, reverse=True):
                if self._can_wait(source, place):
                    self._move(self.units[source], place, first=True)

    def _place(self, value: Value) -> int:
        """The number of the unit that computes a value, -1 where none does."""
        return self._unit_of.get(self.root(value), -1)

    def _move(self, unit: Unit, place: int, first: bool) -> None:
        """Puts what a unit does into another, before or behind what that does."""
        target = self.units[place]
        target.count = max(target.count, unit.count) if target.count and unit.count else unit.count
        target.works = [*unit.works, *target.works] if first else [*target.works, *unit.works]
        target.reads |= unit.reads
        target.writes |= unit.writes
        target.product = target.product or unit.product
        for step in unit.steps():
            for value in step.outputs:
                self._unit_of[value] = place
        unit.works, unit.reads, unit.writes, unit.product = [], set(), set(), None

    def _find(self, new: Unit) -> int | None:
        """The unit that does an element-wise step as well as its own.

        That is the last that makes something for it, or has to come before it because of a variable; or else one
        behind that, which takes the same or has bindings to spare.
        """
        inputs = new.works[0].inputs
        first = max(map(self._place, inputs), default=-1)
        sources = {self.root(v) for v in inputs if math.prod(shape_of(v)) > 1}
        sharing = spare = None
        for i in range(len(self.units) - 1, max(-1, len(self.units) - 1 - _LOOKED_BACK), -1):
            unit = self.units[i]
            if i == first or unit.interferes(new):
                if self._fits(unit, new):
                    return i
                break
            if unit.is_elementwise and unit.count == new.count and sharing is None:
                if not sources.isdisjoint(map(self.root, unit.taken())):
                    sharing = i if self._fits(unit, new) else None
                elif spare is None:
                    spare = i if self._fits(unit, new, _MOST_BINDINGS_UNRELATED) else None
        return spare if sharing is None else sharing

    def _can_wait(self, source: int, place: int) -> bool:
        """Whether an element-wise unit, or one with a product, can be done as the beginning of a later one."""
        unit, later = self.units[source], self.units[place]
        if not self._fits(unit, later):
            return False
        made = set(unit.made())
        between = [u for u in self.units[source + 1 : place] if u.works]
        return not any(unit.interferes(u) or not made.isdisjoint(map(self.root, u.taken())) for u in between)

    def _fits(self, unit: Unit, later: Unit, most: int = _MOST_BINDINGS) -> bool:
        """Whether one dispatch can do both: the bindings are enough, and of what is changed or made there each element
        needs only what has its own place."""
        if not unit.count or not later.count or (unit.count != later.count and 1 not in (unit.count, later.count)):
            return False
        both = Unit([*unit.works, *later.works], max(unit.count, later.count), unit.product or later.product)
        if both.product is not None and not self._can_follow(unit, later, both):
            return False
        cells = both.cells()
        made = set(both.made())
        taken_at_all = dict.fromkeys(v for w in both.works if w is not both.product for v in w.inputs)
        sources = [r for r in map(self.root, taken_at_all) if not (is_constant(r) and np.size(r.constant) == 1)]
        taken = {id(r) for r in sources if r not in made and (r.cell is None or id(r.cell) not in cells)}
        operands = 0 if both.product is None else max(len(d.inputs) for d in both.product.last())
        if len(self.stored(both)) + len(cells) + len(taken) + operands > min(most, self._max_bindings):
            return False
        for work in both.works:
            if changed(work.step) and math.prod(work.over) != both.count:
                return False
            for root in map(self.root, work.at_other_places()):
                if root in made or root.cell is not None and id(root.cell) in cells:
                    return False
        return True

    @staticmethod
    def _can_follow(unit: Unit, later: Unit, both: Unit) -> bool:
        """Whether there is one product, with as many elements as the steps run over, and not too many of them.

        What a product computes besides its first output is stored by other dispatches.
        """
        product: Any = both.product
        if None not in (unit.product, later.product) or len(both.works) > _MOST_BEHIND_A_PRODUCT:
            return False
        besides = set(product.step.outputs[1:])
        uses = any(v in besides for w in both.works if w is not product for v in w.inputs)
        return both.count == elements(product.step.outputs[0]) and not uses

    def stored(self, unit: Unit) -> list[Value]:
        """What a unit computes that is needed outside of it."""
        steps = set(unit.steps())
        return [v for v in unit.made() if v in self._outputs or not self._users.get(v, set()) <= steps]

    def _with_late_copies(self, works: list[Work]) -> list[Work]:
        """The works with each copy of a variable right before what needs it, or changes the variable."""
        order: list[Work] = []
        waiting: list[Work] = []
        for work in works:
            if work.step.type == "ReadCell" and work.is_elementwise:
                waiting.append(work)
                continue
            cells = {id(v.cell) for v in changed(work.step)}
            needed = set(map(self.root, work.inputs))
            due = [w for w in waiting if w.step.outputs[0] in needed or id(w.step.inputs[0].cell) in cells]
            waiting = [w for w in waiting if w not in due]
            order += [*due, work]
        return [*order, *waiting]
