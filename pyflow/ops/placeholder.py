"""Placeholders: nodes whose value comes with each run.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/placeholder
"""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import attr, op, sample
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import merge


def _unfed(ctx, dtype):
    raise errors.InvalidArgumentError(
        None, None, f"You must feed a value for placeholder tensor '{ctx.op_name}' with dtype {dtype.name}"
    )


@op("Placeholder() -> (output: dtype)", dtype=attr("type"), shape=attr("shape", default=None))
class Placeholder:
    """A tensor that must be fed."""

    stateful = True

    def shape(shape):
        return shape.as_tuple()

    cpu = _unfed


@op("PlaceholderV2() -> (output: dtype)", dtype=attr("type"), shape=attr("shape"))
class PlaceholderV2:
    """`Placeholder` as some files have it."""

    stateful = True

    def shape(shape):
        return shape.as_tuple()

    cpu = _unfed


@op("PlaceholderWithDefault(input: dtype) -> (output: dtype)", dtype=dtypes.ANY, shape=attr("shape"))
class PlaceholderWithDefault:
    """`input`, unless something of a fitting shape is fed in its place."""

    view = True

    def shape(input, shape):
        merge(input, shape.as_tuple())
        return shape.as_tuple()

    def cpu(input):
        return input

    def grad(op, dy):
        return dy

    samples = [sample([1.0, 2.0], shape=[None])]


@export("placeholder")
def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor whose value is given to each run through `feed_dict`.

    Args:
      dtype: the dtype of what will be fed.
      shape: the shape, None in it for sizes that may vary; None for any shape.
    """
    return Placeholder(dtype=dtype, shape=shape, name=name)


@export("placeholder_with_default")
def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """A tensor with the value of `input` unless it is fed.

    Args:
      shape: the shape of what may be fed; `input` must fit it.

    Raises:
      ValueError: `input` has a shape that doesn't fit.
    """
    return PlaceholderWithDefault(input, shape, name=name)


@export("sparse.placeholder", "sparse_placeholder")
def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """Three placeholders as a `SparseTensor`: feed a `SparseTensorValue` or a tuple (indices, values, dense_shape).

    Args:
      dtype: the dtype of the values.
      shape: the dense shape; when it is not fully known it is fed too.
    """

    def part(suffix: str) -> str | None:
        return None if name is None else f"{name}/{suffix}"

    rank = None
    if isinstance(shape, Tensor):
        rank = shape.get_shape()[0]
    elif shape is not None:
        rank = len(shape)
        if any(size is None for size in shape):
            shape = None
    if shape is None:
        dense_shape = placeholder(dtypes.int64, [rank], part("shape"))
    else:
        dense_shape = convert_to_tensor(shape, dtypes.int64, part("shape"))
    values = placeholder(dtype, [None], part("values"))
    return SparseTensor(placeholder(dtypes.int64, [None, rank], part("indices")), values, dense_shape)
