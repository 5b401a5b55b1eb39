"""tf.contrib.opt's AddSign and PowerSign: steps that grow where gradient and momentum agree (Bello et al., 2017)."""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.ops.array_gather import gather
from pyflow.ops.array_selection import where
from pyflow.ops.cast import cast
from pyflow.ops.comparison import greater_equal
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import group
from pyflow.ops.division import floormod
from pyflow.ops.math_binary import maximum, minimum
from pyflow.ops.math_trigonometry import cos
from pyflow.ops.math_unary import exp, sign
from pyflow.ops.state import assign
from pyflow.train.rule_optimizer import RuleOptimizer

Decay = Callable[[Any], Any]


class _SignOptimizer(RuleOptimizer):
    """What the two have in common.

    Args:
      sign_decay_fn: from the global step to a factor of the agreement of signs; None for 1.
    """

    _slot_inputs = {"m": "m"}

    def __init__(self, learning_rate: Any, beta: Any, sign_decay_fn: Decay | None, use_locking: bool, name: str):
        super().__init__(use_locking, name)
        self._lr, self._beta, self._sign_decay_fn = learning_rate, beta, sign_decay_fn
        self._sign_decay: Any = 1.0

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        if self._sign_decay_fn is not None:
            self._sign_decay = convert_to_tensor(self._sign_decay_fn(global_step), name="sign_decay")
        return super().apply_gradients(grads_and_vars, global_step=global_step, name=name)

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        return {
            "lr": (self._lr, "learning_rate"),
            "beta": (self._beta, "beta"),
            **self._own_parameter(),
            "sign_decay": (self._sign_decay, "sign_decay"),
        }

    def _own_parameter(self) -> dict[str, tuple[Any, str]]:
        raise NotImplementedError()

    def _factor(self, s: dict[str, Any], agreement: Any) -> Any:
        raise NotImplementedError()

    def _update_rows(self, values: Any, var: Any, indices: Any) -> Any:
        """The momentum of all rows decays; rows with a gradient change."""
        s = self._scalars(var, var.dtype.base_dtype)
        momentum = self.get_slot(var, "m")
        slices = IndexedSlices(values, indices, constant(var.get_shape().as_list()))
        moved = assign(momentum, momentum * s["beta"] + convert_to_tensor(slices) * (1 - s["beta"]))
        agreement = gather(sign(moved), indices) * sign(values)
        step = s["lr"] * self._factor(s, s["sign_decay"] * agreement) * values
        return group(var.scatter_sub(IndexedSlices(step, indices)), moved)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._update_rows(grad.values, var, grad.indices)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return self._update_rows(grad, handle, indices)


@export("contrib.opt.AddSignOptimizer")
class AddSignOptimizer(_SignOptimizer):
    """var -= learning_rate * (alpha + decay * sign(gradient) * sign(momentum)) * gradient.

    Args:
      beta: the decay of the momentum.
      sign_decay_fn: from the global step to `decay`; None for 1.
    """

    _rule = "AddSign"

    def __init__(
        self,
        learning_rate: Any = 0.1,
        alpha: Any = 1.0,
        beta: Any = 0.9,
        sign_decay_fn: Decay | None = None,
        use_locking: bool = False,
        name: str = "AddSignOptimizer",
    ):
        super().__init__(learning_rate, beta, sign_decay_fn, use_locking, name)
        self._alpha = alpha

    def _own_parameter(self) -> dict[str, tuple[Any, str]]:
        return {"alpha": (self._alpha, "alpha")}

    def _factor(self, s: dict[str, Any], agreement: Any) -> Any:
        return s["alpha"] + agreement


@export("contrib.opt.PowerSignOptimizer")
class PowerSignOptimizer(_SignOptimizer):
    """var -= learning_rate * base ^ (decay * sign(gradient) * sign(momentum)) * gradient.

    Args:
      beta: the decay of the momentum.
      sign_decay_fn: from the global step to `decay`; None for 1.
    """

    _rule = "PowerSign"

    def __init__(
        self,
        learning_rate: Any = 0.1,
        base: float = math.e,
        beta: Any = 0.9,
        sign_decay_fn: Decay | None = None,
        use_locking: bool = False,
        name: str = "PowerSignOptimizer",
    ):
        super().__init__(learning_rate, beta, sign_decay_fn, use_locking, name)
        self._logbase = math.log(base)

    def _own_parameter(self) -> dict[str, tuple[Any, str]]:
        return {"logbase": (self._logbase, "logbase")}

    def _factor(self, s: dict[str, Any], agreement: Any) -> Any:
        return exp(s["logbase"] * agreement)


def _fraction(global_step: Any, decay_steps: Any, kind: str) -> Any:
    """How much of the decay is over, from 0 to 1."""
    if global_step is None:
        raise ValueError(f"global_step is required for {kind}.")
    return cast(minimum(global_step, decay_steps), dtypes.float32) / cast(decay_steps, dtypes.float32)


def _wave(fraction: Any) -> Any:
    return 0.5 * (1.0 + cos(constant(math.pi) * fraction))


@export("contrib.opt.python.training.sign_decay.get_linear_decay_fn")
def get_linear_decay_fn(decay_steps: Any) -> Decay:
    """From the global step to a line that falls from 1 to 0 in `decay_steps`."""
    return lambda global_step: maximum(0.0, 1.0 - _fraction(global_step, decay_steps, "linear_decay"))


@export("contrib.opt.python.training.sign_decay.get_cosine_decay_fn")
def get_cosine_decay_fn(decay_steps: Any, num_periods: float = 0.5, zero_after: float | None = None) -> Decay:
    """From the global step to `num_periods` periods of a cosine between 1 and 0; 0 after so many of them."""

    def decay(global_step: Any) -> Any:
        fraction = 2.0 * num_periods * _fraction(global_step, decay_steps, "cosine_decay")
        wave = _wave(fraction)
        return wave if zero_after is None else where(greater_equal(fraction, 2 * zero_after), 0.0, wave)

    return decay


@export("contrib.opt.python.training.sign_decay.get_restart_decay_fn")
def get_restart_decay_fn(decay_steps: Any, num_periods: float = 1, zero_after: float | None = None) -> Decay:
    """From the global step to half a cosine from 1 to 0, `num_periods` times; 0 after so many of them."""

    def decay(global_step: Any) -> Any:
        periods = num_periods * _fraction(global_step, decay_steps, "cosine_decay")
        wave = _wave(floormod(periods, 1.0))
        return wave if zero_after is None else where(greater_equal(periods, zero_after), 0.0, wave)

    return decay
