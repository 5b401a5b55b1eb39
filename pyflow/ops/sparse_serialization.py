"""Sparse tensors packed into tensors of strings or variants, [..., 3]: indices, values and shape of each."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.dtypes import string, variant
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, one_of, op
from pyflow.core.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from pyflow.core.tensor_proto import array_to_proto, proto_to_array

_OUT = one_of((string, variant), default=string)


def _packed(array: np.ndarray, out_type: dtypes.DType) -> Any:
    return np.asarray(array) if out_type is variant else array_to_proto(np.asarray(array)).SerializeToString()


def _unpacked(value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value
    from pyflow.protos.tensor_pb2 import TensorProto

    return proto_to_array(TensorProto.FromString(value))


@op(
    "SerializeSparse(sparse_indices: int64, sparse_values: T, sparse_shape: int64) -> (serialized_sparse: out_type)",
    T=attr("type"),
    out_type=_OUT,
)
class SerializeSparse:
    """A sparse tensor packed into a vector of 3."""

    stateful = True  # an array of arrays is no constant
    grad = NOT_DIFFERENTIABLE

    def shape():
        return (3,)

    def cpu(sparse_indices, sparse_values, sparse_shape, out_type):
        parts = np.empty(3, object)
        for i, part in enumerate((sparse_indices, sparse_values, sparse_shape)):
            parts[i] = _packed(part, out_type) if out_type is string else np.array(part)
        return parts


@op(
    "SerializeManySparse(sparse_indices: int64, sparse_values: T, sparse_shape: int64) "
    "-> (serialized_sparse: out_type)",
    T=attr("type"),
    out_type=_OUT,
)
class SerializeManySparse:
    """The rows of a sparse tensor, in order of their indices, packed into [rows, 3]."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape():
        return (None, 3)

    def cpu(sparse_indices, sparse_values, sparse_shape, out_type):
        if len(sparse_shape) < 2:
            raise errors.InvalidArgumentError(
                None, None, f"Rank of input SparseTensor should be > 1, but saw rank: {len(sparse_shape)}"
            )
        rows = int(sparse_shape[0])
        starts = np.searchsorted(sparse_indices[:, 0], np.arange(rows + 1))
        parts = np.empty((rows, 3), object)
        for i in range(rows):
            within = slice(starts[i], starts[i + 1])
            parts[i, 0] = _packed(sparse_indices[within, 1:].copy(), out_type)
            parts[i, 1] = _packed(sparse_values[within].copy(), out_type)
            parts[i, 2] = _packed(np.array(sparse_shape[1:]), out_type)
        return parts


def _joined(serialized: np.ndarray) -> tuple:
    """The sparse tensors of an array [..., 3] as one, with the array's own dimensions before theirs."""
    if serialized.shape[-1:] != (3,):
        raise errors.InvalidArgumentError(
            None, None, "Serialized sparse should have 3 as the last dimension but has shape "
            f"[{','.join(map(str, serialized.shape))}]"
        )  # fmt: skip
    leading = serialized.shape[:-1]
    if not leading:
        return tuple(np.array(_unpacked(part)) for part in serialized)
    rows = [[_unpacked(part) for part in row] for row in serialized.reshape(-1, 3)]
    if not rows:
        raise errors.InvalidArgumentError(
            None, None, "Must have at least 1 serialized SparseTensor, but input matrix has 0 rows"
        )
    indices = []
    for place, (row_indices, _, _) in zip(np.ndindex(*leading), rows):
        prefix = np.broadcast_to(np.array(place, np.int64), (len(row_indices), len(leading)))
        indices.append(np.concatenate([prefix, row_indices.reshape(len(row_indices), -1)], axis=1))
    shape = np.max([row[2] for row in rows], axis=0) if len(rows[0][2]) else np.empty(0, np.int64)
    values = np.concatenate([row[1] for row in rows])
    return np.concatenate(indices), values, np.concatenate([np.array(leading, np.int64), shape]).astype(np.int64)


def _checked(parts: tuple, dtype: dtypes.DType) -> tuple:
    found = dtypes.as_dtype(parts[1].dtype)
    if found != dtype:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Requested SparseTensor of type {dtype.name} but SparseTensor[0].values.dtype() == {found.name}",
        )
    return parts


@op(
    "DeserializeSparse(serialized_sparse: Tserialized) "
    "-> (sparse_indices: int64, sparse_values: dtype, sparse_shape: int64)",
    dtype=attr("type"),
    Tserialized=_OUT,
)
class DeserializeSparse:
    """What was packed into [..., 3], as one sparse tensor."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    def shape():
        return (None, None), (None,), (None,)

    def cpu(serialized_sparse, dtype):
        return _checked(_joined(serialized_sparse), dtype)


@op(
    "DeserializeManySparse(serialized_sparse: string) "
    "-> (sparse_indices: int64, sparse_values: dtype, sparse_shape: int64)",
    dtype=attr("type"),
)
class DeserializeManySparse:
    """What was packed into [rows, 3], as one sparse tensor."""

    grad = NOT_DIFFERENTIABLE

    def shape():
        return (None, None), (None,), (None,)

    def cpu(serialized_sparse, dtype):
        return _checked(_joined(serialized_sparse), dtype)


@export("io.serialize_sparse", "serialize_sparse")
def serialize_sparse(sp_input: Any, name: str | None = None, out_type: Any = string) -> Any:
    """A sparse tensor packed into a vector of 3 strings or variants.

    Raises:
      TypeError: it is no sparse tensor.
    """
    sp_input = _sparse(sp_input)
    return SerializeSparse(sp_input.indices, sp_input.values, sp_input.dense_shape, out_type=out_type, name=name)


@export("io.serialize_many_sparse", "serialize_many_sparse")
def serialize_many_sparse(sp_input: Any, name: str | None = None, out_type: Any = string) -> Any:
    """The rows of a sparse tensor of rank 2 at least, packed into [rows, 3] strings or variants.

    Raises:
      TypeError: it is no sparse tensor.
    """
    sp_input = _sparse(sp_input)
    return SerializeManySparse(sp_input.indices, sp_input.values, sp_input.dense_shape, out_type=out_type, name=name)


def _sparse(value: Any) -> SparseTensor:
    result = convert_to_tensor_or_sparse_tensor(value)
    if not isinstance(result, SparseTensor):
        raise TypeError("Input must be a SparseTensor.")
    return result


def deserialize_sparse(serialized_sparse: Any, dtype: Any, rank: Any = None, name: str | None = None) -> SparseTensor:
    """What was packed into [..., 3] as one sparse tensor.

    Args:
      rank: of the sparse tensors that were packed, if it is known.
    """
    indices, values, shape = DeserializeSparse(serialized_sparse, dtype=dtype, name=name)
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)


@export("io.deserialize_many_sparse", "deserialize_many_sparse")
def deserialize_many_sparse(serialized_sparse: Any, dtype: Any, rank: Any = None, name: str | None = None) -> Any:
    """What was packed into [rows, 3] strings, as one sparse tensor.

    Args:
      rank: of the result less 1, if it is known.
    """
    indices, values, shape = DeserializeManySparse(serialized_sparse, dtype=dtype, name=name)
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)
