"""A loop as one Python function: condition and body in line, its variables as locals.

What only grows or shrinks from round to round does so in place. Lists become Python's own while the loop runs. Sums
over rounds, above all the gradients of weights, are added up in the loop's own array; where a round adds a product
xᵀ·dy, the rows of x and dy are put aside and one product over many rounds does what a small one a round would.
"""

from __future__ import annotations

import math
import types
from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.ops.primitives import primitives
from pyflow.ops.tensor_list import TensorList, invalid
from pyflow.runtime.cpu.buffers import roots
from pyflow.runtime.cpu.lowering import Lowered, compiled
from pyflow.runtime.cpu.sharing import product
from pyflow.runtime.program import Program, Step, Value

# Rows that are put aside for one product, rounds that they may be of, and bytes that they may take.
_ROWS, _ROUNDS, _BYTES = 2048, 64, 1 << 24
# With fewer rounds a product the copies cost as much as they spare.
_FEWEST_ROUNDS = 4
_NONE = type(None)
_REAL = (dtypes.float32, dtypes.float64)


class LoweredLoop:
    """The compiled form of a loop whose variables keep their shapes.

    Args:
      cond: from all variables to the condition.
      body: from all variables to the next ones of those that change; changed here.
      carried: the indices of the variables that change.
    """

    def __init__(self, cond: Program, body: Program, carried: list[int], session: Any):
        self.has_large_products = body.has_large_products
        self._carried = carried
        self._growth = growth = _Growth(cond, body, carried)
        self._body = Lowered(body, session)
        self._cond = Lowered(cond, session, first=len(body.steps))
        self._lines: list[tuple[str, Step | None]] = []
        self._compose()
        self.source = "def run(feeds):\n" + "\n".join("    " + line for line, _ in self._lines) + "\n"
        self._code = compiled(self.source)
        self._lists = sorted(growth.lists)
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
        if growth.collected:
            add(("n = 0", None))
        add(("while True:", None))
        inner = [*self._cond.lines(), (f"if not {self._cond.results[0]}: break", None), *self._body.lines()]
        if growth.collected:
            totals = ", ".join(f"f{i}" for i, _, _ in growth.products)
            inner += [("n += 1", None), (f"if n == {growth.rounds}: n = flush(n, {totals})", None)]
        moved = [(i, result) for i, result in zip(carried, self._body.results) if i not in fixed]
        if moved:
            inner.append((f"{', '.join(f'f{i}' for i, _ in moved)} = {', '.join(result for _, result in moved)}", None))
        for line, step in inner:
            add(("    " + line, step))
        if growth.collected:
            add((f"if n: flush(n, {totals})", None))
        add((f"return ({''.join(f'f{i}, ' for i in carried)})", None))

    def step_at(self, line: int) -> Step | None:
        """The step that a line of the compiled function belongs to."""
        return self._lines[line - 2][1] if 2 <= line < len(self._lines) + 2 else None

    def frame(self) -> Callable[[Any], tuple]:
        """A function from the variables' first values to the last ones of those that change, with its own buffers."""
        namespace = {**self._cond.namespace(), **self._body.namespace()}
        namespace.update(lowered=self, none_left=_none_left, add=np.add)
        if self._growth.collected:
            buffers = self._growth.buffers()
            namespace.update((f"y{i}", buffer) for i, buffer in enumerate(buffers))
            namespace["flush"] = self._growth.flush(buffers)
        return types.FunctionType(self._code, namespace)

    def run(self, initial: list) -> list | None:
        """All variables' last values; None if lists have elements that were never set."""
        for i in self._lists:
            if initial[i].items and _NONE in map(type, initial[i].items):
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


class _Growth:
    """What of a loop's variables is changed in place; rewrites the body's steps accordingly.

    Only variables qualify that a round uses for nothing but making the next value, and that value for nothing else.
    """

    def __init__(self, cond: Program, body: Program, carried: list[int]):
        self._body = body
        self._roots = roots(body)
        self._carried = {body.feeds[i]: i for i in carried}
        self._uses: dict[Value, int] = {}
        for value in [v for step in body.steps for v in step.inputs] + body.fetches:
            self._uses[value] = self._uses.get(value, 0) + 1
        tested = {v for step in cond.steps for v in step.inputs} | set(cond.fetches)
        self.lists: set[int] = set()
        self.sums: set[int] = set()
        self.pushed: set[int] = set()
        # (a variable, x and dy) where xᵀ·dy is added to it; (a variable, dy, None) where it is the sum of dy's rows.
        self.products: list[tuple[int, Value, Value | None]] = []
        self.collected: list[Value] = []
        self.rounds = 0
        self._replaced: dict[Step, Step | None] = {}
        for position, i in enumerate(carried):
            feed, following = body.feeds[i], body.fetches[position]
            lone = self._uses.get(feed) == self._uses.get(following) == 1 and cond.feeds[i] not in tested
            if lone and following.step is not None and self._grows(i, feed, following, following.step):
                body.fetches[position] = feed
        self._collect()
        for step in body.steps:
            value = step.inputs[2] if step.type == "TensorArrayWriteV3" else None
            if value is not None and value.dtype is not dtypes.string and self._keep(value):
                line = "{0}.write(int({1}), {2}, True); {out} = {3}"
                self._replaced[step] = _inline(step, line, step.inputs, step.outputs)
        body.steps = [r for s in body.steps if (r := self._replaced.get(s, s)) is not None]

    def _grows(self, i: int, feed: Value, following: Value, step: Step) -> bool:
        if step.type == "TensorListPushBack" and step.inputs[0] is feed:
            value = step.inputs[1]
            if value.dtype is dtypes.string:
                return False
            own = self._keep(value)
            line = "{0}.append({1})" if own else "{0}.append({1}.copy())"
            self._replaced[step] = _inline(step, line, [feed, value], [])
            self.lists.add(i)
        elif step.type == "TensorListPopBack" and step.inputs[0] is feed and following.index == 0:
            element = step.outputs[1]
            self._replaced[step] = _inline(step, "{out} = {0}.pop() if {0} else none_left()", [feed], [element])
            self.lists.add(i)
        elif step.type in ("Add", "AddV2") and feed in step.inputs and _is_summed(feed, step):
            term = step.inputs[1 if step.inputs[0] is feed else 0]
            if not self._is_product(i, term, step):
                self._replaced[step] = _inline(step, "add({0}, {1}, {0})", [feed, term], [])
            self.sums.add(i)
        else:
            return False
        return True

    def _keep(self, value: Value) -> bool:
        """Whether a list may take the array itself, because nothing will write to it; sees to it if possible."""
        step = value.step
        if value.dtype in (dtypes.variant, dtypes.resource):
            return True
        if step is None:
            if value.shape == () and value.dtype is not dtypes.string:
                return True  # a number that nothing can write to
            if value in self._carried:
                self.pushed.add(self._carried[value])
                return True
            return value.constant is not None and value.cell is None and value not in self._body.feeds
        if value in self._roots or step.type == "ReadCell":
            return False
        fresh = step.definition is None or step.definition.takes_out or not step.definition.stateful
        if fresh:
            self._body.kept.add(value)
        return fresh or step.type == "TensorArrayReadV3"

    def _is_product(self, i: int, term: Value, total: Step) -> bool:
        step = term.step
        if step is None or self._uses[term] != 1 or term.dtype not in _REAL:
            return False
        if step.type == "MatMul" and step.attrs["transpose_a"] and not step.attrs["transpose_b"]:
            found: tuple = (i, *step.inputs)
        elif step.type == "BiasAddGrad" and len(step.inputs[0].shape or ()) == 2:
            found = (i, step.inputs[0], None)
        else:
            return False
        values = [v for v in found[1:] if v is not None]
        if not all(v.known_shape and v.shape[0] > 0 for v in values):  # type: ignore[index]
            return False
        rounds = min(_ROUNDS, _ROWS // values[0].shape[0])  # type: ignore[index]
        if rounds < _FEWEST_ROUNDS:
            return False
        self.rounds = min(self.rounds or rounds, rounds)
        self.products.append(found)  # type: ignore[arg-type]
        self._replaced[total] = None
        self._replaced[step] = step
        return True

    def _collect(self) -> None:
        """Puts the copies of rows in the place of the products."""
        wanted = {v for _, *values in self.products for v in values if v is not None}
        size = sum(v.nbytes for v in wanted)
        if size:
            self.rounds = max(1, min(self.rounds, _BYTES // size))
        for step in self._body.steps:
            if self._replaced.get(step) is not step:
                continue
            new = [v for v in dict.fromkeys(step.inputs) if v not in self.collected]
            lines = [f"y{len(self.collected) + k}[n] = {{{k}}}" for k in range(len(new))]
            self.collected += new
            self._replaced[step] = _inline(step, "; ".join(lines), new, []) if new else None

    def buffers(self) -> list[np.ndarray]:
        """For each value that is collected, room for some rounds."""
        return [np.empty((self.rounds, *v.shape), v.dtype.as_numpy_dtype) for v in self.collected]  # type: ignore

    def flush(self, buffers: list[np.ndarray]) -> Callable[..., int]:
        """From the number of rounds collected and the sums so far: adds to these, and begins again."""
        index = {v: i for i, v in enumerate(self.collected)}
        multiply = product(True, False)
        terms = [(buffers[index[x]], None if dy is None else buffers[index[dy]]) for _, x, dy in self.products]

        def flush(n: int, *totals: np.ndarray) -> int:
            for total, (x, dy) in zip(totals, terms):
                rows = x[:n].reshape(-1, x.shape[2])
                if dy is None:
                    total += rows.sum(0)
                else:
                    out = np.empty_like(total)
                    with primitives.serial():
                        multiply(rows, dy[:n].reshape(-1, dy.shape[2]), out)
                    total += out
            return 0

        return flush


def _is_summed(feed: Value, step: Step) -> bool:
    """Whether a sum has the shape of the variable that it is added to, an array of numbers."""
    return (
        feed.known_shape
        and math.prod(feed.shape or (0,)) > 0  # type: ignore[arg-type]
        and step.outputs[0].shape == feed.shape
        and feed.dtype.as_numpy_dtype is not np.object_
        and feed.dtype is not dtypes.bfloat16
        and step.inputs[0] is not step.inputs[1]
    )


def _inline(step: Step, line: str, inputs: list[Value], outputs: list[Value]) -> Step:
    """A step that is a line of Python, with `{0}` for the first input and `{out}` for the result."""
    inline = Step(step.op, None, {"line": line}, inputs, outputs)
    inline.type = "inline"
    return inline


def _none_left() -> Any:
    raise invalid("Trying to pop from an empty list.")
