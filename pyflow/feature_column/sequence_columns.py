"""Columns of sequences: each example has a list of values per feature, of its own length."""

from __future__ import annotations

import collections
import math
from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import as_dtype, float32, int64, string
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.feature_column import categorical_columns as categorical
from pyflow.feature_column import column_arguments as arguments
from pyflow.feature_column.column import (
    BothCategorical,
    IdWeightPair,
    SequenceDenseColumn,
    TensorSequenceLengthPair,
    buckets_of,
    is_v2,
    parse_spec_of,
)
from pyflow.feature_column.serialization import (
    deserialize_feature_column,
    deserialize_function,
    fields_from_config,
    serializable,
    serialize_feature_column,
    serialize_function,
)
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import ones_like, zeros
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.math_rounding import ceil
from pyflow.ops.parse_features import VarLenFeature
from pyflow.ops.reduce_functions import reduce_prod
from pyflow.ops.segment import segment_max
from pyflow.ops.sparse_reordering import sparse_reshape
from pyflow.ops.sparse_to_dense import sparse_tensor_to_dense


@serializable
class SequenceCategoricalColumn(
    BothCategorical, collections.namedtuple("SequenceCategoricalColumn", ("categorical_column",))
):
    """A categorical column, each of whose rows is a sequence of steps with any number of ids."""

    @property
    def _is_v2_column(self) -> bool:  # type: ignore[override]
        return is_v2(self.categorical_column)

    @property
    def name(self) -> str:
        return self.categorical_column.name

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return parse_spec_of(self.categorical_column)

    def _transformed(self, source: Any) -> Any:
        return source.transformed(self.categorical_column)

    @property
    def num_buckets(self) -> int:
        return buckets_of(self.categorical_column)

    def _sparse(self, source: Any) -> IdWeightPair:
        ids, weights = source.sparse(self.categorical_column)
        shape = shape_of(ids)
        shape = [shape[0], shape[1], reduce_prod(shape[2:])]  # one more dimension, where every step has one id
        ids = sparse_reshape(ids, shape)
        return IdWeightPair(ids, None if weights is None else sparse_reshape(weights, shape))

    @property
    def parents(self) -> list[Any]:
        return [self.categorical_column]

    def _get_config(self) -> dict[str, Any]:
        return {"categorical_column": serialize_feature_column(self.categorical_column)}

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        fields = fields_from_config(cls, config)
        return cls(deserialize_feature_column(fields["categorical_column"], custom_objects, columns_by_name))


def sequence_length_from_sparse_tensor(sp_tensor: SparseTensor, num_elements: int = 1) -> Tensor:
    """The length of each row's sequence: one more than its last index, in steps of `num_elements`; int64 [batch]."""
    with name_scope(None, "sequence_length") as scope:
        row, place = sp_tensor.indices[:, 0], sp_tensor.indices[:, 1]
        place += ones_like(place)
        lengths = segment_max(place, segment_ids=row)
        lengths = cast(ceil(lengths / num_elements), int64)
        empty_at_end = shape_of(sp_tensor)[:1] - shape_of(lengths)[:1]  # of these rows there are no indices
        padding = zeros(empty_at_end, dtype=lengths.dtype)
        return concat([lengths, padding], axis=0, name=scope)


@export("feature_column.sequence_categorical_column_with_identity")
def sequence_categorical_column_with_identity(
    key: str, num_buckets: int, default_value: int | None = None
) -> SequenceCategoricalColumn:
    """`categorical_column_with_identity` for sequences; to be used in an embedding or indicator column."""
    return SequenceCategoricalColumn(categorical.categorical_column_with_identity(key, num_buckets, default_value))


@export("feature_column.sequence_categorical_column_with_hash_bucket")
def sequence_categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: Any = string
) -> SequenceCategoricalColumn:
    """`categorical_column_with_hash_bucket` for sequences; to be used in an embedding or indicator column."""
    return SequenceCategoricalColumn(categorical.categorical_column_with_hash_bucket(key, hash_bucket_size, dtype))


@export("feature_column.sequence_categorical_column_with_vocabulary_file")
def sequence_categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: str,
    vocabulary_size: int | None = None,
    num_oov_buckets: int = 0,
    default_value: int | None = None,
    dtype: Any = string,
) -> SequenceCategoricalColumn:
    """`categorical_column_with_vocabulary_file` for sequences; to be used in an embedding or indicator column."""
    return SequenceCategoricalColumn(
        categorical.categorical_column_with_vocabulary_file(
            key, vocabulary_file, vocabulary_size, num_oov_buckets, default_value, dtype
        )
    )


@export("feature_column.sequence_categorical_column_with_vocabulary_list")
def sequence_categorical_column_with_vocabulary_list(
    key: str, vocabulary_list: Any, dtype: Any = None, default_value: int = -1, num_oov_buckets: int = 0
) -> SequenceCategoricalColumn:
    """`categorical_column_with_vocabulary_list` for sequences; to be used in an embedding or indicator column."""
    return SequenceCategoricalColumn(
        categorical.categorical_column_with_vocabulary_list(key, vocabulary_list, dtype, default_value, num_oov_buckets)
    )


_NUMBER_FIELDS = "key", "shape", "default_value", "dtype", "normalizer_fn"


@serializable
class SequenceNumericColumn(SequenceDenseColumn, collections.namedtuple("SequenceNumericColumn", _NUMBER_FIELDS)):
    """What `sequence_numeric_column` makes."""

    _is_v2_column = True

    @property
    def name(self) -> str:
        return self.key

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: VarLenFeature(self.dtype)}

    def transform_feature(self, transformation_cache: Any, state_manager: Any) -> Any:
        return self._normalized(transformation_cache.get(self.key, state_manager))

    def _normalized(self, tensor: Any) -> Any:
        return tensor if self.normalizer_fn is None else self.normalizer_fn(tensor)

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape(self.shape)

    def get_sequence_dense_tensor(self, transformation_cache: Any, state_manager: Any) -> TensorSequenceLengthPair:
        return self._dense_of(transformation_cache.get(self, state_manager))

    def _dense_of(self, sparse: SparseTensor) -> TensorSequenceLengthPair:
        dense = sparse_tensor_to_dense(sparse, default_value=self.default_value)
        shape = concat([shape_of(dense)[:1], [-1], self.variable_shape], axis=0)
        dense = reshape(dense, shape)
        # In a matrix the numbers of a step stand one after another; else each has its own index.
        num_elements = math.prod(self.shape) if sparse.shape.ndims == 2 else 1
        return TensorSequenceLengthPair(dense, sequence_length_from_sparse_tensor(sparse, num_elements))

    @property
    def parents(self) -> list[Any]:
        return [self.key]

    def _get_config(self) -> dict[str, Any]:
        config = self._asdict()
        return {**config, "normalizer_fn": serialize_function(self.normalizer_fn), "dtype": self.dtype.name}

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        fields = fields_from_config(cls, config)
        fields["normalizer_fn"] = deserialize_function(config["normalizer_fn"], custom_objects)
        return cls(**{**fields, "dtype": as_dtype(config["dtype"])})


@export("feature_column.sequence_numeric_column")
def sequence_numeric_column(
    key: str, shape: Any = (1,), default_value: float = 0.0, dtype: Any = float32, normalizer_fn: Any = None
) -> SequenceNumericColumn:
    """A feature that is a sequence of numbers.

    Args:
      key: of the feature, a sparse tensor.
      shape: of the numbers of one step.
      default_value: what stands where a sequence is shorter than the longest.
      normalizer_fn: from the sparse tensor to another.

    Raises:
      TypeError: a dimension is no integer, or the function cannot be called.
      ValueError: a dimension is not positive, or the dtype isn't one of numbers.
    """
    shape = arguments.check_number(shape, key, dtype)
    arguments.check_normalizer(normalizer_fn)
    return SequenceNumericColumn(key, shape, default_value, dtype, normalizer_fn)
