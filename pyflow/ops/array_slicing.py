"""Slices: slice, strided_slice, its gradient, and assignment to a slice of a variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.registry import ShapeError, op, raw, sample
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_dimensions import check_sizes, kernel_words, length
from pyflow.ops.array_filling import ones_like
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.gpu_movement import as_view, slice_gradient
from pyflow.ops.shape_rules import merge, text, with_rank
from pyflow.ops.strided_index import Masks, apply_index, numpy_index, sliced_shape

_MASKS = {"begin_mask": 0, "end_mask": 0, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0}


def _slice_bounds(input: Any, begin: Any, size: Any) -> tuple[list[int], list[int]]:
    """Checked begins and sizes; a size of -1 is replaced.

    Raises:
      InvalidArgumentError: the slice isn't inside the input.
    """
    shape = np.shape(input)
    begins, sizes = begin.tolist(), size.tolist()
    if len(begins) != len(shape) or len(sizes) != len(shape):
        words = (
            "Expected begin and size arguments to be 1-D tensors of size "
            f"{len(shape)}, but got shapes {text(begin.shape)} and {text(size.shape)} instead."
        )
        raise errors.InvalidArgumentError(None, None, words)
    for i, (start, count, whole) in enumerate(zip(begins, sizes, shape)):
        if count == -1:
            count = sizes[i] = whole - start
        if not 0 <= start <= whole:
            raise errors.InvalidArgumentError(None, None, f"Expected begin[{i}] in [0, {whole}], but got {start}")
        if not 0 <= count <= whole - start:
            words = f"Expected size[{i}] in [0, {whole - start}], but got {count}"
            raise errors.InvalidArgumentError(None, None, words)
    return begins, sizes


@op("Slice(input: T, begin: Index, size: Index) -> (output: T)", T=dtypes.ANY, Index=dtypes.INDEX)
class Slice:
    """size[i] positions of axis i from begin[i] on; a size of -1 means all that follow."""

    view = True

    def shape(input, begin, size, begin_dims, size_value, size_dims):
        with kernel_words(
            lambda: (
                f"Expected begin and size arguments to be 1-D tensors of size {len(input or ())}, but got shapes "
                f"{text(begin)} and {text(size)} instead."
            )
        ):
            count = length(merge(begin, size))
            if input is not None and count is not None:
                with_rank(input, count)
        if input is None and count is not None:
            input = (None,) * count
        if input is None:
            return None if size_value is not None or size_dims is None else size_dims
        begins = begin_dims or (None,) * len(input)
        if size_value is None:
            return _partly_sliced(input, begins, size_dims)
        check_sizes(size_value)
        return tuple(map(_slice_size, input, begins, np.reshape(size_value, -1).tolist()))

    def cpu(input, begin, size):
        begins, sizes = _slice_bounds(input, begin, size)
        return input[(*[slice(b, b + s) for b, s in zip(begins, sizes)], ...)]

    def grad(op, dy):
        return _slice_gradient(op, dy), None, None

    gpu = elementwise(as_view, types=INDEXED)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0, 1], [-1, 2])]


def _partly_sliced(input: tuple, begins: tuple, sizes: StaticShape) -> StaticShape:
    """The shape when some sizes come with the run only."""
    if sizes is None:
        return (None,) * len(input)
    return tuple(sizes)


def _slice_size(whole: int | None, start: int | None, count: int) -> int | None:
    if count != -1:
        return count
    if whole is None or start is None:
        return None
    if start > whole:
        raise ShapeError(f"Negative dimension size caused by subtracting {start} from {whole}")
    return whole - start


def _slice_gradient(op: Any, dy: Any) -> Any:
    """Zeros all around the slice."""
    input, begin = op.inputs[0], op.inputs[1]
    input_rank = rank(input)
    taken = shape(op.outputs[0])
    column = stack([input_rank, 1])
    before = reshape(begin, column)
    after = reshape(shape(input) - taken - begin, column)
    return raw.Pad(dy, concat([before, after], 1))


@export("slice")
def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """A block of a tensor.

    Args:
      begin: int vector: where the block starts along each axis.
      size: int vector: its size along each axis; -1 for all that follows.

    Raises:
      ValueError, InvalidArgumentError: the block isn't inside the tensor.
    """
    return Slice(input_, begin, size, name=name)


def _check_vectors(begin: StaticShape, end: StaticShape, strides: StaticShape) -> int | None:
    merged = merge(merge(with_rank(begin, 1), with_rank(end, 1)), with_rank(strides, 1))
    return length(merged)


@op(
    "StridedSlice(input: T, begin: Index, end: Index, strides: Index) -> (output: T)",
    T=dtypes.ANY,
    Index=dtypes.INDEX,
    **_MASKS,
)
class StridedSlice:
    """What numpy's `input[begin:end:stride, ...]` gives."""

    view = True

    def shape(
        input, begin, end, strides, begin_value, end_value, strides_value, begin_mask, end_mask, ellipsis_mask,
        new_axis_mask, shrink_axis_mask,
    ):  # fmt: skip
        entries = _check_vectors(begin, end, strides)
        masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        return sliced_shape(input, begin_value, end_value, strides_value, entries, masks)

    def cpu(
        input, begin, end, strides, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask
    ):  # fmt: skip
        masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        return apply_index(input, begin, end, strides, masks)

    def grad(op, dy):
        begin, end, strides = op.inputs[1:]
        input_shape = shape(op.inputs[0], out_type=begin.dtype)
        return StridedSliceGrad(input_shape, begin, end, strides, dy, **_masks_of(op)), None, None, None

    gpu = elementwise(as_view, types=INDEXED)
    samples = [
        sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0, 2], [2, 0], [1, -1]),
        sample(
            [[1.0, 2.0], [4.0, 5.0]], [1, 0, 0], [2, 0, 0], [1, 1, 1], shrink_axis_mask=1, new_axis_mask=4, end_mask=2
        ),
    ]


def _masks_of(op: Any) -> dict[str, int]:
    return {mask: op.get_attr(mask) for mask in _MASKS}


def _gradient_element(node: Any) -> str | None:
    masks = Masks(*[node.attrs[mask] for mask in _MASKS])
    return slice_gradient(node, lambda begin, end, strides: numpy_index(begin, end, strides, masks))


@op(
    "StridedSliceGrad(shape: Index, begin: Index, end: Index, strides: Index, dy: T) -> (output: T)",
    T=dtypes.ANY,
    Index=dtypes.INDEX,
    **_MASKS,
)
class StridedSliceGrad:
    """Zeros of the given shape with `dy` in the place of the slice."""

    def shape(shape_dims):
        return shape_dims

    def cpu(
        begin, end, strides, dy, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask, out
    ):  # fmt: skip
        out.fill(0)
        masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        out[numpy_index(begin, end, strides, masks)] = dy

    def grad(op, dy):
        begin, end, strides = op.inputs[1:4]
        return None, None, None, None, strided_slice(dy, begin, end, strides, **_masks_of(op))

    gpu = elementwise(_gradient_element, types=INDEXED)
    samples = [sample([2, 3], [0, 2], [2, 0], [1, -1], [[1.0, 2.0], [3.0, 4.0]])]


@op(
    "StridedSliceAssign(ref: Ref(T), begin: Index, end: Index, strides: Index, value: T) -> (output_ref: Ref(T))",
    T=dtypes.ANY,
    Index=dtypes.INDEX,
    **_MASKS,
)
class StridedSliceAssign:
    """Writes `value` into the slice of a variable."""

    stateful = True

    def shape(ref):
        return ref

    def cpu(
        ref, begin, end, strides, value, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask
    ):  # fmt: skip
        _assign(
            ref, begin, end, strides, value, Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        )
        return ref


@op(
    "ResourceStridedSliceAssign(ref: resource, begin: Index, end: Index, strides: Index, value: T) -> ()",
    T=dtypes.ANY,
    Index=dtypes.INDEX,
    **_MASKS,
)
class ResourceStridedSliceAssign:
    """Writes `value` into the slice of a resource variable."""

    stateful = True

    def shape():
        return []

    def cpu(
        ref, begin, end, strides, value, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask
    ):  # fmt: skip
        _assign(
            ref, begin, end, strides, value, Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        )


@op(
    "TensorStridedSliceUpdate(input: T, begin: Index, end: Index, strides: Index, value: T) -> (output: T)",
    T=dtypes.ANY,
    Index=dtypes.INDEX,
    **_MASKS,
)
class TensorStridedSliceUpdate:
    """A copy of the input with `value` in the place of the slice."""

    def shape(input):
        return input

    def cpu(
        input, begin, end, strides, value, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask
    ):  # fmt: skip
        masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        result = np.array(input)
        _fit(apply_index(result, begin, end, strides, masks), value)
        return result

    samples = [sample([1.0, 2.0, 3.0], [1], [3], [1], [5.0, 6.0], grad=False)]


def _assign(cell: Any, begin: Any, end: Any, strides: Any, value: Any, masks: Masks) -> None:
    _fit(apply_index(cell.changing(), begin, end, strides, masks), value)


def _fit(target: Any, value: Any) -> None:
    """Copies `value` into the sliced view, whose shape it has to have: nothing is broadcast, not even a scalar."""
    if np.shape(value) != target.shape:
        words = (
            f"sliced l-value shape {text(target.shape)} does not match r-value shape {text(np.shape(value))}. "
            "Automatic broadcasting not yet implemented."
        )
        raise errors.UnimplementedError(None, None, words)
    target[...] = value


@export("strided_slice")
def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """The positions begin[i], begin[i] + strides[i] ... up to but without end[i] of each axis i.

    Args:
      begin, end, strides: int vectors; `strides` defaults to ones.
      begin_mask, end_mask: bit i set: that bound is open.
      ellipsis_mask: the bit of the entry that stands for all axes not mentioned.
      new_axis_mask: bit i set: entry i inserts an axis of size 1.
      shrink_axis_mask: bit i set: entry i picks position begin[i] and drops the axis.
      var: the variable that is sliced, so that the result can be assigned to (`result.assign(value)`).

    Raises:
      ValueError: an index is out of bounds or a stride is zero.
    """
    masks = {
        "begin_mask": begin_mask,
        "end_mask": end_mask,
        "ellipsis_mask": ellipsis_mask,
        "new_axis_mask": new_axis_mask,
        "shrink_axis_mask": shrink_axis_mask,
    }
    if strides is None:
        strides = ones_like(begin)
    result = StridedSlice(input_, begin, end, strides, **masks, name=name)

    def assign(value: Any, name: str | None = name and f"{name}_assign") -> Any:
        if var is None:
            raise ValueError("Sliced assignment is only supported for variables")
        return var._strided_slice_assign(begin=begin, end=end, strides=strides, value=value, name=name, **masks)

    result.assign = assign  # type: ignore[attr-defined]
    return result
