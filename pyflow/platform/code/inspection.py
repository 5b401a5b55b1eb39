"""tf_inspect: Python's `inspect`, seeing through decorators made by `make_decorator`."""

from __future__ import annotations

import functools
import inspect
from collections import namedtuple
from inspect import (  # noqa: F401  (these behave the same for decorated objects)
    currentframe,
    getmembers,
    getmodule,
    getmro,
    isbuiltin,
    isclass,
    isfunction,
    isgenerator,
    isgeneratorfunction,
    ismethod,
    ismodule,
    isroutine,
    stack,
)
from typing import Any

from pyflow.platform.code.decorators import unwrap

ArgSpec = namedtuple("ArgSpec", ["args", "varargs", "keywords", "defaults"])
FullArgSpec = inspect.FullArgSpec


def getfullargspec(obj: Any) -> inspect.FullArgSpec:
    """The arguments of a callable; of the one that a decorator stands for, where it says so."""
    decorators, target = unwrap(obj)
    declared = next((d.decorator_argspec for d in decorators if d.decorator_argspec is not None), None)
    if declared is not None:
        if isinstance(declared, FullArgSpec):
            return declared
        args, varargs, keywords, defaults = declared
        return FullArgSpec(args, varargs, keywords, defaults, [], None, {})
    return inspect.getfullargspec(_function_of(target))


def getargspec(obj: Any) -> ArgSpec:
    """`getfullargspec` without keyword-only arguments.

    Raises:
      ValueError: the callable has keyword-only arguments.
    """
    full = getfullargspec(obj)
    if full.kwonlyargs:
        raise ValueError("Function has keyword-only arguments, use getfullargspec")
    return ArgSpec(full.args, full.varargs, full.varkw, full.defaults)


def _function_of(target: Any) -> Any:
    """What holds the arguments: of an object its __call__, of a partial the signature that is left."""
    if isinstance(target, functools.partial) or inspect.isroutine(target) or inspect.isclass(target):
        return target
    return type(target).__call__ if callable(target) else target


def fullargspec_to_signature(fullargspec: inspect.FullArgSpec) -> inspect.Signature:
    """The signature that a FullArgSpec describes."""
    kinds = inspect.Parameter
    given = fullargspec.defaults or ()
    values = [kinds.empty] * (len(fullargspec.args) - len(given)) + list(given)
    parameters = [
        kinds(name, kinds.POSITIONAL_OR_KEYWORD, default=value) for name, value in zip(fullargspec.args, values)
    ]
    if fullargspec.varargs:
        parameters.append(kinds(fullargspec.varargs, kinds.VAR_POSITIONAL))
    defaults = fullargspec.kwonlydefaults or {}
    parameters += [kinds(n, kinds.KEYWORD_ONLY, default=defaults.get(n, kinds.empty)) for n in fullargspec.kwonlyargs]
    if fullargspec.varkw:
        parameters.append(kinds(fullargspec.varkw, kinds.VAR_KEYWORD))
    return inspect.Signature(parameters)


def getcallargs(*func_and_positional: Any, **named: Any) -> dict[str, Any]:
    """What each argument would be in a call, defaults included."""
    function, positional = func_and_positional[0], func_and_positional[1:]
    target = unwrap(function)[1]
    if inspect.ismethod(target) and inspect.isfunction(target.__func__):
        positional = (target.__self__, *positional)
    bound = fullargspec_to_signature(getfullargspec(function)).bind(*positional, **named)
    bound.apply_defaults()
    return dict(bound.arguments)


def signature(obj: Any) -> inspect.Signature:
    return inspect.signature(unwrap(obj)[1])


def getdoc(object: Any) -> str | None:
    return inspect.getdoc(object)


def getfile(object: Any) -> str:
    return inspect.getfile(unwrap(object)[1])


def getsource(object: Any) -> str:
    return inspect.getsource(unwrap(object)[1])


def getsourcefile(object: Any) -> str | None:
    return inspect.getsourcefile(unwrap(object)[1])


def getsourcelines(object: Any) -> tuple[list[str], int]:
    return inspect.getsourcelines(unwrap(object)[1])


def isanytargetmethod(object: Any) -> bool:
    """Whether the object, or anything that its decorators wrap, is a method."""
    decorators, target = unwrap(object)
    return any(inspect.ismethod(d.decorated_target) for d in decorators) or inspect.ismethod(target)
