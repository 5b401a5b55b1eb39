"""tf.contrib.layers' dense columns of ids: embeddings, also shared ones, and counts."""

from __future__ import annotations

import collections
import math
from collections.abc import Sequence
from typing import Any

from pyflow.contrib.column_base import DeepLookup, _FeatureColumn, tensor_of
from pyflow.contrib.column_sparse import _SparseColumn, _WeightedSparseColumn
from pyflow.contrib.embedding_layers import safe_embedding_lookup_sparse
from pyflow.contrib.layer_parts import _inner_flatten
from pyflow.contrib.variables import model_variable
from pyflow.core.api import export
from pyflow.core.dtypes import float32
from pyflow.core.scopes import add_to_collection, get_collection
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.feature_column.column import _DenseColumn
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.initializers import truncated_normal_initializer
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.sparse_merging import sparse_merge
from pyflow.ops.sparse_slicing import sparse_slice
from pyflow.ops.sparse_to_dense import sparse_tensor_to_dense
from pyflow.platform import logging
from pyflow.train.checkpoint_reader import init_from_checkpoint


class _OfIdColumn(_FeatureColumn, _DenseColumn):
    sparse_id_column: Any
    config = property(lambda self: self.sparse_id_column.config)

    def insert_transformed_feature(self, columns_to_tensors: dict[Any, Any]) -> None:
        columns_to_tensors[self] = tensor_of(self.sparse_id_column, columns_to_tensors)


class _OneHotColumn(_OfIdColumn, collections.namedtuple("_OneHotColumn", ("sparse_id_column",))):
    """How often each id occurs, or the sum of its weights."""

    @property
    def name(self) -> str:
        return f"{self.sparse_id_column.name}_one_hot"

    length = property(lambda self: self.sparse_id_column.length)

    def _to_dnn_input_layer(
        self, input_tensor: Any, weight_collections: Any = None, trainable: bool = True, output_rank: int = 2
    ) -> Tensor:
        ids = _inner_flatten(self.sparse_id_column.id_tensor(input_tensor), output_rank)
        weights = self.sparse_id_column.weight_tensor(input_tensor)
        if weights is not None:
            merged = sparse_merge(sp_ids=ids, sp_values=weights, vocab_size=self.length)
            merged = sparse_slice(merged, zeros_like(merged.dense_shape), merged.dense_shape)
            dense = sparse_tensor_to_dense(merged)
            return reshape(dense, concat([shape_of(dense)[:-1], [self.length]], axis=0))
        dense_ids = sparse_tensor_to_dense(ids, default_value=-1)
        ones = one_hot(dense_ids, depth=self.length, on_value=1.0, off_value=0.0)
        return reduce_sum(ones, axis=[output_rank - 1])

    @property
    def _variable_shape(self) -> TensorShape:
        return TensorShape([self.length])

    def _get_dense_tensor(self, inputs: Any, weight_collections: Any = None, trainable: Any = None) -> Any:
        return inputs.get(self)

    def _transform_feature(self, inputs: Any) -> Tensor:
        return self._to_dnn_input_layer(inputs.get(self.sparse_id_column))


@export("contrib.layers.one_hot_column")
def one_hot_column(sparse_id_column: Any) -> _OneHotColumn:
    """How often each id of a column occurs in an example; or the sum of its weights."""
    return _OneHotColumn(sparse_id_column)


_EMBEDDING_FIELDS = (
    "sparse_id_column", "dimension", "combiner", "initializer", "ckpt_to_load_from", "tensor_name_in_ckpt",
    "shared_embedding_name", "shared_vocab_size", "max_norm", "trainable",
)  # fmt: skip


class _EmbeddingColumn(_OfIdColumn, collections.namedtuple("_EmbeddingColumn", _EMBEDDING_FIELDS)):
    """A vector for each id."""

    def __new__(
        cls,
        sparse_id_column: Any,
        dimension: int,
        combiner: str = "mean",
        initializer: Any = None,
        ckpt_to_load_from: Any = None,
        tensor_name_in_ckpt: Any = None,
        shared_embedding_name: str | None = None,
        shared_vocab_size: int | None = None,
        max_norm: float | None = None,
        trainable: bool = True,
    ) -> Any:
        if initializer is not None and not callable(initializer):
            raise ValueError(
                f"initializer must be callable if specified. Embedding of column_name: {sparse_id_column.name}"
            )
        if (ckpt_to_load_from is None) != (tensor_name_in_ckpt is None):
            raise ValueError("Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them.")
        if initializer is None:
            logging.warning(
                'The default stddev value of initializer was changed from "1/sqrt(vocab_size)" to "1/sqrt(dimension)" '
                "in core implementation (tf.feature_column.embedding_column)."
            )
            initializer = truncated_normal_initializer(mean=0.0, stddev=1 / math.sqrt(sparse_id_column.length))
        return super().__new__(
            cls, sparse_id_column, dimension, combiner, initializer, ckpt_to_load_from, tensor_name_in_ckpt,
            shared_embedding_name, shared_vocab_size, max_norm, trainable,
        )  # fmt: skip

    @property
    def name(self) -> str:
        shared = "" if self.shared_embedding_name is None else "_shared"
        return f"{self.sparse_id_column.name}{shared}_embedding"

    @property
    def length(self) -> int:
        """How many vectors there are."""
        return self.sparse_id_column.length if self.shared_vocab_size is None else self.shared_vocab_size

    @property
    def key(self) -> str:
        return self._key_without_properties(["initializer"])

    def _deep_embedding_lookup_arguments(self, input_tensor: Any) -> DeepLookup:
        ids, weights = (
            self.sparse_id_column.id_tensor(input_tensor),
            self.sparse_id_column.weight_tensor(input_tensor),
        )
        return DeepLookup(
            ids, weights, self.length, self.initializer, self.combiner, self.dimension, self.shared_embedding_name,
            self.max_norm, self.trainable,
        )  # fmt: skip

    def _checkpoint_path(self) -> Any:
        return None if self.ckpt_to_load_from is None else (self.ckpt_to_load_from, self.tensor_name_in_ckpt)

    def _wide_embedding_lookup_arguments(self, input_tensor: Any) -> Any:
        raise ValueError(f"Column {self} is not supported in linear models. Please use sparse_column.")

    @property
    def _variable_shape(self) -> TensorShape:
        return TensorShape([self.dimension])

    def _get_dense_tensor(self, inputs: Any, weight_collections: Any = None, trainable: Any = None) -> Tensor:
        lookup = self._deep_embedding_lookup_arguments(inputs.get(self))
        return embedded(self, lookup, weight_collections, trainable)

    def _transform_feature(self, inputs: Any) -> Any:
        return inputs.get(self.sparse_id_column)


def embedded(column: Any, lookup: DeepLookup, weight_collections: Any, trainable: Any, output_rank: int = 2) -> Tensor:
    """The vectors of the ids, combined; the variable is made, or found if it is shared."""
    ids = _inner_flatten(lookup.input_tensor, output_rank)
    weights = None if lookup.weight_tensor is None else _inner_flatten(lookup.weight_tensor, output_rank)
    parts = parts_of(_variable(lookup, weight_collections, trainable))
    restore(column._checkpoint_path(), parts)
    return safe_embedding_lookup_sparse(
        parts,
        ids,
        sparse_weights=weights,
        combiner=lookup.combiner,
        name=f"{column.name}weights",
        max_norm=lookup.max_norm,
    )


def _variable(lookup: DeepLookup, weight_collections: Any, trainable: Any) -> Any:
    shape = [lookup.vocab_size, lookup.dimension]
    name = lookup.shared_embedding_name
    collection = None if name is None else f"SHARED_EMBEDDING_COLLECTION_{name.upper()}"
    if collection is not None and (found := get_collection(collection)):
        if len(found) > 1:
            raise ValueError(f"Collection {collection} can only contain one (partitioned) variable.")
        if found[0].get_shape() != shape:
            raise ValueError(
                f"The embedding variable with name {name} already exists, but its shape does not match required "
                "embedding shape here. Please make sure to use different shared_embedding_name for different shared "
                "embeddings."
            )
        return found[0]
    made = model_variable(
        name=name or "weights",
        shape=shape,
        dtype=float32,
        initializer=lookup.initializer,
        trainable=trainable and lookup.trainable,
        collections=weight_collections,
    )
    if collection is not None:
        add_to_collection(collection, made)
    return made


def parts_of(variable: Any) -> list[Any]:
    """The parts of a variable; itself, where it isn't parted."""
    return list(variable) if isinstance(variable, PartitionedVariable) else [variable]


def restore(checkpoint: Any, parts: list[Any]) -> None:
    """Has the variable begin with what a checkpoint has, if one is given: its path, and the name there."""
    if checkpoint is not None:
        path, name = checkpoint
        init_from_checkpoint(path, {name: parts[0] if len(parts) == 1 else parts})


@export("contrib.layers.embedding_column")
def embedding_column(
    sparse_id_column: Any,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> _EmbeddingColumn:
    """A vector for each id of a column, to be trained; those of an example's ids are combined to one.

    Args:
      combiner: "mean", "sqrtn" or "sum".
      initializer: by default a truncated normal distribution of the standard deviation 1 / sqrt(number of ids).
      ckpt_to_load_from: the checkpoint from which the variable begins, under the name `tensor_name_in_ckpt`.
      max_norm: longer vectors are scaled down to it.

    Raises:
      ValueError: the initializer cannot be called, or only one of checkpoint and name is given.
    """
    return _EmbeddingColumn(
        sparse_id_column,
        dimension,
        combiner,
        initializer,
        ckpt_to_load_from,
        tensor_name_in_ckpt,
        max_norm=max_norm,
        trainable=trainable,
    )


@export("contrib.layers.shared_embedding_columns")
def shared_embedding_columns(
    sparse_id_columns: Any,
    dimension: int,
    combiner: str = "mean",
    shared_embedding_name: str | None = None,
    initializer: Any = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> Any:
    """An `embedding_column` for each of the columns, all with the same variable.

    Args:
      shared_embedding_name: of the variable; by default made of the columns' names.

    Raises:
      TypeError: something else than columns of ids is given.
      ValueError: there is none, or they differ.
    """
    columns = sparse_id_columns
    if not isinstance(columns, Sequence) or isinstance(columns, str):
        raise TypeError(
            f"sparse_id_columns must be a non-string sequence (ex: list or tuple) instead of type {type(columns)}."
        )
    if not columns:
        raise ValueError("The input sparse_id_columns should have at least one element.")
    for column in columns:
        if not isinstance(column, (_SparseColumn, _WeightedSparseColumn)):
            raise TypeError(
                f"Elements of sparse_id_columns must be _SparseColumn or _WeightedSparseColumn, but {column} is not."
            )
    settings = dimension, combiner, initializer, ckpt_to_load_from, tensor_name_in_ckpt
    rest = {"max_norm": max_norm, "trainable": trainable}
    if len(columns) == 1:
        return [_EmbeddingColumn(columns[0], *settings, shared_embedding_name, **rest)]
    first = columns[0]
    is_weighted = isinstance(first, _WeightedSparseColumn)
    if not all(first.is_compatible(c) if is_weighted else c.is_compatible(first) for c in columns[1:]):
        raise ValueError("The input sparse id columns are not compatible.")
    name = shared_embedding_name or _name_of_shared(columns)
    return tuple(_EmbeddingColumn(column, *settings, name, first.length, **rest) for column in columns)


def _name_of_shared(columns: Any) -> str:
    plain = sorted(c for c in columns if isinstance(c, _SparseColumn))
    weighted = sorted((c for c in columns if not isinstance(c, _SparseColumn)), key=lambda c: c.name)
    names = [column.name for column in plain + weighted]
    others = f"_plus_{len(names) - 3}_others" if len(names) > 3 else ""
    return "_".join(names[:3]) + others + "_shared_embedding"
