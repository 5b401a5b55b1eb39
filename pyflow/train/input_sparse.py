"""Sparse tensors on their way through a batching queue: the queue holds their numbers, the session holds them."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.constants import constant_value
from pyflow.core.operation import Operation
from pyflow.core.scopes import get_default_graph
from pyflow.core.shapes import Dimension
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.array_filling import ones
from pyflow.ops.array_gather import gather
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.smart_cond import smart_cond
from pyflow.ops.sparse_rows import sparse_retain
from pyflow.ops.sparse_tensors_map import (
    TakeManySparseFromTensorsMap,
    add_many_sparse_to_tensors_map,
    add_sparse_to_tensors_map,
    take_many_sparse_from_tensors_map,
)


class SparseInfo:
    """What is needed to get a sparse tensor back. Of a dense tensor, nothing.

    Args:
      map_op: the operation that kept it; None where it stands in a branch of a conditional.
      map_name: the name in the session of what it was put in.
      dtype, rank: of the sparse tensor.
    """

    def __init__(
        self, map_op: Operation | None = None, map_name: str = "", dtype: Any = None, rank: Dimension | None = None
    ):
        self.map_op, self.map_name, self.dtype, self.rank = map_op, map_name, dtype, rank

    def agrees_with(self, other: SparseInfo) -> bool:
        if self.rank is None or other.rank is None:
            return self.rank is other.rank
        return self.map_name == other.map_name and self.rank.is_compatible_with(other.rank)


def store_sparse(
    tensors: list, enqueue_many: bool, keep_input: Tensor, shared: list[SparseInfo] | None = None
) -> tuple[list[Tensor], list[SparseInfo]]:
    """The tensors with numbers in the place of sparse ones, and how to get these back.

    Args:
      enqueue_many: whether the tensors are rows of many examples.
      keep_input: bool, () or one for each row: what shall go on at all.
      shared: what this gave for other tensors that go into the same queue.
    """
    stored, infos = [], []
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, SparseTensor):
            stored.append(tensor)
            infos.append(SparseInfo())
            continue
        rank = tensor.dense_shape.shape.with_rank(1).dims[0]  # type: ignore
        known = shared[i] if shared else SparseInfo()
        info = SparseInfo(known.map_op, known.map_name, tensor.dtype, rank - 1 if enqueue_many else rank)
        if keep_input.shape.ndims == 0 and constant_value(keep_input) is None and not info.map_name:
            info.map_name = get_default_graph().unique_name("SparseTensorsMap")
        handles = _store(tensor, enqueue_many, keep_input, info.map_name or None)
        if not info.map_name:
            info.map_op, info.map_name = handles.op, handles.op.name
        infos.append(info)
        # One more dimension, so that a number is an element of shape [1].
        stored.append(expand_dims(handles, [-1]))
    return stored, infos


def _store(tensor: SparseTensor, enqueue_many: bool, keep_input: Tensor, map_name: str | None) -> Tensor:
    if keep_input.shape.ndims == 1:
        kept_rows = gather(keep_input, tensor.indices[:, 0])
        return add_many_sparse_to_tensors_map(sparse_retain(tensor, kept_rows), shared_name=map_name)
    if enqueue_many:
        handles = smart_cond(
            keep_input,
            lambda: add_many_sparse_to_tensors_map(tensor, shared_name=map_name),
            lambda: -1 * ones(shape_of(tensor)[0:1], dtypes.int64),
        )
        handles.set_shape([None])
        return handles
    return smart_cond(
        keep_input,
        lambda: add_sparse_to_tensors_map(tensor, shared_name=map_name),
        lambda: constant(-1, dtypes.int64),
    )


def store_sparse_of_each(
    tensor_lists: list[list], enqueue_many: bool, keep_input: Tensor
) -> tuple[list[list[Tensor]], list[SparseInfo]]:
    """`store_sparse` of several lists that go into one queue.

    Raises:
      ValueError: the sparse ones are not at the same places, or of different ranks.
    """
    first, infos = store_sparse(tensor_lists[0], enqueue_many, keep_input)
    stored = [first]
    for tensors in tensor_lists[1:]:
        others, other_infos = store_sparse(tensors, enqueue_many, keep_input, infos)
        if not all(a.agrees_with(b) for a, b in zip(infos, other_infos)):
            raise ValueError(f"Inconsistent SparseTensors list: {tensor_lists[0]} vs. {tensors}")
        stored.append(others)
    return stored, infos


def restore_sparse(dequeued: Any, infos: list[SparseInfo]) -> Any:
    """What was taken out of the queue, a tensor or a list of them, with sparse tensors in the place of numbers."""
    is_list = isinstance(dequeued, (list, tuple))
    tensors = [
        tensor if info.rank is None else _restore(tensor, info)
        for tensor, info in zip(dequeued if is_list else [dequeued], infos)
    ]
    if any(isinstance(t, SparseTensor) for t in tensors):
        # All are taken if one is used, or the others would stay in the session for ever.
        taken = [t.values if isinstance(t, SparseTensor) else t for t in tensors]
        tensors = [
            SparseTensor(*(with_dependencies(taken, part) for part in (t.indices, t.values, t.dense_shape)))
            if isinstance(t, SparseTensor)
            else with_dependencies(taken, t)
            for t in tensors
        ]
    return tensors if is_list else tensors[0]


def _restore(handles: Tensor, info: SparseInfo) -> SparseTensor:
    assert info.rank is not None
    numbers, rank = squeeze(handles, [1]), (info.rank + 1).value
    if info.map_op is not None and info.map_op.type.startswith("Add"):
        return take_many_sparse_from_tensors_map(info.map_op, numbers, rank)
    taken = TakeManySparseFromTensorsMap(numbers, info.dtype, shared_name=info.map_name)
    taken.sparse_indices.set_shape([None, rank])
    taken.sparse_shape.set_shape([rank])
    return SparseTensor(*taken)
