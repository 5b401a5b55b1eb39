"""Reducing the rows of arrays segment by segment, in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.ops.shape_rules import text

# So many rows take less time one by one than to be reduced with all others.
_FEW_ROWS = 16


def invalid(words: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, words)


def check_sorted(ids: np.ndarray, rows: int) -> None:
    """Checks that `ids` [n] are in ascending order and in [0, rows).

    Raises:
      InvalidArgumentError: they are not.
    """
    if rows < 0 or (ids.size and not rows):
        raise invalid("segment ids must be >= 0")
    if np.any(ids[1:] < ids[:-1]):
        raise invalid("segment ids are not increasing")
    if ids.size and not (ids[0] >= 0 and ids[-1] < rows):
        outside = ids[0] if ids[0] < 0 else ids[-1]
        raise invalid(
            f"Segment id {outside} out of range [0, {rows}), possibly because 'segment_ids' input is not sorted."
        )


def check_ids(ids: np.ndarray, rows: int) -> None:
    """Checks that `ids`, of any shape, are below `rows`.

    Raises:
      InvalidArgumentError: one is not.
    """
    too_large = ids >= rows
    if too_large.any():
        place = np.unravel_index(int(np.argmax(too_large)), ids.shape)
        words = f"segment_ids{text(place)} = {ids[place]} is out of range [0, {rows})"
        raise invalid(words)


def reduce_sorted(ufunc: np.ufunc, data: np.ndarray, ids: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Reduces the rows of `data` [n, ...] that share an id into `out` [ids, ...]; `ids` [n] are in ascending order.

    Rows of `out` without an id are left alone.

    Returns:
      The first row of each segment that occurs.
    """
    if not ids.size:
        return np.zeros(0, np.intp)
    starts = np.flatnonzero(np.concatenate(([True], ids[1:] != ids[:-1])))
    accumulator = np.float32 if data.dtype == np.float16 else data.dtype
    if len(starts) + _FEW_ROWS >= len(ids) and accumulator == data.dtype == out.dtype:
        out[ids[starts]] = data[starts]
        again = np.ones(len(ids), np.bool_)
        again[starts] = False
        for position in np.flatnonzero(again).tolist():
            row = out[ids[position], ...]
            ufunc(row, data[position], out=row)
    elif len(starts) == len(ids):
        out[ids] = data
    else:
        out[ids[starts]] = ufunc.reduceat(data, starts, 0, accumulator)
    return starts


def segment_sizes(starts: np.ndarray, count: int) -> np.ndarray:
    """How many rows each segment has that starts at a row in `starts`, of `count` rows in all."""
    return np.diff(starts, append=count)


def reduce_unsorted(ufunc: np.ufunc, data: np.ndarray, ids: np.ndarray, out: np.ndarray) -> None:
    """As `reduce_sorted`, for `ids` [n] in any order; rows with a negative id are left out."""
    if ufunc is np.add and data.ndim == 1 and data.dtype == out.dtype != np.float16:
        kept = ids >= 0
        if not kept.all():
            ids, data = ids[kept], data[kept]
        out[ids] = 0
        np.add.at(out, ids.astype(np.intp, copy=False), data)
        return
    if np.any(ids[1:] < ids[:-1]):
        order = np.argsort(ids, kind="stable")
        ids, data = ids[order], data[order]
    if ids.size and ids[0] < 0:
        start = int(np.searchsorted(ids, 0))
        ids, data = ids[start:], data[start:]
    reduce_sorted(ufunc, data, ids, out)


def lowest(dtype: Any) -> Any:
    """The smallest finite value of a dtype."""
    return np.finfo(dtype).min if dtype.kind == "f" else np.iinfo(dtype).min


def highest(dtype: Any) -> Any:
    """The largest finite value of a dtype."""
    return np.finfo(dtype).max if dtype.kind == "f" else np.iinfo(dtype).max
