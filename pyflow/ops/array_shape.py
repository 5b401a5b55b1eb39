"""The shape of a tensor as a tensor: shape, shape_n, size, rank."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, one_of, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor, SparseTensorValue
from pyflow.core.tensor import Tensor
from pyflow.ops.constant import constant
from pyflow.ops.shape_rules import scalar

_SPARSE = (SparseTensor, SparseTensorValue)


@op("Shape(input: T) -> (output: out_type)", T=dtypes.ANY, out_type=one_of(dtypes.INDEX, default=dtypes.int32))
class Shape:
    """The shape, as a vector."""

    def shape(input):
        return (None,) if input is None else (len(input),)

    def cpu(input, out_type):
        return np.array(np.shape(input), out_type.as_numpy_dtype)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[1.0, 2.0]]), sample(1.0, out_type=dtypes.int64)]


@op(
    "ShapeN(input: N*T) -> (output: N*out_type)",
    N=attr("int", minimum=1),
    T=dtypes.ANY,
    out_type=one_of(dtypes.INDEX, default=dtypes.int32),
)
class ShapeN:
    """The shapes of several tensors."""

    def shape(input):
        return [(None,) if x is None else (len(x),) for x in input]

    def cpu(input, out_type):
        return tuple(np.array(np.shape(x), out_type.as_numpy_dtype) for x in input)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[[1.0, 2.0]], [3.0]])]


@op("Size(input: T) -> (output: out_type)", T=dtypes.ANY, out_type=one_of(dtypes.INDEX, default=dtypes.int32))
class Size:
    """The number of elements."""

    shape = scalar

    def cpu(input, out_type):
        return np.array(np.size(input), out_type.as_numpy_dtype)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[1.0, 2.0]])]


@op("Rank(input: T) -> (output: int32)", T=dtypes.ANY)
class Rank:
    """The number of axes."""

    shape = scalar

    def cpu(input):
        return np.array(np.ndim(input), np.int32)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[1.0, 2.0]])]


@export("shape")
def shape(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """The shape of a (sparse) tensor as an int vector; a constant when it is known statically."""
    return shape_internal(input, name, True, out_type)


def shape_internal(input: Any, name: str | None = None, optimize: bool = True, out_type: Any = dtypes.int32) -> Tensor:
    with name_scope(name, "Shape", [input]) as scope:
        if isinstance(input, _SPARSE):
            return raw.Cast(input.dense_shape, out_type)
        input = convert_to_tensor(input)
        known = input.get_shape()
        if optimize and known.is_fully_defined():
            return constant(known.as_list(), out_type, name=scope)
        return Shape(input, out_type, name=scope)


@export("shape_n")
def shape_n(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> list[Tensor]:
    """The shapes of a list of tensors, as a list of int vectors."""
    return ShapeN(input, out_type, name=name)


@export("size")
def size(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """The number of elements of a (sparse) tensor; a constant when it is known statically."""
    return size_internal(input, name, True, out_type)


def size_internal(input: Any, name: str | None = None, optimize: bool = True, out_type: Any = dtypes.int32) -> Tensor:
    with name_scope(name, "Size", [input]) as scope:
        if isinstance(input, _SPARSE):
            return raw.Prod(raw.Cast(input.dense_shape, out_type), 0, name=scope)
        input = convert_to_tensor(input)
        known = input.get_shape()
        if optimize and known.is_fully_defined():
            return constant(known.num_elements(), out_type, name=scope)
        if optimize and known.ndims and 0 in known.as_list():
            return constant(0, out_type, name=scope)
        return Size(input, out_type, name=scope)


@export("rank")
def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes of a (sparse) tensor, int32; a constant when it is known statically."""
    return rank_internal(input, name, True)


def rank_internal(input: Any, name: str | None = None, optimize: bool = True) -> Tensor:
    with name_scope(name, "Rank", [input]) as scope:
        if isinstance(input, _SPARSE):
            return Size(input.dense_shape, name=scope)
        input = convert_to_tensor(input)
        known = input.get_shape().ndims
        if optimize and known is not None:
            return constant(known, dtypes.int32, name=scope)
        return Rank(input, name=scope)
