"""tf.contrib.distributions: one-hot classes, and their relaxations that gradients flow through."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.contrib.bijectors_pointwise import Exp, Sigmoid
from pyflow.contrib.transformed_distribution import TransformedDistribution
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.distributions.discrete import logits_and_probs
from pyflow.distributions.distribution import FULLY_REPARAMETERIZED, NOT_REPARAMETERIZED, Distribution
from pyflow.distributions.kullback_leibler import RegisterKL
from pyflow.distributions.location_scale import _LocationScale
from pyflow.ops.arg_extremes import argmax
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_diagonals import matrix_set_diag
from pyflow.ops.array_filling import ones, ones_like, zeros
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_near, assert_non_positive, assert_positive
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.math_special import lgamma
from pyflow.ops.math_unary import log, log1p
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_activations import softplus
from pyflow.ops.nn_cross_entropy import softmax_cross_entropy_with_logits
from pyflow.ops.nn_softmax import log_softmax, softmax
from pyflow.ops.random import multinomial, random_uniform
from pyflow.ops.reduce_functions import reduce_logsumexp, reduce_sum

_SPACE = "contrib.distributions."


class _OfClasses(Distribution):
    """Vectors with a number for each class, by logits [..., classes]."""

    logits = property(lambda self: self._logits)
    probs = property(lambda self: self._probs)
    event_size = property(lambda self: self._event_size)

    def _set_classes(self, logits: Any, probs: Any, validate_args: bool, scope: str) -> None:
        self._logits, self._probs = logits_and_probs(logits, probs, True, validate_args, scope)
        self._logits.get_shape().with_rank_at_least(1)
        with name_scope("event_size"):
            self._event_size = shape(self._logits)[-1]

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self.logits)[:-1]

    def _batch_shape(self) -> TensorShape:
        return self.logits.get_shape()[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return shape(self.logits)[-1:]

    def _event_shape(self) -> TensorShape:
        return self.logits.get_shape().with_rank_at_least(1)[-1:]

    def _rows(self, x: Any) -> tuple[Tensor, Tensor, Tensor]:
        """x and the logits as matrices [n, classes], and the shape of what is computed of them."""
        if self.validate_args:
            zero = zeros([], dtype=self.dtype)
            x = with_dependencies([assert_non_positive(x), assert_near(zero, reduce_logsumexp(x, axis=[-1]))], x)
        logits = self.logits
        known = x.shape.is_fully_defined() and logits.shape.is_fully_defined()
        if not known or x.shape != logits.shape:
            logits = ones_like(x, dtype=logits.dtype) * logits
            x = ones_like(logits, dtype=x.dtype) * x
        sizes = shape(reduce_sum(logits, axis=[-1]))
        return reshape(x, [-1, self.event_size]), reshape(logits, [-1, self.event_size]), sizes


@export(_SPACE + "OneHotCategorical")
class OneHotCategorical(_OfClasses):
    """A class as a vector that has 1 for it and 0 for others."""

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "OneHotCategorical",
    ):
        own = dict(locals())
        with name_scope(name, values=[logits, probs]) as scope:
            self._set_classes(logits, probs, validate_args, scope)
        super().__init__(
            dtype=dtype,
            reparameterization_type=NOT_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters={key: value for key, value in own.items() if key != "__class__"},
            graph_parents=[self._logits, self._probs],
            name=scope,
        )

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        logits = self.logits if self.logits.shape.ndims == 2 else reshape(self.logits, [-1, self.event_size])
        drawn = one_hot(transpose(multinomial(logits, n, seed=seed)), self.event_size, dtype=self.dtype)
        return reshape(drawn, concat([[n], shape(self.logits)], 0))

    def _log_prob(self, x: Any) -> Tensor:
        x, logits, sizes = self._rows(x)
        return reshape(-softmax_cross_entropy_with_logits(labels=x, logits=logits), sizes)

    def _entropy(self) -> Tensor:
        return -reduce_sum(log_softmax(self.logits) * self.probs, axis=-1)

    def _mode(self) -> Tensor:
        mode = one_hot(argmax(self.logits, axis=-1), self.event_size, dtype=self.dtype)
        mode.set_shape(self.logits.get_shape())
        return mode

    def _covariance(self) -> Tensor:
        return matrix_set_diag(-matmul(self.probs[..., None], self.probs[..., None, :]), self._variance())

    def _variance(self) -> Tensor:
        return self.probs * (1.0 - self.probs)


@RegisterKL(OneHotCategorical, OneHotCategorical)
def _kl_of_one_hot(a: Any, b: Any, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_categorical_categorical", [a.logits, b.logits]):
        return reduce_sum(softmax(a.logits) * (log_softmax(a.logits) - log_softmax(b.logits)), axis=-1)


@export(_SPACE + "ExpRelaxedOneHotCategorical")
class ExpRelaxedOneHotCategorical(_OfClasses):
    """Logarithms of shares that come near to one-hot as the temperature falls (Maddison, Mnih and Teh, 2016)."""

    def __init__(
        self,
        temperature: Any,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "ExpRelaxedOneHotCategorical",
    ):
        own = dict(locals())
        with name_scope(name, values=[logits, probs, temperature]) as scope:
            self._logits, self._probs = logits_and_probs(logits, probs, True, validate_args, scope)
            if dtype is None:
                dtype = self._logits.dtype
                temperature = temperature if validate_args else cast(temperature, dtype)
            with control_dependencies([assert_positive(temperature)] if validate_args else []):
                self._temperature = identity(temperature, name="temperature")
                self._temperature_2d = reshape(temperature, [-1, 1], name="temperature_2d")
            with name_scope("event_size"):
                self._event_size = shape(self._logits)[-1]
        super().__init__(
            dtype=dtype,
            reparameterization_type=FULLY_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters={key: value for key, value in own.items() if key != "__class__"},
            graph_parents=[self._logits, self._probs, self._temperature],
            name=scope,
        )

    temperature = property(lambda self: self._temperature)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = concat([[n], shape(self.logits)], 0)
        logits = reshape(self.logits * ones(sizes, dtype=self.dtype), [-1, self.event_size])
        least = np.finfo(self.dtype.as_numpy_dtype).tiny
        uniform = random_uniform(shape(logits), minval=least, maxval=1.0, dtype=self.dtype, seed=seed)
        gumbel = -log(-log(uniform))
        return reshape(log_softmax((gumbel + logits) / self._temperature_2d), sizes)

    def _log_prob(self, x: Any) -> Tensor:
        x, logits, sizes = self._rows(x)
        classes = cast(self.event_size, x.dtype)
        constant_part = lgamma(classes) + (classes - 1.0) * log(self.temperature)
        return reshape(constant_part + reduce_sum(log_softmax(logits - x * self._temperature_2d), [-1]), sizes)


@export(_SPACE + "RelaxedOneHotCategorical")
class RelaxedOneHotCategorical(TransformedDistribution):
    """Shares that come near to one-hot as the temperature falls."""

    def __init__(
        self,
        temperature: Any,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "RelaxedOneHotCategorical",
    ):
        base = ExpRelaxedOneHotCategorical(temperature, logits, probs, dtype, validate_args, allow_nan_stats)
        super().__init__(base, Exp(), name=name)


@export(_SPACE + "Logistic")
class Logistic(_LocationScale):
    """The distribution function is sigmoid((x - loc) / scale)."""

    def __init__(
        self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: str = "Logistic"
    ):
        own = dict(locals())
        with name_scope(name, values=[loc, scale]) as scope:
            self._set(loc, scale, validate_args)
        self._finish(own, scope)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = concat([[n], self.batch_shape_tensor()], 0)
        least = np.finfo(self.dtype.as_numpy_dtype).tiny
        uniform = random_uniform(shape=sizes, minval=least, maxval=1.0, dtype=self.dtype, seed=seed)
        return (log(uniform) - log1p(-1.0 * uniform)) * self.scale + self.loc

    def _log_prob(self, x: Any) -> Tensor:
        z = self._z(x)
        return -z - 2.0 * softplus(-z) - log(self.scale)

    def _log_cdf(self, x: Any) -> Tensor:
        return -softplus(-self._z(x))

    def _cdf(self, x: Any) -> Tensor:
        return sigmoid(self._z(x))

    def _log_survival_function(self, x: Any) -> Tensor:
        return -softplus(self._z(x))

    def _survival_function(self, x: Any) -> Tensor:
        return sigmoid(-self._z(x))

    def _entropy(self) -> Tensor:
        return 2 + log(self.scale * ones_like(self.loc))

    def _stddev(self) -> Tensor:
        return self.scale * ones_like(self.loc) * math.pi / math.sqrt(3)


@export(_SPACE + "RelaxedBernoulli")
class RelaxedBernoulli(TransformedDistribution):
    """Numbers in (0, 1) that come near to 0 and 1 as the temperature falls."""

    def __init__(
        self,
        temperature: Any,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "RelaxedBernoulli",
    ):
        own = {key: value for key, value in locals().items() if key not in ("self", "__class__")}
        with name_scope(name, values=[logits, probs, temperature]) as scope:
            with control_dependencies([assert_positive(temperature)] if validate_args else []):
                self._temperature = identity(temperature, name="temperature")
            self._logits, self._probs = logits_and_probs(logits, probs, validate_args=validate_args, name="")
            base = Logistic(
                self._logits / self._temperature,
                1.0 / self._temperature,
                validate_args=validate_args,
                allow_nan_stats=allow_nan_stats,
                name=scope + "/Logistic",
            )
            super().__init__(base, Sigmoid(validate_args=validate_args), validate_args=validate_args, name=scope)
        self._parameters = own

    temperature = property(lambda self: self._temperature)
    logits = property(lambda self: self._logits)
    probs = property(lambda self: self._probs)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Any]:
        return {"logits": convert_to_tensor(sample_shape, dtype=dtypes.int32)}
