"""Objects by name: what a config says of layers, functions and the like, and programs' own classes among them."""

from __future__ import annotations

import base64
import inspect
import marshal
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core.api import PUBLIC, export
from pyflow.core.shapes import TensorShape

_CUSTOM: dict[str, Any] = {}


@export("keras.utils.get_custom_objects")
def get_custom_objects() -> dict[str, Any]:
    """The dict of programs' own classes and functions by name, which may be changed."""
    return _CUSTOM


@export("keras.utils.CustomObjectScope")
class CustomObjectScope:
    """A `with` block in which names in configs may mean the objects of the given dicts."""

    def __init__(self, *args: dict[str, Any]):
        self.custom_objects = args
        self.backup: dict[str, Any] | None = None

    def __enter__(self) -> CustomObjectScope:
        self.backup = dict(_CUSTOM)
        for objects in self.custom_objects:
            _CUSTOM.update(objects)
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        _CUSTOM.clear()
        _CUSTOM.update(self.backup or {})


@export("keras.utils.custom_object_scope")
def custom_object_scope(*args: dict[str, Any]) -> CustomObjectScope:
    """`CustomObjectScope(*args)`."""
    return CustomObjectScope(*args)


def published(module: str) -> dict[str, Any]:
    """What is public as `keras.<module>`, by name."""
    prefix = f"keras.{module}."
    return {name[len(prefix) :]: thing for name, thing in PUBLIC.items() if name.startswith(prefix)}


@export("keras.utils.serialize_keras_object")
def serialize_keras_object(instance: Any) -> Any:
    """Class and config of an object that has one; the name of what has a name; None for None.

    Raises:
      ValueError: it has neither.
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        return {"class_name": type(instance).__name__, "config": instance.get_config()}
    if hasattr(instance, "__name__"):
        return instance.__name__
    raise ValueError("Cannot serialize", instance)


@export("keras.utils.deserialize_keras_object")
def deserialize_keras_object(
    identifier: Any,
    module_objects: dict[str, Any] | None = None,
    custom_objects: dict[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """The object that `serialize_keras_object` described, or the function or class of a name.

    Raises:
      ValueError: there is none of that name.
    """
    if identifier is None:
        return None

    def find(name: str, separator: str) -> Any:
        for known in (custom_objects, _CUSTOM, module_objects):
            if known and known.get(name) is not None:
                return known[name]
        raise ValueError(f"Unknown {printable_module_name}:{separator}{name}")

    if isinstance(identifier, dict):
        if "class_name" not in identifier or "config" not in identifier:
            raise ValueError(f"Improper config format: {identifier}")
        found, config = find(identifier["class_name"], " "), identifier["config"]
        if not hasattr(found, "from_config"):
            with CustomObjectScope(custom_objects or {}):
                return found(**config)
        if "custom_objects" in inspect.signature(found.from_config).parameters:
            return found.from_config(config, custom_objects={**_CUSTOM, **(custom_objects or {})})
        with CustomObjectScope(custom_objects or {}):
            return found.from_config(config)
    if isinstance(identifier, str):
        found = find(identifier, "")
        return found() if inspect.isclass(found) else found
    if inspect.isfunction(identifier):
        return identifier
    raise ValueError(f"Could not interpret serialized {printable_module_name}: {identifier}")


def getter(
    module: str, kind: str, own: tuple[str, ...] = (), makes: bool = False
) -> tuple[Callable, Callable, Callable]:
    """`get`, `serialize` and `deserialize` of a module, which are published as `keras.<module>.get` and so on.

    Args:
      own: which of them the module has its own of.
      makes: whether a name stands for what makes the thing.
    """

    def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        return deserialize_keras_object(config, published(module), custom_objects, kind)

    def get(identifier: Any) -> Any:
        if identifier is None:
            return None
        if isinstance(identifier, str) and makes:
            identifier = {"class_name": identifier, "config": {}}
        if isinstance(identifier, (dict, str)):
            return deserialize(identifier)
        if callable(identifier):
            return identifier() if inspect.isclass(identifier) else identifier
        raise ValueError(f"Could not interpret {kind} identifier: {identifier}")

    def serialize(thing: Any) -> Any:
        return serialize_keras_object(thing)

    what = {"get": "from itself, its name or its config", "deserialize": "from its name or config"}
    for function in (get, serialize, deserialize):
        name = function.__name__
        function.__doc__ = f"The {kind} {what[name]}." if name in what else f"The name or config of the {kind}."
        if name not in own:
            export(f"keras.{module}.{name}")(function)
    return get, serialize, deserialize


def func_dump(function: Any) -> tuple[str, Any, Any]:
    """The code of a function as text, its defaults, and what it has captured."""
    code = base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii")
    captured = tuple(cell.cell_contents for cell in function.__closure__) if function.__closure__ else None
    return code, function.__defaults__, captured


def func_load(code: Any, defaults: Any = None, closure: Any = None, globs: Any = None) -> Any:
    """The function that `func_dump` described, which has to come from the same version of Python."""
    if isinstance(code, (tuple, list)):
        code, defaults, closure = code
        defaults = tuple(defaults) if isinstance(defaults, list) else defaults
    cells = None if closure is None else tuple(types.CellType(value) for value in closure)
    loaded = marshal.loads(base64.decodebytes(code.encode("ascii")))
    return types.FunctionType(loaded, globals() if globs is None else globs, loaded.co_name, defaults, cells)


def plain_value(value: Any) -> Any:
    """What JSON can say of a value in a config."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, TensorShape):
        return value.as_list()
    if callable(getattr(value, "get_config", None)):
        return serialize_keras_object(value)
    return getattr(value, "name", None) or getattr(value, "__name__", None) or str(value)
