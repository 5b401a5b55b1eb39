"""Metrics that are means: of losses, of hits."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.keras import loss_functions
from pyflow.keras.backend import floatx
from pyflow.keras.base_layer import LayerMeta
from pyflow.keras.loss_classes import squeezed
from pyflow.keras.metric_base import Mean, MeanMetricWrapper
from pyflow.keras.serialization import getter
from pyflow.ops.arg_extremes import argmax as tf_argmax
from pyflow.ops.array import reshape
from pyflow.ops.array import squeeze as tf_squeeze
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal as tf_equal
from pyflow.ops.division import div_no_nan
from pyflow.ops.math_binary import SquaredDifference as squared_difference
from pyflow.ops.math_unary import sqrt
from pyflow.ops.nn_top_k import in_top_k
from pyflow.ops.reduce_functions import reduce_mean


@export("keras.metrics.binary_accuracy")
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """How often predictions are on the right side of the threshold."""
    threshold = cast(threshold, y_pred.dtype)
    return reduce_mean(cast(tf_equal(y_true, cast(y_pred > threshold, y_pred.dtype)), floatx()), axis=-1)


@export("keras.metrics.categorical_accuracy")
def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether the largest prediction is that of the right class; targets one-hot."""
    return cast(tf_equal(tf_argmax(y_true, axis=-1), tf_argmax(y_pred, axis=-1)), floatx())


@export("keras.metrics.sparse_categorical_accuracy")
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether the largest prediction is that of the right class; targets are numbers of classes."""
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    ranks = y_pred.shape.ndims, y_true.shape.ndims
    if None not in ranks and len(y_true.shape) == len(y_pred.shape):
        y_true = tf_squeeze(y_true, [-1])
    found = tf_argmax(y_pred, axis=-1)
    return cast(tf_equal(y_true, cast(found, y_true.dtype)), floatx())


@export("keras.metrics.top_k_categorical_accuracy")
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Whether the right class is among the k largest predictions; targets one-hot."""
    return cast(in_top_k(y_pred, tf_argmax(y_true, axis=-1), k), floatx())


@export("keras.metrics.sparse_top_k_categorical_accuracy")
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Whether the right class is among the k largest predictions; targets are numbers of classes."""
    ranks = y_pred.shape.ndims, y_true.shape.ndims
    if None not in ranks:
        if ranks[0] > 2:
            y_pred = reshape(y_pred, [-1, y_pred.shape.as_list()[-1]])
        if ranks[1] > 1:
            y_true = reshape(y_true, [-1])
    return cast(in_top_k(y_pred, cast(y_true, "int32"), k), floatx())


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether targets and predictions are equal."""
    return cast(tf_equal(y_true, y_pred), floatx())


def _class(name: str, function: Callable, own_name: str, **settings: Any) -> type:
    """The metric that is the mean of what a function gives; its constructor takes `name`, `dtype` and `settings`."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    defaults: dict[str, Any] = {"name": own_name, "dtype": None, **settings}
    if "k" in settings:
        defaults = {**settings, "name": own_name, "dtype": None}
    parameters = [inspect.Parameter(key, kind, default=value) for key, value in defaults.items()]
    signature = inspect.Signature([inspect.Parameter("self", kind), *parameters])

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        del given["self"]
        MeanMetricWrapper.__init__(self, function, **given)

    init.__signature__ = signature  # type: ignore[attr-defined]
    body = {"__init__": init, "__doc__": function.__doc__, "__module__": __name__}
    return export(f"keras.metrics.{name}")(LayerMeta(name, (MeanMetricWrapper,), body))


_f = loss_functions
Accuracy = _class("Accuracy", accuracy, "accuracy")
BinaryAccuracy = _class("BinaryAccuracy", binary_accuracy, "binary_accuracy", threshold=0.5)
CategoricalAccuracy = _class("CategoricalAccuracy", categorical_accuracy, "categorical_accuracy")
SparseCategoricalAccuracy = _class(
    "SparseCategoricalAccuracy", sparse_categorical_accuracy, "sparse_categorical_accuracy"
)
TopKCategoricalAccuracy = _class(
    "TopKCategoricalAccuracy", top_k_categorical_accuracy, "top_k_categorical_accuracy", k=5
)
SparseTopKCategoricalAccuracy = _class(
    "SparseTopKCategoricalAccuracy", sparse_top_k_categorical_accuracy, "sparse_top_k_categorical_accuracy", k=5
)
MeanSquaredError = _class("MeanSquaredError", _f.mean_squared_error, "mean_squared_error")
MeanAbsoluteError = _class("MeanAbsoluteError", _f.mean_absolute_error, "mean_absolute_error")
MeanAbsolutePercentageError = _class(
    "MeanAbsolutePercentageError", _f.mean_absolute_percentage_error, "mean_absolute_percentage_error"
)
MeanSquaredLogarithmicError = _class(
    "MeanSquaredLogarithmicError", _f.mean_squared_logarithmic_error, "mean_squared_logarithmic_error"
)
Hinge = _class("Hinge", _f.hinge, "hinge")
SquaredHinge = _class("SquaredHinge", _f.squared_hinge, "squared_hinge")
CategoricalHinge = _class("CategoricalHinge", _f.categorical_hinge, "categorical_hinge")
LogCoshError = _class("LogCoshError", _f.logcosh, "logcosh")
Poisson = _class("Poisson", _f.poisson, "poisson")
KLDivergence = _class("KLDivergence", _f.kullback_leibler_divergence, "kullback_leibler_divergence")
CosineSimilarity = _class("CosineSimilarity", _f.cosine_proximity, "cosine_similarity", axis=-1)
BinaryCrossentropy = _class(
    "BinaryCrossentropy", _f.binary_crossentropy, "binary_crossentropy", from_logits=False, label_smoothing=0
)
CategoricalCrossentropy = _class(
    "CategoricalCrossentropy", _f.categorical_crossentropy, "categorical_crossentropy", from_logits=False,
    label_smoothing=0,
)  # fmt: skip
SparseCategoricalCrossentropy = _class(
    "SparseCategoricalCrossentropy", _f.sparse_categorical_crossentropy, "sparse_categorical_crossentropy",
    from_logits=False, axis=-1,
)  # fmt: skip


@export("keras.metrics.RootMeanSquaredError")
class RootMeanSquaredError(Mean):
    """The root of the mean of (y_true - y_pred)²."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None):
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true, y_pred = squeezed(cast(y_true, self._dtype), cast(y_pred, self._dtype))
        return super().update_state(squared_difference(y_pred, y_true), sample_weight=sample_weight)

    def result(self) -> Any:
        return sqrt(div_no_nan(self.total, self.count))


_get, _serialize, deserialize_metric = getter("metrics", "metric function", own=("get",))


@export("keras.metrics.get")
def get_metric(identifier: Any) -> Any:
    """The metric from itself, its name or its config."""
    if isinstance(identifier, (str, dict)):
        return deserialize_metric(identifier)
    if callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret metric function identifier: {identifier}")
