"""Lays the public names out as modules: `tf.nn.relu` is what was exported as "nn.relu"."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
import types
from typing import Any

from pyflow.core.api import PUBLIC

# Folders whose modules define public names, in the order of the layers. `contrib` and `examples` load when first used.
_LAYERS = ("core", "autodiff", "ops", "runtime", "io", "train", "nn", "layers", "losses", "metrics", "data", "image",
           "summary", "platform", "test", "distributions")  # fmt: skip
LAZY = ("contrib", "examples")


def load() -> None:
    """Imports every module that defines public names, so that a new file in a layer needs no mention elsewhere."""
    present = {m.name for m in pkgutil.iter_modules([_path_of("pyflow")])}
    for layer in _LAYERS:
        if layer in present:
            load_package(f"pyflow.{layer}")
    importlib.import_module("pyflow.ops.ragged_dispatch").register()


def load_package(name: str) -> types.ModuleType:
    """Imports a package with the modules directly inside it."""
    package = importlib.import_module(name)
    for module in pkgutil.iter_modules(getattr(package, "__path__", [])):
        if not module.ispkg:
            importlib.import_module(f"{name}.{module.name}")
    return package


def _path_of(package: str) -> str:
    return sys.modules[package].__path__[0]


# What TensorFlow 1.0 gave other names, for the programs that are older still.
_RENAMED = {
    "batch_matmul": "matmul",
    "concat_v2": "concat",
    "mul": "multiply",
    "neg": "negative",
    "pack": "stack",
    "select": "where",
    "sub": "subtract",
    "unpack": "unstack",
}


class Namespace(types.ModuleType):
    """A module of public names; an unknown one is answered with the nearest that exists."""

    def __getattr__(self, name: str) -> Any:
        raise unknown_name(self, name)


def unknown_name(module: types.ModuleType, name: str) -> AttributeError:
    """The error for `module.name`."""
    shown = module.__name__.replace("pyflow", "tf", 1)
    if name.startswith("__"):
        return AttributeError(f"module '{module.__name__}' has no attribute '{name}'")
    best = _nearest(module, shown, name)
    hint = f" The closest supported name is '{best}'." if best else ""
    return AttributeError(f"'{shown}.{name}' is not supported by PyFlow.{hint} FEATURES.md lists what is.")


def _nearest(module: types.ModuleType, shown: str, name: str) -> str | None:
    """The full name that was probably meant: a new name of it, the same in another module, or a similar one in this."""
    if shown == "tf" and name in _RENAMED:
        return f"tf.{_RENAMED[name]}"
    elsewhere = sorted((p for p in PUBLIC if p.rpartition(".")[2] == name), key=len)
    if elsewhere:
        return f"tf.{elsewhere[0]}"
    own = [n for n in vars(module) if not n.startswith("_")]
    close = difflib.get_close_matches(name, own, n=1, cutoff=0.65)
    return f"{shown}.{close[0]}" if close else None


def lay_out(prefix: str = "") -> None:
    """Sets every exported name that starts with `prefix` as an attribute of its module, making modules where needed.

    Without a prefix, names in folders that load when first used wait for that.
    """
    for dotted, thing in list(PUBLIC.items()):
        if dotted.startswith(prefix) and (prefix or dotted.partition(".")[0] not in LAZY):
            parent, _, name = f"pyflow.{dotted}".rpartition(".")
            setattr(_module(parent), name, thing)


def _module(name: str) -> types.ModuleType:
    module = sys.modules.get(name)
    if module is None:
        parent, _, last = name.rpartition(".")
        module = sys.modules[name] = Namespace(name)
        module.__path__ = []
        setattr(_module(parent), last, module)
    elif type(module) is types.ModuleType and name != "pyflow":
        module.__class__ = Namespace
    return module
