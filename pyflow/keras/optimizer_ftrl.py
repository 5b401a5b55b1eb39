"""tf.keras.optimizers.Ftrl."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.keras.optimizer_classes import CommonOptimizer
from pyflow.ops import initializers as plain
from pyflow.ops.constant import constant_v1 as tf_constant


@export("keras.optimizers.Ftrl")
class Ftrl(CommonOptimizer):
    """Follow the regularized leader (McMahan et al., 2013)."""

    _config_names = (
        "learning_rate", "decay", "initial_accumulator_value", "learning_rate_power", "l1_regularization_strength",
        "l2_regularization_strength", "l2_shrinkage_regularization_strength",
    )  # fmt: skip

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        name: str = "Ftrl",
        l2_shrinkage_regularization_strength: float = 0.0,
        **kwargs: Any,
    ):
        checked = {"initial_accumulator_value": initial_accumulator_value,
                   "l1_regularization_strength": l1_regularization_strength,
                   "l2_regularization_strength": l2_regularization_strength,
                   "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength}  # fmt: skip
        for argument, value in checked.items():
            if value < 0.0:
                raise ValueError(f"{argument} {value} needs to be positive or zero")
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power} needs to be negative or zero")
        super().__init__(
            name, kwargs.pop("lr", learning_rate), kwargs, learning_rate_power=learning_rate_power,
            l1_regularization_strength=l1_regularization_strength,
            l2_regularization_strength=l2_regularization_strength,
        )  # fmt: skip
        self.initial_accumulator_value = initial_accumulator_value
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            self.add_slot(var, "accumulator", plain.Constant(self.initial_accumulator_value))
            self.add_slot(var, "linear")

    def _prepare(self, dtype: Any) -> dict[str, Any]:
        power, l1, l2 = self._hypers(
            dtype, "learning_rate_power", "l1_regularization_strength", "l2_regularization_strength"
        )
        shrinkage = tf_constant(self.l2_shrinkage_regularization_strength, dtype)
        return {**super()._prepare(dtype), "power": power, "l1": l1, "l2": l2, "shrinkage": shrinkage}

    def _step_of(self, op: str, grads: list, var: Any, s: dict[str, Any]) -> Any:
        slots = self.get_slot(var, "accumulator"), self.get_slot(var, "linear")
        numbers = [s["lr"], s["l1"], s["l2"]]
        if self.l2_shrinkage_regularization_strength > 0:
            return self._apply(f"{op}V2", var, *slots, *grads, *numbers, s["shrinkage"], s["power"])
        return self._apply(op, var, *slots, *grads, *numbers, s["power"])

    def _update(self, grad: Any, var: Any, s: dict[str, Any]) -> Any:
        return self._step_of("ResourceApplyFtrl", [grad], var, s)

    def _update_rows(self, grad: Any, rows: Any, var: Any, s: dict[str, Any]) -> Any:
        return self._step_of("ResourceSparseApplyFtrl", [grad, rows], var, s)
