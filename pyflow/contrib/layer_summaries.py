"""tf.contrib.layers' summaries of tensors, activations and collections."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import get_collection
from pyflow.core.tensor import Tensor
from pyflow.ops.cast import cast, to_float
from pyflow.ops.comparison import greater, less
from pyflow.ops.reduce_functions import reduce_mean
from pyflow.summary import functions as summary


def _scalar(tensor: Any, tag: str | None = None) -> Tensor:
    tensor.get_shape().assert_has_rank(0)
    return summary.scalar(tag or f"{tensor.op.name}_summary", tensor)


def _histogram(tensor: Any, tag: str | None = None) -> Tensor:
    return summary.histogram(tag or f"{tensor.op.name}_summary", tensor)


@export("contrib.layers.summarize_activation")
def summarize_activation(op: Tensor) -> Tensor:
    """A histogram of an activation; and for relu and the like, scalars of how often it is at its ends."""
    name, kind = op.op.name, op.op.type

    def share(compare: Callable, bound: float, label: str) -> None:
        x = op.op.inputs[0]
        _scalar(reduce_mean(to_float(compare(x, cast(bound, x.dtype)))), f"{name}/{label}")

    if kind in ("Relu", "Softplus", "Relu6"):
        share(less, 0.0, "zeros")
    if kind == "Relu6":
        share(greater, 6.0, "sixes")
    return _histogram(op, f"{name}/activation")


@export("contrib.layers.summarize_tensor")
def summarize_tensor(tensor: Any, tag: str | None = None) -> Tensor | None:
    """A scalar or histogram of a tensor; None for strings and bools."""
    if tensor.dtype.is_compatible_with(dtypes.string) or tensor.dtype.base_dtype == dtypes.bool:
        return None
    return _scalar(tensor, tag) if tensor.get_shape().ndims == 0 else _histogram(tensor, tag)


@export("contrib.layers.summarize_tensors")
def summarize_tensors(tensors: Any, summarizer: Callable = summarize_tensor) -> list:
    """The summaries of several tensors."""
    return [summarizer(tensor) for tensor in tensors]


@export("contrib.layers.summarize_collection")
def summarize_collection(
    collection: Any, name_filter: str | None = None, summarizer: Callable = summarize_tensor
) -> list:
    """The summaries of a collection's tensors whose names begin as the regular expression says."""
    found = [op for op in get_collection(collection) if name_filter is None or re.match(name_filter, op.op.name)]
    return summarize_tensors(found, summarizer)


summarize_variables = export("contrib.layers.summaries.summarize_variables")(
    functools.partial(summarize_collection, GraphKeys.GLOBAL_VARIABLES)
)
summarize_weights = export("contrib.layers.summaries.summarize_weights")(
    functools.partial(summarize_collection, GraphKeys.WEIGHTS)
)
summarize_biases = export("contrib.layers.summaries.summarize_biases")(
    functools.partial(summarize_collection, GraphKeys.BIASES)
)


@export("contrib.layers.summarize_activations")
def summarize_activations(name_filter: str | None = None, summarizer: Callable = summarize_activation) -> list:
    """The summaries of the collection `GraphKeys.ACTIVATIONS`."""
    return summarize_collection(GraphKeys.ACTIVATIONS, name_filter, summarizer)


for _function in (
    summarize_activation,
    summarize_activations,
    summarize_collection,
    summarize_tensor,
    summarize_tensors,
):
    export(f"contrib.layers.summaries.{_function.__name__}")(_function)
