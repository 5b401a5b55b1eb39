"""Sparse tensors kept in the session under numbers, so that queues can hold the numbers."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.core.operation import Operation
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op
from pyflow.core.scopes import colocate_with
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.sparse_coordinates import as_sparse

_Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


class SparseTensorsMap:
    """Indices, values and dense shape of sparse tensors, by number."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._kept: dict[int, _Parts] = {}

    def add(self, parts: _Parts) -> int:
        with self._lock:
            number = next(self._numbers)
            self._kept[number] = parts
        return number

    def take(self, number: int) -> _Parts:
        with self._lock:
            parts = self._kept.pop(number, None)
        if parts is None:
            raise InvalidArgumentError(None, None, f"Unable to find SparseTensor: {number} in map: {self.name}")
        return parts


def _map_of(ctx: Any, container: str, shared_name: str) -> SparseTensorsMap:
    name = shared_name or ctx.op_name
    return ctx.resources.get_or_create(SparseTensorsMap, container, name, lambda: SparseTensorsMap(name))


def _check_parts(indices: np.ndarray, values: np.ndarray, shape: np.ndarray) -> None:
    if np.ndim(indices) != 2 or np.ndim(values) != 1 or np.ndim(shape) != 1:
        raise InvalidArgumentError(
            None, None, f"Input indices should be a matrix but received shape {list(np.shape(indices))}"
        )


@op(
    "AddSparseToTensorsMap(sparse_indices: int64, sparse_values: T, sparse_shape: int64) -> (sparse_handle: int64)",
    T=attr("type"),
    container="",
    shared_name="",
)
class AddSparseToTensorsMap:
    """Keeps a sparse tensor; gives its number, of shape ()."""

    stateful = True

    def shape():
        return ()

    def cpu(sparse_indices, sparse_values, sparse_shape, ctx, container, shared_name):
        _check_parts(sparse_indices, sparse_values, sparse_shape)
        parts = sparse_indices.copy(), sparse_values.copy(), np.array(sparse_shape)
        return np.int64(_map_of(ctx, container, shared_name).add(parts))

    grad = NOT_DIFFERENTIABLE


@op(
    "AddManySparseToTensorsMap(sparse_indices: int64, sparse_values: T, sparse_shape: int64) "
    "-> (sparse_handles: int64)",
    T=attr("type"),
    container="",
    shared_name="",
)
class AddManySparseToTensorsMap:
    """Keeps the rows of a sparse tensor [n, ...], without their first dimension; gives their numbers, of shape [n]."""

    stateful = True

    def shape():
        return (None,)

    def cpu(sparse_indices, sparse_values, sparse_shape, ctx, container, shared_name):
        _check_parts(sparse_indices, sparse_values, sparse_shape)
        if len(sparse_shape) < 2:
            raise InvalidArgumentError(
                None, None, f"Rank of input SparseTensor should be > 1, but saw rank: {len(sparse_shape)}"
            )
        kept = _map_of(ctx, container, shared_name)
        rows = sparse_indices[:, 0]
        order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[order], np.arange(int(sparse_shape[0]) + 1))
        handles = []
        for start, end in itertools.pairwise(ends.tolist()):
            own = order[start:end]
            handles.append(kept.add((sparse_indices[own, 1:], sparse_values[own], np.array(sparse_shape[1:]))))
        return np.array(handles, np.int64)

    grad = NOT_DIFFERENTIABLE


@op(
    "TakeManySparseFromTensorsMap(sparse_handles: int64) "
    "-> (sparse_indices: int64, sparse_values: dtype, sparse_shape: int64)",
    dtype=attr("type"),
    container="",
    shared_name="",
)
class TakeManySparseFromTensorsMap:
    """The sparse tensors of these numbers, [n], as one with n rows; its other dimensions are the largest ones."""

    stateful = True

    def shape(sparse_handles):
        if sparse_handles is not None and len(sparse_handles) != 1:
            raise ShapeError(f"Shape must be rank 1 but is rank {len(sparse_handles)}")
        return [(None, None), (None,), (None,)]

    def cpu(sparse_handles, ctx, dtype, container, shared_name):
        kept = _map_of(ctx, container, shared_name)
        taken = [kept.take(int(number)) for number in sparse_handles]
        if not taken:
            raise InvalidArgumentError(
                None, None, "Must have at least 1 serialized SparseTensor, but input matrix has 0"
            )
        shapes = [shape for _, _, shape in taken]
        if len({len(s) for s in shapes}) > 1:
            raise InvalidArgumentError(
                None, None, "Inconsistent rank across SparseTensors: " + str([*map(len, shapes)])
            )
        indices = [
            np.concatenate([np.full((len(own), 1), row, np.int64), own], axis=1)
            for row, (own, _, _) in enumerate(taken)
        ]
        dense_shape = np.concatenate([[len(taken)], np.max(shapes, axis=0)]).astype(np.int64)
        return np.concatenate(indices), np.concatenate([values for _, values, _ in taken]), dense_shape

    grad = NOT_DIFFERENTIABLE


def add_sparse_to_tensors_map(
    sp_input: Any, container: str | None = None, shared_name: str | None = None, name: str | None = None
) -> Tensor:
    """Keeps a sparse tensor in the session; gives its number, int64 of shape ()."""
    sp_input = as_sparse(sp_input)
    return AddSparseToTensorsMap(
        sp_input.indices, sp_input.values, sp_input.dense_shape, container=container, shared_name=shared_name, name=name
    )


def add_many_sparse_to_tensors_map(
    sp_input: Any, container: str | None = None, shared_name: str | None = None, name: str | None = None
) -> Tensor:
    """Keeps the rows of a sparse tensor [n, ...] in the session; gives their numbers, int64 [n]."""
    sp_input = as_sparse(sp_input)
    return AddManySparseToTensorsMap(
        sp_input.indices, sp_input.values, sp_input.dense_shape, container=container, shared_name=shared_name, name=name
    )


def take_many_sparse_from_tensors_map(
    sparse_map_op: Any, sparse_handles: Any, rank: int | None = None, name: str | None = None
) -> SparseTensor:
    """The sparse tensors that `sparse_map_op` kept under these numbers, as one with a row for each.

    Args:
      rank: of the result, if it is known.

    Raises:
      TypeError: `sparse_map_op` is no operation that keeps sparse tensors.
    """
    if not isinstance(sparse_map_op, Operation):
        raise TypeError("sparse_map_op be an Operation")
    if sparse_map_op.type not in ("AddSparseToTensorsMap", "AddManySparseToTensorsMap"):
        raise TypeError(
            "sparse_map_op must be one of AddSparseToTensorsMap or AddSparseToTensorsMap. "
            f"Instead, found `{sparse_map_op.type}`."
        )
    with colocate_with(sparse_map_op):
        indices, values, shape = TakeManySparseFromTensorsMap(
            sparse_handles,
            sparse_map_op.attrs["T"],
            container=sparse_map_op.attrs["container"],
            shared_name=sparse_map_op.attrs["shared_name"] or sparse_map_op.name,
            name=name,
        )
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)
