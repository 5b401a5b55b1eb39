"""tf.contrib.distributions: distributions of what a bijector makes of samples; and several in one."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.contrib.bijector import Identity
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value, constant_value_as_shape
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import dimension_value
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.distributions.distribution import Distribution
from pyflow.distributions.kullback_leibler import RegisterKL, kl_divergence
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_broadcasting import broadcast_static_shape
from pyflow.ops.array_filling import ones_like, zeros
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape, size
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_less_equal
from pyflow.ops.constant import constant
from pyflow.ops.math_binary import maximum
from pyflow.ops.math_sums import add_n
from pyflow.ops.math_unary import exp
from pyflow.ops.ranges import range as range_
from pyflow.ops.reduce_functions import reduce_logsumexp, reduce_prod, reduce_sum

_SPACE = "contrib.distributions."


@export(_SPACE + "TransformedDistribution")
class TransformedDistribution(Distribution):
    """The distribution of bijector(x), where x is of another distribution.

    Args:
      distribution: of x.
      bijector: by default the identity.
      batch_shape, event_shape: for a distribution of single numbers, the batch or event to be made of it.

    Raises:
      ValueError: a shape is given for a distribution that has one, or is not positive.
    """

    def __init__(
        self,
        distribution: Any,
        bijector: Any = None,
        batch_shape: Any = None,
        event_shape: Any = None,
        validate_args: bool = False,
        name: str | None = None,
    ):
        own = dict(locals())
        own.pop("__class__", None)
        name = name or ("" if bijector is None else bijector.name) + distribution.name
        with name_scope(name, values=[event_shape, batch_shape]) as scope:
            if bijector is None:
                bijector = Identity(validate_args=validate_args)
            self._override_batch = self._override(batch_shape, distribution.batch_shape, "batch_shape")
            self._override_event = self._override(event_shape, distribution.event_shape, "event_shape")
            # A batch that is there comes before an event that is made, but is drawn behind it.
            self._rotate = 0
            if self._override_event is not None and self._override_batch is None and distribution.batch_shape.ndims:
                self._rotate = dimension_value(self._override_event.shape[0])
        self._distribution, self._bijector = distribution, bijector
        super().__init__(
            dtype=distribution.dtype,
            reparameterization_type=distribution.reparameterization_type,
            validate_args=validate_args,
            allow_nan_stats=distribution.allow_nan_stats,
            parameters=own,
            graph_parents=[*distribution._graph_parents, *bijector.graph_parents],
            name=scope,
        )

    distribution = property(lambda self: self._distribution, doc="Of x.")
    bijector = property(lambda self: self._bijector)

    def _override(self, override: Any, base: TensorShape, name: str) -> Tensor | None:
        """A shape that is to be made, as a vector; None for none or the empty one."""
        if override is None:
            return None
        tensor = convert_to_tensor(override, dtype=dtypes.int32, name=name)
        if tensor.shape.ndims not in (None, 1):
            raise ValueError("shape override must be a vector")
        length = None if tensor.shape.ndims is None else dimension_value(tensor.shape[0])
        if length is None or base.ndims is None:
            raise NotImplementedError(f"TransformedDistribution: {name} of an unknown rank")
        known = constant_value(tensor)
        if known is not None and (known <= 0).any():
            raise ValueError("shape override must have positive elements")
        if length == 0:
            return None
        if base.ndims:
            raise ValueError("base distribution not scalar")
        return tensor

    # ---------------------------------------------------------------- shapes

    def _event_shape_tensor(self) -> Tensor:
        made = self._override_event
        return self.bijector.forward_event_shape_tensor(
            self.distribution.event_shape_tensor() if made is None else made
        )

    def _event_shape(self) -> Any:
        made = self._override_event
        return self.bijector.forward_event_shape(
            self.distribution.event_shape if made is None else constant_value_as_shape(made)
        )

    def _batch_shape_tensor(self) -> Tensor:
        return self.distribution.batch_shape_tensor() if self._override_batch is None else self._override_batch

    def _batch_shape(self) -> Any:
        made = self._override_batch
        return self.distribution.batch_shape if made is None else constant_value_as_shape(made)

    # ---------------------------------------------------------------- samples and densities

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        made = [s for s in (self._override_batch, self._override_event) if s is not None]
        parts = [*made, [n]] if self._rotate else [[n], *made]
        sizes = concat(parts, 0) if len(parts) > 1 else parts[0]
        return self._rotated(self.distribution.sample(sample_shape=sizes, seed=seed))

    def _call_sample_n(self, sample_shape: Any, seed: int | None, name: str, **kwargs: Any) -> Tensor:
        with self._name_scope(name, [sample_shape]):
            sizes = convert_to_tensor(sample_shape, dtype=dtypes.int32, name="sample_shape")
            value = constant_value(sizes)
            count = reduce_prod(sizes) if value is None else int(np.prod(value))
            x = self._sample_n(count, seed, **kwargs)
            sizes = reshape(sizes, [-1]) if value is None else constant(np.reshape(value, [-1]), dtypes.int32)
            y = self.bijector.forward(reshape(x, concat([sizes, shape(x)[1:]], 0)))
            first = TensorShape(None if value is None else np.reshape(value, [-1]).tolist())
            y.set_shape(first.concatenate(self.batch_shape).concatenate(self.event_shape))
            return y

    def _rotated(self, x: Tensor, back: bool = False) -> Tensor:
        if not self._rotate:
            return x
        count = x.shape.ndims
        if count is None:
            raise NotImplementedError("TransformedDistribution: event_shape with samples of unknown rank")
        n = count - self._rotate if back else self._rotate
        return transpose(x, [*range(n, count), *range(n)])

    def _event_ndims(self) -> Any:
        return size(self.event_shape_tensor()) if self.event_shape.ndims is None else self.event_shape.ndims

    def _of_fibers(self, y: Any, one: Callable, together: Callable) -> Tensor:
        """Something of each x that the bijector maps to y: of one, or of several together."""
        x = self.bijector.inverse(y)
        dimensions = self._event_ndims()
        ildj = self.bijector.inverse_log_det_jacobian(y, event_ndims=dimensions)
        if self.bijector._is_injective:
            return one(y, x, ildj, dimensions)
        return together([one(y, x_, ildj_, dimensions) for x_, ildj_ in zip(x, ildj)])

    def _finished(self, y: Any, value: Tensor, dimensions: Any) -> Tensor:
        if self._override_event is not None and isinstance(dimensions, int) and y.get_shape().ndims is not None:
            first = y.get_shape().with_rank_at_least(1)[: y.get_shape().ndims - dimensions]
            value.set_shape(broadcast_static_shape(first, self.batch_shape))
        return value

    def _event_axes(self) -> list[int]:
        count = dimension_value(self._override_event.shape[0]) if self._override_event is not None else 0
        return list(range(self._rotate - count, self._rotate))

    def _log_prob(self, y: Any) -> Tensor:
        def one(y: Any, x: Any, ildj: Any, dimensions: Any) -> Tensor:
            value = self.distribution.log_prob(self._rotated(x, back=True))
            if self._override_event is not None:
                value = reduce_sum(value, self._event_axes())
            return self._finished(y, value + cast(ildj, value.dtype), dimensions)

        return self._of_fibers(y, one, lambda values: reduce_logsumexp(stack(values), axis=0))

    def _prob(self, y: Any) -> Tensor:
        def one(y: Any, x: Any, ildj: Any, dimensions: Any) -> Tensor:
            value = self.distribution.prob(self._rotated(x, back=True))
            if self._override_event is not None:
                value = reduce_prod(value, self._event_axes())
            return self._finished(y, value * exp(cast(ildj, value.dtype)), dimensions)

        return self._of_fibers(y, one, add_n)

    def _require_plain(self, of: str) -> None:
        if self._override_event is not None:
            raise NotImplementedError(f"{of} is not implemented when overriding event_shape")
        if not self.bijector._is_injective:
            raise NotImplementedError(f"{of} is not implemented when bijector is not injective.")

    def _log_cdf(self, y: Any) -> Tensor:
        self._require_plain("log_cdf")
        return self.distribution.log_cdf(self.bijector.inverse(y))

    def _cdf(self, y: Any) -> Tensor:
        self._require_plain("cdf")
        return self.distribution.cdf(self.bijector.inverse(y))

    def _log_survival_function(self, y: Any) -> Tensor:
        self._require_plain("log_survival_function")
        return self.distribution.log_survival_function(self.bijector.inverse(y))

    def _survival_function(self, y: Any) -> Tensor:
        self._require_plain("survival_function")
        return self.distribution.survival_function(self.bijector.inverse(y))

    def _quantile(self, value: Any) -> Tensor:
        self._require_plain("quantile")
        return self.bijector.forward(self.distribution.quantile(value))

    def _entropy(self) -> Tensor:
        if not self.bijector.is_constant_jacobian:
            raise NotImplementedError("entropy is not implemented")
        if not self.bijector._is_injective:
            raise NotImplementedError("entropy is not implemented when bijector is not injective.")
        entropy = self.distribution.entropy()
        if self._override_event is not None:
            entropy *= cast(reduce_prod(self._override_event), dtype=entropy.dtype.base_dtype)
        if self._override_batch is not None:
            base = self.distribution.batch_shape_tensor()
            entropy = reshape(entropy, concat([ones_like(self._override_batch), base], 0))
            entropy = tile(entropy, concat([self._override_batch, ones_like(base)], 0))
        anywhere = zeros(concat([self.batch_shape_tensor(), self.event_shape_tensor()], 0), dtype=self.dtype)
        ildj = self.bijector.inverse_log_det_jacobian(anywhere, event_ndims=self._event_ndims())
        entropy -= cast(ildj, entropy.dtype)
        entropy.set_shape(self.batch_shape)
        return entropy


@export(_SPACE + "ConditionalTransformedDistribution")
class ConditionalTransformedDistribution(TransformedDistribution):
    """As `TransformedDistribution`; conditions are not passed on.

    Raises:
      NotImplementedError: there are conditions.
    """

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str = "sample", **condition_kwargs: Any) -> Tensor:
        if condition_kwargs:
            raise NotImplementedError("ConditionalTransformedDistribution: conditions")
        return super().sample(sample_shape, seed, name)


@export(_SPACE + "Independent")
class Independent(Distribution):
    """A distribution whose last batch dimensions are taken for dimensions of the event.

    Args:
      reinterpreted_batch_ndims: how many; by default all but the first.

    Raises:
      ValueError: there are not so many.
    """

    def __init__(
        self,
        distribution: Any,
        reinterpreted_batch_ndims: Any = None,
        validate_args: bool = False,
        name: str | None = None,
    ):
        own = dict(locals())
        own.pop("__class__", None)
        self._distribution = distribution
        with name_scope(name or "Independent" + distribution.name) as scope:
            count = distribution.batch_shape.ndims
            if reinterpreted_batch_ndims is None:
                if count is None:
                    reinterpreted_batch_ndims = maximum(0, shape(distribution.batch_shape_tensor())[0] - 1)
                else:
                    reinterpreted_batch_ndims = max(0, count - 1)
            tensor = convert_to_tensor(reinterpreted_batch_ndims, dtype=dtypes.int32, name="reinterpreted_batch_ndims")
            known = constant_value(tensor)
            self._static = None if known is None else int(known)
            self._reinterpreted_batch_ndims = tensor if self._static is None else self._static
            super().__init__(
                dtype=distribution.dtype,
                reparameterization_type=distribution.reparameterization_type,
                validate_args=validate_args,
                allow_nan_stats=distribution.allow_nan_stats,
                parameters=own,
                graph_parents=list(distribution._graph_parents),
                name=scope,
            )
            self._runtime_assertions: list[Any] = []
            if count is not None and self._static is not None:
                if self._static > count:
                    raise ValueError(
                        f"reinterpreted_batch_ndims({self._static}) cannot exceed distribution.batch_ndims({count})"
                    )
            elif validate_args:
                message = "reinterpreted_batch_ndims cannot exceed distribution.batch_ndims"
                at_most = shape(distribution.batch_shape_tensor())[0]
                self._runtime_assertions = [assert_less_equal(tensor, at_most, message=message)]

    distribution = property(lambda self: self._distribution)
    reinterpreted_batch_ndims = property(lambda self: self._reinterpreted_batch_ndims)

    def _split(self) -> tuple[Tensor, Any]:
        batch = self.distribution.batch_shape_tensor()
        count = self.distribution.batch_shape.ndims
        count = shape(batch)[0] if count is None else count
        return batch, count - self.reinterpreted_batch_ndims

    def _batch_shape_tensor(self) -> Tensor:
        with control_dependencies(self._runtime_assertions):
            batch, at = self._split()
            return batch[:at]

    def _event_shape_tensor(self) -> Tensor:
        with control_dependencies(self._runtime_assertions):
            batch, at = self._split()
            return concat([batch[at:], self.distribution.event_shape_tensor()], axis=0)

    def _batch_shape(self) -> TensorShape:
        batch = self.distribution.batch_shape
        if self._static is None or batch.ndims is None:
            return TensorShape(None)
        return batch[: batch.ndims - self._static]

    def _event_shape(self) -> TensorShape:
        batch = self.distribution.batch_shape
        if self._static is None or batch.ndims is None:
            return TensorShape(None)
        return batch[batch.ndims - self._static :].concatenate(self.distribution.event_shape)

    def _reduced(self, value: Tensor) -> Tensor:
        if self._static is None:
            return reduce_sum(value, axis=-1 - range_(self._reinterpreted_batch_ndims))
        return reduce_sum(value, axis=[-1 - i for i in range(self._static)])

    def _with_checks(self, function: Callable) -> Tensor:
        with control_dependencies(self._runtime_assertions):
            return function()

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        return self._with_checks(lambda: self.distribution.sample(sample_shape=n, seed=seed))

    def _log_prob(self, x: Any) -> Tensor:
        return self._with_checks(lambda: self._reduced(self.distribution.log_prob(x)))

    def _entropy(self) -> Tensor:
        return self._with_checks(lambda: self._reduced(self.distribution.entropy()))

    def _mean(self) -> Tensor:
        return self._with_checks(self.distribution.mean)

    def _variance(self) -> Tensor:
        return self._with_checks(self.distribution.variance)

    def _stddev(self) -> Tensor:
        return self._with_checks(self.distribution.stddev)

    def _mode(self) -> Tensor:
        return self._with_checks(self.distribution.mode)


@RegisterKL(Independent, Independent)
def _kl_of_independent(a: Independent, b: Independent, name: str = "kl_independent") -> Tensor:
    p, q = a.distribution, b.distribution
    if not (a.event_shape.is_fully_defined() and b.event_shape.is_fully_defined()):
        raise NotImplementedError("KL between Independents whose event shapes are not known")
    if a.event_shape != b.event_shape:
        raise ValueError("Event shapes do not match.")
    if p.event_shape != q.event_shape:
        raise NotImplementedError("KL between Independents with different event shapes not supported.")
    count = (a.event_shape.ndims or 0) - (p.event_shape.ndims or 0)
    return reduce_sum(kl_divergence(p, q, name=name), axis=[-i - 1 for i in range(count)])
