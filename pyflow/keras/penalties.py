"""tf.keras.regularizers and tf.keras.constraints."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.keras import backend
from pyflow.keras.backend_math import constant, sqrt
from pyflow.keras.serialization import getter
from pyflow.ops.array import reshape
from pyflow.ops.array_gather import gather
from pyflow.ops.cast import cast
from pyflow.ops.clip import clip_by_value
from pyflow.ops.comparison import GreaterEqual as greater_equal
from pyflow.ops.math_unary import abs as tf_abs
from pyflow.ops.math_unary import square
from pyflow.ops.reduce_functions import reduce_sum


@export("keras.regularizers.Regularizer")
class Regularizer:
    """A function from a variable to a loss, with a config."""

    def __call__(self, x: Any) -> Any:
        return 0.0

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


@export("keras.regularizers.L1L2")
class L1L2(Regularizer):
    """l1 · Σ|x| + l2 · Σx²."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0):
        self.l1, self.l2 = np.float32(l1), np.float32(l2)

    def __call__(self, x: Any) -> Any:
        if not self.l1 and not self.l2:
            return constant(0.0)
        total: Any = 0.0
        if self.l1:
            total += reduce_sum(self.l1 * tf_abs(x))
        if self.l2:
            total += reduce_sum(self.l2 * square(x))
        return total

    def get_config(self) -> dict[str, float]:
        return {"l1": float(self.l1), "l2": float(self.l2)}


@export("keras.regularizers.l1")
def l1(l: float = 0.01) -> L1L2:
    """l · Σ|x|."""
    return L1L2(l1=l)


@export("keras.regularizers.l2")
def l2(l: float = 0.01) -> L1L2:
    """l · Σx²."""
    return L1L2(l2=l)


@export("keras.regularizers.l1_l2")
def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """l1 · Σ|x| + l2 · Σx²."""
    return L1L2(l1=l1, l2=l2)


get_regularizer, serialize_regularizer, deserialize_regularizer = getter("regularizers", "regularizer", makes=True)


@export("keras.constraints.Constraint")
class Constraint:
    """A function from a variable's value to one that it may have."""

    def __call__(self, w: Any) -> Any:
        return w

    def get_config(self) -> dict[str, Any]:
        return {}


def _norms(w: Any, axis: Any) -> Any:
    return sqrt(reduce_sum(square(w), axis=axis, keepdims=True))


@export("keras.constraints.MaxNorm", "keras.constraints.max_norm")
class MaxNorm(Constraint):
    """No vector along `axis` is longer than `max_value`."""

    def __init__(self, max_value: float = 2, axis: Any = 0):
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        return w * (clip_by_value(norms, 0.0, self.max_value) / (backend.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


@export("keras.constraints.NonNeg", "keras.constraints.non_neg")
class NonNeg(Constraint):
    """Nothing is below 0."""

    def __call__(self, w: Any) -> Any:
        return w * cast(greater_equal(w, 0.0), backend.floatx())


@export("keras.constraints.UnitNorm", "keras.constraints.unit_norm")
class UnitNorm(Constraint):
    """Every vector along `axis` has length 1."""

    def __init__(self, axis: Any = 0):
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return w / (backend.epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


@export("keras.constraints.MinMaxNorm", "keras.constraints.min_max_norm")
class MinMaxNorm(Constraint):
    """The lengths of vectors along `axis` are moved, by a part `rate` of the way, between two bounds."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        wanted = self.rate * clip_by_value(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (backend.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


@export("keras.constraints.RadialConstraint", "keras.constraints.radial_constraint")
class RadialConstraint(Constraint):
    """Kernels [n, n, in, out] depend on the distance from the window's middle only: the outer ring's first
    diagonal element is all of the ring."""

    def __call__(self, w: Any) -> Any:
        shape = w.shape.as_list()
        if len(shape) != 4:
            raise ValueError(f"The weight tensor must be of rank 4, but is of shape: {w.shape}")
        height, width, channels, kernels = shape
        middle = width // 2
        rings = [
            [max(abs(i - middle), abs(j - middle)) if width % 2 else max(_even(i, middle), _even(j, middle))
             for j in range(width)]
            for i in range(height)
        ]  # fmt: skip
        flat = reshape(w, (height * width, channels, kernels))
        where = [(middle - r if width % 2 else middle - 1 - r) * (width + 1) for row in rings for r in row]
        return reshape(gather(flat, where), shape)


def _even(i: int, middle: int) -> int:
    return i - middle if i >= middle else middle - 1 - i


get_constraint, serialize_constraint, deserialize_constraint = getter("constraints", "constraint", makes=True)
