"""Glob patterns as TF matches them: fnmatch within one level of directories, hidden files included."""

from __future__ import annotations

import posixpath
import re

_TOKEN = re.compile(r"\\(?P<escaped>.)|\[(?P<not>[!^]?)(?P<members>\]?[^]]*)\]|(?P<star>\*+)|(?P<any>\?)|.", re.DOTALL)


def split_pattern(pattern: str) -> tuple[str, list[re.Pattern[str]]]:
    """The directory to start from ("." when the pattern names none), and what a name on each level below must match."""
    folder = posixpath.dirname(re.split(r"[*?\[\\]", pattern)[0])
    levels = pattern[len(folder) :].lstrip("/").split("/")
    return folder or ".", [re.compile(_TOKEN.sub(_as_regex, level), re.DOTALL) for level in levels]


def _as_regex(token: re.Match[str]) -> str:
    if token["star"]:
        return ".*"
    if token["any"]:
        return "."
    if token["members"] is not None:
        members = re.sub(r"[\\\[^]", r"\\\g<0>", token["members"])
        return f"[{'^' if token['not'] else ''}{members}]"
    return re.escape(token["escaped"] or token[0])
