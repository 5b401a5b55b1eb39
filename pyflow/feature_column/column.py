"""What a feature column is: the two protocols by which its tensors are asked for, and the parts of both.

TensorFlow 1.15 has an older protocol (`_transform_feature(inputs)`, which `input_layer` and `linear_model` use) and a
newer one (`transform_feature(transformation_cache, state_manager)`, of `DenseFeatures`). A column of PyFlow says once
how its tensors come about, in terms of a source (`sources.py`); `BothProtocols` and its subclasses answer in both.
"""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core.shapes import TensorShape
from pyflow.feature_column.sources import OfBuilder, OfCache

IdWeightPair = collections.namedtuple("IdWeightPair", ("id_tensor", "weight_tensor"))
TensorSequenceLengthPair = collections.namedtuple("TensorSequenceLengthPair", ("dense_tensor", "sequence_length"))


class _OrderedByText:
    def __lt__(self, other: Any) -> bool:
        return str(self) < str(other)

    def __gt__(self, other: Any) -> bool:
        return str(self) > str(other)


class _FeatureColumn(_OrderedByText):
    """A column of the older protocol: it has `name`, `_transform_feature(inputs)` and `_parse_example_spec`.

    `inputs.get(key)` gives the tensor of a feature, or the transformed tensor of another column.
    """

    name: Any
    _transform_feature: Any
    _parse_example_spec: Any

    @property
    def _var_scope_name(self) -> str:
        return self.name

    def _reset_config(self) -> None:
        """Called before a column is used again."""


class _DenseColumn(_FeatureColumn):
    """Has `_variable_shape` and `_get_dense_tensor(inputs, weight_collections, trainable)`."""

    _variable_shape: Any
    _get_dense_tensor: Any


class _CategoricalColumn(_FeatureColumn):
    """Has `_num_buckets` and `_get_sparse_tensors(inputs, weight_collections, trainable)`, an `IdWeightPair`."""

    IdWeightPair = IdWeightPair
    _num_buckets: Any
    _get_sparse_tensors: Any


class _SequenceDenseColumn(_FeatureColumn):
    """Has `_get_sequence_dense_tensor(inputs, weight_collections, trainable)`, a `TensorSequenceLengthPair`."""

    TensorSequenceLengthPair = TensorSequenceLengthPair
    _get_sequence_dense_tensor: Any


class FeatureColumn(_OrderedByText):
    """A column of the newer protocol: `name`, `transform_feature(cache, state_manager)`, `parse_example_spec`.

    `parents` are the columns and keys it is made of, `_is_v2_column` tells whether they are all of this protocol.
    """

    name: Any
    transform_feature: Any
    parse_example_spec: Any
    parents: Any
    _is_v2_column: Any
    _get_config: Any

    def create_state(self, state_manager: Any) -> None:
        """Makes the variables of the column, by `state_manager.create_variable`."""

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        """The column that `_get_config` described."""


class DenseColumn(FeatureColumn):
    """Has `variable_shape` and `get_dense_tensor(transformation_cache, state_manager)`."""

    variable_shape: Any
    get_dense_tensor: Any


class CategoricalColumn(FeatureColumn):
    """Has `num_buckets` and `get_sparse_tensors(transformation_cache, state_manager)`, an `IdWeightPair`."""

    IdWeightPair = IdWeightPair
    num_buckets: Any
    get_sparse_tensors: Any


class SequenceDenseColumn(FeatureColumn):
    """Has `get_sequence_dense_tensor(transformation_cache, state_manager)`, a `TensorSequenceLengthPair`."""

    TensorSequenceLengthPair = TensorSequenceLengthPair
    get_sequence_dense_tensor: Any


class BothProtocols(FeatureColumn, _FeatureColumn):
    """A column that says by `_transformed(source)` what its tensor is."""

    _is_v2_column = True
    _transformed: Any

    @property
    def _parse_example_spec(self) -> dict[str, Any]:
        return self.parse_example_spec

    def _transform_feature(self, inputs: Any) -> Any:
        return self._transformed(OfBuilder(inputs))

    def transform_feature(self, transformation_cache: Any, state_manager: Any) -> Any:
        return self._transformed(OfCache(transformation_cache, state_manager))


class BothDense(BothProtocols, DenseColumn, _DenseColumn):
    """A column that says by `_dense(source)` which numbers it gives a model."""

    _dense: Any

    @property
    def _variable_shape(self) -> TensorShape:
        return self.variable_shape

    def _get_dense_tensor(self, inputs: Any, weight_collections: Any = None, trainable: bool | None = None) -> Any:
        return self._dense(OfBuilder(inputs, weight_collections, trainable))

    def get_dense_tensor(self, transformation_cache: Any, state_manager: Any) -> Any:
        return self._dense(OfCache(transformation_cache, state_manager))


class BothCategorical(BothProtocols, CategoricalColumn, _CategoricalColumn):
    """A column that says by `_sparse(source)` which ids a row has; by default those transformed, without weights."""

    @property
    def _num_buckets(self) -> int:
        return self.num_buckets

    def _sparse(self, source: Any) -> IdWeightPair:
        return IdWeightPair(source.get(self), None)

    def _get_sparse_tensors(self, inputs: Any, weight_collections: Any = None, trainable: bool | None = None) -> Any:
        return self._sparse(OfBuilder(inputs, weight_collections, trainable))

    def get_sparse_tensors(self, transformation_cache: Any, state_manager: Any) -> Any:
        return self._sparse(OfCache(transformation_cache, state_manager))


class BothSequenceDense(SequenceDenseColumn, _SequenceDenseColumn):
    """A column that says by `_sequence_dense(source)` which numbers each step of a sequence has."""

    _sequence_dense: Any

    def _get_sequence_dense_tensor(
        self, inputs: Any, weight_collections: Any = None, trainable: bool | None = None
    ) -> Any:
        return self._sequence_dense(OfBuilder(inputs, weight_collections, trainable))

    def get_sequence_dense_tensor(self, transformation_cache: Any, state_manager: Any) -> Any:
        return self._sequence_dense(OfCache(transformation_cache, state_manager))


def is_v2(column: Any) -> bool:
    """Whether the column and what it is made of are of the newer protocol."""
    return isinstance(column, FeatureColumn) and column._is_v2_column


def is_feature_column_v2(feature_columns: Any) -> bool:
    """Whether all columns, and what they are made of, are of the newer protocol."""
    return all(is_v2(column) for column in feature_columns)


def parse_spec_of(column: Any) -> dict[str, Any]:
    """The parse spec of a column of either protocol."""
    return column.parse_example_spec if isinstance(column, FeatureColumn) else column._parse_example_spec


def buckets_of(column: Any) -> int:
    """The number of buckets of a categorical column of either protocol."""
    return column.num_buckets if isinstance(column, CategoricalColumn) else column._num_buckets
