"""Adagrad, its proximal and dual-averaging forms, and FTRL."""

from __future__ import annotations

import functools
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import colocate_with, device
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant
from pyflow.ops.initializers import constant_initializer
from pyflow.train.rule_optimizer import RuleOptimizer


def _check_positive(name: str, value: float) -> None:
    if value <= 0.0:
        raise ValueError(f"{name} must be positive: {value}")


def _filled_like(var: Any, value: float) -> Any:
    return cast(raw.Fill(raw.Shape(convert_to_tensor(var)), value), var.dtype.base_dtype)


class _FilledSlots(RuleOptimizer):
    """An optimiser with slots that start as constants of the variable's shape."""

    def _filled_slots(self, var: Any, op_name: str, **values: float) -> None:
        with colocate_with(var):
            dtype = var.dtype.base_dtype
            initial = {slot: constant(v, shape=var.get_shape(), dtype=dtype) for slot, v in values.items()}
        for slot, value in initial.items():
            self._get_or_make_slot(var, value, slot, op_name)


@export("train.AdagradOptimizer")
class AdagradOptimizer(RuleOptimizer):
    """Steps divided by the root of the sum of squared gradients (Duchi, Hazan and Singer, 2011).

    Args:
      learning_rate: float or tensor of shape ().
      initial_accumulator_value: float, positive; where the sums start.

    Raises:
      ValueError: `initial_accumulator_value` is not positive.
    """

    _rule = "Adagrad"
    _slot_inputs = {"accum": "accumulator"}

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ):
        _check_positive("initial_accumulator_value", initial_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            dtype = var.dtype.base_dtype
            start = self._initial_accumulator_value
            initializer: Any = constant_initializer(start, dtype=dtype)
            if not var.get_shape().is_fully_defined():
                initializer = functools.partial(_filled_like, var, start)
            self._get_or_make_slot_with_initializer(var, initializer, var.get_shape(), dtype, "accumulator", self._name)

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        return {"lr": (self._learning_rate, "learning_rate")}


@export("train.ProximalAdagradOptimizer")
class ProximalAdagradOptimizer(_FilledSlots):
    """Adagrad, after each step of which l1 and l2 shrink the variable (Duchi and Singer, 2009)."""

    _rule = "ProximalAdagrad"
    _slot_inputs = {"accum": "accumulator"}

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ):
        _check_positive("initial_accumulator_value", initial_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            self._filled_slots(var, self._name, accumulator=self._initial_accumulator_value)

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        return {
            "lr": (self._learning_rate, "learning_rate"),
            "l1": (self._l1_regularization_strength, "l1_regularization_strength"),
            "l2": (self._l2_regularization_strength, "l2_regularization_strength"),
        }


@export("train.AdagradDAOptimizer")
class AdagradDAOptimizer(_FilledSlots):
    """Adagrad by dual averaging, for sparse models: variables start at zero (Duchi, Hazan and Singer, 2011).

    Args:
      global_step: int64 variable that counts the steps.
    """

    _rule = "AdagradDA"
    _slot_inputs = {
        "gradient_accumulator": "gradient_accumulator",
        "gradient_squared_accumulator": "gradient_squared_accumulator",
    }

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ):
        _check_positive("initial_gradient_squared_accumulator_value", initial_gradient_squared_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._global_step = global_step
        self._global_step_on_worker: Any = None
        self._learning_rate_tensor: Any = None
        self._initial_gradient_squared_accumulator_value = initial_gradient_squared_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            start = self._initial_gradient_squared_accumulator_value
            self._filled_slots(var, self._name, gradient_accumulator=0.0, gradient_squared_accumulator=start)

    def _prepare(self) -> None:
        self._learning_rate_tensor = convert_to_tensor(self._learning_rate, name="learning_rate")
        with colocate_with(self._learning_rate_tensor):
            self._global_step_on_worker = raw.Identity(self._global_step) + 1

    def _scalars(self, var: Any, dtype: Any) -> dict[str, Any]:
        with device(var.device):
            step = raw.Identity(self._global_step_on_worker)
        return {
            "lr": cast(self._learning_rate_tensor, dtype),
            "l1": cast(self._l1_regularization_strength, dtype),
            "l2": cast(self._l2_regularization_strength, dtype),
            "global_step": cast(step, dtypes.int64),
        }


@export("train.FtrlOptimizer")
class FtrlOptimizer(_FilledSlots):
    """FTRL-proximal (McMahan et al., 2013).

    Args:
      learning_rate: float or tensor of shape ().
      learning_rate_power: float, at most 0; how the rate falls with the number of steps, 0 not at all.
      initial_accumulator_value: float, at least 0.
      l1_regularization_strength, l2_regularization_strength: float, at least 0.
      accum_name, linear_name: suffixes of the slots' names; None takes the optimiser's name.
      l2_shrinkage_regularization_strength: float, at least 0; a penalty on the size of the variable.

    Raises:
      ValueError: a parameter is out of its range.
    """

    _slot_inputs = {"accum": "accum", "linear": "linear"}

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
    ):
        super().__init__(use_locking, name)
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power:f} needs to be negative or zero")
        for label, value in (
            ("initial_accumulator_value", initial_accumulator_value),
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength),
        ):
            if value < 0.0:
                raise ValueError(f"{label} {value:f} needs to be positive or zero")
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self._accum_name = accum_name or name
        self._linear_name = linear_name or name
        self._rule = "FtrlV2" if l2_shrinkage_regularization_strength > 0.0 else "Ftrl"

    def _create_slots(self, var_list: list) -> None:
        for var in var_list:
            self._filled_slots(var, self._accum_name, accum=self._initial_accumulator_value)
            with colocate_with(var):
                self._zeros_slot(var, "linear", self._linear_name)

    def _hyperparameters(self) -> dict[str, tuple[Any, str]]:
        return {
            "lr": (self._learning_rate, "learning_rate"),
            "l1": (self._l1_regularization_strength, "l1_regularization_strength"),
            "l2": (self._l2_regularization_strength, "l2_regularization_strength"),
            "l2_shrinkage": (self._l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength"),
            "lr_power": (self._learning_rate_power, "learning_rate_power"),
        }

    def _scalars(self, var: Any, dtype: Any) -> dict[str, Any]:
        tensors = self._tensors
        keys = [key for key in tensors if key != "l2_shrinkage" or self._rule == "FtrlV2"]
        return {key: cast(tensors[key], dtype) for key in keys}
