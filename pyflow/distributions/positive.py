"""Gamma, exponential and beta distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.distributions.kullback_leibler import RegisterKL
from pyflow.distributions.scalar_distribution import ScalarDistribution, new_seed, where_defined
from pyflow.ops.array_filling import ones, ones_like
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where_v2
from pyflow.ops.checks import assert_less, assert_positive, assert_same_float_dtype
from pyflow.ops.comparison import greater, logical_and
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.math_binary import minimum, xlogy
from pyflow.ops.math_special import betainc, digamma, igamma, lgamma
from pyflow.ops.math_unary import exp, log, log1p, sqrt, square
from pyflow.ops.random import random_uniform
from pyflow.ops.random_gamma_poisson import random_gamma


@export("distributions.Gamma", "contrib.distributions.Gamma")
class Gamma(ScalarDistribution):
    """The gamma distribution with shape `concentration` and inverse scale `rate`."""

    _parameter_names = ("concentration", "rate")
    concentration = property(lambda self: self._concentration)
    rate = property(lambda self: self._rate)

    def __init__(
        self,
        concentration: Any,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Gamma",
    ):
        own = dict(locals())
        with name_scope(name, values=[concentration, rate]) as scope:
            checks = [assert_positive(concentration), assert_positive(rate)] if validate_args else []
            with control_dependencies(checks):
                self._concentration = identity(concentration, name="concentration")
                self._rate = identity(rate, name="rate")
                assert_same_float_dtype([self._concentration, self._rate])
        self._finish(own, scope)

    def _checked(self, x: Any) -> Any:
        assert_same_float_dtype(tensors=[x], dtype=self.dtype)
        return with_dependencies([assert_positive(x)], x) if self.validate_args else x

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        return random_gamma(shape=[n], alpha=self.concentration, beta=self.rate, dtype=self.dtype, seed=seed)

    def _log_prob(self, x: Any) -> Tensor:
        x = self._checked(x)
        normalization = lgamma(self.concentration) - self.concentration * log(self.rate)
        return xlogy(self.concentration - 1.0, x) - self.rate * x - normalization

    def _cdf(self, x: Any) -> Tensor:
        return igamma(self.concentration, self.rate * self._checked(x))

    def _entropy(self) -> Tensor:
        a = self.concentration
        return a - log(self.rate) + lgamma(a) + (1.0 - a) * digamma(a)

    def _mean(self) -> Tensor:
        return self.concentration / self.rate

    def _variance(self) -> Tensor:
        return self.concentration / square(self.rate)

    def _stddev(self) -> Tensor:
        return sqrt(self.concentration) / self.rate

    def _mode(self) -> Tensor:
        mode, a = (self.concentration - 1.0) / self.rate, self.concentration
        return where_defined(self, greater(a, 1.0), mode, a, 1.0, "mode not defined when any concentration <= 1")


@RegisterKL(Gamma, Gamma)
def _kl_of_gammas(a: Gamma, b: Gamma, name: str | None = None) -> Tensor:
    k, l = a.concentration, b.concentration
    with name_scope(name, "kl_gamma_gamma", [k, a.rate, l, b.rate]):
        shapes = (k - l) * digamma(k) + lgamma(l) - lgamma(k)
        return shapes + l * (log(a.rate) - log(b.rate)) + k * (b.rate / a.rate - 1.0)


@export("distributions.Exponential", "contrib.distributions.Exponential")
class Exponential(Gamma):
    """The waiting time for an event that comes `rate` times in a unit of time."""

    _parameter_names = ("rate",)

    def __init__(
        self,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Exponential",
    ):
        own = dict(locals())
        with name_scope(name, values=[rate]) as scope:
            self._rate = convert_to_tensor(rate, name="rate")
            one = ones([], dtype=self._rate.dtype)
            super().__init__(one, self._rate, validate_args=validate_args, allow_nan_stats=allow_nan_stats, name=scope)
        self._finish(own, scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = concat([[n], self.batch_shape_tensor()], 0)
        least = np.finfo(self.dtype.as_numpy_dtype).tiny  # of 0 there is no logarithm
        uniform = random_uniform(sizes, minval=least, maxval=1.0, seed=seed, dtype=self.dtype)
        return -log(uniform) / self.rate


@export("distributions.Beta", "contrib.distributions.Beta")
class Beta(ScalarDistribution):
    """On (0, 1), with density proportional to x^(concentration1 - 1) (1 - x)^(concentration0 - 1)."""

    _parameter_names = ("concentration1", "concentration0")
    concentration1 = property(lambda self: self._concentration1)
    concentration0 = property(lambda self: self._concentration0)
    total_concentration = property(lambda self: self._total_concentration)

    def __init__(
        self,
        concentration1: Any = None,
        concentration0: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Beta",
    ):
        own = dict(locals())
        with name_scope(name, values=[concentration1, concentration0]) as scope:
            self._concentration1 = _positive(concentration1, "concentration1", validate_args)
            self._concentration0 = _positive(concentration0, "concentration0", validate_args)
            assert_same_float_dtype([self._concentration1, self._concentration0])
            self._total_concentration = self._concentration1 + self._concentration0
        self._finish(own, scope)

    def _checked(self, x: Any) -> Any:
        if not self.validate_args:
            return x
        below = assert_less(x, ones_like(x), message="sample must be less than `1`.")
        return with_dependencies([assert_positive(x, message="sample must be positive"), below], x)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        # In this order, as the number of nodes decides about the seeds.
        first = ones_like(self.total_concentration, dtype=self.dtype) * self.concentration1
        second = ones_like(self.total_concentration, dtype=self.dtype) * self.concentration0
        a = random_gamma(shape=[n], alpha=first, dtype=self.dtype, seed=seed)
        b = random_gamma(shape=[n], alpha=second, dtype=self.dtype, seed=new_seed(seed, "beta"))
        return a / (a + b)

    def _log_prob(self, x: Any) -> Tensor:
        x = self._checked(x)
        unnormalized = xlogy(self.concentration1 - 1.0, x) + (self.concentration0 - 1.0) * log1p(-x)
        return unnormalized - self._log_normalization()

    def _prob(self, x: Any) -> Tensor:
        return exp(self._log_prob(x))

    def _cdf(self, x: Any) -> Tensor:
        return betainc(self.concentration1, self.concentration0, x)

    def _log_cdf(self, x: Any) -> Tensor:
        return log(self._cdf(x))

    def _log_normalization(self) -> Tensor:
        return lgamma(self.concentration1) + lgamma(self.concentration0) - lgamma(self.total_concentration)

    def _entropy(self) -> Tensor:
        a, b, total = self.concentration1, self.concentration0, self.total_concentration
        ones_and_zeros = (a - 1.0) * digamma(a) + (b - 1.0) * digamma(b)
        return self._log_normalization() - ones_and_zeros + (total - 2.0) * digamma(total)

    def _mean(self) -> Tensor:
        return self.concentration1 / self.total_concentration

    def _variance(self) -> Tensor:
        mean = self._mean()
        return mean * (1.0 - mean) / (1.0 + self.total_concentration)

    def _mode(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        mode = (a - 1.0) / (self.total_concentration - 2.0)
        if self.allow_nan_stats:
            defined = logical_and(greater(a, 1.0), greater(b, 1.0))
            return where_v2(defined, mode, mode * np.array(np.nan, self.dtype.as_numpy_dtype))
        one = ones_like(minimum(a, b))
        checks = [
            assert_less(one, a, message="Mode undefined for concentration1 <= 1."),
            assert_less(one, b, message="Mode undefined for concentration0 <= 1."),
        ]
        return with_dependencies(checks, mode)


def _positive(concentration: Any, name: str, validate_args: bool) -> Any:
    tensor = convert_to_tensor(concentration, name=name)
    if not validate_args:
        return tensor
    return with_dependencies([assert_positive(tensor, message="Concentration parameter must be positive.")], tensor)


@RegisterKL(Beta, Beta)
def _kl_of_betas(a: Beta, b: Beta, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_beta_beta", [a.total_concentration, b.total_concentration]):
        result = b._log_normalization() - a._log_normalization()
        result = result - digamma(a.concentration1) * (b.concentration1 - a.concentration1)
        result = result - digamma(a.concentration0) * (b.concentration0 - a.concentration0)
        return result + digamma(a.total_concentration) * (b.total_concentration - a.total_concentration)
