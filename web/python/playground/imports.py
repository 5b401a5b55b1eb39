"""Finds modules in a few files, where Python would ask a file system that is written in JavaScript for each: most of
what the tab waits for at its start.

web/compile.mjs makes them. Two texts have PyFlow's modules and the playground's, as far as a tab needs them, with the
text files that lie beside: the first what most programs use, the second the rest, for when something is asked for that
is not there (`pyflow/core/stages.py`). They are compiled when they are imported. `imported.bin` and
`later-imported.bin`, packed by zstd, have the modules of others that these import, compiled and marshalled.
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
      content: the module's source, or its code, marshalled.
      path: where its source would be.
      is_package: whether it has others in it.
    """

    content: str | bytes
    path: str
    is_package: bool


class Modules(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads modules.

    Args:
      contents: the fields of those at hand, by their names.
      get_rest: gives those of the rest, if there are more of PyFlow's.
    """

    def __init__(self, *contents: dict[str, Any], get_rest: Callable[[], list[dict[str, Any]]] | None = None):
        self._modules: dict[str, Module] = {}
        self._folders: dict[str, str] = {}
        self._get_rest = get_rest
        self._asked_for = ""  # a module of the rest that somebody imports, with which all of them are
        self._depth = 0
        for content in contents:
            self._add(content)

    def _add(self, content: dict[str, Any]) -> None:
        for name, fields in content.items():
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
        module = self._modules[fullname]
        if isinstance(module.content, bytes):
            return marshal.loads(module.content)
        return compile(module.content, module.path, "exec", dont_inherit=True)

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


def entries(text: str, folder: str) -> tuple[dict[str, Module], dict[str, str]]:
    """The modules in a text, by their names, and the other files, by their paths: what web/modules.py has joined."""
    modules, files = {}, {}
    for part in text.split("\0")[1:]:
        path, _, content = part.partition("\n")
        full = f"{folder}/{path}"
        if path.endswith(".py") and not path.startswith("playground/examples/"):
            name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            modules[name] = Module(content, full, path.endswith("/__init__.py"))
        else:
            files[full] = content
    return modules, files


def install(first: Any, rest: Callable[[], Any]) -> None:
    """Once, before all other imports.

    Args:
      first: the first text, as JavaScript's array of bytes; `rest` gives the second.
    """
    from compression import zstd  # type: ignore[import-not-found]  # of Pyodide's Python, 3.14

    folder = os.path.dirname(os.path.dirname(__file__))

    def unpacked(text: Any) -> dict[str, Any]:
        modules, files = entries(text.to_bytes().decode(), folder)
        for path, content in files.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(bytes(ord(c) - 256 for c in content) if path.endswith(".wasm") else content.encode())
        return modules

    def get_rest() -> list[dict[str, Any]]:
        import js  # type: ignore[import-not-found]

        imported = js.fetchNow("later-imported.bin")  # src/engine/worker.ts
        return [unpacked(rest()), marshal.loads(zstd.decompress(imported.to_bytes()))]

    with open(os.path.join(folder, "imported.bin"), "rb") as file:
        imported = marshal.loads(zstd.decompress(file.read()))
    put_first(Modules(unpacked(first), imported, get_rest=get_rest))


def put_first(modules: Modules) -> None:
    """Has modules found there before they are looked for elsewhere."""
    sys.meta_path.insert(0, modules)
    sys.path_hooks.insert(0, modules.of_folder)
