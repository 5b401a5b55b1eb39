"""Exponential moving averages of variables and tensors."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.init_scope import init_scope
from pyflow.core.scopes import add_to_collection, colocate_with, get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import group
from pyflow.ops.division import div, truediv
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.math_binary import minimum
from pyflow.ops.math_binary import pow as power
from pyflow.ops.state import assign, assign_sub
from pyflow.ops.variable_scope import get_variable, get_variable_scope, variable_scope
from pyflow.ops.variables import (
    Variable,
    global_variables,
    moving_average_variables,
    trainable_variables,
)
from pyflow.train import slot_creator


def assign_moving_average(
    variable: Any, value: Any, decay: Any, zero_debias: bool = True, name: str | None = None
) -> Any:
    """Moves `variable` towards `value`: variable -= (1 - decay) * (variable - value).

    Args:
      decay: float or float tensor of shape ().
      zero_debias: correct the bias towards the zero that the variable started from, as Adam does
        (Kingma and Ba, 2014, section 3); needs two more variables.

    Returns:
      The variable's new value.
    """
    with name_scope(name, "AssignMovingAvg", [variable, value, decay]) as scope:
        rate = convert_to_tensor(1.0 - decay, name="decay")
        if rate.dtype != variable.dtype.base_dtype:
            rate = cast(rate, variable.dtype.base_dtype)
        if zero_debias:
            return _zero_debias(variable, value, rate)
        with colocate_with(variable):
            return assign_sub(variable, (variable - value) * rate, name=scope)


def _zero_debias(unbiased: Any, value: Any, rate: Tensor) -> Any:
    with variable_scope(unbiased.name[: -len(":0")], values=[unbiased, value, rate]):
        with colocate_with(unbiased):
            biased = get_variable(
                _unused("biased"),
                initializer=zeros_initializer(),
                shape=unbiased.get_shape(),
                dtype=unbiased.dtype,
                trainable=False,
            )
            local_step = get_variable(
                _unused("local_step"), shape=[], dtype=unbiased.dtype, initializer=zeros_initializer(), trainable=False
            )
    with colocate_with(unbiased):
        update = assign_sub(biased, (biased - value) * rate)
        step = local_step.assign_add(1)
        factor = 1 - power(1.0 - rate, step)
        return assign(unbiased, update / factor, name=get_default_graph().get_name_scope() + "/")


def _unused(name: str) -> str:
    """The name, or the first of name_1, name_2 ... that the variable scope has no variable of yet."""
    scope = get_variable_scope()
    if scope.reuse:
        return name
    taken = {v.op.name for v in scope.global_variables()}
    candidate, i = name, 0
    while f"{scope.name}/{candidate}" in taken:
        i += 1
        candidate = f"{name}_{i}"
    return candidate


def weighted_moving_average(
    value: Tensor, decay: Any, weight: Tensor, truediv_: bool = True, collections: Any = None, name: str | None = None
) -> Tensor:
    """The moving average of `value`, each occurrence counted with its `weight`."""
    collections = [GraphKeys.GLOBAL_VARIABLES] if collections is None else collections
    with variable_scope(name, "WeightedMovingAvg", [value, weight, decay]) as scope:
        options = {"initializer": zeros_initializer(), "trainable": False, "collections": collections}
        total = get_variable("value_x_weight", shape=value.get_shape(), dtype=value.dtype, **options)
        weights = get_variable("weight", shape=weight.get_shape(), dtype=weight.dtype, **options)
        numerator = assign_moving_average(total, value * weight, decay, zero_debias=False)
        denominator = assign_moving_average(weights, weight, decay, zero_debias=False)
        return (truediv if truediv_ else div)(numerator, denominator, name=scope.name)


@export("train.ExponentialMovingAverage")
class ExponentialMovingAverage:
    """Keeps shadow variables that follow variables: shadow -= (1 - decay) * (shadow - variable).

    Args:
      decay: float; close to 1 for slow averages.
      num_updates: int or variable; the decay becomes min(decay, (1 + num_updates) / (10 + num_updates)).
      zero_debias: correct the bias of averages of tensors towards zero.
      name: ends the shadow variables' names.
    """

    def __init__(
        self, decay: Any, num_updates: Any = None, zero_debias: bool = False, name: str = "ExponentialMovingAverage"
    ):
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[Any, Any] = {}

    name = property(lambda self: self._name)

    def apply(self, var_list: Any = None) -> Any:
        """Makes the shadow variables and gives the operation that updates them.

        Args:
          var_list: variables, or tensors; None takes the trainable variables. A shadow starts as the variable's initial
            value, or as zero for a tensor.

        Raises:
          TypeError: one is not of a floating dtype.
        """
        var_list = trainable_variables() if var_list is None else list(var_list)
        debiased = set()
        for var in var_list:
            if var.dtype.base_dtype not in (dtypes.bfloat16, dtypes.float16, dtypes.float32, dtypes.float64):
                raise TypeError(f"The variables must be half, float, or double: {var.name}")
            if var in self._averages:
                continue
            with init_scope():
                if isinstance(var, Variable):
                    average = slot_creator.create_slot(var, var.initialized_value(), self._name)
                    add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, var)
                else:
                    is_variable = var.op.type in ("Variable", "VariableV2", "VarHandleOp")
                    average = slot_creator.create_zeros_slot(var, self._name, colocate_with_primary=is_variable)
                    if self._zero_debias:
                        debiased.add(average)
            self._averages[var] = average
        with name_scope(self._name) as scope:
            decay = convert_to_tensor(self._decay, name="decay")
            if self._num_updates is not None:
                steps = cast(self._num_updates, dtypes.float32, name="num_updates")
                decay = minimum(decay, (1.0 + steps) / (10.0 + steps))
            updates = [
                assign_moving_average(self._averages[v], v, decay, self._averages[v] in debiased) for v in var_list
            ]
            return group(*updates, name=scope)

    def average(self, var: Any) -> Any:
        """The shadow of a variable, or None if `apply` was not given it."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """The name under which the shadow of a variable is saved."""
        if var in self._averages:
            return self._averages[var].op.name
        return get_default_graph().unique_name(f"{var.op.name}/{self._name}", mark_as_used=False)

    def variables_to_restore(self, moving_avg_variables: Any = None) -> dict[str, Any]:
        """For a `Saver` that restores variables from their averages: saved name to variable.

        Args:
          moving_avg_variables: those that have an average; None takes the trainable ones and those given to `apply`.
            All other variables are mapped by their own names.
        """
        if moving_avg_variables is None:
            moving_avg_variables = trainable_variables() + moving_average_variables()
        averaged = list(dict.fromkeys(moving_avg_variables))
        names = {self.average_name(v): v for v in averaged}
        averaged_names = {v.name for v in averaged}
        for v in global_variables():
            if v.name not in averaged_names and v.op.name not in names:
                names[v.op.name] = v
        return names
