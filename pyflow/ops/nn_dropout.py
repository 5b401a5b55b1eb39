"""Dropout."""

from __future__ import annotations

import numbers
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast


def _noise_shape(x: Tensor, noise_shape: Any) -> Any:
    """The shape of the noise; its unknown dimensions are those of `x`."""
    if noise_shape is None:
        return shape(x)
    try:
        wanted = as_shape(noise_shape)
    except (TypeError, ValueError):
        return noise_shape
    if x.shape.dims is None or wanted.dims is None or len(x.shape.dims) != len(wanted.dims):
        return noise_shape
    return TensorShape([own if given is None else given for own, given in zip(x.shape.as_list(), wanted.as_list())])


@export("nn.dropout")
def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """x with each element set to 0 with probability `rate`, the others scaled by 1 / (1 - rate), so the mean stays.

    Args:
      x: floating-point numbers.
      keep_prob: 1 - rate; the older way to say it.
      noise_shape: the shape of the choice, which is broadcast to that of `x`: a 1 makes a dimension be kept or
        dropped as a whole.
      seed: makes the choice the same in each run of the program.
      rate: a number in [0, 1) or a scalar tensor.

    Raises:
      ValueError: neither `rate` nor `keep_prob` is given, or it is out of range, or `x` is not floating-point.
    """
    from pyflow.ops.random import random_uniform

    try:
        drop_prob = None if keep_prob is None else 1.0 - keep_prob
    except TypeError:
        raise ValueError(f"keep_prob must be a floating point number or Tensor (got {keep_prob!r})") from None
    rate = renamed_argument("rate", rate, "keep_prob", drop_prob)
    if rate is None:
        raise ValueError("You must provide a rate to dropout.")
    with name_scope(name, "dropout", [x]) as name:
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_floating:
            raise ValueError(
                f"x has to be a floating point tensor since it's going to be scaled. Got a {x.dtype} tensor instead."
            )
        if isinstance(rate, numbers.Real):
            if not 0 <= rate < 1:
                raise ValueError(f"rate must be a scalar tensor or a float in the range [0, 1), got {rate:g}")
            if rate == 0:
                return x
        rate = convert_to_tensor(rate, dtype=x.dtype, name="rate")
        rate.get_shape().assert_has_rank(0)
        if constant_value(rate) == 0:
            return x
        noise = random_uniform(_noise_shape(x, noise_shape), seed=seed, dtype=x.dtype)
        keep_prob = 1 - rate
        scale = 1 / keep_prob
        keep_mask = noise >= rate
        result = x * scale * cast(keep_mask, x.dtype)
        result.set_shape(x.get_shape())
        return result
