"""What callables are called, and what they take."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable


def fn_args(fn: Any) -> tuple[str, ...]:
    """The names of the arguments that may still be given by position; of a bound method without `self`.

    Raises:
      TypeError: it cannot be called.
    """
    if isinstance(fn, functools.partial):
        return tuple(name for name in fn_args(fn.func)[len(fn.args) :] if name not in fn.keywords)
    if _is_object(fn):
        fn = fn.__call__
    names = inspect.getfullargspec(fn).args
    return tuple(names[1:] if inspect.ismethod(fn) else names)


def has_kwargs(fn: Any) -> bool:
    """Whether a callable takes any keyword arguments.

    Raises:
      TypeError: it cannot be called.
    """
    if isinstance(fn, functools.partial):
        return has_kwargs(fn.func)
    if _is_object(fn):
        fn = fn.__call__
    elif not callable(fn):
        raise TypeError(f"fn should be a function-like object, but is of type {type(fn)}.")
    return inspect.getfullargspec(fn).varkw is not None


def _is_object(fn: Any) -> bool:
    return callable(fn) and not inspect.isroutine(fn) and not isinstance(fn, type)


def get_func_name(func: Any) -> str:
    """The name of a function, `Class.name` of a bound method, the type of anything else.

    Raises:
      ValueError: it cannot be called.
    """
    if not callable(func):
        raise ValueError("Argument must be callable")
    if inspect.ismethod(func):
        return f"{type(func.__self__).__name__}.{func.__func__.__name__}"
    return func.__name__ if inspect.isfunction(func) else str(type(func))


def get_func_code(func: Any) -> Any:
    """The code of a function or method, or of an object's `__call__`; None where there is none in Python.

    Raises:
      ValueError: it cannot be called.
    """
    if not callable(func):
        raise ValueError("Argument must be callable")
    return getattr(func if inspect.isfunction(func) or inspect.ismethod(func) else func.__call__, "__code__", None)


def keyword_args_only(func: Callable) -> Callable:
    """Decorator of a function that refuses arguments by position with a ValueError."""

    @functools.wraps(func)
    def called(*args: Any, **kwargs: Any) -> Any:
        if args:
            raise ValueError(f"Must use keyword args to call {func.__name__}.")
        return func(**kwargs)

    return called
