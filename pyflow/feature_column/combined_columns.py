"""Categorical columns made of others: with weights, and crosses of several."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import as_dtype, float32, string
from pyflow.core.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from pyflow.feature_column.categorical_columns import HashedCategoricalColumn
from pyflow.feature_column.column import (
    BothCategorical,
    CategoricalColumn,
    FeatureColumn,
    IdWeightPair,
    _CategoricalColumn,
    _FeatureColumn,
    buckets_of,
    is_v2,
    parse_spec_of,
)
from pyflow.feature_column.serialization import (
    deserialize_feature_column,
    fields_from_config,
    serializable,
    serialize_feature_column,
)
from pyflow.feature_column.sources import to_sparse_input
from pyflow.ops.cast import cast
from pyflow.ops.parse_features import VarLenFeature
from pyflow.ops.sparse_crossing import sparse_cross_hashed

_CATEGORICAL = CategoricalColumn, _CategoricalColumn
_WEIGHTED_FIELDS = "categorical_column", "weight_feature_key", "dtype"


@serializable
class WeightedCategoricalColumn(BothCategorical, collections.namedtuple("WeightedCategoricalColumn", _WEIGHTED_FIELDS)):
    """What `weighted_categorical_column` makes."""

    @property
    def _is_v2_column(self) -> bool:  # type: ignore[override]
        return is_v2(self.categorical_column)

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_weighted_by_{self.weight_feature_key}"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        spec = parse_spec_of(self.categorical_column)
        if self.weight_feature_key in spec:
            raise ValueError(
                f"Parse config {spec[self.weight_feature_key]} already exists for {self.weight_feature_key}."
            )
        return {**spec, self.weight_feature_key: VarLenFeature(self.dtype)}

    @property
    def num_buckets(self) -> int:
        return buckets_of(self.categorical_column)

    def _transformed(self, source: Any) -> tuple[Any, Any]:
        weights = self._weights(source.get(self.weight_feature_key))
        return source.get(self.categorical_column), weights

    def _weights(self, weights: Any) -> SparseTensor:
        if weights is None:
            raise ValueError(f"Missing weights {self.weight_feature_key}.")
        weights = convert_to_tensor_or_sparse_tensor(weights)
        if self.dtype != weights.dtype.base_dtype:
            raise ValueError(f"Bad dtype, expected {self.dtype}, but got {weights.dtype}.")
        weights = to_sparse_input(weights, ignore_value=0.0)
        return weights if weights.dtype.is_floating else cast(weights, float32)

    def _sparse(self, source: Any) -> IdWeightPair:
        return IdWeightPair(*source.get(self))

    @property
    def parents(self) -> list[Any]:
        return [self.categorical_column, self.weight_feature_key]

    def _get_config(self) -> dict[str, Any]:
        categorical = serialize_feature_column(self.categorical_column)
        return {**self._asdict(), "categorical_column": categorical, "dtype": self.dtype.name}

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        fields = fields_from_config(cls, config)
        fields["categorical_column"] = deserialize_feature_column(
            config["categorical_column"], custom_objects, columns_by_name
        )
        return cls(**{**fields, "dtype": as_dtype(config["dtype"])})


@export("feature_column.weighted_categorical_column")
def weighted_categorical_column(
    categorical_column: Any, weight_feature_key: str, dtype: Any = float32
) -> WeightedCategoricalColumn:
    """A categorical column, each of whose values has a weight that another feature gives.

    Args:
      weight_feature_key: of the weights: sparse, with the indices of the values; of dense ones, 0 is left out.
      dtype: of the weights.

    Raises:
      ValueError: the dtype isn't one of numbers.
    """
    if dtype is None or not (dtype.is_integer or dtype.is_floating):
        raise ValueError(f"dtype {dtype} is not convertible to float.")
    return WeightedCategoricalColumn(categorical_column, weight_feature_key, dtype)


@serializable
class CrossedColumn(BothCategorical, collections.namedtuple("CrossedColumn", ("keys", "hash_bucket_size", "hash_key"))):
    """What `crossed_column` makes."""

    @property
    def _is_v2_column(self) -> bool:  # type: ignore[override]
        return all(isinstance(key, str) or is_v2(key) for key in _leaves(self))

    @property
    def name(self) -> str:
        columns = FeatureColumn, _FeatureColumn
        return "_X_".join(sorted(key.name if isinstance(key, columns) else key for key in _leaves(self)))

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = {}
        for key in self.keys:
            spec.update({key: VarLenFeature(string)} if isinstance(key, str) else parse_spec_of(key))
        return spec

    def _transformed(self, source: Any) -> SparseTensor:
        tensors = [self._tensor(key, source) for key in _leaves(self)]
        return sparse_cross_hashed(tensors, num_buckets=self.hash_bucket_size, hash_key=self.hash_key)

    def _tensor(self, key: Any, source: Any) -> Any:
        if isinstance(key, str):
            return source.get(key)
        if not isinstance(key, _CATEGORICAL):
            raise ValueError(f"Unsupported column type. Given: {key}")
        ids, weights = source.sparse(key)
        if weights is not None:
            raise ValueError(
                "crossed_column does not support weight_tensor, but the given column populates weight_tensor. "
                f"Given column: {key.name}"
            )
        return ids

    @property
    def num_buckets(self) -> int:
        return self.hash_bucket_size

    @property
    def parents(self) -> list[Any]:
        return list(self.keys)

    def _get_config(self) -> dict[str, Any]:
        return {**self._asdict(), "keys": tuple(serialize_feature_column(key) for key in self.keys)}

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        fields = fields_from_config(cls, config)
        keys = (deserialize_feature_column(key, custom_objects, columns_by_name) for key in config["keys"])
        return cls(**{**fields, "keys": tuple(keys)})


def _leaves(cross: CrossedColumn) -> list[Any]:
    """What is crossed, with the keys of crosses in the place of these."""
    return [leaf for key in cross.keys for leaf in (_leaves(key) if isinstance(key, CrossedColumn) else [key])]


@export("feature_column.crossed_column")
def crossed_column(keys: Any, hash_bucket_size: int, hash_key: int | None = None) -> CrossedColumn:
    """The combinations of the values of several features, numbered by their hash.

    Args:
      keys: of features of strings; or categorical columns but those that hash.
      hash_bucket_size: how many numbers there are.
      hash_key: what the hash starts from.

    Raises:
      ValueError: there are fewer than two keys, one is something else, or there are no buckets.
    """
    if not hash_bucket_size or hash_bucket_size < 1:
        raise ValueError(f"hash_bucket_size must be > 1. hash_bucket_size: {hash_bucket_size}")
    if not keys or len(keys) < 2:
        raise ValueError(f"keys must be a list with length > 1. Given: {keys}")
    for key in keys:
        if not isinstance(key, (str, *_CATEGORICAL)):
            raise ValueError(
                "Unsupported key type. All keys must be either string, or categorical column except "
                f"HashedCategoricalColumn. Given: {key}"
            )
        if isinstance(key, HashedCategoricalColumn):
            raise ValueError(
                "categorical_column_with_hash_bucket is not supported for crossing. Hashing before crossing will "
                "increase probability of collision. Instead, use the feature name as a string. "
                f"Given: {key}"
            )
    return CrossedColumn(tuple(keys), hash_bucket_size, hash_key)
