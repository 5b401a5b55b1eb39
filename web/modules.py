"""Compiles the modules of wheels, and packs those that a tab loads first and later. Runs in Pyodide's Python, by
web/compile.mjs.

What nothing in a tab reads is left out of PyFlow's: columns, functions' type hints, the docstrings of modules and of
what is private. Others keep their sources beside.
"""

from __future__ import annotations

import ast
import importlib
import io
import marshal
import site
import sys
import zipfile
from collections.abc import Callable, Iterable

from compression import zstd  # type: ignore[import-not-found]  # of Pyodide's Python, 3.14

packages = site.getsitepackages()[0]
Entry = tuple[bytes, str, bool]
UNREAD = (".py", ".pyi", ".proto", ".md", "/RECORD")


def entry(code, path: str) -> Entry:
    return marshal.dumps(code), path, path.endswith("/__init__.py")


def of_use(tree: ast.AST) -> ast.AST:
    """Classes keep their hints, which dataclasses read; help() works for all that programs call."""
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, functions):
            node.returns = None
            named = node.args
            for argument in (*named.posonlyargs, *named.args, *named.kwonlyargs, named.vararg, named.kwarg):
                if argument:
                    argument.annotation = None
        is_private = isinstance(node, ast.Module) or isinstance(node, functions | ast.ClassDef) and node.name[0] == "_"
        if is_private and ast.get_docstring(node) is not None:
            node.body[:1] = [] if len(node.body) > 1 else [ast.copy_location(ast.Pass(), node.body[0])]
    return tree


def compiled(wheel: bytes) -> dict[str, Entry]:
    """The modules of a wheel."""
    entries = {}
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                code = compile(of_use(ast.parse(archive.read(name))), f"{packages}/{name}", "exec", dont_inherit=True)
                module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                entries[module] = entry(code, f"{packages}/{name}")
    return entries


def imported_by(load: Callable[[], None]) -> dict[str, Entry]:
    """The modules of others, in Python, that are loaded then."""
    before = set(sys.modules)
    load()
    entries = {}
    for name in sorted(set(sys.modules) - before):
        spec = sys.modules[name].__spec__
        if spec and spec.name == name and not name.startswith("pyflow") and str(spec.origin).endswith((".py", ".pyc")):
            entries[name] = entry(spec.loader.get_code(name), spec.origin.removesuffix("c"))
    return entries


def load_everything() -> None:
    """The playground, and what else has public names."""
    import playground  # type: ignore[import-not-found]  # web/python is on the path there

    import pyflow

    for name in playground.MODULES:
        importlib.import_module(f"playground.{name}")
    for lazy in pyflow.namespaces.LAZY:
        getattr(pyflow, lazy)


def packed(entries: dict[str, Entry]) -> bytes:
    options = {zstd.CompressionParameter.compression_level: 22, zstd.CompressionParameter.window_log: 24}
    return zstd.compress(marshal.dumps(dict(sorted(entries.items()))), options=options)


def chosen(entries: dict[str, Entry], names: Iterable[str]) -> dict[str, Entry]:
    return {name: entries[name] for name in names}


def rebuilt(wheel: bytes, files: dict[str, bytes]) -> bytes:
    """The wheel with files in the place of its modules."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as old:
        files = {name: old.read(name) for name in old.namelist() if not name.endswith(UNREAD)} | files
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as new:
        for name in sorted(files):
            new.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED, compresslevel=9)
    return target.getvalue()
