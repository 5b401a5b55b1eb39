"""Compiles the modules of wheels, and packs those that a tab loads first and later. Runs in Pyodide's Python, by
web/compile.mjs.

What nothing in a tab reads is left out of PyFlow's: lines and columns, functions' type hints, the docstrings of modules
and of what is private. Others keep their sources beside.
"""

from __future__ import annotations

import ast
import importlib
import io
import marshal
import site
import sys
import types
import zipfile
from collections.abc import Callable, Iterable

from compression import zstd  # type: ignore[import-not-found]  # of Pyodide's Python, 3.14

packages = site.getsitepackages()[0]
Entry = tuple[bytes, str, bool]
UNREAD = (".py", ".pyi", ".proto", ".md")
STARTING = ("playground/__init__.py", "playground/imports.py")  # which are there before anything can be unpacked


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


# "The next 8 (or fewer) instructions are on the same line as those before", the first on that of the function.
_SAME_LINE, _PER_ENTRY = 0x80 | 13 << 3, 8


def on_one_line(code: types.CodeType) -> types.CodeType:
    """All that a function does is on its first line: errors are shown with the lines of the program alone."""
    whole, left = divmod(len(code.co_code) // 2, _PER_ENTRY)
    lines = bytes([_SAME_LINE | _PER_ENTRY - 1, 0]) * whole + (bytes([_SAME_LINE | left - 1, 0]) if left else b"")
    inner = (on_one_line(const) if isinstance(const, types.CodeType) else const for const in code.co_consts)
    return code.replace(co_linetable=lines, co_consts=tuple(inner))


def compiled(wheel: bytes) -> dict[str, Entry]:
    """The modules of a wheel."""
    entries = {}
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for name in archive.namelist():
            if name.endswith(".py") and name not in STARTING and not is_example(name):
                code = compile(of_use(ast.parse(archive.read(name))), f"{packages}/{name}", "exec", dont_inherit=True)
                module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                entries[module] = entry(on_one_line(code), f"{packages}/{name}")
    return entries


def imported_by(load: Callable[[], None]) -> dict[str, Entry]:
    """The modules of others, in Python, that are loaded then."""
    before = set(sys.modules)
    load()
    entries = {}
    for name in sorted(set(sys.modules) - before):
        spec = sys.modules[name].__spec__
        is_own = name.partition(".")[0] in ("pyflow", "playground")
        if spec and spec.name == name and not is_own and str(spec.origin).endswith((".py", ".pyc")):
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


def packed(content: dict) -> bytes:
    options = {zstd.CompressionParameter.compression_level: 22, zstd.CompressionParameter.window_log: 24}
    return zstd.compress(marshal.dumps(dict(sorted(content.items()))), options=options)


def chosen(entries: dict[str, Entry], names: Iterable[str]) -> dict[str, Entry]:
    return {name: entries[name] for name in names}


def files_of(*wheels: bytes) -> dict[str, bytes]:
    """What lies beside the modules of wheels."""
    files = {}
    for wheel in wheels:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            files |= {n: archive.read(n) for n in archive.namelist() if is_example(n) or not n.endswith(UNREAD)}
    return {name: content for name, content in files.items() if ".dist-info/" not in name}


def is_example(name: str) -> bool:
    return name.startswith("playground/examples/")


def rebuilt(wheel: bytes, files: dict[str, bytes]) -> bytes:
    """The wheel with files in the place of all but what says what it is, and what starts the tab."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as old:
        kept = [name for name in old.namelist() if name in STARTING or ".dist-info/" in name and "RECORD" not in name]
        files = {name: old.read(name) for name in kept} | files
    return zipped(files)


def wheel(name: str, files: dict[str, bytes]) -> bytes:
    """A wheel of that name, version 1, with files alone."""
    files[f"{name}-1.dist-info/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n".encode()
    files[f"{name}-1.dist-info/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return zipped(files)


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as new:
        for name in sorted(files):
            new.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED, compresslevel=9)
    return target.getvalue()
