"""Default arguments for the functions called within a `with` block (tf.contrib.framework.arg_scope)."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from pyflow.core.api import export

_scopes: list[dict[str, dict[str, Any]]] = [{}]
_optional_arguments: dict[str, tuple[str, ...]] = {}


@export("contrib.framework.current_arg_scope")
def current_arg_scope() -> dict[str, dict[str, Any]]:
    """The defaults that hold here: a dict from functions' keys to arguments, to be given to `arg_scope` again."""
    return _scopes[-1]


def arg_scope_func_key(op: Any) -> str:
    """By what a function is known in a scope."""
    return getattr(op, "_key_op", str(op))


@export("contrib.framework.arg_scope")
@contextlib.contextmanager
def arg_scope(list_ops_or_scope: Any, **kwargs: Any) -> Iterator[dict[str, dict[str, Any]]]:
    """Within it, `kwargs` are the defaults of the listed functions, beside those of the scopes around it.

    Args:
      list_ops_or_scope: a list of functions decorated by `add_arg_scope`; or what an earlier scope gave, to be used
        again in place of everything around.

    Raises:
      TypeError: it is neither.
      ValueError: a function is not decorated, or there are `kwargs` besides an earlier scope.
    """
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError("When attempting to re-use a scope by suppling adictionary, kwargs must be empty.")
        scope = list_ops_or_scope.copy()
    else:
        if not isinstance(list_ops_or_scope, (list, tuple)):
            raise TypeError("list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)")
        scope = current_arg_scope().copy()
        for function in list_ops_or_scope:
            if not has_arg_scope(function):
                place = getattr(function, "__module__", None), getattr(function, "__name__", str(function))
                raise ValueError("%s is not decorated with @add_arg_scope", place)
            key = arg_scope_func_key(function)
            scope[key] = {**scope.get(key, {}), **kwargs}
    _scopes.append(scope)
    try:
        yield scope
    finally:
        _scopes.pop()


@export("contrib.framework.add_arg_scope")
def add_arg_scope(func: Callable) -> Callable:
    """A decorator for functions whose defaults `arg_scope` may set."""
    key = arg_scope_func_key(func)

    @functools.wraps(func)
    def with_defaults(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **{**current_arg_scope().get(key, {}), **kwargs})

    count = len(func.__defaults__ or ())
    code = func.__code__
    _optional_arguments[key] = code.co_varnames[code.co_argcount - count : code.co_argcount]
    with_defaults._key_op = key  # type: ignore[attr-defined]
    return with_defaults


@export("contrib.framework.has_arg_scope")
def has_arg_scope(func: Any) -> bool:
    """Whether a function is decorated by `add_arg_scope`."""
    return arg_scope_func_key(func) in _optional_arguments


@export("contrib.framework.arg_scoped_arguments")
def arg_scoped_arguments(func: Any) -> tuple[str, ...]:
    """The names of a decorated function's arguments that have a default."""
    assert has_arg_scope(func)
    return _optional_arguments[arg_scope_func_key(func)]
