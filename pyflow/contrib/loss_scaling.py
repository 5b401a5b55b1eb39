"""tf.contrib.mixed_precision: losses made larger, so that the gradients of 16 bits don't vanish."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float32, int32
from pyflow.core.registry import raw
from pyflow.ops.cast import cast
from pyflow.ops.cond import cond
from pyflow.ops.control_flow import group
from pyflow.ops.reduce_functions import reduce_all
from pyflow.ops.state import assign, assign_add
from pyflow.ops.variable_scope import variable
from pyflow.train.optimizer import Optimizer


@export("contrib.mixed_precision.LossScaleManager")
class LossScaleManager:
    """What says how much larger losses are made, and learns whether the gradients were finite then."""

    def get_loss_scale(self) -> Any:
        """The factor, a float32 scalar."""
        raise NotImplementedError

    def update_loss_scale(self, finite_grads: Any) -> Any:
        """An operation that adapts the factor; `finite_grads` is a bool scalar."""
        raise NotImplementedError


@export("contrib.mixed_precision.FixedLossScaleManager")
class FixedLossScaleManager(LossScaleManager):
    """One factor for always.

    Args:
      loss_scale: at least 1.

    Raises:
      ValueError: it is less.
    """

    def __init__(self, loss_scale: float):
        if loss_scale < 1:
            raise ValueError("loss scale must be at least 1.")
        self._loss_scale = convert_to_tensor(loss_scale, dtype=float32)

    def get_loss_scale(self) -> Any:
        return self._loss_scale

    def update_loss_scale(self, finite_grads: Any) -> Any:
        return raw.NoOp()


@export("contrib.mixed_precision.ExponentialUpdateLossScaleManager")
class ExponentialUpdateLossScaleManager(LossScaleManager):
    """A factor that grows while gradients are finite, and shrinks when they aren't.

    Args:
      init_loss_scale: what it begins with.
      incr_every_n_steps: after how many good steps one after another it grows.
      decr_every_n_nan_or_inf: after how many bad ones since it last changed it shrinks.
      incr_ratio: what it is multiplied by then, unless that were infinite.
      decr_ratio: the same for shrinking; it stays at least 1.
    """

    def __init__(
        self,
        init_loss_scale: float,
        incr_every_n_steps: int,
        decr_every_n_nan_or_inf: int = 2,
        incr_ratio: float = 2,
        decr_ratio: float = 0.8,
    ):
        self._incr_every_n_steps = incr_every_n_steps
        self._decr_every_n_nan_or_inf = decr_every_n_nan_or_inf
        self._incr_ratio = incr_ratio
        self._decr_ratio = decr_ratio
        scale = convert_to_tensor(init_loss_scale, float32)
        self._loss_scale = variable(name="loss_scale", initial_value=scale, dtype=float32, trainable=False)
        self._num_good_steps = variable(name="good_steps", initial_value=0, dtype=int32, trainable=False)
        self._num_bad_steps = variable(name="bad_steps", initial_value=0, dtype=int32, trainable=False)

    def _reset_stats(self) -> Any:
        return group(assign(self._num_good_steps, 0), assign(self._num_bad_steps, 0))

    def get_loss_scale(self) -> Any:
        return self._loss_scale

    def update_loss_scale(self, finite_grads: Any) -> Any:
        scale, good, bad = self._loss_scale, self._num_good_steps, self._num_bad_steps

        def grow() -> Any:
            larger = scale * self._incr_ratio
            larger = cond(raw.IsFinite(larger), lambda: scale * self._incr_ratio, lambda: scale + 0.0)
            return group(assign(scale, larger), self._reset_stats())

        def shrink() -> Any:
            return group(assign(scale, raw.Maximum(1.0, scale * self._decr_ratio)), self._reset_stats())

        def after_good() -> Any:
            return cond(good + 1 >= self._incr_every_n_steps, grow, lambda: group(assign_add(good, 1)))

        def count_bad() -> Any:
            return group(assign_add(bad, 1), assign(good, 0))

        def after_bad() -> Any:
            return cond(bad + 1 >= self._decr_every_n_nan_or_inf, shrink, count_bad)

        return cond(finite_grads, after_good, after_bad)


@export("contrib.mixed_precision.LossScaleOptimizer")
class LossScaleOptimizer(Optimizer):
    """An optimizer of a loss made larger, that takes its gradients back to their size; it skips those not finite.

    Args:
      opt: the optimizer that applies them.
      loss_scale_manager: what says how much larger.
    """

    def __init__(self, opt: Any, loss_scale_manager: LossScaleManager):
        self._opt = opt
        self._loss_scale_manager = loss_scale_manager

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = Optimizer.GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple[Any, Any]]:
        """As `Optimizer.compute_gradients`, of the loss or a function that gives it."""
        factor = self._loss_scale_manager.get_loss_scale()
        value: Any = loss() if callable(loss) else loss
        found = self._opt.compute_gradients(
            value * cast(factor, value.dtype.base_dtype),
            var_list=var_list,
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
            grad_loss=grad_loss,
        )
        inverse = raw.Reciprocal(factor)
        return [(g if g is None else g * cast(inverse, g.dtype.base_dtype), v) for g, v in found]

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Any:
        """Applies the gradients if all of them are finite, and adapts the factor."""
        grads_and_vars = list(grads_and_vars)
        all_finite = reduce_all([reduce_all(raw.IsFinite(g)) for g, _ in grads_and_vars])
        update = cond(
            all_finite,
            lambda: group(self._opt.apply_gradients(grads_and_vars, global_step, name)),
            lambda: group(),
        )
        return group(update, self._loss_scale_manager.update_loss_scale(all_finite))
