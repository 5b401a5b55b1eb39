"""Gradient descent, plain, with momentum, and with a proximal step."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import raw
from pyflow.train.rule_optimizer import RuleOptimizer


@export("train.GradientDescentOptimizer")
class GradientDescentOptimizer(RuleOptimizer):
    """var -= learning_rate * gradient.

    Args:
      learning_rate: float or tensor of shape ().
    """

    _rule = "GradientDescent"

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent"):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        return {"alpha": (self._learning_rate, "learning_rate")}

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        rate = self._scalars(var, var.dtype.base_dtype)["alpha"]
        delta = IndexedSlices(grad.values * rate, grad.indices, grad.dense_shape)
        return var.scatter_sub(delta, use_locking=self._use_locking)

    def _resource_apply_sparse_duplicate_indices(self, grad: Any, handle: Any, indices: Any) -> Any:
        return raw.ResourceScatterAdd(handle.handle, indices, -grad * self._learning_rate)


@export("train.MomentumOptimizer")
class MomentumOptimizer(RuleOptimizer):
    """accumulation = momentum * accumulation + gradient; var -= learning_rate * accumulation.

    Args:
      learning_rate: float or tensor of shape ().
      momentum: float or tensor of shape ().
      use_nesterov: look ahead along the accumulation, as Sutskever et al. (2013) do.
    """

    _rule = "Momentum"
    _slot_inputs = {"accum": "momentum"}

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ):
        super().__init__(use_locking, name)
        self._learning_rate, self._momentum, self._use_nesterov = learning_rate, momentum, use_nesterov
        self._attrs = {"use_nesterov": use_nesterov}

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        return {"lr": (self._learning_rate, "learning_rate"), "momentum": (self._momentum, "momentum")}


@export("train.ProximalGradientDescentOptimizer")
class ProximalGradientDescentOptimizer(RuleOptimizer):
    """Gradient descent, after each step of which l1 and l2 shrink the variable (Duchi and Singer, 2009)."""

    _rule = "ProximalGradientDescent"

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        return {
            "alpha": (self._learning_rate, "learning_rate"),
            "l1": (self._l1_regularization_strength, "l1_regularization_strength"),
            "l2": (self._l2_regularization_strength, "l2_regularization_strength"),
        }
