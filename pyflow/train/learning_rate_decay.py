"""Learning rates that fall with the number of steps."""

from __future__ import annotations

import math
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_n_to_tensor, convert_to_tensor
from pyflow.core.node_count import count_nodes, uncounted
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_selection import where
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal
from pyflow.ops.constant import constant
from pyflow.ops.division import div, truediv
from pyflow.ops.math_binary import add, minimum, multiply
from pyflow.ops.math_binary import pow as power_of
from pyflow.ops.math_rounding import ceil, floor
from pyflow.ops.math_trigonometry import cos
from pyflow.ops.math_unary import exp, log, negative, sqrt
from pyflow.ops.random import random_normal


@export("train.exponential_decay")
def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """learning_rate * decay_rate ^ (global_step / decay_steps); with `staircase` the quotient is rounded down."""
    with name_scope(name or "ExponentialDecay") as name:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        steps, factor = cast(decay_steps, rate.dtype), cast(decay_rate, rate.dtype)
        p = cast(global_step, rate.dtype) / steps
        return multiply(rate, power_of(factor, floor(p) if staircase else p), name=name)


@export("train.piecewise_constant", "train.piecewise_constant_decay")
def piecewise_constant(x: Any, boundaries: Any, values: Any, name: str | None = None) -> Tensor:
    """values[0] up to and including boundaries[0], values[1] up to boundaries[1] ..., the last value beyond.

    Args:
      x: scalar tensor, usually the global step.
      boundaries: increasing numbers of the dtype of `x`.
      values: one more than boundaries, all of one dtype.

    Raises:
      ValueError: dtypes differ, or the numbers of boundaries and values don't fit.
    """
    boundaries, values = convert_n_to_tensor(boundaries), convert_n_to_tensor(values)
    x = convert_to_tensor(x)
    for i, b in enumerate(boundaries):
        if b.dtype.base_dtype != x.dtype.base_dtype:
            if b.dtype.base_dtype != dtypes.int32 or x.dtype.base_dtype != dtypes.int64:
                raise ValueError(
                    f"Boundaries ({b.dtype.base_dtype}) must have the same dtype as x ({x.dtype.base_dtype})."
                )
            boundaries[i] = cast(b, x.dtype.base_dtype)
    for v in values[1:]:
        if v.dtype.base_dtype != values[0].dtype.base_dtype:
            raise ValueError(
                f"Values must have elements all with the same dtype ({values[0].dtype.base_dtype} vs "
                f"{v.dtype.base_dtype})."
            )
    if len(boundaries) != len(values) - 1:
        raise ValueError("The length of boundaries should be 1 less than the length of values")
    with name_scope(name or "PiecewiseConstant"):
        chosen = [(x <= boundaries[0], values[0]), (x > boundaries[-1], values[-1])]
        for low, high, value in zip(boundaries[:-1], boundaries[1:], values[1:-1]):
            chosen.append(((x > low) & (x <= high), value))
        return _case_of_values(chosen, values[0])


def _case_of_values(pairs: list, default: Tensor) -> Tensor:
    """As an exclusive `tf.case`, in its scopes, but by selection: one of the values is there in any case."""
    graph, count = get_default_graph(), len(pairs)
    with name_scope("case"), name_scope("cond"):
        with uncounted(graph):
            result = default
            for predicate, value in pairs[1:]:
                result = where(predicate, value, result)
            result = raw.Select(pairs[0][0], pairs[0][1], result, name="Merge")
        # The sum of the predicates (6), the assertion that it is one at most (13), and conditionals in each other.
        count_nodes(graph, *["Merge"] * (19 + count * (count + 6)))
        return result


@export("train.polynomial_decay")
def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """(learning_rate - end_learning_rate) * (1 - global_step / decay_steps) ^ power + end_learning_rate.

    The step counts only up to `decay_steps`; with `cycle`, `decay_steps` is multiplied so that the step stays below it.
    """
    with name_scope(name or "PolynomialDecay") as name:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype
        end, power = cast(end_learning_rate, dtype), cast(power, dtype)
        step, steps = cast(global_step, dtype), cast(decay_steps, dtype)
        if cycle:
            steps = multiply(steps, where(equal(step, 0), cast(1.0, dtype), ceil(step / decay_steps)))
            count_nodes(get_default_graph(), *["Switch"] * 4, "Merge")  # TensorFlow chooses by a conditional
        else:
            step = minimum(step, decay_steps)
        p = truediv(step, steps)
        return add(multiply(rate - end, power_of(1 - p, power)), end, name=name)


@export("train.natural_exp_decay")
def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """learning_rate * exp(-decay_rate * global_step / decay_steps)."""
    return exponential_decay(learning_rate, global_step, decay_steps, exp(negative(decay_rate)), staircase, name)


@export("train.inverse_time_decay")
def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """learning_rate / (1 + decay_rate * global_step / decay_steps)."""
    with name_scope(name or "InverseTimeDecay") as name:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        steps, factor = cast(decay_steps, rate.dtype), cast(decay_rate, rate.dtype)
        p = cast(global_step, rate.dtype) / steps
        one = cast(constant(1), rate.dtype)
        return div(rate, add(one, multiply(factor, floor(p) if staircase else p)), name=name)


def _half_cosine(fraction: Tensor) -> Tensor:
    return 0.5 * (1.0 + cos(constant(math.pi) * fraction))


@export("train.cosine_decay")
def cosine_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, alpha: float = 0.0, name: str | None = None
) -> Tensor:
    """Half a cosine from learning_rate down to alpha * learning_rate (Loshchilov and Hutter, 2016)."""
    with name_scope(name or "CosineDecay"):
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        steps = cast(decay_steps, rate.dtype)
        step = minimum(cast(global_step, rate.dtype), steps)
        return multiply(rate, (1 - alpha) * _half_cosine(step / steps) + alpha)


@export("train.cosine_decay_restarts")
def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
    name: str | None = None,
) -> Tensor:
    """Cosine decay that starts again, each time `t_mul` as long and `m_mul` as high (Loshchilov and Hutter, 2016)."""
    with name_scope(name or "SGDRDecay") as name:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype
        alpha, longer, higher = cast(alpha, dtype), cast(t_mul, dtype), cast(m_mul, dtype)
        fraction = cast(global_step, dtype) / cast(first_decay_steps, dtype)
        # The lengths of the periods are a geometric series, of which the logarithm finds the current one.
        cycle = floor(log(1.0 - fraction * (1.0 - longer)) / log(longer))
        before = (1.0 - power_of(longer, cycle)) / (1.0 - longer)
        periodic = (fraction - before) / power_of(longer, cycle)
        same = equal(longer, 1.0)
        cycle = where(same, floor(fraction), cycle)
        fraction = where(same, fraction - floor(fraction), periodic)
        count_nodes(get_default_graph(), *["Switch"] * 6)  # TensorFlow chooses by a conditional
        decayed = (1 - alpha) * (power_of(higher, cycle) * _half_cosine(fraction)) + alpha
        return multiply(rate, decayed, name=name)


@export("train.linear_cosine_decay")
def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    name: str | None = None,
) -> Tensor:
    """A cosine times a falling line (Bello et al., 2017)."""
    with name_scope(name or "LinearCosineDecay") as name:
        rate, linear, cosine, alpha, beta = _linear_and_cosine(
            learning_rate, global_step, decay_steps, num_periods, alpha, beta
        )
        return multiply(rate, (alpha + linear) * cosine + beta, name=name)


@export("train.noisy_linear_cosine_decay")
def noisy_linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    initial_variance: float = 1.0,
    variance_decay: float = 0.55,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    name: str | None = None,
) -> Tensor:
    """`linear_cosine_decay` with normal noise on the line, of a variance that falls (Bello et al., 2017)."""
    with name_scope(name or "NoisyLinearCosineDecay") as name:
        rate, linear, cosine, alpha, beta = _linear_and_cosine(
            learning_rate, global_step, decay_steps, num_periods, alpha, beta
        )
        dtype = rate.dtype
        step = minimum(cast(global_step, dtype), cast(decay_steps, dtype))
        variance = cast(initial_variance, dtype) / power_of(1.0 + step, cast(variance_decay, dtype))
        noisy = linear + random_normal(linear.shape, stddev=sqrt(variance))
        return multiply(rate, (alpha + noisy) * cosine + beta, name=name)


def _linear_and_cosine(learning_rate, global_step, decay_steps, num_periods, alpha, beta) -> tuple:
    rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
    dtype = rate.dtype
    steps = cast(decay_steps, dtype)
    step = minimum(cast(global_step, dtype), steps)
    linear = (steps - step) / steps
    fraction = 2.0 * cast(num_periods, dtype) * (step / steps)
    return rate, linear, _half_cosine(fraction), cast(alpha, dtype), cast(beta, dtype)
