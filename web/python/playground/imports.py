"""Finds modules in one file, where Python would ask a file system that is written in JavaScript for each: most of what
the tab waits for at its start.

The file, `modules.bin`, is made by web/compile.mjs, packed by zstd. It has all of PyFlow's modules, whose sources the
tab has not, and those of others that PyFlow imports, which are compiled there: a dictionary of `Module`s, without the
name, by it.
"""

from __future__ import annotations

import importlib.abc
import marshal
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any, NamedTuple


class Module(NamedTuple):
    """
    Attributes:
      code: the module's, marshalled.
      path: where its source would be.
      is_package: whether it has others in it.
    """

    code: bytes
    path: str
    is_package: bool


class Modules(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads the modules of a file, given its content unpacked."""

    def __init__(self, content: bytes):
        self._modules = {name: Module(*fields) for name, fields in marshal.loads(content).items()}
        self._folders = {os.path.dirname(m.path): name for name, m in self._modules.items() if m.is_package}

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        module = self._modules.get(fullname)
        if module is None:
            return None
        spec = ModuleSpec(fullname, self, origin=module.path, is_package=module.is_package)
        spec.has_location = True
        if module.is_package:
            spec.submodule_search_locations = [os.path.dirname(module.path)]
        return spec

    def exec_module(self, module: ModuleType) -> None:
        exec(self.get_code(module.__name__), module.__dict__)

    def get_code(self, fullname: str) -> CodeType:
        return marshal.loads(self._modules[fullname].code)

    def get_source(self, fullname: str) -> None:
        return None

    def is_package(self, fullname: str) -> bool:
        return self._modules[fullname].is_package

    def of_folder(self, path: str) -> Listing:
        """A path hook: what lists PyFlow's folders."""
        name = self._folders.get(path)
        if name is None or name.partition(".")[0] != "pyflow":
            raise ImportError
        return Listing([n for n in self._modules if n.rpartition(".")[0] == name], self)


class Listing:
    """Names the modules in a folder, for `pkgutil.iter_modules`; to find them is done elsewhere."""

    def __init__(self, names: list[str], modules: Modules):
        self._names, self._modules = names, modules

    def find_spec(self, fullname: str, target: Any = None) -> None:
        return None

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        for name in sorted(self._names):
            yield prefix + name.rpartition(".")[2], self._modules.is_package(name)


def install() -> None:
    """Once, before all other imports."""
    from compression import zstd  # type: ignore[import-not-found]  # of Pyodide's Python, 3.14

    with open(os.path.join(os.path.dirname(os.path.dirname(__file__)), "modules.bin"), "rb") as file:
        modules = Modules(zstd.decompress(file.read()))
    sys.meta_path.insert(0, modules)
    sys.path_hooks.insert(0, modules.of_folder)
