"""Lookup tables filled from text files: a line a key."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.dtypes import DType, string
from pyflow.core.errors import InvalidArgumentError, OutOfRangeError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.io.file_errors import errors_about
from pyflow.io.file_ops import scalar_text
from pyflow.ops.lookup_ops import as_table
from pyflow.ops.shape_rules import no_outputs
from pyflow.ops.string_numbers import parse_number

_WHOLE_LINE, _LINE_NUMBER = -2, -1
_NAMES = {"float32": "float", "float64": "double"}


def _fill(table_handle, filename, key_index, value_index, vocab_size, delimiter):
    path = scalar_text(filename, "filename")
    if len(delimiter.encode()) != 1:
        raise InvalidArgumentError(None, None, "delimiter should be only 1 char")
    table = as_table(table_handle)
    keys, values = [], []
    for number, line in enumerate(_lines(path, vocab_size)):
        columns = line.split(delimiter.encode())
        needed = max(key_index, value_index)
        if len(columns) <= needed:
            words = f"Invalid number of columns in {path} line {number} ({_shown(line)}) : expected {needed} got "
            raise InvalidArgumentError(None, None, f"{words}{len(columns)}")
        keys.append(_field(line, columns, number, key_index, table.key_dtype))
        values.append(_field(line, columns, number, value_index, table.value_dtype))
    table.fill(_array(keys, table.key_dtype), _array(values, table.value_dtype))
    return ()


def _lines(path: str, count: int) -> list[bytes]:
    with errors_about(path), open(path, "rb") as file:
        lines = [line.removesuffix(b"\n").replace(b"\r", b"") for line in file]
    if not lines:
        raise OutOfRangeError(None, None, "Read less bytes than requested")
    if count >= 0 and len(lines) < count:
        words = f"Invalid vocab_size in {path}: expected {count} but got {len(lines)}"
        raise InvalidArgumentError(None, None, words)
    lines = lines[:count] if count >= 0 else lines
    if b"" in lines:
        place = sum(len(line) + 1 for line in lines[: lines.index(b"")]) + 1
        words = f"Invalid content in {path}: empty line found at position {place}."
        raise InvalidArgumentError(None, None, words)
    return lines


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _field(line: bytes, columns: list[bytes], number: int, index: int, dtype: DType) -> Any:
    if index == _LINE_NUMBER:
        return number
    field = line if index == _WHOLE_LINE else columns[index]
    if dtype is string:
        return field
    try:
        return parse_number(field, dtype)
    except InvalidArgumentError:
        words = f"Field {_shown(field)} in line {number} is not a valid {_NAMES.get(dtype.name, dtype.name)}."
        raise InvalidArgumentError(None, None, words) from None


def _array(values: list, dtype: DType) -> np.ndarray:
    array = np.empty(len(values), dtype.as_numpy_dtype)
    array[:] = values
    return array


class _TextFileBody:
    """Fills a table with the lines of a file, or columns of them."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE
    cpu = _fill


def _attrs() -> dict[str, Any]:
    index = {"key_index": attr("int", minimum=-2), "value_index": attr("int", minimum=-2)}
    return {**index, "vocab_size": attr("int", default=-1, minimum=-1), "delimiter": "\t"}


InitializeTableFromTextFile = op(
    "InitializeTableFromTextFile(table_handle: Ref(string), filename: string) -> ()", **_attrs()
)(_TextFileBody)
InitializeTableFromTextFileV2 = op(
    "InitializeTableFromTextFileV2(table_handle: resource, filename: string) -> ()", **_attrs()
)(_TextFileBody)
