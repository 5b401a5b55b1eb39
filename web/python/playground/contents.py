"""What is in a file: lines about it, its tensors one by one, rows of a table."""

from __future__ import annotations

import csv
import os
from typing import Any

import numpy as np

from playground import Refused, offered
from pyflow import errors
from pyflow.core import dtypes
from pyflow.tools import inspection
from pyflow.tools.tensor_files import read_tensors

_IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".bmp": "image/bmp"}
_MOST_LINES = 400
_MOST_TENSORS = 5000
_MOST_ELEMENTS = 50_000_000
_MOST_ROWS = 50
_BARS = 40


@offered
def inspect(path: str) -> dict[str, Any]:
    """What is in a file or folder: {"lines"}, and what of "tensors", "image", "rows" and "graph" there is of it."""
    kind = os.path.splitext(path)[1].lower()
    if kind in _IMAGES:
        return {"lines": [f"{os.path.getsize(path)} bytes"], "image": _IMAGES[kind]}
    if kind in (".csv", ".tsv"):
        return _table(path, "\t" if kind == ".tsv" else ",")
    try:
        lines = [line for line, _ in zip(inspection.inspect(path), range(_MOST_LINES))]
    except inspection.UnknownFile as error:
        text = _text(path)
        if text is None:
            raise Refused(str(error)) from None
        return {"lines": text}
    tensors = _tensors(path) if any(" tensors, " in line for line in lines[:1]) else []
    first = lines[0] if lines else ""
    return {
        "lines": lines[:1] if tensors else lines,
        "tensors": tensors,
        "graph": path if first.endswith(("GraphDef", "graph(s)")) and os.path.isfile(path) else None,
    }


def _tensors(path: str) -> list[dict[str, Any]]:
    return [{"name": t.name, "dtype": t.dtype.name, "shape": list(t.shape)} for t in read_tensors(path)[:_MOST_TENSORS]]


@offered
def tensor(path: str, name: str) -> dict[str, Any]:
    """{"statistics": [[label, text]], "bars": counts, "low", "high", "values": the first} of a tensor."""
    found = next((t for t in read_tensors(path) if t.name == name), None)
    if found is None:
        raise Refused(f"{path} has no tensor {name}")
    if int(np.prod(found.shape, dtype=np.int64)) > _MOST_ELEMENTS:
        raise Refused(f"{name} has too many elements to be shown")
    value = found.read()
    if found.dtype is dtypes.bfloat16:
        value = dtypes.bfloat16_to_float32(value)
    shown = [item.decode(errors="replace") if isinstance(item, bytes) else str(item) for item in value.reshape(-1)[:12]]
    if value.dtype.kind not in "fiub" or value.size == 0:
        return {"statistics": [], "bars": [], "values": shown}
    numbers = value.astype(np.float64).reshape(-1)
    finite = numbers[np.isfinite(numbers)]
    statistics = [["not finite", str(numbers.size - finite.size)]] if finite.size < numbers.size else []
    if finite.size == 0:
        return {"statistics": statistics, "bars": [], "values": shown}
    rules = (("min", np.min), ("mean", np.mean), ("max", np.max), ("std", np.std))
    statistics = [[label, f"{rule(finite):.6g}"] for label, rule in rules] + statistics
    low, high = float(finite.min()), float(finite.max())
    bars = np.histogram(finite, _BARS, (low, high))[0].tolist() if np.isfinite(high - low) else []
    return {"statistics": statistics, "bars": bars, "low": low, "high": high, "values": shown}


def _table(path: str, delimiter: str) -> dict[str, Any]:
    with open(path, newline="", encoding="utf-8", errors="replace") as file:
        rows = [
            [cell[:200] for cell in row[:30]]
            for row, _ in zip(csv.reader(file, delimiter=delimiter), range(_MOST_ROWS))
        ]
    return {"lines": [f"{os.path.getsize(path)} bytes; the first {len(rows)} rows:"], "rows": rows}


def _text(path: str) -> list[str] | None:
    """The first lines of a file of text, else None."""
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        start = file.read(1 << 14)
    if not start or b"\0" in start:
        return None
    try:
        return start.decode().splitlines()[:_MOST_LINES]
    except UnicodeDecodeError:
        return None


@offered
def damaged(path: str) -> str:
    """What inspecting a file says, or the error that it is; for the tests with damaged files."""
    try:
        for _ in inspection.inspect(path):
            pass
    except (errors.OpError, OSError, ValueError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""
