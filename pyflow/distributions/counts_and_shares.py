"""Multinomial, Dirichlet and Dirichlet-multinomial distributions: counts and shares of classes."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.distributions.discrete import integer_form, logits_and_probs
from pyflow.distributions.distribution import FULLY_REPARAMETERIZED, NOT_REPARAMETERIZED, Distribution
from pyflow.distributions.kullback_leibler import RegisterKL
from pyflow.distributions.scalar_distribution import new_seed
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_diagonals import matrix_set_diag
from pyflow.ops.array_filling import ones_like
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal, assert_less, assert_near, assert_positive
from pyflow.ops.comparison import greater
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.math_binary import xlogy
from pyflow.ops.math_special import digamma, lbeta, lgamma
from pyflow.ops.math_unary import exp, log, rsqrt, sqrt
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_softmax import log_softmax
from pyflow.ops.random import multinomial
from pyflow.ops.random_gamma_poisson import random_gamma
from pyflow.ops.rank_checks import assert_rank_at_least
from pyflow.ops.reduce_functions import reduce_all, reduce_sum
from pyflow.ops.sequence_loops import map_fn


class _VectorDistribution(Distribution):
    """A sample is a vector, with a number for each class; `_whole` has the shape of batch and event."""

    _whole: Tensor

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self._whole)[:-1]

    def _batch_shape(self) -> TensorShape:
        return self._whole.get_shape().with_rank_at_least(1)[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return shape(self._whole)[-1:]

    def _event_shape(self) -> TensorShape:
        return self._whole.get_shape().with_rank_at_least(1)[-1:]

    def _classes(self) -> Tensor:
        return self.event_shape_tensor()[0]

    def _checked_counts(self, counts: Any, message: str) -> Any:
        if not self.validate_args:
            return counts
        total: Any = getattr(self, "total_count")  # noqa: B009  (not every distribution has one)
        counts = integer_form(counts, dtypes.int32)
        return with_dependencies([assert_equal(total, reduce_sum(counts, -1), message=message)], counts)

    def _covariance_of(self, left: Tensor, right: Tensor) -> Tensor:
        return matrix_set_diag(-matmul(left[..., None], right[..., None, :]), self._variance())


def _log_arrangements(n: Any, counts: Any) -> Tensor:
    """The logarithm of n! / (counts! ...)."""
    return lgamma(n + 1.0) - reduce_sum(lgamma(counts + 1.0), axis=-1)


@export("distributions.Multinomial", "contrib.distributions.Multinomial")
class Multinomial(_VectorDistribution):
    """How often each class comes in `total_count` draws, with probabilities [..., classes] or their logits."""

    total_count = property(lambda self: self._total_count)
    logits = property(lambda self: self._logits)
    probs = property(lambda self: self._probs)

    def __init__(
        self,
        total_count: Any,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Multinomial",
    ):
        own = dict(locals())
        with name_scope(name, values=[total_count, logits, probs]) as scope:
            self._total_count = convert_to_tensor(total_count, name="total_count")
            if validate_args:
                self._total_count = integer_form(self._total_count, dtypes.int32)
            self._logits, self._probs = logits_and_probs(logits, probs, True, validate_args, scope)
            self._whole = self._total_count[..., None] * self._probs
        super().__init__(
            dtype=self._probs.dtype,
            reparameterization_type=NOT_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters=own,
            graph_parents=[self._total_count, self._logits, self._probs],
            name=scope,
        )

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        k = self._classes()
        draws = ones_like(self.logits[..., 0], dtype=dtypes.int32) * cast(self.total_count, dtypes.int32)
        logits = ones_like(draws[..., None], dtype=self.logits.dtype) * self.logits

        def sample_one(item: Any) -> Tensor:
            chosen = reshape(multinomial(item[0][None, ...], item[1], seed), [n, -1])
            return reduce_sum(one_hot(chosen, depth=k, dtype=self.dtype), axis=-2)

        items = [reshape(logits, [-1, k]), n * reshape(draws, [-1])]
        counts = transpose(map_fn(sample_one, items, dtype=self.dtype), perm=[1, 0, 2])
        return reshape(counts, concat([[n], self.batch_shape_tensor(), [k]], 0))

    def _log_prob(self, counts: Any) -> Tensor:
        counts = self._checked_counts(counts, "counts must sum to `self.total_count`")
        return reduce_sum(counts * log_softmax(self.logits), -1) + _log_arrangements(self.total_count, counts)

    def _mean(self) -> Tensor:
        return identity(self._whole)

    def _broadcast_probs(self) -> Tensor:
        return self.probs * ones_like(self.total_count)[..., None]

    def _covariance(self) -> Tensor:
        return self._covariance_of(self._whole, self._broadcast_probs())

    def _variance(self) -> Tensor:
        return self._whole - self._whole * self._broadcast_probs()


def _checked_concentration(concentration: Any, validate_args: bool) -> Tensor:
    tensor = convert_to_tensor(concentration, name="concentration")
    if not validate_args:
        return tensor
    of = "Concentration parameter must"
    checks = [
        assert_positive(tensor, message=f"{of} be positive."),
        assert_rank_at_least(tensor, 1, message=f"{of} have >=1 dimensions."),
        assert_less(1, shape(tensor)[-1], message=f"{of} have event_size >= 2."),
    ]
    return with_dependencies(checks, tensor)


@export("distributions.Dirichlet", "contrib.distributions.Dirichlet")
class Dirichlet(_VectorDistribution):
    """Shares that add up to 1, with density proportional to the product of x^(concentration - 1)."""

    concentration = property(lambda self: self._concentration)
    total_concentration = property(lambda self: self._total_concentration)

    def __init__(
        self,
        concentration: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Dirichlet",
    ):
        own = dict(locals())
        with name_scope(name, values=[concentration]) as scope:
            self._concentration = self._whole = _checked_concentration(concentration, validate_args)
            self._total_concentration = reduce_sum(self._concentration, -1)
        super().__init__(
            dtype=self._concentration.dtype,
            reparameterization_type=FULLY_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters=own,
            graph_parents=[self._concentration, self._total_concentration],
            name=scope,
        )

    def _checked(self, x: Any) -> Any:
        if not self.validate_args:
            return x
        one = constant(1.0, self.dtype)
        near = assert_near(one, reduce_sum(x, -1), message="sample last-dimension must sum to `1`")
        return with_dependencies([assert_positive(x, message="samples must be positive"), near], x)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        gammas = random_gamma(shape=[n], alpha=self.concentration, dtype=self.dtype, seed=seed)
        return gammas / reduce_sum(gammas, -1, keepdims=True)

    def _log_prob(self, x: Any) -> Tensor:
        return reduce_sum(xlogy(self.concentration - 1.0, self._checked(x)), -1) - lbeta(self.concentration)

    def _prob(self, x: Any) -> Tensor:
        return exp(self._log_prob(x))

    def _entropy(self) -> Tensor:
        a, total = self.concentration, self.total_concentration
        k = cast(self._classes(), self.dtype)
        return lbeta(a) + (total - k) * digamma(total) - reduce_sum((a - 1.0) * digamma(a), axis=-1)

    def _mean(self) -> Tensor:
        return self.concentration / self.total_concentration[..., None]

    def _scaled_mean(self) -> tuple[Tensor, Tensor]:
        scale = rsqrt(1.0 + self.total_concentration[..., None])
        return scale, scale * self._mean()

    def _covariance(self) -> Tensor:
        _, x = self._scaled_mean()
        return self._covariance_of(x, x)

    def _variance(self) -> Tensor:
        scale, x = self._scaled_mean()
        return x * (scale - x)

    def _mode(self) -> Tensor:
        k = cast(self._classes(), self.dtype)
        mode = (self.concentration - 1.0) / (self.total_concentration[..., None] - k)
        one = constant(1.0, self.dtype)
        if self.allow_nan_stats:
            defined = reduce_all(greater(self.concentration, one), axis=-1, keepdims=True)
            return where_v2(defined, mode, ones_like(mode) * constant(float("nan"), self.dtype))
        message = "Mode undefined when any concentration <= 1"
        return with_dependencies([assert_less(one, self.concentration, message=message)], mode)


@RegisterKL(Dirichlet, Dirichlet)
def _kl_of_dirichlets(a: Dirichlet, b: Dirichlet, name: str | None = None) -> Tensor:
    with name_scope(name, "kl_dirichlet_dirichlet", [a.concentration, b.concentration]):
        expected_logs = digamma(a.concentration) - digamma(reduce_sum(a.concentration, axis=-1, keepdims=True))
        moved = reduce_sum((a.concentration - b.concentration) * expected_logs, axis=-1)
        return moved - lbeta(a.concentration) + lbeta(b.concentration)


@export("distributions.DirichletMultinomial", "contrib.distributions.DirichletMultinomial")
class DirichletMultinomial(_VectorDistribution):
    """Counts of `total_count` draws whose probabilities are drawn from a Dirichlet distribution before."""

    total_count = property(lambda self: self._total_count)
    concentration = property(lambda self: self._concentration)
    total_concentration = property(lambda self: self._total_concentration)

    def __init__(
        self,
        total_count: Any,
        concentration: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "DirichletMultinomial",
    ):
        own = dict(locals())
        with name_scope(name, values=[total_count, concentration]) as scope:
            self._total_count = convert_to_tensor(total_count, name="total_count")
            if validate_args:
                self._total_count = integer_form(self._total_count, dtypes.int32)
            self._concentration = _checked_concentration(concentration, validate_args)
            self._total_concentration = reduce_sum(self._concentration, -1)
            self._whole = self._concentration
        super().__init__(
            dtype=self._concentration.dtype,
            reparameterization_type=NOT_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters=own,
            graph_parents=[self._total_count, self._concentration],
            name=scope,
        )

    def _batch_shape_tensor(self) -> Tensor:
        return shape(self.total_concentration)

    def _batch_shape(self) -> TensorShape:
        return self.total_concentration.get_shape()

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        k, draws = self._classes(), cast(self.total_count, dtypes.int32)
        gammas = random_gamma(shape=[n], alpha=self.concentration, dtype=self.dtype, seed=seed)
        other = new_seed(seed, salt="dirichlet_multinomial")
        chosen = multinomial(logits=reshape(log(gammas), [-1, k]), num_samples=draws, seed=other)
        counts = reduce_sum(one_hot(chosen, depth=k), -2)
        return cast(reshape(counts, concat([[n], self.batch_shape_tensor(), [k]], 0)), self.dtype)

    def _log_prob(self, counts: Any) -> Tensor:
        counts = self._checked_counts(counts, "counts last-dimension must sum to `self.total_count`")
        ordered = lbeta(self.concentration + counts) - lbeta(self.concentration)
        return ordered + _log_arrangements(self.total_count, counts)

    def _prob(self, counts: Any) -> Tensor:
        return exp(self._log_prob(counts))

    def _mean(self) -> Tensor:
        return self.total_count * (self.concentration / self.total_concentration[..., None])

    def _scaled_mean(self) -> tuple[Tensor, Tensor]:
        total = self.total_concentration[..., None]
        scale = sqrt((1.0 + total / self.total_count) / (1.0 + total))
        return scale, scale * self._mean()

    def _covariance(self) -> Tensor:
        _, x = self._scaled_mean()
        return self._covariance_of(x, x)

    def _variance(self) -> Tensor:
        scale, x = self._scaled_mean()
        return x * (self.total_count * scale - x)
