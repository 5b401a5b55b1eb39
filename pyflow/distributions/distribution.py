"""What all distributions have: shapes, and public methods made of what each kind defines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor
from pyflow.distributions import kullback_leibler
from pyflow.ops.array import reshape
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.comparison import equal
from pyflow.ops.math_unary import exp, log, log1p, sqrt, square
from pyflow.ops.reduce_functions import reduce_prod


@export("distributions.ReparameterizationType", "contrib.distributions.ReparameterizationType")
class ReparameterizationType:
    """Whether gradients flow from samples to parameters."""

    def __init__(self, rep_type: str):
        self._rep_type = rep_type

    def __repr__(self) -> str:
        return f"<Reparameteriation Type: {self._rep_type}>"

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


FULLY_REPARAMETERIZED = ReparameterizationType("FULLY_REPARAMETERIZED")
NOT_REPARAMETERIZED = ReparameterizationType("NOT_REPARAMETERIZED")
for _space in ("distributions", "contrib.distributions"):
    export(f"{_space}.FULLY_REPARAMETERIZED")(FULLY_REPARAMETERIZED)
    export(f"{_space}.NOT_REPARAMETERIZED")(NOT_REPARAMETERIZED)


def _undefined(of: str) -> Callable:
    def hook(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{of} is not implemented: {type(self).__name__}")

    return hook


@export("distributions.Distribution", "contrib.distributions.Distribution")
class Distribution:
    """A batch of distributions of one kind.

    A kind defines `_log_prob` or `_prob`, `_sample_n(n, seed)`, `_mean` and so on; the public methods call these within
    name scopes, and derive what is missing from what there is. They raise NotImplementedError where that is too little.

    Args:
      dtype: of samples.
      reparameterization_type: FULLY_REPARAMETERIZED or NOT_REPARAMETERIZED.
      validate_args: check parameters and arguments in each run.
      allow_nan_stats: statistics that are not defined are not-a-number, rather than an error.
      parameters: what `copy` passes to the class.
      graph_parents: tensors that it is made of.
    """

    def __init__(
        self,
        dtype: Any,
        reparameterization_type: ReparameterizationType,
        validate_args: bool,
        allow_nan_stats: bool,
        parameters: dict[str, Any] | None = None,
        graph_parents: list[Any] | None = None,
        name: str | None = None,
    ):
        graph_parents = [] if graph_parents is None else graph_parents
        for i, parent in enumerate(graph_parents):
            if parent is None or not hasattr(parent, "graph"):
                raise ValueError(f"Graph parent item {i} is not a Tensor; {parent}.")
        if not name or name[-1] != "/":
            with name_scope(name or type(self).__name__) as name:
                pass
        self._dtype = dtype
        self._reparameterization_type = reparameterization_type
        self._allow_nan_stats, self._validate_args = allow_nan_stats, validate_args
        self._parameters = {k: v for k, v in (parameters or {}).items() if k != "self" and not k.startswith("__")}
        self._graph_parents = graph_parents
        self._name = name

    # What kinds define.
    _batch_shape_tensor = _undefined("batch_shape_tensor")
    _event_shape_tensor = _undefined("event_shape_tensor")
    _sample_n = _undefined("sample_n")
    _log_prob, _prob = _undefined("log_prob"), _undefined("prob")
    _log_cdf, _cdf = _undefined("log_cdf"), _undefined("cdf")
    _log_survival_function = _undefined("log_survival_function")
    _survival_function = _undefined("survival_function")
    _entropy, _mean, _mode = _undefined("entropy"), _undefined("mean"), _undefined("mode")
    _variance, _stddev, _covariance = _undefined("variance"), _undefined("stddev"), _undefined("covariance")
    _quantile = _undefined("quantile")

    def _batch_shape(self) -> Any:
        return TensorShape(None)

    def _event_shape(self) -> Any:
        return TensorShape(None)

    @staticmethod
    def _param_shapes(sample_shape: Any) -> dict[str, Any]:
        raise NotImplementedError("_param_shapes not implemented")

    @classmethod
    def param_shapes(cls, sample_shape: Any, name: str = "DistributionParamShapes") -> dict[str, Any]:
        """The shapes that parameters need for samples of a shape, as int32 tensors."""
        with name_scope(name, values=[sample_shape]):
            return cls._param_shapes(sample_shape)

    @classmethod
    def param_static_shapes(cls, sample_shape: Any) -> dict[str, TensorShape]:
        """As `param_shapes`, as TensorShapes; ValueError when the shape is not known."""
        if isinstance(sample_shape, TensorShape):
            if not sample_shape.is_fully_defined():
                raise ValueError("TensorShape sample_shape must be fully defined")
            sample_shape = sample_shape.as_list()
        shapes = {}
        for name, tensor in cls.param_shapes(sample_shape).items():
            value = constant_value(tensor)
            if value is None:
                raise ValueError("sample_shape must be a fully-defined TensorShape or list/tuple")
            shapes[name] = TensorShape(value.tolist())
        return shapes

    name = property(lambda self: self._name)
    dtype = property(lambda self: self._dtype)
    reparameterization_type = property(lambda self: self._reparameterization_type)
    allow_nan_stats = property(lambda self: self._allow_nan_stats)
    validate_args = property(lambda self: self._validate_args)
    parameters = property(lambda self: dict(self._parameters), doc="What `copy` passes to the class.")
    batch_shape = property(lambda self: as_shape(self._batch_shape()), doc="The shape of the batch of distributions.")
    event_shape = property(lambda self: as_shape(self._event_shape()), doc="The shape of a sample of one of them.")

    def copy(self, **override_parameters_kwargs: Any) -> Any:
        """One of the same kind, with other parameters."""
        return type(self)(**{**self.parameters, **override_parameters_kwargs})

    # ---------------------------------------------------------------- shapes

    def _known_shape(self, static: TensorShape, dynamic: Callable, name: str) -> Tensor:
        if static.is_fully_defined():
            return convert_to_tensor(static.as_list(), dtype=dtypes.int32, name=name)
        return dynamic()

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        with self._name_scope(name):
            return self._known_shape(self.batch_shape, self._batch_shape_tensor, "batch_shape")

    def event_shape_tensor(self, name: str = "event_shape_tensor") -> Tensor:
        with self._name_scope(name):
            return self._known_shape(self.event_shape, self._event_shape_tensor, "event_shape")

    def _is_scalar(self, static: TensorShape, dynamic: Callable) -> Any:
        if static.ndims is not None:
            return static.ndims == 0
        return equal(shape(dynamic())[0], 0)

    def is_scalar_event(self, name: str = "is_scalar_event") -> Tensor:
        with self._name_scope(name):
            return convert_to_tensor(self._is_scalar(self.event_shape, self.event_shape_tensor), name=name)

    def is_scalar_batch(self, name: str = "is_scalar_batch") -> Tensor:
        with self._name_scope(name):
            return convert_to_tensor(self._is_scalar(self.batch_shape, self.batch_shape_tensor), name=name)

    # ---------------------------------------------------------------- samples

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: str = "sample") -> Tensor:
        """Samples, [*sample_shape, *batch_shape, *event_shape]; the same numbers as TensorFlow's for a seed."""
        return self._call_sample_n(sample_shape, seed, name)

    def _call_sample_n(self, sample_shape: Any, seed: int | None, name: str, **kwargs: Any) -> Tensor:
        with self._name_scope(name, [sample_shape]):
            sizes = convert_to_tensor(sample_shape, dtype=dtypes.int32, name="sample_shape")
            value = constant_value(sizes)
            count = reduce_prod(sizes) if value is None else int(np.prod(value))
            if (sizes.shape.ndims or 0) > 1:
                raise ValueError("Input is neither scalar nor vector.")
            if value is None:
                sizes = reshape(sizes, [-1])
            elif sizes.shape.ndims == 0:
                sizes = convert_to_tensor(np.reshape(value, [-1]), dtypes.int32)
            samples = self._sample_n(count, seed, **kwargs)
            samples = reshape(samples, concat([sizes, shape(samples)[1:]], 0))
            first = TensorShape(None if value is None else np.reshape(value, [-1]).tolist())
            samples.set_shape(first.concatenate(self.batch_shape).concatenate(self.event_shape))
            return samples

    # ---------------------------------------------------------------- densities

    def _of_value(self, value: Any, name: str, kwargs: dict[str, Any], *ways: Callable) -> Tensor:
        """The first of several ways to compute something of a value that the kind defines enough for."""
        with self._name_scope(name, [value]):
            value = convert_to_tensor(value, name="value", preferred_dtype=self.dtype)
            first: NotImplementedError | None = None
            for way in ways:
                try:
                    return way(value, **kwargs)
                except NotImplementedError as error:
                    first = first or error
            raise first or NotImplementedError(name)

    def _call_log_prob(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._of_value(value, name, kwargs, self._log_prob, lambda x, **k: log(self._prob(x, **k)))

    def _call_prob(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._of_value(value, name, kwargs, self._prob, lambda x, **k: exp(self._log_prob(x, **k)))

    def _call_log_cdf(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._of_value(value, name, kwargs, self._log_cdf, lambda x, **k: log(self._cdf(x, **k)))

    def _call_cdf(self, value: Any, name: str, **kwargs: Any) -> Tensor:
        return self._of_value(value, name, kwargs, self._cdf, lambda x, **k: exp(self._log_cdf(x, **k)))

    def log_prob(self, value: Any, name: str = "log_prob") -> Tensor:
        """The logarithm of the density (or probability) at `value`."""
        return self._call_log_prob(value, name)

    def prob(self, value: Any, name: str = "prob") -> Tensor:
        """The density (or probability) at `value`."""
        return self._call_prob(value, name)

    def log_cdf(self, value: Any, name: str = "log_cdf") -> Tensor:
        return self._call_log_cdf(value, name)

    def cdf(self, value: Any, name: str = "cdf") -> Tensor:
        """The probability of a sample that is at most `value`."""
        return self._call_cdf(value, name)

    def log_survival_function(self, value: Any, name: str = "log_survival_function") -> Tensor:
        otherwise = lambda x, **k: log1p(-self.cdf(x, **k))  # noqa: E731
        return self._of_value(value, name, {}, self._log_survival_function, otherwise)

    def survival_function(self, value: Any, name: str = "survival_function") -> Tensor:
        """The probability of a sample above `value`."""
        return self._of_value(value, name, {}, self._survival_function, lambda x, **k: 1.0 - self.cdf(x, **k))

    def quantile(self, value: Any, name: str = "quantile") -> Tensor:
        """What a sample is at most with probability `value`."""
        return self._of_value(value, name, {}, self._quantile)

    # ---------------------------------------------------------------- statistics

    def _statistic(self, name: str, *ways: Callable) -> Tensor:
        with self._name_scope(name):
            first: NotImplementedError | None = None
            for way in ways:
                try:
                    return way()
                except NotImplementedError as error:
                    first = first or error
            raise first or NotImplementedError(name)

    def entropy(self, name: str = "entropy") -> Tensor:
        """In nats."""
        return self._statistic(name, self._entropy)

    def mean(self, name: str = "mean") -> Tensor:
        return self._statistic(name, self._mean)

    def mode(self, name: str = "mode") -> Tensor:
        return self._statistic(name, self._mode)

    def variance(self, name: str = "variance") -> Tensor:
        return self._statistic(name, self._variance, lambda: square(self._stddev()))

    def stddev(self, name: str = "stddev") -> Tensor:
        return self._statistic(name, self._stddev, lambda: sqrt(self._variance()))

    def covariance(self, name: str = "covariance") -> Tensor:
        return self._statistic(name, self._covariance)

    def _cross_entropy(self, other: Any) -> Tensor:
        return kullback_leibler.cross_entropy(self, other, allow_nan_stats=self.allow_nan_stats)

    def _kl_divergence(self, other: Any) -> Tensor:
        return kullback_leibler.kl_divergence(self, other, allow_nan_stats=self.allow_nan_stats)

    def cross_entropy(self, other: Any, name: str = "cross_entropy") -> Tensor:
        with self._name_scope(name):
            return self._cross_entropy(other)

    def kl_divergence(self, other: Any, name: str = "kl_divergence") -> Tensor:
        with self._name_scope(name):
            return self._kl_divergence(other)

    # ---------------------------------------------------------------- itself

    def __str__(self) -> str:
        shapes = "".join(
            f", {kind}={s}"
            for kind, s in (("batch_shape", self.batch_shape), ("event_shape", self.event_shape))
            if s.ndims is not None
        )
        return f'tfp.distributions.{type(self).__name__}("{self.name}"{shapes}, dtype={self.dtype.name})'

    def __repr__(self) -> str:
        return (
            f"<tfp.distributions.{type(self).__name__} '{self.name}' batch_shape={self.batch_shape} "
            f"event_shape={self.event_shape} dtype={self.dtype.name}>"
        )

    @contextlib.contextmanager
    def _name_scope(self, name: str | None = None, values: list[Any] | None = None) -> Iterator[str]:
        with name_scope(self.name), name_scope(name, values=[*(values or []), *self._graph_parents]) as scope:
            yield scope
