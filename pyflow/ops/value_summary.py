"""How arrays are shown by `tf.Print`, `tf.Assert` and `tf.print`."""

from __future__ import annotations

from typing import Any

import numpy as np


def summary(value: Any, limit: int) -> str:
    """An array the way TensorFlow summarises it: `[1 2 3...]`, at most `limit` elements (all if negative)."""
    array = np.asarray(value)
    limit = array.size if limit < 0 else limit
    if array.ndim == 0:
        return element(array[()])
    if not array.size:
        return "[]"
    return f"[{_rows(array, [limit], outermost=True)}{'...' if array.size > limit else ''}]"


def _rows(array: np.ndarray, left: list[int], outermost: bool = False) -> str:
    """The elements of an array, as long as any are `left` to be shown."""
    if array.ndim == 1:
        shown = [element(x) for x in array[: left[0]]]
        left[0] -= len(shown)
        return " ".join(shown) + ("..." if len(shown) < array.size and not outermost else "")
    parts = []
    for row in array:
        if left[0] <= 0:
            break
        parts.append(f"[{_rows(row, left)}]")
    return "".join(parts)


def element(x: Any) -> str:
    """One element: numbers with as many digits as it takes to read them back, strings with C's escapes."""
    if isinstance(x, bytes):
        return "".join(_ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in x)
    if isinstance(x, (bool, np.bool_)):
        return "1" if x else "0"
    if isinstance(x, (float, np.floating)):
        return _digits(x)
    if isinstance(x, (complex, np.complexfloating)):
        return f"({_digits(x.real)},{_digits(x.imag)})"
    return str(x)


_ESCAPES = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t", ord('"'): '\\"', ord("'"): "\\'", ord("\\"): "\\\\"}


def _digits(x: Any) -> str:
    """The digits that a type always keeps, or when they aren't enough those that always tell its numbers apart."""
    kept, apart, kind = (15, 17, np.float64) if isinstance(x, float) else (6, 9, np.float32)
    short = f"{float(x):.{kept}g}"
    return short if kind(short) == kind(x) or x != x else f"{float(x):.{apart}g}"


def spaced(value: Any, limit: int, depth: int = 0) -> str:
    """As `tf.print` shows it: rows on lines of their own, `limit` elements at either end of each dimension.

    Args:
      limit: negative for all elements.
      depth: how many dimensions the array is within.
    """
    array = np.asarray(value)
    if array.ndim == 0:
        text = element(array[()])
        return f'"{text}"' if isinstance(array[()], bytes) else text
    keep = array.size if limit < 0 else min(limit, array.size)
    if len(array) <= 2 * keep:
        items = [spaced(x, limit, depth + 1) for x in array]
    else:
        ends = [spaced(x, limit, depth + 1) for x in (*array[:keep], *array[len(array) - keep :])]
        # Of rows without elements none is kept; the separator before the dots stands all the same.
        items = [*(ends[:keep] or [""]), "...", *ends[keep:]]
    separator = " " if array.ndim == 1 else "\n" * (array.ndim - 1) + " " * (depth + 1)
    return "[" + separator.join(items) + "]"
