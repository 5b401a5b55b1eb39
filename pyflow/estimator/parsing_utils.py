"""How Examples of canned estimators are parsed: columns, label and weight."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.feature_column.column_lists import make_parse_example_spec
from pyflow.feature_column.numeric_columns import NumericColumn, numeric_column
from pyflow.ops.parse_features import FixedLenFeature


@export("estimator.classifier_parse_example_spec")
def classifier_parse_example_spec(
    feature_columns: Any,
    label_key: str,
    label_dtype: Any = dtypes.int64,
    label_default: Any = None,
    weight_column: Any = None,
) -> dict[str, Any]:
    """The features to parse for a classifier: those of its columns, a label, and a weight if there is a column for it.

    Args:
      feature_columns: feature columns.
      label_key: the label's key.
      label_dtype: tf.string if the classifier has a vocabulary.
      label_default: the label of Examples without one.
      weight_column: a key or a numeric column.

    Raises:
      ValueError: label or weight are features, or the weight's column is of another kind.
    """
    label = FixedLenFeature((1,), label_dtype, label_default)
    return _with_label_and_weight(make_parse_example_spec(feature_columns), label_key, label, weight_column)


@export("estimator.regressor_parse_example_spec")
def regressor_parse_example_spec(
    feature_columns: Any,
    label_key: str,
    label_dtype: Any = dtypes.float32,
    label_default: Any = None,
    label_dimension: int = 1,
    weight_column: Any = None,
) -> dict[str, Any]:
    """As `classifier_parse_example_spec`, for a regressor with `label_dimension` numbers."""
    label = FixedLenFeature((label_dimension,), label_dtype, label_default)
    return _with_label_and_weight(make_parse_example_spec(feature_columns), label_key, label, weight_column)


def _with_label_and_weight(spec: dict[str, Any], label_key: str, label: Any, weight_column: Any) -> dict[str, Any]:
    if label_key in spec:
        raise ValueError(f"label should not be used as feature. label_key: {label_key}, features: {spec.keys()}")
    spec[label_key] = label
    if weight_column is None:
        return spec
    if isinstance(weight_column, str):
        weight_column = numeric_column(weight_column)
    if not isinstance(weight_column, NumericColumn):
        raise ValueError(
            "weight_column should be an instance of tf.feature_column.numeric_column. Given type: "
            f"{type(weight_column)} value: {weight_column}"
        )
    key = weight_column.key  # type: ignore[attr-defined]
    if key in spec:
        raise ValueError(f"weight_column should not be used as feature. weight_column: {key}, features: {spec.keys()}")
    spec.update(weight_column.parse_example_spec)
    return spec
