"""What a model is trained for: the losses and metrics of its outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.keras import loss_functions, metric_classes
from pyflow.keras.backend import floatx
from pyflow.keras.loss_classes import Loss, LossFunctionWrapper, broadcast_weights, reduced, weighted
from pyflow.keras.loss_functions import get_loss
from pyflow.keras.metric_base import MeanMetricWrapper, Metric
from pyflow.keras.metric_classes import get_metric
from pyflow.keras.serialization import published
from pyflow.ops.array_filling import ones as tf_ones
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant_v1 as tf_constant
from pyflow.ops.placeholder import placeholder as tf_placeholder
from pyflow.ops.placeholder import placeholder_with_default


class Target:
    """One output of a model, and what is wanted of it.

    Attributes:
      loss: a `Loss`, or None if the output is not trained.
      placeholder: of the wanted values; None without a loss.
      weights: the placeholder of the examples' weights, None if they are not used.
      mode: "temporal" if there is a weight for each step of time.
    """

    def __init__(self, name: str, output: Any, loss: Any, loss_weight: Any, mode: Any, given: Any = None):
        self.name, self.output, self.loss, self.mode = name, output, loss, mode
        self.loss_weight = 1.0 if loss_weight is None else loss_weight
        self.placeholder = given
        self.is_fed = loss is not None and given is None
        if self.is_fed:
            self.placeholder = tf_placeholder(output.dtype, [None] * len(output.shape), name=name + "_target")
        self.weights: Any = None

    def use_weights(self, wanted: bool) -> None:
        """Whether there is a placeholder for the examples' weights."""
        if wanted and self.weights is None:
            value, shape = ([[1.0]], [None, None]) if self.mode == "temporal" else ([1.0], [None])
            name = self.name + "_sample_weights"
            self.weights = placeholder_with_default(tf_constant(value, floatx()), shape, name=name)
        elif not wanted:
            self.weights = None

    def make_loss(self) -> Any:
        """The loss of this output, as a number."""
        with name_scope(self.name + "_loss"):
            mask = getattr(self.output, "_keras_mask", None)
            weights = self.weights
            if mask is not None:
                mask = cast(mask, self.output.dtype)
                if weights is None:
                    weights = mask
                else:
                    weights = mask * broadcast_weights(mask, weights)
            if not hasattr(self.loss, "reduction"):
                return self.loss(self.placeholder, self.output, sample_weight=weights)
            losses = weighted(self.loss.call(self.placeholder, self.output), weights)
            return reduced(losses, self.loss.reduction)


def as_loss(loss: Any) -> Any:
    """A `Loss` from whatever a program says; None for None."""
    if loss is None or isinstance(loss, Loss):
        return loss
    found = get_loss(loss)
    if isinstance(found, Loss):
        return found
    return LossFunctionWrapper(found, name=getattr(found, "__name__", type(found).__name__))


def per_output(given: Any, names: list[str], what: str) -> list:
    """One thing for each output, from a dict by name, a list, or one for all.

    Raises:
      ValueError: there are names that no output has, or a wrong number.
    """
    if isinstance(given, dict):
        unknown = set(given) - set(names)
        if unknown:
            raise ValueError(
                f"Unknown entries in {what} dictionary: {sorted(unknown)}. Only expected following keys: {names}"
            )
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            text = "one loss" if what == "loss" else f"one {what} entry"
            raise ValueError(
                f"When passing a list as {what}, it should have one entry per model output. The model has {len(names)} "
                f"outputs, but you passed {what}={given}" if what == "loss" else f"When passing a list as `{what}`, "
                f"it should have {text} per model output. The model has {len(names)} outputs, but you passed "
                f"{what}={given}"
            )  # fmt: skip
        return list(given)
    return [given] * len(names)


def metrics_per_output(metrics: Any, names: list[str]) -> list[list]:
    """The metrics of each output."""
    if not metrics:
        return [[] for _ in names]
    if isinstance(metrics, dict):
        found = per_output(metrics, names, "metrics")
    elif any(isinstance(m, (list, tuple)) for m in metrics):
        if len(metrics) != len(names):
            raise ValueError(
                f"When passing a list of lists as `metrics`, it should have one entry per model output. The model has "
                f"{len(names)} outputs, but you passed metrics={metrics}"
            )
        found = metrics
    else:
        found = [list(metrics)] + [[_copied(m) for m in metrics] for _ in names[1:]]
    return [list(m) if isinstance(m, (list, tuple)) else [] if m is None else [m] for m in found]


def _copied(metric: Any) -> Any:
    return type(metric).from_config(metric.get_config()) if isinstance(metric, Metric) else metric


_ACCURACY = ("accuracy", "acc")
_ENTROPY = ("crossentropy", "ce")


def make_metric(given: Any, target: Target, is_weighted: bool) -> tuple[str, Any]:
    """The name of a metric, and the `Metric` for an output; "accuracy" depends on the output and its loss."""
    if isinstance(given, Metric):
        return given.name, given
    if given in _ACCURACY + _ENTROPY:
        function = _by_loss(given in _ACCURACY, target)
        name = ("weighted_" if is_weighted else "") + ("acc" if given in _ACCURACY else "ce")
    else:
        function = get_metric(given)
        if isinstance(function, type) and issubclass(function, Metric):
            function = function()
        if isinstance(function, Metric):
            return function.name, function
        name = getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__)
        name = ("weighted_" if is_weighted else "") + name
    return name, MeanMetricWrapper(function, name=name)


def _by_loss(is_accuracy: bool, target: Target) -> Any:
    function = getattr(target.loss, "fn", None)
    last = target.output.shape.as_list()[-1] if target.output.shape.ndims else None
    if last == 1 or function is loss_functions.binary_crossentropy:
        return metric_classes.binary_accuracy if is_accuracy else loss_functions.binary_crossentropy
    if function is loss_functions.sparse_categorical_crossentropy:
        sparse = metric_classes.sparse_categorical_accuracy, loss_functions.sparse_categorical_crossentropy
        return sparse[0] if is_accuracy else sparse[1]
    return metric_classes.categorical_accuracy if is_accuracy else loss_functions.categorical_crossentropy


def plain_weights(y: Any, mode: Any) -> Any:
    """Weights of 1."""
    shape = y.shape[:2] if mode == "temporal" else y.shape[:1]
    return tf_ones(tf_shape(y)[: len(shape)]) if isinstance(y, Tensor) else np.ones(shape, floatx())


def expected_shape(target: Target) -> Any:
    """The shape that targets have to have, None if that isn't known."""
    shape = tuple(target.output.shape.as_list()) if target.output.shape.ndims is not None else None
    function = getattr(target.loss, "fn", None)
    if function is loss_functions.sparse_categorical_crossentropy:
        return None if shape is None else (*shape[:-1], 1)
    known = function is None or published("losses").get(getattr(function, "__name__", "")) is not None
    return shape if known and type(target.loss).__module__.startswith("pyflow.") else None


_SAME_SHAPE = ("mean_squared_error", "binary_crossentropy", "categorical_crossentropy")


def check_target(target: Target, y: Any) -> None:
    """Raises ValueError where targets cannot be meant for a loss."""
    function = getattr(target.loss, "fn", None)
    name = getattr(function, "__name__", None)
    if isinstance(y, Tensor) or y is None or function is not published("losses").get(name or ""):
        return
    shape = expected_shape(target) or ()
    if name == "categorical_crossentropy" and y.shape[-1] == 1:
        raise ValueError(
            f"You are passing a target array of shape {y.shape} while using as loss `categorical_crossentropy`. "
            "`categorical_crossentropy` expects targets to be binary matrices (1s and 0s) of shape (samples, classes). "
            "If your targets are integer classes, you can convert them to the expected format via:\n```\nfrom "
            "keras.utils import to_categorical\ny_binary = to_categorical(y_int)\n```\n\nAlternatively, you can use "
            "the loss function `sparse_categorical_crossentropy` instead, which does expect integer targets."
        )
    if name in _SAME_SHAPE and any(b is not None and a != b for a, b in zip(y.shape[1:], shape[1:])):
        raise ValueError(
            f"A target array with shape {y.shape} was passed for an output of shape {shape} while using as loss "
            f"`{name}`. This loss expects targets to have the same shape as the output."
        )
