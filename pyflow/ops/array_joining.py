"""Several tensors made one: concat, stack, parallel_stack."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.node_count import count_repeated_constant
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, one_of, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.array_dimensions import add, axis_between, kernel_words, unknown_of_rank
from pyflow.ops.array_identity import identity
from pyflow.ops.array_shape import rank, shape, shape_n
from pyflow.ops.gpu import ANY, INDEXED, dispatches, elementwise
from pyflow.ops.gpu_indices import constant
from pyflow.ops.gpu_movement import joined, joined_one_by_one
from pyflow.ops.shape_rules import merge, text, with_rank, with_rank_at_least

_AXIS_RANGE = "Invalid axis: {axis}; must be in [-{rank},{rank})"


def _axis_attr(node: Any) -> int:
    return node.attrs["axis"]


def axis_input(place: int) -> Any:
    """The axis of a node that has it for an input, if that is known."""

    def axis(node: Any) -> int | None:
        value = constant(node.inputs[place])
        return None if value is None else int(value)

    return axis


def _joined(axis: Any, first: int = 0) -> Any:
    return elementwise(joined(axis, first), types=INDEXED), dispatches(joined_one_by_one(axis, first), types=ANY)


@op("Pack(values: N*T) -> (output: T)", N=attr("int", minimum=1), T=dtypes.ANY, axis=0)
class Pack:
    """Tensors of one shape as the slices of a tensor with one axis more."""

    def shape(values, axis):
        merged = values[-1]
        for i in range(len(values) - 2, -1, -1):
            try:
                merged = merge(values[i], merged)
            except ShapeError as error:
                words = (
                    f"Shapes of all inputs must match: values[0].shape = {text(values[0])} != values[{i + 1}].shape = "
                )
                at_run = f"{words}{text(values[i + 1])}"
                raise ShapeError(f"{error}\n\tFrom merging shape {i} with other shapes.", at_run) from None
        if merged is None:
            return None
        axis = axis_between(axis, len(merged) + 1, _AXIS_RANGE)
        return (*merged[:axis], len(values), *merged[axis:])

    def cpu(values, axis, out):
        before = (slice(None),) * (axis % out.ndim)
        for i, value in enumerate(values):
            out[(*before, i, ...)] = value

    def grad(op, dy):
        from pyflow.ops.array_splitting import unstack

        return unstack(dy, num=op.get_attr("N"), axis=op.get_attr("axis"))

    gpu = _joined(_axis_attr)
    samples = [sample([[1.0, 2.0], [3.0, 4.0]]), sample([[1.0, 2.0], [3.0, 4.0]], axis=-1)]


@export("stack")
def stack(values: Any, axis: int = 0, name: str | None = "stack") -> Tensor:
    """Tensors of one shape, put together along a new axis.

    Args:
      values: a list of tensors, numbers or arrays; a tensor stays as it is when `axis` is 0.
      axis: the place of the new axis.

    Raises:
      ValueError: `axis` is out of range, or the shapes differ.
    """
    if axis == 0:
        try:
            return convert_to_tensor(values, name=name)
        except (TypeError, ValueError):
            pass
    known = convert_to_tensor(values[0], name=name)._shape_tuple()
    if known is not None and not -len(known) - 1 <= axis <= len(known):
        raise ValueError(f"axis = {axis} not in [{-len(known) - 1}, {len(known) + 1})")
    return Pack(values, axis=axis, name=name)


def _concatenated(values: list[StaticShape], axis_value: Any) -> StaticShape:
    if axis_value is None:
        ranks = [len(v) for v in values if v is not None]
        if ranks and ranks[0] == 0:
            raise ShapeError("Can't concatenate scalars (use tf.stack instead)")
        for value in values:
            if value is not None:
                with_rank(value, ranks[0])
        return unknown_of_rank(ranks[0] if ranks else None)
    axis = int(axis_value)
    needed = -axis if axis < 0 else axis + 1
    before: StaticShape = None
    after: StaticShape = () if axis == -1 else None
    middle: int | None = 0
    for value in reversed(values):
        if value is not None and not value and axis in (0, -1):
            raise ShapeError("Can't concatenate scalars (use tf.stack instead)")
        with_rank_at_least(value, needed)
        if value is None:
            middle = None
            continue
        before = merge(value[:axis], before)
        middle = add(middle, value[axis])
        if axis != -1:
            after = merge(value[axis + 1 :], after)
    return None if before is None or after is None else (*before, middle, *after)


def _mismatch(shapes: list[StaticShape], axis: int) -> str:
    """What the kernel says about shapes that cannot be joined; empty when they can."""
    first = shapes[0]
    rank = len(first or ())
    if not -rank <= axis < rank:
        return f"ConcatOp : Expected concatenating dimensions in the range [{-rank}, {rank}), but got {axis}"
    for i, sizes in enumerate(shapes[1:], 1):
        both = f"shape[0] = {text(first)} vs. shape[{i}] = {text(sizes)}"
        if len(sizes or ()) != rank:
            return f"ConcatOp : Ranks of all input tensors should match: {both}"
        if any(a != b for d, (a, b) in enumerate(zip(first or (), sizes or ())) if d != axis % rank):
            return f"ConcatOp : Dimensions of inputs should match: {both}"
    return ""


def _joined_shape(values: list[StaticShape], axis: StaticShape, axis_value: Any) -> StaticShape:
    with_rank(axis, 0)
    known = axis_value is not None and None not in values
    with kernel_words(lambda: _mismatch(values, int(axis_value)) if known else ""):
        return _concatenated(values, axis_value)


@op(
    "ConcatV2(values: N*T, axis: Tidx) -> (output: T)",
    N=attr("int", minimum=2),
    T=dtypes.ANY,
    Tidx=one_of(dtypes.INDEX, default=dtypes.int32),
)
class ConcatV2:
    """Tensors one after the other along an axis that they have."""

    def shape(values, axis, axis_value):
        return _joined_shape(values, axis, axis_value)

    def cpu(values, axis, out):
        np.concatenate(values, int(axis), out=out)

    def grad(op, dy):
        return _concat_gradient(dy, op.inputs[:-1], op.inputs[-1]) + [None]

    gpu = _joined(axis_input(-1))
    samples = [sample([[[1.0, 2.0]], [[3.0, 4.0]]], 0), sample([[[1.0, 2.0]], [[3.0]]], -1)]


@op("Concat(concat_dim: int32, values: N*T) -> (output: T)", N=attr("int", minimum=2), T=dtypes.ANY)
class Concat:
    """`ConcatV2` as old graphs have it."""

    def shape(concat_dim, values, concat_dim_value):
        return _joined_shape(values, concat_dim, concat_dim_value)

    def cpu(concat_dim, values, out):
        np.concatenate(values, int(concat_dim), out=out)

    def grad(op, dy):
        return [None] + _concat_gradient(dy, op.inputs[1:], op.inputs[0])

    gpu = _joined(axis_input(0), 1)
    samples = [sample(0, [[[1.0, 2.0]], [[3.0, 4.0]]])]


def _concat_gradient(dy: Any, values: list[Tensor], axis: Tensor) -> list[Any]:
    if len(values) == 1:
        return [dy]
    count_repeated_constant(axis)
    axis_from_front = axis % rank(values[0])
    if isinstance(dy, IndexedSlices):
        return _sparse_concat_gradient(dy, values, axis, axis_from_front)
    sizes = _shapes(values)
    # Slicing many pieces one by one is slower than one split, so TF changes over at 16.
    if len(sizes) > 16:
        from pyflow.ops.array_slicing import slice_
        from pyflow.ops.array_splitting import split

        along = squeeze(slice_(stack(sizes, axis=1), [axis_from_front, 0], [1, -1]))
        return split(dy, along, axis_from_front)
    offsets = ConcatOffset(axis_from_front, sizes)
    return [raw.Slice(dy, begin, size) for begin, size in zip(offsets, sizes)]


def _shapes(values: list[Tensor]) -> list[Tensor]:
    sizes = []
    for value in values:
        size = shape(value)
        if size.op.type != "Const":
            return shape_n(values)
        sizes.append(size)
    return sizes


def _sparse_concat_gradient(dy: IndexedSlices, values: list[Tensor], axis: Tensor, axis_from_front: Tensor) -> list:
    from pyflow.ops.array_filling import fill
    from pyflow.ops.array_gather import gather
    from pyflow.ops.array_slicing import slice_

    known = constant_value(axis)
    if known is None:
        raise ValueError("Can only compute IndexedSlices gradient with statically-known concat_dim")
    if known < 0:
        count = constant_value(rank(values[0]))
        if count is None:
            raise ValueError(
                "Can only compute IndexedSlices gradient with negative concat_dim when first value rank is "
                "statically-known."
            )
        known = known % count
    sizes = [shape(value) for value in values]
    grads = []
    if known > 0:
        # Every input has all the rows, with its own part of the columns.
        rank_vector = shape(sizes[0])
        mask = concat([fill(expand_dims(axis_from_front, 0), 0), [1], fill(rank_vector - axis_from_front - 1, 0)], 0)
        begin = fill(rank_vector, 0)
        for size in sizes:
            part = slice_(dy.values, begin, concat([[-1], slice_(size, [1], [-1])], 0))
            grads.append(IndexedSlices(part, dy.indices, size))
            begin = raw.Add(begin, size * mask)
        return grads
    start: Any = convert_to_tensor(0, dtype=dy.indices.dtype)
    for size in sizes:
        rows = gather(size, axis_from_front)
        if rows.dtype != dy.indices.dtype:
            rows = raw.Cast(rows, dy.indices.dtype)
        end = start + rows
        chosen = squeeze(raw.Where(raw.LogicalAnd(dy.indices >= start, dy.indices < end)), axis=[1])
        grads.append(IndexedSlices(gather(dy.values, chosen), gather(dy.indices, chosen) - start, size))
        start = end
    return grads


@export("concat")
def concat(values: Any, axis: Any, name: str | None = "concat") -> Tensor:
    """Tensors put one after the other along an existing axis.

    Args:
      values: a list of tensors that agree in every other dimension; a single tensor stays as it is.
      axis: the axis, a Python int or scalar tensor.

    Raises:
      ValueError: the shapes don't fit, or `axis` is out of range.
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    if len(values) == 1:
        with name_scope(name):
            convert_to_tensor(axis, name="concat_dim", dtype=dtypes.int32).get_shape().assert_has_rank(0)
            return identity(values[0], name=name)
    return ConcatV2(values, axis, name=name)


@op("ConcatOffset(concat_dim: int32, shape: N*int32) -> (offset: N*int32)", N=attr("int", minimum=2))
class ConcatOffset:
    """Where each of the concatenated tensors, given by their shapes, begins in the result."""

    def shape(shape):
        return list(shape)

    def cpu(concat_dim, shape):
        for i, sizes in enumerate(shape):
            if sizes.ndim != 1:
                words = f"input {i} should be a vector, but got shape {text(sizes.shape)}"
                raise errors.InvalidArgumentError(None, None, words)
        axis, count = int(concat_dim), len(shape[0])
        if not -count <= axis < count:
            words = f"Concat dim is out of range: {axis} vs. {count}"
            raise errors.InvalidArgumentError(None, None, words)
        axis %= count
        offsets, position = [], 0
        for i, sizes in enumerate(shape):
            if len(sizes) != count:
                words = f"input {i} should contain {count} elements, but got {len(sizes)}"
                raise errors.InvalidArgumentError(None, None, words)
            for d in range(count):
                if d != axis and sizes[d] != shape[0][d]:
                    words = (
                        f"All dimensions except {axis} must match. Input {i} has shape {_spaced(sizes)} and doesn't "
                        f"match input 0 with shape {_spaced(shape[0])}."
                    )
                    raise errors.InvalidArgumentError(None, None, words)
            offset = np.zeros(count, np.int32)
            offset[axis] = position
            offsets.append(offset)
            position += sizes[axis]
        return tuple(offsets)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(1, [[2, 2, 7], [2, 3, 7], [2, 9, 7]])]


def _spaced(sizes: Any) -> str:
    return "[" + " ".join(str(int(size)) for size in sizes) + "]"


@op("ParallelConcat(values: N*T) -> (output: T)", N=attr("int", minimum=1), T=dtypes.ANY, shape=attr("shape"))
class ParallelConcat:
    """Tensors of first dimension 1 put one after the other along it."""

    def shape(values, shape):
        if not shape.is_fully_defined():
            raise ShapeError("All input shapes must be fully defined.")
        for i, value in enumerate(values):
            if value is not None and (None in value or value[0] != 1):
                raise ShapeError("Size of first dimension must be 1.")
            try:
                merge(value, (1, *shape.as_tuple()[1:]))
            except ShapeError as error:
                raise ShapeError(f"{error}\n\tFrom merging shape {i} with other shapes.") from None
        return shape.as_tuple()

    def cpu(values, out):
        np.concatenate(values, 0, out=out)

    gpu = _joined(lambda node: 0)
    samples = [sample([[[1.0, 2.0]], [[3.0, 4.0]]], shape=[2, 2], grad=False)]


@export("parallel_stack")
def parallel_stack(values: Any, name: str | None = "parallel_stack") -> Tensor:
    """`stack` along axis 0 for tensors of fully known shape, without a gradient."""
    with name_scope(name):
        known = convert_to_tensor(values[0]).get_shape()
        whole = TensorShape([len(values)]).concatenate(known)
        return ParallelConcat([expand_dims(value, 0) for value in values], shape=whole)
