"""Which kind of variable `tf.Variable(...)` makes: by reference, or behind a handle."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterator

from pyflow.core.api import export
from pyflow.core.scopes import get_default_graph
from pyflow.ops import variable_base
from pyflow.ops.ref_variable import RefVariable
from pyflow.ops.resource_variable import ResourceVariable

_DEFAULT_USE_RESOURCE = False


@export("enable_resource_variables")
def enable_resource_variables() -> None:
    """Makes new variables resource variables unless told otherwise."""
    global _DEFAULT_USE_RESOURCE
    _DEFAULT_USE_RESOURCE = True


@export("disable_resource_variables")
def disable_resource_variables() -> None:
    """Makes new variables classic ones unless told otherwise, as they are at first."""
    global _DEFAULT_USE_RESOURCE
    _DEFAULT_USE_RESOURCE = False


@export("resource_variables_enabled")
def resource_variables_enabled() -> bool:
    """Whether new variables are resource variables unless told otherwise."""
    return _DEFAULT_USE_RESOURCE


def default_variable_creator(next_creator: Any = None, **kwargs: Any) -> variable_base.Variable:
    """The innermost creator: makes the variable, of the kind that argument, variable scope or default ask for."""
    from pyflow.ops.variable_scope_object import get_variable_scope

    assert next_creator is None
    use_resource = kwargs.pop("use_resource", None)
    if use_resource is None:
        use_resource = get_variable_scope().use_resource
    if use_resource is None:
        use_resource = _DEFAULT_USE_RESOURCE
    if use_resource:
        kwargs.pop("expected_shape", None)
        return ResourceVariable(**kwargs)
    kwargs.pop("distribute_strategy", None)
    return RefVariable(**kwargs)


variable_base.default_variable_creator = default_variable_creator


@export("variable_creator_scope")
@contextlib.contextmanager
def variable_creator_scope(variable_creator: Callable) -> Iterator[None]:
    """Lets `variable_creator(next_creator, **kwargs)` make the variables of the block.

    It may change the arguments, call `next_creator(**kwargs)`, and wrap what that returns. Inner scopes come first.
    """
    with get_default_graph()._variable_creator_scope(variable_creator):
        yield
