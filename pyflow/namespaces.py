"""Lays the public names out as modules: `tf.nn.relu` is what was exported as "nn.relu"."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
import sys
import types
from collections.abc import Callable
from typing import Any

from pyflow.core import stages
from pyflow.core.api import PUBLIC

# Folders whose modules define public names, in the order of the layers. Those of `LAZY` load when first used.
_LAYERS = ("core", "autodiff", "ops", "runtime", "io", "train", "nn", "layers", "losses", "metrics", "data", "image",
           "summary", "platform", "test", "distributions")  # fmt: skip
LAZY = ("contrib", "estimator", "examples", "feature_column", "keras")


def load() -> None:
    """Imports every module that defines public names, and lays these out.

    What PyFlow is loaded by may have a part of its modules at hand (`web/python/playground/imports.py`): then it has a
    method `fetch(name)`, which gets more because of a name that is not there, "" for all, and tells whether all are
    there now; or None, if the name is that of a module which has only to be imported. `has(name)` tells whether it has
    a module at hand.
    """
    _load_layers()
    lay_out()
    fetch = getattr(sys.modules["pyflow"].__spec__.loader, "fetch", None)  # type: ignore[union-attr]
    if fetch is not None:
        _mark_packages()
        stages.begin(functools.partial(_load_more, fetch))


def _load_more(fetch: Callable[[str], bool | None], name: str) -> bool:
    is_whole = fetch(name)
    if is_whole is None:
        return False
    _load_layers()
    lay_out()
    for package in LAZY:
        if f"pyflow.{package}" in sys.modules:
            load_lazy(package)
    _mark_packages()
    return is_whole


def _mark_packages() -> None:
    """Has packages answer for names that are not there yet, of which there may be none at all."""
    for layer in _LAYERS:
        if isinstance(package := sys.modules.get(f"pyflow.{layer}"), types.ModuleType):
            _answer_for_unknown(package)


def _load_layers() -> None:
    """Imports the layers that are there, so that a new file in a layer needs no mention elsewhere."""
    present = {m.name for m in pkgutil.iter_modules([_path_of("pyflow")])}
    for layer in _LAYERS:
        if layer in present:
            load_package(f"pyflow.{layer}")
    importlib.import_module("pyflow.ops.ragged_dispatch").register()


def load_lazy(name: str) -> types.ModuleType:
    """Imports one of `LAZY`, and lays out its public names; the same with those of `LAZY` from which it imports."""
    _begun.add(name)
    package = load_package(f"pyflow.{name}")
    lay_out(f"{name}.")
    _answer_for_unknown(package)
    _complete_begun()
    return package


def _complete_begun() -> None:
    """Loads those of `LAZY` of which a module has been imported by another."""
    for package in LAZY:
        if f"pyflow.{package}" in sys.modules:
            complete_lazy(package)


def complete_lazy(name: str) -> None:
    """Imports one of `LAZY` if only some of its modules have been imported so far."""
    if name not in _begun:
        load_lazy(name)


_begun: set[str] = set()


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
        return find(self, name)

    def __dir__(self) -> list[str]:
        stages.complete()
        return sorted(super().__dir__())


def find(module: types.ModuleType, name: str) -> Any:
    """What has to be loaded first, as `module.name`.

    Raises:
      AttributeError: there is no such name.
    """
    if name == "__all__":  # `from ... import *`, which then takes all that there is
        stages.complete()
    elif not name.startswith("__") and stages.complete(full := f"{module.__name__}.{name}"):
        if name in vars(module):
            return vars(module)[name]
        if full in sys.modules:  # it is being imported
            return sys.modules[full]
    raise unknown_name(module, name)


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
    elsewhere = sorted((p for p in PUBLIC.there() if p.rpartition(".")[2] == name), key=len)
    if elsewhere:
        return f"tf.{elsewhere[0]}"
    own = [n for n in vars(module) if not n.startswith("_")]
    close = difflib.get_close_matches(name, own, n=1, cutoff=0.65)
    return f"{shown}.{close[0]}" if close else None


def lay_out(prefix: str = "") -> None:
    """Sets every exported name that starts with `prefix` as an attribute of its module, making modules where needed.

    Without a prefix, names in folders that load when first used wait for that.
    """
    for dotted, thing in list(PUBLIC.there().items()):
        if dotted.startswith(prefix) and (prefix or dotted.partition(".")[0] not in LAZY):
            parent, _, name = f"pyflow.{dotted}".rpartition(".")
            module = module_of(parent)
            # Later on what a program has put there stays; a module that was imported since takes no name away.
            if (parent, name) not in _laid_out or isinstance(vars(module).get(name), types.ModuleType):
                setattr(module, name, thing)
                _laid_out.add((parent, name))


_laid_out: set[tuple[str, str]] = set()


def module_of(name: str) -> types.ModuleType:
    """The module of that name, which is made if there is none."""
    module = sys.modules.get(name)
    if module is None and _is_at_hand(name):
        module = importlib.import_module(name)
    if module is None:
        parent, _, last = name.rpartition(".")
        module = sys.modules[name] = Namespace(name)
        module.__path__ = []
        setattr(module_of(parent), last, module)
    else:
        _answer_for_unknown(module)
    return module


def _is_at_hand(name: str) -> bool:
    """Whether there is a file of that module that has not been imported; see `load`."""
    has = getattr(sys.modules["pyflow"].__spec__.loader, "has", None)  # type: ignore[union-attr]
    return has is not None and has(name)


def _answer_for_unknown(module: types.ModuleType) -> None:
    if type(module) is types.ModuleType and module.__name__ != "pyflow":
        module.__class__ = Namespace
