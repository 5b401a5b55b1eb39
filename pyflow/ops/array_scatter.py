"""Elements and slices by coordinates: gather_nd, scatter_nd, and updates of a tensor at coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import ShapeError, op, sample
from pyflow.core.tensor import StaticShape
from pyflow.ops import gpu_gather, gpu_scatter
from pyflow.ops.array import squeeze
from pyflow.ops.array_dimensions import kernel_words, product
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_identity import identity
from pyflow.ops.array_shape import shape
from pyflow.ops.gpu import INDEXED, dispatches, elementwise
from pyflow.ops.shape_rules import merge, text, with_rank_at_least


def coordinates(indices: Any, sizes: tuple[int, ...], words: str) -> tuple:
    """The rows of `indices` as numpy's index of an array of that shape.

    Args:
      words: the message for a row outside; `{at}` is its position, `{row}` its coordinates, `{shape}` the sizes.

    Raises:
      InvalidArgumentError: a row lies outside.
    """
    depth = indices.shape[-1]
    limits = np.array(sizes[:depth], np.int64)
    bad = ((indices < 0) | (indices >= limits)).any(-1) if depth else np.zeros(indices.shape[:-1], bool)
    if bad.any():
        at = tuple(np.argwhere(bad)[0].tolist())
        row = "[" + ", ".join(map(str, indices[at].tolist())) + "]"
        message = words.format(at=_position(at), row=row, shape=text(sizes))
        raise errors.InvalidArgumentError(None, None, message)
    return tuple(np.moveaxis(indices, -1, 0))


def _check_params(indices: Any, sizes: Any) -> None:
    coordinates(indices, sizes, "indices{at} = {row} does not index into param shape {shape}")


def _check_shape(indices: Any, sizes: Any) -> None:
    coordinates(indices, sizes, "indices{at} = {row} does not index into shape {shape}")


def _position(at: tuple) -> str:
    return "[" + ",".join(map(str, at)) + "]"


@op("GatherNd(params: Tparams, indices: Tindices) -> (output: Tparams)", Tparams=dtypes.ANY, Tindices=dtypes.INDEX)
class GatherNd:
    """The slices of `params` at the coordinates that the last axis of `indices` holds."""

    def shape(params, indices):
        with_rank_at_least(indices, 1)
        if params is None or indices is None or indices[-1] is None:
            return None
        depth = indices[-1]
        if depth > len(params):
            words = "indices.shape[-1] must be <= params.rank, but saw indices shape: "
            raise ShapeError(
                f"{words}{text(indices)} and params shape: {text(params)}",
                at_run=f"index innermost dimension length must be <= params rank; saw: {depth} vs. {len(params)}",
            )
        return (*indices[:-1], *params[depth:])

    def cpu(params, indices):
        if indices.shape[-1] > params.ndim:
            words = (
                f"index innermost dimension length must be <= params rank; saw: {indices.shape[-1]} vs. {params.ndim}"
            )
            raise errors.InvalidArgumentError(None, None, words)
        if not params.size and indices.size:
            words = f"Requested more than 0 entries, but params is empty.  Params shape: {text(params.shape)}"
            raise errors.InvalidArgumentError(None, None, words)
        words = "indices{at} = {row} does not index into param shape {shape}"
        index = coordinates(indices, params.shape, words)
        if not index:
            return np.array(np.broadcast_to(params, indices.shape[:-1] + params.shape))
        return np.asarray(params[index], params.dtype) if params.dtype != object else _objects(params, index)

    def grad(op, dy):
        params, indices = op.inputs
        params_shape = shape(params, out_type=indices.dtype)
        if indices.shape.ndims == 2 and indices.shape.dims[-1].value == 1:
            return IndexedSlices(dy, squeeze(indices, axis=-1), params_shape), None
        return ScatterNd(indices, dy, params_shape), None

    gpu = elementwise(gpu_gather.slices(_check_params), types=INDEXED)
    samples = [
        sample([[1.0, 2.0], [3.0, 4.0]], [[0, 0], [1, 1]]),
        sample([[1.0, 2.0], [3.0, 4.0]], [[[1]], [[0]]]),
    ]


def _objects(params: Any, index: tuple) -> Any:
    picked = params[index]
    if isinstance(picked, np.ndarray):
        return picked
    result = np.empty((), object)
    result[()] = picked
    return result


def _scattered_shape(indices: StaticShape, updates: StaticShape, output: StaticShape) -> None:
    """Checks that the updates fit their places.

    Raises:
      ShapeError: they don't.
    """
    if indices is None or updates is None or output is None or None in indices or None in updates or None in output:
        return
    depth, outer = indices[-1] if indices else 1, len(indices) - 1 if indices else 0
    if product(output) == 0 and product(indices) and product(updates):
        words = f"Indices and updates specified for empty output.  indices shape: {text(indices)}"
        raise ShapeError("Indices and updates specified for empty output shape", words)
    try:
        merge(indices[:outer], updates[:outer])
    except ShapeError as error:
        raise ShapeError(
            f"The outer {outer} dimensions of indices.shape={text(indices)} must match the outer {outer} dimensions of "
            f"updates.shape={text(updates)}: {error}",
            "Outer dimensions of indices and update must match. "
            f"Indices shape: {text(indices)}, updates shape:{text(updates)}",
        ) from None
    try:
        merge(output[depth:], updates[outer:])
    except ShapeError as error:
        words = (
            f"The inner {len(output) - depth} dimensions of output.shape={text(output)} must match the inner "
            f"{len(updates) - outer} dimensions of updates.shape={text(updates)}"
        )
        raise ShapeError(f"{words}: {error}", words) from None


def _check_fit(indices: Any, updates: Any, sizes: tuple[int, ...]) -> tuple:
    try:
        _scattered_shape(indices.shape, updates.shape, sizes)
    except ShapeError as error:
        raise errors.InvalidArgumentError(None, None, error.at_run) from None
    return coordinates(indices, sizes, "indices{at} = {row} does not index into shape {shape}")


def _add_at(target: Any, index: tuple, updates: Any) -> None:
    if index:
        np.add.at(target, index, updates)
    else:
        target += updates.sum(axis=tuple(range(updates.ndim - target.ndim)), dtype=target.dtype)


@op("ScatterNd(indices: Tindices, updates: T, shape: Tindices) -> (output: T)", T=dtypes.ANY, Tindices=dtypes.INDEX)
class ScatterNd:
    """Zeros of the given shape with the updates added at their coordinates."""

    def shape(indices, updates, shape_dims):
        with_rank_at_least(indices, 1)
        with kernel_words(lambda: "Updates shape must have rank at least one. Found:[]"):
            with_rank_at_least(updates, 1)
        _scattered_shape(indices, updates, shape_dims)
        return shape_dims

    def cpu(indices, updates, shape):
        sizes = tuple(shape.tolist())
        result = np.zeros(sizes, updates.dtype)
        if updates.dtype == object:
            result.fill(b"")
        _add_at(result, _check_fit(indices, updates, sizes), updates)
        return result

    def grad(op, dy):
        return None, GatherNd(dy, op.inputs[0]), None

    gpu = dispatches(gpu_scatter.slices(_check_shape), types=INDEXED)
    samples = [
        sample([[4], [3], [1], [4]], [9.0, 10.0, 11.0, 12.0], [6]),
        sample([[0], [2]], [[1.0, 2.0], [3.0, 4.0]], [3, 2]),
    ]


scatter_nd = export("scatter_nd", "manip.scatter_nd")(ScatterNd)


def _updated_shape(tensor, indices, updates):
    with kernel_words(lambda: "Output must be at least 1-D, got shape: []"):
        with_rank_at_least(tensor, 1)
    with_rank_at_least(indices, 1)
    with kernel_words(lambda: "Updates shape must have rank at least one. Found:[]"):
        with_rank_at_least(updates, 1)
    _scattered_shape(indices, updates, tensor)
    return tensor


@op("TensorScatterUpdate(tensor: T, indices: Tindices, updates: T) -> (output: T)", T=dtypes.ANY, Tindices=dtypes.INDEX)
class TensorScatterUpdate:
    """A copy of the tensor with the updates in their places."""

    shape = _updated_shape

    def cpu(tensor, indices, updates):
        result = np.array(tensor)
        index = _check_fit(indices, updates, tensor.shape)
        if index:
            result[index] = updates
        elif len(updates.reshape((-1, *tensor.shape))):
            result[...] = updates.reshape((-1, *tensor.shape))[-1]
        return result

    def grad(op, dy):
        indices, updates = op.inputs[1:]
        updates_grad = GatherNd(dy, indices)
        tensor_grad = TensorScatterUpdate(identity(dy), indices, zeros_like(updates, dtype=dy.dtype))
        return tensor_grad, None, updates_grad

    gpu = dispatches(gpu_scatter.changed_copy("b", _check_shape), types=INDEXED)
    samples = [sample([1.0, 2.0, 3.0, 4.0], [[1], [3]], [9.0, 10.0])]


@op("TensorScatterAdd(tensor: T, indices: Tindices, updates: T) -> (output: T)", T=dtypes.ANY, Tindices=dtypes.INDEX)
class TensorScatterAdd:
    """A copy of the tensor with the updates added in their places."""

    shape = _updated_shape

    def cpu(tensor, indices, updates):
        result = np.array(tensor)
        _add_at(result, _check_fit(indices, updates, tensor.shape), updates)
        return result

    def grad(op, dy):
        updates_grad = GatherNd(dy, op.inputs[1])
        return identity(dy), None, updates_grad

    gpu = dispatches(gpu_scatter.changed_copy("a + b", _check_shape), types=INDEXED)
    samples = [sample([1.0, 2.0, 3.0, 4.0], [[1], [1]], [9.0, 10.0])]


@op("TensorScatterSub(tensor: T, indices: Tindices, updates: T) -> (output: T)", T=dtypes.ANY, Tindices=dtypes.INDEX)
class TensorScatterSub:
    """A copy of the tensor with the updates subtracted in their places."""

    shape = _updated_shape

    def cpu(tensor, indices, updates):
        result = np.array(tensor)
        _add_at(result, _check_fit(indices, updates, tensor.shape), np.negative(updates))
        return result

    def grad(op, dy):
        updates_grad = GatherNd(dy, op.inputs[1])
        return identity(dy), None, -updates_grad

    gpu = dispatches(gpu_scatter.changed_copy("a - b", _check_shape), types=INDEXED)
    samples = [sample([1.0, 2.0, 3.0, 4.0], [[1], [1]], [9.0, 10.0])]


_NON_ALIASING = tuple(
    dtypes.as_dtype(name)
    for name in (
        "float32 float64 int32 uint8 int16 int8 complex64 int64 qint8 quint8 qint32 bfloat16 uint16 complex128 float16 "
        "uint32 uint64 bool"
    ).split()
)


@op(
    "ScatterNdNonAliasingAdd(input: T, indices: Tindices, updates: T) -> (output: T)",
    T=_NON_ALIASING,
    Tindices=dtypes.INDEX,
)
class ScatterNdNonAliasingAdd:
    """A copy of the input with the updates added in their places."""

    def shape(input, indices, updates):
        return _updated_shape(input, indices, updates)

    def cpu(input, indices, updates):
        result = np.array(input)
        _add_at(result, _check_fit(indices, updates, input.shape), updates)
        return result

    def grad(op, dy):
        return dy, None, GatherNd(dy, op.inputs[1])

    gpu = dispatches(gpu_scatter.changed_copy("a + b", _check_shape), types=INDEXED)
    samples = [sample([1.0, 2.0, 3.0, 4.0], [[1], [1]], [9.0, 10.0])]


tensor_scatter_update = export("tensor_scatter_nd_update", "tensor_scatter_update")(TensorScatterUpdate)
tensor_scatter_add = export("tensor_scatter_nd_add", "tensor_scatter_add")(TensorScatterAdd)
tensor_scatter_sub = export("tensor_scatter_nd_sub", "tensor_scatter_sub")(TensorScatterSub)
