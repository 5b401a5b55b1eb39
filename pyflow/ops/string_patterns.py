"""Regular expressions on strings. TensorFlow's are RE2's; they are translated to Python's where the two differ."""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import same_as, with_rank
from pyflow.ops.string_arrays import each

_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\\x00-\\x7F", "blank": "\\t ", "cntrl": "\\x00-\\x1F\\x7F",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


@functools.lru_cache(maxsize=256)
def compiled(pattern: bytes) -> re.Pattern[str]:
    """The pattern, for text in which each byte that is no UTF-8 stands for itself.

    Raises:
      InvalidArgumentError: it is no regular expression.
    """
    text = _decoded(pattern)
    translated = re.sub(r"\[:(\w+):\]", lambda found: _CLASSES.get(found[1], found[0]), text)
    translated = translated.replace(r"\z", r"\Z").replace(r"\C", r"[\s\S]")
    try:
        return re.compile(translated, re.ASCII)
    except re.error as error:
        raise InvalidArgumentError(None, None, f"Invalid pattern: {text}, error: {_words(text, error)}") from None


def _words(pattern: str, error: re.error) -> str:
    """RE2's words for what is wrong."""
    rest = pattern[error.pos or 0 :]
    if "unterminated character set" in error.msg:
        return f"missing ]: {rest}"
    if "missing )" in error.msg:
        return f"missing ): {pattern}"
    if "unbalanced parenthesis" in error.msg:
        return f"unexpected ): {pattern}"
    if "nothing to repeat" in error.msg:
        return f"no argument for repetition operator: {rest[:1]}"
    return f"{error.msg}: {rest}"


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _replacement(rewrite: bytes, groups: int) -> list[str | int]:
    r"""The rewrite as text and numbers of groups: `\1` ... `\9`, `\0` for the whole match, `\\` for a backslash."""
    parts: list[str | int] = []
    for piece in re.findall(r"\\.|\\|[^\\]+", _decoded(rewrite), re.S):
        if piece[0] != "\\":
            parts.append(piece)
        elif piece[1:].isdigit():
            if int(piece[1]) <= groups:
                parts.append(int(piece[1]))
        elif piece == "\\\\":
            parts.append("\\")
    return parts


def _replaced(input: Any, pattern: bytes, rewrite: bytes, replace_global: bool) -> np.ndarray:
    expression = compiled(pattern)
    parts = _replacement(rewrite, expression.groups)

    def written(match: re.Match[str]) -> str:
        return "".join(part if isinstance(part, str) else match[part] or "" for part in parts)

    def replaced(text: bytes) -> bytes:
        given = _decoded(text)
        if not replace_global:
            return _encoded(expression.sub(written, given, count=1))
        # RE2 does not replace an empty match that touches the match before it.
        pieces, position, last = [], 0, -1
        for match in expression.finditer(given):
            if match.start() == match.end() == last:
                continue
            pieces += [given[position : match.start()], written(match)]
            position = last = match.end()
        return _encoded("".join([*pieces, given[position:]]))

    return each(input, replaced)


def _matches(input: Any, pattern: bytes) -> np.ndarray:
    expression = compiled(pattern)
    return each(input, lambda text: expression.fullmatch(_decoded(text)) is not None, np.bool_)


_TEXTS = np.array([b"abc", b"cab"], object)


@op("RegexReplace(input: string, pattern: string, rewrite: string) -> (output: string)", replace_global=True)
class RegexReplace:
    """The strings with what matches a pattern rewritten."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TEXTS, np.array(b"a(.)", object), np.array(rb"\1", object))]

    def shape(input, pattern, rewrite):
        with_rank(pattern, 0)
        with_rank(rewrite, 0)
        return input

    def cpu(input, pattern, rewrite, replace_global):
        return _replaced(input, np.asarray(pattern, object).item(), np.asarray(rewrite, object).item(), replace_global)


@op(
    "StaticRegexReplace(input: string) -> (output: string)",
    pattern=attr("string"),
    rewrite=attr("string"),
    replace_global=True,
)
class StaticRegexReplace:
    """As `RegexReplace`, with a pattern that is known when the graph is made."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TEXTS, pattern="a(.)", rewrite=r"\1")]

    def cpu(input, pattern, rewrite, replace_global):
        return _replaced(input, _encoded(pattern), _encoded(rewrite), replace_global)


@op("RegexFullMatch(input: string, pattern: string) -> (output: bool)")
class RegexFullMatch:
    """Whether the pattern matches each string as a whole."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TEXTS, np.array(b"a.*", object))]

    def shape(input, pattern):
        with_rank(pattern, 0)
        return input

    def cpu(input, pattern):
        return _matches(input, np.asarray(pattern, object).item())


@op("StaticRegexFullMatch(input: string) -> (output: bool)", pattern=attr("string"))
class StaticRegexFullMatch:
    """As `RegexFullMatch`, with a pattern that is known when the graph is made."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TEXTS, pattern="a.*")]

    def cpu(input, pattern):
        return _matches(input, _encoded(pattern))


@export("regex_replace", "strings.regex_replace")
def regex_replace(
    input: Any, pattern: Any, rewrite: Any, replace_global: bool = True, name: str | None = None
) -> Tensor:
    r"""The strings with what matches a regular expression rewritten.

    Args:
      input: strings of any shape.
      pattern: string scalar; RE2's syntax.
      rewrite: string scalar; `\0` stands for the match, `\1` ... `\9` for its groups.
      replace_global: whether all matches are rewritten, or the first.

    Raises:
      InvalidArgumentError: the pattern is no regular expression.
    """
    if isinstance(pattern, (str, bytes)) and isinstance(rewrite, (str, bytes)):
        return StaticRegexReplace(input, pattern=pattern, rewrite=rewrite, replace_global=replace_global, name=name)
    return RegexReplace(input, pattern, rewrite, replace_global=replace_global, name=name)


@export("strings.regex_full_match")
def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Tensor:
    """Whether a regular expression matches each string as a whole; bool.

    Raises:
      InvalidArgumentError: the pattern is no regular expression.
    """
    if isinstance(pattern, (str, bytes)):
        return StaticRegexFullMatch(input, pattern=pattern, name=name)
    return RegexFullMatch(input, pattern, name=name)
