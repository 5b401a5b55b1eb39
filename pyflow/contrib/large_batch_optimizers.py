"""tf.contrib.opt: LARS for large batches, and Adagrad that may leave its accumulators alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.ops.array_selection import where
from pyflow.ops.cast import cast
from pyflow.ops.comparison import greater
from pyflow.ops.linalg_norm import norm
from pyflow.train.adagrad import AdagradOptimizer
from pyflow.train.optimizer import Optimizer


@export("contrib.opt.LARSOptimizer")
class LARSOptimizer(Optimizer):
    """Momentum with a rate for each variable, in proportion to its norm over its gradient's (You et al., 2017).

    Args:
      learning_rate, momentum: as of `MomentumOptimizer`.
      weight_decay: how much of a variable is added to its gradient.
      eeta: the trust coefficient.
      epsilon: added to the divisor.
      skip_list: parts of names of variables that neither are scaled nor decay.

    Raises:
      ValueError: the momentum or the decay is negative.
    """

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any = 0.9,
        weight_decay: float = 0.0001,
        eeta: float = 0.001,
        epsilon: float = 0.0,
        name: str = "LARSOptimizer",
        skip_list: Any = None,
        use_nesterov: bool = False,
    ):
        if momentum < 0.0:
            raise ValueError(f"momentum should be positive: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"weight_decay should be positive: {weight_decay}")
        super().__init__(use_locking=False, name=name)
        self._learning_rate, self._momentum = learning_rate, momentum
        self._weight_decay, self._eeta, self._epsilon = weight_decay, eeta, epsilon
        self._skip_list, self._use_nesterov = skip_list, use_nesterov
        self._learning_rate_tensor: Any = None
        self._momentum_tensor: Any = None

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        rate = self._call_if_callable(self._learning_rate)
        self._learning_rate_tensor = convert_to_tensor(rate, name="learning_rate")
        self._momentum_tensor = convert_to_tensor(self._call_if_callable(self._momentum), name="momentum")

    def compute_lr(self, grad: Any, var: Any) -> tuple[Any, Any]:
        """The rate for a variable, and its gradient with the decay."""
        if self._skip_list is not None and any(part in var.name for part in self._skip_list):
            return self._learning_rate, grad
        of_var, of_grad = norm(var, ord=2), norm(grad, ord=2)
        ratio = self._eeta * of_var / (of_grad + self._weight_decay * of_var + self._epsilon)
        trust = where(greater(of_var, 0), where(greater(of_grad, 0), ratio, 1.0), 1.0)
        return self._learning_rate * trust, grad + self._weight_decay * var

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        rate, grad = self.compute_lr(grad, var)
        one, options = cast(1.0, var.dtype.base_dtype), {"use_nesterov": self._use_nesterov}
        slot = self.get_slot(var, "momentum")
        return raw.ApplyMomentum(var._ref(), slot._ref(), one, grad * rate, self._momentum, **options)

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        rate, grad = self.compute_lr(grad, handle)
        one, options = cast(1.0, handle.dtype.base_dtype), {"use_nesterov": self._use_nesterov}
        slot = self.get_slot(handle, "momentum")
        return raw.ResourceApplyMomentum(handle.handle, slot.handle, one, grad * rate, self._momentum, **options)

    def _of_rows(self, dtype: Any) -> tuple[Any, Any, dict[str, Any]]:
        rate, momentum = cast(self._learning_rate_tensor, dtype), cast(self._momentum_tensor, dtype)
        return rate, momentum, {"use_locking": self._use_locking, "use_nesterov": self._use_nesterov}

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        rate, momentum, options = self._of_rows(var.dtype.base_dtype)
        slot = self.get_slot(var, "momentum")
        return raw.SparseApplyMomentum(var._ref(), slot._ref(), rate, grad.values, grad.indices, momentum, **options).op

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        rate, momentum, options = self._of_rows(grad.dtype)
        slot = self.get_slot(handle, "momentum")
        return raw.ResourceSparseApplyMomentum(handle.handle, slot.handle, rate, grad, indices, momentum, **options)


@export("contrib.opt.RegAdagradOptimizer")
class RegAdagradOptimizer(AdagradOptimizer):
    """Adagrad whose accumulators stay as they are within `avoid_updating_slots`: for losses that regularize."""

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "RegAdagrad",
    ):
        super().__init__(learning_rate, initial_accumulator_value, use_locking, name)
        self._should_update_slots = True

    @contextlib.contextmanager
    def avoid_updating_slots(self) -> Iterator[None]:
        """A block in which gradients are applied without being accumulated."""
        before, self._should_update_slots = self._should_update_slots, False
        try:
            yield
        finally:
            self._should_update_slots = before

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        self._attrs = {"update_slots": self._should_update_slots}
        return super()._apply(*args, **kwargs)
