"""Makes of wheels what a tab loads: the text of modules and files, and others' modules compiled. Runs in Pyodide's
Python, by web/compile.mjs.

What a tab has little use for is left out of the text: comments, functions' type hints, the docstrings of what has no
public name, and of others all but the first paragraph. Names that a function has for itself become short.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import marshal
import re
import site
import string
import sys
import tokenize
import zipfile
from collections.abc import Callable, Iterable, Iterator

from compression import zstd  # type: ignore[import-not-found]  # of Pyodide's Python, 3.14

packages = site.getsitepackages()[0]
Entry = tuple[str | bytes, str, bool]
TEXT = (".wgsl", ".txt", "/LICENSE")
STARTING = ("playground/__init__.py", "playground/imports.py")  # which are there before anything can be unpacked
# Of no use where there are no processes, no libraries and no command line.
NATIVE = (
    "pyflow/__main__.py", "pyflow/cli.py", "pyflow/runtime/cpu/onednn.py", "pyflow/runtime/webgpu/native.py",
    "pyflow/tools/commands.py", "pyflow/tools/doctor.py", "pyflow/tools/playground.py",
)  # fmt: skip
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def entry(content: str | bytes, path: str) -> Entry:
    return content, path, path.endswith("/__init__.py")


# ---------------------------------------------------------------- sources


def sources(wheel: bytes) -> dict[str, Entry]:
    """The modules of a wheel."""
    entries = {}
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for name in archive.namelist():
            is_elsewhere = name in STARTING or is_example(name) or name in NATIVE
            if name.endswith(".py") and not is_elsewhere:
                module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                entries[module] = entry(archive.read(name).decode(), f"{packages}/{name}")
    return entries


def described(public: Iterable) -> set[tuple[str, str]]:
    """The module and the qualified name of all that help() shows of public things."""
    found = set()
    for thing in public:
        functions = (thing, inspect.unwrap(thing)) if callable(thing) else ()
        for each in thing.__mro__ if inspect.isclass(thing) else functions:
            name = getattr(each, "__qualname__", None) or getattr(each, "name", "")
            found.add((str(getattr(each, "__module__", "")), str(name)))
    return found


def shortened(entries: dict[str, Entry], shown: set[tuple[str, str]]) -> dict[str, Entry]:
    """The modules with what is of use alone, `shown` being what keeps its docstrings."""
    return {name: (short(text, name, shown), *rest) for name, (text, *rest) in entries.items()}


def short(source: str, module: str, shown: set[tuple[str, str]]) -> str:
    tree = ast.parse(source)
    _set_docstring(tree, None)
    _leave_out(tree, module, "", shown)
    _rename(tree)
    return _less_indented(ast.unparse(tree))


def _leave_out(parent: ast.AST, module: str, path: str, shown: set[tuple[str, str]], is_shown: bool = False) -> None:
    """Classes keep their hints, which dataclasses read."""
    for node in ast.iter_child_nodes(parent):
        inner, is_inner_shown = path, is_shown
        if isinstance(node, FUNCTIONS):
            node.returns = None
            named = node.args
            for argument in (*named.posonlyargs, *named.args, *named.kwonlyargs, named.vararg, named.kwarg):
                if argument:
                    argument.annotation = None
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            inner = f"{path}{node.name}"
            is_public = (module, inner) in shown or any(_is_export(each) for each in node.decorator_list)
            is_inner_shown = is_public or is_shown and node.name[0] != "_"
            _set_docstring(node, _summary(node) if is_inner_shown else None)
            is_inner_shown = is_inner_shown and isinstance(node, ast.ClassDef)
            inner += "." if isinstance(node, ast.ClassDef) else ".<locals>."
        _leave_out(node, module, inner, shown, is_inner_shown)
    if not isinstance(parent, ast.ClassDef):
        for field in ("body", "orelse", "finalbody"):
            if isinstance(statements := getattr(parent, field, None), list):
                statements[:] = map(_without_hint, statements)


def _without_hint(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return ast.fix_missing_locations(ast.copy_location(ast.Assign([node.target], node.value), node))
    return node


def _is_export(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "export"


def _summary(node: ast.ClassDef | Function) -> str | None:
    text = ast.get_docstring(node)
    return text and text.partition("\n\n")[0]


def _set_docstring(node: ast.Module | ast.ClassDef | Function, text: str | None) -> None:
    """Compilers indent it no more than is needed, as `ast.get_docstring` does."""
    if ast.get_docstring(node) is None:
        return
    if text is not None:
        node.body[0] = ast.Expr(ast.Constant(text))
    else:
        node.body[:1] = [] if len(node.body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]
    ast.fix_missing_locations(node)


def _rename(tree: ast.AST) -> None:
    """Gives variables of functions short names: those that are bound by assignments, loops and the like alone."""
    for node in ast.iter_child_nodes(tree):
        _rename(node)
    if not isinstance(tree, FUNCTIONS):
        return
    inside = list(ast.walk(tree))
    names = [node for node in inside if isinstance(node, ast.Name)]
    used = {node.id for node in names} | set(_fixed(inside))
    if used & {"locals", "vars", "eval", "exec", "dir"} or any(isinstance(node, ast.ClassDef) for node in inside):
        return
    outside = (*tree.decorator_list, *tree.args.defaults, *filter(None, tree.args.kw_defaults))
    fixed = set(_fixed(inside)) | {n.id for part in outside for n in ast.walk(part) if isinstance(n, ast.Name)}
    for node in inside:
        if isinstance(node, (*FUNCTIONS, ast.Lambda)) and node is not tree:
            fixed |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and _binds(name)}
    bound = dict.fromkeys(node.id for node in names if _binds(node) and len(node.id) > 1 and node.id not in fixed)
    free = (letter for letter in string.ascii_letters if letter not in used)
    short = dict(zip(bound, free, strict=False))
    for node in names:
        node.id = short.get(node.id, node.id)


def _binds(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store | ast.Del)


def _fixed(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that stand for something outside of a function too, or in other places than ast.Name."""
    for node in nodes:
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, (*FUNCTIONS, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest


def _less_indented(source: str) -> str:
    """One space a level, but in strings."""
    inside: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.start[0] < token.end[0]:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    lines = enumerate(source.split("\n"), 1)
    return "\n".join(l if n in inside else re.sub("^(    )+", lambda m: m[0][::4], l) for n, l in lines)


# ---------------------------------------------------------------- files


def is_example(name: str) -> bool:
    return name.startswith("playground/examples/")


def texts(*wheels: bytes) -> dict[str, str]:
    """The files beside the modules of wheels, by their paths."""
    files = {}
    for wheel in wheels:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            for name in archive.namelist():
                if is_example(name) or name.endswith(TEXT):
                    files[name] = archive.read(name).decode()
                elif name.endswith(".wasm"):  # no text: its bytes are taken for the letters from 256 on
                    files[name] = "".join(chr(256 + byte) for byte in archive.read(name))
    return files


def joined(modules: dict[str, Entry], files: dict[str, str] | None = None) -> bytes:
    """What `playground.imports.entries` takes apart."""
    found = {path.removeprefix(f"{packages}/"): text for text, path, _ in modules.values()} | (files or {})
    assert not any("\0" in text for text in found.values())
    return "".join(f"\0{path}\n{found[path]}" for path in sorted(found)).encode()


# ---------------------------------------------------------------- modules of others


def imported_by(load: Callable[[], None]) -> dict[str, Entry]:
    """The modules of others, in Python, that are loaded then."""
    before = set(sys.modules)
    load()
    entries = {}
    for name in sorted(set(sys.modules) - before):
        spec = sys.modules[name].__spec__
        is_own = name.partition(".")[0] in ("pyflow", "playground")
        if spec and spec.name == name and not is_own and str(spec.origin).endswith((".py", ".pyc")):
            code = marshal.dumps(spec.loader.get_code(name))
            entries[name] = entry(code, spec.origin.removesuffix("c"))
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


def starting(wheel: bytes) -> dict[str, bytes]:
    """The modules of a wheel that start the tab."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        names = [name for name in archive.namelist() if name in STARTING]
        return {name: short(archive.read(name).decode(), "", set()).encode() for name in names}


def wheel(name: str, files: dict[str, bytes]) -> bytes:
    """A wheel of that name, version 1, with files alone."""
    files = dict(files)
    files[f"{name}-1.dist-info/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n".encode()
    files[f"{name}-1.dist-info/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return zipped(files)


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as new:
        for name in sorted(files):
            new.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED, compresslevel=9)
    return target.getvalue()
