"""Reading checkpoints of version 1: tables of slices, one file a shard, whose values are tensor protocol buffers."""

from __future__ import annotations

import glob
import math
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.errors import DataLossError, FailedPreconditionError, NotFoundError
from pyflow.io.file_errors import errors_about
from pyflow.io.table import TableReader
from pyflow.io.tensor_slices import TensorSlice, read_slice, slice_key
from pyflow.io.v1_fields import field_of
from pyflow.protos.checkpoint_pb2 import SavedTensorSlices


class V1Reader:
    """The tensors of a checkpoint of version 1.

    Args:
      pattern: the path of its file, or a pattern that its files match.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: a file is damaged, or is none of this kind.
    """

    def __init__(self, pattern: str):
        paths = sorted(glob.glob(pattern)) or sorted(glob.glob(glob.escape(pattern)))
        if not paths:
            raise NotFoundError(
                None,
                None,
                f"Unsuccessful TensorSliceReader constructor: Failed to find any matching files for {pattern}",
            )
        self._described: dict[bytes, tuple[DType, tuple[int, ...]]] = {}
        # Files are shown as TensorFlow finds them: one without a folder lies in ".".
        paths = [path if os.path.dirname(path) else os.path.join(".", path) for path in paths]
        self._parts: dict[bytes, list[tuple[str, TensorSlice]]] = {}
        for path in paths:
            meta = _meta(path)
            for tensor in meta.tensor:
                name = tensor.name.encode()
                shape = tuple(dim.size for dim in tensor.shape.dim)
                known = self._described.setdefault(name, (_dtype(tensor.type), shape))
                if known != (_dtype(tensor.type), shape) or any(size < 0 for size in shape) or len(shape) > 32:
                    raise DataLossError(None, None, f"{path}: shapes or dtypes of {tensor.name} do not agree")
                self._parts.setdefault(name, []).extend((path, read_slice(part)) for part in tensor.slice)

    def names(self) -> list[bytes]:
        """The names of the tensors, in order."""
        return sorted(self._described)

    def pieces(self) -> Iterator[tuple[bytes, DType, tuple[int, ...]]]:
        """Name, dtype and shape of all tensors."""
        for name in self.names():
            yield name, *self.describe(name)

    def has(self, name: bytes) -> bool:
        """Whether there is a tensor of that name."""
        return name in self._described

    def describe(self, name: bytes) -> tuple[DType, tuple[int, ...]]:
        """The dtype and the full shape of a tensor.

        Raises:
          NotFoundError: there is none of that name.
        """
        if name not in self._described:
            raise NotFoundError(None, None, f'Tensor name "{name.decode()}" not found in checkpoint files')
        return self._described[name]

    def read(self, name: bytes) -> np.ndarray:
        """The value of a tensor.

        Raises:
          NotFoundError: there is none of that name.
          DataLossError: the file is damaged.
        """
        dtype, shape = self.describe(name)
        pieces = []
        for path, part in self._parts[name]:
            if not part.is_within(shape):
                raise DataLossError(None, None, f"A slice of {name.decode()} lies outside of the tensor")
            key = slice_key(name, part)
            record = _with_table(path, lambda table, key=key, path=path: _record(table, key, path))
            try:
                pieces.append((part, _values(record.data.data, dtype, part.shape(shape), name)))
            except (OverflowError, ValueError) as error:
                raise DataLossError(None, None, f"{name.decode()} has values beyond its dtype") from error
        if sum(values.size for _, values in pieces) != math.prod(shape):
            raise DataLossError(None, None, f"The slices of {name.decode()} are not the whole tensor")
        full = np.empty(shape, dtype.as_numpy_dtype)
        written = np.zeros(shape, np.bool_)
        for part, values in pieces:
            full[part.index()] = values
            written[part.index()] = True
        if not written.all():
            raise DataLossError(None, None, f"The slices of {name.decode()} are not the whole tensor")
        return full

    def read_slice(self, name: bytes, part: TensorSlice) -> np.ndarray:
        """A slice of a tensor; raises as `read` does."""
        return np.ascontiguousarray(self.read(name)[part.index()])


def _meta(path: str) -> Any:
    try:
        return _with_table(path, lambda table: _record(table, b"", path)).meta
    except (DataLossError, FailedPreconditionError) as error:
        reason = "Data loss" if isinstance(error, DataLossError) else "Failed precondition"
        raise DataLossError(
            None,
            None,
            f"Unable to open table file {path}: {reason}: {error.message}: perhaps your file is in a different file "
            "format and you need to use a different restore operator?",
        ) from error


def _with_table(path: str, read: Callable[[TableReader], Any]) -> Any:
    with errors_about(path), open(path, "rb") as file:
        return read(TableReader(file))


def _record(table: TableReader, key: bytes, path: str) -> Any:
    data = table.get(key)
    if data is None:
        raise DataLossError(None, None, f"{path}: a slice is missing")
    try:
        return SavedTensorSlices.FromString(data)
    except DecodeError as error:
        raise DataLossError(None, None, f"{path}: a record is damaged") from error


def _dtype(number: int) -> DType:
    try:
        return dtypes.as_dtype(int(number))
    except TypeError as error:
        raise DataLossError(None, None, f"Invalid dtype {number}") from error


def _values(proto: Any, dtype: DType, shape: tuple[int, ...], name: bytes) -> np.ndarray:
    stored = getattr(proto, field_of(dtype))
    numpy_dtype: Any = dtype.as_numpy_dtype
    if dtype is dtypes.string:
        array = np.empty(len(stored), object)
        array[:] = list(stored)
    elif dtype in (dtypes.float16, dtypes.bfloat16):
        array = np.array(stored, np.uint16).view(numpy_dtype)
    elif dtype.is_complex:
        array = np.array(stored, dtype.real_dtype.as_numpy_dtype)
        array = array[: array.size // 2 * 2].view(numpy_dtype)
    elif np.dtype(numpy_dtype).names:  # quantized: a record of one integer
        array = np.array(stored, np.int64).astype(np.dtype(numpy_dtype)[0]).view(numpy_dtype)
    else:
        array = np.array(stored, np.int64 if dtype.is_integer and dtype.size < 4 else numpy_dtype).astype(numpy_dtype)
    count = math.prod(shape)
    if array.size != count:
        raise DataLossError(None, None, f"{name.decode()} has {array.size} values, not {count}")
    return array.reshape(shape)
