"""tf.contrib.distributions: known distributions whose positive parameters are made of any numbers; and related ones."""

from __future__ import annotations

import inspect
from typing import Any, Callable

import numpy as np

from pyflow.core.api import export
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.distributions.location_scale import Laplace, Normal, StudentT, _LocationScale
from pyflow.distributions.positive import Beta, Exponential, Gamma
from pyflow.distributions.scalar_distribution import ScalarDistribution, where_defined
from pyflow.ops.array_filling import fill, ones_like, zeros
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_positive
from pyflow.ops.comparison import greater, greater_equal
from pyflow.ops.constant import constant
from pyflow.ops.math_binary import squared_difference
from pyflow.ops.math_rounding import floor
from pyflow.ops.math_special import digamma, erf, igammac, lgamma
from pyflow.ops.math_trigonometry import atan, tan
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import exp, log, log1p, square
from pyflow.ops.nn_activations import softplus
from pyflow.ops.nn_relu import relu as nn_relu
from pyflow.ops.random import random_normal, random_uniform
from pyflow.ops.random_gamma_poisson import random_gamma

_SPACE = "contrib.distributions."


def _named(name: str, base: type, doc: str, **functions: Callable) -> None:
    """Publishes a class like `base` that passes some of its arguments through functions."""
    plain = [p for p in inspect.signature(base.__init__).parameters.values() if p.name != "self"]
    parameters = [p.replace(default=name) if p.name == "name" else p for p in plain]
    signature = inspect.Signature([inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD), *parameters])

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        own = {key: value for key, value in bound.arguments.items() if key != "self"}
        with name_scope(own["name"], values=[own[key] for key in functions]) as scope:
            made = {key: functions[key](own[key]) if key in functions else value for key, value in own.items()}
            base.__init__(self, **{**made, "name": scope})
        self._parameters = own

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    members = {"__init__": __init__, "__doc__": doc, "__module__": __name__}
    export(_SPACE + name)(type(name, (base,), members))


def _softplus(name: str) -> Callable:
    return lambda value: softplus(value, name=f"softplus_{name}")


def _floor_abs(value: Any) -> Tensor:
    return floor(absolute(value), name="abs_df")


_named("NormalWithSoftplusScale", Normal, "`Normal` with softplus(scale).", scale=_softplus("scale"))
_named("LaplaceWithSoftplusScale", Laplace, "`Laplace` with softplus(scale).", scale=_softplus("scale"))
_named("ExponentialWithSoftplusRate", Exponential, "`Exponential` with softplus(rate).", rate=_softplus("rate"))
_named(
    "GammaWithSoftplusConcentrationRate",
    Gamma,
    "`Gamma` with softplus of both parameters.",
    concentration=_softplus("concentration"),
    rate=_softplus("rate"),
)
_named(
    "BetaWithSoftplusConcentration",
    Beta,
    "`Beta` with softplus of both parameters.",
    concentration1=_softplus("concentration1"),
    concentration0=_softplus("concentration0"),
)
_named(
    "StudentTWithAbsDfSoftplusScale",
    StudentT,
    "`StudentT` with floor(|df|) and softplus(scale).",
    df=_floor_abs,
    scale=_softplus("scale"),
)


@export(_SPACE + "Chi2")
class Chi2(Gamma):
    """The sum of squares of `df` standard normal numbers."""

    df = property(lambda self: self._df)

    def __init__(self, df: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: str = "Chi2"):
        own = {key: value for key, value in locals().items() if key not in ("self", "__class__")}
        with name_scope(name, values=[df]) as scope:
            with control_dependencies([assert_positive(df)] if validate_args else []):
                self._df = identity(df, name="df")
            super().__init__(
                concentration=0.5 * self._df,
                rate=constant(0.5, dtype=self._df.dtype),
                validate_args=validate_args,
                allow_nan_stats=allow_nan_stats,
                name=scope,
            )
        self._parameters = own


_named("Chi2WithAbsDf", Chi2, "`Chi2` with floor(|df|).", df=_floor_abs)


@export(_SPACE + "HalfNormal")
class HalfNormal(ScalarDistribution):
    """The size of a normal number with mean 0 and standard deviation `scale`."""

    _parameter_names = ("scale",)
    scale = property(lambda self: self._scale)

    def __init__(self, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: str = "HalfNormal"):
        own = dict(locals())
        with name_scope(name, values=[scale]) as scope:
            with control_dependencies([assert_positive(scale)] if validate_args else []):
                self._scale = identity(scale, name="scale")
        self._finish(own, scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = concat([[n], shape(self.scale)], 0)
        return absolute(random_normal(sizes, mean=0.0, stddev=1.0, dtype=self.dtype, seed=seed) * self.scale)

    def _prob(self, x: Any) -> Tensor:
        density = np.sqrt(2 / np.pi) / self.scale * exp(-0.5 * (x / self.scale) ** 2)
        return density * cast(greater_equal(x, 0), self.dtype)

    def _cdf(self, x: Any) -> Tensor:
        return erf(nn_relu(x) / self.scale / np.sqrt(2.0))

    def _entropy(self) -> Tensor:
        return 0.5 * log(np.pi * self.scale**2.0 / 2.0) + 0.5

    def _mean(self) -> Tensor:
        return self.scale * np.sqrt(2.0) / np.sqrt(np.pi)

    def _mode(self) -> Tensor:
        return zeros(self.batch_shape_tensor())

    def _variance(self) -> Tensor:
        return self.scale**2.0 * (1.0 - 2.0 / np.pi)


@export(_SPACE + "Cauchy")
class Cauchy(_LocationScale):
    """The density is 1 / (pi scale (1 + z^2)), z = (x - loc) / scale; it has neither mean nor variance."""

    def __init__(
        self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: str = "Cauchy"
    ):
        own = dict(locals())
        with name_scope(name, values=[loc, scale]) as scope:
            self._set(loc, scale, validate_args)
        self._finish(own, scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = concat([[n], self.batch_shape_tensor()], 0)
        return self._quantile(random_uniform(shape=sizes, minval=0.0, maxval=1.0, dtype=self.dtype, seed=seed))

    def _log_prob(self, x: Any) -> Tensor:
        return -log1p(square(self._z(x))) - (np.log(np.pi) + log(self.scale))

    def _cdf(self, x: Any) -> Tensor:
        return atan(self._z(x)) / np.pi + 0.5

    def _log_cdf(self, x: Any) -> Tensor:
        return log1p(2 / np.pi * atan(self._z(x))) - np.log(2)

    def _quantile(self, p: Any) -> Tensor:
        return self.loc + self.scale * tan(np.pi * (p - 0.5))

    def _entropy(self) -> Tensor:
        return np.log(4 * np.pi) + log(self.scale * ones_like(self.loc))

    def _mode(self) -> Tensor:
        return self.loc * ones_like(self.scale)

    def _undefined(self, what: str) -> Tensor:
        if self.allow_nan_stats:
            return fill(self.batch_shape_tensor(), np.array(np.nan, self.dtype.as_numpy_dtype))
        raise ValueError(f"`{what}` is undefined for Cauchy distribution.")

    def _mean(self) -> Tensor:
        return self._undefined("mean")

    def _stddev(self) -> Tensor:
        return self._undefined("stddev")


@export(_SPACE + "InverseGamma")
class InverseGamma(ScalarDistribution):
    """The inverse of a number with a gamma distribution."""

    _parameter_names = ("concentration", "rate")
    concentration = property(lambda self: self._concentration)
    rate = property(lambda self: self._rate)

    def __init__(
        self,
        concentration: Any,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "InverseGamma",
    ):
        own = dict(locals())
        with name_scope(name, values=[concentration, rate]) as scope:
            checks = [assert_positive(concentration), assert_positive(rate)] if validate_args else []
            with control_dependencies(checks):
                self._concentration = identity(concentration, name="concentration")
                self._rate = identity(rate, name="rate")
        self._finish(own, scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        return 1.0 / random_gamma([n], self.concentration, beta=self.rate, dtype=self.dtype, seed=seed)

    def _log_prob(self, x: Any) -> Tensor:
        form = -(1.0 + self.concentration) * log(x) - self.rate / x
        return form - (lgamma(self.concentration) - self.concentration * log(self.rate))

    def _cdf(self, x: Any) -> Tensor:
        return igammac(self.concentration, self.rate / x)

    def _entropy(self) -> Tensor:
        a = self.concentration
        return a + log(self.rate) + lgamma(a) - (1.0 + a) * digamma(a)

    def _mean(self) -> Tensor:
        above = greater(self.concentration, 1.0)
        message = "mean undefined when any concentration <= 1"
        return where_defined(self, above, self.rate / (self.concentration - 1.0), self.concentration, 1.0, message)

    def _variance(self) -> Tensor:
        a = self.concentration
        value = square(self.rate) / squared_difference(a, 1.0) / (a - 2.0)
        message = "variance undefined when any concentration <= 2"
        return where_defined(self, greater(a, 2.0), value, a, 2.0, message)

    def _mode(self) -> Tensor:
        return self.rate / (1.0 + self.concentration)


_named(
    "InverseGammaWithSoftplusConcentrationRate",
    InverseGamma,
    "`InverseGamma` with softplus of both parameters.",
    concentration=_softplus("concentration"),
    rate=_softplus("rate"),
)
