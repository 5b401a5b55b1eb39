"""tf.contrib.layers' columns of numbers, as they are or by buckets."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.contrib.column_base import LinearLookup, TensorsOfColumns, _FeatureColumn, of_rank
from pyflow.core.api import export
from pyflow.core.dtypes import float32, int32, int64
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.feature_column.column import IdWeightPair, _CategoricalColumn, _DenseColumn
from pyflow.ops.array import expand_dims, reshape, transpose
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_joining import stack
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.histogram import Bucketize
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.parse_features import FixedLenFeature
from pyflow.ops.ranges import range as range_of

_REAL_FIELDS = "column_name", "dimension", "default_value", "dtype", "normalizer"


class _RealValuedColumn(_FeatureColumn, _DenseColumn, collections.namedtuple("_RealValuedColumn", _REAL_FIELDS)):
    """A feature of numbers."""

    @property
    def name(self) -> str:
        return self.column_name

    @property
    def config(self) -> dict[str, Any]:
        default = None if self.default_value is None else list(self.default_value)
        return {self.column_name: FixedLenFeature([self.dimension], self.dtype, default)}

    @property
    def key(self) -> str:
        return self._key_without_properties(["normalizer"])

    normalizer_fn = property(lambda self: self.normalizer)

    def _normalized(self, tensor: Any) -> Any:
        return cast(tensor if self.normalizer is None else self.normalizer(tensor), float32)

    def insert_transformed_feature(self, columns_to_tensors: dict[Any, Any]) -> None:
        columns_to_tensors[self] = self._normalized(columns_to_tensors[self.name])

    def _transform_feature(self, inputs: Any) -> Any:
        return self._normalized(inputs.get(self.name))

    def _to_dnn_input_layer(
        self, input_tensor: Any, weight_collections: Any = None, trainable: bool = True, output_rank: int = 2
    ) -> Any:
        return of_rank(cast(input_tensor, float32), output_rank, self.name)

    def _to_dense_tensor(self, input_tensor: Any) -> Any:
        return input_tensor

    @property
    def _variable_shape(self) -> TensorShape:
        return TensorShape([self.dimension])

    def _get_dense_tensor(self, inputs: Any, weight_collections: Any = None, trainable: Any = None) -> Any:
        return inputs.get(self)


@export("contrib.layers.real_valued_column")
def real_valued_column(
    column_name: str, dimension: int = 1, default_value: Any = None, dtype: Any = float32, normalizer: Any = None
) -> _RealValuedColumn:
    """A feature of numbers.

    Args:
      dimension: how many numbers there are for each example.
      default_value: what parsing takes where an example has none: one number, or a list of so many.
      dtype: of the feature; the column gives float32.
      normalizer: from the feature's tensor to another.

    Raises:
      TypeError: the dimension is no integer, or the default is not of the dtype.
      ValueError: the dimension is not positive, the default has another length, or the dtype isn't one of numbers.
    """
    name = f"column_name: {column_name}"
    if dimension is None:
        raise TypeError(
            "dimension must be an integer. Use the _real_valued_var_len_column for variable length features."
            f"dimension: {dimension}, {name}"
        )
    if not isinstance(dimension, int):
        raise TypeError(f"dimension must be an integer. dimension: {dimension}, {name}")
    if dimension < 1:
        raise ValueError(f"dimension must be greater than 0. dimension: {dimension}, {name}")
    if not (dtype.is_integer or dtype.is_floating):
        raise ValueError(f"dtype must be convertible to float. dtype: {dtype}, {name}")
    if default_value is not None:
        default_value = _as_tuple(default_value, dimension, dtype, name)
    return _RealValuedColumn(column_name, dimension, default_value, dtype, normalizer)


def _as_tuple(default: Any, dimension: int, dtype: Any, name: str) -> tuple[Any, ...]:
    numbers = default
    if isinstance(default, list):
        if len(default) != dimension:
            raise ValueError(
                "The length of default_value must be equal to dimension. "
                f"default_value: {default}, dimension: {dimension}, {name}"
            )
    elif isinstance(default, (int, float)):
        numbers = [default] * dimension
    if isinstance(numbers, list):
        if all(isinstance(v, int) for v in numbers) and dtype.is_integer:
            return tuple(numbers)
        if all(isinstance(v, (int, float)) for v in numbers) and dtype.is_floating:
            return tuple(map(float, numbers))
    raise TypeError(f"default_value must be compatible with dtype. default_value: {default}, dtype: {dtype}, {name}")


class _BucketizedColumn(
    _FeatureColumn,
    _CategoricalColumn,
    _DenseColumn,
    collections.namedtuple("_BucketizedColumn", ("source_column", "boundaries")),
):
    """The bucket that each number falls into."""

    @property
    def name(self) -> str:
        return f"{self.source_column.name}_bucketized"

    @property
    def length(self) -> int:
        """How many buckets there are for each number."""
        return len(self.boundaries) + 1

    config = property(lambda self: self.source_column.config)

    def _transform_feature(self, inputs: Any) -> Tensor:
        return Bucketize(inputs.get(self.source_column), list(self.boundaries), name="bucketize")

    def insert_transformed_feature(self, columns_to_tensors: dict[Any, Any]) -> None:
        columns_to_tensors[self] = self._transform_feature(TensorsOfColumns(columns_to_tensors))

    def _to_dnn_input_layer(
        self, input_tensor: Any, weight_collections: Any = None, trainable: bool = True, output_rank: int = 2
    ) -> Any:
        if output_rank != 2:
            raise ValueError("BucketizedColumn currently only supports output_rank=2")
        ones = one_hot(cast(input_tensor, int64), self.length, 1.0, 0.0, name="one_hot")
        return reshape(ones, [-1, self._num_buckets], name="reshape")

    def to_sparse_tensor(self, input_tensor: Any) -> SparseTensor:
        """The numbers of the buckets; each number of an example has its own."""
        dimension = self.source_column.dimension
        batch = shape_of(input_tensor, name="shape")[0]
        if dimension > 1:
            rows = expand_dims(range_of(0, batch), 1, name="expand_dims")
            row = reshape(tile(rows, [1, dimension], name="tile"), [-1], name="reshape")
            place = tile(range_of(0, dimension), [batch], name="tile")
            ids = reshape(input_tensor, [-1], name="reshape") + self.length * place
        else:
            row = range_of(0, batch)
            place = zeros([batch], dtype=int32, name="zeros")
            ids = reshape(input_tensor, [-1], name="reshape")
        indices = cast(transpose(stack((row, place))), int64)
        return SparseTensor(indices, ids, cast(stack([batch, dimension]), int64))

    def _wide_embedding_lookup_arguments(self, input_tensor: Any) -> LinearLookup:
        ids = self.to_sparse_tensor(input_tensor)
        return LinearLookup(ids, None, self._num_buckets, zeros_initializer(), "sum")

    @property
    def _num_buckets(self) -> int:
        return self.length * self.source_column.dimension

    def _get_sparse_tensors(self, inputs: Any, weight_collections: Any = None, trainable: Any = None) -> IdWeightPair:
        return IdWeightPair(self.to_sparse_tensor(inputs.get(self)), None)

    @property
    def _variable_shape(self) -> TensorShape:
        return TensorShape([self._num_buckets])

    def _get_dense_tensor(self, inputs: Any, weight_collections: Any = None, trainable: Any = None) -> Any:
        return self._to_dnn_input_layer(inputs.get(self), weight_collections, trainable)


@export("contrib.layers.bucketized_column")
def bucketized_column(source_column: Any, boundaries: Any) -> _BucketizedColumn:
    """The bucket that each number of a real valued column falls into.

    Args:
      boundaries: ascending; those that are there twice count once.

    Raises:
      TypeError: the column is another.
      ValueError: the boundaries are none, or not sorted.
    """
    if not isinstance(source_column, _RealValuedColumn):
        raise TypeError(f"source_column must be an instance of _RealValuedColumn. source_column: {source_column}")
    if not isinstance(boundaries, (list, tuple)) or not boundaries:
        raise ValueError(f"boundaries must be a non-empty list or tuple. boundaries: {boundaries}")
    if any(low > high for low, high in zip(boundaries, boundaries[1:])):
        raise ValueError(f"boundaries must be a sorted list. boundaries: {boundaries}")
    return _BucketizedColumn(source_column, tuple(dict.fromkeys(boundaries)))
