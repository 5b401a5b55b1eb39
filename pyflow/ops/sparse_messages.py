"""Sparse tensors as three strings each, or as three variants, which hold the tensors themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.dtypes import DType
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, one_of, op, sample
from pyflow.core.sparse_tensor import SparseTensor, SparseTensorValue
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import with_rank
from pyflow.ops.string_arrays import strings_of
from pyflow.ops.tensor_messages import c_name, serialized_tensor, tensor_of_message

_FORMS = (dtypes.string, dtypes.variant)


def _three(indices: Any, values: Any, shape: Any, dtype: DType) -> list[bytes]:
    parts = ((indices, dtypes.int64), (values, dtype), (shape, dtypes.int64))
    return [serialized_tensor(np.asarray(array, kind.as_numpy_dtype), kind) for array, kind in parts]


_SAMPLE = _three(np.array([[1]]), np.array([7], np.int32), np.array([2]), dtypes.int32)


def _serialized(indices: Any, values: Any, shape: Any, dtype: DType, out_type: DType) -> np.ndarray:
    if out_type is dtypes.string:
        return strings_of(_three(indices, values, shape, dtype))
    held = np.empty(3, object)
    for i, part in enumerate((indices, values, shape)):
        held[i] = np.array(part)
    return held


def _parsed(part: Any, dtype: DType) -> np.ndarray:
    if isinstance(part, np.ndarray):
        found = dtypes.string if part.dtype.kind == "O" else dtypes.as_dtype(part.dtype)
    else:
        try:
            part, found = tensor_of_message(part)
        except ValueError:
            raise InvalidArgumentError(None, None, "Could not parse serialized proto") from None
    if found != dtype:
        names = c_name(dtype), c_name(found)
        words = f"Requested SparseTensor of type {names[0]} but SparseTensor[0].values.dtype() == {names[1]}"
        raise InvalidArgumentError(None, None, words)
    return part


@op(
    "SerializeSparse(sparse_indices: int64, sparse_values: T, sparse_shape: int64) -> (serialized_sparse: out_type)",
    T=attr("type"),
    out_type=one_of(_FORMS, default=dtypes.string),
)
class SerializeSparse:
    """A sparse tensor as three strings: its indices, values and shape."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[0, 1]], [2.0], [2, 2])]

    def shape(sparse_indices, sparse_values, sparse_shape):
        with_rank(sparse_indices, 2)
        with_rank(sparse_values, 1)
        with_rank(sparse_shape, 1)
        return (3,)

    def cpu(sparse_indices, sparse_values, sparse_shape, T, out_type):
        return _serialized(sparse_indices, sparse_values, sparse_shape, T, out_type)


@op(
    "SerializeManySparse(sparse_indices: int64, sparse_values: T, sparse_shape: int64) -> "
    "(serialized_sparse: out_type)",
    T=attr("type"),
    out_type=one_of(_FORMS, default=dtypes.string),
)
class SerializeManySparse:
    """Each row of a sparse tensor as three strings: its indices (without the row), values and shape."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[0, 1], [1, 0]], [2.0, 3.0], [2, 2])]

    def shape(sparse_indices, sparse_values, sparse_shape):
        with_rank(sparse_indices, 2)
        with_rank(sparse_values, 1)
        with_rank(sparse_shape, 1)
        return (None, 3)

    def cpu(sparse_indices, sparse_values, sparse_shape, T, out_type):
        if len(sparse_shape) < 2:
            words = f"Rank of input SparseTensor should be > 1, but saw rank: {len(sparse_shape)}"
            raise InvalidArgumentError(None, None, words)
        rows = np.empty((int(sparse_shape[0]), 3), object)
        for row in np.arange(len(rows)):
            chosen = sparse_indices[:, 0] == row
            rows[row] = _serialized(sparse_indices[chosen, 1:], sparse_values[chosen], sparse_shape[1:], T, out_type)
        return rows


def _joined(rows: np.ndarray, dtype: DType) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sparse tensor of which the rows [n, 3] are serialized; its shape holds the largest of theirs."""
    parsed = [(_parsed(a, dtypes.int64), _parsed(b, dtype), _parsed(c, dtypes.int64)) for a, b, c in rows]
    ranks = {len(shape) for _, _, shape in parsed}
    if len(ranks) > 1:
        words = f"Inconsistent rank across SparseTensors: {' vs. '.join(map(str, sorted(ranks)))}"
        raise InvalidArgumentError(None, None, words)
    indices = [np.concatenate([np.full((len(p[0]), 1), i), p[0]], axis=1) for i, p in enumerate(parsed)]
    shape = np.concatenate([[len(parsed)], np.max([p[2] for p in parsed], axis=0)])
    return (
        np.concatenate(indices).astype(np.int64),
        np.concatenate([p[1] for p in parsed]),
        shape.astype(np.int64),
    )


@op(
    "DeserializeManySparse(serialized_sparse: string) -> (sparse_indices: int64, sparse_values: dtype, "
    "sparse_shape: int64)",
    dtype=attr("type"),
)
class DeserializeManySparse:
    """The sparse tensor whose rows are serialized in a matrix of strings [n, 3]."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([_SAMPLE], object), dtype=dtypes.int32)]

    def shape(serialized_sparse):
        with_rank(serialized_sparse, 2)
        return [(None, None), (None,), (None,)]

    def cpu(serialized_sparse, dtype):
        texts = np.asarray(serialized_sparse, object)
        if texts.ndim != 2 or texts.shape[1] != 3 or not len(texts):
            shown = "[" + ",".join(map(str, texts.shape)) + "]"
            words = f"Serialized sparse should be a matrix with 3 columns and at least a row, but has shape: {shown}"
            raise InvalidArgumentError(None, None, words)
        return _joined(texts, dtype)


@op(
    "DeserializeSparse(serialized_sparse: Tserialized) -> (sparse_indices: int64, sparse_values: dtype, "
    "sparse_shape: int64)",
    dtype=attr("type"),
    Tserialized=one_of(_FORMS, default=dtypes.string),
)
class DeserializeSparse:
    """The sparse tensor of three strings; further dimensions before that of 3 are dimensions of it."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(np.array(_SAMPLE, object), dtype=dtypes.int32),
        sample(np.array([[_SAMPLE], [_SAMPLE]], object), dtype=dtypes.int32),
    ]

    def shape(serialized_sparse):
        return [(None, None), (None,), (None,)]

    def cpu(serialized_sparse, dtype):
        texts = np.asarray(serialized_sparse, object)
        if not texts.ndim or texts.shape[-1] != 3:
            raise InvalidArgumentError(None, None, "Serialized sparse should have 3 as the last dimension")
        if texts.ndim == 1:
            indices, values, shape = texts
            return _parsed(indices, dtypes.int64), _parsed(values, dtype), _parsed(shape, dtypes.int64)
        indices, values, shape = _joined(texts.reshape(-1, 3), dtype)
        if texts.ndim > 2:
            outer = np.array(np.unravel_index(indices[:, 0], texts.shape[:-1]), np.int64).T
            indices = np.concatenate([outer, indices[:, 1:]], axis=1)
            shape = np.concatenate([np.array(texts.shape[:-1], np.int64), shape[1:]])
        return indices, values, shape


def _sparse(value: Any) -> SparseTensor:
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        raise TypeError("Input must be a SparseTensor.")
    return value


@export("serialize_sparse", "io.serialize_sparse")
def serialize_sparse(sp_input: Any, name: str | None = None, out_type: Any = dtypes.string) -> Tensor:
    """A sparse tensor as three strings [3].

    Raises:
      TypeError: it is no SparseTensor.
    """
    sp_input = _sparse(sp_input)
    return SerializeSparse(sp_input.indices, sp_input.values, sp_input.dense_shape, out_type=out_type, name=name)


@export("serialize_many_sparse", "io.serialize_many_sparse")
def serialize_many_sparse(sp_input: Any, name: str | None = None, out_type: Any = dtypes.string) -> Tensor:
    """The rows of a sparse tensor of rank > 1 as strings [rows, 3].

    Raises:
      TypeError: it is no SparseTensor.
    """
    sp_input = _sparse(sp_input)
    return SerializeManySparse(sp_input.indices, sp_input.values, sp_input.dense_shape, out_type=out_type, name=name)


@export("deserialize_many_sparse", "io.deserialize_many_sparse")
def deserialize_many_sparse(
    serialized_sparse: Any, dtype: Any, rank: int | None = None, name: str | None = None
) -> SparseTensor:
    """The sparse tensor whose rows are serialized in strings [rows, 3].

    Args:
      dtype: of the values.
      rank: of the rows, if it is known.
    """
    indices, values, shape = DeserializeManySparse(serialized_sparse, dtype, name=name)
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)


def deserialize_sparse(
    serialized_sparse: Any, dtype: Any, rank: int | None = None, name: str | None = None
) -> SparseTensor:
    """The sparse tensor of strings [..., 3]; the arguments are those of `deserialize_many_sparse`."""
    indices, values, shape = DeserializeSparse(serialized_sparse, dtype, name=name)
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)
