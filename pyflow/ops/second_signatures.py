"""Functions of strings and sparse tensors with the arguments that TensorFlow 2 gives them.

TensorFlow 1.15 holds them in `tensorflow.python.ops`, with `_v2` behind their names.
"""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops import sparse_messages, sparse_reduce, sparse_slicing, sparse_sums, string_pieces, string_reduction

substr_deprecated = string_pieces.substr


def substr_v2(input: Any, pos: Any, len: Any, unit: str = "BYTE", name: str | None = None) -> Tensor:
    """`tf.strings.substr`."""
    return string_pieces.substr(input, pos, len, name=name, unit=unit)


def string_length_v2(input: Any, unit: str = "BYTE", name: str | None = None) -> Tensor:
    """`tf.strings.length`."""
    return string_pieces.string_length(input, name=name, unit=unit)


def reduce_join_v2(
    inputs: Any, axis: Any = None, keepdims: bool = False, separator: str = "", name: str | None = None
) -> Tensor:
    """`tf.strings.reduce_join`."""
    return string_reduction.reduce_join(inputs, axis, keepdims=keepdims, separator=separator, name=name)


def sparse_add_v2(a: Any, b: Any, threshold: Any = 0) -> Any:
    """`tf.sparse.add`."""
    return sparse_sums.sparse_add(a, b, threshold=threshold)


def sparse_concat_v2(
    axis: int, sp_inputs: Any, expand_nonconcat_dims: bool = False, name: str | None = None
) -> SparseTensor:
    """`tf.sparse.concat`."""
    return sparse_slicing.sparse_concat(axis, sp_inputs, name, expand_nonconcat_dim=expand_nonconcat_dims)


def sparse_split_v2(sp_input: Any, num_split: int, axis: Any, name: str | None = None) -> list[SparseTensor]:
    """`tf.sparse.split`."""
    return sparse_slicing.sparse_split(sp_input=sp_input, num_split=num_split, axis=axis, name=name)


def sparse_reduce_sum_v2(
    sp_input: Any, axis: Any = None, keepdims: Any = None, output_is_sparse: bool = False, name: str | None = None
) -> Any:
    """`tf.sparse.reduce_sum`, or if asked for it as a sparse tensor."""
    if not output_is_sparse:
        return sparse_reduce.sparse_reduce_sum(sp_input, axis, keepdims)
    return sparse_reduce.sparse_reduce_sum_sparse(sp_input, axis, keepdims)


def sparse_reduce_max_v2(
    sp_input: Any, axis: Any = None, keepdims: Any = None, output_is_sparse: bool = False, name: str | None = None
) -> Any:
    """`tf.sparse.reduce_max`, or if asked for it as a sparse tensor."""
    if not output_is_sparse:
        return sparse_reduce.sparse_reduce_max(sp_input, axis, keepdims)
    return sparse_reduce.sparse_reduce_max_sparse(sp_input, axis, keepdims)


def serialize_sparse_v2(sp_input: Any, out_type: Any = dtypes.string, name: str | None = None) -> Tensor:
    """`tf.io.serialize_sparse`."""
    return sparse_messages.serialize_sparse(sp_input, name=name, out_type=out_type)


def serialize_many_sparse_v2(sp_input: Any, out_type: Any = dtypes.string, name: str | None = None) -> Tensor:
    """`tf.io.serialize_many_sparse`."""
    return sparse_messages.serialize_many_sparse(sp_input, name=name, out_type=out_type)
