"""Sums of many tensors of one shape."""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_n_to_tensor_or_indexed_slices, convert_to_tensor
from pyflow.core.dtypes import NUMERIC, variant
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import ShapeError, attr, op, sample
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_dimensions import kernel_words
from pyflow.ops.array_identity import identity
from pyflow.ops.gpu import REALS, Dispatch, dispatches, elementwise, groups, size, word_of
from pyflow.ops.shape_rules import merge, merge_all, text

_COUNT = attr("int", minimum=1)
_THREE = sample([[1.0, 2.0], [3.0, -4.0], [0.5, 0.25]])


def _add_up(inputs: list, out: np.ndarray) -> None:
    if len(inputs) == 1:
        np.copyto(out, inputs[0])
        return
    np.add(inputs[0], inputs[1], out=out)
    for value in inputs[2:]:
        np.add(out, value, out=out)


def _sum(node: Any) -> str:
    return " + ".join(f"inputs{i}" for i in range(len(node.inputs)))


_TERMS = 7  # of shaders/elementwise/sum.wgsl


def _sum_of_many(node: Any) -> list[Dispatch]:
    """More terms than one shader can bind, some at a time."""
    out = node.outputs[0]
    total, rest, steps = node.inputs[0], node.inputs[1:], []
    while rest:
        terms, rest = [total, *rest[: _TERMS - 1]], rest[_TERMS - 1 :]
        total = node.scratch(out.shape, out.dtype) if rest else out
        bound = [*terms, *[terms[0]] * (_TERMS - len(terms))]
        kinds, sizes = {"T": word_of(out)}, {"COUNT": size(out), "TERMS": len(terms)}
        steps.append(Dispatch("elementwise/sum.wgsl", bound, [total], groups(size(out)), kinds, **sizes))
    return steps


_ON_GPU = (elementwise(_sum), dispatches(_sum_of_many, types=REALS))


def _unequal(shapes: Any) -> str:
    i = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), 0)
    return (
        "Inputs to operation {node} of type AddN must have the same size and shape.  "
        f"Input 0: {text(shapes[0])} != input {i}: {text(shapes[i])}"
    )


@op("AddN(inputs: N*T) -> (sum: T)", N=_COUNT, T=(*NUMERIC, variant))
class AddN:
    """The sum of tensors of one shape."""

    def shape(inputs):
        merged = inputs[-1]
        for i in range(len(inputs) - 2, -1, -1):
            try:
                merged = merge(inputs[i], merged)
            except ShapeError as error:
                words = f"{error}\n\tFrom merging shape {i} with other shapes."
                raise ShapeError(words, _unequal(inputs)) from None
        return merged

    cpu = _add_up

    def variant(*inputs):
        return functools.reduce(operator.add, inputs)

    def grad(op, grad):
        return [grad] * len(op.inputs)

    gpu = _ON_GPU
    samples = [_THREE]


@op("AccumulateNV2(inputs: N*T) -> (sum: T)", N=_COUNT, T=NUMERIC, shape=attr("shape"))
class AccumulateNV2:
    """The sum of tensors of one shape, which is given too."""

    def shape(inputs, shape):
        with kernel_words(lambda: "Parameters and update must be the same size"):
            return merge_all([*inputs, shape.as_tuple()])

    cpu = _add_up

    def grad(op, grad):
        return [grad] * len(op.inputs)

    gpu = _ON_GPU
    samples = [sample([[1.0, 2.0], [3.0, -4.0]], shape=[2])]


@export("add_n", "math.add_n")
def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """The sum of tensors of one shape and dtype; `IndexedSlices` are made dense first.

    Raises:
      ValueError: `inputs` is no list of at least one tensor, or shapes or dtypes differ.
    """
    words = "inputs must be a list of at least one Tensor/IndexedSlices with the same dtype and shape"
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise ValueError(words)
    tensors = convert_n_to_tensor_or_indexed_slices(inputs)
    if not all(isinstance(t, (Tensor, IndexedSlices)) for t in tensors):
        raise ValueError(words)
    if len(tensors) > 1:
        return AddN(tensors, name=name)
    tensor = convert_to_tensor(tensors[0])
    return identity(tensor, name=name) if name else tensor


@export("accumulate_n", "math.accumulate_n")
def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Tensor:
    """The sum of tensors of one shape and dtype, which may be given to be checked.

    Raises:
      ValueError: `inputs` is no list of at least one tensor, or shapes or dtypes differ.
      TypeError: `tensor_dtype` is not that of the inputs.
    """
    words = "inputs must be a list of at least one Tensor with the same dtype and shape"
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise ValueError(words)
    tensors = convert_n_to_tensor_or_indexed_slices(inputs)
    if not all(isinstance(t, Tensor) and t.dtype == tensors[0].dtype for t in tensors):
        raise ValueError(words)
    merged = TensorShape(None) if shape is None else as_shape(shape)
    for tensor in tensors:
        merged = merged.merge_with(tensor.shape)
    if tensor_dtype is not None and tensor_dtype != tensors[0].dtype:
        raise TypeError(f"tensor_dtype is {tensor_dtype}, but input is of type {tensors[0].dtype}")
    if len(tensors) > 1:
        return AccumulateNV2(tensors, shape=merged, name=name)
    return tensors[0] if name is None else identity(tensors[0], name=name)
