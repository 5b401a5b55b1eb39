"""Random first values whose scale follows from the layer's size (tf.contrib.layers.xavier_initializer and friends)."""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.tensor import Tensor
from pyflow.ops.initializers import fans
from pyflow.ops.random import random_uniform, truncated_normal

# A normal distribution cut off at twice its deviation σ has the variance σ²/1.3, by this module's old convention.
_CUT_OFF = 1.3

_MODES = ["FAN_IN", "FAN_OUT", "FAN_AVG"]


@export("contrib.layers.variance_scaling_initializer")
def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: Any = dtypes.float32,
) -> Callable[..., Tensor]:
    """A function from a shape to random numbers of mean 0 and variance `factor` / n.

    The defaults are those of He et al. (2015), https://arxiv.org/abs/1502.01852.

    Args:
      mode: what n counts: "FAN_IN" the inputs of an output, "FAN_OUT" the outputs of an input, "FAN_AVG" their mean.
      uniform: a uniform distribution instead of a truncated normal one.

    Raises:
      TypeError: `dtype` is not a floating one, or the mode is none of these.
    """
    _check_floating(dtype)
    if mode not in _MODES:
        raise TypeError(f"Unknown mode {mode} [{', '.join(_MODES)}]")

    def initializer(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> Tensor:
        _check_floating(dtype)
        fan_in, fan_out = fans(shape)
        n = {"FAN_IN": float(fan_in), "FAN_OUT": float(fan_out), "FAN_AVG": (fan_in + fan_out) / 2.0}[mode]
        if uniform:
            limit = math.sqrt(3.0 * factor / n)
            return random_uniform(shape, -limit, limit, dtype, seed=seed)
        return truncated_normal(shape, 0.0, math.sqrt(_CUT_OFF * factor / n), dtype, seed=seed)

    return initializer


@export("contrib.layers.xavier_initializer", "contrib.layers.xavier_initializer_conv2d")
def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = dtypes.float32
) -> Callable[..., Tensor]:
    """A function from a shape to random numbers of variance 2 / (inputs + outputs).

    Glorot & Bengio (2010), http://proceedings.mlr.press/v9/glorot10a.html.
    """
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


def _check_floating(dtype: Any) -> None:
    if not dtypes.as_dtype(dtype).is_floating:
        raise TypeError("Cannot create initializer for non-floating point type.")
