"""Columns of numbers for models of tf.contrib.learn: `tf.contrib.layers.real_valued_column`.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/contrib/layers/real_valued_column
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from pyflow.contrib.learn_feeding import get_input_fn
from pyflow.contrib.variables import model_variable
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.graph import Graph
from pyflow.ops.array import reshape
from pyflow.ops.array_joining import concat
from pyflow.ops.bias import bias_add
from pyflow.ops.cast import cast
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.math_sums import add_n
from pyflow.ops.matmul import matmul
from pyflow.ops.parse_features import FixedLenFeature
from pyflow.ops.variable_scope import variable_scope


class _RealValuedColumn(
    namedtuple("_RealValuedColumn", ("column_name", "dimension", "default_value", "dtype", "normalizer"))
):
    """`dimension` numbers of a feature; see `real_valued_column`."""

    name = property(lambda self: self.column_name)
    config = property(
        lambda self: {self.column_name: FixedLenFeature([self.dimension], self.dtype, self.default_value)}
    )
    key = property(lambda self: str(tuple(self)[:4]))

    def numbers(self, features: dict[str, Any]) -> Any:
        """The numbers of the examples, float32 [batch, numbers]."""
        tensor = features[self.column_name]
        if self.normalizer is not None:
            tensor = self.normalizer(tensor)
        tensor = cast(tensor, dtypes.float32)
        if tensor.shape.ndims == 2:
            return tensor
        return reshape(tensor, [-1, tensor.shape[1:].num_elements() if tensor.shape.ndims else self.dimension])


@export("contrib.layers.real_valued_column")
def real_valued_column(
    column_name: str,
    dimension: int = 1,
    default_value: Any = None,
    dtype: Any = dtypes.float32,
    normalizer: Callable | None = None,
) -> _RealValuedColumn:
    """A column of numbers.

    Args:
      column_name: the feature's key; "" if the features are one tensor.
      dimension: how many numbers an example has.
      default_value: the numbers of examples without: one for all, or a list.
      dtype: their dtype.
      normalizer: a function that is applied to them.

    Raises:
      TypeError, ValueError: an argument cannot be.
    """
    if not isinstance(dimension, int):
        raise TypeError(f"dimension must be an integer. dimension: {dimension}, column_name: {column_name}")
    if dimension < 1:
        raise ValueError(f"dimension must be greater than 0. dimension: {dimension}, column_name: {column_name}")
    if not (dtype.is_integer or dtype.is_floating):
        raise ValueError(f"dtype must be convertible to float. dtype: {dtype}, column_name: {column_name}")
    if isinstance(default_value, (int, float)):
        default_value = [float(default_value) if dtype.is_floating else default_value] * dimension
    if default_value is not None and len(default_value) != dimension:
        raise ValueError(
            f"The length of default_value must be equal to dimension. default_value: {default_value}, dimension: "
            f"{dimension}, column_name: {column_name}"
        )
    default = None if default_value is None else tuple(default_value)
    return _RealValuedColumn(column_name, dimension, default, dtype, normalizer)


@export("contrib.layers.infer_real_valued_columns")
def infer_real_valued_columns(features: Any) -> list[_RealValuedColumn]:
    """A column for each of the features, or for the only one.

    Raises:
      ValueError: one is no number, or its size isn't known.
    """
    if not isinstance(features, dict):
        return [_column_of("", features)]
    return [_column_of(key, tensor) for key, tensor in features.items()]


def _column_of(key: str, tensor: Any) -> _RealValuedColumn:
    if not (tensor.dtype.is_floating or tensor.dtype.is_integer):
        raise ValueError(f"Non integer or non floating types are not supported for auto detection. Tensor: {tensor}")
    shape = tensor.get_shape().as_list()
    if len(shape) not in (1, 2) or None in shape[1:]:
        raise ValueError(f"Tensor should be of rank 1 or 2 with a known size. Tensor: {tensor}")
    return real_valued_column(key, dimension=shape[1] if len(shape) == 2 else 1, dtype=tensor.dtype)


@export("contrib.learn.infer_real_valued_columns_from_input_fn")
def infer_real_valued_columns_from_input_fn(input_fn: Callable) -> list[_RealValuedColumn]:
    """A column for each of the features that an input function gives."""
    with Graph().as_default():
        features, _ = input_fn()
        return infer_real_valued_columns(features)


@export("contrib.learn.infer_real_valued_columns_from_input")
def infer_real_valued_columns_from_input(x: Any) -> list[_RealValuedColumn]:
    """A column for an array, or for each in a dict of arrays."""
    input_fn, _ = get_input_fn(x=x, y=None, input_fn=None, feed_fn=None, batch_size=None)
    return infer_real_valued_columns_from_input_fn(input_fn)


def _ordered(columns: Any) -> list[_RealValuedColumn]:
    if not all(isinstance(column, _RealValuedColumn) for column in columns):
        raise NotImplementedError("Columns of tf.contrib.layers other than real_valued_column")
    return sorted(set(columns), key=lambda column: column.key)


def input_from_columns(features: dict[str, Any], columns: Any) -> Any:
    """The numbers of all columns side by side."""
    return concat([column.numbers(features) for column in _ordered(columns)], 1)


def weighted_sum_from_columns(features: dict[str, Any], columns: Any, num_outputs: int, collection: str) -> Any:
    """The sum of the columns times their weights, and a bias, of which all are 0 at first."""
    collections = [collection, "variables"]
    sums = []
    for column in _ordered(columns):
        with variable_scope(None, default_name=column.name, values=list(features.values())):
            numbers = column.numbers(features)
            weight = model_variable(
                "weight",
                shape=[numbers.get_shape()[1], num_outputs],
                initializer=zeros_initializer(),
                collections=collections,
            )
            sums.append(matmul(numbers, weight, name="matmul"))
    bias = model_variable("bias_weight", shape=[num_outputs], initializer=zeros_initializer(), collections=collections)
    return bias_add(add_n(sums), bias)
