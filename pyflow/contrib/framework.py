"""tf.contrib.framework: looking variables up."""

from __future__ import annotations

import re
from typing import Any, Callable

import numpy as np

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.graph import Graph
from pyflow.core.operation import Operation
from pyflow.core.scopes import get_collection, get_default_graph
from pyflow.ops.control_flow import group
from pyflow.ops.placeholder import placeholder
from pyflow.ops.variable_scope import VariableScope
from pyflow.train.global_step import assert_global_step, get_global_step


@export("contrib.framework.get_name_scope")
def get_name_scope() -> str:
    """The name of the innermost name scope."""
    return get_default_graph().get_name_scope()


@export("contrib.framework.assert_or_get_global_step")
def assert_or_get_global_step(graph: Graph | None = None, global_step_tensor: Any = None) -> Any:
    """The given global step, having checked it, or else the graph's, or None."""
    if global_step_tensor is None:
        return get_global_step(graph)
    assert_global_step(global_step_tensor)
    return global_step_tensor


@export("contrib.framework.get_variables")
def get_variables(
    scope: Any = None, suffix: str | None = None, collection: str = GraphKeys.GLOBAL_VARIABLES
) -> list[Any]:
    """The variables of a collection whose names begin with `scope` and end with `suffix`.

    Args:
      scope: a name, regular expression, or `VariableScope`.
      suffix: a name or regular expression.
    """
    prefix = scope.name if isinstance(scope, VariableScope) else scope
    if suffix is None:
        return get_collection(collection, prefix)
    return get_collection(collection, (prefix or "") + ".*" + suffix + ("" if ":" in suffix else ":"))


def _of(key: str, name: str, what: str) -> Callable:
    def getter(scope: Any = None, suffix: str | None = None) -> list[Any]:
        return get_variables(scope, suffix, key)

    getter.__name__ = getter.__qualname__ = name
    getter.__doc__ = (
        f"""The {what} variables whose names begin with `scope` and end with `suffix`; see `get_variables`."""
    )
    return export(f"contrib.framework.{name}")(getter)


get_model_variables = _of(GraphKeys.MODEL_VARIABLES, "get_model_variables", "model")
get_local_variables = _of(GraphKeys.LOCAL_VARIABLES, "get_local_variables", "local")
get_trainable_variables = _of(GraphKeys.TRAINABLE_VARIABLES, "get_trainable_variables", "trainable")


@export("contrib.framework.get_variables_by_suffix")
def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """The variables whose names end with `suffix`."""
    return get_variables(scope, suffix)


@export("contrib.framework.get_variables_by_name")
def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """The variables whose last part of the name is `given_name`."""
    return get_variables(scope, f"/{given_name}:|^{given_name}:")


@export("contrib.framework.get_unique_variable")
def get_unique_variable(var_op_name: str) -> Any:
    """The variable of that name.

    Raises:
      ValueError: there is none, or the name only begins those of others.
    """
    return _only(var_op_name, f"Couldn't find variable {var_op_name}", "does not uniquely identify")


def _only(name: str, nothing: str, several: str) -> Any:
    candidates = get_variables(name)
    if not candidates:
        raise ValueError(nothing)
    for candidate in candidates:
        if candidate.op.name == name:
            return candidate
    raise ValueError(f"Variable {name} {several} a variable")


@export("contrib.framework.get_variable_full_name")
def get_variable_full_name(var: Any) -> str:
    """The name under which a variable is saved: a partition's is that of the whole."""
    info = var._get_save_slice_info()
    return info.full_name if info else var.op.name


@export("contrib.framework.filter_variables")
def filter_variables(
    var_list: Any, include_patterns: Any = None, exclude_patterns: Any = None, reg_search: bool = True
) -> list[Any]:
    """The variables whose names match one of the patterns to include (None: all) and none of those to exclude.

    Args:
      reg_search: whether a pattern may match anywhere in the name rather than from its start.
    """
    matches = re.search if reg_search else re.match

    def any_of(patterns: Any, var: Any) -> bool:
        return any(matches(p, var.name) for p in patterns or ())

    included = [v for v in var_list if include_patterns is None or any_of(include_patterns, v)]
    return [v for v in included if not any_of(exclude_patterns, v)]


@export("contrib.framework.assign_from_values")
def assign_from_values(var_names_to_values: dict[str, np.ndarray]) -> tuple[Operation, dict]:
    """An operation that gives variables new values, and the feeds that it needs.

    Raises:
      ValueError: there is no variable of a name.
    """
    feeds, assigns = {}, []
    for name, value in var_names_to_values.items():
        var = _only(name, f"Variable {name} wasn't found", "doesn't uniquely identify")
        fed = placeholder(var.dtype.base_dtype, var.get_shape(), name=f"placeholder/{var.op.name}")
        assigns.append(var.assign(fed))
        feeds[fed] = value.reshape(var.get_shape().as_list())
    return group(*assigns), feeds


@export("contrib.framework.assign_from_values_fn")
def assign_from_values_fn(var_names_to_values: dict[str, np.ndarray]) -> Callable[[Any], None]:
    """A function that gives variables new values in a session; see `assign_from_values`."""
    assign, feeds = assign_from_values(var_names_to_values)
    return lambda session: session.run(assign, feeds)
