"""tf.contrib.feature_column: the input of recurrent networks from columns of sequences."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import float32
from pyflow.core.tensor import Tensor
from pyflow.feature_column import sequence_columns as columns
from pyflow.feature_column.column import BothProtocols, BothSequenceDense, _SequenceDenseColumn
from pyflow.feature_column.column_lists import by_name, check_batch_sizes, normalized
from pyflow.feature_column.dense_features import equal_lengths
from pyflow.feature_column.sources import _LazyBuilder
from pyflow.ops.array import reshape
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.variable_scope import variable_scope

for _kind in ("identity", "hash_bucket", "vocabulary_list", "vocabulary_file"):
    _name = f"sequence_categorical_column_with_{_kind}"
    export(f"contrib.feature_column.{_name}")(getattr(columns, _name))


@export("contrib.feature_column.sequence_input_layer")
def sequence_input_layer(
    features: dict[str, Any], feature_columns: Any, weight_collections: Any = None, trainable: bool = True
) -> tuple[Tensor, Tensor]:
    """What columns of sequences make of the features, side by side in the order of the columns' names.

    Args:
      features: sparse tensors by key, their first dimension being the batch.
      feature_columns: numeric ones of sequences; embedding and indicator columns of categorical ones.
      weight_collections: to which variables are added.
      trainable: whether variables are.

    Returns:
      [batch, steps, sum of the columns' sizes] float32, and the lengths of the sequences, int64 [batch].

    Raises:
      ValueError: a column is none of sequences, there is none, two have the same name, or batch sizes differ.
      InvalidArgumentError: two columns have sequences of different lengths.
    """
    feature_columns = normalized(feature_columns)
    for column in feature_columns:
        if not isinstance(column, _SequenceDenseColumn):
            raise ValueError(
                "All feature_columns must be of type _SequenceDenseColumn. You can wrap a sequence_categorical_column "
                f"with an embedding_column or indicator_column. Given (type {type(column)}): {column}"
            )
    ordered = by_name(feature_columns)
    with variable_scope(None, default_name="sequence_input_layer", values=list(features.values())):
        builder = _LazyBuilder(features)
        outputs, lengths = [], []
        for column in ordered:
            with variable_scope(None, default_name=column._var_scope_name):
                dense, length = column._get_sequence_dense_tensor(
                    builder, weight_collections=weight_collections, trainable=trainable
                )
                shape = shape_of(dense)
                outputs.append(reshape(dense, [shape[0], shape[1], column._variable_shape.num_elements()]))
                lengths.append(length)
        check_batch_sizes(outputs, ordered)
        check_batch_sizes(lengths, ordered)
        length = equal_lengths(lengths)
        return concat(outputs, -1), length


class _SequenceNumericColumn(columns.SequenceNumericColumn, BothProtocols, BothSequenceDense):
    """What `sequence_numeric_column` makes, of both protocols."""

    _is_v2_column = True
    transform_feature = BothProtocols.transform_feature
    get_sequence_dense_tensor = BothSequenceDense.get_sequence_dense_tensor

    def _transformed(self, source: Any) -> Any:
        return self._normalized(source.get(self.key))

    def _sequence_dense(self, source: Any) -> Any:
        return self._dense_of(source.get(self))

    @property
    def _variable_shape(self) -> Any:
        return self.variable_shape


@export("contrib.feature_column.sequence_numeric_column")
def sequence_numeric_column(
    key: str, shape: Any = (1,), default_value: float = 0.0, dtype: Any = float32, normalizer_fn: Any = None
) -> _SequenceNumericColumn:
    """`tf.feature_column.sequence_numeric_column`, for `sequence_input_layer`."""
    return _SequenceNumericColumn(*columns.sequence_numeric_column(key, shape, default_value, dtype, normalizer_fn))
