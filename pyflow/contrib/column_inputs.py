"""tf.contrib.layers' inputs of deep models and sums of linear ones, from columns."""

from __future__ import annotations

import functools
from typing import Any

from pyflow.contrib.column_base import LinearLookup, is_sparse, tensor_of, wrong_rank
from pyflow.contrib.column_embedded import _EmbeddingColumn, _OneHotColumn, embedded, parts_of, restore
from pyflow.contrib.column_numeric import _BucketizedColumn, _RealValuedColumn
from pyflow.contrib.column_parsing import check_feature_columns, ordered
from pyflow.contrib.column_sparse import _CrossedColumn
from pyflow.contrib.embedding_layers import safe_embedding_lookup_sparse
from pyflow.contrib.layer_parts import _inner_flatten
from pyflow.contrib.variables import model_variable
from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.dtypes import float32
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_joining import concat
from pyflow.ops.bias import bias_add
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.math_sums import add_n
from pyflow.ops.matmul import matmul
from pyflow.ops.sparse_reordering import sparse_reshape
from pyflow.ops.sparse_slicing import sparse_concat
from pyflow.ops.variable_scope import variable_scope


def _with_all_variables(weight_collections: Any) -> Any:
    return list({*weight_collections, GraphKeys.GLOBAL_VARIABLES}) if weight_collections else weight_collections


def _reshaped(tensor: Any, column_name: str, output_rank: int) -> Any:
    """The tensor, sparse or not, with that many dimensions."""
    rank = tensor.get_shape().ndims
    start = f"Error while processing column {column_name}. "
    if rank is None:
        raise ValueError(f"{start}Rank of input Tensor can not be None.")
    if output_rank > rank + 1:
        raise ValueError(start + wrong_rank(rank, output_rank))
    if output_rank == rank + 1:
        if is_sparse(tensor):
            return sparse_reshape(tensor, concat([tensor.dense_shape, [1]], 0))
        return expand_dims(tensor, -1)
    return _inner_flatten(tensor, output_rank) if output_rank < rank else tensor


@export("contrib.layers.input_from_feature_columns")
def input_from_feature_columns(
    columns_to_tensors: dict[Any, Any],
    feature_columns: Any,
    weight_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
    cols_to_outs: dict[Any, Any] | None = None,
) -> Tensor:
    """What the columns make of the features, side by side in the order of their keys.

    Args:
      columns_to_tensors: tensors by key.
      feature_columns: real valued, bucketized, one-hot and embedding ones.
      weight_collections: to which variables are added.
      cols_to_outs: is given the tensor of each column.

    Returns:
      [batch, sum of the columns' sizes].

    Raises:
      ValueError: a column cannot be used so, or is there twice.
    """
    return _input(
        columns_to_tensors, feature_columns, weight_collections, trainable, scope, 2, "input_from_feature_columns",
        cols_to_outs,
    )  # fmt: skip


@export("contrib.layers.sequence_input_from_feature_columns")
def sequence_input_from_feature_columns(
    columns_to_tensors: dict[Any, Any],
    feature_columns: Any,
    weight_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """`input_from_feature_columns` of sequences, with features [batch, steps, any].

    Returns:
      [batch, steps, sum of the columns' sizes].

    Raises:
      ValueError: a column is not one-hot, embedding or real valued, or is made of another that cannot be used so.
    """
    for column in feature_columns:
        if not isinstance(column, (_OneHotColumn, _EmbeddingColumn, _RealValuedColumn)):
            kind = type(column).__name__
            raise ValueError(f"FeatureColumn type {kind} is not currently supported for sequence data.")
        source = getattr(column, "sparse_id_column", column)
        source = getattr(source, "sparse_id_column", source)
        if isinstance(source, (_BucketizedColumn, _CrossedColumn)):
            raise ValueError(
                f"Column {source.name} is of type {type(source).__name__}, which is not currently supported for "
                "sequences."
            )
    return _input(
        columns_to_tensors, feature_columns, weight_collections, trainable, scope, 3,
        "sequence_input_from_feature_columns",
    )  # fmt: skip


def _input(
    columns_to_tensors: dict[Any, Any],
    feature_columns: Any,
    weight_collections: Any,
    trainable: bool,
    scope: Any,
    output_rank: int,
    default_name: str,
    cols_to_outs: Any = None,
) -> Tensor:
    tensors = columns_to_tensors.copy()
    check_feature_columns(feature_columns)
    if cols_to_outs is not None and not isinstance(cols_to_outs, dict):
        raise ValueError("cols_to_outs must be a dict unless None")
    with variable_scope(scope, default_name=default_name, values=list(tensors.values())):
        weight_collections = _with_all_variables(weight_collections)
        outputs = []
        for column in ordered(feature_columns):
            with variable_scope(None, default_name=column.name, values=list(tensors.values())):
                tensor = tensor_of(column, tensors)
                if output_rank == 3:
                    reshaped = functools.partial(_reshaped, column_name=column.name, output_rank=output_rank)
                    tensor = nest.map_structure(reshaped, tensor)
                outputs.append(_of_column(column, tensor, weight_collections, trainable, output_rank))
                if cols_to_outs is not None:
                    cols_to_outs[column] = outputs[-1]
        return concat(outputs, output_rank - 1)


def _of_column(column: Any, tensor: Any, collections: Any, trainable: bool, output_rank: int) -> Tensor:
    try:
        lookup = column._deep_embedding_lookup_arguments(tensor)
    except NotImplementedError as no_lookup:
        try:
            return column._to_dnn_input_layer(tensor, collections, trainable, output_rank=output_rank)
        except ValueError as error:
            raise ValueError(f"Error creating input layer for column: {column.name}.\n{error}, {no_lookup}") from None
    return embedded(column, lookup, collections, trainable, output_rank=output_rank)


def _weights(name: str, shape: list[Any], initializer: Any, trainable: bool, collections: Any) -> Any:
    return model_variable(
        name=name, shape=shape, dtype=float32, initializer=initializer, trainable=trainable, collections=collections
    )


@export("contrib.layers.weighted_sum_from_feature_columns")
def weighted_sum_from_feature_columns(
    columns_to_tensors: dict[Any, Any],
    feature_columns: Any,
    num_outputs: int,
    weight_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> tuple[Tensor, dict[Any, Any], Any]:
    """The sum of the columns times their weights, and a bias; all begin as zeros.

    Args:
      columns_to_tensors: tensors by key.
      feature_columns: real valued, bucketized, crossed and sparse ones.
      num_outputs: how many sums.
      weight_collections: to which variables are added.

    Returns:
      [batch, num_outputs], the list of variables of each column, and the bias.

    Raises:
      ValueError: a column cannot be used so, or is there twice.
    """
    tensors = columns_to_tensors.copy()
    check_feature_columns(feature_columns)
    default_name = "weighted_sum_from_feature_columns"
    with variable_scope(scope, default_name=default_name, values=list(tensors.values())):
        outputs, variables = [], {}
        for column in ordered(feature_columns):
            tensor = tensor_of(column, tensors)
            try:
                lookup = column._wide_embedding_lookup_arguments(tensor)
            except NotImplementedError:
                lookup = None
            except ValueError as error:
                raise ValueError(f"Error creating weighted sum for column: {column.name}.\n{error}") from None
            with variable_scope(None, default_name=column.name, values=list(tensors.values())):
                if lookup is None:
                    tensor = _reshaped(column._to_dense_tensor(tensor), column.name, output_rank=2)
                    size = tensor.get_shape()[1]
                    own = [_weights("weight", [size, num_outputs], zeros_initializer(), trainable, weight_collections)]
                    total = matmul(tensor, own[0], name="matmul")
                else:
                    own, total = _looked_up(
                        lookup, num_outputs, trainable, weight_collections, f"{column.name}_weights"
                    )
            outputs.append(reshape(total, (-1, num_outputs)))
            variables[column] = own
            restore(column._checkpoint_path(), own)
        total, bias = _with_bias(add_n(outputs), num_outputs, trainable, weight_collections)
        return total, variables, bias


def _looked_up(
    lookup: LinearLookup, num_outputs: int, trainable: bool, collections: Any, name: str
) -> tuple[list[Any], Tensor]:
    shape = [lookup.vocab_size, num_outputs]
    parts = parts_of(_weights("weights", shape, lookup.initializer, trainable, collections))
    total = safe_embedding_lookup_sparse(
        parts, lookup.input_tensor, sparse_weights=lookup.weight_tensor, combiner=lookup.combiner, name=name
    )
    return parts, total


def _with_bias(total: Tensor, num_outputs: int, trainable: bool, collections: Any) -> tuple[Tensor, Any]:
    collections = _with_all_variables(collections)
    bias = model_variable(
        "bias_weight",
        shape=[num_outputs],
        initializer=zeros_initializer(),
        trainable=trainable,
        collections=collections,
    )
    return bias_add(total, bias), bias


@export("contrib.layers.joint_weighted_sum_from_feature_columns")
def joint_weighted_sum_from_feature_columns(
    columns_to_tensors: dict[Any, Any],
    feature_columns: Any,
    num_outputs: int,
    weight_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> tuple[Tensor, Any, Any]:
    """`weighted_sum_from_feature_columns` with the weights of all columns in one variable.

    Args:
      feature_columns: columns of ids without weights, whose combiner is "sum".

    Returns:
      [batch, num_outputs], the list of the variable's parts, and the bias.

    Raises:
      NotImplementedError: a column is of numbers.
    """
    tensors = columns_to_tensors.copy()
    check_feature_columns(feature_columns)
    default_name = "joint_weighted_sum_from_feature_columns"
    with variable_scope(scope, default_name=default_name, values=list(tensors.values())):
        lookups = []
        for column in ordered(feature_columns):
            tensor = tensor_of(column, tensors)
            try:
                lookups.append(column._wide_embedding_lookup_arguments(tensor))
            except NotImplementedError:
                raise NotImplementedError(
                    "Real-valued columns are not supported. Use weighted_sum_from_feature_columns instead, or "
                    "bucketize these columns."
                ) from None
        instead = "Please use weighted_sum_from_feature_columns instead."
        for lookup in lookups:
            assert lookup.weight_tensor is None, f"Joint sums for weighted sparse columns are not supported. {instead}"
            assert lookup.combiner == "sum", f"Combiners other than sum are not supported for joint sums. {instead}"
        assert lookups, "At least one column must be in the model."
        size, parts = 0, []
        for lookup in lookups:
            ids = lookup.input_tensor
            parts.append(SparseTensor(ids.indices, ids.values + size, ids.dense_shape))
            size += lookup.vocab_size
        joint = LinearLookup(sparse_concat(1, parts), None, size, zeros_initializer(), "sum")
        with variable_scope(None, default_name="linear_weights", values=list(tensors.values())):
            variable, total = _looked_up(joint, num_outputs, trainable, weight_collections, "_weights")
        total, bias = _with_bias(total, num_outputs, trainable, weight_collections)
        return total, variable, bias
