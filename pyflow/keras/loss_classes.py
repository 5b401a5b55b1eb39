"""The losses of tf.keras as classes, which reduce what they compute to one number."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.keras import loss_functions
from pyflow.keras.backend import floatx
from pyflow.ops.array import expand_dims as tf_expand_dims
from pyflow.ops.array import squeeze as tf_squeeze
from pyflow.ops.array_shape import size as tf_size
from pyflow.ops.cast import cast
from pyflow.ops.division import div_no_nan
from pyflow.ops.math_binary import Minimum as tf_minimum
from pyflow.ops.math_unary import abs as tf_abs
from pyflow.ops.reduce_functions import reduce_mean, reduce_sum


@export("keras.losses.Reduction")
class Reduction:
    """How losses become one number: their sum, their mean, or not at all; AUTO stands for the mean."""

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls) -> tuple[str, ...]:
        return cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE

    @classmethod
    def validate(cls, key: Any) -> None:
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}.")


def broadcast_weights(values: Any, weights: Any) -> Any:
    """Weights in the rank of the values: a last dimension of 1 that one of them has alone goes, or comes."""
    weights = cast(convert_to_tensor(weights), values.dtype)
    rank, own = values.shape.ndims, weights.shape.ndims
    if own == 0 or rank is None or own is None:
        return weights
    if own - rank == 1:
        weights = tf_squeeze(weights, [-1])
    elif rank - own == 1:
        weights = tf_expand_dims(weights, [-1])
    while weights.shape.ndims < rank:
        weights = tf_expand_dims(weights, -1)
    return weights


def weighted(values: Any, weights: Any) -> Any:
    """The losses of the examples, times their weights."""
    return values if weights is None else values * _matched(values, weights)


def _matched(values: Any, weights: Any) -> Any:
    weights = cast(convert_to_tensor(weights), values.dtype)
    rank, own = values.shape.ndims, weights.shape.ndims
    if rank is not None and own is not None and own:
        if own - rank == 1:
            return tf_squeeze(weights, [-1])
        while weights.shape.ndims < rank:
            weights = tf_expand_dims(weights, -1)
    return weights


def reduced(losses: Any, reduction: str) -> Any:
    """Losses as one number."""
    if reduction == Reduction.NONE:
        return losses
    total = reduce_sum(losses)
    if reduction == Reduction.SUM:
        return total
    return div_no_nan(total, cast(tf_size(losses), total.dtype))


@export("keras.losses.Loss")
class Loss:
    """A loss; a subclass overrides `call(y_true, y_pred)`.

    Args:
      reduction: one of `Reduction`.
    """

    def __init__(self, reduction: str = Reduction.AUTO, name: str | None = None):
        Reduction.validate(reduction)
        self.reduction, self.name = reduction, name

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch, each example of which counts as much as its weight says."""
        scope = "lambda" if self.name == "<lambda>" else self.name
        with name_scope(scope or type(self).__name__):
            losses = weighted(self.call(convert_to_tensor(y_true), convert_to_tensor(y_pred)), sample_weight)
            return reduced(losses, self.reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each example."""
        raise NotImplementedError("Must be implemented in subclasses.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        return {"reduction": self.reduction, "name": self.name}


class LossFunctionWrapper(Loss):
    """A function as a loss; keywords go to the function."""

    def __init__(self, fn: Callable, reduction: str = Reduction.AUTO, name: str | None = None, **kwargs: Any):
        super().__init__(reduction=reduction, name=name)
        self.fn, self._fn_kwargs = fn, kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(*squeezed(y_true, y_pred), **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._fn_kwargs}


def squeezed(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Targets and predictions; the one that has a last dimension of 1 more than the other loses it."""
    y_true, y_pred = convert_to_tensor(y_true), convert_to_tensor(y_pred)
    a, b = y_true.shape.ndims, y_pred.shape.ndims
    if a is not None and b is not None:
        if a - b == 1 and y_true.shape.as_list()[-1] == 1:
            y_true = tf_squeeze(y_true, [-1])
        elif b - a == 1 and y_pred.shape.as_list()[-1] == 1:
            y_pred = tf_squeeze(y_pred, [-1])
    return y_true, y_pred


def _class(name: str, function: Callable, *aliases: str, **settings: Any) -> type:
    """The class of a loss function, whose constructor takes `settings`, then `reduction` and `name`."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    defaults = {**settings, "reduction": Reduction.AUTO, "name": function.__name__}
    if name == "CosineSimilarity":
        defaults = {"axis": -1, "reduction": Reduction.AUTO, "name": "cosine_similarity"}
    parameters = [inspect.Parameter("self", kind)]
    parameters += [inspect.Parameter(key, kind, default=value) for key, value in defaults.items()]
    signature = inspect.Signature(parameters)

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        del given["self"]
        LossFunctionWrapper.__init__(self, function, **given)

    init.__signature__ = signature  # type: ignore[attr-defined]
    body = {"__init__": init, "__doc__": function.__doc__, "__module__": __name__}
    return export(f"keras.losses.{name}", *aliases)(type(name, (LossFunctionWrapper,), body))


_f = loss_functions
MeanSquaredError = _class("MeanSquaredError", _f.mean_squared_error)
MeanAbsoluteError = _class("MeanAbsoluteError", _f.mean_absolute_error)
MeanAbsolutePercentageError = _class("MeanAbsolutePercentageError", _f.mean_absolute_percentage_error)
MeanSquaredLogarithmicError = _class("MeanSquaredLogarithmicError", _f.mean_squared_logarithmic_error)
BinaryCrossentropy = _class("BinaryCrossentropy", _f.binary_crossentropy, from_logits=False, label_smoothing=0)
CategoricalCrossentropy = _class(
    "CategoricalCrossentropy", _f.categorical_crossentropy, from_logits=False, label_smoothing=0
)
SparseCategoricalCrossentropy = _class(
    "SparseCategoricalCrossentropy", _f.sparse_categorical_crossentropy, from_logits=False
)
Hinge = _class("Hinge", _f.hinge)
SquaredHinge = _class("SquaredHinge", _f.squared_hinge)
CategoricalHinge = _class("CategoricalHinge", _f.categorical_hinge)
Poisson = _class("Poisson", _f.poisson)
LogCosh = _class("LogCosh", _f.logcosh)
KLDivergence = _class("KLDivergence", _f.kullback_leibler_divergence)
CosineSimilarity = _class("CosineSimilarity", _f.cosine_proximity, axis=-1)


@export("keras.losses.Huber")
class Huber(LossFunctionWrapper):
    """Half the square of errors up to `delta`, and delta · (|error| - delta / 2) beyond."""

    def __init__(self, delta: float = 1.0, reduction: str = Reduction.AUTO, name: str = "huber_loss"):
        super().__init__(huber_loss, name=name, reduction=reduction, delta=delta)


def huber_loss(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """The mean of the Huber losses."""
    y_pred = cast(y_pred, floatx())
    error = tf_abs(y_pred - cast(y_true, floatx()))
    quadratic = tf_minimum(error, delta)
    return reduce_mean(0.5 * quadratic * quadratic + delta * (error - quadratic), axis=-1)
