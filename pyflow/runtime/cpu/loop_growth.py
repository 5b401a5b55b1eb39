"""What grows from round to round of a loop, and is changed in place for that.

Sums over rounds, above all the gradients of weights, are added up in the loop's own array; where a round adds a product
xᵀ·dy, the rows of x and dy are put aside and one product over many rounds does what a small one a round would.
"""

from __future__ import annotations

import contextlib
import functools
import math
from typing import Any, Callable, NamedTuple

import numpy as np

from pyflow.core import dtypes
from pyflow.ops import parallel
from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu.buffers import aligned, roots
from pyflow.runtime.cpu.loop_products import Deferred, defer, inline
from pyflow.runtime.cpu.lowering import fills
from pyflow.runtime.cpu.sharing import parts_of
from pyflow.runtime.program import Program, Step, Value

# Rows that are put aside for one product, rounds that they may be of, and bytes that they may take.
_ROWS, _ROUNDS, _BYTES = 2048, 64, 1 << 24
# Multiplications in a round from which on another thread does them, and for how many rounds at a time.
_WORTH_A_THREAD, _ROUNDS_IN_BACKGROUND = 1 << 20, 16
# Bytes between the rows that a kernel writes side by side; parts of a product of rows that are only referred to.
_SPREAD, _PARTS_LESS = 64, 4
# With fewer rounds a product the copies cost as much as they spare.
_FEWEST_ROUNDS = 4
_REAL = (dtypes.float32, dtypes.float64)


class Growth:
    """What of a loop's variables is changed in place; rewrites the body's steps accordingly.

    Only variables qualify that a round uses for nothing but making the next value, and that value for nothing else.
    """

    def __init__(self, cond: Program, body: Program, carried: list[int]):
        deferred = defer(body, carried)
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
        self.products: list[_Product] = []
        self.deferred: list[Deferred] = []
        # What is put aside as copies, and what as references to arrays that stay as they are.
        self.collected: list[Value] = []
        self.referenced: list[Value] = []
        # Where a step is to write a value, as it is put aside there.
        self.places: dict[Value, str] = {}
        self.rounds = 0
        self.in_background = False
        self._replaced: dict[Step, Step | None] = {}
        # What is put aside in the place of a step.
        self._aside: dict[Step, list[Value]] = {}
        for position, i in enumerate(carried):
            feed, following = body.feeds[i], body.fetches[position]
            lone = self._uses.get(feed) == self._uses.get(following) == 1 and cond.feeds[i] not in tested
            if lone and following.step is not None and self._grows(i, feed, following, following.step):
                body.fetches[position] = feed
        for late in deferred:
            self._defer(late)
        for step in body.steps:
            value = step.inputs[2] if step.type == "TensorArrayWriteV3" and step not in self._aside else None
            if value is not None and value.dtype is not dtypes.string and self._keep(value):
                line = "{0}.write(int({1}), {2}, True); {out} = {3}"
                self._replaced[step] = inline(step, line, step.inputs, step.outputs)
        self._collect()
        body.steps = [r for s in body.steps if (r := self._replaced.get(s, s)) is not None]

    def _grows(self, i: int, feed: Value, following: Value, step: Step) -> bool:
        if step.type == "TensorListPushBack" and step.inputs[0] is feed:
            value = step.inputs[1]
            if value.dtype is dtypes.string:
                return False
            own = self._keep(value)
            line = "{0}.append({1})" if own else "{0}.append({1}.copy())"
            self._replaced[step] = inline(step, line, [feed, value], [])
            self.lists.add(i)
        elif step.type == "TensorListPopBack" and step.inputs[0] is feed and following.index == 0:
            element = step.outputs[1]
            popped = inline(step, "{out} = {0}.pop() if {0} else none_left()", [feed], [element])
            popped.attrs["lasting"] = True  # nobody writes to what lists have
            self._replaced[step] = popped
            self.lists.add(i)
        elif step.type in ("Add", "AddV2") and feed in step.inputs and _is_summed(feed, step):
            term = step.inputs[1 if step.inputs[0] is feed else 0]
            if not self._is_product(i, term, step):
                self._replaced[step] = inline(step, "add({0}, {1}, {0})", [feed, term], [])
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
            x, dy = step.inputs
        elif step.type == "BiasAddGrad" and len(step.inputs[0].shape or ()) == 2:
            x, dy = step.inputs[0], None
        else:
            return False
        if not all(v.known_shape and v.shape[0] > 0 for v in step.inputs):  # type: ignore[index]
            return False
        rounds = _rounds_of(x)
        if rounds < _FEWEST_ROUNDS:
            return False
        self.rounds = min(self.rounds or rounds, rounds)
        self.products.append(_Product(i, x, dy))
        self._replaced[total] = None
        self._aside[step] = step.inputs
        return True

    def _take_apart(self) -> None:
        """Where x is [p, q], of parts that stay as they are, it need not be made: pᵀ·dy and qᵀ·dy are added instead."""
        products = []
        for product in self.products:
            joined, dy = product.x, product.dy
            step = joined.step
            parts = step.inputs[:-1] if dy is not None and step is not None and step.type == "ConcatV2" else []
            if not parts or self._uses[joined] > 1 or not all(v.known_shape and _is_lasting(v) for v in parts):
                products.append(product)
                continue
            axis = step.inputs[-1]  # type: ignore[union-attr]
            if axis.constant is None or axis.cell is not None or int(axis.constant) not in (1, -1):
                products.append(product)
                continue
            first = 0
            for part in parts:
                products.append(_Product(product.variable, part, dy, first))
                first += part.shape[1]  # type: ignore[index]
            self._replaced[step] = None  # type: ignore[index]
            user = next(s for s, values in self._aside.items() if joined in values)
            self._aside[user] = [*parts, dy]  # type: ignore[list-item]
        self.products = products

    @property
    def puts_aside(self) -> bool:
        return bool(self.collected or self.referenced)

    def _is_own(self, value: Value) -> bool:
        """Whether nobody looks at a value after the round, so that it may be written where it is put aside."""
        own = value not in self._roots and value not in self._roots.values() and value not in self._body.kept
        return own and fills(value) and value.step not in self._replaced and value not in self._body.fetches

    def _defer(self, late: Deferred) -> None:
        rounds = _rounds_of(late.dy)
        self.rounds = min(self.rounds or rounds, rounds)
        self._aside[late.write] = [late.dy]
        self.deferred.append(late)

    def _collect(self) -> None:
        """Puts the copies of rows in the place of the products, the indices of elements in that of the writes."""
        self._take_apart()
        size = sum(v.nbytes for v in {v for values in self._aside.values() for v in values})
        if not size:
            return
        self.rounds = max(1, min(self.rounds, _BYTES // size))
        multiplications = sum(math.prod(p.x.shape) * p.dy.shape[1] for p in self.products if p.dy is not None)  # type: ignore
        multiplications += sum(math.prod(d.dy.shape) * (d.rows.stop - d.rows.start) for d in self.deferred)  # type: ignore
        if multiplications > _WORTH_A_THREAD and not self._body.has_large_products:
            self.in_background, self.rounds = True, min(self.rounds, _ROUNDS_IN_BACKGROUND)
        for step in self._body.steps:
            if step not in self._aside:
                continue
            new = [v for v in dict.fromkeys(self._aside[step]) if v not in self.collected + self.referenced]
            lines = []
            for k, value in enumerate(new):
                if _is_lasting(value) and all(value is not late.dy for late in self.deferred):
                    lines.append(f"z{len(self.referenced)}[n] = {{{k}}}")
                    self.referenced.append(value)
                    continue
                place = f"y{len(self.collected)}[n]"
                self.collected.append(value)
                if self._is_own(value):
                    self.places[value] = place
                else:
                    lines.append(f"{place} = {{{k}}}")
            number = next((k for k, late in enumerate(self.deferred) if late.write is step), None)
            if number is None:
                self._replaced[step] = inline(step, "; ".join(lines), new, []) if lines else None
                continue
            lines.append(f"i{number}[n] = int({{{len(new)}}}); {{out}} = {{{len(new) + 1}}}")
            self._replaced[step] = inline(step, "; ".join(lines), [*new, step.inputs[1], step.inputs[3]], step.outputs)


class _Product(NamedTuple):
    """A variable that xᵀ·dy is added to, from one of its rows on; the sum of the rows of x, where there is no dy."""

    variable: int
    x: Value
    dy: Value | None
    first: int = 0


class Aside:
    """What a loop has put aside, and how it is added up: each function that runs the loop has one.

    Attributes:
      buffers: for each value of `growth.collected`, room for some rounds.
      references: for each of `growth.referenced`, room for the arrays of some rounds.
      indices: for each deferred product, room for the indices of the elements it gives.
    """

    def __init__(self, growth: Growth):
        self._rounds = growth.rounds * (2 if growth.in_background else 1)
        self.buffers = [_room(self._rounds, v) for v in growth.collected]
        self.references: list[list[Any]] = [[None] * self._rounds for _ in growth.referenced]
        self.indices = [[0] * self._rounds for _ in growth.deferred]
        of: dict[Value, Any] = dict(zip(growth.collected + growth.referenced, self.buffers + self.references))
        self._sums = [(of[p.x], None if p.dy is None else of[p.dy], _rows_of(p)) for p in growth.products]
        self._late = [(of[late.dy], late.rows, each) for late, each in zip(growth.deferred, self.indices)]
        self._run = parallel.begin if growth.in_background else parallel.run
        self._start = 0
        self._job: Any = None

    def begin(self) -> int:
        """The place for the first round."""
        with contextlib.suppress(Exception):  # of a loop that did not come to its end
            self._finish()
        self._start, self._job = 0, None
        return 0

    def flush(self, stop: int, *given: Any) -> int:
        """Adds up what has come since the last time, while the loop goes on; gives the place for the next round.

        Args:
          stop: the place behind the last round.
          given: the sums so far, then of each deferred product the array and the weights.
        """
        start, self._start = self._start, stop % self._rounds
        self._finish()
        self._job = self._run(_call, self._parts(start, stop, given))
        return self._start

    def end(self, stop: int, *given: Any) -> None:
        """Adds up the rest."""
        if stop > self._start:
            self.flush(stop, *given)
        self._finish()
        for arrays in self.references:
            arrays[:] = [None] * self._rounds

    def _finish(self) -> None:
        if self._job is not None:
            self._job.finish()
            self._job = None

    def _parts(self, start: int, stop: int, given: tuple) -> list[Callable[[], None]]:
        """What is to be done, as functions that do not depend on each other."""
        parts: list[Callable[[], None]] = []
        for total, (x, dy, rows) in zip(given, self._sums):
            if dy is None:
                parts.append(functools.partial(_add_rows, total, x, start, stop))
                continue
            depth = math.prod(x[start].shape) * (stop - start)
            columns = total.shape[1]
            # Rows that are only referred to are brought together by each part.
            for some in parts_of(columns, depth if isinstance(x, np.ndarray) else depth // _PARTS_LESS):
                parts.append(functools.partial(_add_product, total[rows, some], x, dy, some, start, stop))
        late = iter(given[len(self._sums) :])
        for (dy, rows, indices), array, weights in zip(self._late, late, late):
            dy, indices, weights = dy[start:stop], indices[start:stop], weights[rows].T
            products = np.empty((*dy.shape[:2], weights.shape[1]), dy.dtype)
            for some in parts_of(len(dy), dy[0].size * weights.shape[1], 1):
                parts.append(functools.partial(_write, array, indices[some], dy[some], weights, products[some]))
        return parts


def _call(part: Callable[[], None]) -> None:
    part()


def _room(rounds: int, value: Value) -> np.ndarray:
    """Memory for a value in some rounds; rows a power of two apart would be in each other's way in the cache."""
    known: Any = value.shape
    *shape, columns = known
    step, dtype = value.step, np.dtype(value.dtype.as_numpy_dtype)
    spread = step is not None and "takes_rows" in step.attrs and columns * dtype.itemsize % 1024 == 0
    return aligned((rounds, *shape, columns + (_SPREAD // dtype.itemsize if spread else 0)), dtype)[..., :columns]


def _rows_of(product: _Product) -> slice:
    return slice(product.first, product.first + (product.x.shape[1] if product.dy is not None else 0))  # type: ignore


def _rows(buffer: Any, start: int, stop: int, name: str = "rows") -> np.ndarray:
    """The rows of some rounds as one matrix."""
    if isinstance(buffer, np.ndarray):
        return buffer[start:stop].reshape(-1, buffer.shape[2])
    arrays = buffer[start:stop]
    rows, columns = arrays[0].shape
    shape = len(arrays) * rows, columns
    return np.concatenate(arrays, out=parallel.scratch(shape, arrays[0].dtype, name))


def _add_rows(total: np.ndarray, rows: Any, start: int, stop: int) -> None:
    total += _rows(rows, start, stop).sum(0)


def _add_product(total: np.ndarray, x: Any, dy: Any, columns: slice, start: int, stop: int) -> None:
    term = parallel.scratch(total.shape, total.dtype, "term")
    x, dy = _rows(x, start, stop), _rows(dy, start, stop, "dy")[:, columns]
    primitives.multiply(x.T, dy, term)
    np.add(total, term, total)


def _write(array: Any, indices: list[int], dy: np.ndarray, weights: np.ndarray, products: np.ndarray) -> None:
    primitives.multiply(_rows(dy, 0, len(dy)), weights, _rows(products, 0, len(dy)))
    for index, element in zip(indices, products):
        array.write(index, element, True)


def _is_lasting(value: Value) -> bool:
    """Whether its memory stays as it is after the round."""
    return value.step is not None and "lasting" in value.step.attrs


def _rounds_of(value: Value) -> int:
    """How many rounds' rows of a matrix are put aside."""
    return max(1, min(_ROUNDS, _ROWS // value.shape[0]))  # type: ignore[index]


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
