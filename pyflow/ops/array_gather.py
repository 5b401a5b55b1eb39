"""Picking rows and elements by index: gather, gather_nd, batch_gather.

Out of range indices are an error, as on TensorFlow's CPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import constant_value
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.node_count import count_nodes
from pyflow.core.registry import ShapeError, op, raw, sample
from pyflow.core.scopes import colocate_with, get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.ops import gpu_gather
from pyflow.ops.array import expand_dims, reshape, transpose
from pyflow.ops.array_dimensions import kernel_words, unknown_of_rank
from pyflow.ops.array_filling import ones, zeros
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape, size
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.indexed_slices import quiet_densification
from pyflow.ops.shape_rules import with_rank_at_least


def _out_of_range(indices: Any, limit: int, where: str = "indices") -> errors.InvalidArgumentError:
    bad = np.argwhere((np.asarray(indices) < 0) | (np.asarray(indices) >= limit))[0]
    position = f"[{','.join(map(str, bad))}]" if len(bad) else ""
    return errors.InvalidArgumentError(
        None, None, f"{where}{position} = {np.asarray(indices)[tuple(bad)]} is not in [0, {limit})"
    )


def check_range(indices: Any, limit: int) -> None:
    """Raises InvalidArgumentError for an index outside [0, limit)."""
    # As an unsigned number a negative index is larger than any size.
    if indices.size and indices.view(f"u{indices.itemsize}").max() >= limit:
        raise _out_of_range(indices, limit)


def take(params: Any, indices: Any, axis: int, out: Any) -> None:
    """`np.take` that also refuses negative indices."""
    check_range(indices, params.shape[axis])
    if indices.size:
        # The range is checked: "clip" only keeps numpy from working on a copy of `out`.
        params.take(indices, axis, out=out, mode="clip")


@op(
    "Gather(params: Tparams, indices: Tindices) -> (output: Tparams)",
    validate_indices=True,
    Tparams=dtypes.ANY,
    Tindices=dtypes.INDEX,
)
class Gather:
    """The rows of `params` with those indices."""

    def shape(params, indices):
        with_rank_at_least(params, 1)
        return None if params is None or indices is None else (*indices, *params[1:])

    def cpu(params, indices, out):
        take(params, indices, 0, out)

    def grad(op, dy):
        return _rows_gradient(op, dy), None

    gpu = elementwise(gpu_gather.rows(check_range), types=INDEXED)
    samples = [sample([[1.0, 2.0], [3.0, 4.0]], [1, 0, 1])]


@op(
    "GatherV2(params: Tparams, indices: Tindices, axis: Taxis) -> (output: Tparams)",
    batch_dims=0,
    Tparams=dtypes.ANY,
    Tindices=dtypes.INDEX,
    Taxis=dtypes.INDEX,
)
class GatherV2:
    """The slices of `params` along `axis` with those indices; the first `batch_dims` axes of both run in step."""

    def shape(params, indices, axis, axis_value, batch_dims):
        with_rank_at_least(params, 1)
        if axis is not None and len(axis):
            raise ShapeError(f"Shape must be rank 0 but is rank {len(axis)}")
        if axis_value is None:
            known = params is not None and indices is not None
            return unknown_of_rank(len(params) + len(indices) - 1 - batch_dims if known else None)
        at = int(axis_value)
        rank = 0 if params is None else len(params)
        with kernel_words(lambda: f"Expected axis in the range [{-rank}, {rank}), but got {at}"):
            with_rank_at_least(params, -at if at < 0 else at + 1)
        if params is None or indices is None:
            return None
        batch = batch_dims + len(indices) if batch_dims < 0 else batch_dims
        at = at + len(params) if at < 0 else at
        with kernel_words(lambda: _batch_range(batch_dims, len(indices))):
            if batch < 0:
                raise ShapeError(f"Subshape start out of bounds: {batch}, for shape with rank {len(indices)}")
        if batch > at:
            words = f"batch_dims ({batch}) must be less than or equal to axis ({at})"
            raise ShapeError(words, words + ".")
        return (*params[:at], *indices[batch:], *params[at + 1 :])

    def cpu(params, indices, axis, batch_dims, out):
        axis = int(axis) % params.ndim
        if batch_dims:
            rank = np.ndim(indices)
            if not -rank <= batch_dims < rank:
                raise errors.InvalidArgumentError(None, None, _batch_range(batch_dims, rank))
            out[...] = _batch_take(params, indices, axis, batch_dims % rank)
        else:
            take(params, indices, axis, out)

    def grad(op, dy):
        if constant_value(op.inputs[2]) == 0:
            return _rows_gradient(op, dy), None, None
        return _axis_gradient(op, dy), None, None

    gpu = elementwise(gpu_gather.rows(check_range), types=INDEXED)
    samples = [
        sample([[1.0, 2.0], [3.0, 4.0]], [1, 0, 1], 0),
        sample([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], 1),
        sample([[1.0, 2.0], [3.0, 4.0]], [[1, 1], [0, 1]], 1, batch_dims=1),
    ]


def _batch_range(batch_dims: int, rank: int) -> str:
    return f"Expected batch_dims in the range [{-rank}, {rank}), but got {batch_dims}"


def _batch_take(params: Any, indices: Any, axis: int, batch: int) -> Any:
    if params.shape[:batch] != indices.shape[:batch]:
        i = next(i for i in range(batch) if params.shape[i] != indices.shape[i])
        words = f"params.shape[{i}]: {params.shape[i]} should be equal to indices.shape[{i}]: {indices.shape[i]}"
        raise errors.InvalidArgumentError(None, None, words)
    check_range(indices, params.shape[axis])
    moved = np.moveaxis(params, axis, batch)
    grid = np.ogrid[tuple(slice(n) for n in params.shape[:batch])] if batch else []
    lead = [g.reshape(g.shape + (1,) * (indices.ndim - batch)) for g in grid]
    taken = moved[(*lead, indices)]
    # Now: batch axes, index axes, axes between batch and `axis`, axes after it. The index axes belong after the third.
    between = axis - batch
    inner = indices.ndim - batch
    order = [*range(batch), *range(batch + inner, batch + inner + between), *range(batch, batch + inner)]
    order += range(batch + inner + between, taken.ndim)
    return taken.transpose(order)


def _params_shape(params: Tensor) -> Tensor:
    # int64 first: the parameters may be larger than int32 counts.
    with colocate_with(params.op):
        return PUBLIC["cast"](shape(params, out_type=dtypes.int64), dtypes.int32)


def _rows_gradient(op: Any, dy: Any) -> IndexedSlices:
    params, indices = op.inputs[0], op.inputs[1]
    params_shape = _params_shape(params)
    count = expand_dims(size(indices), 0)
    values_shape = concat([count, params_shape[1:]], 0)
    with quiet_densification():
        values = reshape(dy, values_shape)
    return IndexedSlices(values, reshape(indices, count), params_shape)


def _axis_gradient(op: Any, dy: Any) -> Tensor:
    """The axis is moved to the front of the non-batch axes, the gradient summed by index, and the axis moved back."""
    params, indices, axis = op.inputs
    params_shape = _params_shape(params)
    batch_dims = op.get_attr("batch_dims")
    if batch_dims < 0:
        batch_dims += indices.shape.ndims
    outer, inner = params_shape[:axis], params_shape[axis:][1:]
    values_shape = concat([outer, [-1], inner], 0)
    values_dims, axis_dims = size(values_shape), size(outer)
    range_ = PUBLIC["range"]
    batch_axes = range_(batch_dims)
    between = range_(batch_dims, axis_dims)
    after = range_(axis_dims + 1, values_dims)
    with quiet_densification():
        values = reshape(dy, values_shape)
    values = transpose(values, concat([batch_axes, [axis_dims], between, after], 0))
    moved_shape = params_shape
    if batch_dims and constant_value(axis) != batch_dims:
        # TensorFlow takes the size of axis `batch_dims` here, which gives wrong gradients unless that is `axis`.
        moved_shape = concat([params_shape[:batch_dims], [params_shape[axis]]], 0)
    grad = _summed_by_index(moved_shape, values, indices, batch_dims, params_shape[axis])
    return transpose(grad, concat([batch_axes, between + 1, [batch_dims], after], 0))


def _summed_by_index(params_shape: Any, values: Any, indices: Any, batch_dims: int, count: Any) -> Any:
    indices_size = expand_dims(size(indices), 0)
    count_nodes(get_default_graph(), "Const", "Const", "ExpandDims")  # that size once more
    if not batch_dims:
        return raw.UnsortedSegmentSum(values, reshape(indices, indices_size), count)
    values_shape = shape(values)
    outer = values_shape[:batch_dims]
    inner = values_shape[batch_dims:][1:]
    batch_size = raw.Prod(outer, [0], keep_dims=False)
    flat_shape = concat([[-1], inner], 0)
    count = count * batch_size
    sizes = PUBLIC["cast"](params_shape, indices.dtype.base_dtype)
    indices = with_batch_offsets(sizes, indices, batch_dims, PUBLIC["range"])
    values = reshape(values, flat_shape)
    grad = raw.UnsortedSegmentSum(values, reshape(indices, indices_size), count)
    return reshape(grad, concat([outer, flat_shape], 0))


def with_batch_offsets(sizes: Tensor, indices: Tensor, batch_dims: int, make_range: Any) -> Tensor:
    """The indices into the parameters with their batch axes and the next one made a single axis.

    Args:
      sizes: the parameters' shape in the dtype of the indices.
    """
    dtype, rank = indices.dtype.base_dtype, len(indices.shape)
    stride: Any = ones((), dtype=dtype)
    for axis in range(batch_dims, 0, -1):
        size_here = sizes[axis - 1]
        stride *= sizes[axis]
        positions = make_range(zeros((), dtype=dtype), size_here, ones((), dtype=dtype))
        positions *= stride
        indices += reshape(positions, stack([1] * (axis - 1) + [size_here] + [1] * (rank - axis), axis=0))
    return indices


@export("gather")
def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    name: str | None = None,
    axis: Any = None,
    batch_dims: int = 0,
) -> Tensor:
    """The slices of `params` along `axis` with the given indices.

    Args:
      indices: int32 or int64 of any shape, within [0, params.shape[axis]).
      axis: an int or scalar tensor; None takes `batch_dims`.
      batch_dims: how many leading axes of both run in step.

    Returns:
      Shape params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:].

    Raises:
      InvalidArgumentError: at the run, an index is out of range.
    """
    if axis is None:
        axis = batch_dims
    at = constant_value(axis) if isinstance(axis, Tensor) else axis
    if at is None or at != 0:
        return GatherV2(params, indices, axis, batch_dims=batch_dims, name=name)
    # A resource variable reads only the rows asked for.
    if hasattr(params, "sparse_read") and hasattr(params, "handle"):
        return params.sparse_read(indices, name=name)
    return GatherV2(params, indices, axis, name=name)
