"""Kernels on arrays of strings: a function of bytes for each element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def each(strings: Any, function: Callable[[bytes], Any], dtype: Any = object) -> np.ndarray:
    """The array of what `function` gives for each string."""
    array = np.asarray(strings, object)
    out = np.empty(array.size, dtype)
    out[:] = [function(text) for text in array.reshape(-1).tolist()]
    return out.reshape(array.shape)


def strings_of(texts: list[bytes]) -> np.ndarray:
    """A vector of strings."""
    out = np.empty(len(texts), object)
    out[:] = texts
    return out
