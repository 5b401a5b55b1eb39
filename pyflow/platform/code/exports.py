"""Decorators by which TensorFlow's sources say what is public: here they leave everything as it is."""

from __future__ import annotations

import importlib
import re
import sys
import types
from collections import abc as collections_abc  # noqa: F401  (TensorFlow's compat has it)
from collections.abc import Callable
from typing import Any

from pyflow.platform.code.decorators import make_decorator


def tf_export(*names: str, **kwargs: Any) -> Callable[[Any], Any]:
    """A decorator that notes the public names of what it decorates."""

    def decorate(thing: Any) -> Any:
        if hasattr(thing, "__dict__"):
            thing._tf_api_names = names
        return thing

    decorate.export_constant = lambda module_name, name: None  # type: ignore[attr-defined]
    return decorate


keras_export = estimator_export = tf_export


def kwarg_only(f: Callable) -> Callable:
    """A function that takes keyword arguments only."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if args:
            raise TypeError(f"{f.__name__} only takes keyword args. Please pass these args as kwargs instead.")
        return f(**kwargs)

    return make_decorator(f, wrapper, "kwarg_only")


def make_all(module_name: str, doc_string_modules: Any = None) -> list[str]:
    """The public names of a module."""
    return sorted(name for name in vars(sys.modules[module_name]) if not name.startswith("_"))


def remove_undocumented(module_name: str, allowed_exception_list: Any = None, doc_string_modules: Any = None) -> None:
    """Takes out of a module what its docstring does not name with an @, but for the exceptions."""
    module = sys.modules[module_name]
    modules = list(doc_string_modules) if doc_string_modules else [module]
    kept = set(allowed_exception_list or ())
    for each in modules:
        kept |= set(re.findall(r"^@@([\w.]+)\s*$", each.__doc__ or "", re.M))
    for name in [n for n in vars(module) if not n.startswith("_") and n not in kept]:
        delattr(module, name)


def add_dispatch_support(target: Any) -> Any:
    """The function itself: nothing dispatches on its arguments."""
    return target


def should_use_result(fn: Any) -> Any:
    """The function itself: results that are not used are not reported."""
    return fn


class LazyLoader(types.ModuleType):
    """A module that is imported when one of its attributes is first asked for."""

    def __init__(self, local_name: str, parent_module_globals: dict, name: str, warning: str | None = None):
        super().__init__(name)
        self._local_name = local_name
        self._parent_module_globals = parent_module_globals

    def _load(self) -> types.ModuleType:
        module = importlib.import_module(self.__name__)
        self._parent_module_globals[self._local_name] = module
        self.__dict__.update(module.__dict__)
        return module

    def __getattr__(self, item: str) -> Any:
        return getattr(self._load(), item)

    def __dir__(self) -> list[str]:
        return dir(self._load())


def do_not_generate_docs(obj: Any) -> Any:
    """The object itself: nothing is generated from it."""
    return obj


do_not_doc_inheritable = for_subclass_implementers = do_not_generate_docs
