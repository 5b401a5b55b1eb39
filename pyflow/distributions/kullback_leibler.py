"""Kullback-Leibler divergences: a table of functions by the types of two distributions."""

from __future__ import annotations

import inspect
from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.comparison import logical_not
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.math_rounding import is_nan
from pyflow.ops.messages import Assert
from pyflow.ops.reduce_functions import reduce_any

_DIVERGENCES: dict[tuple[type, type], Callable] = {}


def _registered_kl(type_a: type, type_b: type) -> Callable | None:
    """What is registered for the nearest pair of base classes."""
    bases_a, bases_b = inspect.getmro(type_a), inspect.getmro(type_b)
    pairs = ((i + j, i, a, b) for i, a in enumerate(bases_a) for j, b in enumerate(bases_b) if (a, b) in _DIVERGENCES)
    nearest = min(pairs, key=lambda pair: pair[:2], default=None)
    return nearest and _DIVERGENCES[nearest[2:]]


@export("distributions.kl_divergence", "contrib.distributions.kl_divergence")
def kl_divergence(
    distribution_a: Any, distribution_b: Any, allow_nan_stats: bool = True, name: str | None = None
) -> Tensor:
    """The divergence of b from a, in nats: the expectation under a of log a(x) - log b(x). Shape: the batch shapes'.

    Args:
      allow_nan_stats: if False, a run in which the result is not a number fails.

    Raises:
      NotImplementedError: nothing is registered for the two types.
    """
    function = _registered_kl(type(distribution_a), type(distribution_b))
    if function is None:
        raise NotImplementedError(
            "No KL(distribution_a || distribution_b) registered for distribution_a "
            f"type {type(distribution_a).__name__} and distribution_b type {type(distribution_b).__name__}"
        )
    with name_scope("KullbackLeibler"):
        divergence = function(distribution_a, distribution_b, name=name)
        if allow_nan_stats:
            return divergence
        words = (
            f"KL calculation between {distribution_a.name} and {distribution_b.name} returned NaN values "
            "(and was called with allow_nan_stats=False). Values:"
        )
        check = Assert(logical_not(reduce_any(is_nan(divergence))), [words, divergence])
        return with_dependencies([check], divergence)


def cross_entropy(ref: Any, other: Any, allow_nan_stats: bool = True, name: str | None = None) -> Tensor:
    """The entropy of `ref` and the divergence of `other` from it."""
    with name_scope(name, "cross_entropy"):
        return ref.entropy() + kl_divergence(ref, other, allow_nan_stats=allow_nan_stats)


@export("distributions.RegisterKL", "contrib.distributions.RegisterKL")
class RegisterKL:
    """A decorator that registers a function(a, b, name=None) as the divergence for two classes.

    Raises (where it decorates):
      TypeError: it is no function.
      ValueError: the two classes have one.
    """

    def __init__(self, dist_cls_a: type, dist_cls_b: type):
        self._key = (dist_cls_a, dist_cls_b)

    def __call__(self, kl_fn: Callable) -> Callable:
        if not callable(kl_fn):
            raise TypeError(f"kl_fn must be callable, received: {kl_fn}")
        if self._key in _DIVERGENCES:
            a, b = (cls.__name__ for cls in self._key)
            raise ValueError(f"KL({a} || {b}) has already been registered to: {_DIVERGENCES[self._key]}")
        _DIVERGENCES[self._key] = kl_fn
        return kl_fn
