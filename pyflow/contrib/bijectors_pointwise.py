"""tf.contrib.distributions.bijectors that map each number on its own."""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.contrib.bijector import Bijector
from pyflow.contrib.sample_statistics import softplus_inverse
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_identity import identity
from pyflow.ops.cast import cast
from pyflow.ops.checks import (
    assert_greater,
    assert_less,
    assert_less_equal,
    assert_non_negative,
    assert_none_equal,
    assert_positive,
    assert_same_float_dtype,
)
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import exp, expm1, log, log1p, sqrt, square
from pyflow.ops.nn_activations import softplus

_SPACE = "contrib.distributions.bijectors."


def _checked(bijector: Bijector, tensor: Tensor, *checks: Callable) -> Tensor:
    """The tensor, checked in each run when the bijector validates."""
    return with_dependencies([check() for check in checks], tensor) if bijector.validate_args else tensor


class Pointwise(Bijector):
    """Without parameters, or with ones that `_set` converts."""

    def __init__(self, validate_args: bool, name: str, **options: Any):
        super().__init__(forward_min_event_ndims=0, validate_args=validate_args, name=name, **options)

    def _within(self, y: Tensor) -> Tensor:
        """y in [0, 1], as it is for distribution functions."""
        what = "Inverse transformation input must be"
        one = constant(1.0, y.dtype)
        return _checked(
            self,
            y,
            lambda: assert_non_negative(y, message=f"{what} greater than 0."),
            lambda: assert_less_equal(y, one, message=f"{what} less than or equal to 1."),
        )


def _positive(tensor: Tensor, message: str, validate_args: bool) -> Tensor:
    return with_dependencies([assert_positive(tensor, message=message)], tensor) if validate_args else tensor


@export(_SPACE + "PowerTransform")
class PowerTransform(Pointwise):
    """y = (1 + power x)^(1 / power); exp(x) for the power 0.

    Raises:
      ValueError: the power is negative, or no constant.
    """

    def __init__(self, power: Any = 0.0, validate_args: bool = False, name: str = "power_transform"):
        with name_scope(name), name_scope("init", values=[power]):
            value = constant_value(convert_to_tensor(power, name="power"))
        if value is None or value < 0:
            raise ValueError("`power` must be a non-negative TF constant.")
        self._power = value
        super().__init__(validate_args, name)

    power = property(lambda self: self._power)

    def _forward(self, x: Tensor) -> Tensor:
        x = self._allowed(x)
        return exp(x) if self.power == 0.0 else exp(log1p(x * self.power) / self.power)

    def _inverse(self, y: Tensor) -> Tensor:
        y = self._reachable(y)
        return log(y) if self.power == 0.0 else expm1(log(y) * self.power) / self.power

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return (self.power - 1.0) * log(self._reachable(y))

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        x = self._allowed(x)
        return x if self.power == 0.0 else (1.0 / self.power - 1.0) * log1p(x * self.power)

    def _allowed(self, x: Tensor) -> Tensor:
        if self.power == 0.0:
            return x
        message = f"Forward transformation input must be at least {-1.0 / self.power}."
        return _checked(self, x, lambda: assert_non_negative(1.0 + self.power * x, message=message))

    def _reachable(self, y: Tensor) -> Tensor:
        message = "Inverse transformation input must be greater than 0."
        return _checked(self, y, lambda: assert_positive(y, message=message))


@export(_SPACE + "Exp")
class Exp(PowerTransform):
    """y = exp(x)."""

    def __init__(self, validate_args: bool = False, name: str = "exp"):
        super().__init__(validate_args=validate_args, name=name)


@export(_SPACE + "Sigmoid")
class Sigmoid(Pointwise):
    """y = 1 / (1 + exp(-x))."""

    def __init__(self, validate_args: bool = False, name: str = "sigmoid"):
        super().__init__(validate_args, name)

    def _forward(self, x: Tensor) -> Tensor:
        return sigmoid(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return log(y) - log1p(-y)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return -log(y) - log1p(-y)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return -softplus(-x) - softplus(x)


@export(_SPACE + "Softplus")
class Softplus(Pointwise):
    """y = c log(1 + exp(x / c)), where c is `hinge_softness`, 1 by default."""

    def __init__(self, hinge_softness: Any = None, validate_args: bool = False, name: str = "softplus"):
        with name_scope(name, values=[hinge_softness]):
            c = None if hinge_softness is None else convert_to_tensor(hinge_softness, name="hinge_softness")
            if validate_args and c is not None:
                check = assert_none_equal(constant(0, dtype=c.dtype), c, message="hinge_softness must be non-zero")
                c = with_dependencies([check], c)
        self._hinge_softness = c
        super().__init__(validate_args, name)

    hinge_softness = property(lambda self: self._hinge_softness)

    def _softness(self, dtype: Any) -> Any:
        return 1.0 if self.hinge_softness is None else cast(self.hinge_softness, dtype)

    def _forward(self, x: Tensor) -> Tensor:
        if self.hinge_softness is None:
            return softplus(x)
        c = self._softness(x.dtype)
        return c * softplus(x / c)

    def _inverse(self, y: Tensor) -> Tensor:
        if self.hinge_softness is None:
            return softplus_inverse(y)
        c = self._softness(y.dtype)
        return c * softplus_inverse(y / c)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return -log(-expm1(-y if self.hinge_softness is None else -y / self._softness(y.dtype)))

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return -softplus(-x if self.hinge_softness is None else -x / self._softness(x.dtype))


@export(_SPACE + "Softsign")
class Softsign(Pointwise):
    """y = x / (1 + |x|)."""

    def __init__(self, validate_args: bool = False, name: str = "softsign"):
        super().__init__(validate_args, name)

    def _forward(self, x: Tensor) -> Tensor:
        return x / (1.0 + absolute(x))

    def _inverse(self, y: Tensor) -> Tensor:
        y = self._reachable(y)
        return y / (1.0 - absolute(y))

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return -2.0 * log1p(absolute(x))

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return -2.0 * log1p(-absolute(self._reachable(y)))

    def _reachable(self, y: Tensor) -> Tensor:
        what = "Inverse transformation input must be"
        return _checked(
            self,
            y,
            lambda: assert_greater(y, constant(-1.0, y.dtype), message=f"{what} greater than -1."),
            lambda: assert_less(y, constant(1.0, y.dtype), message=f"{what} less than 1."),
        )


@export(_SPACE + "Square")
class Square(Pointwise):
    """y = x^2 of numbers that are not negative."""

    def __init__(self, validate_args: bool = False, name: str = "square"):
        super().__init__(validate_args, name)

    def _valid(self, t: Tensor) -> Tensor:
        return _checked(self, t, lambda: assert_non_negative(t, message="All elements must be non-negative."))

    def _forward(self, x: Tensor) -> Tensor:
        return square(self._valid(x))

    def _inverse(self, y: Tensor) -> Tensor:
        return sqrt(self._valid(y))

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return math.log(2.0) + log(self._valid(x))


@export(_SPACE + "AbsoluteValue")
class AbsoluteValue(Pointwise):
    """y = |x|; the inverse is the pair (-y, y)."""

    _is_injective = False

    def __init__(self, validate_args: bool = False, name: str = "absolute_value"):
        super().__init__(validate_args, name, is_constant_jacobian=True)

    def _valid(self, y: Tensor, result: Tensor) -> Tensor:
        return _checked(self, result, lambda: assert_non_negative(y, message="Argument y was negative"))

    def _forward(self, x: Tensor) -> Tensor:
        return absolute(x)

    def _inverse(self, y: Tensor) -> Any:
        y = self._valid(y, y)
        return -y, y

    def _inverse_log_det_jacobian(self, y: Tensor) -> Any:
        zero = self._valid(y, constant(0.0, dtype=y.dtype))
        return zero, zero


@export(_SPACE + "AffineScalar")
class AffineScalar(Pointwise):
    """y = scale x + shift."""

    def __init__(self, shift: Any = None, scale: Any = None, validate_args: bool = False, name: str = "affine_scalar"):
        with name_scope(name), name_scope("init", values=[scale, shift]):
            self._shift = None if shift is None else convert_to_tensor(shift, name="shift")
            self._scale = None if scale is None else convert_to_tensor(scale, name="scale")
            if validate_args and self._scale is not None:
                check = assert_none_equal(self._scale, zeros([], dtype=self._scale.dtype))
                self._scale = with_dependencies([check], self._scale)
        super().__init__(validate_args, name, is_constant_jacobian=True)

    shift = property(lambda self: self._shift)
    scale = property(lambda self: self._scale)

    def _forward(self, x: Tensor) -> Tensor:
        y = identity(x) if self.scale is None else identity(x) * self.scale
        return y if self.shift is None else y + self.shift

    def _inverse(self, y: Tensor) -> Tensor:
        x = identity(y) if self.shift is None else identity(y) - self.shift
        return x if self.scale is None else x / self.scale

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return constant(0.0, dtype=x.dtype.base_dtype) if self.scale is None else log(absolute(self.scale))


@export(_SPACE + "Gumbel")
class Gumbel(Pointwise):
    """y = exp(-exp(-(x - loc) / scale)): the distribution function of a Gumbel distribution."""

    def __init__(self, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool = False, name: str = "gumbel"):
        with name_scope(name), name_scope("init", values=[loc, scale]):
            self._loc, scale = convert_to_tensor(loc, name="loc"), convert_to_tensor(scale, name="scale")
            assert_same_float_dtype([self._loc, scale])
            self._scale = _positive(scale, "Argument scale was not positive", validate_args)
        super().__init__(validate_args, name)

    loc = property(lambda self: self._loc)
    scale = property(lambda self: self._scale)

    def _forward(self, x: Tensor) -> Tensor:
        return exp(-exp(-((x - self.loc) / self.scale)))

    def _inverse(self, y: Tensor) -> Tensor:
        return self.loc - self.scale * log(-log(self._within(y)))

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        y = self._within(y)
        return log(self.scale / (-log(y) * y))

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        z = (x - self.loc) / self.scale
        return -z - exp(-z) - log(self.scale)


@export(_SPACE + "Weibull")
class Weibull(Pointwise):
    """y = 1 - exp(-(x / scale)^concentration): the distribution function of a Weibull distribution."""

    def __init__(self, scale: Any = 1.0, concentration: Any = 1.0, validate_args: bool = False, name: str = "weibull"):
        with name_scope(name), name_scope("init", values=[scale, concentration]):
            scale = convert_to_tensor(scale, name="scale")
            concentration = convert_to_tensor(concentration, name="concentration")
            assert_same_float_dtype([scale, concentration])
            self._scale = _positive(scale, "Argument scale was not positive", validate_args)
            message = "Argument concentration was not positive"
            self._concentration = _positive(concentration, message, validate_args)
        super().__init__(validate_args, name)

    scale = property(lambda self: self._scale)
    concentration = property(lambda self: self._concentration)

    def _allowed(self, x: Tensor) -> Tensor:
        message = "Forward transformation input must be at least 0."
        return _checked(self, x, lambda: assert_non_negative(x, message=message))

    def _forward(self, x: Tensor) -> Tensor:
        return -expm1(-((self._allowed(x) / self.scale) ** self.concentration))

    def _inverse(self, y: Tensor) -> Tensor:
        return self.scale * (-log1p(-self._within(y))) ** (1 / self.concentration)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        y = self._within(y)
        exponent = 1 / self.concentration - 1
        return -log1p(-y) + exponent * log(-log1p(-y)) + log(self.scale / self.concentration)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        x, c = self._allowed(x), self.concentration
        return -((x / self.scale) ** c) + (c - 1) * log(x) + log(c) + -c * log(self.scale)
