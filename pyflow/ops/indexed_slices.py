"""`IndexedSlices` where a dense tensor is asked for: rows that occur twice are summed."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from pyflow.core.convert import constant_value, register_tensor_conversion_function
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import raw
from pyflow.core.tensor import Tensor

# From so many elements on the dense tensor is worth a warning.
_LARGE = 100_000_000
_WARNING = "Converting sparse IndexedSlices to a dense Tensor"


def _to_tensor(value: IndexedSlices, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for IndexedSlices with dtype {value.dtype.name}"
        )
    if value.dense_shape is None:
        raise ValueError(f"Tensor conversion requested for IndexedSlices without dense_shape: {value}")
    known = constant_value(value.dense_shape)
    if known is None:
        warnings.warn(f"{_WARNING} of unknown shape. This may consume a large amount of memory.", stacklevel=2)
    elif np.prod(known, dtype=np.int64) >= _LARGE:
        count = np.prod(known, dtype=np.int64)
        warnings.warn(f"{_WARNING} with {count} elements. This may consume a large amount of memory.", stacklevel=2)
    return raw.UnsortedSegmentSum(value.values, value.indices, value.dense_shape[0], name=name)


register_tensor_conversion_function(IndexedSlices, _to_tensor)


@contextlib.contextmanager
def quiet_densification() -> Iterator[None]:
    """No warning about dense tensors within: for gradients that can do no better."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=f"{_WARNING}.*")
        yield
