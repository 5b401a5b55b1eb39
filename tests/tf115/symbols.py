"""The public symbols of TensorFlow 1.15, and how PyFlow's compare with them."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

TABLE = Path(__file__).with_name("symbols.tsv")
MISSING = object()


class Symbol(NamedTuple):
    """A public name relative to `tf`; the member of a class stands after `#`."""

    name: str
    kind: str  # class, function, method, property, module or value
    parameters: tuple[str, ...]  # "x", "axis=None", "*args", "**kwargs"; defaults as Python prints them, unquoted

    @property
    def owner(self) -> str:
        """The class of a member, the module of anything else ("" for `tf` itself)."""
        return self.name.rpartition("#" if "#" in self.name else ".")[0]


def read_symbols() -> list[Symbol]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return [Symbol(name, kind, tuple(rest[0].split("|")) if rest else ()) for name, kind, *rest in rows]


def find(root: Any, name: str) -> Any:
    """What `root` offers under that name, or MISSING."""
    thing = root
    for part in name.replace("#", ".").split("."):
        thing = getattr(thing, part, MISSING)
        if thing is MISSING:
            return MISSING
    return thing


def same_default(expected: str, actual: Any) -> bool:
    """Whether a default prints as TensorFlow's does; of nameless objects (`<object ...>`) only that there is one."""
    if actual is inspect.Parameter.empty:
        return False
    if expected == str(actual):
        return True
    if isinstance(actual, enum.Enum):
        return expected == f"{type(actual).__name__}.{actual.name}"
    if hasattr(actual, "as_datatype_enum"):  # a dtype
        return expected in (actual.name, f"<dtype: '{actual.name}'>")
    if isinstance(actual, (list, tuple)):
        return expected in (str(list(actual)), str(tuple(actual)))
    if isinstance(actual, str):
        return expected == repr(actual)[1:-1]
    if isinstance(actual, (int, float)) and not isinstance(actual, bool):
        try:
            return float(expected) == actual
        except ValueError:
            return False
    if expected.startswith("<") and expected.endswith(" instance>"):
        kind = expected[1:].split()[0].rpartition(".")[2]
        return kind in ("object", "function") or kind == type(actual).__name__
    return expected.startswith("<class") and isinstance(actual, type)


def explain_difference(symbol: Symbol, thing: Any) -> str:
    """How the parameters of `thing` differ from the symbol's, in words; empty when they agree."""
    try:
        actual = list(inspect.signature(thing).parameters.values())
    except (TypeError, ValueError) as error:
        return f"has no signature: {error}"
    expected = list(symbol.parameters)
    if symbol.kind == "method" and expected and expected[0] == "cls":
        expected = expected[1:]  # a class method has that one bound already
    wanted_names = [text.partition("=")[0] for text in expected]
    variadic = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    names = [variadic.get(parameter.kind, "") + parameter.name for parameter in actual]
    if names != wanted_names:
        return f"({', '.join(names)}) instead of ({', '.join(wanted_names)})"
    for text, parameter in zip(expected, actual):
        name, has_default, default = text.partition("=")
        if has_default and not same_default(default, parameter.default):
            return f"{name}={parameter.default!r} instead of {default}"
        if not has_default and parameter.default is not inspect.Parameter.empty:
            return f"{name}={parameter.default!r} instead of no default"
    return ""


def compare_signatures(root: Any) -> Iterator[tuple[str, str]]:
    """(symbol, difference) for each function and method that `root` offers with other parameters than TensorFlow."""
    for symbol in read_symbols():
        if symbol.kind not in ("function", "method") or not (symbol.parameters or symbol.kind == "function"):
            continue
        thing = find(root, symbol.name)
        if thing is not MISSING and (difference := explain_difference(symbol, thing)):
            yield symbol.name, difference
