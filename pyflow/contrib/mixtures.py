"""tf.contrib.distributions: mixtures of distributions."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.dimension import dimension_value
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.distributions.discrete import Categorical
from pyflow.distributions.distribution import NOT_REPARAMETERIZED, Distribution
from pyflow.distributions.scalar_distribution import new_seed
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_filling import ones_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape, size
from pyflow.ops.array_splitting import unstack
from pyflow.ops.array_tiling import tile
from pyflow.ops.checks import assert_equal
from pyflow.ops.dynamic_stitch import dynamic_partition, dynamic_stitch
from pyflow.ops.math_binary import squared_difference
from pyflow.ops.math_sums import add_n
from pyflow.ops.math_unary import sqrt, square
from pyflow.ops.nn_softmax import log_softmax, softmax
from pyflow.ops.ranges import range as range_
from pyflow.ops.reduce_functions import reduce_logsumexp, reduce_prod, reduce_sum

_SPACE = "contrib.distributions."


def _padded(x: Tensor, mixture: Any, categorical: Any, event_ndims: int) -> Tensor:
    """Weights [..., components], with dimensions for a batch that they lack, and for an event."""
    with name_scope("pad_mix_dims", values=[x]):
        of_mixture, of_weights = mixture.batch_shape.ndims, categorical.batch_shape.ndims
        if of_mixture is None or of_weights is None:
            raise NotImplementedError("mixtures of unknown batch rank")
        sizes = shape(x)
        missing = [1] * (of_mixture - of_weights)
        parts = [sizes[:-1], missing, sizes[-1:], [1] * event_ndims]
        return reshape(x, concat([part for part in parts if not isinstance(part, list) or part], axis=0))


@export(_SPACE + "Mixture")
class Mixture(Distribution):
    """One of several distributions, chosen by a `Categorical`.

    Args:
      use_static_graph: draw from all of them and choose then.

    Raises:
      TypeError, ValueError: they are no such distributions, or do not go together.
    """

    def __init__(
        self,
        cat: Any,
        components: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        use_static_graph: bool = False,
        name: str = "Mixture",
    ):
        own = {key: value for key, value in locals().items() if key != "__class__"}
        if not isinstance(cat, Categorical):
            raise TypeError(f"cat must be a Categorical distribution, but saw: {cat}")
        if not components:
            raise ValueError("components must be a non-empty list or tuple")
        if not isinstance(components, (list, tuple)):
            raise TypeError(f"components must be a list or tuple, but saw: {components}")
        if not all(isinstance(c, Distribution) for c in components):
            raise TypeError(f"all entries in components must be Distribution instances but saw: {components}")
        dtype = components[0].dtype
        if not all(d.dtype == dtype for d in components):
            listed = [(d.name, d.dtype) for d in components]
            raise TypeError(f"All components must have the same dtype, but saw dtypes: {listed}")
        event, batch = components[0].event_shape, cat.batch_shape
        for d in components:
            event, batch = event.merge_with(d.event_shape), batch.merge_with(d.batch_shape)
        if event.ndims is None:
            raise ValueError(
                "Expected to know rank(event_shape) from components, but none of the components provide a static "
                "number of ndims"
            )
        with name_scope(name, values=[cat.logits]) as scope:
            count = constant_value(cat.event_size)
            if count is None:
                raise ValueError(
                    "Could not infer number of classes from cat and unable to compare this value to the number of "
                    "components passed in."
                )
            if int(count) != len(components):
                raise ValueError(f"cat.num_classes != len(components): {int(count)} vs. {len(components)}")
            self._assertions = self._checks(cat, components) if validate_args else []
        self._cat, self._components, self._num_components = cat, list(components), int(count)
        self._static_event_shape, self._static_batch_shape = event, batch
        self._use_static_graph = use_static_graph
        super().__init__(
            dtype=dtype,
            reparameterization_type=NOT_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters=own,
            graph_parents=[*cat._graph_parents, *(parent for c in components for parent in c._graph_parents)],
            name=scope,
        )

    @staticmethod
    def _checks(cat: Any, components: Any) -> list[Any]:
        own = cat.batch_shape_tensor()
        checks = []
        for i, d in enumerate(components):
            message = f"components[{i}] batch shape must match cat batch shape"
            other = d.batch_shape_tensor()
            checks += [assert_equal(size(own), size(other), message=message), assert_equal(own, other, message=message)]
        return checks

    cat = property(lambda self: self._cat)
    components = property(lambda self: self._components)
    num_components = property(lambda self: self._num_components)

    def _batch_shape_tensor(self) -> Tensor:
        return self._cat.batch_shape_tensor()

    def _batch_shape(self) -> Any:
        return self._static_batch_shape

    def _event_shape_tensor(self) -> Tensor:
        return self._components[0].event_shape_tensor()

    def _event_shape(self) -> Any:
        return self._static_event_shape

    def _weights(self, logarithms: bool) -> list[Tensor]:
        function = log_softmax if logarithms else softmax
        return unstack(function(self.cat.logits), num=self.num_components, axis=-1)

    def _of_event_rank(self, x: Tensor) -> Tensor:
        for _ in range(self.event_shape.ndims):
            x = expand_dims(x, -1)
        return x

    def _mean(self) -> Tensor:
        with control_dependencies(self._assertions):
            means = [d.mean() for d in self.components]
            weights = [self._of_event_rank(w) for w in self._weights(False)]
            return add_n([w * m for w, m in zip(weights, means)])

    def _stddev(self) -> Tensor:
        with control_dependencies(self._assertions):
            means = stack([d.mean() for d in self.components], axis=-1)
            deviations = stack([d.stddev() for d in self.components], axis=-1)
            weights = stack([self._of_event_rank(w) for w in self._weights(False)], axis=-1) * ones_like(means)
            mean = reduce_sum(weights * means, axis=-1)
            squares = reduce_sum(weights * (square(deviations) + square(means)), axis=-1)
            return sqrt(squares - square(mean))

    def _logsumexp(self, values: list[Tensor]) -> Tensor:
        weighted = [w + value for w, value in zip(self._weights(True), values)]
        return reduce_logsumexp(stack(weighted, axis=0), [0])

    def _log_prob(self, x: Any) -> Tensor:
        with control_dependencies(self._assertions):
            return self._logsumexp([d.log_prob(x) for d in self.components])

    def _log_cdf(self, x: Any) -> Tensor:
        with control_dependencies(self._assertions):
            return self._logsumexp([d.log_cdf(x) for d in self.components])

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        if self._use_static_graph:
            return self._sample_of_all(n, seed)
        with control_dependencies(self._assertions):
            chosen = self.cat.sample(n, seed=seed)
            known = chosen.shape.is_fully_defined()
            sizes: Any = chosen.shape.as_list() if known else shape(chosen)
            batch = self.batch_shape
            batch_size: Any = (
                batch.num_elements() if batch.is_fully_defined() else reduce_prod(self.batch_shape_tensor())
            )
            event: Any = (
                self.event_shape.as_list() if self.event_shape.is_fully_defined() else self.event_shape_tensor()
            )
            places = self._partitioned(reshape(range_(0, size(chosen)), sizes), chosen)
            members = self._partitioned(reshape(tile(range_(0, batch_size), [n]), sizes), chosen)
            drawn = []
            for c in range(self.num_components):
                count = size(places[c])
                seed = new_seed(seed, "mixture")
                samples = self.components[c].sample(count, seed=seed)
                flat = reshape(
                    samples, concat([[count * batch_size], event], 0) if event != [] else [count * batch_size]
                )
                drawn.append(gather(flat, batch_size * range_(count) + members[c]))
            stitched = dynamic_stitch(indices=places, data=drawn)
            result = reshape(stitched, concat([shape(chosen), self.event_shape_tensor()], 0))
            result.set_shape(chosen.shape.concatenate(self.event_shape))
            return result

    def _partitioned(self, data: Tensor, chosen: Tensor) -> list[Tensor]:
        return dynamic_partition(data=data, partitions=chosen, num_partitions=self.num_components)

    def _sample_of_all(self, n: Any, seed: int | None) -> Tensor:
        chosen = self.cat.sample(n, seed=seed)
        drawn = []
        for c in range(self.num_components):
            seed = new_seed(seed, "mixture")
            drawn.append(self.components[c].sample(n, seed=seed))
        count = self._static_event_shape.ndims
        x = stack(drawn, -count - 1)
        mask = _padded(one_hot(chosen, depth=self._num_components, dtype=x.dtype), self, self._cat, count)
        return reduce_sum(x * mask, axis=-1 - count)

    def entropy_lower_bound(self, name: str = "entropy_lower_bound") -> Tensor:
        """The weighted mean of the components' entropies."""
        with self._name_scope(name, [self.cat.logits]), control_dependencies(self._assertions):
            entropies = [d.entropy() for d in self.components]
            return add_n([w * e for w, e in zip(self._weights(False), entropies)])


@export(_SPACE + "MixtureSameFamily")
class MixtureSameFamily(Distribution):
    """One of several distributions of a kind, which stand along the last batch dimension of one.

    Raises:
      ValueError: the two do not go together.
    """

    def __init__(
        self,
        mixture_distribution: Any,
        components_distribution: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MixtureSameFamily",
    ):
        own = {key: value for key, value in locals().items() if key != "__class__"}
        with name_scope(name) as scope:
            self._mixture_distribution, self._components_distribution = mixture_distribution, components_distribution
            self._event_ndims = components_distribution.event_shape.ndims
            if self._event_ndims is None:
                raise NotImplementedError("MixtureSameFamily: components of unknown event rank")
            if not mixture_distribution.dtype.is_integer:
                raise ValueError(
                    f"`mixture_distribution.dtype` ({mixture_distribution.dtype.name}) is not over integers"
                )
            if mixture_distribution.event_shape.ndims not in (None, 0):
                raise ValueError("`mixture_distribution` must have scalar `event_dim`s")
            weights, batch = mixture_distribution.batch_shape, components_distribution.batch_shape
            first = batch.with_rank_at_least(1)[:-1]
            if weights.is_fully_defined() and first.is_fully_defined() and weights.ndims and weights != first:
                raise ValueError(
                    f"`mixture_distribution.batch_shape` (`{weights.as_list()}`) is not compatible with "
                    f"`components_distribution.batch_shape` (`{first.as_list()}`)"
                )
            km = dimension_value(mixture_distribution.logits.shape.with_rank_at_least(1)[-1])
            kc = dimension_value(batch.with_rank_at_least(1)[-1])
            if km is not None and kc is not None and km != kc:
                raise ValueError(
                    f"`mixture_distribution components` ({km}) does not equal "
                    f"`components_distribution.batch_shape[-1]` ({kc})"
                )
            self._num_components = shape(mixture_distribution.logits)[-1] if km is None else km
            super().__init__(
                dtype=components_distribution.dtype,
                reparameterization_type=NOT_REPARAMETERIZED,
                validate_args=validate_args,
                allow_nan_stats=allow_nan_stats,
                parameters=own,
                graph_parents=[*mixture_distribution._graph_parents, *components_distribution._graph_parents],
                name=scope,
            )

    mixture_distribution = property(lambda self: self._mixture_distribution)
    components_distribution = property(lambda self: self._components_distribution)

    def _batch_shape_tensor(self) -> Tensor:
        return self.components_distribution.batch_shape_tensor()[:-1]

    def _batch_shape(self) -> Any:
        return self.components_distribution.batch_shape.with_rank_at_least(1)[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return self.components_distribution.event_shape_tensor()

    def _event_shape(self) -> Any:
        return self.components_distribution.event_shape

    def _weights(self, x: Tensor, event_ndims: int) -> Tensor:
        return _padded(x, self, self.mixture_distribution, event_ndims)

    def _sample_n(self, n: Any, seed: int | None = None) -> Tensor:
        # As in TensorFlow, the seed does not reach the two.
        x = self.components_distribution.sample(n)
        mask = one_hot(self.mixture_distribution.sample(n), depth=self._num_components, dtype=x.dtype)
        return reduce_sum(x * self._weights(mask, self._event_ndims), axis=-1 - self._event_ndims)

    def _log_weights(self) -> Tensor:
        return log_softmax(self.mixture_distribution.logits, axis=-1)

    def _log_prob(self, x: Any) -> Tensor:
        logs = self.components_distribution.log_prob(self._with_component(x))
        return reduce_logsumexp(logs + self._log_weights(), axis=-1)

    def _log_cdf(self, x: Any) -> Tensor:
        logs = self.components_distribution.log_cdf(self._with_component(x))
        return reduce_logsumexp(logs + self._log_weights(), axis=-1)

    def _mean(self) -> Tensor:
        probs = self._weights(self.mixture_distribution.probs, self._event_ndims)
        return reduce_sum(probs * self.components_distribution.mean(), axis=-1 - self._event_ndims)

    def _variance(self) -> Tensor:
        axis = -1 - self._event_ndims
        probs = self._weights(self.mixture_distribution.probs, self._event_ndims)
        within = reduce_sum(probs * self.components_distribution.variance(), axis=axis)
        apart = squared_difference(self.components_distribution.mean(), self._with_component(self._mean()))
        return within + reduce_sum(probs * apart, axis=axis)

    def _covariance(self) -> Tensor:
        if self.event_shape.ndims != 1:
            raise NotImplementedError("covariance is not implemented")
        probs = self._weights(self.mixture_distribution.probs, 2)
        within = reduce_sum(probs * self.components_distribution.covariance(), axis=-3)
        z = self.components_distribution.mean() - self._with_component(self._mean())
        return within + reduce_sum(probs * (z[..., None, :] * z[..., None]), axis=-3)

    def _with_component(self, x: Any) -> Tensor:
        """x with a dimension for the components before the event's."""
        with name_scope("pad_sample_dims", values=[x]):
            return expand_dims(x, -1 - self._event_ndims)
