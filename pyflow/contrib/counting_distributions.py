"""tf.contrib.distributions: numbers of events, and numbers that are certain."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.distributions.discrete import integer_form, logits_and_probs
from pyflow.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from pyflow.distributions.scalar_distribution import ScalarDistribution, new_seed
from pyflow.ops.array_filling import ones_like, zeros, zeros_like
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import shape
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_less, assert_less_equal, assert_non_negative, assert_positive
from pyflow.ops.comparison import equal, greater_equal, less, less_equal
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.math_rounding import floor
from pyflow.ops.math_sigmoid import log_sigmoid, sigmoid
from pyflow.ops.math_special import betainc, igammac, lgamma
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import exp, expm1, log, log1p
from pyflow.ops.nn_activations import softplus
from pyflow.ops.random import random_uniform
from pyflow.ops.random_gamma_poisson import random_gamma, random_poisson
from pyflow.ops.reduce_functions import reduce_all

_SPACE = "contrib.distributions."


@export(_SPACE + "Poisson")
class Poisson(ScalarDistribution):
    """How many events come where `rate` = exp(`log_rate`) are expected.

    Raises:
      ValueError: both or none of the two are given.
      TypeError: no floats.
    """

    _parameter_names = ("rate",)

    def __init__(
        self,
        rate: Any = None,
        log_rate: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Poisson",
    ):
        own = dict(locals())
        with name_scope(name, values=[rate]) as scope:
            if (rate is None) == (log_rate is None):
                raise ValueError("Must specify exactly one of `rate` and `log_rate`.")
            kind = "log_rate" if rate is None else "rate"
            given = convert_to_tensor(log_rate if rate is None else rate, name=kind)
            if not given.dtype.is_floating:
                raise TypeError(f"{kind}.dtype ({given.dtype.name}) is a not a float-type.")
            if rate is None:
                self._rate, self._log_rate = exp(given, name="rate"), given
            else:
                with control_dependencies([assert_positive(given)] if validate_args else []):
                    self._rate, self._log_rate = identity(given, name="rate"), log(given, name="log_rate")
        self._finish(own, scope, NOT_REPARAMETERIZED)

    rate = property(lambda self: self._rate)
    log_rate = property(lambda self: self._log_rate)

    def _whole(self, x: Any) -> Any:
        return integer_form(x, dtypes.int32) if self.validate_args else x

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        return random_poisson(self.rate, [n], dtype=self.dtype, seed=seed)

    def _log_prob(self, x: Any) -> Tensor:
        x = self._whole(x)
        return x * self.log_rate - lgamma(1.0 + x) - self.rate

    def _cdf(self, x: Any) -> Tensor:
        return igammac(1.0 + self._whole(x), self.rate)

    def _mean(self) -> Tensor:
        return identity(self.rate)

    def _variance(self) -> Tensor:
        return identity(self.rate)

    def _mode(self) -> Tensor:
        return floor(self.rate)


class _OfTrials(ScalarDistribution):
    logits = property(lambda self: self._logits)
    probs = property(lambda self: self._probs)
    total_count = property(lambda self: self._total_count)

    def _whole(self, x: Any) -> Any:
        return integer_form(x, dtypes.int32) if self.validate_args else x


@export(_SPACE + "Binomial")
class Binomial(_OfTrials):
    """How often something comes in `total_count` trials, with probability `probs` = sigmoid(`logits`)."""

    _parameter_names = ("total_count", "logits", "probs")

    def __init__(
        self,
        total_count: Any,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Binomial",
    ):
        own = dict(locals())
        with name_scope(name, values=[total_count, logits, probs]) as scope:
            count = convert_to_tensor(total_count, name="total_count")
            self._total_count = integer_form(count, dtypes.int32) if validate_args else count
            self._logits, self._probs = logits_and_probs(logits, probs, validate_args=validate_args, name=scope)
        self._finish(own, scope, NOT_REPARAMETERIZED, self._probs.dtype)

    def _counts(self, counts: Any) -> Any:
        if not self.validate_args:
            return counts
        message = "counts are not less than or equal to n."
        check = assert_less_equal(counts, self.total_count, message=message)
        return with_dependencies([check], integer_form(counts, dtypes.int32))

    def _log_prob(self, counts: Any) -> Tensor:
        counts, n = self._counts(counts), self.total_count
        tries = counts * log(self.probs) + (n - counts) * log1p(-self.probs)
        return tries - (lgamma(1.0 + n - counts) + lgamma(1.0 + counts) - lgamma(1.0 + n))

    def _cdf(self, counts: Any) -> Tensor:
        counts, probs, n = self._counts(counts), self.probs, self.total_count
        counts, probs = counts + zeros_like(probs), probs + zeros_like(counts)
        whole = equal(counts, n)
        one = ones_like(n - counts)
        below = betainc(where_v2(whole, one, n - counts), counts + 1, 1 - probs)
        return where_v2(whole, one, below)

    def _mean(self) -> Tensor:
        return self.total_count * self.probs

    def _variance(self) -> Tensor:
        return self._mean() * (1.0 - self.probs)

    def _mode(self) -> Tensor:
        return floor((1.0 + self.total_count) * self.probs)


@export(_SPACE + "NegativeBinomial")
class NegativeBinomial(_OfTrials):
    """How often something comes before it has failed `total_count` times."""

    _parameter_names = ("total_count", "probs", "logits")

    def __init__(
        self,
        total_count: Any,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "NegativeBinomial",
    ):
        own = dict(locals())
        with name_scope(name, values=[total_count, logits, probs]) as scope:
            self._logits, self._probs = logits_and_probs(logits, probs, validate_args=validate_args, name=scope)
            with control_dependencies([assert_positive(total_count)] if validate_args else []):
                self._total_count = identity(total_count)
        self._finish(own, scope, NOT_REPARAMETERIZED, self._probs.dtype)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        rate = random_gamma(shape=[n], alpha=self.total_count, beta=exp(-self.logits), dtype=self.dtype, seed=seed)
        other = new_seed(seed, "negative_binom")
        return random_poisson(rate, shape=[], dtype=self.dtype, seed=other)

    def _log_prob(self, x: Any) -> Tensor:
        x = self._whole(x)
        tries = self.total_count * log_sigmoid(-self.logits) + x * log_sigmoid(self.logits)
        return tries - (-lgamma(self.total_count + x) + lgamma(1.0 + x) + lgamma(self.total_count))

    def _cdf(self, x: Any) -> Tensor:
        return betainc(self.total_count, 1.0 + self._whole(x), sigmoid(-self.logits))

    def _mean(self) -> Tensor:
        return self.total_count * exp(self.logits)

    def _variance(self) -> Tensor:
        return self._mean() / sigmoid(-self.logits)

    def _mode(self) -> Tensor:
        positive = self.total_count > 1.0
        counted = where_v2(positive, floor((self.total_count - 1.0) * exp(self.logits)), zeros_like(self.probs))
        return counted


@export(_SPACE + "Geometric")
class Geometric(_OfTrials):
    """How many trials fail before the first that does not."""

    _parameter_names = ("logits", "probs")

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Geometric",
    ):
        own = dict(locals())
        with name_scope(name, values=[logits, probs]) as scope:
            self._logits, probs_ = logits_and_probs(logits, probs, validate_args=validate_args, name=scope)
            with control_dependencies([assert_positive(probs_)] if validate_args else []):
                self._probs = identity(probs_, name="probs")
        self._finish(own, scope, NOT_REPARAMETERIZED, self._probs.dtype)

    def _whole(self, x: Any) -> Any:
        return integer_form(x, dtypes.int32) if self.validate_args else floor(x)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = concat([[n], shape(self._probs)], 0)
        least = np.finfo(self.dtype.as_numpy_dtype).tiny
        sampled = random_uniform(sizes, minval=least, maxval=1.0, seed=seed, dtype=self.dtype)
        return floor(log(sampled) / log1p(-self.probs))

    def _cdf(self, x: Any) -> Tensor:
        x = self._whole(x) * ones_like(self.probs)
        return where_v2(less(x, 0.0), zeros_like(x), -expm1((1.0 + x) * log1p(-self.probs)))

    def _log_prob(self, x: Any) -> Tensor:
        x = self._whole(x) * ones_like(self.probs)
        probs = self.probs * ones_like(x)
        return x * log1p(-where_v2(equal(x, 0.0), zeros_like(probs), probs)) + log(probs)

    def _entropy(self) -> Tensor:
        probs = self.probs
        if self.validate_args:
            message = "Entropy is undefined when logits = inf or probs = 1."
            probs = with_dependencies([assert_less(probs, constant(1.0, probs.dtype), message=message)], probs)
        return softplus(self.logits) / probs - self.logits

    def _mean(self) -> Tensor:
        return exp(-self.logits)

    def _variance(self) -> Tensor:
        return self._mean() / self.probs

    def _mode(self) -> Tensor:
        return zeros(self.batch_shape_tensor(), dtype=self.dtype)


class _Certain(Distribution):
    """Always `loc`, within `atol` + `rtol` |loc|."""

    _is_vector = False
    loc = property(lambda self: self._loc)
    atol = property(lambda self: self._atol)
    rtol = property(lambda self: self._rtol)

    def __init__(
        self,
        loc: Any,
        atol: Any = None,
        rtol: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Deterministic",
    ):
        own = {key: value for key, value in locals().items() if key != "__class__"}
        with name_scope(name, values=[loc, atol, rtol]) as scope:
            loc = convert_to_tensor(loc, name="loc")
            if self._is_vector and validate_args and (loc.shape.ndims or 0) < 1:
                raise ValueError("Argument loc must be at least rank 1.")
            self._loc = loc
            super().__init__(
                dtype=loc.dtype,
                reparameterization_type=NOT_REPARAMETERIZED,
                validate_args=validate_args,
                allow_nan_stats=allow_nan_stats,
                parameters=own,
                graph_parents=[loc],
                name=scope,
            )
            self._atol, self._rtol = self._tolerance(atol), self._tolerance(rtol)
            self._slack = self._atol if rtol is None else self._atol + self._rtol * absolute(loc)

    def _tolerance(self, given: Any) -> Tensor:
        tolerance = convert_to_tensor(0 if given is None else given, dtype=self.loc.dtype)
        if given is None or not self.validate_args:
            return tolerance
        message = "Argument 'tol' must be non-negative"
        return with_dependencies([assert_non_negative(tolerance, message=message)], tolerance)

    def _entropy(self) -> Tensor:
        return zeros(self.batch_shape_tensor(), dtype=self.dtype)

    def _mean(self) -> Tensor:
        return identity(self.loc)

    def _variance(self) -> Tensor:
        return zeros_like(self.loc)

    def _mode(self) -> Tensor:
        return self.mean()

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        return tile(self.loc[None, ...], concat([[n], ones_like(shape(self.loc))], axis=0))


@export(_SPACE + "Deterministic")
class Deterministic(_Certain):
    """A number that is always `loc`; others have probability 0."""

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self.loc)

    def _batch_shape(self) -> TensorShape:
        return self.loc.get_shape()

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtype=dtypes.int32)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _prob(self, x: Any) -> Tensor:
        return cast(less_equal(absolute(x - self.loc), self._slack), dtype=self.dtype)

    def _cdf(self, x: Any) -> Tensor:
        return cast(greater_equal(x, self.loc - self._slack), dtype=self.dtype)


@export(_SPACE + "VectorDeterministic")
class VectorDeterministic(_Certain):
    """A vector that is always `loc` [..., k]; others have probability 0."""

    _is_vector = True

    def __init__(
        self,
        loc: Any,
        atol: Any = None,
        rtol: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "VectorDeterministic",
    ):
        super().__init__(loc, atol, rtol, validate_args, allow_nan_stats, name)

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self.loc)[:-1]

    def _batch_shape(self) -> TensorShape:
        return self.loc.get_shape()[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return shape(self.loc)[-1:]

    def _event_shape(self) -> TensorShape:
        return self.loc.get_shape()[-1:]

    def _prob(self, x: Any) -> Tensor:
        return cast(reduce_all(less_equal(absolute(x - self.loc), self._slack), axis=-1), dtype=self.dtype)
