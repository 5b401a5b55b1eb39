"""Help texts of flags: wrapping, one block per flag, and guesses at what a misspelt flag was meant to be."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from pyflow.platform.flags.flag import Flag

DEFAULT_WIDTH = 80
MINIMAL_WIDTH = 40


def get_help_width() -> int:
    """Columns that help text may take: the terminal's width, or 80 where there is no terminal or a very narrow one."""
    if not sys.stdout.isatty():
        return DEFAULT_WIDTH
    columns = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
    return columns if columns >= MINIMAL_WIDTH else DEFAULT_WIDTH


def text_wrap(text: str, length: int | None = None, indent: str = "", firstline_indent: str | None = None) -> str:
    """Wraps every line of `text` on its own, keeping empty lines; ValueError when an indent leaves no room."""
    length = get_help_width() if length is None else length
    first = indent if firstline_indent is None else firstline_indent
    if len(indent) >= length:
        raise ValueError("Length of indent exceeds length")
    if len(first) >= length:
        raise ValueError("Length of first line indent exceeds length")
    lines = []
    for number, paragraph in enumerate(text.expandtabs(4).splitlines()):
        start = indent if number else first
        lines += textwrap.wrap(paragraph.strip(), length, initial_indent=start, subsequent_indent=indent) or [""]
    return "\n".join(lines)


def describe(flag: Flag, prefix: str) -> str:
    """The block about one flag in --help."""
    short = f"-{flag.short_name}," if flag.short_name else ""
    title = f"{short}--{'[no]' if flag.boolean else ''}{flag.name}: {flag.help}"
    inner = prefix + "  "
    block = [text_wrap(title, indent=inner, firstline_indent=prefix)]
    if flag.default_as_str:
        block.append(text_wrap(f"(default: {flag.default_as_str})", indent=inner))
    if flag.parser.syntactic_help:
        block.append(text_wrap(f"({flag.parser.syntactic_help})", indent=inner))
    return "\n".join(block)


def doc_to_help(doc: str) -> str:
    """A docstring as help text: common indent off, lines of a paragraph joined."""
    head, _, rest = doc.strip().expandtabs().partition("\n")
    text = (head.strip() + "\n" + textwrap.dedent(rest)).strip()
    return re.sub(r"(?<=\S)[ ]*\n(?=\S)", " ", text)


def flag_dict_to_args(flag_map: Mapping[str, Any], multi_flags: set[str] | None = None) -> Iterable[str]:
    """Command-line arguments for a dictionary of flag values.

    None and True give `--name`, False `--noname`, a collection `--name=a,b` (or one `--name=` each when the name is in
    `multi_flags`), anything else `--name=value`.
    """
    for name, value in flag_map.items():
        if value is None or value is True:
            yield f"--{name}"
        elif value is False:
            yield f"--no{name}"
        elif isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
            yield f"--{name}={value}"
        elif multi_flags and name in multi_flags:
            yield from (f"--{name}={item}" for item in value)
        else:
            yield f"--{name}={','.join(map(str, value))}"


def suggest(attempt: str, names: Iterable[str]) -> list[str]:
    """The names that begin most like `attempt`; none when less than half of it fits."""
    if len(attempt) <= 2:
        return []
    distances = sorted((edit_distance(attempt, name[: len(attempt)]), name) for name in names)
    if not distances or distances[0][0] >= 0.5 * len(attempt):
        return []
    return [name for distance, name in distances if distance == distances[0][0]]


def edit_distance(left: str, right: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours that turn one word into the other."""
    rows = [list(range(len(right) + 1))]
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, rows[i - 2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
