"""Decorators that warn, once a place, of functions, arguments and values on their way out."""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from pyflow.platform import logging
from pyflow.platform.code.decorators import make_decorator
from pyflow.platform.code.inspection import getcallargs, getfullargspec

_PRINT_DEPRECATION_WARNINGS = True
_PRINTED_WARNING: set[Any] = set()


def _check(date: Any, instructions: str, name: str) -> None:
    if date is not None and not re.fullmatch(r"20\d\d-[01]\d-[0123]\d", date):
        raise ValueError(f"Date must be YYYY-MM-DD: {date}")
    if not instructions:
        raise ValueError(f"Don't deprecate things without conversion instructions: {name}")


def _when(date: Any) -> str:
    return "in a future version" if date is None else f"after {date}"


def _name(func: Any) -> str:
    return getattr(func, "__qualname__", getattr(func, "__name__", repr(func)))


def _warn(key: Any, warn_once: bool, message: str) -> None:
    if not _PRINT_DEPRECATION_WARNINGS or (warn_once and key in _PRINTED_WARNING):
        return
    _PRINTED_WARNING.add(key)
    caller = inspect.stack()[2]
    logging.warning("From %s:%s: %s", caller.filename, caller.lineno, message)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """No warnings within the block."""
    global _PRINT_DEPRECATION_WARNINGS
    before, _PRINT_DEPRECATION_WARNINGS = _PRINT_DEPRECATION_WARNINGS, False
    try:
        yield
    finally:
        _PRINT_DEPRECATION_WARNINGS = before


def _with_note(func: Any, note: str) -> str:
    summary, _, rest = (inspect.getdoc(func) or "").partition("\n")
    return "\n".join(part for part in (f"{summary} (deprecated)".strip(), "", note, rest) if part is not None)


def deprecated(date: str | None, instructions: str, warn_once: bool = True) -> Callable:
    """Marks a function as going away after `date` (YYYY-MM-DD) or in a future version."""
    _check(date, instructions, "deprecated")

    def decorate(func: Any) -> Any:
        note = f"{_name(func)} (from {func.__module__}) is deprecated and will be removed {_when(date)}.\n"
        note += f"Instructions for updating:\n{instructions}"

        @functools.wraps(func)
        def new_func(*args: Any, **kwargs: Any) -> Any:
            _warn(func, warn_once, note)
            return func(*args, **kwargs)

        return make_decorator(func, new_func, "deprecated", _with_note(func, note))

    return decorate


def _deprecated_arguments(name: str, date: Any, instructions: str, warn_once: bool, used: Callable) -> Callable:
    """A decorator; `used(func, call arguments)` gives (argument, words) of what is on its way out in a call."""

    def decorate(func: Any) -> Any:
        @functools.wraps(func)
        def new_func(*args: Any, **kwargs: Any) -> Any:
            if _PRINT_DEPRECATION_WARNINGS:
                for argument, words in used(func, args, kwargs):
                    message = f"calling {_name(func)} (from {func.__module__}) with {words} is deprecated and will be "
                    message += f"removed {_when(date)}.\nInstructions for updating:\n{instructions}"
                    _warn((func, argument), warn_once, message)
            return func(*args, **kwargs)

        return make_decorator(func, new_func, name, getattr(func, "__doc__", "") or "")

    return decorate


def deprecated_args(
    date: str | None, instructions: str, *deprecated_arg_names_or_tuples: Any, **kwargs: Any
) -> Callable:
    """Marks arguments as going away; `("name", value)` only when given with another value."""
    _check(date, instructions, "deprecated_args")
    if not deprecated_arg_names_or_tuples:
        raise ValueError("Specify which argument is deprecated.")
    harmless = dict(a if isinstance(a, tuple) else (a, inspect.Parameter.empty) for a in deprecated_arg_names_or_tuples)

    def used(func: Any, args: tuple, keywords: dict) -> Iterator[tuple[str, str]]:
        spec = getfullargspec(func)
        given = {**dict(zip(spec.args, args)), **keywords}
        if spec.varargs and len(args) > len(spec.args):
            given[spec.varargs] = args[len(spec.args) :]
        for name, value in harmless.items():
            if name in given and not (value is not inspect.Parameter.empty and given[name] == value):
                yield name, name

    return _deprecated_arguments("deprecated_args", date, instructions, kwargs.get("warn_once", True), used)


def deprecated_arg_values(
    date: str | None, instructions: str, warn_once: bool = True, **deprecated_kwargs: Any
) -> Callable:
    """Marks values of arguments as going away."""
    _check(date, instructions, "deprecated_arg_values")
    if not deprecated_kwargs:
        raise ValueError("Specify which argument values are deprecated.")

    def used(func: Any, args: tuple, keywords: dict) -> Iterator[tuple[str, str]]:
        given = getcallargs(func, *args, **keywords)
        for name, value in deprecated_kwargs.items():
            if name in given and given[name] == value:
                yield name, f"{name}={value}"

    return _deprecated_arguments("deprecated_arg_values", date, instructions, warn_once, used)


def deprecated_endpoints(*args: str) -> Callable:
    """Notes the public names of a function that are on their way out."""

    def decorate(func: Any) -> Any:
        if "_tf_deprecated_api_names" in getattr(func, "__dict__", {}):
            raise ValueError(f"Cannot set deprecated names for {_name(func)} to {args}: they are set already.")
        func._tf_deprecated_api_names = args
        return func

    return decorate


def deprecated_alias(deprecated_name: str, name: str, func_or_class: Any, warn_once: bool = True) -> Any:
    """A function under an old name, which warns."""
    note = f"The name {deprecated_name} is deprecated. Please use {name} instead.\n"

    @functools.wraps(func_or_class)
    def new_func(*args: Any, **kwargs: Any) -> Any:
        _warn((func_or_class, deprecated_name), warn_once, note)
        return func_or_class(*args, **kwargs)

    return make_decorator(func_or_class, new_func, "deprecated", note)


def deprecated_argument_lookup(new_name: str, new_value: Any, old_name: str, old_value: Any) -> Any:
    """The value of an argument that may be given by its new or its old name.

    Raises:
      ValueError: both are given.
    """
    if old_value is not None and new_value is not None:
        raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'")
    return new_value if old_value is None else old_value


def rewrite_argument_docstring(old_doc: str, old_argument: str, new_argument: str) -> str:
    """A docstring that names an argument otherwise."""
    return old_doc.replace(f"`{old_argument}`", f"`{new_argument}`").replace(f"{old_argument}:", f"{new_argument}:")
