"""Normal, Laplace, Student's t and uniform distributions: a form, moved and stretched."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.distributions.kullback_leibler import RegisterKL
from pyflow.distributions.normal_integral import log_ndtr, ndtr
from pyflow.distributions.scalar_distribution import ScalarDistribution, new_seed, where_defined
from pyflow.ops.array_broadcasting import broadcast_dynamic_shape
from pyflow.ops.array_filling import fill, ones, ones_like, zeros, zeros_like
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import shape
from pyflow.ops.checks import assert_less, assert_positive, assert_same_float_dtype
from pyflow.ops.comparison import greater, greater_equal, less, logical_or
from pyflow.ops.constant import constant
from pyflow.ops.math_binary import squared_difference
from pyflow.ops.math_rounding import is_nan
from pyflow.ops.math_special import betainc, digamma, lbeta, lgamma
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import exp, log, log1p, rsqrt, sign, square
from pyflow.ops.random import random_normal, random_uniform
from pyflow.ops.random_gamma_poisson import random_gamma

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


class _LocationScale(ScalarDistribution):
    """With a location and a positive scale."""

    _parameter_names = ("loc", "scale")
    loc = property(lambda self: self._loc)
    scale = property(lambda self: self._scale)

    def _set(self, loc: Any, scale: Any, validate_args: bool) -> None:
        with control_dependencies([assert_positive(scale)] if validate_args else []):
            self._loc, self._scale = identity(loc, name="loc"), identity(scale, name="scale")
            assert_same_float_dtype([self._loc, self._scale])

    def _z(self, x: Any) -> Tensor:
        with name_scope("standardize", values=[x]):
            return (x - self.loc) / self.scale

    def _mean(self) -> Tensor:
        return self.loc * ones_like(self.scale)

    def _mode(self) -> Tensor:
        return self._mean()


@export("distributions.Normal", "contrib.distributions.Normal")
class Normal(_LocationScale):
    """The normal distribution with mean `loc` and standard deviation `scale`."""

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Normal",
    ):
        own = dict(locals())
        with name_scope(name, values=[loc, scale]) as scope:
            self._set(loc, scale, validate_args)
        self._finish(own, scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = concat([[n], self.batch_shape_tensor()], 0)
        sampled = random_normal(shape=sizes, mean=0.0, stddev=1.0, dtype=self.loc.dtype, seed=seed)
        return sampled * self.scale + self.loc

    def _log_prob(self, x: Any) -> Tensor:
        return -0.5 * square(self._z(x)) - (_HALF_LOG_TWO_PI + log(self.scale))

    def _log_cdf(self, x: Any) -> Tensor:
        return log_ndtr(self._z(x))

    def _cdf(self, x: Any) -> Tensor:
        return ndtr(self._z(x))

    def _log_survival_function(self, x: Any) -> Tensor:
        return log_ndtr(-self._z(x))

    def _survival_function(self, x: Any) -> Tensor:
        return ndtr(-self._z(x))

    def _entropy(self) -> Tensor:
        return 0.5 + _HALF_LOG_TWO_PI + log(self.scale * ones_like(self.loc))

    def _stddev(self) -> Tensor:
        return self.scale * ones_like(self.loc)


@RegisterKL(Normal, Normal)
def _kl_of_normals(a: Normal, b: Normal, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_normal_normal", [a.loc, b.loc]):
        one, two, half = (constant(number, dtype=a.loc.dtype) for number in (1, 2, 0.5))
        a_squared, b_squared = square(a.scale), square(b.scale)
        ratio = a_squared / b_squared
        return squared_difference(a.loc, b.loc) / (two * b_squared) + half * (ratio - one - log(ratio))


@export("distributions.Laplace", "contrib.distributions.Laplace")
class Laplace(_LocationScale):
    """The density is exp(-|x - loc| / scale) / (2 scale)."""

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Laplace",
    ):
        own = dict(locals())
        with name_scope(name, values=[loc, scale]) as scope:
            self._set(loc, scale, validate_args)
        self._finish(own, scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        dtype = self.dtype.as_numpy_dtype
        sizes = concat([[n], self.batch_shape_tensor()], 0)
        # Within (-1, 1): at -1 the logarithm would be infinite.
        lowest = np.nextafter(dtype(-1.0), dtype(0.0))
        u = random_uniform(shape=sizes, minval=lowest, maxval=1.0, dtype=self.dtype, seed=seed)
        return self.loc - self.scale * sign(u) * log1p(-absolute(u))

    def _log_prob(self, x: Any) -> Tensor:
        return -absolute(self._z(x)) - (math.log(2.0) + log(self.scale))

    def _log_cdf(self, x: Any) -> Tensor:
        return _log_of_laplace(self._z(x))

    def _log_survival_function(self, x: Any) -> Tensor:
        return _log_of_laplace(-self._z(x))

    def _cdf(self, x: Any) -> Tensor:
        z = self._z(x)
        return 0.5 + 0.5 * sign(z) * (1.0 - exp(-absolute(z)))

    def _mean(self) -> Tensor:
        return self.loc + zeros_like(self.scale)

    def _entropy(self) -> Tensor:
        return math.log(2.0) + 1.0 + log(self.scale + zeros_like(self.loc))

    def _stddev(self) -> Tensor:
        return math.sqrt(2.0) * self.scale + zeros_like(self.loc)


def _log_of_laplace(z: Tensor) -> Tensor:
    """The logarithm of the distribution function, in a form that is exact in both tails."""
    tail = -math.log(2.0) - absolute(z)
    return where_v2(greater(z, 0.0), log1p(-exp(tail)), tail)


@export("distributions.StudentT", "contrib.distributions.StudentT")
class StudentT(_LocationScale):
    """Student's t distribution with `df` degrees of freedom, moved by `loc` and stretched by `scale`."""

    _parameter_names = ("df", "loc", "scale")
    df = property(lambda self: self._df)

    def __init__(
        self,
        df: Any,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "StudentT",
    ):
        own = dict(locals())
        with name_scope(name, values=[df, loc, scale]) as scope:
            with control_dependencies([assert_positive(df)] if validate_args else []):
                self._df = identity(df, name="df")
                self._loc, self._scale = identity(loc, name="loc"), identity(scale, name="scale")
                assert_same_float_dtype((self._df, self._loc, self._scale))
        self._finish(own, scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        normal = random_normal(concat([[n], self.batch_shape_tensor()], 0), dtype=self.dtype, seed=seed)
        df = self.df * self._ones()
        gamma = random_gamma([n], 0.5 * df, beta=0.5, dtype=self.dtype, seed=new_seed(seed, salt="student_t"))
        return normal * rsqrt(gamma / df) * self.scale + self.loc

    def _log_prob(self, x: Any) -> Tensor:
        df = self.df
        constant_part = log(absolute(self.scale)) + 0.5 * log(df) + 0.5 * math.log(math.pi)
        normalization = constant_part + lgamma(0.5 * df) - lgamma(0.5 * (df + 1.0))
        return -0.5 * (df + 1.0) * log1p(square((x - self.loc) / self.scale) / df) - normalization

    def _cdf(self, x: Any) -> Tensor:
        y = (x - self.loc) / absolute(self.scale)
        tail = 0.5 * betainc(0.5 * self.df, 0.5, self.df / (square(y) + self.df))
        return where_v2(less(y, 0.0), tail, 1.0 - tail)

    def _entropy(self) -> Tensor:
        one = self._ones()[..., None]
        halves = concat([one * self.df[..., None], one], -1) / 2.0
        upper = 0.5 * (self.df + 1.0)
        spread = log(absolute(self.scale)) + 0.5 * log(self.df) + lbeta(halves)
        return spread + upper * (digamma(upper) - digamma(0.5 * self.df))

    def _mean(self) -> Tensor:
        message = "mean not defined for components of df <= 1"
        return where_defined(self, greater(self.df, self._ones()), self.loc * self._ones(), self.df, 1.0, message)

    def _variance(self) -> Tensor:
        above = where_v2(greater(self.df, 2.0), self.df - 2.0, ones_like(self.df))
        finite = self._ones() * square(self.scale) * self.df / above
        infinite = fill(self.batch_shape_tensor(), np.array(np.inf, self.dtype.as_numpy_dtype), name="inf")
        value = where_v2(greater(self.df, 2.0 * self._ones()), finite, infinite)
        message = "variance not defined for components of df <= 1"
        return where_defined(self, greater(self.df, self._ones()), value, self.df, 1.0, message)

    def _mode(self) -> Tensor:
        return identity(self.loc)


@export("distributions.Uniform", "contrib.distributions.Uniform")
class Uniform(ScalarDistribution):
    """As likely everywhere in [low, high)."""

    _parameter_names = ("low", "high")
    low = property(lambda self: self._low)
    high = property(lambda self: self._high)

    def __init__(
        self,
        low: Any = 0.0,
        high: Any = 1.0,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Uniform",
    ):
        own = dict(locals())
        with name_scope(name, values=[low, high]) as scope:
            message = "uniform not defined when low >= high."
            with control_dependencies([assert_less(low, high, message=message)] if validate_args else []):
                self._low, self._high = identity(low, name="low"), identity(high, name="high")
                assert_same_float_dtype([self._low, self._high])
        self._finish(own, scope)

    def range(self, name: str = "range") -> Tensor:
        """high - low."""
        with self._name_scope(name):
            return self.high - self.low

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = concat([[n], self.batch_shape_tensor()], 0)
        return self.low + self.range() * random_uniform(shape=sizes, dtype=self.dtype, seed=seed)

    def _prob(self, x: Any) -> Tensor:
        x = x * ones(self.batch_shape_tensor(), dtype=x.dtype)
        outside = logical_or(less(x, self.low), greater_equal(x, self.high))
        density = where_v2(outside, zeros_like(x), ones_like(x) / self.range())
        return where_v2(is_nan(x), x, density)

    def _cdf(self, x: Any) -> Tensor:
        sizes = broadcast_dynamic_shape(shape(x), self.batch_shape_tensor())
        one = ones(sizes, dtype=self.dtype)
        rising = where_v2(less(x, self.low), zeros(sizes, dtype=self.dtype), (x * one - self.low) / self.range())
        return where_v2(less(x, self.high), rising, one)

    def _entropy(self) -> Tensor:
        return log(self.range())

    def _mean(self) -> Tensor:
        return (self.low + self.high) / 2.0

    def _variance(self) -> Tensor:
        return square(self.range()) / 12.0

    def _stddev(self) -> Tensor:
        return self.range() / math.sqrt(12.0)
