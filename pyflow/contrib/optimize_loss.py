"""tf.contrib.layers.optimize_loss: a training step with clipping, multipliers, noise, schedules and summaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.scopes import get_collection
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import ones_like
from pyflow.ops.array_selection import where
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_scalar
from pyflow.ops.clip import clip_by_global_norm, global_norm
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.initializers import constant_initializer, zeros_initializer
from pyflow.ops.math_binary import maximum, minimum
from pyflow.ops.math_unary import exp, log, sqrt, square
from pyflow.ops.random import truncated_normal
from pyflow.ops.variable_scope import get_variable, variable_scope
from pyflow.ops.variables import trainable_variables
from pyflow.summary import functions as summary
from pyflow.train.adagrad import AdagradOptimizer, FtrlOptimizer
from pyflow.train.adaptive import AdamOptimizer, RMSPropOptimizer
from pyflow.train.global_step import assert_global_step, get_global_step
from pyflow.train.gradient_descent import GradientDescentOptimizer, MomentumOptimizer
from pyflow.train.moving_averages import assign_moving_average
from pyflow.train.optimizer import Optimizer

OPTIMIZER_CLS_NAMES = export("contrib.layers.OPTIMIZER_CLS_NAMES")(
    {
        "Adagrad": AdagradOptimizer,
        "Adam": AdamOptimizer,
        "Ftrl": FtrlOptimizer,
        "Momentum": lambda learning_rate: MomentumOptimizer(learning_rate, momentum=0.9),
        "RMSProp": RMSPropOptimizer,
        "SGD": GradientDescentOptimizer,
    }
)
OPTIMIZER_SUMMARIES = export("contrib.layers.OPTIMIZER_SUMMARIES")(
    ["learning_rate", "loss", "gradients", "gradient_norm", "global_gradient_norm"]
)
Pairs = list  # of (gradient, variable)


@export("contrib.layers.optimize_loss")
def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: dict | None = None,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Callable | None = None,
    update_ops: Any = None,
    variables: Any = None,
    name: str | None = None,
    summaries: list[str] | None = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Tensor:
    """The loss, given after a step that minimises it.

    Args:
      loss: of shape ().
      global_step: None for the graph's.
      learning_rate: float, which becomes a variable, a tensor of shape (), or None if the optimizer has its own.
      optimizer: one of `OPTIMIZER_CLS_NAMES`, a class, an object, or a function from the learning rate to one.
      gradient_noise_scale: the deviation of noise added to gradients.
      gradient_multipliers: dict from variables, or their names, to factors for their gradients.
      clip_gradients: the largest global norm, a float; or a function of (gradient, variable) pairs.
      learning_rate_decay_fn: function of (learning rate, step) that gives the rate to be used.
      update_ops: operations run before; None for `GraphKeys.UPDATE_OPS`.
      variables: what is trained; None for all that is trainable.
      name: of the variable scope, "OptimizeLoss".
      summaries: of `OPTIMIZER_SUMMARIES`; None for loss, learning rate and global gradient norm.

    Raises:
      ValueError: an argument is not of the kind said, or the learning rate is missing where it is needed.
    """
    loss = convert_to_tensor(loss)
    assert_scalar(loss)
    if global_step is None:
        global_step = get_global_step()
    else:
        assert_global_step(global_step)
    with variable_scope(name, "OptimizeLoss", [loss, global_step]):
        if update_ops is None:
            update_ops = dict.fromkeys(get_collection(GraphKeys.UPDATE_OPS))
        if update_ops:
            loss = with_dependencies(list(update_ops), loss)
        rate = _rate(learning_rate)
        summaries = _checked(summaries)
        if learning_rate is not None and learning_rate_decay_fn is not None:
            if global_step is None:
                raise ValueError("global_step is required for learning_rate_decay_fn.")
            rate = learning_rate_decay_fn(rate, global_step)
            if "learning_rate" in summaries:
                summary.scalar("learning_rate", rate)
        chosen = _optimizer(optimizer, rate, learning_rate)
        pairs = chosen.compute_gradients(
            loss,
            trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gradient_noise_scale is not None:
            pairs = _with_noise(pairs, gradient_noise_scale)
        if gradient_multipliers is not None:
            pairs = _multiplied(pairs, gradient_multipliers)
            if not pairs:
                raise ValueError(
                    "Empty list of (gradient, var) pairs encountered. This is most likely to be caused by an improper "
                    "value of gradient_multipliers."
                )
        norms = "global_gradient_norm" in summaries or "gradient_norm" in summaries
        if norms:
            summary.scalar("global_norm/gradient_norm", global_norm([g for g, _ in pairs]))
        pairs = _clipped(pairs, clip_gradients)
        if "loss" in summaries:
            summary.scalar("loss", loss)
        _summarize(pairs, summaries)
        if clip_gradients is not None and norms:
            summary.scalar("global_norm/clipped_gradient_norm", global_norm([g for g, _ in pairs]))
        step = chosen.apply_gradients(pairs, global_step=global_step if increment_global_step else None, name="train")
        return with_dependencies([step], loss)


def _rate(learning_rate: Any) -> Any:
    if learning_rate is None or (isinstance(learning_rate, Tensor) and learning_rate.get_shape().ndims == 0):
        return learning_rate
    if not isinstance(learning_rate, float):
        raise ValueError(
            f"Learning rate should be 0d Tensor or float. Got {learning_rate} of type {type(learning_rate)}"
        )
    if learning_rate < 0.0:
        raise ValueError("Invalid learning_rate %s.", learning_rate)
    return get_variable("learning_rate", [], trainable=False, initializer=constant_initializer(learning_rate))


def _checked(summaries: list[str] | None) -> list[str]:
    if summaries is None:
        return ["loss", "learning_rate", "global_gradient_norm"]
    for kind in summaries:
        if kind not in OPTIMIZER_SUMMARIES:
            raise ValueError(f"Summaries should be one of [{', '.join(OPTIMIZER_SUMMARIES)}], you provided {kind}.")
    return summaries


def _optimizer(optimizer: Any, rate: Any, learning_rate: Any) -> Optimizer:
    missing = "Learning rate is None, but should be specified if optimizer is"
    if isinstance(optimizer, str):
        if rate is None:
            raise ValueError(f"{missing} string ({optimizer}).")
        if optimizer not in OPTIMIZER_CLS_NAMES:
            raise ValueError(
                f"Optimizer name should be one of [{', '.join(OPTIMIZER_CLS_NAMES)}], you provided {optimizer}."
            )
        return OPTIMIZER_CLS_NAMES[optimizer](learning_rate=rate)
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        if rate is None:
            raise ValueError(f"{missing} class ({optimizer}).")
        return optimizer(learning_rate=rate)  # type: ignore[call-arg]
    if isinstance(optimizer, Optimizer):
        return optimizer
    if not callable(optimizer):
        raise ValueError(
            "Unrecognized optimizer: should be string, subclass of Optimizer, instance of subclass of Optimizer or "
            f"function with one argument. Got {optimizer}."
        )
    made = optimizer() if learning_rate is None else optimizer(rate)
    if not isinstance(made, Optimizer):
        raise ValueError(f"Unrecognized optimizer: function should return subclass of Optimizer. Got {made}.")
    return made


def _clipped(pairs: Pairs, clip_gradients: Any) -> Pairs:
    if isinstance(clip_gradients, float):
        clipped, _ = clip_by_global_norm([g for g, _ in pairs], clip_gradients)
        return [(g, v) for g, (_, v) in zip(clipped, pairs)]
    if callable(clip_gradients):
        clip: Any = clip_gradients
        return clip(pairs)
    if clip_gradients is not None:
        raise ValueError(f"Unknown type {type(clip_gradients)} for clip_gradients")
    return pairs


def _summarize(pairs: Pairs, summaries: list[str]) -> None:
    for gradient, variable in pairs:
        values = gradient.values if isinstance(gradient, IndexedSlices) else gradient
        if values is None:
            continue
        name = variable.name.replace(":", "_")
        if "gradients" in summaries:
            summary.histogram(f"gradients/{name}", values)
        if "gradient_norm" in summaries:
            summary.scalar(f"gradient_norm/{name}", global_norm([values]))


def _with_noise(pairs: Pairs, scale: float) -> Pairs:
    noisy = []
    for gradient, variable in pairs:
        if gradient is not None:
            sparse = isinstance(gradient, IndexedSlices)
            gradient += truncated_normal(gradient.dense_shape if sparse else gradient.get_shape()) * scale
        noisy.append((gradient, variable))
    return noisy


def scaled(gradient: Any, factor: Any) -> Any:
    """A gradient, or the rows of a sparse one, multiplied by a factor."""
    if isinstance(gradient, IndexedSlices):
        return IndexedSlices(gradient.values * factor, gradient.indices, gradient.dense_shape)
    return gradient * factor


def _multiplied(pairs: Pairs, multipliers: dict) -> Pairs:
    result = []
    for gradient, variable in pairs:
        key = variable if variable in multipliers else variable.name
        if gradient is not None and key in multipliers:
            factor = multipliers[key]
            sparse = isinstance(gradient, IndexedSlices)
            gradient = scaled(gradient, factor if sparse else cast(factor, gradient.dtype))
        result.append((gradient, variable))
    return result


def _adaptive_max_norm(
    norm: Tensor, std_factor: float, decay: Any, global_step: Any, epsilon: float, name: str | None
) -> tuple[Tensor, Tensor]:
    """The largest norm that isn't clipped, and the mean of the norms' logarithms."""
    with variable_scope(name, "AdaptiveMaxNorm", [norm]):
        log_norm = log(norm + epsilon)

        def average(name: str, value: Tensor) -> Tensor:
            variable = get_variable(
                name, shape=value.get_shape(), dtype=value.dtype, initializer=zeros_initializer(), trainable=False
            )
            return assign_moving_average(variable, value, decay, zero_debias=False)

        if global_step is not None:
            n = cast(global_step, dtypes.float32)
            decay = minimum(decay, n / (n + 1.0))
        mean = average("mean", log_norm)
        variance = average("sq_mean", square(log_norm)) - square(mean)
        deviation = sqrt(maximum(epsilon, variance))
        return exp(mean + std_factor * deviation), mean


@export("contrib.layers.python.layers.optimizers.adaptive_clipping_fn", "contrib.slim.adaptive_clipping_fn")
def adaptive_clipping_fn(
    std_factor: float = 2.0,
    decay: float = 0.95,
    static_max_norm: float | None = None,
    global_step: Any = None,
    report_summary: bool = False,
    epsilon: float = 1e-8,
    name: str | None = None,
) -> Callable[[Any], Pairs]:
    """A `clip_gradients` function: a norm far above those seen so far is brought down to their mean.

    Args:
      std_factor: how many deviations of log(norm) above its mean it has to be.
      decay: of the averages over steps; below it at first if `global_step` is given.
      static_max_norm: the largest norm in any case.
      report_summary: whether the bound is summarised.
      epsilon: added to the norm, and the least variance.
    """

    def gradient_clipping(grads_and_vars: Any) -> Pairs:
        grads, variables = zip(*grads_and_vars)
        norm = global_norm(grads)
        max_norm, log_mean = _adaptive_max_norm(norm, std_factor, decay, global_step, epsilon, name)
        if report_summary:
            summary.scalar("global_norm/adaptive_max_gradient_norm", max_norm)
        factor = where(norm < max_norm, ones_like(norm), exp(log_mean) / norm)
        if static_max_norm is not None:
            factor = minimum(static_max_norm / norm, factor)
        return [(None if g is None else scaled(g, factor), v) for g, v in zip(grads, variables)]

    return gradient_clipping
