"""What all metrics are made of: variables that are added to, and the shapes of what is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import add_to_collections, control_dependencies
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_shape import rank
from pyflow.ops.comparison import equal
from pyflow.ops.cond import cond
from pyflow.ops.confusion_matrix import remove_squeezable_dimensions
from pyflow.ops.variable_base import Variable, VariableAggregation, VariableSynchronization


def metric_variable(shape: Any, dtype: Any, validate_shape: bool = True, name: str | None = None) -> Any:
    """A variable of zeros for a metric: local, so that it is neither trained nor saved, and easily reset."""
    return Variable(
        lambda: zeros(shape, dtype),
        trainable=False,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
        validate_shape=validate_shape,
        synchronization=VariableSynchronization.ON_READ,
        aggregation=VariableAggregation.SUM,
        name=name,
    )


def value_of(collections: Any, compute: Callable[..., Any], *arguments: Any) -> Any:
    """The value of a metric, whose nodes wait for nothing, put into the collections."""
    with control_dependencies(None):
        value = compute(*arguments)
    if collections:
        add_to_collections(collections, value)
    return value


def read(variable: Any) -> Tensor:
    """A variable's value as it stands."""
    return raw.Identity(variable)


def published(value: Any, update: Any, updates_collections: Iterable[str] | str | None) -> tuple[Any, Any]:
    """Value and update of a metric; the update is put into the collections."""
    if updates_collections:
        add_to_collections(updates_collections, update)
    return value, update


def matched(predictions: Any, labels: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Predictions, labels and weights with as many dimensions, where they differ by one of size 1 at the end."""
    predictions = convert_to_tensor(predictions)
    if labels is not None:
        labels, predictions = remove_squeezable_dimensions(labels, predictions)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
    if weights is None:
        return predictions, labels, None
    weights = convert_to_tensor(weights)
    own, other = weights.get_shape().ndims, predictions.get_shape().ndims
    if own == 0:
        return predictions, labels, weights
    if own is not None and other is not None:
        if own - other == 1:
            weights = squeeze(weights, [-1])
        elif other - own == 1:
            weights = expand_dims(weights, [-1])
        return predictions, labels, weights
    return predictions, labels, _matched_when_run(weights, predictions)


def _matched_when_run(weights: Tensor, predictions: Tensor) -> Tensor:
    own = rank(weights)
    difference = own - rank(predictions)
    shape = weights.get_shape()
    cannot_squeeze = shape.ndims is not None and not shape.dims[-1].is_compatible_with(1)  # type: ignore[index]

    def squeezed() -> Tensor:
        return weights if cannot_squeeze else squeeze(weights, [-1])

    def expanded() -> Tensor:
        return cond(equal(difference, -1), lambda: expand_dims(weights, [-1]), lambda: weights)

    return cond(equal(own, 0), lambda: weights, lambda: cond(equal(difference, 1), squeezed, expanded))
