"""Dense columns made of categorical ones: indicators, which count, and embeddings, which are trained."""

from __future__ import annotations

import collections
import math
from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import float32
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.feature_column import column_arguments as arguments
from pyflow.feature_column.column import (
    BothDense,
    BothSequenceDense,
    IdWeightPair,
    TensorSequenceLengthPair,
    buckets_of,
    is_v2,
    parse_spec_of,
)
from pyflow.feature_column.sequence_columns import SequenceCategoricalColumn, sequence_length_from_sparse_tensor
from pyflow.feature_column.serialization import (
    deserialize_feature_column,
    deserialize_initializer,
    fields_from_config,
    serializable,
    serialize_feature_column,
    serialize_initializer,
)
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_scatter import scatter_nd
from pyflow.ops.initializers import truncated_normal_initializer
from pyflow.ops.nn_embedding_sparse import safe_embedding_lookup_sparse
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.sparse_merging import sparse_merge
from pyflow.ops.sparse_slicing import sparse_slice
from pyflow.ops.sparse_to_dense import sparse_tensor_to_dense
from pyflow.train.checkpoint_reader import init_from_checkpoint


class OfCategorical(BothDense, BothSequenceDense):
    """A dense column of a categorical one; that of a sequence gives numbers for each step."""

    categorical_column: Any
    kind: str  # in messages and names

    @property
    def _is_v2_column(self) -> bool:  # type: ignore[override]
        return is_v2(self.categorical_column)

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_{self.kind}"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return parse_spec_of(self.categorical_column)

    @property
    def parents(self) -> list[Any]:
        return [self.categorical_column]

    def _check_no_sequence(
        self, mark: str, layer: str = "DenseFeatures", of_sequences: str = "SequenceFeatures"
    ) -> None:
        if isinstance(self.categorical_column, SequenceCategoricalColumn):
            raise ValueError(
                f"In {self._kind_of_column}: {self.name}. categorical_column must not be of type "
                f"{mark}SequenceCategoricalColumn. Suggested fix A: If you wish to use {layer}, use a non-sequence "
                "categorical_column_with_*. Suggested fix B: If you wish to create sequence input, use "
                f"{of_sequences} instead of {layer}. {self._given()}"
            )

    def _check_sequence(self, mark: str, layer: str = "SequenceFeatures") -> None:
        if not isinstance(self.categorical_column, SequenceCategoricalColumn):
            raise ValueError(
                f"In {self._kind_of_column}: {self.name}. categorical_column must be of type "
                f"{mark}SequenceCategoricalColumn to use {layer}. Suggested fix: Use one of "
                f"sequence_categorical_column_with_*. {self._given()}"
            )

    @property
    def _kind_of_column(self) -> str:
        return f"{self.kind.removeprefix('shared_')}_column"

    def _given(self) -> str:
        return f"Given (type {type(self.categorical_column)}): {self.categorical_column}"


@serializable
class IndicatorColumn(OfCategorical, collections.namedtuple("IndicatorColumn", ("categorical_column",))):
    """What `indicator_column` makes."""

    kind = "indicator"

    def _transformed(self, source: Any) -> Tensor:
        ids, weights = source.sparse(self.categorical_column)
        if weights is not None:
            merged = sparse_merge(sp_ids=ids, sp_values=weights, vocab_size=int(self._variable_shape[-1]))
            # What lies outside of the vocabulary is cut away: such ids would have nowhere to go.
            merged = sparse_slice(merged, [0, 0], merged.dense_shape)
            return scatter_nd(merged.indices, merged.values, merged.dense_shape)
        dense_ids = sparse_tensor_to_dense(ids, default_value=-1)
        ones = one_hot(dense_ids, depth=self._variable_shape[-1], on_value=1.0, off_value=0.0)
        return reduce_sum(ones, axis=[-2])

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape([1, buckets_of(self.categorical_column)])

    def _dense(self, source: Any) -> Tensor:
        self._check_no_sequence(source.mark)
        return source.get(self)

    def _sequence_dense(self, source: Any) -> TensorSequenceLengthPair:
        self._check_sequence(source.mark)
        dense = source.get(self)
        ids = source.sparse(self.categorical_column).id_tensor
        return TensorSequenceLengthPair(dense, sequence_length_from_sparse_tensor(ids))

    def _get_config(self) -> dict[str, Any]:
        return {"categorical_column": serialize_feature_column(self.categorical_column)}

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        fields = fields_from_config(cls, config)
        return cls(deserialize_feature_column(fields["categorical_column"], custom_objects, columns_by_name))


@export("feature_column.indicator_column")
def indicator_column(categorical_column: Any) -> IndicatorColumn:
    """How often each id of a categorical column occurs in an example; or the sum of the weights of each.

    Gives [batch, number of buckets].
    """
    return IndicatorColumn(categorical_column)


class OfEmbedding(OfCategorical):
    """What embedding columns have in common: how they look ids up."""

    name: Any
    dimension: int
    combiner: Any
    max_norm: Any

    def _transformed(self, source: Any) -> Any:
        return source.get(self.categorical_column)

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape([self.dimension])

    def _look_up(self, weights: Any, pair: IdWeightPair) -> Tensor:
        return safe_embedding_lookup_sparse(
            embedding_weights=weights,
            sparse_ids=pair.id_tensor,
            sparse_weights=pair.weight_tensor,
            combiner=self.combiner,
            name=f"{self.name}_weights",
            max_norm=self.max_norm,
        )


def restore(weights: Any, ckpt_to_load_from: Any, tensor_name_in_ckpt: Any) -> None:
    """Has the weights of an embedding begin with what a checkpoint has, if one is given."""
    if ckpt_to_load_from is not None:
        parts = list(weights) if isinstance(weights, PartitionedVariable) else weights
        init_from_checkpoint(ckpt_to_load_from, {tensor_name_in_ckpt: parts})


_EMBEDDING_FIELDS = (
    "categorical_column", "dimension", "combiner", "initializer", "ckpt_to_load_from", "tensor_name_in_ckpt",
    "max_norm", "trainable",
)  # fmt: skip


@serializable
class EmbeddingColumn(OfEmbedding, collections.namedtuple("EmbeddingColumn", _EMBEDDING_FIELDS)):
    """What `embedding_column` makes."""

    kind = "embedding"

    def create_state(self, state_manager: Any) -> None:
        state_manager.create_variable(
            self,
            name="embedding_weights",
            shape=(buckets_of(self.categorical_column), self.dimension),
            dtype=float32,
            trainable=self.trainable,
            use_resource=True,
            initializer=self.initializer,
        )

    def _embedded(self, pair: IdWeightPair, source: Any) -> Tensor:
        weights = source.embedding_weights(self, buckets_of(self.categorical_column))
        restore(weights, self.ckpt_to_load_from, self.tensor_name_in_ckpt)
        return self._look_up(weights, pair)

    def _dense(self, source: Any) -> Tensor:
        self._check_no_sequence(source.mark)
        return self._embedded(source.sparse(self.categorical_column), source)

    def _sequence_dense(self, source: Any) -> TensorSequenceLengthPair:
        self._check_sequence("")
        pair = source.sparse(self.categorical_column)
        dense = self._embedded(pair, source)
        return TensorSequenceLengthPair(dense, sequence_length_from_sparse_tensor(pair.id_tensor))

    def _get_config(self) -> dict[str, Any]:
        categorical = serialize_feature_column(self.categorical_column)
        initializer = serialize_initializer(self.initializer)
        return {**self._asdict(), "categorical_column": categorical, "initializer": initializer}

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        fields = fields_from_config(cls, config)
        fields["categorical_column"] = deserialize_feature_column(
            config["categorical_column"], custom_objects, columns_by_name
        )
        fields["initializer"] = deserialize_initializer(config["initializer"], custom_objects)
        return cls(**fields)


@export("feature_column.embedding_column")
def embedding_column(
    categorical_column: Any,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    ckpt_to_load_from: str | None = None,
    tensor_name_in_ckpt: str | None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> EmbeddingColumn:
    """A vector for each id of a categorical column, to be trained; those of an example's ids are combined to one.

    Args:
      dimension: of the vectors.
      combiner: "mean", "sqrtn" or "sum"; see `tf.nn.embedding_lookup_sparse`.
      initializer: of the variable [buckets, dimension]; by default a truncated normal distribution of the standard
        deviation 1 / sqrt(dimension).
      ckpt_to_load_from: the checkpoint from which the variable begins, under the name `tensor_name_in_ckpt`.
      max_norm: longer vectors are scaled down to it before they are combined.
      trainable: whether the variable is.

    Gives [batch, dimension]; zeros for an example without ids.

    Raises:
      ValueError: the dimension is not positive, the initializer cannot be called, or only one of checkpoint and name
        is given.
    """
    arguments.check_embedding(dimension, ckpt_to_load_from, tensor_name_in_ckpt)
    if initializer is not None and not callable(initializer):
        raise ValueError(
            f"initializer must be callable if specified. Embedding of column_name: {categorical_column.name}"
        )
    return EmbeddingColumn(
        categorical_column,
        dimension,
        combiner,
        default_initializer(dimension) if initializer is None else initializer,
        ckpt_to_load_from,
        tensor_name_in_ckpt,
        max_norm,
        trainable,
    )


def default_initializer(dimension: int) -> Any:
    """Numbers that make vectors of about the length 1."""
    return truncated_normal_initializer(mean=0.0, stddev=1 / math.sqrt(dimension))
