"""Metrics of right and wrong decisions at thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.keras.base_layer import LayerMeta
from pyflow.keras.loss_classes import broadcast_weights, squeezed
from pyflow.keras.metric_base import Metric
from pyflow.ops.arg_extremes import argmin as tf_argmin
from pyflow.ops.array import reshape
from pyflow.ops.array_broadcasting import BroadcastTo as tf_broadcast_to
from pyflow.ops.array_diagonals import DiagPart as tensor_diag_part
from pyflow.ops.array_filling import ones_like as tf_ones_like
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_selection import where as tf_where
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.cast import cast
from pyflow.ops.comparison import LogicalAnd as tf_logical_and
from pyflow.ops.comparison import LogicalNot as tf_logical_not
from pyflow.ops.comparison import not_equal as tf_not_equal
from pyflow.ops.confusion_matrix import confusion_matrix
from pyflow.ops.constant import constant_v1 as tf_constant
from pyflow.ops.division import div_no_nan
from pyflow.ops.math_binary import Maximum as tf_maximum
from pyflow.ops.math_binary import Minimum as tf_minimum
from pyflow.ops.math_unary import Log as log
from pyflow.ops.math_unary import abs as tf_abs
from pyflow.ops.nn_top_k import top_k as nn_top_k
from pyflow.ops.reduce_functions import reduce_sum

_KINDS = ("true_positives", "true_negatives", "false_positives", "false_negatives")


def thresholds_of(given: Any, default: float = 0.5) -> list[float]:
    """The thresholds as a list.

    Raises:
      ValueError: one is not between 0 and 1.
    """
    found = [default] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
    wrong = [t for t in found if t is None or t < 0 or t > 1]
    if wrong:
        raise ValueError(f"Threshold values must be in [0, 1]. Invalid values: {wrong}")
    return found


def counts(y_true: Any, y_pred: Any, thresholds: list, weights: Any, top_k: Any = None, class_id: Any = None) -> dict:
    """How many of the predictions are right and wrong at each threshold, by kind."""
    if top_k is not None:
        kth = nn_top_k(y_pred, k=top_k, sorted=False)[1]
        chosen = reduce_sum(one_hot(kth, y_pred.shape.as_list()[-1]), axis=-2)
        y_pred = y_pred * chosen + -1e10 * (1 - chosen)
    if class_id is not None:
        y_true, y_pred = y_true[..., class_id], y_pred[..., class_id]
    if weights is not None:
        weights = broadcast_weights(y_pred, weights)
        weights = reshape(tf_broadcast_to(weights, tf_shape(y_pred)), [1, -1])
    labels = reshape(cast(y_true, "bool"), [1, -1])
    flat = reshape(y_pred, [1, -1])
    said = flat > tf_constant(np.reshape(thresholds, [-1, 1]), y_pred.dtype)

    def total(first: Any, second: Any) -> Any:
        both = cast(tf_logical_and(first, second), y_pred.dtype)
        return reduce_sum(both if weights is None else both * weights, axis=1)

    not_said, not_labels = tf_logical_not(said), tf_logical_not(labels)
    return {
        "true_positives": lambda: total(labels, said),
        "true_negatives": lambda: total(not_labels, not_said),
        "false_positives": lambda: total(not_labels, said),
        "false_negatives": lambda: total(labels, not_said),
    }


class _Counting(Metric):
    """A metric of some kinds of counts at thresholds."""

    _counted: tuple[str, ...] = ()
    _top_k: Any = None
    _class_id: Any = None

    def _begin(self, name: Any, dtype: Any, thresholds: list) -> None:
        Metric.__init__(self, name=name, dtype=dtype)
        self._thresholds = thresholds
        for kind in self._counted:
            setattr(self, kind, self.add_weight(kind, shape=(len(thresholds),), initializer="zeros"))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true, y_pred = squeezed(cast(y_true, self._dtype), cast(y_pred, self._dtype))
        found = counts(y_true, y_pred, self._thresholds, sample_weight, self._top_k, self._class_id)
        for kind in self._counted:
            getattr(self, kind).assign_add(found[kind]())

    def _single(self, values: Any) -> Any:
        return values[0] if len(self._thresholds) == 1 else values


def _count(name: str, kind: str) -> type:
    def init(self: Any, thresholds: Any = None, name: Any = None, dtype: Any = None) -> None:
        Metric.__init__(self, name=name, dtype=dtype)
        self.init_thresholds, self._thresholds = thresholds, thresholds_of(thresholds)
        self.accumulator = self.add_weight("accumulator", shape=(len(self._thresholds),), initializer="zeros")

    def update_state(self: Any, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true, y_pred = squeezed(cast(y_true, self._dtype), cast(y_pred, self._dtype))
        return self.accumulator.assign_add(counts(y_true, y_pred, self._thresholds, sample_weight)[kind]())

    body = {
        "__init__": init,
        "update_state": update_state,
        "result": lambda self: self._single(self.accumulator),
        "get_config": lambda self: {**Metric.get_config(self), "thresholds": self.init_thresholds},
        "__doc__": f"How many {kind.replace('_', ' ')} there are at thresholds.",
        "__module__": __name__,
    }
    return export(f"keras.metrics.{name}")(LayerMeta(name, (_Counting,), body))


TruePositives = _count("TruePositives", "true_positives")
TrueNegatives = _count("TrueNegatives", "true_negatives")
FalsePositives = _count("FalsePositives", "false_positives")
FalseNegatives = _count("FalseNegatives", "false_negatives")


class _Share(_Counting):
    """The true positives' share in something."""

    def __init__(
        self, thresholds: Any = None, top_k: Any = None, class_id: Any = None, name: Any = None, dtype: Any = None
    ):
        self.init_thresholds = thresholds
        self._begin(name, dtype, thresholds_of(thresholds, 0.5 if top_k is None else 0.0))
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        self._top_k, self._class_id = top_k, class_id

    def result(self) -> Any:
        hits, others = (getattr(self, kind) for kind in self._counted)
        return self._single(div_no_nan(hits, hits + others))

    def get_config(self) -> dict[str, Any]:
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}


@export("keras.metrics.Precision")
class Precision(_Share):
    """How many of what is said to be positive is; of the `top_k` largest, or of one class only."""

    _counted = ("true_positives", "false_positives")


@export("keras.metrics.Recall")
class Recall(_Share):
    """How many of what is positive is said to be; among the `top_k` largest, or of one class only."""

    _counted = ("true_positives", "false_negatives")


def _spread(count: int) -> list[float]:
    """Thresholds from a little below 0 to a little above 1."""
    return [-1e-7, *((i + 1) / (count - 1) for i in range(count - 2)), 1.0 + 1e-7]


@export("keras.metrics.AUC")
class AUC(_Counting):
    """The area below the curve of true positives by false positives ("ROC"), or of precision by recall ("PR")."""

    _counted = _KINDS

    def __init__(
        self, num_thresholds: int = 200, curve: str = "ROC", summation_method: str = "interpolation", name: Any = None,
        dtype: Any = None, thresholds: Any = None,
    ):  # fmt: skip
        if curve not in ("ROC", "PR"):
            raise ValueError(f'Invalid AUC curve value "{curve}".')
        if summation_method not in ("interpolation", "minoring", "majoring"):
            raise ValueError(f'Invalid AUC summation method value "{summation_method}".')
        inner = sorted(thresholds_of(thresholds)) if thresholds is not None else None
        if num_thresholds <= 1 and inner is None:
            raise ValueError("`num_thresholds` must be > 1.")
        all_of_them = _spread(num_thresholds) if inner is None else [-1e-7, *inner, 1.0 + 1e-7]
        self._begin(name, dtype, all_of_them)
        self.num_thresholds, self.curve, self.summation_method = len(all_of_them), curve, summation_method
        self.thresholds = all_of_them

    def result(self) -> Any:
        tp, tn, fp, fn = (getattr(self, kind).read_value() for kind in _KINDS)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._interpolated(tp, fp, fn)
        recall = div_no_nan(tp, tp + fn)
        x, y = (div_no_nan(fp, fp + tn), recall) if self.curve == "ROC" else (recall, div_no_nan(tp, tp + fp))
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        else:
            heights = (tf_minimum if self.summation_method == "minoring" else tf_maximum)(y[:-1], y[1:])
        return reduce_sum((x[:-1] - x[1:]) * heights)

    def _interpolated(self, tp: Any, fp: Any, fn: Any) -> Any:
        """The area between points of precision and recall (Davis and Goadrich, 2006)."""
        hits, said = tp[:-1] - tp[1:], tp + fp
        slope = div_no_nan(hits, tf_maximum(said[:-1] - said[1:], 0.0))
        intercept = tp[1:] - slope * said[1:]
        both = tf_logical_and(said[:-1] > 0, said[1:] > 0)
        ratio = tf_where(both, div_no_nan(said[:-1], tf_maximum(said[1:], 0.0)), tf_ones_like(said[1:]))
        areas = div_no_nan(slope * (hits + intercept * log(ratio)), tf_maximum(tp[1:] + fn[1:], 0.0))
        return reduce_sum(areas)

    def get_config(self) -> dict[str, Any]:
        own = {"num_thresholds": self.num_thresholds, "curve": self.curve, "summation_method": self.summation_method}
        return {**super().get_config(), **own, "thresholds": self.thresholds[1:-1]}


class _AtOther(_Counting):
    """One rate where another is nearest to a value."""

    _counted = _KINDS

    def __init__(self, value: float, argument: str, num_thresholds: int, name: Any, dtype: Any):
        if value < 0 or value > 1:
            raise ValueError(f"`{argument}` must be in the range [0, 1].")
        if num_thresholds <= 0:
            raise ValueError("`num_thresholds` must be > 0.")
        self._begin(name, dtype, [0.5] if num_thresholds == 1 else _spread(num_thresholds))
        self.num_thresholds, self._value, self._argument = num_thresholds, value, argument
        setattr(self, argument, value)

    def result(self) -> Any:
        tp, tn, fp, fn = (getattr(self, kind).read_value() for kind in _KINDS)
        rates = {"specificity": div_no_nan(tn, tn + fp), "sensitivity": div_no_nan(tp, tp + fn)}
        where = tf_argmin(tf_abs(rates[self._argument] - self._value), axis=0)
        return rates["sensitivity" if self._argument == "specificity" else "specificity"][where]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_thresholds": self.num_thresholds, self._argument: self._value}


@export("keras.metrics.SensitivityAtSpecificity")
class SensitivityAtSpecificity(_AtOther):
    """The sensitivity where the specificity is nearest to a value."""

    def __init__(self, specificity: float, num_thresholds: int = 200, name: Any = None, dtype: Any = None):
        super().__init__(specificity, "specificity", num_thresholds, name, dtype)


@export("keras.metrics.SpecificityAtSensitivity")
class SpecificityAtSensitivity(_AtOther):
    """The specificity where the sensitivity is nearest to a value."""

    def __init__(self, sensitivity: float, num_thresholds: int = 200, name: Any = None, dtype: Any = None):
        super().__init__(sensitivity, "sensitivity", num_thresholds, name, dtype)


@export("keras.metrics.MeanIoU")
class MeanIoU(Metric):
    """The mean over classes of the intersection of truth and prediction by their union."""

    def __init__(self, num_classes: int, name: Any = None, dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        self.total_cm = self.add_weight("total_confusion_matrix", (num_classes, num_classes), initializer="zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        labels, found = reshape(y_true, [-1]), reshape(y_pred, [-1])
        weights = None if sample_weight is None else reshape(sample_weight, [-1])
        dtype = dtypes.as_dtype(self._dtype)
        return self.total_cm.assign_add(confusion_matrix(labels, found, self.num_classes, weights=weights, dtype=dtype))

    def result(self) -> Any:
        matrix = self.total_cm.read_value()
        hits = tensor_diag_part(matrix)
        unions = reduce_sum(matrix, axis=0) + reduce_sum(matrix, axis=1) - hits
        valid = reduce_sum(cast(tf_not_equal(unions, 0), self._dtype))
        return div_no_nan(reduce_sum(div_no_nan(hits, unions)), valid)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_classes": self.num_classes}
