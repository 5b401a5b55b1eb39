"""tf.keras.losses: functions of targets and predictions [batch_size, ..., size] that give losses [batch_size, ...]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.keras import backend_layers
from pyflow.keras.backend import epsilon
from pyflow.keras.backend_math import clip
from pyflow.keras.serialization import deserialize_keras_object, getter, published, serialize_keras_object
from pyflow.ops.array_identity import identity as tf_identity
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.cast import cast
from pyflow.ops.comparison import LogicalOr as tf_logical_or
from pyflow.ops.comparison import equal as tf_equal
from pyflow.ops.cond import cond
from pyflow.ops.constant import constant_v1 as tf_constant
from pyflow.ops.math_binary import Maximum as tf_maximum
from pyflow.ops.math_binary import SquaredDifference as squared_difference
from pyflow.ops.math_unary import Log as log
from pyflow.ops.math_unary import abs as tf_abs
from pyflow.ops.math_unary import square
from pyflow.ops.nn_activations import Softplus as nn_softplus
from pyflow.ops.nn_normalization import l2_normalize as nn_l2_normalize
from pyflow.ops.reduce_functions import reduce_all, reduce_max, reduce_mean, reduce_sum


def _pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    y_pred = convert_to_tensor(y_pred)
    return cast(y_true, y_pred.dtype.base_dtype), y_pred


def _loss(*names: str, also: tuple[str, ...] = ()) -> Callable:
    """Publishes a function as a loss and as a metric under each of the names."""
    public = [f"keras.{module}.{name}" for name in names for module in ("losses", "metrics")]
    return export(*public, *also)


@_loss("mean_squared_error", "mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of (y_true - y_pred)²."""
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_mean(squared_difference(y_pred, y_true), axis=-1)


@_loss("mean_absolute_error", "mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of |y_true - y_pred|."""
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_mean(tf_abs(y_pred - y_true), axis=-1)


@_loss("mean_absolute_percentage_error", "mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of 100 · |y_true - y_pred| / |y_true|."""
    y_true, y_pred = _pair(y_true, y_pred)
    return 100.0 * reduce_mean(tf_abs((y_true - y_pred) / clip(tf_abs(y_true), epsilon(), None)), axis=-1)


@_loss("mean_squared_logarithmic_error", "msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of (log(y_true + 1) - log(y_pred + 1))²."""
    y_true, y_pred = _pair(y_true, y_pred)
    first, second = (log(clip(y, epsilon(), None) + 1.0) for y in (y_pred, y_true))
    return reduce_mean(squared_difference(first, second), axis=-1)


def _signed(y_true: Any) -> Any:
    """Targets of -1 and 1 from such, or from 0 and 1."""
    is_binary = reduce_all(tf_logical_or(tf_equal(y_true, 0), tf_equal(y_true, 1)))
    return cond(is_binary, lambda: 2.0 * y_true - 1.0, lambda: tf_identity(y_true))


@_loss("squared_hinge")
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """The mean of max(1 - y_true · y_pred, 0)², for targets -1 and 1 (or 0 and 1)."""
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_mean(square(tf_maximum(1.0 - _signed(y_true) * y_pred, 0.0)), axis=-1)


@_loss("hinge")
def hinge(y_true: Any, y_pred: Any) -> Any:
    """The mean of max(1 - y_true · y_pred, 0), for targets -1 and 1 (or 0 and 1)."""
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_mean(tf_maximum(1.0 - _signed(y_true) * y_pred, 0.0), axis=-1)


@export("keras.losses.categorical_hinge")
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(0, 1 + the largest of the others - that of the right class)."""
    y_true, y_pred = _pair(y_true, y_pred)
    right = reduce_sum(y_true * y_pred, axis=-1)
    return tf_maximum(0.0, reduce_max((1.0 - y_true) * y_pred, axis=-1) - right + 1.0)


@export("keras.losses.logcosh")
def logcosh(y_true: Any, y_pred: Any) -> Any:
    """The mean of log(cosh(y_pred - y_true))."""
    y_true, y_pred = _pair(y_true, y_pred)
    x = y_pred - y_true
    return reduce_mean(x + nn_softplus(-2.0 * x) - log(tf_constant(2.0, x.dtype)), axis=-1)


@_loss("categorical_crossentropy")
def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: Any = 0) -> Any:
    """-Σ y_true · log(y_pred); `label_smoothing` moves the targets towards equal probabilities."""
    y_true, y_pred = _pair(y_true, y_pred)
    if label_smoothing:
        classes = cast(tf_shape(y_true)[1], y_pred.dtype)
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / classes
    return backend_layers.categorical_crossentropy(y_true, y_pred, from_logits=from_logits)


@_loss("sparse_categorical_crossentropy")
def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log(y_pred[y_true])."""
    return backend_layers.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


@_loss("binary_crossentropy")
def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: Any = 0) -> Any:
    """The mean of -y_true · log(y_pred) - (1 - y_true) · log(1 - y_pred)."""
    y_true, y_pred = _pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return reduce_mean(backend_layers.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=-1)


@_loss("kullback_leibler_divergence", "kld", "KLD")
def kullback_leibler_divergence(y_true: Any, y_pred: Any) -> Any:
    """Σ y_true · log(y_true / y_pred)."""
    y_true, y_pred = _pair(y_true, y_pred)
    y_true, y_pred = clip(y_true, epsilon(), 1), clip(y_pred, epsilon(), 1)
    return reduce_sum(y_true * log(y_true / y_pred), axis=-1)


@_loss("poisson")
def poisson(y_true: Any, y_pred: Any) -> Any:
    """The mean of y_pred - y_true · log(y_pred)."""
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_mean(y_pred - y_true * log(y_pred + epsilon()), axis=-1)


@_loss("cosine_proximity", "cosine", also=("keras.losses.cosine_similarity",))
def cosine_proximity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between targets and predictions."""
    y_true, y_pred = _pair(y_true, y_pred)
    return reduce_sum(nn_l2_normalize(y_true, axis=axis) * nn_l2_normalize(y_pred, axis=axis), axis=axis)


_get, serialize, deserialize = getter("losses", "loss function", own=("get", "deserialize", "serialize"))


@export("keras.losses.serialize")
def serialize_loss(loss: Any) -> Any:
    """The name or config of the loss."""
    return serialize_keras_object(loss)


@export("keras.losses.deserialize")
def deserialize_loss(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The loss from its name or config."""
    return deserialize_keras_object(name, published("losses"), custom_objects, "loss function")


@export("keras.losses.get")
def get_loss(identifier: Any) -> Any:
    """The loss from itself, its name or its config; None for None."""
    if identifier is None:
        return None
    if isinstance(identifier, (str, dict)):
        return deserialize_loss(identifier)
    if callable(identifier):
        return identifier
    raise ValueError("Could not interpret loss function identifier:", identifier)
