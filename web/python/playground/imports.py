"""Finds modules in a few files, where Python would ask a file system that is written in JavaScript for each: most of
what the tab waits for at its start.

The files are made by web/compile.mjs and packed by zstd: `modules.bin` has the playground's modules and those of
PyFlow's that most programs use, `imported.bin` those of others that these import, compiled; `later-modules.bin` and
`later-imported.bin` have the rest, and are fetched when something is asked for that is not there
(`pyflow/core/stages.py`). Each is a dictionary of `Module`s, without the name, by it. `files.bin` has the files that
lie beside modules, by their paths. The tab has no sources of PyFlow.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import marshal
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
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
    """Finds and loads modules.

    Args:
      contents: dictionaries, marshalled, of those at hand.
      get_rest: gives those of the rest, if there are more of PyFlow's.
    """

    def __init__(self, *contents: bytes, get_rest: Callable[[], list[bytes]] | None = None):
        self._modules: dict[str, Module] = {}
        self._folders: dict[str, str] = {}
        self._get_rest = get_rest
        self._asked_for = ""  # a module of the rest that somebody imports, with which all of them are
        self._depth = 0
        for content in contents:
            self._add(content)

    def _add(self, content: bytes) -> None:
        for name, fields in marshal.loads(content).items():
            module = self._modules[name] = Module(*fields)
            if module.is_package:
                self._folders[os.path.dirname(module.path)] = name

    def fetch(self, name: str) -> bool | None:
        """Has all of PyFlow's modules at hand; `pyflow.namespaces` calls it because of a name that is not there."""
        if name in self._modules:
            return None
        if self._get_rest is not None:
            for content in self._get_rest():
                self._add(content)
            self._get_rest = None
        return True

    def has(self, name: str) -> bool:
        """Whether a module is at hand."""
        return name in self._modules

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        if fullname not in self._modules and fullname.startswith("pyflow.") and self._get_rest is not None:
            self.fetch(fullname)
            self._asked_for = fullname
            if fullname not in self._modules:
                return self._find_laid_out(fullname)
        module = self._modules.get(fullname)
        if module is None:
            return None
        spec = ModuleSpec(fullname, self, origin=module.path, is_package=module.is_package)
        spec.has_location = True
        if module.is_package:
            spec.submodule_search_locations = [os.path.dirname(module.path)]
        return spec

    def _find_laid_out(self, name: str) -> ModuleSpec | None:
        """A module without a file, that there is because of public names, as `tf.sparse`."""
        self._load_rest()
        return ModuleSpec(name, _LaidOut(), is_package=True) if name in sys.modules else None

    def _load_rest(self) -> None:
        from pyflow.core import stages

        self._asked_for = ""
        stages.complete()

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        with self._uninterrupted():
            exec(self.get_code(name), module.__dict__)
        if name == self._asked_for:
            self._load_rest()

    @contextlib.contextmanager
    def _uninterrupted(self) -> Iterator[None]:
        """In the block Stop waits: a module that was half loaded could not be loaded again."""
        if self._depth or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        stops: list[int] = []
        self._depth += 1
        signal.signal(signal.SIGINT, lambda number, frame: stops.append(number))
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._depth -= 1
        if stops:
            raise KeyboardInterrupt

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
        return Listing(name, self)

    def names_in(self, package: str) -> list[str]:
        """The modules at hand that are directly in a package."""
        return sorted(name for name in self._modules if name.rpartition(".")[0] == package)


class Listing:
    """Names the modules in a folder, for `pkgutil.iter_modules`; to find them is done elsewhere."""

    def __init__(self, package: str, modules: Modules):
        self._package, self._modules = package, modules

    def find_spec(self, fullname: str, target: Any = None) -> None:
        return None

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        for name in self._modules.names_in(self._package):
            yield prefix + name.rpartition(".")[2], self._modules.is_package(name)


class _LaidOut(importlib.abc.Loader):
    """Gives a module that is there already."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        pass


def install() -> None:
    """Once, before all other imports."""
    from compression import zstd  # type: ignore[import-not-found]  # of Pyodide's Python, 3.14

    folder = os.path.dirname(os.path.dirname(__file__))

    def packed(name: str) -> bytes:
        with open(os.path.join(folder, name), "rb") as file:
            return zstd.decompress(file.read())

    def get_rest() -> list[bytes]:
        import js  # type: ignore[import-not-found]

        files = (js.fetchNow(f"later-{name}.bin") for name in ("modules", "imported"))  # src/engine/worker.ts
        return [zstd.decompress(file.to_bytes()) for file in files]

    for path, content in marshal.loads(packed("files.bin")).items():
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    put_first(Modules(packed("modules.bin"), packed("imported.bin"), get_rest=get_rest))


def put_first(modules: Modules) -> None:
    """Has modules found there before they are looked for elsewhere."""
    sys.meta_path.insert(0, modules)
    sys.path_hooks.insert(0, modules.of_folder)
