"""make_template: a function that makes its variables at the first call and shares them at the next ones."""

from __future__ import annotations

import functools
import logging
import traceback
from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import get_collection, get_collection_ref
from pyflow.ops.variable_scope import _get_unique_variable_scope, _pure_variable_scope, variable_scope


@export("make_template")
def make_template(
    name_: str | None,
    func_: Callable,
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Any = None,
    **kwargs: Any,
) -> Template:
    """Wraps a function of which every call uses the variables that `get_variable` made in the first.

    Args:
      name_: the name of the variable scope, made unique.
      func_: the function.
      create_scope_now_: whether the scope is opened now, and not at the first call.
      unique_name_: the name of the scope if it must not be made unique.
      custom_getter_: see `tf.variable_scope`.
      **kwargs: arguments that every call gets.

    Raises:
      ValueError: there is no name.
    """
    func = functools.partial(func_, **kwargs) if kwargs else func_
    return Template(name_, func, create_scope_now_, unique_name_, custom_getter_)


class Template:
    """What `make_template` returns.

    Raises when called:
      ValueError: a call after the first makes trainable variables.
    """

    def __init__(
        self,
        name: str | None,
        func: Callable,
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Any = None,
    ):
        if name is None:
            raise ValueError("name cannot be None.")
        self._name, self._func, self._unique_name, self._custom_getter = name, func, unique_name, custom_getter
        self._stacktrace = traceback.format_stack()[:-2]
        self._variable_scope: Any = None
        self._variables_created = False
        self._first_call = True
        if create_scope_now:
            scope_name = unique_name or _get_unique_variable_scope(name)
            with _pure_variable_scope(scope_name, custom_getter=custom_getter) as scope:
                self._variable_scope = scope

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._variable_scope:
            # Before the first call has made the variables, a call inside it must be able to make them, too.
            with variable_scope(self._variable_scope, reuse=not self._first_call):
                return self._traced_call(args, kwargs)
        with variable_scope(self._unique_name, self._name, custom_getter=self._custom_getter) as scope:
            self._variable_scope = scope
            return self._traced_call(args, kwargs)

    def _traced_call(self, args: Any, kwargs: Any) -> Any:
        try:
            return self._call_func(args, kwargs)
        except Exception as error:
            message = error.args[0] if error.args else ""
            trace = "".join(_without_common_start(self._stacktrace, traceback.format_stack()))
            error.args = (f"{message}\n\noriginally defined at:\n{trace}", *error.args[1:])
            raise

    def _call_func(self, args: Any, kwargs: Any) -> Any:
        if self._variables_created:
            return self._later_call(args, kwargs)
        first, self._first_call = self._first_call, False
        try:
            result = self._func(*args, **kwargs)
        except BaseException:
            self._first_call = first
            raise
        self._variables_created = self._variables_created or first
        return result

    def _later_call(self, args: Any, kwargs: Any) -> Any:
        trainable, variables = (
            get_collection_ref(key) for key in (GraphKeys.TRAINABLE_VARIABLES, GraphKeys.GLOBAL_VARIABLES)
        )
        trainable_before, before = len(trainable), len(variables)
        result = self._func(*args, **kwargs)
        problem = (
            "created when calling a template after the first time, perhaps you used tf.Variable when you meant "
            "tf.get_variable:"
        )
        if len(trainable) != trainable_before:
            raise ValueError(f"Trainable variable {problem} {trainable[trainable_before:]}")
        if len(variables) != before:
            logging.getLogger("tensorflow").info("New variables %s %s", problem, variables[before:])
        return result

    name = property(lambda self: self._name)
    func = property(lambda self: self._func)
    variable_scope = property(
        lambda self: self._variable_scope, doc="The scope of its variables; None before there is one."
    )
    var_scope = variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """The prefix of its variables' names."""
        if not self._variable_scope:
            return None
        name = self._variable_scope.name
        return name if not name or name.endswith("/") else name + "/"

    def _collected(self, key: str) -> list:
        return get_collection(key, self.variable_scope_name) if self._variables_created else []

    @property
    def global_variables(self) -> list:
        return self._collected(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list:
        return self._collected(GraphKeys.LOCAL_VARIABLES)

    @property
    def variables(self) -> list:
        """Its global and local variables."""
        return self.global_variables + self.local_variables

    @property
    def trainable_variables(self) -> list:
        return self._collected(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def non_trainable_variables(self) -> list:
        trainable = set(self.trainable_variables)
        return [v for v in self.global_variables if v not in trainable]

    weights = variables
    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables


def _without_common_start(stack: list[str], other: list[str]) -> list[str]:
    for i, (frame, common) in enumerate(zip(stack, other)):
        if frame != common:
            return stack[i:]
    return stack[-1:]
