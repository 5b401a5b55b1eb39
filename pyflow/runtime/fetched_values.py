"""How values of types that numpy does not have are handed to the caller of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.dtypes import DType, bfloat16, bfloat16_to_float32


class BFloat16Array(np.ndarray):
    """bfloat16 values that convert to other types, and calculate, as the numbers they are (in float32)."""

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        if np.dtype(dtype) == self.dtype:
            return super().astype(dtype, *args, **kwargs)
        return bfloat16_to_float32(self.view(np.ndarray)).astype(dtype, *args, **kwargs)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return getattr(ufunc, method)(*map(_numbers, inputs), **kwargs)

    def __getitem__(self, index: Any) -> Any:
        item = super().__getitem__(index)
        return item if isinstance(item, np.ndarray) else np.asarray(item).view(BFloat16Array)

    def __float__(self) -> float:
        return float(_numbers(self))

    def __repr__(self) -> str:
        return f"array({self.tolist()}, dtype=bfloat16)"

    def __str__(self) -> str:
        return str(_numbers(self))

    def tolist(self) -> Any:
        return _numbers(self).tolist()

    def item(self, *args: Any) -> Any:
        return _numbers(self).item(*args)


def _numbers(value: Any) -> Any:
    return bfloat16_to_float32(value.view(np.ndarray)) if isinstance(value, BFloat16Array) else value


def needs_handing_over(dtype: DType) -> bool:
    return dtype.base_dtype is bfloat16 or dtype.base_dtype.is_quantized


def handed_over(value: Any) -> Any:
    """A fetched value: bfloat16 as `BFloat16Array`, quantized ones as the plain integers."""
    array = np.asarray(value)
    if array.dtype == bfloat16.as_numpy_dtype:
        return array.view(BFloat16Array)
    plain = array.view(array.dtype[0])
    return plain if plain.ndim else plain[()]
