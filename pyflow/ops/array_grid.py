"""Coordinates and masks made from ranges: meshgrid, sequence_mask, one_hot, unravel_index."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_dimensions import with_value
from pyflow.ops.array_filling import ones
from pyflow.ops.array_joining import stack
from pyflow.ops.array_shape import rank, size
from pyflow.ops.constant import constant
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.shape_rules import text


@export("meshgrid")
def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """Coordinate grids: as many tensors of rank n as there are vectors.

    Args:
      *args: n tensors of rank 1.
      indexing: "xy" (the first vector runs along the second axis) or "ij".
      name: the name of the operation.

    Raises:
      TypeError: an unknown keyword.
      ValueError: `indexing` is something else.
    """
    indexing, name = kwargs.pop("indexing", "xy"), kwargs.pop("name", "meshgrid")
    for key in kwargs:
        raise TypeError(f"'{key}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing parameter must be either 'xy' or 'ij'")
    with name_scope(name, "meshgrid", args):
        count = len(args)
        grids = [reshape(stack(x), (1,) * i + (-1,) + (1,) * (count - i - 1)) for i, x in enumerate(args)]
        sizes = [size(x) for x in args]
        dtype = convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            grids[0] = reshape(grids[0], (1, -1) + (1,) * (count - 2))
            grids[1] = reshape(grids[1], (-1, 1) + (1,) * (count - 2))
            sizes[0], sizes[1] = sizes[1], sizes[0]
        whole = ones(sizes, dtype)
        return [x * whole for x in grids]


def _all_axes(x: Tensor) -> Tensor:
    known = x.get_shape().ndims
    if known is not None:
        return constant(np.arange(known), dtype=dtypes.int32)
    return raw.Range(0, rank(x), 1)


@export("sequence_mask")
def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = dtypes.bool, name: str | None = None) -> Tensor:
    """mask[..., j] is true for j < lengths[...].

    Args:
      lengths: int tensor of any shape.
      maxlen: the size of the new last axis; None takes the largest length.
      dtype: the dtype of the result.

    Raises:
      ValueError: `maxlen` is no scalar.
    """
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert_to_tensor(lengths)
        if maxlen is None:
            maxlen = raw.Max(lengths, _all_axes(lengths))
            maxlen = raw.Maximum(constant(0, maxlen.dtype), maxlen)
        else:
            maxlen = convert_to_tensor(maxlen)
        if maxlen.get_shape().ndims not in (None, 0):
            raise ValueError("maxlen must be scalar for sequence_mask")
        positions = raw.Range(constant(0, maxlen.dtype), maxlen, constant(1, maxlen.dtype))
        column = raw.Cast(expand_dims(lengths, -1), maxlen.dtype)
        result = positions < column
        wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
        return result if wanted in (None, result.dtype.base_dtype) else raw.Cast(result, wanted)


_ONE_HOT_INDEX = one_of((dtypes.uint8, dtypes.int32, dtypes.int64), default=dtypes.int64)


def _depth_axis(node: Any) -> int:
    axis = node.attrs["axis"]
    return len(node.inputs[0].shape) if axis == -1 else axis


def _along_depth(node: Any) -> list:
    shape, place = node.inputs[0].shape, _depth_axis(node)
    return [(*shape[:place], 1, *shape[place:]), (), (), ()]


def _is_chosen(node: Any) -> str:
    shape, place = node.outputs[0].shape, _depth_axis(node)
    inside = math.prod(shape[place + 1 :])
    return f"select(off_value, on_value, indices == i32((i / {inside}u) % {shape[place]}u))"


@op(
    "OneHot(indices: TI, depth: int32, on_value: T, off_value: T) -> (output: T)",
    axis=-1,
    T=dtypes.ANY,
    TI=_ONE_HOT_INDEX,
)
class OneHot:
    """A new axis of size `depth` that has `on_value` at the index and `off_value` elsewhere."""

    def shape(indices, depth, depth_value, axis):
        if axis < -1:
            raise ShapeError("axis must be >= -1")
        if depth:
            given = text(depth)
            raise ShapeError(
                f"Input must be scalar but has rank {len(depth)}", f"depth must be a scalar, but got: {given}"
            )
        if depth_value is not None and depth_value < 0:
            words = f"Dimension size, given by scalar input 1, must be non-negative but is {depth_value}"
            raise ShapeError(words, f"depth must be non-negative, got: {depth_value}")
        if indices is None:
            return None
        rank = len(indices)
        if axis > rank:
            words = f"Expected axis to be -1 or between [0, {rank + 1}).  But received: {axis}"
            raise ShapeError(words, words)
        place = axis % (rank + 1)
        return (*indices[:place], None if depth_value is None else int(depth_value), *indices[place:])

    def cpu(indices, depth, on_value, off_value, axis, out):
        shape = np.shape(indices)
        depth = int(depth)
        place = len(shape) if axis == -1 else axis
        out[...] = off_value
        if indices.size and depth:
            flat = np.reshape(indices, (int(np.prod(shape[:place], dtype=np.int64)), -1))
            blocks = out.reshape(flat.shape[0], depth, flat.shape[1])
            valid = (flat >= 0) & (flat < depth)
            rows, columns = np.nonzero(valid)
            blocks[rows, flat[rows, columns], columns] = on_value

    grad = NOT_DIFFERENTIABLE
    gpu = elementwise(_is_chosen, types=INDEXED, layout=_along_depth)
    samples = [
        sample(np.array([0, 2, -1], np.int64), 3, 5.0, 1.0, grad=False),
        sample(np.array([[0, 1]], np.int64), 2, 5.0, 1.0, axis=1, grad=False),
    ]


@export("one_hot")
def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """`on_value` at the given indices along a new axis, `off_value` elsewhere; an index out of range gives none.

    Args:
      indices: uint8, int32 or int64 of any shape.
      depth: the size of the new axis, a scalar.
      on_value, off_value: scalars, 1 and 0 by default.
      axis: the place of the new axis, the last one by default.
      dtype: the dtype of the result; that of the values, or float32.

    Raises:
      TypeError: the dtypes of the values and `dtype` differ.
    """
    with name_scope(name, "one_hot", [indices, depth, on_value, off_value, axis, dtype]) as scope:
        given = {
            word: convert_to_tensor(value).dtype.base_dtype
            for word, value in (("on_value", on_value), ("off_value", off_value))
            if value is not None
        }
        if dtype is None:
            dtype = next(iter(given.values()), dtypes.float32)
        else:
            for word, own in given.items():
                if own != dtype:
                    raise TypeError(f"dtype {own} of {word} does not match dtype parameter {dtype}")
        if on_value is None:
            on_value = convert_to_tensor(1, dtype, name="on_value")
        if off_value is None:
            off_value = convert_to_tensor(0, dtype, name="off_value")
        on_dtype, off_dtype = given.get("on_value", dtype), given.get("off_value", dtype)
        if on_dtype != off_dtype:
            raise TypeError(f"dtype {on_dtype} of on_value does not match dtype {off_dtype} of off_value")
        return OneHot(indices, depth, on_value, off_value, axis, name=scope)


@op("UnravelIndex(indices: Tidx, dims: Tidx) -> (output: Tidx)", Tidx=one_of(dtypes.INDEX, default=dtypes.int32))
class UnravelIndex:
    """The coordinates, a row for each axis, of positions in the flattened array."""

    def shape(indices, dims):
        if dims is not None:
            with_value(len(dims), 1)
        if indices is None:
            return None
        count = None if dims is None else dims[0]
        total = 1
        for d in indices:
            total = None if d is None or total is None else total * d
        return (count, total) if indices else (count,)

    def cpu(indices, dims):
        if math.prod(dims.tolist()) > np.iinfo(dims.dtype).max:
            raise errors.InvalidArgumentError(None, None, "Input dims product is causing integer overflow")
        if (dims == 0).any():
            i = int(np.argmax(dims == 0))
            words = f"Input dims cannot contain a dim of zero, but dims contains zero at index {i}"
            raise errors.InvalidArgumentError(None, None, words)
        if np.size(indices) and (np.min(indices) < 0 or np.max(indices) >= dims.prod(dtype=np.int64)):
            raise errors.InvalidArgumentError(None, None, "index is out of bound as with dims")
        rows = np.unravel_index(np.reshape(indices, -1), dims.tolist())
        result = np.stack(rows).astype(dims.dtype)
        return result if np.ndim(indices) else result[:, 0]

    samples = [sample([5, 3], [2, 3])]


unravel_index = export("unravel_index")(UnravelIndex)
