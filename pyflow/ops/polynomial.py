"""Polynomials."""

from __future__ import annotations

from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import zeros_like


@export("math.polyval")
def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """The polynomial with the coefficients `coeffs`, highest power first, at `x`: by Horner's scheme.

    Args:
      coeffs: a list of tensors that broadcast against `x`; an empty one gives 0.
    """
    with name_scope(name, "polyval", [*nest.flatten(coeffs), x]) as scope:
        x = convert_to_tensor(x, name="x")
        if len(coeffs) < 1:
            return zeros_like(x, name=scope)
        tensors = [convert_to_tensor(coefficient, name=f"coeff_{i}") for i, coefficient in enumerate(coeffs)]
        value = tensors[0]
        for coefficient in tensors[1:]:
            value = coefficient + value * x
        return value
