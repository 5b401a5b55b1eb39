"""The names by which `tensorflow.python.feature_column.feature_column` has the columns of the older protocol.

They are the same columns: each answers in both protocols.
"""

from __future__ import annotations

from typing import Any

from pyflow.feature_column import categorical_columns, combined_columns, dense_columns, numeric_columns, sources
from pyflow.feature_column.column_arguments import check_shape as _check_shape
from pyflow.feature_column.column_lists import _transform_features, make_parse_example_spec, normalized
from pyflow.feature_column.column_lists import check_batch_sizes as _verify_static_batch_size_equality
from pyflow.feature_column.input_layers import InputLayer, input_layer
from pyflow.feature_column.linear_models import _LinearModel, linear_model
from pyflow.feature_column.linear_models import variable_list as _get_expanded_variable_list
from pyflow.feature_column.sequence_columns import SequenceCategoricalColumn as _SequenceCategoricalColumn

__all__ = [
    "InputLayer", "_LinearModel", "_SequenceCategoricalColumn", "_check_shape", "_get_expanded_variable_list",
    "_transform_features", "_verify_static_batch_size_equality", "input_layer", "linear_model",
    "make_parse_example_spec",
]  # fmt: skip

_NumericColumn = numeric_columns.NumericColumn
_BucketizedColumn = numeric_columns.BucketizedColumn
_HashedCategoricalColumn = categorical_columns.HashedCategoricalColumn
_VocabularyFileCategoricalColumn = categorical_columns.VocabularyFileCategoricalColumn
_VocabularyListCategoricalColumn = categorical_columns.VocabularyListCategoricalColumn
_IdentityCategoricalColumn = categorical_columns.IdentityCategoricalColumn
_WeightedCategoricalColumn = combined_columns.WeightedCategoricalColumn
_CrossedColumn = combined_columns.CrossedColumn
_IndicatorColumn = dense_columns.IndicatorColumn
_EmbeddingColumn = dense_columns.EmbeddingColumn

_numeric_column = numeric_columns.numeric_column
_bucketized_column = numeric_columns.bucketized_column
_categorical_column_with_hash_bucket = categorical_columns.categorical_column_with_hash_bucket
_categorical_column_with_vocabulary_file = categorical_columns.categorical_column_with_vocabulary_file
_categorical_column_with_vocabulary_list = categorical_columns.categorical_column_with_vocabulary_list
_categorical_column_with_identity = categorical_columns.categorical_column_with_identity
_weighted_categorical_column = combined_columns.weighted_categorical_column
_crossed_column = combined_columns.crossed_column
_indicator_column = dense_columns.indicator_column
_embedding_column = dense_columns.embedding_column

_to_sparse_input_and_drop_ignore_values = sources.to_sparse_input


def _normalize_feature_columns(feature_columns: Any) -> list[Any]:
    """The columns of the older protocol as a list; see `column_lists.normalized`."""
    return normalized(feature_columns)
