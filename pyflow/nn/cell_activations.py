"""Activations and initializers that cells take by name, as Keras names them."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.api import PUBLIC

_ACTIVATIONS = {
    "elu": "nn.elu",
    "exponential": "exp",
    "linear": "identity",
    "relu": "nn.relu",
    "selu": "nn.selu",
    "sigmoid": "sigmoid",
    "softmax": "nn.softmax",
    "softplus": "nn.softplus",
    "softsign": "nn.softsign",
    "tanh": "tanh",
}
_INITIALIZERS = {
    "constant": "constant_initializer",
    "glorot_normal": "glorot_normal_initializer",
    "glorot_uniform": "glorot_uniform_initializer",
    "identity": "initializers.identity",
    "ones": "ones_initializer",
    "orthogonal": "orthogonal_initializer",
    "random_normal": "random_normal_initializer",
    "random_uniform": "random_uniform_initializer",
    "truncated_normal": "truncated_normal_initializer",
    "variance_scaling": "variance_scaling_initializer",
    "zeros": "zeros_initializer",
}


def activation(identifier: Any) -> Callable:
    """A function on tensors, given itself or by name; None stands for tanh.

    Raises:
      ValueError: there is none of that name.
    """
    if not identifier:
        return PUBLIC["tanh"]
    if callable(identifier):
        return identifier
    if identifier not in _ACTIVATIONS:
        raise ValueError(f"Unknown activation function:{identifier}")
    return PUBLIC[_ACTIVATIONS[identifier]]


def activation_name(function: Callable) -> str:
    """The name to be put in a cell's config."""
    return next((name for name, public in _ACTIVATIONS.items() if PUBLIC[public] is function), function.__name__)


def initializer(identifier: Any) -> Any:
    """An initializer, given itself, by name, or as a config; None stays None.

    Raises:
      ValueError: there is none of that name.
    """
    if isinstance(identifier, dict):
        return initializer_class(identifier["class_name"]).from_config(identifier["config"])
    if isinstance(identifier, str):
        return initializer_class(identifier)()
    if identifier is None or callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret initializer identifier: {identifier}")


def initializer_class(name: str) -> Any:
    public = _INITIALIZERS.get(name)
    if public is None:
        public = next((p for p in _INITIALIZERS.values() if PUBLIC[p].__name__ == name), None)
    if public is None:
        raise ValueError(f"Unknown initializer: {name}")
    return PUBLIC[public]


def initializer_config(value: Any) -> Any:
    """What `initializer` makes the same initializer of."""
    if value is None:
        return None
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    return value.__name__
