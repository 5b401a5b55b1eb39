"""The parts of a loop's matrix products that its rounds need not wait for each other with.

A recurrent cell multiplies [x, h] by its weights, where only h comes from the round before. What the x contribute is
computed for many rounds at once, ahead. Backwards, the gradients of the x are computed when those of the products of
many rounds are there; nobody looks at them within the loop.
"""

from __future__ import annotations

import functools
from typing import Any, Callable, NamedTuple

import numpy as np

from pyflow.core import dtypes
from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu import blas
from pyflow.runtime.cpu.ahead import Ahead, GatesAhead
from pyflow.runtime.cpu.buffers import aligned
from pyflow.runtime.program import Program, Step, Value

# Multiplications in a round below which there is nothing to gain.
_SMALLEST = 1 << 19
_REAL = (dtypes.float32, dtypes.float64)


def compute_ahead(body: Program, carried: list[int]) -> list[Callable[[], Ahead]]:
    """Has objects `ahead0` and so on compute products of the body, and the gates made of them; gives their makers."""
    fixed = {feed for i, feed in enumerate(body.feeds) if i not in carried}
    rising = {body.feeds[i] for i, following in zip(carried, body.fetches) if _is_next(body.feeds[i], following)}
    users = _users(body)
    made: list[Callable[[], Ahead]] = []
    replaced: dict[Step, list[Step]] = {}
    for step in body.steps:
        found = _input_and_state(step, fixed, rising)
        if found is not None:
            name = f"ahead{len(made)}"
            gates = _gates(step.outputs[0], fixed, users)
            made.append(functools.partial(Ahead, step.outputs[0]))
            if gates is not None:
                made[-1] = functools.partial(GatesAhead, step.outputs[0], found[1].shape[1], gates.attrs["gates"])  # type: ignore
                replaced[gates] = []
            replaced[step] = _ahead(name, step, gates, *found)
    body.steps = [new for old in body.steps for new in replaced.get(old, [old])]
    return made


def _ahead(name: str, step: Step, gates: Step | None, x: Value, h: Value, x_first: bool) -> list[Step]:
    """The steps that stand for a product, and for the gates made of it."""
    weights = step.inputs[1]
    depth: Any = x.shape[1]  # type: ignore[index]
    total: Any = weights.shape[0]  # type: ignore[index]
    v = _rows(step, weights, 0 if x_first else total - depth, depth)
    w = _rows(step, weights, depth if x_first else 0, total - depth)
    operands = [x, *x.step.inputs[:2]]  # type: ignore[union-attr]
    if gates is None:
        line = f"{{out}} = {name}({{0}}, {{1}}, {{2}}, {{3}}, {{4}}, {{5}})"
        return [v, w, inline(step, line, [h, w.outputs[0], x, v.outputs[0], *operands[1:]], step.outputs)]
    for part in (v, w):
        part.attrs["line"] = part.attrs["line"].replace("= {0}", f"= {name}.weights({{0}}") + ")"
    bias = gates.inputs[1:]
    shifted = inline(step, f"{{out}} = {name}.bias({'{0}' if bias else None})", bias, [Value(x.dtype, None)])
    shifted.attrs["before"] = True
    line = f"{{out}} = {name}({{0}}, {{1}}, {{2}}, ({{3}}, {{4}}), {{5}}, {{6}})"
    inputs = [h, w.outputs[0], x, v.outputs[0], shifted.outputs[0], *operands[1:]]
    return [v, w, shifted, inline(step, line, inputs, gates.outputs)]


def _gates(sums: Value, fixed: set[Value], users: dict[Value, list[Step]]) -> Step | None:
    """The step that does nothing but make gates of the sums, if that is all that is made of them."""
    step = users[sums][0]
    if len(users[sums]) > 1 or "gates" not in step.attrs or step.inputs[0] is not sums:
        return None
    return step if primitives.gates is None and all(v in fixed for v in step.inputs[1:]) else None


def _users(body: Program) -> dict[Value, list[Any]]:
    """The steps that use each value, with None for a fetch."""
    users: dict[Value, list[Any]] = {}
    for step in body.steps:
        for value in step.inputs:
            users.setdefault(value, []).append(step)
    for value in body.fetches:
        users.setdefault(value, []).append(None)
    return users


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


def multiply_in_blocks(body: Program, carried: list[int]) -> None:
    """Cuts matrices that every round multiplies a few rows with into blocks of columns that stay in the cache."""
    fixed = {feed for i, feed in enumerate(body.feeds) if i not in carried}
    steps: list[Step] = []
    for step in body.steps:
        width = _block_width(step, fixed)
        if width:
            transposed = "{0}.T" if step.attrs["transpose_b"] else "{0}"
            cut = inline(
                step,
                f"{{out}} = in_blocks({transposed}, {width})",
                [step.inputs[1]],
                [Value(step.outputs[0].dtype, None)],
            )
            cut.attrs["before"] = True
            product = Step(step.op, None, {}, [step.inputs[0], cut.outputs[0]], step.outputs)
            product.kernel = _multiply_by_blocks
            steps += [cut, product]
        else:
            steps.append(step)
    body.steps = steps


def _block_width(step: Step, fixed: set[Value]) -> int:
    if step.type != "MatMul" or step.attrs["transpose_a"] or primitives.multiply is not np.matmul:
        return 0
    (left, weights), out = step.inputs, step.outputs[0]
    stays = weights in fixed or (weights.step is not None and "before" in weights.step.attrs)
    if not stays or out.dtype not in _REAL or not all(v.known_shape for v in (left, weights, out)):
        return 0
    (rows, depth), columns = left.shape, out.shape[1]  # type: ignore[misc, index]
    if rows * depth * columns < _SMALLEST:  # type: ignore[operator]
        return 0
    return blas.block_width(rows, depth, columns, out.dtype.size)  # type: ignore[arg-type]


def in_blocks(matrix: np.ndarray, width: int) -> np.ndarray:
    """[depth, columns] as blocks [count, depth, width]."""
    blocks = matrix.reshape(len(matrix), -1, width).swapaxes(0, 1)
    cut = aligned(blocks.shape, matrix.dtype)
    np.copyto(cut, blocks)
    return cut


def _multiply_by_blocks(left: np.ndarray, blocks: np.ndarray, out: np.ndarray) -> None:
    count, _, width = blocks.shape
    np.matmul(left, blocks, out.reshape(-1, count, width).swapaxes(0, 1))


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
