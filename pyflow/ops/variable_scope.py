"""Variable scopes: `with tf.variable_scope(...)` sets prefix, defaults and reuse for `get_variable`."""

from __future__ import annotations

import contextlib
import functools
import logging
from typing import Any, Iterator

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.scopes import get_default_graph, graph_of, name_scope
from pyflow.ops.partitioned_variable import create_partitioned_variables
from pyflow.ops.variable_base import Variable, VariableAggregation, VariableSynchronization
from pyflow.ops.variable_getters import get_local_variable, get_variable
from pyflow.ops.variable_kinds import (
    default_variable_creator,
    disable_resource_variables,
    enable_resource_variables,
    resource_variables_enabled,
    variable_creator_scope,
)
from pyflow.ops.variable_partitions import (
    PartitionInfo,
    fixed_size_partitioner,
    min_max_variable_partitioner,
    variable_axis_size_partitioner,
)
from pyflow.ops.variable_scope_object import (
    EagerVariableStore,
    VariableScope,
    _get_default_variable_store,
    first_given,
    get_variable_scope,
    get_variable_scope_store,
)
from pyflow.ops.variable_store import AUTO_REUSE, VariableStore

__all__ = [
    "AUTO_REUSE",
    "EagerVariableStore",
    "Variable",
    "VariableAggregation",
    "VariableScope",
    "VariableStore",
    "VariableSynchronization",
    "_get_default_variable_store",
    "create_partitioned_variables",
    "default_variable_creator",
    "disable_resource_variables",
    "enable_resource_variables",
    "fixed_size_partitioner",
    "get_local_variable",
    "get_variable",
    "get_variable_scope",
    "get_variable_scope_store",
    "min_max_variable_partitioner",
    "no_regularizer",
    "resource_variables_enabled",
    "variable_axis_size_partitioner",
    "variable_creator_scope",
    "variable_op_scope",
    "variable_scope",
]

# Names that programs use though they are not public.
variable = Variable
_PartitionInfo = PartitionInfo
_VariableStore = VariableStore


@export("no_regularizer")
def no_regularizer(_: Any) -> None:
    """A regularizer that adds nothing: for scopes inside a scope that has one."""


class _pure_variable_scope:
    """A variable scope without a name scope; what it yields is a `VariableScope`."""

    def __init__(
        self,
        name_or_scope: Any,
        reuse: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        old_name_scope: str | None = None,
        dtype: Any = dtypes.float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ):
        self._name_or_scope, self._reuse, self._old_name_scope = name_or_scope, reuse, old_name_scope
        self._constraint, self._custom_getter = constraint, custom_getter
        self._overrides = {
            "initializer": initializer,
            "regularizer": regularizer,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "dtype": dtype,
            "use_resource": use_resource,
        }
        self._store = get_variable_scope_store()
        self._reentered: VariableScope | None = None
        self._entered: VariableScope | None = None
        if isinstance(name_or_scope, VariableScope):
            self._new_name = name_or_scope.name
            self._reentered = self._scope_from(name_or_scope, reuse or name_or_scope.reuse, name_or_scope._name_scope)

    def _scope_from(self, base: VariableScope, reuse: Any, original_name_scope: str) -> VariableScope:
        settings = {key: first_given(value, getattr(base, key)) for key, value in self._overrides.items()}
        custom_getter = base.custom_getter
        if self._custom_getter is not None:
            custom_getter = _around(self._custom_getter, base.custom_getter)
        return VariableScope(
            reuse,
            name=self._new_name,
            name_scope=original_name_scope,
            custom_getter=custom_getter,
            constraint=self._constraint,
            **settings,
        )

    def __enter__(self) -> VariableScope:
        self._old = self._store.current_scope
        if self._reentered is not None:
            self._store.open_variable_scope(self._new_name)
            self._old_subscopes = dict(self._store.variable_scopes_count)
            scope = self._reentered
        else:
            self._new_name = f"{self._old.name}/{self._name_or_scope}" if self._old.name else self._name_or_scope
            self._reuse = self._reuse or self._old.reuse
            scope = self._scope_from(self._old, self._reuse, first_given(self._old_name_scope, self._name_or_scope))
            self._store.open_variable_scope(self._new_name)
        self._store.current_scope = self._entered = scope
        return scope

    def __exit__(self, *exc: Any) -> None:
        if self._store.current_scope is not self._entered:
            raise RuntimeError("Improper nesting of variable_scope.")
        if self._reentered is not None:
            self._store.variable_scopes_count = self._old_subscopes
        else:
            self._store.close_variable_subscopes(self._new_name)
        self._store.current_scope = self._old


def _around(custom_getter: Any, outer_getter: Any) -> Any:
    """`custom_getter`, whose `getter` goes through the enclosing scope's custom getter."""
    if outer_getter is None:
        return custom_getter

    def wrapped(getter: Any, *args: Any, **kwargs: Any) -> Any:
        return custom_getter(functools.partial(outer_getter, getter), *args, **kwargs)

    return wrapped


def _get_unique_variable_scope(prefix: str) -> str:
    store, current = get_variable_scope_store(), get_variable_scope().name
    name = f"{current}/{prefix}" if current else prefix
    if store.variable_scope_count(name) == 0:
        return prefix
    index = 1
    while store.variable_scope_count(f"{name}_{index}") > 0:
        index += 1
    return f"{prefix}_{index}"


@export("variable_scope")
class variable_scope:
    """`with tf.variable_scope(name) as scope:` prefixes the variables of `get_variable`, and the names of nodes.

    Args:
      name_or_scope: a name, or a `VariableScope` to enter again; None takes `default_name`, made unique.
      default_name: used when `name_or_scope` is None; excludes `reuse`.
      values: the tensors the block works on; their graph becomes the default one.
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource, constraint: defaults of
        `get_variable` inside; None takes those of the enclosing scope.
      reuse: True, when variables must exist; AUTO_REUSE, when they may; None or False leave it to the enclosing scope.
      auxiliary_name_scope: whether to open a name scope as well.

    Raises:
      TypeError: neither name is given, or an argument is of the wrong type.
      ValueError: `reuse` is no such value, or True without a name.

    See https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/variable_scope.
    """

    def __init__(
        self,
        name_or_scope: Any,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        reuse: Any = None,
        dtype: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ):
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if reuse is False:
            reuse = None
        if not (reuse is True or reuse is None or reuse is AUTO_REUSE):
            raise ValueError("The reuse parameter must be True or False or None.")
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(f"The auxiliary_name_scope must be `True` or `False`, while get {auxiliary_name_scope}")
        self._name_or_scope, self._default_name, self._reuse = name_or_scope, default_name, reuse
        self._auxiliary_name_scope = auxiliary_name_scope
        self._graph = graph_of(values or [])
        self._settings = {
            "initializer": initializer,
            "regularizer": regularizer,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "custom_getter": custom_getter,
            "dtype": dtype,
            "use_resource": use_resource,
            "constraint": constraint,
        }
        self._cached_pure_variable_scope: _pure_variable_scope | None = None
        self._current_name_scope: name_scope | None = None
        self._stacks: list[contextlib.ExitStack] = []

    def __enter__(self) -> VariableScope:
        with contextlib.ExitStack() as stack:
            if not get_default_graph().building_function:
                stack.enter_context(self._graph.as_default())
            if self._cached_pure_variable_scope is not None:
                if self._current_name_scope is not None:
                    stack.enter_context(self._current_name_scope)
            else:
                self._cached_pure_variable_scope = self._open(stack)
            scope = self._cached_pure_variable_scope.__enter__()
            self._stacks.append(stack.pop_all())
        return scope

    def _open(self, stack: contextlib.ExitStack) -> _pure_variable_scope:
        """Enters the name scope; gives the variable scope that belongs inside."""
        current = None
        if not self._auxiliary_name_scope:
            name = get_default_graph().get_name_scope()
            current = name_scope(name + "/" if name else name)
        if self._name_or_scope is None:
            if self._reuse:
                raise ValueError("reuse=True cannot be used without a name_or_scope")
            self._current_name_scope = current or name_scope(self._default_name)
            opened = stack.enter_context(self._current_name_scope)
            unique = _get_unique_variable_scope(self._default_name or "")
            return _pure_variable_scope(unique, old_name_scope=opened, **self._settings)
        if not isinstance(self._name_or_scope, (VariableScope, str)):
            raise TypeError("VariableScope: name_or_scope must be a string or VariableScope.")
        is_name = isinstance(self._name_or_scope, str)
        name = self._name_or_scope if is_name else self._name_or_scope.name.split("/")[-1]
        old_name_scope = None
        if name or current:
            self._current_name_scope = current or name_scope(name)
            opened = stack.enter_context(self._current_name_scope)
            old_name_scope = opened if is_name else self._name_or_scope.original_name_scope
        return _pure_variable_scope(
            self._name_or_scope, reuse=self._reuse, old_name_scope=old_name_scope, **self._settings
        )

    def __exit__(self, *exc: Any) -> Any:
        assert self._cached_pure_variable_scope is not None
        self._cached_pure_variable_scope.__exit__(*exc)  # raises when scopes are left in the wrong order
        return self._stacks.pop().__exit__(*exc)


@export("variable_op_scope")
@contextlib.contextmanager
def variable_op_scope(
    values: Any,
    name_or_scope: Any,
    default_name: str | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
    constraint: Any = None,
) -> Iterator[VariableScope]:
    """The older spelling of `variable_scope(name_or_scope, default_name, values, ...)`."""
    logging.getLogger("tensorflow").warning(
        "tf.variable_op_scope(values, name, default_name) is deprecated, "
        "use tf.variable_scope(name, default_name, values)"
    )
    with variable_scope(
        name_or_scope,
        default_name=default_name,
        values=values,
        initializer=initializer,
        regularizer=regularizer,
        caching_device=caching_device,
        partitioner=partitioner,
        custom_getter=custom_getter,
        reuse=reuse,
        dtype=dtype,
        use_resource=use_resource,
        constraint=constraint,
    ) as scope:
        yield scope
