"""Whole files as strings, and their names by patterns."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, op
from pyflow.core.tensor import StaticShape
from pyflow.io.file_errors import errors_about
from pyflow.io.file_patterns import matching_paths
from pyflow.ops.shape_rules import with_rank


def scalar_text(value: Any, name: str) -> str:
    """The one string of a tensor as a path.

    Raises:
      InvalidArgumentError: it is no scalar.
    """
    array = np.asarray(value, object)
    if array.ndim:
        words = f"Input {name} tensor must be scalar, but had shape: {list(array.shape)}"
        raise InvalidArgumentError(None, None, words)
    return os.fsdecode(array.item())


def _of_one_file(filename: StaticShape) -> StaticShape:
    with_rank(filename, 0)
    return ()


def _of_one_file_and_contents(filename: StaticShape, contents: StaticShape) -> list[StaticShape]:
    with_rank(filename, 0)
    with_rank(contents, 0)
    return []


def _of_patterns(pattern: StaticShape) -> StaticShape:
    if pattern is not None and len(pattern) > 1:
        raise ShapeError(f"Shape must be at most rank 1 but is rank {len(pattern)}")
    return (None,)


@op("ReadFile(filename: string) -> (contents: string)")
class ReadFile:
    """The content of a file."""

    stateful = True  # the file may be another one in the next run
    grad = NOT_DIFFERENTIABLE

    shape = _of_one_file

    def cpu(filename):
        path = scalar_text(filename, "filename")
        with errors_about(path), open(path, "rb") as file:
            return np.array(file.read(), object)


@op("WriteFile(filename: string, contents: string) -> ()")
class WriteFile:
    """Makes a file with that content, and the directories that it needs."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    shape = _of_one_file_and_contents

    def cpu(filename, contents):
        path = scalar_text(filename, "filename")
        with errors_about(path):
            if os.path.dirname(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(np.asarray(contents, object).item())
        return ()


@op("MatchingFiles(pattern: string) -> (filenames: string)")
class MatchingFiles:
    """The names of the files that match a glob pattern, or any of several, sorted."""

    stateful = True
    grad = NOT_DIFFERENTIABLE

    shape = _of_patterns

    def cpu(pattern):
        patterns = np.asarray(pattern, object).reshape(-1)
        names = sorted(os.fsencode(path) for one in patterns for path in matching_paths(os.fsdecode(one)))
        found = np.empty(len(names), object)
        found[:] = names
        return found


read_file = export("read_file", "io.read_file")(ReadFile)
write_file = export("write_file", "io.write_file")(WriteFile)
matching_files = export("matching_files", "io.matching_files")(MatchingFiles)
