"""tf.contrib.slim.summaries: summaries named after their tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import add_to_collection
from pyflow.core.tensor import Tensor
from pyflow.ops.messages import Print
from pyflow.ops.nn_normalization import zero_fraction
from pyflow.summary import functions as summary


def _name(tensor: Any, name: str | None, prefix: str | None, postfix: str | None = None) -> str:
    return "/".join(part for part in (prefix, name or tensor.op.name, postfix) if part)


def _made(make: Callable, tensor: Tensor, name: str, print_summary: bool) -> Tensor:
    op = make(name=name, tensor=tensor, collections=[] if print_summary else None)
    if print_summary:
        op = Print(op, [tensor], name)
        add_to_collection(GraphKeys.SUMMARIES, op)
    return op


@export("contrib.slim.summaries.add_histogram_summary")
def add_histogram_summary(tensor: Tensor, name: str | None = None, prefix: str | None = None) -> Tensor:
    """A histogram summary; its name is `name`, by default the tensor's, behind `prefix`."""
    return summary.histogram(_name(tensor, name, prefix), tensor)


@export("contrib.slim.summaries.add_image_summary")
def add_image_summary(
    tensor: Tensor, name: str | None = None, prefix: str | None = None, print_summary: bool = False
) -> Tensor:
    """An image summary, which may be printed when it is evaluated."""
    return _made(summary.image, tensor, _name(tensor, name, prefix), print_summary)


@export("contrib.slim.summaries.add_scalar_summary")
def add_scalar_summary(
    tensor: Tensor, name: str | None = None, prefix: str | None = None, print_summary: bool = False
) -> Tensor:
    """A scalar summary, whose value may be printed when it is evaluated."""
    return _made(summary.scalar, tensor, _name(tensor, name, prefix), print_summary)


@export("contrib.slim.summaries.add_zero_fraction_summary")
def add_zero_fraction_summary(
    tensor: Tensor, name: str | None = None, prefix: str | None = None, print_summary: bool = False
) -> Tensor:
    """A scalar summary of the fraction of elements that are 0."""
    name = _name(tensor, name, prefix, "Fraction_of_Zero_Values")
    return add_scalar_summary(zero_fraction(tensor), name, print_summary=print_summary)


@export("contrib.slim.summaries.add_histogram_summaries")
def add_histogram_summaries(tensors: Any, prefix: str | None = None) -> list[Tensor]:
    """A histogram summary of each tensor."""
    return [add_histogram_summary(tensor, prefix=prefix) for tensor in tensors]


@export("contrib.slim.summaries.add_image_summaries")
def add_image_summaries(tensors: Any, prefix: str | None = None) -> list[Tensor]:
    """An image summary of each tensor."""
    return [add_image_summary(tensor, prefix=prefix) for tensor in tensors]


@export("contrib.slim.summaries.add_scalar_summaries")
def add_scalar_summaries(tensors: Any, prefix: str | None = None, print_summary: bool = False) -> list[Tensor]:
    """A scalar summary of each tensor."""
    return [add_scalar_summary(tensor, prefix=prefix, print_summary=print_summary) for tensor in tensors]


@export("contrib.slim.summaries.add_zero_fraction_summaries")
def add_zero_fraction_summaries(tensors: Any, prefix: str | None = None) -> list[Tensor]:
    """A summary of the fraction of zeros of each tensor."""
    return [add_zero_fraction_summary(tensor, prefix=prefix) for tensor in tensors]
