"""tf_decorator and tf_contextlib: wrappers that remember what they wrap."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

_MARK = "_tf_decorator"


class TFDecorator:
    """What a decorator is called, what it wraps and, where it differs, with which arguments it is called."""

    def __init__(self, decorator_name: str, target: Any, decorator_doc: str = "", decorator_argspec: Any = None):
        self._name = decorator_name
        self._target = target
        self._doc = decorator_doc
        self._argspec = decorator_argspec
        self.__name__ = getattr(target, "__name__", decorator_name)
        self.__doc__ = decorator_doc or getattr(target, "__doc__", None) or ""
        if hasattr(target, "__qualname__"):
            self.__qualname__ = target.__qualname__

    def __get__(self, obj: Any, objtype: Any) -> Any:
        return self._target.__get__(obj, objtype)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._target(*args, **kwargs)

    @property
    def decorated_target(self) -> Any:
        return self._target

    @decorated_target.setter
    def decorated_target(self, target: Any) -> None:
        self._target = target

    @property
    def decorator_name(self) -> str:
        return self._name

    @property
    def decorator_doc(self) -> str:
        return self._doc

    @property
    def decorator_argspec(self) -> Any:
        return self._argspec


def make_decorator(
    target: Any,
    decorator_func: Callable,
    decorator_name: str | None = None,
    decorator_doc: str = "",
    decorator_argspec: Any = None,
) -> Callable:
    """`decorator_func`, marked as standing for `target`; called in the function that is the decorator."""
    if decorator_name is None:
        frame = inspect.currentframe()
        decorator_name = frame.f_back.f_code.co_name if frame is not None and frame.f_back is not None else ""
    decorator = TFDecorator(decorator_name, target, decorator_doc, decorator_argspec)
    setattr(decorator_func, _MARK, decorator)
    for name in ("__name__", "__qualname__", "__module__"):
        if hasattr(target, name):
            setattr(decorator_func, name, getattr(target, name))
    decorator_func.__dict__.update({k: v for k, v in getattr(target, "__dict__", {}).items() if k != _MARK})
    decorator_func.__doc__ = decorator.__doc__
    decorator_func.__wrapped__ = target  # type: ignore[attr-defined]
    return decorator_func


def _decorator_of(candidate: Any) -> TFDecorator | None:
    if isinstance(candidate, TFDecorator):
        return candidate
    found = getattr(candidate, "__dict__", {}).get(_MARK)
    return found if isinstance(found, TFDecorator) else None


def has_decorator(candidate: Any) -> bool:
    return _decorator_of(candidate) is not None


def unwrap(maybe_tf_decorator: Any) -> tuple[list[TFDecorator], Any]:
    """The decorators around a callable, outermost first, and the callable within."""
    decorators, current = [], maybe_tf_decorator
    while (decorator := _decorator_of(current)) is not None:
        decorators.append(decorator)
        current = decorator.decorated_target
    return decorators, current


def rewrap(decorator_func: Any, previous_target: Any, new_target: Any) -> Any:
    """Puts `new_target` where `previous_target` was inside decorators; gives the decorated callable."""
    decorators, target = unwrap(decorator_func)
    if target is not previous_target:
        raise ValueError("Cannot replace a target that the decorators do not wrap")
    if not decorators:
        return new_target
    decorators[-1].decorated_target = new_target
    return decorator_func


def contextmanager(target: Callable) -> Callable:
    """`contextlib.contextmanager` that keeps the arguments of its function in sight."""
    return make_decorator(target, functools.wraps(target)(contextlib.contextmanager(target)), "contextmanager")
