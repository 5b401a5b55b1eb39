"""Bernoulli and categorical distributions, and parameters given as logits or as probabilities."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.distributions.distribution import NOT_REPARAMETERIZED
from pyflow.distributions.kullback_leibler import RegisterKL
from pyflow.distributions.scalar_distribution import ScalarDistribution
from pyflow.ops.arg_extremes import argmax
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_filling import ones_like, zeros_like
from pyflow.ops.array_grid import sequence_mask
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal, assert_less_equal, assert_near, assert_non_negative
from pyflow.ops.comparison import greater, less
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.math_rounding import floor
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.math_unary import log, log1p
from pyflow.ops.nn_activations import softplus
from pyflow.ops.nn_cross_entropy import sparse_softmax_cross_entropy_with_logits
from pyflow.ops.nn_losses import sigmoid_cross_entropy_with_logits
from pyflow.ops.nn_softmax import log_softmax, softmax
from pyflow.ops.random import multinomial, random_uniform
from pyflow.ops.reduce_functions import reduce_sum


def logits_and_probs(
    logits: Any, probs: Any, multidimensional: bool = False, validate_args: bool = False, name: str = ""
) -> tuple[Tensor, Tensor]:
    """Both of two, of which one is given.

    Args:
      multidimensional: the last dimension is that of classes; otherwise each number is of an event of its own.

    Raises:
      ValueError: none or both are given.
      TypeError: no floats.
    """
    with name_scope(name, values=[probs, logits]):
        if (probs is None) == (logits is None):
            raise ValueError("Must pass probs or logits, but not both.")
        if probs is None:
            logits = convert_to_tensor(logits, name="logits")
            if not logits.dtype.is_floating:
                raise TypeError("logits must having floating type.")
            return logits, (softmax if multidimensional else sigmoid)(logits, name="probs")
        probs = convert_to_tensor(probs, name="probs")
        if not probs.dtype.is_floating:
            raise TypeError("probs must having floating type.")
        if validate_args:
            with name_scope("validate_probs"):
                one = constant(1.0, probs.dtype)
                checks = [assert_non_negative(probs)]
                if multidimensional:
                    checks.append(assert_near(reduce_sum(probs, -1), one, message="probs does not sum to 1."))
                else:
                    message = "probs has components greater than 1."
                    checks.append(assert_less_equal(probs, one, message=message))
                probs = with_dependencies(checks, probs)
        with name_scope("logits"):
            return (log(probs) if multidimensional else log(probs) - log1p(-1.0 * probs)), probs


def integer_form(x: Any, dtype: Any) -> Tensor:
    """x, checked in each run to hold non-negative whole numbers (0 and 1 for bool)."""
    checks = [assert_non_negative(x, message="Elements must be non-negative.")]
    if x.dtype.is_floating:
        message = f"Elements must be {dtypes.as_dtype(dtype).name}-equivalent."
        checks.append(assert_equal(x, floor(x), message=message))
    if dtype is dtypes.bool:
        checks.append(assert_less_equal(x, ones_like(x), message="Elements cannot exceed 1."))
    return with_dependencies(checks, x)


class _Discrete(ScalarDistribution):
    logits = property(lambda self: self._logits)
    probs = property(lambda self: self._probs)
    _parameter_names = ("logits", "probs")

    @classmethod
    def _param_shapes(cls, sample_shape: Any) -> dict[str, Any]:
        return {"logits": convert_to_tensor(sample_shape, dtype=dtypes.int32)}


@export("distributions.Bernoulli", "contrib.distributions.Bernoulli")
class Bernoulli(_Discrete):
    """1 with probability `probs` = sigmoid(`logits`), else 0."""

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Bernoulli",
    ):
        own = dict(locals())
        with name_scope(name) as scope:
            self._logits, self._probs = logits_and_probs(logits, probs, validate_args=validate_args, name=scope)
        self._finish(own, scope, NOT_REPARAMETERIZED, dtype)

    def _batch_shape(self) -> TensorShape:
        return self.logits.get_shape()

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self.logits)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        sizes = concat([[n], self.batch_shape_tensor()], 0)
        return cast(less(random_uniform(sizes, seed=seed, dtype=self.probs.dtype), self.probs), self.dtype)

    def _log_prob(self, event: Any) -> Tensor:
        if self.validate_args:
            event = integer_form(event, dtypes.bool)
        event, logits = cast(event, self.logits.dtype), self.logits
        if not (event.shape.is_fully_defined() and event.shape == logits.shape):
            event, logits = ones_like(logits) * event, ones_like(event) * logits
        return -sigmoid_cross_entropy_with_logits(labels=event, logits=logits)

    def _entropy(self) -> Tensor:
        return -self.logits * (sigmoid(self.logits) - 1.0) + softplus(-self.logits)

    def _mean(self) -> Tensor:
        return identity(self.probs)

    def _variance(self) -> Tensor:
        return self._mean() * (1.0 - self.probs)

    def _mode(self) -> Tensor:
        return cast(greater(self.probs, 0.5), self.dtype)


@RegisterKL(Bernoulli, Bernoulli)
def _kl_of_bernoullis(a: Bernoulli, b: Bernoulli, name: str | None = None) -> Tensor:
    x, y = a.logits, b.logits
    with name_scope(name, "kl_bernoulli_bernoulli", [x, y]):
        ones = sigmoid(x) * (softplus(-y) - softplus(-x))
        return ones + sigmoid(-x) * (softplus(y) - softplus(x))


@export("distributions.Categorical", "contrib.distributions.Categorical")
class Categorical(_Discrete):
    """A class, with probabilities `probs` = softmax(`logits`), each [..., classes]."""

    event_size = property(lambda self: self._event_size)

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Categorical",
    ):
        own = dict(locals())
        with name_scope(name, values=[logits, probs]) as scope:
            self._logits, self._probs = logits_and_probs(logits, probs, True, validate_args, scope)
            static = self._logits.get_shape().with_rank_at_least(1)
            sizes = None if static.ndims is None else static.as_list()
            if sizes is None:
                self._batch_rank = rank(self._logits) - 1
            else:
                self._batch_rank = convert_to_tensor(len(sizes) - 1, dtype=dtypes.int32, name="batch_rank")
            all_sizes = shape(self._logits, name="logits_shape")
            if sizes is None or sizes[-1] is None:
                with name_scope("event_size"):
                    self._event_size = all_sizes[self._batch_rank]
            else:
                self._event_size = convert_to_tensor(sizes[-1], dtype=dtypes.int32, name="event_size")
            if sizes is None or None in sizes[:-1]:
                with name_scope("batch_shape"):
                    self._batch_sizes = all_sizes[:-1]
            else:
                self._batch_sizes = constant(sizes[:-1], dtype=dtypes.int32, name="batch_shape")
        self._finish(own, scope, NOT_REPARAMETERIZED, dtype)

    def _batch_shape(self) -> TensorShape:
        return self.logits.get_shape()[:-1]

    def _batch_shape_tensor(self) -> Tensor:
        return identity(self._batch_sizes)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        rows = self.logits if self.logits.shape.ndims == 2 else reshape(self.logits, [-1, self.event_size])
        dtype = dtypes.int64 if dtypes.as_dtype(self.dtype).size > 4 else dtypes.int32
        draws = multinomial(rows, n, seed=seed, output_dtype=dtype)
        return cast(reshape(transpose(draws), concat([[n], self.batch_shape_tensor()], 0)), self.dtype)

    def _aligned(self, k: Any, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Classes and parameters, broadcast to the same batch."""
        k = convert_to_tensor(k, name="k")
        if self.validate_args:
            k = integer_form(k, dtypes.int32)
        if not (k.shape.is_fully_defined() and k.shape == parameters.shape[:-1]):
            parameters = parameters * ones_like(k[..., None], dtype=parameters.dtype)
            k = k * ones_like(parameters[..., 0], dtype=k.dtype)
            k.set_shape(parameters.shape[:-1])
        return (cast(k, dtypes.int32) if k.dtype.is_floating else k), parameters

    def _log_prob(self, k: Any) -> Tensor:
        k, logits = self._aligned(k, self.logits)
        return -sparse_softmax_cross_entropy_with_logits(labels=k, logits=logits)

    def _cdf(self, k: Any) -> Tensor:
        k, probs = self._aligned(k, self.probs)
        return reduce_sum(where_v2(sequence_mask(k, self.event_size), probs, zeros_like(probs)), -1)

    def _entropy(self) -> Tensor:
        return -reduce_sum(log_softmax(self.logits) * self.probs, axis=-1)

    def _mode(self) -> Tensor:
        mode = cast(argmax(self.logits, axis=self._batch_rank), self.dtype)
        mode.set_shape(self.batch_shape)
        return mode


@RegisterKL(Categorical, Categorical)
def _kl_of_categoricals(a: Categorical, b: Categorical, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_categorical_categorical", [a.logits, b.logits]):
        return reduce_sum(softmax(a.logits) * (log_softmax(a.logits) - log_softmax(b.logits)), axis=-1)
