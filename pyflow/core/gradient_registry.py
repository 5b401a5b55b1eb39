"""Which function computes an op's gradient: the one that stands with the op, or one registered under a name."""

from __future__ import annotations

import sys
from typing import Any, Callable

from pyflow.core import registry
from pyflow.core.api import export
from pyflow.core.operation import Operation

_registered: dict[str, Any] = {}
_places: dict[str, str] = {}  # where each was registered


@export("RegisterGradient")
class RegisterGradient:
    """Decorator that registers `grad(op, *grads)` for an op type, or under a name for `gradient_override_map`.

    Raises:
      TypeError: the name is no string.
      KeyError: there is a gradient of that name already.
    """

    def __init__(self, op_type: str):
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, f: Callable) -> Callable:
        _register(self._op_type, f)
        return f


def _register(op_type: str, gradient: Any) -> None:
    definition = registry.OPS.get(op_type)
    if op_type in _registered or (definition is not None and definition.grad is not None):
        place = _places.get(op_type, "the definition of the op")
        raise KeyError(f"Registering two gradient with name '{op_type}'! (Previous registration was in {place})")
    _registered[op_type] = gradient
    frame = sys._getframe(2)
    _places[op_type] = f"{frame.f_code.co_name} {frame.f_code.co_filename}:{frame.f_lineno}"


@export("NotDifferentiable", "NoGradient", "no_gradient")
def no_gradient(op_type: str) -> None:
    """States that ops of a type have no gradient.

    Raises:
      TypeError: `op_type` is no string.
    """
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    _register(op_type, registry.NOT_DIFFERENTIABLE)


def gradient_function(op: Operation) -> Callable | None:
    """The gradient function of a node, or None when it has none by nature.

    Raises:
      LookupError: no gradient is registered.
    """
    if not op.inputs:
        return None
    override = op.attrs.get("_gradient_op_type")
    if override is not None:
        override = override.decode() if isinstance(override, bytes) else override
    gradient = _registered.get(override or op.type)
    if gradient is None:
        definition = registry.OPS.get(override) if override else op.definition
        gradient = definition.grad if definition is not None else None
    if gradient is None:
        raise LookupError(f"gradient registry has no entry for: {override or op.type}")
    return None if gradient is registry.NOT_DIFFERENTIABLE else gradient
