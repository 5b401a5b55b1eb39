"""tf.keras.metrics: what metrics have in common, and means."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.operation import Operation
from pyflow.core.scopes import control_dependencies, get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.keras.backend import batch_set_value, floatx
from pyflow.keras.base_layer import Layer
from pyflow.keras.loss_classes import broadcast_weights, squeezed
from pyflow.ops.array_broadcasting import BroadcastTo as tf_broadcast_to
from pyflow.ops.array_filling import ones_like as tf_ones_like
from pyflow.ops.array_identity import identity as tf_identity
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.array_shape import size as tf_size
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import group
from pyflow.ops.division import div_no_nan
from pyflow.ops.math_unary import abs as tf_abs
from pyflow.ops.reduce_functions import reduce_mean, reduce_sum
from pyflow.ops.variable_base import VariableAggregation, VariableSynchronization


@export("keras.metrics.Metric")
class Metric(Layer):
    """A number that is accumulated over batches in variables.

    A subclass makes these with `add_weight` and overrides `update_state` and `result`.
    """

    _is_metric = True

    def __init__(self, name: str | None = None, dtype: Any = None, **kwargs: Any):
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.stateful = self.built = True
        self._dtype = dtypes.as_dtype(dtype or floatx()).name
        self._call_result: Any = None
        self._update_ops: list[Any] = []

    def _init_set_name(self, name: Any, zero_based: bool = True) -> None:
        super()._init_set_name(name)

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Takes a batch in."""
        raise NotImplementedError("Must be implemented in subclasses.")

    def result(self) -> Any:
        """The number so far."""
        raise NotImplementedError("Must be implemented in subclasses.")

    def reset_states(self) -> None:
        """Begins anew."""
        batch_set_value([(v, np.zeros(v.shape.as_list())) for v in self.variables])

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "update_state" in cls.__dict__:
            cls.update_state = _with_all_assignments(cls.update_state)  # type: ignore[method-assign]
        if "result" in cls.__dict__:
            cls.result = _as_tensor(cls.result)  # type: ignore[method-assign]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """The number after a batch has been taken in."""
        with name_scope(self.name):
            update = self.update_state(*args, **kwargs)
            with control_dependencies([update]):
                result = self.result()
        result._metric_obj = self
        return result

    def add_weight(self, name: Any = None, shape: Any = (), aggregation: Any = VariableAggregation.SUM,  # type: ignore[override]
                   synchronization: Any = VariableSynchronization.ON_READ, initializer: Any = None,
                   dtype: Any = None) -> Any:  # fmt: skip
        """Makes a variable that the metric is accumulated in."""
        return super().add_weight(
            name=name, shape=shape, dtype=dtype or self._dtype, trainable=False, initializer=initializer,
            collections=[], synchronization=synchronization, aggregation=aggregation,
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


def _with_all_assignments(update: Callable) -> Callable:
    """`update_state` so that it gives an operation after all assignments to variables that it makes."""

    @functools.wraps(update)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        graph = get_default_graph()
        known = len(graph.get_operations())
        made = update(self, *args, **kwargs)
        assignments = [op for op in graph.get_operations()[known:] if op.type.startswith("Assign")]
        if isinstance(made, (Tensor, Operation)):
            assignments.append(made if isinstance(made, Operation) else made.op)
        op = group(*assignments)
        self._update_ops.append(op)
        return op

    return wrapped


def _as_tensor(result: Callable) -> Callable:
    """`result` so that it gives a tensor, which is also kept."""

    @functools.wraps(result)
    def wrapped(self: Any, *args: Any) -> Any:
        made = tf_identity(result(self, *args))
        self._call_result = made
        made._metric_obj = self  # type: ignore[attr-defined]
        return made

    return wrapped


class Reduce(Metric):
    """A sum or mean of values."""

    def __init__(self, reduction: str, name: str, dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.reduction = reduction
        self.total = self.add_weight("total", initializer="zeros")
        self.count = self.add_weight("count", initializer="zeros") if reduction != "sum" else None

    def update_state(self, values: Any, sample_weight: Any = None) -> Any:
        values = cast(values, self._dtype)
        count: Any = cast(tf_size(values), self._dtype)
        if self.reduction == "sum_over_batch_size":
            values = reduce_sum(values)
        if sample_weight is not None:
            weights = broadcast_weights(values, cast(sample_weight, self._dtype))
            rank, own = values.shape.ndims, weights.shape.ndims
            if rank is not None and own is not None and rank > own > 0:
                values = reduce_mean(values, axis=list(range(own, rank)))
            values = values * weights
            count = reduce_sum(tf_broadcast_to(weights, tf_shape(values)))
        updated = self.total.assign_add(reduce_sum(values))
        if self.count is None:
            return updated
        with control_dependencies([updated]):
            return self.count.assign_add(count)

    def result(self) -> Any:
        return self.total if self.count is None else div_no_nan(self.total, self.count)


@export("keras.metrics.Sum")
class Sum(Reduce):
    """The sum of the values."""

    def __init__(self, name: str = "sum", dtype: Any = None):
        super().__init__("sum", name, dtype)


@export("keras.metrics.Mean")
class Mean(Reduce):
    """The mean of the values."""

    def __init__(self, name: str = "mean", dtype: Any = None):
        super().__init__("weighted_mean", name, dtype)


class MeanMetricWrapper(Mean):
    """The mean of what a function of targets and predictions gives; keywords go to the function."""

    def __init__(self, fn: Callable, name: Any = None, dtype: Any = None, **kwargs: Any):
        super().__init__(name=name, dtype=dtype)
        self._fn, self._fn_kwargs = fn, kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true, y_pred = squeezed(cast(y_true, self._dtype), cast(y_pred, self._dtype))
        return super().update_state(self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight=sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._fn_kwargs}


@export("keras.metrics.MeanRelativeError")
class MeanRelativeError(Mean):
    """The mean of |y_true - y_pred| / normalizer."""

    def __init__(self, normalizer: Any, name: Any = None, dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.normalizer = cast(normalizer, self._dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true, y_pred = squeezed(cast(y_true, self._dtype), cast(y_pred, self._dtype))
        errors = div_no_nan(tf_abs(y_true - y_pred), self.normalizer)
        return super().update_state(errors, sample_weight=sample_weight)


@export("keras.metrics.MeanTensor")
class MeanTensor(Metric):
    """The mean of each element of tensors of one shape."""

    def __init__(self, name: str = "mean_tensor", dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.total: Any = None
        self.count: Any = None

    def update_state(self, values: Any, sample_weight: Any = None) -> Any:
        values = cast(values, self._dtype)
        if self.total is None:
            self.total = self.add_weight("total", shape=values.shape, initializer="zeros")
            self.count = self.add_weight("count", shape=values.shape, initializer="zeros")
        counts = tf_ones_like(values)
        if sample_weight is not None:
            weights = broadcast_weights(values, cast(sample_weight, self._dtype))
            values, counts = values * weights, counts * weights
        with control_dependencies([self.total.assign_add(values)]):
            return self.count.assign_add(counts)

    def result(self) -> Any:
        if self.total is None:
            raise ValueError("MeanTensor does not have any result yet. Please call the MeanTensor instance or use "
                             "`.update_state(value)` before retrieving the result.")  # fmt: skip
        return div_no_nan(self.total, self.count)
