"""tf.contrib.layers' functions that parse features for columns, and transform them."""

from __future__ import annotations

import functools
from typing import Any

from pyflow.contrib.column_base import _FeatureColumn, is_sparse, tensor_of
from pyflow.contrib.column_embedded import _EmbeddingColumn, _OneHotColumn
from pyflow.contrib.column_numeric import _BucketizedColumn, _RealValuedColumn, real_valued_column
from pyflow.contrib.column_sparse import _CrossedColumn, _SparseColumn, _WeightedSparseColumn
from pyflow.core.api import export
from pyflow.ops.array import reshape
from pyflow.ops.parse_features import FixedLenFeature, FixedLenSequenceFeature, VarLenFeature, parse_example
from pyflow.ops.parse_sequence_features import parse_single_sequence_example
from pyflow.ops.placeholder import placeholder, sparse_placeholder
from pyflow.platform import logging

_KNOWN = (
    _SparseColumn, _WeightedSparseColumn, _EmbeddingColumn, _RealValuedColumn, _BucketizedColumn, _CrossedColumn,
    _OneHotColumn,
)  # fmt: skip


@export("contrib.layers.check_feature_columns")
def check_feature_columns(feature_columns: Any) -> None:
    """Raises ValueError if the columns are a dict, or two have the same key."""
    if isinstance(feature_columns, dict):
        raise ValueError("Expected feature_columns to be iterable, found dict.")
    seen = set()
    for column in feature_columns:
        if column.key in seen:
            raise ValueError(
                f"Duplicate feature column key found for column: {column.name}. This usually means that the column is "
                "almost identical to another column, and one must be discarded."
            )
        seen.add(column.key)


def ordered(feature_columns: Any) -> list[Any]:
    """The columns by their keys, each once."""
    return sorted(set(feature_columns), key=lambda column: column.key)


@export("contrib.layers.create_feature_spec_for_parsing")
def create_feature_spec_for_parsing(feature_columns: Any) -> dict[str, Any]:
    """What `tf.io.parse_example` is to parse, for these columns.

    Args:
      feature_columns: columns, or a dict with columns as values.

    Raises:
      TypeError: something is no column of tf.contrib.layers.
    """
    spec: dict[str, Any] = {}
    for column in feature_columns.values() if isinstance(feature_columns, dict) else feature_columns:
        if not isinstance(column, _FeatureColumn):
            raise TypeError(
                f"feature_columns should only contain instances of _FeatureColumn. Given column is {column}"
            )
        if not isinstance(column, _KNOWN):
            raise TypeError(f"Not supported _FeatureColumn type. Given column is {column}")
        spec.update(column.config)
    return spec


@export("contrib.layers.parse_feature_columns_from_examples")
def parse_feature_columns_from_examples(
    serialized: Any, feature_columns: Any, name: str | None = None, example_names: Any = None
) -> dict[Any, Any]:
    """Parses Examples for these columns.

    Args:
      serialized: string [batch].
      example_names: string [batch], used in messages.

    Returns:
      From keys and columns to tensors, those of columns being transformed.
    """
    check_feature_columns(feature_columns)
    spec = create_feature_spec_for_parsing(feature_columns)
    tensors = parse_example(serialized, spec, name=name, example_names=example_names)
    for column in ordered(feature_columns):
        tensor_of(column, tensors)
    return tensors


@export("contrib.layers.parse_feature_columns_from_sequence_examples")
def parse_feature_columns_from_sequence_examples(
    serialized: Any,
    context_feature_columns: Any,
    sequence_feature_columns: Any,
    name: str | None = None,
    example_name: Any = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parses one SequenceExample for these columns.

    Returns:
      From keys to tensors: of the context, and of the sequences.

    Raises:
      ValueError: `serialized` is known to be more than one.
    """
    try:
        serialized = reshape(serialized, [])
    except ValueError as error:
        raise ValueError(
            "serialized must contain as single sequence example. Batching must be done after parsing for sequence "
            f"examples. Error: {error}"
        ) from None
    for columns in (context_feature_columns or [], sequence_feature_columns or []):
        check_feature_columns(columns)
    context = create_feature_spec_for_parsing(context_feature_columns or [])
    sequence = _sequence_spec(create_feature_spec_for_parsing(sequence_feature_columns or []))
    return parse_single_sequence_example(serialized, context, sequence, example_name, name)


def _sequence_spec(spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, feature in spec.items():
        if isinstance(feature, FixedLenFeature):
            if has_default := feature.default_value is not None:
                logging.warning(
                    f'Found default value {feature.default_value} for feature "{key}". Ignoring this value and setting '
                    "`allow_missing=True` instead."
                )
            feature = FixedLenSequenceFeature(feature.shape, feature.dtype, allow_missing=has_default)
        found[key] = feature
    return found


@export("contrib.layers.transform_features")
def transform_features(features: dict[Any, Any], feature_columns: Any) -> dict[Any, Any]:
    """The transformed tensor of each column."""
    tensors = features.copy()
    check_feature_columns(feature_columns)
    for column in ordered(feature_columns):
        tensor_of(column, tensors)
    return {key: tensor for key, tensor in tensors.items() if key in feature_columns}


@export("contrib.layers.make_place_holder_tensors_for_base_features")
def make_place_holder_tensors_for_base_features(feature_columns: Any) -> dict[str, Any]:
    """Placeholders of the features that the columns want."""
    made: dict[str, Any] = {}
    for key, feature in create_feature_spec_for_parsing(feature_columns).items():
        name = f"Placeholder_{key}"
        if isinstance(feature, VarLenFeature):
            made[key] = sparse_placeholder(feature.dtype, name=name)
        else:
            made[key] = placeholder(feature.dtype, shape=(None, feature.shape[0]), name=name)
    return made


@export("contrib.layers.infer_real_valued_columns")
def infer_real_valued_columns(features: Any) -> list[Any]:
    """A real valued column for each tensor of a dict; or for one tensor, by the name "".

    Raises:
      ValueError: one is sparse, or not of numbers.
    """
    if not isinstance(features, dict):
        features = {"": features}
    return [_inferred(key, tensor) for key, tensor in features.items()]


def _inferred(name: str, tensor: Any) -> Any:
    define = "Please define corresponding FeatureColumn for tensor {} {}."
    if is_sparse(tensor):
        raise ValueError(f"SparseTensor is not supported for auto detection. {define}", name, tensor)
    if not (tensor.dtype.is_integer or tensor.dtype.is_floating):
        raise ValueError(
            f"Non integer or non floating types are not supported for auto detection. {define}", name, tensor
        )
    sizes = tensor.get_shape().as_list()[1:]
    return real_valued_column(name, functools.reduce(lambda a, b: a * b, sizes, 1), dtype=tensor.dtype)
