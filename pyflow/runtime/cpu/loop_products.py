"""The parts of a loop's matrix products that its rounds need not wait for each other with.

A recurrent cell multiplies [x, h] by its weights, where only h comes from the round before. What the x contribute is
computed for many rounds at once, ahead. Backwards, the gradients of the x are computed when those of the products of
many rounds are there; nobody looks at them within the loop.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pyflow.core import dtypes
from pyflow.ops import parallel
from pyflow.ops.primitives import primitives, product
from pyflow.ops.tensor_array_storage import ArrayStorage
from pyflow.runtime.program import Program, Step, Value

# Rounds whose products are computed at once.
_ROUNDS = 8
# Multiplications in a round below which there is nothing to gain.
_SMALLEST = 1 << 19
_REAL = (dtypes.float32, dtypes.float64)


class Ahead:
    """h · W + x · V, where the x · V of the next rounds are computed by another thread meanwhile."""

    def __init__(self, sums: Value):
        shape: Any = (_ROUNDS, *sums.shape)  # type: ignore[misc]
        self._current, self._next = (np.empty(shape, sums.dtype.as_numpy_dtype) for _ in range(2))
        self._job: Any = None
        self.reset()

    def reset(self) -> None:
        """Forgets what was computed: another loop begins."""
        if self._job is not None:
            self._job.finish()
        self._first = self._count = self._coming = 0
        self._job = None

    def __call__(self, h: Any, w: Any, x: Any, v: Any, array: ArrayStorage, index: Any) -> np.ndarray:
        """The sum; x is the element of that index, read just now."""
        place = int(index) - self._first
        if not 0 <= place < self._count:
            self._advance(x, v, array, int(index))
            place = 0
        out = product(h, w)
        return np.add(out, self._current[place], out)

    def _advance(self, x: np.ndarray, v: np.ndarray, array: ArrayStorage, index: int) -> None:
        if self._job is not None:
            self._job.finish()
        if self._job is not None and index == self._first + self._count:
            self._current, self._next = self._next, self._current
            self._count = self._coming
        else:
            self._count = _multiply([x, *self._elements(x, array, index + 1, index + _ROUNDS)], v, self._current)
        self._first = index
        following = self._elements(x, array, index + self._count, index + self._count + _ROUNDS)
        self._coming, self._job = len(following), None
        if following:
            self._job = parallel.begin(lambda out: _multiply(following, v, out), [self._next])

    @staticmethod
    def _elements(like: np.ndarray, array: ArrayStorage, start: int, stop: int) -> list[np.ndarray]:
        """The elements from an index on that are there, and will stay as they are."""
        found = []
        for element in array.elements[start:stop] if not array.sums else ():
            if element is None or element.shape != like.shape:
                break
            found.append(element)
        return found


def _multiply(elements: list[np.ndarray], weights: np.ndarray, out: np.ndarray) -> int:
    rows, columns = elements[0].shape
    shape = len(elements) * rows, columns
    rows = np.concatenate(elements, out=parallel.scratch(shape, weights.dtype, "elements"))
    primitives.multiply(rows, weights, out[: len(elements)].reshape(len(rows), -1))
    return len(elements)


def compute_ahead(body: Program, carried: list[int]) -> list[Value]:
    """Has products of the body made by an `Ahead`, called `ahead0` and so on; gives these products."""
    fixed = {feed for i, feed in enumerate(body.feeds) if i not in carried}
    rising = {body.feeds[i] for i, following in zip(carried, body.fetches) if _is_next(body.feeds[i], following)}
    made: list[Value] = []
    steps = []
    for step in body.steps:
        found = _input_and_state(step, fixed, rising)
        if found is None:
            steps.append(step)
            continue
        x, h, x_first = found
        weights, out = step.inputs[1], step.outputs[0]
        depth: Any = x.shape[1]  # type: ignore[index]
        total: Any = weights.shape[0]  # type: ignore[index]
        v = _rows(step, weights, 0 if x_first else total - depth, depth)
        w = _rows(step, weights, depth if x_first else 0, total - depth)
        line = f"{{out}} = ahead{len(made)}({{0}}, {{1}}, {{2}}, {{3}}, {{4}}, {{5}})"
        inputs = [h, w.outputs[0], x, v.outputs[0], *x.step.inputs[:2]]  # type: ignore[union-attr]
        steps += [v, w, inline(step, line, inputs, [out])]
        made.append(out)
    body.steps = steps
    return made


def _is_next(feed: Value, following: Value) -> bool:
    """Whether a round adds one to the variable."""
    step = following.step
    if step is None or step.type not in ("Add", "AddV2") or feed not in step.inputs or feed.shape != ():
        return False
    other = step.inputs[1 if step.inputs[0] is feed else 0]
    return other.cell is None and other.constant is not None and other.constant.tolist() == 1


def _input_and_state(step: Step, fixed: set[Value], rising: set[Value]) -> tuple[Value, Value, bool] | None:
    """The x and the h of a product [x, h] · W or [h, x] · W, and whether x comes first."""
    if step.type != "MatMul" or step.attrs["transpose_a"] or step.attrs["transpose_b"]:
        return None
    (joined, weights), out = step.inputs, step.outputs[0]
    concat = joined.step
    if weights not in fixed or out.dtype not in _REAL or not all(v.known_shape for v in (joined, weights, out)):
        return None
    if concat is None or concat.type != "ConcatV2" or len(concat.inputs) != 3 or not _is(concat.inputs[2], 1):
        return None
    for x, h, x_first in ((*concat.inputs[:2], True), (*concat.inputs[1::-1], False)):
        read = x.step
        if read is None or read.type != "TensorArrayReadV3" or not x.known_shape or x.dtype is not out.dtype:
            continue
        size = x.nbytes // x.dtype.size * out.shape[1]  # type: ignore[index]
        if read.inputs[0] in fixed and read.inputs[1] in rising and size >= _SMALLEST:
            return x, h, x_first
    return None


class Deferred(NamedTuple):
    """A product dy · Wᵀ whose rows only go into an array of gradients.

    Attributes:
      rows: the rows of W that count.
      write: the step that puts them there.
      array: the array that they are the gradients of.
    """

    dy: Value
    weights: Value
    rows: slice
    write: Step
    array: Value


def defer(body: Program, carried: list[int]) -> list[Deferred]:
    """Takes out of the body what can be computed for many rounds later; the writes are left to whoever does that."""
    fixed = {feed for i, feed in enumerate(body.feeds) if i not in carried}
    users: dict[Value, list[Step]] = {}
    for step in body.steps:
        for value in step.inputs:
            users.setdefault(value, []).append(step)
    deferred: list[Deferred] = []
    replaced: dict[Step, list[Step]] = {}
    for step in body.steps:
        parts = _parts(step, fixed, users, set(body.fetches))
        if parts is None:
            continue
        (dy, weights), (given, *others) = step.inputs, parts
        write = users[given][0]
        first, count = _columns(given)
        deferred.append(Deferred(dy, weights, slice(first, first + count), write, write.inputs[0].step.inputs[0]))  # type: ignore
        replaced.update({part.step: [] for part in parts})  # type: ignore[misc]
        replaced[step] = []
        for other in others:
            rows = _rows(step, weights, *_columns(other), transposed=True)
            attrs = {**step.attrs, "transpose_b": False}
            rest = Step(step.op, step.definition, attrs, [dy, rows.outputs[0]], [other])
            replaced[step] += [rows, rest]
    body.steps = [new for old in body.steps for new in replaced.get(old, [old])]
    return deferred


def _parts(step: Step, fixed: set[Value], users: dict[Value, list[Step]], fetched: set[Value]) -> list[Value] | None:
    """The two parts that a product is cut into, the one that is only written to an array first."""
    if step.type != "MatMul" or step.attrs["transpose_a"] or not step.attrs["transpose_b"]:
        return None
    (dy, weights), out = step.inputs, step.outputs[0]
    slices = users.get(out, [])
    if weights not in fixed or out.dtype not in _REAL or out in fetched or len(slices) != 2:
        return None
    if not all(v.known_shape for v in (dy, weights, out)) or not all(_is_cut(s, out) for s in slices):
        return None
    parts = [s.outputs[0] for s in slices]
    for given, other in (parts, parts[::-1]):
        size = given.nbytes // given.dtype.size * dy.shape[1]  # type: ignore[index]
        if given not in fetched and size >= _SMALLEST and _is_only_written(given, fixed, users):
            return [given, other]
    return None


def _is_cut(step: Step, out: Value) -> bool:
    """Whether a step takes columns of the product."""
    begin, part = step.inputs[1].constant if step.type == "Slice" else None, step.outputs[0]
    return begin is not None and part.known_shape and part.shape[0] == out.shape[0]  # type: ignore[index]


def _columns(part: Value) -> tuple[int, int]:
    """The first column of a part, and how many it has."""
    return int(part.step.inputs[1].constant[1]), part.shape[1]  # type: ignore[union-attr, index]


def _is_only_written(value: Value, fixed: set[Value], users: dict[Value, list[Step]]) -> bool:
    """Whether a value only goes into an array that the round does nothing else with."""
    if len(users.get(value, ())) != 1 or users[value][0].type != "TensorArrayWriteV3":
        return False
    write = users[value][0]
    asked = write.inputs[0].step
    if write.inputs[2] is not value or asked is None or asked.type != "TensorArrayGradV3":
        return False
    return asked.inputs[0] in fixed and users[asked.inputs[0]] == [asked] and users[asked.outputs[0]] == [write]


def _rows(step: Step, matrix: Value, first: int, count: int, transposed: bool = False) -> Step:
    """Some rows of a matrix, taken before the loop."""
    rows = f"{{0}}[{first}:{first + count}]"
    line = f"{{out}} = ascontiguousarray({rows}.T)" if transposed else f"{{out}} = {rows}"
    shape = (matrix.shape[1], count) if transposed else (count, matrix.shape[1])  # type: ignore[index]
    taken = inline(step, line, [matrix], [Value(matrix.dtype, shape)])
    taken.attrs["before"] = True
    return taken


def _is(value: Value, number: int) -> bool:
    return value.cell is None and value.constant is not None and int(value.constant) == number


def inline(step: Step, line: str, inputs: list[Value], outputs: list[Value]) -> Step:
    """A step that is a line of Python, with `{0}` for the first input and `{out}` for the result.

    With an attr `before` it stands before the loop.
    """
    inlined = Step(step.op, None, {"line": line}, inputs, outputs)
    inlined.type = "inline"
    return inlined
