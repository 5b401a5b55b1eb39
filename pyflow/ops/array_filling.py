"""Tensors filled with one value: fill, zeros, ones and their kin."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_dimensions import check_sizes, kernel_words
from pyflow.ops.array_shape import shape_internal
from pyflow.ops.constant import constant
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.shape_rules import same_as, text, with_rank

# Constants of fewer elements are stored in the graph; larger ones are filled at the run.
_SMALL = 1000


@op(
    "Fill(dims: index_type, value: T) -> (output: T)",
    T=dtypes.ANY,
    index_type=one_of(dtypes.INDEX, default=dtypes.int32),
)
class Fill:
    """A tensor of shape `dims` with every element `value`."""

    def shape(dims, value, dims_value, dims_dims):
        with kernel_words(lambda: f"dims must be a vector, got shape {text(dims)}"):
            with_rank(dims, 1)
        with kernel_words(lambda: f"value must be a scalar, got shape {text(value)}"):
            with_rank(value, 0)
        with kernel_words(lambda: f"Dimension {dims_value.min()} must be >= 0"):
            check_sizes(dims_value)
            if dims_value is not None and -1 in dims_value:
                raise ShapeError("Fill dimensions must be >= 0")
        return dims_dims

    def cpu(dims, value, out):
        out[...] = value

    def grad(op, dy):
        from pyflow.core.api import PUBLIC

        return None, PUBLIC["reduce_sum"](dy)

    gpu = elementwise("value", types=INDEXED)
    samples = [sample([2, 3], 1.5), sample(np.array([], np.int32), 1.5)]


@export("fill")
def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A tensor of shape `dims` (an int vector) with every element the scalar `value`."""
    return Fill(dims, value, name=name)


@op("ZerosLike(x: T) -> (y: T)", T=dtypes.ANY)
class ZerosLike:
    """Zeros (empty strings, False) in the shape of `x`."""

    shape = same_as("x")

    def cpu(x, out):
        out.fill(b"" if out.dtype == object else 0)

    def variant(x):
        return x.zeros_like()

    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("T(0)", types=INDEXED)
    samples = [sample([[1.0, 2.0]], grad=False), sample([b"a"], grad=False)]


_COUNTABLE = tuple(
    dtypes.as_dtype(name)
    for name in (
        "bfloat16 float16 float32 float64 int8 uint8 int16 uint16 int32 int64 complex64 complex128 bool".split()
    )
)


@op("OnesLike(x: T) -> (y: T)", T=_COUNTABLE)
class OnesLike:
    """Ones in the shape of `x`."""

    shape = same_as("x")

    def cpu(x, out):
        out.fill(1)

    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("T(1)", types=INDEXED)
    samples = [sample([[1.0, 2.0]], grad=False)]


def _filled(shape: Any, value: Any, dtype: Any, scope: str) -> Tensor:
    """A constant for a small static shape, else a `Fill` node, as `tf.zeros` and `tf.ones` make them."""
    if not isinstance(shape, Tensor):
        sizes = _static_sizes(shape)
        if sizes is None:
            _compare_size(shape)
            shape = convert_to_tensor(shape, dtypes.int32)
        elif isinstance(shape, Iterable) and np.prod(sizes, dtype=np.float64) < _SMALL:
            return constant(value, shape=sizes, dtype=dtype, name=scope)
        else:
            shape = convert_to_tensor(TensorShape(sizes), name="shape_as_tensor")
    if not shape._shape_tuple():
        shape = reshape(shape, [-1])
    return fill(shape, constant(value, dtype=dtype), name=scope)


def _compare_size(shape: Any) -> None:
    """Adds the nodes by which TensorFlow asks whether a shape with tensors in it is small; it gets no answer."""
    if isinstance(shape, (list, tuple)) and shape:
        try:
            _ = functools.reduce(operator.mul, shape) < _SMALL
        except TypeError:  # what cannot be multiplied is left to the conversion
            pass


def _static_sizes(shape: Any) -> list[int] | None:
    """The sizes when all are plain numbers."""
    try:
        sizes = TensorShape(shape)
    except (TypeError, ValueError):
        return None
    return sizes.as_list() if sizes.is_fully_defined() else None  # type: ignore[return-value]


@export("zeros")
def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """A tensor with every element zero (False, an empty string).

    Args:
      shape: a list of sizes, a `TensorShape` or an int vector tensor.
    """
    dtype = dtypes.as_dtype(dtype).base_dtype
    with name_scope(name, "zeros", [shape]) as scope:
        return _filled(shape, False if dtype == dtypes.bool else "" if dtype == dtypes.string else 0, dtype, scope)


@export("ones")
def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """A tensor with every element one (True).

    Args:
      shape: a list of sizes, a `TensorShape` or an int vector tensor.
    """
    dtype = dtypes.as_dtype(dtype).base_dtype
    with name_scope(name, "ones", [shape]) as scope:
        return _filled(shape, True if dtype == dtypes.bool else 1, dtype, scope)


@export("zeros_like")
def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Zeros in the shape of `tensor`.

    Args:
      dtype: the dtype; None takes that of `tensor`.
      optimize: whether a static shape makes it a constant.
    """
    with name_scope(name, "zeros_like", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name="tensor")
        wanted = tensor.dtype.base_dtype if dtype is None else dtypes.as_dtype(dtype).base_dtype
        if optimize and tensor.shape.is_fully_defined() and tensor.dtype != dtypes.variant:
            return zeros(tensor.shape, dtype=wanted, name=scope)
        if wanted not in (tensor.dtype.base_dtype, dtypes.variant):
            return zeros(shape_internal(tensor, optimize=optimize), dtype=wanted, name=scope)
        return ZerosLike(tensor, name=scope)


@export("ones_like")
def ones_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Ones in the shape of `tensor`.

    Args:
      dtype: the dtype; None takes that of `tensor`.
      optimize: whether a static shape makes it a constant.
    """
    with name_scope(name, "ones_like", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name="tensor")
        sizes = shape_internal(tensor, optimize=optimize)
        result = ones(sizes, dtype=tensor.dtype if dtype is None else dtype, name=scope)
        result.set_shape(tensor.get_shape())
        return result
