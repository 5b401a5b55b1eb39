"""A loop as one Python function: condition and body in line, its variables as locals.

Lists become Python's own while the loop runs, and grow and shrink in place.
"""

from __future__ import annotations

import types
from typing import Any, Callable

import numpy as np

from pyflow.ops.tensor_list import TensorList, invalid
from pyflow.runtime import optimize
from pyflow.runtime.cpu import sharing
from pyflow.runtime.cpu.loop_growth import Aside, Growth
from pyflow.runtime.cpu.loop_products import compute_ahead, in_blocks, multiply_in_blocks
from pyflow.runtime.cpu.lowering import Lowered, compiled
from pyflow.runtime.program import Program, Step

_NONE = type(None)


class LoweredLoop:
    """The compiled form of a loop whose variables keep their shapes.

    Args:
      cond: from all variables to the condition.
      body: from all variables to the next ones of those that change; changed here.
      carried: the indices of the variables that change.
    """

    def __init__(self, cond: Program, body: Program, carried: list[int], session: Any):
        self._carried = carried
        self._ahead = compute_ahead(body, carried)
        optimize.drop_dead_steps(body)
        self._growth = growth = Growth(cond, body, carried)
        multiply_in_blocks(body, carried)
        sharing.share_products(body)
        self._body = Lowered(body, session, places=growth.places, repeats=True)
        self._cond = Lowered(cond, session, first=len(body.steps))
        self._lines: list[tuple[str, Step | None]] = []
        self._compose()
        self.source = "def run(feeds):\n" + "\n".join("    " + line for line, _ in self._lines) + "\n"
        self._code = compiled(self.source)
        self._lists = sorted(growth.lists)
        self._written_late = [body.feeds.index(d.array) for d in growth.deferred]
        self._idle: list[Callable[[Any], tuple]] = []

    def _compose(self) -> None:
        growth, carried = self._growth, self._carried
        fixed = set(growth.lists) | set(growth.sums)
        add = self._lines.append
        for line in self._body.entry:
            add((line, None))
        for i in carried:
            if i in growth.lists:
                add((f"f{i} = f{i}.elements()", None))
            elif i in growth.sums or i in growth.pushed:
                add((f"f{i} = f{i}.copy()", None))
        if growth.puts_aside:
            totals = [f"f{product.variable}" for product in growth.products]
            arrays = [self._body.name_of(late.write.inputs[0]) for late in growth.deferred]
            weights = [self._body.name_of(late.weights) for late in growth.deferred]
            given = ", ".join([*totals, *(name for pair in zip(arrays, weights) for name in pair)])
            for name in arrays:
                add((f"{name} = None", None))
            add(("n = aside.begin()", None))
        for k in range(len(self._ahead)):
            add((f"ahead{k}.reset()", None))
        lines = self._body.lines()
        self._lines += [line for line in lines if _is_before(line)]
        add(("while True:", None))
        inner = [*self._cond.lines(), (f"if not {self._cond.results[0]}: break", None)]
        inner += [line for line in lines if not _is_before(line)]
        if growth.puts_aside:
            inner += [("n += 1", None), (f"if n % {growth.rounds} == 0: n = aside.flush(n, {given})", None)]
        moved = [(i, result) for i, result in zip(carried, self._body.results) if i not in fixed]
        if moved:
            inner.append((f"{', '.join(f'f{i}' for i, _ in moved)} = {', '.join(result for _, result in moved)}", None))
        for line, step in inner:
            add(("    " + line, step))
        if growth.puts_aside:
            add((f"aside.end(n, {given})", None))
        add((f"return ({''.join(f'f{i}, ' for i in carried)})", None))

    def step_at(self, line: int) -> Step | None:
        """The step that a line of the compiled function belongs to."""
        return self._lines[line - 2][1] if 2 <= line < len(self._lines) + 2 else None

    def frame(self) -> Callable[[Any], tuple]:
        """A function from the variables' first values to the last ones of those that change, with its own buffers."""
        namespace = {**self._cond.namespace(), **self._body.namespace()}
        namespace.update(lowered=self, none_left=_none_left, in_blocks=in_blocks)
        namespace.update(add=np.add, ascontiguousarray=np.ascontiguousarray)
        namespace.update((f"ahead{k}", make()) for k, make in enumerate(self._ahead))
        if self._growth.puts_aside:
            namespace["aside"] = aside = Aside(self._growth)
            namespace.update((f"y{k}", buffer) for k, buffer in enumerate(aside.buffers))
            namespace.update((f"z{k}", each) for k, each in enumerate(aside.references))
            namespace.update((f"i{k}", each) for k, each in enumerate(aside.indices))
        return types.FunctionType(self._code, namespace)

    def run(self, initial: list) -> list | None:
        """All variables' last values; None if it cannot run as it is.

        It cannot where lists have elements that were never set, or an array comes under two names and one is written
        to later than the rounds ask for.
        """
        for i in self._lists:
            if initial[i].items and _NONE in map(type, initial[i].items):
                return None
        for i in self._written_late:
            if any(value is initial[i] for j, value in enumerate(initial) if j != i):
                return None
        try:
            frame = self._idle.pop()
        except IndexError:
            frame = self.frame()
        try:
            results = frame(initial)
        finally:
            self._idle.append(frame)
        values = list(initial)
        for i, value in zip(self._carried, results):
            values[i] = value
        for i in self._lists:
            given, items = initial[i], values[i]
            values[i] = TensorList(items, len(items), given.dtype, given.shape)
        return values


def _is_before(line: tuple[str, Step | None]) -> bool:
    return line[1] is not None and "before" in line[1].attrs


def _none_left() -> Any:
    raise invalid("Trying to pop from an empty list.")
