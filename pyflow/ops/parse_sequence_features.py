"""parse_single_sequence_example and parse_sequence_example."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.ops.parse_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    RawFeatures,
    VarLenFeature,
    sparse_tensors,
)
from pyflow.ops.parse_sequence_example import ParseSequenceExample, ParseSingleSequenceExample


def _wanted(context_features: Any, sequence_features: Any) -> tuple[RawFeatures, RawFeatures, list[str]]:
    """The features as the ops take them, and which of the lists may be missing."""
    if not (context_features or sequence_features):
        raise ValueError("Missing features.")
    context = RawFeatures(context_features, (VarLenFeature, FixedLenFeature))
    lists = RawFeatures(sequence_features, (VarLenFeature, FixedLenSequenceFeature))
    for key, value in lists.dense_defaults.items():
        if value is not None:
            raise ValueError(f"Value feature_list_dense_defaults[{key}] must be None")
    return context, lists, list(lists.dense_defaults)


def _types(context: RawFeatures, lists: RawFeatures) -> dict[str, Any]:
    return {
        "context_sparse_types": list(context.sparse_types.values()),
        "context_dense_shapes": list(context.dense_shapes.values()),
        "feature_list_sparse_types": list(lists.sparse_types.values()),
        "feature_list_dense_types": list(lists.dense_types.values()),
        "feature_list_dense_shapes": list(lists.dense_shapes.values()),
    }


@export("parse_single_sequence_example", "io.parse_single_sequence_example")
def parse_single_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_name: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parses one SequenceExample.

    Args:
      serialized: string scalar.
      context_features: from names to FixedLenFeature or VarLenFeature.
      sequence_features: from names to FixedLenSequenceFeature or VarLenFeature.
      example_name: string scalar, used in messages.

    Returns:
      The context (tensors and SparseTensors of rank 1), and the feature lists (tensors [steps, ...] and SparseTensors
      of rank 2), by their names.

    Raises:
      ValueError: a feature is not described as it should be.
      InvalidArgumentError: the example is damaged, lacks a feature, or has one of another type or size.
    """
    context, lists, optional = _wanted(context_features, sequence_features)
    with name_scope(name, "ParseSingleSequenceExample", [serialized]):
        outputs = ParseSingleSequenceExample(
            serialized, optional, list(context.sparse_types), list(context.dense_types), list(lists.sparse_types),
            list(lists.dense_types), context.default_tensors(), "" if example_name is None else example_name,
            **_types(context, lists), name=name,
        )  # fmt: skip
    return (
        context.named(sparse_tensors(*outputs[:3]), outputs[3]),
        lists.named(sparse_tensors(*outputs[4:7]), outputs[7]),
    )


@export("io.parse_sequence_example")
def parse_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_names: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Parses a batch of SequenceExamples.

    Args:
      serialized: string [batch].
      context_features, sequence_features: as of `parse_single_sequence_example`.
      example_names: string [batch], used in messages.

    Returns:
      The context, the feature lists, padded with zeros to the longest, and int64 [batch] lengths of the dense ones.

    Raises:
      ValueError, InvalidArgumentError: as `parse_single_sequence_example`.
    """
    context, lists, optional = _wanted(context_features, sequence_features)
    with name_scope(name, "ParseSequenceExample", [serialized]):
        outputs = ParseSequenceExample(
            serialized, [] if example_names is None else example_names, context.default_tensors(reshape=False),
            feature_list_dense_missing_assumed_empty=optional, context_sparse_keys=list(context.sparse_types),
            context_dense_keys=list(context.dense_types), feature_list_sparse_keys=list(lists.sparse_types),
            feature_list_dense_keys=list(lists.dense_types), Ncontext_sparse=len(context.sparse_types),
            Ncontext_dense=len(context.dense_types), Nfeature_list_sparse=len(lists.sparse_types),
            Nfeature_list_dense=len(lists.dense_types), **_types(context, lists), name=name,
        )  # fmt: skip
    return (
        context.named(sparse_tensors(*outputs[:3]), outputs[3]),
        lists.named(sparse_tensors(*outputs[4:7]), outputs[7]),
        dict(zip(lists.dense_types, outputs[8])),
    )
