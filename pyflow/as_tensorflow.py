"""PyFlow under the name `tensorflow`: after `install()`, `import tensorflow as tf` gives `pyflow`.

Public submodules (`tensorflow.contrib.layers`) are PyFlow's own; TensorFlow's internal paths that programs import from
(`tensorflow.python.framework.ops`) are modules that find each name where it lives here.
"""

from __future__ import annotations

import functools
import importlib
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Iterator
from typing import Any

import pyflow
from pyflow import internal_keras_paths, internal_network_paths, internal_paths, namespaces
from pyflow.core import registry, stages
from pyflow.core.api import PUBLIC
from pyflow.platform import old_numpy
from pyflow.platform.raw_ops import positional_function
from pyflow.protos import TENSORFLOW_MODULES

# Where TensorFlow 1.15 offers its public names, too.
_WHOLE = ("tensorflow", "tensorflow.compat.v1", "tensorflow._api.v1", "tensorflow_core")
_PACKAGES = ("tensorflow", "tensorflow_core", "tensorflow_estimator")


def install() -> None:
    """Makes `import tensorflow` give PyFlow in this process, and numpy what programs of that time expect of it.

    Calling it again does nothing.

    Raises:
      ImportError: TensorFlow itself is loaded already.
    """
    loaded = sys.modules.get("tensorflow")
    if loaded is not None and loaded is not pyflow:
        raise ImportError("TensorFlow is imported in this process already; PyFlow cannot take its name")
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
        old_numpy.restore()
    sys.modules["tensorflow"] = pyflow


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `tensorflow` and everything below it."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname.partition(".")[0] not in _PACKAGES:
            return None
        module = _module(fullname)
        if module is None:
            raise ModuleNotFoundError(
                f"No module named '{fullname}' in PyFlow. FEATURES.md lists what is.", name=fullname
            )
        spec = importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        # Importing marks the module with this spec; it keeps the one that it was loaded by under its own name.
        spec.loader_state = module, getattr(module, "__spec__", None)
        return spec

    def create_module(self, spec: Any) -> Any:
        return spec.loader_state[0]

    def exec_module(self, module: Any) -> None:
        """The module has been executed under its own name."""
        _, own = module.__spec__.loader_state
        if own is not None:
            module.__spec__ = own


def _module(name: str) -> types.ModuleType | None:
    """The module that stands for a TensorFlow module, or None."""
    top, dot, rest = name.partition(".")
    name = f"tensorflow{dot}{rest}" if top in _PACKAGES else name
    if name in _WHOLE:
        return pyflow
    if name in TENSORFLOW_MODULES:
        return importlib.import_module(f"pyflow.protos.{TENSORFLOW_MODULES[name]}")
    inner = internal_keras_paths.unified(name.removeprefix("tensorflow.").removeprefix("compat.v1."))
    if inner.startswith("python.keras"):
        pyflow.keras  # noqa: B018  # which loads it
    if internal_paths.is_known(inner):
        stages.complete()  # names are looked for in modules themselves
        for package in {place.split(".")[1] for place in internal_paths.places(inner) if place.startswith("pyflow.")}:
            if package in namespaces.LAZY:
                namespaces.complete_lazy(package)
        if inner == "python.framework.test_ops":
            from pyflow.test import test_ops

            test_ops.install()
        return _Internal(name, inner)
    return _public_module(inner)


def _public_module(inner: str) -> types.ModuleType | None:
    """`pyflow.nn` for "nn": a module of public names, or one that lies in a folder of the same name."""
    top = inner.partition(".")[0]
    if top in namespaces.LAZY:
        getattr(pyflow, top)
    name = f"pyflow.{inner}"
    if name in sys.modules or top not in namespaces.LAZY:
        is_public = (
            top in namespaces.LAZY or any(public.startswith(inner + ".") for public in PUBLIC) or inner == "raw_ops"
        )
        return sys.modules.get(name) if is_public else None
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            return None
        raise


class _Internal(types.ModuleType):
    """A module of TensorFlow's internals: names are looked up in the PyFlow modules that play its part."""

    def __init__(self, name: str, path: str):
        super().__init__(name)
        self.__path__: list[str] = []
        self.__inner = path

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":  # what `from ... import *` takes
            return [n for n in dir(self) if not n.startswith("_")]
        if name.startswith("__") and name != "__version__":
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        for own in _names_here(self.__inner, name):
            for place in internal_paths.places(self.__inner):
                for thing in _found(place, own):
                    vars(self)[name] = thing
                    return thing
        if internal_paths.is_known(f"{self.__inner}.{name}") or f"{self.__name__}.{name}" in TENSORFLOW_MODULES:
            return importlib.import_module(f"{self.__name__}.{name}")
        if self.__inner.startswith("python.ops."):
            for thing in _in_modules("pyflow.ops.", name):
                return thing
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}' in PyFlow")

    def __setattr__(self, name: str, value: Any) -> None:
        """Tests of that time put things in the place of a module's: they have to take effect where that is used."""
        super().__setattr__(name, value)
        if not name.startswith("_") and not isinstance(value, types.ModuleType):
            for place in internal_paths.places(self.__inner):
                if place[0] != "@" and place[-1] != "!" and name in vars(importlib.import_module(place)):
                    setattr(importlib.import_module(place), name, value)
                    break

    def __dir__(self) -> list[str]:
        names = set(super().__dir__())
        for place in internal_paths.places(self.__inner):
            if place[0] != "@" and place[-1] != "!":
                names.update(n for n in dir(importlib.import_module(place)) if not n.startswith("__"))
        return sorted(names)


def _names_here(path: str, name: str) -> list[str]:
    """What a name of a TensorFlow module may be called here; the first version of a function has no mark."""
    return [internal_network_paths.other_names(path).get(name, name), *([name[:-3]] if name.endswith("_v1") else [])]


def _found(place: str, name: str) -> Iterator[Any]:
    """What is called `name` in one of the places of `internal_paths`."""
    if place == "ops!":
        if op := _ops_by_snake_name(len(registry.OPS)).get(_plain(name)):
            yield positional_function(op)
    elif place == "keras!":
        yield from _in_modules("pyflow.keras.", name)
    elif place[0] == "@":
        public = f"{place[1:]}.{name}".lstrip(".")
        if public in PUBLIC:
            yield PUBLIC[public]
        elif f"pyflow.{public}" in sys.modules and any(p.startswith(public + ".") for p in PUBLIC):
            yield sys.modules[f"pyflow.{public}"]
    else:
        module = importlib.import_module(place)
        if name in vars(module):
            yield vars(module)[name]


def _in_modules(prefix: str, name: str) -> Iterator[Any]:
    """A function or class of that name in any module of a package."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(prefix):
            thing = vars(module).get(name)
            if thing is not None and getattr(thing, "__module__", module_name) == module_name:
                yield thing


def _plain(name: str) -> str:
    """What a name in snake case and an op type have in common: `mat_mul`, `MatMul` → "matmul"."""
    return name.replace("_", "").lower()


@functools.lru_cache(maxsize=1)
def _ops_by_snake_name(count: int) -> dict[str, registry.OpDef]:
    """The ops by plain name; `count` is how many there are, so that later ones are found too."""
    return {_plain(op_type): op for op_type, op in registry.OPS.items()}
