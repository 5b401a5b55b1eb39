"""Shader texts: the files of shaders/, with the values of their overrides and what is replaced in them."""

from __future__ import annotations

import functools
import pathlib
import re
from typing import Any

from pyflow.ops.gpu import Dispatch

_PACKAGE = pathlib.Path(__file__).parents[2]
# In an installed package the shaders lie inside; in a checkout beside it.
FOLDER = next((f for f in (_PACKAGE / "shaders", _PACKAGE.parent / "shaders") if f.is_dir()), _PACKAGE / "shaders")

_INCLUDE = re.compile(r"^// include (\S+)$", re.M)
_OVERRIDE = re.compile(r"^override (\w+)\s*:\s*(\w+)\s*=\s*[^;]*;", re.M)
_ALIAS = re.compile(r"^alias (\w+)\s*=\s*(\w+)\s*;", re.M)
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\(")
_DEFINED = re.compile(r"^fn (\w+)", re.M)
_INPUT = re.compile(r"var<storage, read>")
_STORE = re.compile(r"^fn store_result\(at: u32, v: ((vec4<)?\w+>?)\) \{ (\w+)\[at\] = v; \}$", re.M)
_OUTPUT = re.compile(r"@binding\((\d+)\) (var<storage, read_write>)")


@functools.cache
def text(shader: str) -> str:
    """The file below shaders/, with the parts it includes, each where it is named first."""
    there: set[str] = set()

    def included(match: re.Match) -> str:
        if match[1] in there:
            return ""
        there.add(match[1])
        return whole(match[1])

    def whole(file: str) -> str:
        return _INCLUDE.sub(included, (FOLDER / file).read_text())

    return whole(shader)


@functools.cache
def common() -> dict[str, str]:
    """The functions of shaders/common by name, each a file of its own."""
    return {path.stem: path.read_text() for path in sorted((FOLDER / "common").glob("*.wgsl"))}


def functions_used(source: str) -> str:
    """The texts of the common functions that are called in `source` and not defined there, with those they call."""
    found: dict[str, str] = {}
    own = set(_DEFINED.findall(source))
    pending = [source]
    while pending:
        for name in _CALLED.findall(pending.pop()):
            if name in common() and name not in found and name not in own:
                found[name] = common()[name]
                pending.append(found[name])
    return "\n".join(reversed(found.values()))


def literal(value: Any, kind: str) -> str:
    """A number as WGSL writes it."""
    if kind == "bool":
        return "true" if value else "false"
    if kind in ("f32", "f16"):
        return f"{kind}({float(value)!r})"
    return f"{kind}({int(value)})"


@functools.cache
def stored_at_once(shader: str) -> int:
    """How many elements its function `store_result` is given at a time; 0 where it has none."""
    found = _STORE.search(text(shader))
    return 0 if found is None else 4 if found[2] else 1


def specialised(
    shader: str, constants: dict[str, Any], types: dict[str, str], functions: dict[str, str], ending: str = ""
) -> str:
    """The shader's text with values for overrides, other types for aliases, and other functions of the same names.

    The text of a function may bring further inputs, bound next to the shader's own: its outputs then move up.

    Args:
      ending: what takes the place of `store_result` and of the result that it is bound to; VALUE in it is the type
        of what it is given.

    Raises:
      KeyError: the shader has no such override, alias or function.
    """
    source = text(shader)
    asked, constants, types = set(types.values()), dict(constants), dict(types)

    def constant(match: re.Match) -> str:
        name, kind = match[1], match[2]
        if name not in constants:
            return match[0]
        return f"const {name}: {kind} = {literal(constants.pop(name), kind)};"

    source = _OVERRIDE.sub(constant, source)
    source = _ALIAS.sub(lambda m: f"alias {m[1]} = {types.pop(m[1], m[2])};", source)
    if "f16" in asked or "f16" in ending:
        source = f"enable f16;\n{source}"
    missing = [*constants, *types]
    added = sum(len(_INPUT.findall(f)) for f in functions.values())
    if added:
        source = _OUTPUT.sub(lambda m: f"@binding({int(m[1]) + added}) {m[2]}", source)
    for name, replacement in functions.items():
        old = re.search(rf"^fn {name}\([^\n]*\}}$|^fn {name}\(.*?^\}}$", source, re.M | re.S)
        if old:
            source = source[: old.start()] + replacement + source[old.end() :]
        else:
            missing.append(name)
    if missing:
        raise KeyError(f"{shader} has no {missing}")
    if ending:
        store: Any = _STORE.search(source)
        result = re.compile(rf"^@group\(0\) @binding\(\d+\) var<storage, read_write> {store[3]}: [^\n]*\n", re.M)
        source = result.sub("", source.replace(store[0], ending.replace("VALUE", store[1])))
    functions_there = functions_used(source)
    return f"{source}\n{functions_there}" if functions_there else source


def of(dispatch: Dispatch, ending: str = "") -> str:
    """The text for a dispatch; see `specialised`."""
    return specialised(dispatch.shader, dispatch.constants, dispatch.types, dispatch.functions, ending)
