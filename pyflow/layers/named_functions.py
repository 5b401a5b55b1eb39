"""Initializers, activations and the like, given as objects, classes or names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pyflow.core.api import PUBLIC
from pyflow.ops.initializers import ones_initializer, zeros_initializer

# The defaults of the layers' arguments.
ZEROS, ONES = zeros_initializer(), ones_initializer()

_ACTIVATIONS = {
    name: f"nn.{name}" for name in ("elu", "relu", "selu", "softplus", "softsign", "sigmoid", "softmax", "tanh")
}
_INITIALIZERS = {
    "normal": "initializers.random_normal",
    "uniform": "initializers.random_uniform",
    "one": "initializers.ones",
    "zero": "initializers.zeros",
}


def get_initializer(identifier: Any) -> Any:
    """An initializer from itself, its class, or its name; None for None.

    Raises:
      ValueError: there is none of that name.
    """
    if isinstance(identifier, str):
        found = PUBLIC.get(_INITIALIZERS.get(identifier, f"initializers.{identifier}"))
        if found is None:
            raise ValueError(f"Unknown initializer: {identifier}")
        identifier = found
    return identifier() if inspect.isclass(identifier) else identifier


def _linear(x: Any) -> Any:
    return x


def get_activation(identifier: Any) -> Callable[..., Any] | None:
    """An activation from itself or its name; None for None.

    Raises:
      ValueError: there is none of that name.
    """
    if not isinstance(identifier, str):
        return identifier
    if identifier == "linear":
        return _linear
    found = PUBLIC.get(_ACTIVATIONS.get(identifier, ""))
    if found is None:
        raise ValueError(f"Unknown activation function:{identifier}")
    return found
