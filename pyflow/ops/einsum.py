"""`tf.einsum`: sums of products of tensors, written as an equation of axis labels."""

from __future__ import annotations

import re
import string
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape, shape, transpose
from pyflow.ops.linalg_basics import trace
from pyflow.ops.math_binary import multiply
from pyflow.ops.matmul import matmul
from pyflow.ops.reduce_functions import reduce_sum

_EQUATION = re.compile("^([a-zA-Z,.]+)(->[a-zA-Z.]*)?$")


@export("einsum", "linalg.einsum")
def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Tensor:
    """The sum of products that `equation` describes.

    "ij,jk->ik" is a matrix product: each input has its axes labelled, and labels that the output lacks are summed over.
    Without "->" the output has the labels that occur once, in alphabetical order. "..." stands for further axes, which
    broadcast.

    Args:
      equation: the labels; spaces don't count.
      *inputs: tensors of one dtype.
      name: a name for the operation.

    Raises:
      TypeError: another keyword argument is given.
      ValueError: the equation is malformed or doesn't fit the inputs, or a label occurs twice in one input (but for the
        trace of a matrix, "ii").
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise TypeError(f"invalid keyword arguments for this function: {', '.join(sorted(kwargs))}")
    with name_scope(name, "einsum", [equation, inputs]):
        tensors = list(inputs)
        labels, output = _labels(equation, tensors)
        if len(labels) == 1 and "->" not in equation and labels[0] == labels[0][::-1] and _has_pair(labels[0]):
            return trace(tensors[0])
        for each in labels:
            if len(set(each)) < len(each):
                raise ValueError(f"Subscript not supported: an axis appears more than once: {each}")
        every = sorted(set("".join(labels) + output))
        if any(a not in output and sum(a in each for each in labels) > 2 for a in every):
            return _sum_of_whole_product(tensors, labels, output, every)
        product, product_labels = tensors[0], labels[0]
        for tensor, each in zip(tensors[1:], labels[1:]):
            summed = (set(product_labels) & set(each)) - set(output)
            product, product_labels = _contract(product, product_labels, tensor, each, summed)
        if set(product_labels) - set(output):
            product = reduce_sum(product, axis=[i for i, a in enumerate(product_labels) if a not in output])
            product_labels = "".join(a for a in product_labels if a in output)
        if sorted(product_labels) != sorted(output):
            raise ValueError(f"Invalid equation: {equation}")
        return _in_order(product, [product_labels.index(a) for a in output])


def _has_pair(labels: str) -> bool:
    return any(labels.count(a) == 2 for a in labels)


def _labels(equation: str, tensors: list) -> tuple[list[str], str]:
    """The labels of each input and of the output, with letters in the place of "...".

    Raises:
      ValueError: the equation is malformed or doesn't fit the number or ranks of inputs.
    """
    equation = equation.replace(" ", "")
    match = _EQUATION.match(equation)
    if not match:
        raise ValueError(f"Indices have incorrect format: {equation}")
    labels = match[1].split(",")
    output = match[2][2:] if match[2] else None
    if len(tensors) != len(labels):
        raise ValueError(f'Got {len(tensors)} arguments for equation "{equation}", expecting {len(labels)}')
    further = ""
    if "..." in equation:
        unused = "".join(c for c in string.ascii_letters if c not in match[1])
        for i, each in enumerate(labels):
            if "..." in each:
                axes = _further_axes(each, tensors[i], unused)
                labels[i] = each.replace("...", axes)
                further = max(further, axes, key=len)
    if any("." in each for each in labels):
        raise ValueError('period "." found outside of ellipsis')
    if output is None:
        given = "".join(labels)
        return labels, further + "".join(sorted(a for a in set(given) - set(further) if given.count(a) == 1))
    output = output.replace("...", further)
    if "." in output:
        raise ValueError('period "." found outside of ellipsis')
    return labels, output


def _further_axes(labels: str, tensor: Any, unused: str) -> str:
    """The letters for the axes that "..." stands for in one input: the last of the unused ones, so that they align."""
    if labels.count("...") > 1:
        raise ValueError("Unable to resolve ellipsis. Excess number found.")
    rank = tensor.get_shape().ndims
    if rank is None:
        raise ValueError("Unable to statically infer ellipsis axes.")
    count = rank - (len(labels) - 3)
    if count < 0:
        raise ValueError("Ellipses lengths do not match.")
    if len(unused) < count:
        raise ValueError("Unable to resolve ellipsis, too many distinct labels.")
    return unused[-count:] if count else ""


def _contract(x: Tensor, x_labels: str, y: Tensor, y_labels: str, summed: set[str]) -> tuple[Tensor, str]:
    """The product of two tensors, summed over the given labels that both have, and its labels."""
    for i, (tensor, labels) in enumerate(((x, x_labels), (y, y_labels))):
        rank = tensor.get_shape().ndims
        if rank is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        if rank != len(labels):
            raise ValueError(f"Tensor t{i} of rank {rank} does not match einsum reduction of length {len(labels)}")
    kept = sorted((set(x_labels) & set(y_labels)) - summed)
    summed_order = sorted(summed)
    x_own = sorted(set(x_labels) - set(y_labels))
    y_own = sorted(set(y_labels) - set(x_labels))
    x = _in_order(x, [x_labels.index(a) for a in kept + x_own + summed_order])
    y = _in_order(y, [y_labels.index(a) for a in kept + summed_order + y_own])
    product_labels = "".join(kept + x_own + y_own)
    if not summed:
        for _ in y_own:
            x = expand_dims(x, -1)
        for _ in x_own:
            y = expand_dims(y, len(kept))
        return multiply(x, y), product_labels
    # One matrix product for each element along the kept axes: own labels of x by summed ones, times summed by own of y.
    x_dims, y_dims = _dims(x), _dims(y)
    batch = x_dims[: len(kept)]
    x_own_dims, summed_dims = x_dims[len(kept) : len(kept) + len(x_own)], x_dims[len(kept) + len(x_own) :]
    y_own_dims = y_dims[len(kept) + len(summed) :]
    summed_size = _product(summed_dims)
    x = _under(x, [*batch, _product(x_own_dims), summed_size])
    y = _under(y, [*y_dims[: len(kept)], summed_size, _product(y_own_dims)])
    return _under(matmul(x, y), batch + x_own_dims + y_own_dims), product_labels


def _sum_of_whole_product(tensors: list, labels: list[str], output: str, every: list[str]) -> Tensor:
    """The general case, which takes memory for the product before anything is summed."""
    order = [a for a in every if a not in output] + list(output)
    product = None
    sizes: dict[str, int] = {}
    for i, (tensor, each) in enumerate(zip(tensors, labels)):
        static = tensor.get_shape()
        if static.ndims != len(each):
            raise ValueError(
                f"Input {i} with axes {each} has incorrect number of dimensions "
                f"(expected {len(each)}, got {static.ndims})"
            )
        for a, size in zip(each, static.as_list()):
            if size is not None and size > 1 and sizes.setdefault(a, size) != size:
                raise ValueError(f"Dimension mismatch on axis: {a}")
        tensor = _in_order(tensor, [each.index(a) for a in order if a in each])
        for axis, a in enumerate(order):
            if a not in each:
                tensor = expand_dims(tensor, axis)
        product = tensor if product is None else multiply(product, tensor)
    return reduce_sum(product, list(range(len(order) - len(output))))


def _in_order(tensor: Tensor, axes: list[int]) -> Tensor:
    return tensor if axes == list(range(len(axes))) else transpose(tensor, perm=axes)


def _dims(tensor: Tensor) -> list:
    """The dimensions, those that are not known statically as tensors."""
    static = tensor.get_shape().as_list()
    if None not in static:
        return static
    dynamic = shape(tensor)
    return [dynamic[i] if d is None else d for i, d in enumerate(static)]


def _product(dims: list) -> Any:
    result = 1
    for d in dims:
        result *= d
    return result


def _under(tensor: Tensor, dims: list) -> Tensor:
    """The tensor under another shape, as it is if that is its own."""
    if not any(isinstance(d, Tensor) for d in dims) and tensor.get_shape().as_list() == dims:
        return tensor
    return reshape(tensor, dims or np.zeros(0, np.int32))
