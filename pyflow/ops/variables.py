"""The graph's variables: listing them, initialising them, and asking which are not initialised."""

from __future__ import annotations

import os
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.scopes import colocate_with, device, get_collection, get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops import state
from pyflow.ops.array_selection import boolean_mask
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import group, no_op
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.ref_variable import RefVariable
from pyflow.ops.variable_base import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
    validate_synchronization_aggregation_trainable,
)

# The name of this class inside TensorFlow.
VariableV1 = Variable

__all__ = [
    "PartitionedVariable",
    "RefVariable",
    "Variable",
    "VariableAggregation",
    "VariableSynchronization",
    "VariableV1",
    "all_variables",
    "assert_variables_initialized",
    "global_variables",
    "global_variables_initializer",
    "initialize_all_variables",
    "initialize_local_variables",
    "initialize_variables",
    "is_variable_initialized",
    "local_variables",
    "local_variables_initializer",
    "model_variables",
    "moving_average_variables",
    "report_uninitialized_variables",
    "trainable_variables",
    "validate_synchronization_aggregation_trainable",
    "variables_initializer",
]


@export("global_variables")
def global_variables(scope: str | None = None) -> list:
    """The variables that are shared and saved; `scope` filters their names by a regular expression."""
    return get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


@export("all_variables")
def all_variables() -> list:
    """The older name of `global_variables`."""
    return global_variables()


def _all_saveable_objects(scope: str | None = None) -> list:
    return get_collection(GraphKeys.GLOBAL_VARIABLES, scope) + get_collection(GraphKeys.SAVEABLE_OBJECTS, scope)


@export("local_variables")
def local_variables(scope: str | None = None) -> list:
    """The variables that are not saved."""
    return get_collection(GraphKeys.LOCAL_VARIABLES, scope)


@export("model_variables")
def model_variables(scope: str | None = None) -> list:
    """The variables in MODEL_VARIABLES, those needed for inference."""
    return get_collection(GraphKeys.MODEL_VARIABLES, scope)


@export("trainable_variables")
def trainable_variables(scope: str | None = None) -> list:
    """The variables that optimizers change by default."""
    return get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


@export("moving_average_variables")
def moving_average_variables(scope: str | None = None) -> list:
    """The variables that have moving averages."""
    return get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


@export("variables_initializer", "initializers.variables")
def variables_initializer(var_list: Any, name: str = "init") -> Operation:
    """An operation that gives each of the variables its initial value."""
    if var_list:
        return group(*[v.initializer for v in var_list], name=name)
    return no_op(name=name)


@export("initialize_variables")
def initialize_variables(var_list: Any, name: str = "init") -> Operation:
    """The older name of `variables_initializer`."""
    return variables_initializer(var_list, name=name)


@export("global_variables_initializer", "initializers.global_variables")
def global_variables_initializer() -> Operation:
    """An operation that initialises all global variables of the graph so far."""
    return variables_initializer(global_variables())


@export("initialize_all_variables")
def initialize_all_variables() -> Operation:
    """The older name of `global_variables_initializer`."""
    return global_variables_initializer()


@export("local_variables_initializer", "initializers.local_variables")
def local_variables_initializer() -> Operation:
    """An operation that initialises all local variables of the graph so far."""
    return variables_initializer(local_variables())


@export("initialize_local_variables")
def initialize_local_variables() -> Operation:
    """The older name of `local_variables_initializer`."""
    return local_variables_initializer()


@export("is_variable_initialized")
def is_variable_initialized(variable: Any) -> Tensor:
    """A bool scalar: whether the variable has a value."""
    return state.is_variable_initialized(variable)


def _listed_or_found(variables: list) -> list:
    """The variables, or when there are none the references of the graph's variable nodes."""
    if variables:
        return variables
    kinds = ("Variable", "VariableV2", "AutoReloadVariable")
    return [op.outputs[0] for op in get_default_graph().get_operations() if op.type in kinds]


@export("assert_variables_initialized")
def assert_variables_initialized(var_list: Any = None) -> Tensor | None:
    """A tensor whose evaluation fails when one of the variables (by default all) has no value; None without any.

    Raises when run:
      FailedPreconditionError: a variable has no value.
    """
    var_list = _listed_or_found(global_variables() + local_variables() if var_list is None else var_list)
    if not var_list:
        return None
    ranks = []
    for variable in var_list:
        with colocate_with(variable.op):
            ranks.append(raw.Rank(variable, name="Rank"))
    return ranks[0] if len(ranks) == 1 else raw.Pack(ranks, name="stack")


@export("report_uninitialized_variables")
def report_uninitialized_variables(var_list: Any = None, name: str = "report_uninitialized_variables") -> Tensor:
    """A 1-D string tensor of the names of those variables (by default all) that have no value."""
    if var_list is None:
        var_list = _listed_or_found(global_variables() + local_variables())
    with name_scope(name):
        initialized = [state.is_variable_initialized(v) for v in var_list]
        with device(os.environ.get("TF_DEVICE_FOR_UNINITIALIZED_VARIABLE_REPORTING", "/cpu:0")):
            if not var_list:
                return constant([], dtype=dtypes.string)
            missing = raw.LogicalNot(raw.Pack(initialized, name="stack"))
            return boolean_mask(constant([v.op.name for v in var_list]), missing)
