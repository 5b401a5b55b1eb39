"""Regular expressions on strings. TensorFlow's are RE2's; they are translated to Python's where the two differ."""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
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

_PIECES = (
    r"\\[pP](?:\{\w+\}|\w)", r"\\Q.*?(?:\\E|$)", r"\\.", r"\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]", r"\(\?P?[=!<>]",
    r"[*+?]\+", r"\{\d+(?:,\d*)?\}", r"[^\\\[(*+?{$]+", ".",
)  # fmt: skip
_TOKENS = re.compile("|".join(_PIECES), re.S)
_SET_TOKENS = re.compile(r"\[:\w+:\]|\\p(?:\{\w+\}|\w)|\\.", re.S)


def _translated(token: str) -> str:
    """A piece of a pattern as Python has it.

    Raises:
      re.error: RE2 has no such piece, though Python does.
    """
    if token.startswith("["):
        return _SET_TOKENS.sub(lambda found: _translated_in_set(found), token)
    if token.startswith(("\\p", "\\P")):
        return f"[{'^' if token[1] == 'P' else ''}{_category(token[2:].strip('{}'), token)}]"
    if token == "{":
        return r"\{"  # of no repetition
    if token.startswith(r"\Q"):
        return re.escape(token[2:].removesuffix(r"\E"))
    if token in ("(?=", "(?!", "(?<", "(?P=", "(?P>"):
        raise re.error(f"invalid perl operator: {token}")
    if len(token) == 2 and token[1] == "+" and token[0] in "*+?":
        raise re.error(f"bad repetition operator: {token}")
    if len(token) == 2 and token[0] == "\\" and token[1] in "123456789":
        raise re.error(f"invalid escape sequence: {token}")
    if token == r"\Z":
        raise re.error(r"invalid escape sequence: \Z")
    return _ESCAPES.get(token, token)


def _translated_in_set(found: re.Match[str]) -> str:
    token = found[0]
    if token.startswith("[:"):
        return _CLASSES.get(token[2:-2], token)
    if token.startswith(r"\p"):
        return _category(token[2:].strip("{}"), token)
    return r"\t\n\f\r " if token == r"\s" else token


_ESCAPES = {r"\z": r"\Z", r"\C": r"[\s\S]", "$": r"\Z", r"\s": r"[\t\n\f\r ]", r"\S": r"[^\t\n\f\r ]"}


@functools.lru_cache(maxsize=64)
def _category(name: str, token: str) -> str:
    """The characters of a general category of Unicode (L, Lu, N ...), as ranges in a set.

    Raises:
      re.error: there is no such category.
    """
    members = (i for i in range(sys.maxunicode + 1) if unicodedata.category(chr(i)).startswith(name))
    ranges: list[list[int]] = []
    for code in members if 0 < len(name) <= 2 else ():
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    if not ranges:
        raise re.error(f"invalid character class range: {token}")
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


@functools.lru_cache(maxsize=256)
def compiled(pattern: bytes) -> re.Pattern[str]:
    """The pattern, for text in which each byte that is no UTF-8 stands for itself.

    Raises:
      InvalidArgumentError: it is no regular expression.
    """
    text = _decoded(pattern)
    try:
        by_lines = re.search(r"\(\?[a-zA-Z]*m", text)
        return re.compile(
            _TOKENS.sub(lambda found: "$" if found[0] == "$" and by_lines else _translated(found[0]), text), re.ASCII
        )
    except re.error as error:
        raise InvalidArgumentError(None, None, f"Invalid pattern: {text}, error: {_words(text, error)}") from None


def _words(pattern: str, error: re.error) -> str:
    """RE2's words for what is wrong."""
    if error.pos is None:
        return error.msg
    if error.msg == "multiple repeat":
        return f"bad repetition operator: {pattern[error.pos - 1 : error.pos + 1]}"
    if error.msg.startswith("bad escape"):
        return f"invalid escape sequence: {pattern[error.pos : error.pos + 2]}"
    rest = pattern[error.pos :]
    if "unterminated character set" in error.msg:
        return f"missing ]: {rest}"
    if "missing )" in error.msg:
        return f"missing ): {pattern}"
    if "unbalanced parenthesis" in error.msg:
        return f"missing ): {pattern}"
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
