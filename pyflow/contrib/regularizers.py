"""Penalties on weights (tf.contrib.layers.l1_regularizer and friends)."""

from __future__ import annotations

import numbers
from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import add_to_collection, get_collection, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.constant import constant
from pyflow.ops.math_binary import multiply
from pyflow.ops.math_sums import add_n
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.nn_losses import l2_loss
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.platform import logging

Regularizer = Callable[..., "Tensor | None"]


def _scaled(scale: Any, scope: str | None, default: str, penalty: Callable[[Any], Tensor]) -> Regularizer:
    """The regularizer `scale * penalty(weights)`, or one that gives None for scale 0."""
    if isinstance(scale, numbers.Integral):
        raise ValueError(f"scale cannot be an integer: {scale}")
    if isinstance(scale, numbers.Real):
        if scale < 0.0:
            dot = "." if penalty is l2_loss else ""
            raise ValueError(f"Setting a scale less than 0 on a regularizer: {scale:g}{dot}")
        if scale == 0.0:
            logging.info("Scale of 0 disables regularizer.")
            return lambda weights, name=None: None

    def regularizer(weights: Any, name: str | None = None) -> Tensor:
        with name_scope(scope, default, [weights]) as name:
            factor = convert_to_tensor(scale, dtype=weights.dtype.base_dtype, name="scale")
            return multiply(factor, penalty(weights), name=name)

    return regularizer


@export("contrib.layers.l1_regularizer")
def l1_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """A function from weights to scale * Σ|w|, a tensor of shape ().

    Raises:
      ValueError: `scale` is an int, or negative.
    """
    return _scaled(scale, scope, "l1_regularizer", lambda w: reduce_sum(absolute(w)))


@export("contrib.layers.l2_regularizer")
def l2_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """A function from weights to scale * Σw²/2, a tensor of shape ().

    Raises:
      ValueError: `scale` is an int, or negative.
    """
    return _scaled(scale, scope, "l2_regularizer", l2_loss)


@export("contrib.layers.l1_l2_regularizer")
def l1_l2_regularizer(scale_l1: Any = 1.0, scale_l2: Any = 1.0, scope: str | None = None) -> Regularizer:
    """The sum of an l1 and an l2 regularizer."""
    for label, scale in (("scale_l1", scale_l1), ("scale_l2", scale_l2)):
        if isinstance(scale, numbers.Integral):
            raise ValueError(f"{label} cannot be an integer: {scale}")
    scope = scope or "l1_l2_regularizer"
    if scale_l1 == 0.0:
        return l2_regularizer(scale_l2, scope)
    if scale_l2 == 0.0:
        return l1_regularizer(scale_l1, scope)
    total = sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope=scope)
    assert total is not None
    return total


@export("contrib.layers.sum_regularizer")
def sum_regularizer(regularizer_list: Any, scope: str | None = None) -> Regularizer | None:
    """The sum of several regularizers; None if there are none."""
    regularizers = [r for r in regularizer_list if r is not None]
    if not regularizers:
        return None

    def total(weights: Any) -> Tensor | None:
        with name_scope(scope, "sum_regularizer", [weights]) as name:
            penalties = [p for p in (r(weights) for r in regularizers) if p is not None]
            return add_n(penalties, name=name) if penalties else None

    return total


@export("contrib.layers.apply_regularization")
def apply_regularization(regularizer: Regularizer, weights_list: Any = None) -> Tensor:
    """The sum of a regularizer over weights, which it also adds to `GraphKeys.REGULARIZATION_LOSSES`.

    Args:
      weights_list: None takes the collection `GraphKeys.WEIGHTS`.

    Raises:
      ValueError: there are no weights, or the regularizer gives no scalar.
    """
    weights_list = weights_list or get_collection(GraphKeys.WEIGHTS)
    if not weights_list:
        raise ValueError("No weights to regularize.")
    with name_scope("get_regularization_penalty", values=weights_list) as scope:
        penalties = [regularizer(w) for w in weights_list]
        penalties = [constant(0.0) if p is None else p for p in penalties]
        for p in penalties:
            if p.get_shape().ndims != 0:
                raise ValueError(
                    f"regularizer must return a scalar Tensor instead of a Tensor with rank {p.get_shape().ndims}."
                )
        total = add_n(penalties, name=scope)
        add_to_collection(GraphKeys.REGULARIZATION_LOSSES, total)
        return total
