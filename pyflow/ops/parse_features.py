"""Which features to parse of tf.train.Example: FixedLenFeature and its kin, and parse_example."""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import DType
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.constant import constant
from pyflow.ops.parse_example import ParseExample, ParseSingleExample
from pyflow.ops.sparse_merging import sparse_merge


@export("VarLenFeature", "io.VarLenFeature")
class VarLenFeature(collections.namedtuple("VarLenFeature", ["dtype"])):
    """A feature with any number of values, parsed into a SparseTensor.

    Args:
      dtype: float32, int64 or string.
    """


@export("SparseFeature", "io.SparseFeature")
class SparseFeature(
    collections.namedtuple("SparseFeature", ["index_key", "value_key", "dtype", "size", "already_sorted"])
):
    """A SparseTensor whose indices and values are two (or more) features.

    Args:
      index_key: name of the int64 feature of indices, or a list with one for each dimension.
      value_key: name of the feature of values.
      dtype: of the values: float32, int64 or string.
      size: int, or a list: the dense shape.
      already_sorted: whether the indices are in order in every example.
    """

    def __new__(cls, index_key: Any, value_key: Any, dtype: Any, size: Any, already_sorted: bool = False) -> Any:
        return super().__new__(cls, index_key, value_key, dtype, size, already_sorted)


@export("FixedLenFeature", "io.FixedLenFeature")
class FixedLenFeature(collections.namedtuple("FixedLenFeature", ["shape", "dtype", "default_value"])):
    """A feature with a fixed number of values, parsed into a tensor.

    Args:
      shape: of the values in one example.
      dtype: float32, int64 or string.
      default_value: for examples that lack the feature, which are an error without it; of that shape.
    """

    def __new__(cls, shape: Any, dtype: Any, default_value: Any = None) -> Any:
        return super().__new__(cls, shape, dtype, default_value)


@export("FixedLenSequenceFeature", "io.FixedLenSequenceFeature")
class FixedLenSequenceFeature(
    collections.namedtuple("FixedLenSequenceFeature", ["shape", "dtype", "allow_missing", "default_value"])
):
    """A feature with any number of steps, parsed into a tensor [steps, *shape] and padded to the longest of a batch.

    Args:
      shape: of the values of one step.
      dtype: float32, int64 or string.
      allow_missing: whether an example may lack the feature: it has no steps then.
      default_value: scalar that pads a batch, 0 or "" if None.
    """

    def __new__(cls, shape: Any, dtype: Any, allow_missing: bool = False, default_value: Any = None) -> Any:
        return super().__new__(cls, shape, dtype, allow_missing, default_value)


class RawFeatures:
    """Features as the ops take them: sparse and dense, sorted by name."""

    def __init__(self, features: Any, allowed: tuple[type, ...]):
        self.sparse_types: dict[str, DType] = {}
        self.dense_types: dict[str, DType] = {}
        self.dense_shapes: dict[str, Any] = {}
        self.dense_defaults: dict[str, Any] = {}
        for key in sorted(features or {}):
            feature = features[key]
            if not isinstance(feature, (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)):
                raise ValueError(f"Invalid feature {key}:{feature}.")
            if not isinstance(feature, allowed):
                raise ValueError(f"Unsupported {type(feature).__name__} {feature}.")
            if isinstance(feature, SparseFeature):
                self._add_sparse(key, feature)
            elif not feature.dtype:
                raise ValueError(f"Missing type for feature {key}.")
            elif isinstance(feature, VarLenFeature):
                self.sparse_types[key] = dtypes.as_dtype(feature.dtype)
            else:
                self._add_dense(key, feature)

    def _add_sparse(self, key: str, feature: SparseFeature) -> None:
        if not feature.index_key:
            raise ValueError(f"Missing index_key for SparseFeature {feature}.")
        if not feature.value_key:
            raise ValueError(f"Missing value_key for SparseFeature {feature}.")
        if not feature.dtype:
            raise ValueError(f"Missing type for feature {key}.")
        names = [feature.index_key] if isinstance(feature.index_key, str) else feature.index_key
        for name in sorted(names):
            if self.sparse_types.setdefault(name, dtypes.int64) is not dtypes.int64:
                raise ValueError(f"Conflicting type {self.sparse_types[name]} vs int64 for feature {name}.")
        dtype = dtypes.as_dtype(feature.dtype)
        known = self.sparse_types.setdefault(feature.value_key, dtype)
        if known is not dtype:
            raise ValueError(f"Conflicting type {known} vs {dtype} for feature {feature.value_key}.")

    def _add_dense(self, key: str, feature: Any) -> None:
        if feature.shape is None:
            raise ValueError(f"Missing shape for feature {key}.")
        if isinstance(feature, FixedLenFeature):
            shape = TensorShape(feature.shape)
            if shape.ndims and shape.as_list()[0] is None:
                raise ValueError(
                    f"First dimension of shape for feature {key} unknown. Consider using FixedLenSequenceFeature."
                )
            if not shape.is_fully_defined():
                raise ValueError(
                    f"All dimensions of shape for feature {key} need to be known but received {feature.shape}."
                )
        elif feature.allow_missing:
            self.dense_defaults[key] = None
        if feature.default_value is not None:
            self.dense_defaults[key] = feature.default_value
        self.dense_types[key] = dtypes.as_dtype(feature.dtype)
        self.dense_shapes[key] = TensorShape(feature.shape)

    def default_tensors(self, reshape: bool = True) -> list[Tensor]:
        """What stands for a missing feature: nothing, its default, or what pads where the number of steps varies."""
        return [self._default_tensor(key, reshape) for key in self.dense_types]

    def _default_tensor(self, key: str, reshape: bool) -> Tensor:
        dtype, shape, value = self.dense_types[key], self.dense_shapes[key], self.dense_defaults.get(key)
        named = re.sub(r"[^A-Za-z0-9_.\-/]", "_", key)
        if shape.ndims and shape.as_list()[0] is None:
            if value is None:
                return convert_to_tensor("" if dtype is dtypes.string else 0, dtype=dtype)
            return raw.Reshape(convert_to_tensor(value, dtype=dtype, name=f"padding_{named}"), _NO_DIMENSIONS)
        if value is None:
            return constant([], dtype=dtype)
        if isinstance(value, Tensor):
            return value
        value = convert_to_tensor(value, dtype=dtype, name=f"key_{named}")
        return raw.Reshape(value, shape.as_list()) if reshape and shape.ndims else (
            raw.Reshape(value, _NO_DIMENSIONS) if reshape else value
        )  # fmt: skip

    def named(self, sparse: Sequence[SparseTensor], dense: Sequence[Tensor]) -> dict[str, Any]:
        """The outputs by the names of their features."""
        return dict(zip([*self.sparse_types, *self.dense_types], [*sparse, *dense]))


_NO_DIMENSIONS = np.zeros(0, np.int32)


def sparse_tensors(indices: Sequence[Tensor], values: Sequence[Tensor], shapes: Sequence[Tensor]) -> list[SparseTensor]:
    """SparseTensors of their parts."""
    return [SparseTensor(*parts) for parts in zip(indices, values, shapes)]


def _with_steps(features: Any) -> dict[str, Any]:
    """The features with an unknown number of steps in the shapes of those that have steps."""
    changed = {}
    for key, feature in features.items():
        if isinstance(feature, FixedLenSequenceFeature):
            if not feature.allow_missing:
                raise ValueError("Unsupported: FixedLenSequenceFeature requires allow_missing to be True.")
            feature = feature._replace(shape=[None, *feature.shape])
        changed[key] = feature
    return changed


def _with_merged(features: Any, parsed: dict[str, Any]) -> dict[str, Any]:
    """What was parsed, with the parts of each SparseFeature put together."""
    for key in sorted(features):
        feature = features[key]
        if isinstance(feature, SparseFeature):
            names = feature.index_key
            ids = parsed[names] if isinstance(names, str) else [parsed[name] for name in names]
            parsed[key] = sparse_merge(
                ids, parsed[feature.value_key], vocab_size=feature.size, already_sorted=feature.already_sorted
            )
    return {key: value for key, value in parsed.items() if key in features}


_ALL = VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature


@export("parse_example", "io.parse_example")
def parse_example(serialized: Any, features: Any, name: str | None = None, example_names: Any = None) -> dict[str, Any]:
    """Parses a batch of Examples.

    Args:
      serialized: string [batch].
      features: from names to FixedLenFeature, FixedLenSequenceFeature, VarLenFeature or SparseFeature.
      example_names: string [batch], used in messages.

    Returns:
      From names to tensors [batch, ...] and SparseTensors.

    Raises:
      ValueError: a feature is not described as it should be.
      InvalidArgumentError: an example is damaged, lacks a feature, or has one of another type or size.
    """
    return parse_example_v2(serialized, features, example_names, name)


def parse_example_v2(
    serialized: Any, features: Any, example_names: Any = None, name: str | None = None
) -> dict[str, Any]:
    """`parse_example` with TF 2's order of arguments."""
    if not features:
        raise ValueError(f"Missing: features was {features}.")
    wanted = RawFeatures(_with_steps(features), _ALL)
    return _with_merged(features, _parse_batch(serialized, wanted, example_names, name))


def _parse_batch(serialized: Any, wanted: RawFeatures, names: Any, name: str | None) -> dict[str, Any]:
    with name_scope(name, "ParseExample", [serialized, names]):
        _check_features(wanted)
        indices, values, shapes, dense = ParseExample(
            serialized, [] if names is None else names, list(wanted.sparse_types), list(wanted.dense_types),
            wanted.default_tensors(),
            sparse_types=list(wanted.sparse_types.values()), dense_shapes=list(wanted.dense_shapes.values()),
            name=name,
        )  # fmt: skip
        return wanted.named(sparse_tensors(indices, values, shapes), dense)


def _check_features(wanted: RawFeatures) -> None:
    if not wanted.sparse_types and not wanted.dense_types:
        raise ValueError("Must provide at least one sparse key or dense key")
    shared = set(wanted.dense_types) & set(wanted.sparse_types)
    if shared:
        raise ValueError(f"Dense and sparse keys must not intersect; intersection: {shared}")


@export("parse_single_example", "io.parse_single_example")
def parse_single_example(
    serialized: Any, features: Any, name: str | None = None, example_names: Any = None
) -> dict[str, Any]:
    """Parses one Example.

    Args:
      serialized: string scalar.
      features: as of `parse_example`.
      example_names: string scalar, used in messages.

    Returns:
      From names to tensors and SparseTensors.

    Raises:
      ValueError, InvalidArgumentError: as `parse_example`.
    """
    return parse_single_example_v2_unoptimized(serialized, features, example_names, name)


def parse_single_example_v2_unoptimized(
    serialized: Any, features: Any, example_names: Any = None, name: str | None = None
) -> dict[str, Any]:
    """`parse_single_example` with TF 2's order of arguments."""
    if not features:
        raise ValueError("Missing features.")
    wanted = RawFeatures(_with_steps(features), _ALL)
    if example_names is not None:
        return _with_merged(features, _parse_one_of_batch(serialized, wanted, example_names, name))
    with name_scope(name, "ParseSingleExample", [serialized]):
        serialized = convert_to_tensor(serialized, name="serialized")
        _check_features(wanted)
        indices, values, shapes, dense = ParseSingleExample(
            serialized, wanted.default_tensors(), num_sparse=len(wanted.sparse_types),
            sparse_keys=list(wanted.sparse_types), dense_keys=list(wanted.dense_types),
            sparse_types=list(wanted.sparse_types.values()), dense_shapes=list(wanted.dense_shapes.values()),
            name=name,
        )  # fmt: skip
        parsed = wanted.named(sparse_tensors(indices, values, shapes), dense)
    return _with_merged(features, parsed)


def _parse_one_of_batch(serialized: Any, wanted: RawFeatures, names: Any, name: str | None) -> dict[str, Any]:
    with name_scope(name, "ParseSingleExample", [serialized, names]):
        serialized = convert_to_tensor(serialized)
        if serialized.shape.ndims not in (None, 0):
            raise ValueError("Input serialized must be a scalar")
        serialized = raw.ExpandDims(serialized, 0)
        names = convert_to_tensor(names)
        if names.shape.ndims not in (None, 0):
            raise ValueError("Input names must be a scalar")
        parsed = _parse_batch(serialized, wanted, raw.ExpandDims(names, 0), name)
        for key in wanted.dense_types:
            named = re.sub(r"[^A-Za-z0-9_.\-/]", "_", key)
            parsed[key] = raw.Squeeze(parsed[key], [0], name=f"Squeeze_{named}")
        for key in wanted.sparse_types:
            named = re.sub(r"[^A-Za-z0-9_.\-/]", "_", key)
            parsed[key] = SparseTensor(
                raw.Slice(parsed[key].indices, [0, 1], [-1, -1], name=f"Slice_Indices_{named}"),
                parsed[key].values,
                raw.Slice(parsed[key].dense_shape, [1], [-1], name=f"Squeeze_Shape_{named}"),
            )
    return parsed
