"""The safetensors format: the length of a JSON header, the header, then the values of all tensors.

https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.io.durable_files import put_durably
from pyflow.tools.progress import progress

_NAMES: dict[DType, str] = {
    dtypes.bool: "BOOL",
    dtypes.uint8: "U8",
    dtypes.int8: "I8",
    dtypes.int16: "I16",
    dtypes.uint16: "U16",
    dtypes.float16: "F16",
    dtypes.bfloat16: "BF16",
    dtypes.int32: "I32",
    dtypes.uint32: "U32",
    dtypes.float32: "F32",
    dtypes.float64: "F64",
    dtypes.int64: "I64",
    dtypes.uint64: "U64",
    dtypes.complex64: "C64",
}
_DTYPES = {name: dtype for dtype, name in _NAMES.items()}
_LARGEST_HEADER = 100_000_000


class SafetensorsReader:
    """The tensors of a file; values are read when asked for.

    Raises:
      ValueError: the file is none of this format, or damaged.
      OSError: it cannot be read.
    """

    def __init__(self, path: str):
        self._path = path
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > min(size - 8, _LARGEST_HEADER):
                raise ValueError(f"{path} is not a safetensors file: its header does not fit into it")
            header = file.read(length)
        self._start = 8 + length
        self._entries = _entries(path, header, size - self._start)

    def names(self) -> list[str]:
        """The names of the tensors."""
        return sorted(self._entries)

    def describe(self, name: str) -> tuple[DType, tuple[int, ...]]:
        """The dtype and shape of a tensor."""
        dtype, shape, _ = self._entries[name]
        return dtype, shape

    def read(self, name: str) -> np.ndarray:
        """The value of a tensor."""
        dtype, shape, offset = self._entries[name]
        count = int(np.prod(shape, dtype=np.int64))
        stored = np.dtype(dtype.as_numpy_dtype)
        value = np.fromfile(self._path, stored, count, offset=self._start + offset)
        return value.reshape(shape)


def _entries(path: str, header: bytes, available: int) -> dict[str, tuple[DType, tuple[int, ...], int]]:
    try:
        listed = json.loads(header)
        entries = {}
        for name, entry in listed.items():
            if name == "__metadata__":
                continue
            dtype, shape = _DTYPES[entry["dtype"]], tuple(entry["shape"])
            begin, end = entry["data_offsets"]
            if not all(isinstance(n, int) and n >= 0 for n in (*shape, begin, end)):
                raise ValueError("a negative or fractional number")
            size = np.dtype(dtype.as_numpy_dtype).itemsize
            for n in shape:
                size *= n
            if end - begin != size or end > available:
                raise ValueError(f"the values of {name!r} do not fit")
            entries[name] = dtype, shape, begin
        return entries
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path} is not a safetensors file, or damaged: {error}") from None


def write_safetensors(path: str, tensors: Sequence[Any]) -> None:
    """Writes tensors, each with `name`, `dtype`, `shape` and a function `read`; one is in memory at a time.

    Raises:
      ValueError: the format doesn't have a tensor's dtype.
    """
    header: dict[str, Any] = {}
    offset = 0
    tensors = sorted(tensors, key=lambda tensor: tensor.name)
    for tensor in tensors:
        if tensor.dtype not in _NAMES:
            raise ValueError(f"safetensors has no tensors of type {tensor.dtype.name}: {tensor.name}")
        size = int(np.prod(tensor.shape, dtype=np.int64)) * np.dtype(tensor.dtype.as_numpy_dtype).itemsize
        header[tensor.name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + size],
        }
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with put_durably(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in progress(tensors, "Converting"):
            file.write(np.ascontiguousarray(tensor.read()).tobytes())
