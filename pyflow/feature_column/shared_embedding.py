"""Embedding columns of several features that share one variable."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import float32
from pyflow.core.scopes import add_to_collection, get_collection, get_default_graph, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.feature_column import column_arguments as arguments
from pyflow.feature_column.column import (
    CategoricalColumn,
    TensorSequenceLengthPair,
    _CategoricalColumn,
    _DenseColumn,
    _SequenceDenseColumn,
    buckets_of,
)
from pyflow.feature_column.combined_columns import WeightedCategoricalColumn
from pyflow.feature_column.dense_columns import OfEmbedding, default_initializer, restore
from pyflow.feature_column.sequence_columns import sequence_length_from_sparse_tensor
from pyflow.feature_column.sources import OfBuilder
from pyflow.ops.variable_scope import get_variable

_FIX = (
    "Suggested fix A: Choose a unique name for this collection. Suggested fix B: Do not add any variables to this "
    "collection. The feature_column library already adds a variable under the hood."
)
_SHARED_FIELDS = (
    "categorical_column", "dimension", "combiner", "initializer", "shared_embedding_collection_name",
    "ckpt_to_load_from", "tensor_name_in_ckpt", "max_norm", "trainable",
)  # fmt: skip


class _SharedEmbeddingColumn(
    _DenseColumn, _SequenceDenseColumn, collections.namedtuple("_SharedEmbeddingColumn", _SHARED_FIELDS)
):
    """What `shared_embedding_columns` makes, of the older protocol only.

    The variable is the one element of the collection `shared_embedding_collection_name`.
    """

    kind = "shared_embedding"
    _kind_of_column = "embedding_column"
    _check_no_sequence = OfEmbedding._check_no_sequence
    _check_sequence = OfEmbedding._check_sequence
    _given = OfEmbedding._given
    _look_up = OfEmbedding._look_up

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_shared_embedding"

    @property
    def _var_scope_name(self) -> str:
        return self.shared_embedding_collection_name

    @property
    def _parse_example_spec(self) -> dict[str, Any]:
        return self.categorical_column._parse_example_spec

    def _transform_feature(self, inputs: Any) -> Any:
        return inputs.get(self.categorical_column)

    @property
    def _variable_shape(self) -> TensorShape:
        return TensorShape([self.dimension])

    def _embedded(self, source: OfBuilder) -> Tensor:
        with name_scope(None, default_name=self.name):
            pair = source.sparse(self.categorical_column)
            weights = self._weights(source)
            restore(weights, self.ckpt_to_load_from, self.tensor_name_in_ckpt)
            return self._look_up(weights, pair)

    def _weights(self, source: OfBuilder) -> Any:
        collection = get_collection(self.shared_embedding_collection_name)
        shape = (self.categorical_column._num_buckets, self.dimension)
        if not collection:
            weights = get_variable(
                name="embedding_weights",
                shape=shape,
                dtype=float32,
                initializer=self.initializer,
                trainable=self.trainable and source.trainable,
                collections=source.weight_collections,
            )
            add_to_collection(self.shared_embedding_collection_name, weights)
            return weights
        if len(collection) > 1:
            raise ValueError(f"Collection {collection} can only contain one variable. {_FIX}")
        (weights,) = collection
        if weights.get_shape() != shape:
            raise ValueError(
                f"Shared embedding collection {self.shared_embedding_collection_name} contains variable "
                f"{weights.name} of unexpected shape {weights.get_shape()}. Expected shape is {shape}. {_FIX}"
            )
        return weights

    def _get_dense_tensor(self, inputs: Any, weight_collections: Any = None, trainable: bool | None = None) -> Tensor:
        self._check_no_sequence("_", "input_layer", "sequence_input_layer")
        return self._embedded(OfBuilder(inputs, weight_collections, trainable))

    def _get_sequence_dense_tensor(
        self, inputs: Any, weight_collections: Any = None, trainable: bool | None = None
    ) -> TensorSequenceLengthPair:
        self._check_sequence("_", "sequence_input_layer")
        dense = self._embedded(OfBuilder(inputs, weight_collections, trainable))
        ids = self.categorical_column._get_sparse_tensors(inputs).id_tensor
        return TensorSequenceLengthPair(dense, sequence_length_from_sparse_tensor(ids))


@export("feature_column.shared_embedding_columns")
def shared_embedding_columns(
    categorical_columns: Any,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    shared_embedding_collection_name: str | None = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> list[Any]:
    """An `embedding_column` for each of the categorical columns, all with the same variable.

    Args:
      categorical_columns: of one kind, with the same number of buckets; some may be weighted.
      shared_embedding_collection_name: of the collection in which the variable is, and of its scope; by default made of
        the columns' names.
      others: as in `embedding_column`.

    Raises:
      ValueError: as `embedding_column`, or the columns differ.
    """
    initializer = _checked_initializer(dimension, initializer, ckpt_to_load_from, tensor_name_in_ckpt)
    ordered = _checked_alike(categorical_columns, _CategoricalColumn)
    name = shared_embedding_collection_name or "_".join(c.name for c in ordered) + "_shared_embedding"
    rest = ckpt_to_load_from, tensor_name_in_ckpt, max_norm, trainable
    return [
        _SharedEmbeddingColumn(column, dimension, combiner, initializer, name, *rest) for column in categorical_columns
    ]


def _checked_initializer(dimension: Any, initializer: Any, checkpoint: Any, name_in_checkpoint: Any) -> Any:
    arguments.check_embedding(dimension, checkpoint, name_in_checkpoint)
    if initializer is not None and not callable(initializer):
        raise ValueError("initializer must be callable if specified.")
    return default_initializer(dimension) if initializer is None else initializer


def _checked_alike(columns: Any, base: type) -> list[Any]:
    """The columns by name, which are of one kind and have the same number of buckets."""
    ordered = sorted(columns, key=lambda column: column.name)
    first = ordered[0]
    buckets = buckets_of(first)
    if not isinstance(first, base):
        raise ValueError(
            f"All categorical_columns must be subclasses of {base.__name__}. Given: {first}, of type: {type(first)}"
        )
    first = _unweighted(first)
    for column in map(_unweighted, ordered[1:]):
        if not isinstance(column, type(first)):
            raise ValueError(
                "To use shared_embedding_column, all categorical_columns must have the same type, or be "
                f"weighted_categorical_column of the same type. Given column: {first} of type: {type(first)} does not "
                f"match given column: {column} of type: {type(column)}"
            )
        if buckets != buckets_of(column):
            raise ValueError(
                "To use shared_embedding_column, all categorical_columns must have the same number of buckets. Given "
                f"column: {first} with buckets: {buckets} does  not match column: {column} with buckets: "
                f"{buckets_of(column)}"
            )
    return ordered


def _unweighted(column: Any) -> Any:
    return column.categorical_column if isinstance(column, WeightedCategoricalColumn) else column


class SharedEmbeddingColumnCreator:
    """Makes `SharedEmbeddingColumn`s of one variable, which is made when it is first asked for in a graph."""

    def __init__(
        self,
        dimension: int,
        initializer: Any,
        ckpt_to_load_from: Any,
        tensor_name_in_ckpt: Any,
        num_buckets: int,
        trainable: bool,
        name: str = "shared_embedding_column_creator",
    ):
        self._dimension = dimension
        self._initializer = initializer
        self._checkpoint = ckpt_to_load_from, tensor_name_in_ckpt
        self._num_buckets = num_buckets
        self._trainable = trainable
        self._name = name
        self._embedding_weights: dict[Any, Any] = {}

    def __call__(self, categorical_column: Any, combiner: Any, max_norm: Any) -> SharedEmbeddingColumn:
        return SharedEmbeddingColumn(categorical_column, self, combiner, max_norm)

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def embedding_weights(self) -> Any:
        """The variable, of the default graph."""
        graph = get_default_graph()
        if graph not in self._embedding_weights:
            weights = get_variable(
                name=self._name,
                shape=(self._num_buckets, self._dimension),
                dtype=float32,
                initializer=self._initializer,
                trainable=self._trainable,
            )
            restore(weights, *self._checkpoint)
            self._embedding_weights[graph] = weights
        return self._embedding_weights[graph]


def _not_in_older_protocol(*args: Any, **kwargs: Any) -> Any:
    raise ValueError(
        "SharedEmbeddingColumns are not supported in `linear_model` or `input_layer`. Please use `DenseFeatures` or "
        "`LinearModel` instead."
    )


_CREATED_FIELDS = "categorical_column", "shared_embedding_column_creator", "combiner", "max_norm"


class SharedEmbeddingColumn(OfEmbedding, collections.namedtuple("SharedEmbeddingColumn", _CREATED_FIELDS)):
    """What `shared_embedding_columns_v2` makes, of the newer protocol only."""

    kind = "shared_embedding"
    _is_v2_column = True  # type: ignore[assignment]
    _transform_feature = _get_dense_tensor = _get_sequence_dense_tensor = _not_in_older_protocol
    _parse_example_spec = property(_not_in_older_protocol)  # type: ignore[assignment]
    _variable_shape = property(_not_in_older_protocol)  # type: ignore[assignment]

    @property
    def dimension(self) -> int:  # type: ignore[override]
        return self.shared_embedding_column_creator.dimension

    def _embedded(self, source: Any) -> Tensor:
        with name_scope(None, default_name=self.name):
            pair = source.sparse(self.categorical_column)
            return self._look_up(self.shared_embedding_column_creator.embedding_weights, pair)

    def _dense(self, source: Any) -> Tensor:
        self._check_no_sequence(source.mark)
        return self._embedded(source)

    def _sequence_dense(self, source: Any) -> TensorSequenceLengthPair:
        self._check_sequence("")
        dense = self._embedded(source)
        ids = source.sparse(self.categorical_column).id_tensor
        return TensorSequenceLengthPair(dense, sequence_length_from_sparse_tensor(ids))

    def _get_config(self) -> Any:
        raise NotImplementedError()

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        raise NotImplementedError()


def shared_embedding_columns_v2(
    categorical_columns: Any,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    shared_embedding_collection_name: str | None = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> list[SharedEmbeddingColumn]:
    """`shared_embedding_columns` for `DenseFeatures`; the variable is named by `shared_embedding_collection_name`."""
    initializer = _checked_initializer(dimension, initializer, ckpt_to_load_from, tensor_name_in_ckpt)
    ordered = _checked_alike(categorical_columns, CategoricalColumn)
    create = SharedEmbeddingColumnCreator(
        dimension,
        initializer,
        ckpt_to_load_from,
        tensor_name_in_ckpt,
        buckets_of(ordered[0]),
        trainable,
        shared_embedding_collection_name or "_".join(c.name for c in ordered) + "_shared_embedding",
    )
    return [create(column, combiner, max_norm) for column in categorical_columns]
