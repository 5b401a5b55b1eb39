"""Columns of numbers, as they are or by the bucket that each falls into."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import as_dtype, float32, int64
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.feature_column import column_arguments as arguments
from pyflow.feature_column.column import BothCategorical, BothDense, IdWeightPair, is_v2, parse_spec_of
from pyflow.feature_column.serialization import (
    deserialize_feature_column,
    deserialize_function,
    fields_from_config,
    serializable,
    serialize_feature_column,
    serialize_function,
)
from pyflow.ops.array import expand_dims, reshape, transpose
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_joining import stack
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.histogram import Bucketize
from pyflow.ops.parse_features import FixedLenFeature
from pyflow.ops.ranges import range as range_of

_NUMBER_FIELDS = "key", "shape", "default_value", "dtype", "normalizer_fn"


@serializable
class NumericColumn(BothDense, collections.namedtuple("NumericColumn", _NUMBER_FIELDS)):
    """What `numeric_column` makes."""

    @property
    def name(self) -> str:
        return self.key

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: FixedLenFeature(self.shape, self.dtype, self.default_value)}

    def _transformed(self, source: Any) -> Tensor:
        tensor = source.get(self.key)
        if isinstance(tensor, SparseTensor):
            raise ValueError(
                "The corresponding Tensor of numerical column must be a Tensor. SparseTensor is not supported. "
                f"key: {self.key}"
            )
        if self.normalizer_fn is not None:
            tensor = self.normalizer_fn(tensor)
        return cast(tensor, float32)

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape(self.shape)

    def _dense(self, source: Any) -> Tensor:
        return source.get(self)

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


@export("feature_column.numeric_column")
def numeric_column(
    key: str, shape: Any = (1,), default_value: Any = None, dtype: Any = float32, normalizer_fn: Any = None
) -> NumericColumn:
    """A feature that is numbers.

    Args:
      key: of the feature, and the column's name.
      shape: of the numbers of one example; a number stands for that of a vector.
      default_value: what parsing takes where an example has none: one number, or numbers of that shape; None for an
        error.
      dtype: of the feature; the column gives float32.
      normalizer_fn: from the feature's tensor to one of the same shape, such as `lambda x: (x - 3.0) / 4.2`.

    Raises:
      TypeError: a dimension is no integer, the default is not of the dtype, or the function cannot be called.
      ValueError: a dimension is not positive, the default has another shape, or the dtype isn't one of numbers.
    """
    shape = arguments.check_number(shape, key, dtype)
    default_value = arguments.check_default_value(shape, default_value, dtype, key)
    arguments.check_normalizer(normalizer_fn)
    arguments.assert_key_is_string(key)
    return NumericColumn(key, shape, default_value, dtype, normalizer_fn)


@serializable
class BucketizedColumn(
    BothDense, BothCategorical, collections.namedtuple("BucketizedColumn", ("source_column", "boundaries"))
):
    """What `bucketized_column` makes: dense as one number of each bucket, categorical as the buckets' numbers."""

    @property
    def _is_v2_column(self) -> bool:  # type: ignore[override]
        return is_v2(self.source_column)

    @property
    def name(self) -> str:
        return f"{self.source_column.name}_bucketized"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return parse_spec_of(self.source_column)

    def _transformed(self, source: Any) -> Tensor:
        return Bucketize(source.get(self.source_column), list(self.boundaries))

    @property
    def _buckets(self) -> int:
        return len(self.boundaries) + 1

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape((*self.source_column.shape, self._buckets))

    def _dense(self, source: Any) -> Tensor:
        return one_hot(cast(source.get(self), int64), self._buckets, on_value=1.0, off_value=0.0)

    @property
    def num_buckets(self) -> int:
        return self._buckets * self.source_column.shape[0]

    def _sparse(self, source: Any) -> IdWeightPair:
        tensor = source.get(self)
        rows = shape_of(tensor)[0]
        columns = self.source_column.shape[0]
        row = reshape(tile(expand_dims(range_of(0, rows), 1), [1, columns]), (-1,))
        place = tile(range_of(0, columns), [rows])
        ids = reshape(tensor, (-1,)) + self._buckets * place  # every place of the vector has its own buckets
        indices = cast(transpose(stack((row, place))), int64)
        return IdWeightPair(SparseTensor(indices, ids, cast(stack([rows, columns]), int64)), None)

    @property
    def parents(self) -> list[Any]:
        return [self.source_column]

    def _get_config(self) -> dict[str, Any]:
        return {**self._asdict(), "source_column": serialize_feature_column(self.source_column)}

    @classmethod
    def _from_config(cls, config: Any, custom_objects: Any = None, columns_by_name: Any = None) -> Any:
        source = deserialize_feature_column(config["source_column"], custom_objects, columns_by_name)
        return cls(**{**fields_from_config(cls, config), "source_column": source})


@export("feature_column.bucketized_column")
def bucketized_column(source_column: Any, boundaries: Any) -> BucketizedColumn:
    """The bucket that each number of a numeric column falls into.

    Args:
      source_column: a `numeric_column` of a scalar or vector.
      boundaries: ascending; [0, 1] makes the buckets (-inf, 0), [0, 1), [1, inf).

    Raises:
      ValueError: the column is another, or the boundaries aren't ascending.
    """
    if not isinstance(source_column, NumericColumn):
        raise ValueError(f"source_column must be a column generated with numeric_column(). Given: {source_column}")
    if len(source_column.shape) > 1:
        raise ValueError(f"source_column must be one-dimensional column. Given: {source_column}")
    if not boundaries:
        raise ValueError("boundaries must not be empty.")
    if not isinstance(boundaries, (list, tuple)):
        raise ValueError("boundaries must be a sorted list.")
    if any(low >= high for low, high in zip(boundaries, boundaries[1:])):
        raise ValueError("boundaries must be a sorted list.")
    return BucketizedColumn(source_column, tuple(boundaries))
