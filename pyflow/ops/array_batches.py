"""Gathering with leading batch axes, as older graphs write it out: batch_gather, gather_nd with batch_dims."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape, squeeze, transpose
from pyflow.ops.array_filling import ones
from pyflow.ops.array_gather import gather, with_batch_offsets
from pyflow.ops.array_grid import meshgrid
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_scatter import GatherNd
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.array_splitting import unstack
from pyflow.ops.array_tiling import tile


@export("batch_gather")
def batch_gather(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """For each position of all axes of `indices` but the last, the slices of `params` there with those indices.

    Raises:
      ValueError: the rank of `indices` isn't known.
    """
    with name_scope(name, "BatchGather", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if indices.shape.ndims is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        batch_dims = indices.shape.ndims - 1
        if params.shape.ndims is not None and batch_dims >= params.shape.ndims:
            raise ValueError(f"batch_dims = {batch_dims} must be less than rank(params) = {params.shape.ndims}")
        return _flat_gather(params, indices, batch_dims)


def _flat_gather(params: Tensor, indices: Tensor, batch_dims: int) -> Tensor:
    """A single gather from `params` with its batch axes made one, the batch's offset added to the indices."""
    indices_shape, params_shape = shape(indices), shape(params)
    sizes = raw.Cast(params_shape, indices.dtype.base_dtype)
    offset_indices = with_batch_offsets(sizes, indices, batch_dims, raw.Range)
    flat_indices = reshape(offset_indices, [-1])
    outer_shape = params_shape[batch_dims + 1 :]
    rows = raw.Prod(params_shape[: batch_dims + 1], [0], keep_dims=False)
    flat_params = reshape(params, concat([[rows], outer_shape], axis=0))
    result = reshape(gather(flat_params, flat_indices), concat([indices_shape, outer_shape], axis=0))
    known = indices.get_shape()[:batch_dims].merge_with(params.get_shape()[:batch_dims])
    known = known.concatenate(indices.get_shape()[batch_dims:]).concatenate(params.get_shape()[batch_dims + 1 :])
    result.set_shape(known)
    return result


@export("gather_nd", "manip.gather_nd")
def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: Any = 0) -> Tensor:
    """The slices of `params` at the coordinates that the last axis of `indices` holds.

    Args:
      indices: int32 or int64; indices.shape[-1] is at most the rank of `params`.
      batch_dims: how many leading axes of both run in step.

    Returns:
      Shape indices.shape[:-1] + params.shape[batch_dims + indices.shape[-1]:].

    Raises:
      InvalidArgumentError: at the run, coordinates are outside.
    """
    known = constant_value(batch_dims) if isinstance(batch_dims, Tensor) else batch_dims
    if known is not None:
        batch_dims = int(np.reshape(known, ()))
    if isinstance(batch_dims, int) and batch_dims == 0:
        own = getattr(params, "gather_nd", None) if hasattr(params, "handle") else None
        return GatherNd(params, indices, name=name) if own is None else own(indices, name=name)
    return batch_gather_nd(params, indices, batch_dims, name)


def batch_gather_nd(params: Any, indices: Any, batch_dims: Any, name: str | None = None) -> Tensor:
    """`gather_nd` written out: the coordinates of each batch are put before the given ones."""
    with name_scope(name, "BatchGatherND", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if not isinstance(batch_dims, int):
            raise TypeError(f"batch_dims must be an int; got {batch_dims!r}")
        if batch_dims < 0:
            raise ValueError("tf.gather_nd does not allow negative batch_dims.")
        for word, tensor in (("indices", indices), ("params", params)):
            known = tensor.shape.ndims
            if known is not None and batch_dims >= known:
                raise ValueError(f"batch_dims = {batch_dims} must be less than rank({word}) = {known}")
        expand = batch_dims == 0
        if expand:
            params, indices, batch_dims = expand_dims(params, axis=0), expand_dims(indices, axis=0), 1
        params_shape, indices_shape = shape(params), shape(indices)
        batch_shape = params_shape[:batch_dims]
        batch_size = raw.Prod(batch_shape, [0])
        inner_rank = rank(indices) - batch_dims - 1
        inner_shape = indices_shape[batch_dims:-1]
        ranges = [raw.Cast(raw.Range(0, n, 1), indices.dtype) for n in unstack(batch_shape, axis=0)]
        axes = [reshape(x, shape=(-1,)) for x in meshgrid(*ranges, indexing="ij")]
        grid = transpose(stack(axes, axis=0))
        grid_shape = shape(grid)
        first = grid_shape[:1]
        between = ones(inner_rank, dtype=dtypes.int32)
        grid = reshape(grid, concat([first, between, grid_shape[1:]], axis=0))
        grid = tile(grid, multiples=concat(((1,), inner_shape, (1,)), axis=0))
        flat_indices = reshape(indices, shape=concat(([batch_size], indices_shape[batch_dims:]), axis=0))
        result = GatherNd(params, concat((grid, flat_indices), axis=-1))
        result = reshape(result, shape=concat((batch_shape, shape(result)[1:]), axis=0))
        return squeeze(result, axis=0) if expand else result
