"""PyFlow under the name `tensorflow`: after `install()`, `import tensorflow as tf` gives `pyflow`.

Public submodules (`tensorflow.contrib.layers`) are PyFlow's own; TensorFlow's internal paths that programs import from
(`tensorflow.python.framework.ops`, `tensorflow.core.framework.graph_pb2`) are modules that find each name where it lives here.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import re
import sys
import types
from typing import Any

import pyflow
from pyflow import internal_paths, namespaces
from pyflow.core import registry
from pyflow.core.api import PUBLIC
from pyflow.protos import TENSORFLOW_MODULES


def install() -> None:
    """Makes `import tensorflow` give PyFlow in this process. Calling it again does nothing.

    Raises:
      ImportError: TensorFlow itself is loaded already.
    """
    loaded = sys.modules.get("tensorflow")
    if loaded is not None and loaded is not pyflow:
        raise ImportError("TensorFlow is imported in this process already; PyFlow cannot take its name")
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    sys.modules["tensorflow"] = pyflow


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `tensorflow` and everything below it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.partition(".")[0] != "tensorflow":
            return None
        module = _module(name)
        if module is None:
            return None
        spec = importlib.machinery.ModuleSpec(name, self, is_package=True)
        spec.loader_state = module
        return spec

    def create_module(self, spec: Any) -> Any:
        return spec.loader_state

    def exec_module(self, module: Any) -> None:
        """The module has been executed under its own name."""


def _module(name: str) -> types.ModuleType | None:
    """The module that stands for a TensorFlow module, or None."""
    if name in TENSORFLOW_MODULES:
        return importlib.import_module(f"pyflow.protos.{TENSORFLOW_MODULES[name]}")
    if name in ("tensorflow", "tensorflow.compat.v1", "tensorflow._api.v1"):
        return pyflow
    inner = re.sub(r"^tensorflow(\.compat\.v1)?\.", "", name)
    if inner.startswith(("python", "core")):
        return _Internal(name) if internal_paths.is_known(inner) else None
    top = inner.partition(".")[0]
    if top in namespaces.LAZY:
        getattr(pyflow, top)
    module = sys.modules.get(f"pyflow.{inner}")
    if module is not None:
        return module
    if any(public.startswith(inner + ".") for public in PUBLIC):
        return sys.modules.get(f"pyflow.{inner}")
    if top in namespaces.LAZY:
        try:
            return importlib.import_module(f"pyflow.{inner}")
        except ModuleNotFoundError as error:
            if error.name and not f"pyflow.{inner}".startswith(error.name):
                raise
            return _Internal(name) if internal_paths.is_known(inner) else None
    return None


class _Internal(types.ModuleType):
    """A module of TensorFlow's internals: names are looked up in the PyFlow modules that play its part."""

    def __init__(self, name: str):
        super().__init__(name)
        self.__path__: list[str] = []
        self.__sources = internal_paths.sources(re.sub(r"^tensorflow\.", "", name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        thing = self.__find(name)
        setattr(self, name, thing)
        return thing

    def __find(self, name: str) -> Any:
        for source in self.__sources:
            module = importlib.import_module(source)
            if hasattr(module, name):
                return getattr(module, name)
        found = _op_function(name)
        if found is not None:
            return found
        public = sorted((p for p in PUBLIC if p.rpartition(".")[2] == name), key=lambda p: (p.count("."), p))
        if public:
            return PUBLIC[public[0]]
        found = _anywhere_in_ops(name)
        if found is not None:
            return found
        child = _module(f"{self.__name__}.{name}")
        if child is not None:
            sys.modules[f"{self.__name__}.{name}"] = child
            return child
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}' in PyFlow")


def _anywhere_in_ops(name: str) -> Any:
    """A function or class of that name in any module of ops."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("pyflow.ops."):
            thing = vars(module).get(name)
            if thing is not None and getattr(thing, "__module__", module_name) == module_name:
                return thing
    return None


def _op_function(name: str) -> Any:
    """`mat_mul` as in `gen_math_ops.mat_mul`: the op whose type that is in snake case."""
    global _snake_names
    if len(_snake_names) != len(registry.OPS):
        _snake_names = {snake_case(op_type): op for op_type, op in registry.OPS.items()}
    return _snake_names.get(name) or _snake_names.get(name.lstrip("_"))


_snake_names: dict[str, registry.OpDef] = {}


def snake_case(op_type: str) -> str:
    """The name that TensorFlow's generated wrapper of an op has: `BatchMatMulV2` → `batch_mat_mul_v2`."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", op_type)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", words).lower()
