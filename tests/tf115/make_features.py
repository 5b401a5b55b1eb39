"""Writes FEATURES.md: every op with what it can do, every public symbol of TensorFlow 1.15 with whether it is there."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.tf115.symbols import MISSING, Symbol, find, read_symbols

PAGE = Path(__file__).resolve().parents[2] / "FEATURES.md"

INTRODUCTION = """\
# Features

Written by `make features` from the op registry and from the list of TensorFlow 1.15's public symbols
(`tests/tf115/symbols.tsv`); a test keeps it current.
"""


def mark(present: Any) -> str:
    return "✓" if present else ""


def describe_ops(ops: dict[str, Any], not_differentiable: Any) -> list[str]:
    """The table of ops, and where each is."""

    def gradient(definition: Any) -> str:
        return "none" if definition.grad is not_differentiable else mark(definition.grad)

    with_gradient = sum(gradient(definition) == "✓" for definition in ops.values())
    on_gpu = sum(definition.gpu is not None for definition in ops.values())
    lines = [
        "## Ops",
        "",
        f"{len(ops)} ops run on the CPU, {on_gpu} on the GPU too; {with_gradient} have a gradient.",
        "Under *gradient*, `none` says that TensorFlow has none either.",
        "",
        "| op | CPU | GPU | gradient | module |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in sorted(ops):
        op = ops[name]
        cells = [name, mark(op.cpu), mark(op.gpu), gradient(op), op.__module__.removeprefix("pyflow.")]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def describe_class(symbol: Symbol, members: list[Symbol], root: Any) -> str:
    """The name of a class that is there, with how many of its members are."""
    there = sum(find(root, member.name) is not MISSING for member in members)
    count = "" if there == len(members) else f" ({there} of {len(members)} members)"
    return short_name(symbol) + count


def short_name(symbol: Symbol) -> str:
    return symbol.name.rpartition(".")[2]


def describe_symbols(symbols: list[Symbol], root: Any) -> list[str]:
    """A table of modules, then for each module that is there what it has and lacks."""
    by_owner: dict[str, list[Symbol]] = defaultdict(list)
    for symbol in symbols:
        by_owner[symbol.owner].append(symbol)
    table, details, total_there, total = [], [], 0, 0
    modules = {""} | {symbol.name for symbol in symbols if symbol.kind == "module"}
    for module in sorted(modules):
        contents = sorted((s for s in by_owner[module] if s.kind != "module"), key=lambda s: short_name(s).lower())
        if not contents:
            continue
        there = [symbol for symbol in contents if find(root, symbol.name) is not MISSING]
        missing = [short_name(symbol) for symbol in contents if symbol not in there]
        title = f"tf.{module}".rstrip(".")
        table.append(f"| {title} | {len(there)} | {len(contents)} | {100 * len(there) // len(contents)} % |")
        total_there, total = total_there + len(there), total + len(contents)
        if there:
            names = [describe_class(s, by_owner[s.name], root) if s.kind == "class" else short_name(s) for s in there]
            details += ["", f"### {title}", "", *fill(f"There: {', '.join(names)}.")]
            details += ["", *fill(f"Missing: {', '.join(missing)}.")] if missing else []
    share = f"{total_there} of {total} functions, classes and values, {100 * total_there // total} %."
    head = ["## Public symbols", "", share, "", "| module | there | of | |", "| --- | ---: | ---: | ---: |"]
    return [*head, *table, *details]


def fill(text: str) -> list[str]:
    return textwrap.wrap(text, 120, break_long_words=False, break_on_hyphens=False)


def make_page() -> str:
    import pyflow
    from pyflow.core.registry import NOT_DIFFERENTIABLE, OPS

    ops = describe_ops(OPS, NOT_DIFFERENTIABLE)
    return "\n".join([INTRODUCTION, *ops, "", *describe_symbols(read_symbols(), pyflow), ""])


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
