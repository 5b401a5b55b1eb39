"""Glob patterns as TF matches them: fnmatch within one level of directories, hidden files included."""

from __future__ import annotations

import contextlib
import os
import posixpath
import re

from pyflow.core.errors import PermissionDeniedError
from pyflow.io.file_errors import errors_about

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


def matching_paths(pattern: str) -> list[str]:
    """The files and directories that match, sorted.

    Raises:
      NotFoundError: there is no directory of the name in front of the first wildcard.
    """
    folder, levels = split_pattern(pattern)
    paths = [folder]
    for depth, level in enumerate(levels):
        folders, paths = paths if depth == 0 else filter(os.path.isdir, paths), []
        for folder in folders:
            with contextlib.suppress(PermissionDeniedError), errors_about(folder):
                paths += [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if level.fullmatch(name)]
    return paths
