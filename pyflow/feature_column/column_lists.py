"""Lists of columns: checked and sorted, their transformed tensors, and their parse spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import Dimension
from pyflow.feature_column.column import FeatureColumn, _FeatureColumn
from pyflow.feature_column.sources import FeatureTransformationCache, _LazyBuilder


def normalized(feature_columns: Any, base: type = _FeatureColumn) -> list[Any]:
    """The columns as a list; one column or an iterator does too.

    Raises:
      ValueError: something is no column of the protocol of `base`, there is none, or a name is there twice.
    """
    if isinstance(feature_columns, base):
        feature_columns = [feature_columns]
    if isinstance(feature_columns, Iterator):
        feature_columns = list(feature_columns)
    if isinstance(feature_columns, dict):
        raise ValueError("Expected feature_columns to be iterable, found dict.")
    for column in feature_columns:
        if not isinstance(column, base):
            raise ValueError(
                f"Items of feature_columns must be a {base.__name__}. Given (type {type(column)}): {column}."
            )
    if not feature_columns:
        raise ValueError("feature_columns must not be empty.")
    by_name: dict[str, Any] = {}
    for column in feature_columns:
        if column.name in by_name:
            raise ValueError(
                f"Duplicate feature column name found for columns: {column} and {by_name[column.name]}. This usually "
                "means that these columns refer to same base feature. Either one must be discarded or a duplicated "
                "but renamed item must be inserted in features dict."
            )
        by_name[column.name] = column
    return feature_columns


def by_name(feature_columns: Iterable[Any]) -> list[Any]:
    return sorted(feature_columns, key=lambda column: column.name)


def check_batch_sizes(tensors: list[Any], columns: list[Any]) -> None:
    """Raises ValueError if the first dimensions of the tensors are known and differ."""
    first = None
    for tensor, column in zip(tensors, columns):
        size = Dimension(tensor.shape[0]).value
        if size is None:
            continue
        if first is None:
            first = (size, column)
        elif first[0] != size:
            raise ValueError(
                "Batch size (first dimension) of each feature must be same. Batch size of columns "
                f"({first[1].name}, {column.name}): ({first[0]}, {size})"
            )


@export("feature_column.make_parse_example_spec")
def make_parse_example_spec(feature_columns: Iterable[Any]) -> dict[str, Any]:
    """What `tf.io.parse_example` is to parse, for these columns.

    Returns:
      From keys to `FixedLenFeature` and `VarLenFeature`.

    Raises:
      ValueError: something is no column, or two want the same feature in different ways.
    """
    return _parse_spec(feature_columns, _FeatureColumn, "_parse_example_spec")


def make_parse_example_spec_v2(feature_columns: Iterable[Any]) -> dict[str, Any]:
    """`make_parse_example_spec` of columns of the newer protocol."""
    return _parse_spec(feature_columns, FeatureColumn, "parse_example_spec")


def _parse_spec(feature_columns: Iterable[Any], base: type, attribute: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for column in feature_columns:
        if not isinstance(column, base):
            raise ValueError(f"All feature_columns must be {base.__name__} instances. Given: {column}")
        spec = getattr(column, attribute)
        for key, value in spec.items():
            if key in result and value != result[key]:
                raise ValueError(
                    f"feature_columns contain different parse_spec for key {key}. Given {value} and {result[key]}"
                )
        result.update(spec)
    return result


def _transform_features(features: dict[str, Any], feature_columns: Any) -> dict[Any, Any]:
    """The transformed tensor of each column of the older protocol."""
    columns = by_name(normalized(feature_columns))
    return _transformed(features, columns, _LazyBuilder(features).get)


def _transform_features_v2(features: dict[str, Any], feature_columns: Any, state_manager: Any) -> dict[Any, Any]:
    """The transformed tensor of each column of the newer protocol."""
    cache = FeatureTransformationCache(features)
    columns = by_name(normalized(feature_columns, FeatureColumn))
    return _transformed(features, columns, lambda column: cache.get(column, state_manager))


def _transformed(features: dict[str, Any], columns: list[Any], get: Any) -> dict[Any, Any]:
    outputs = {}
    with name_scope(None, default_name="transform_features", values=list(features.values())):
        for column in columns:
            with name_scope(None, default_name=column.name):
                outputs[column] = get(column)
    return outputs
