"""Writing checkpoints of version 1: one table whose records are tensor protocol buffers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.errors import InvalidArgumentError, UnimplementedError
from pyflow.io.durable_files import put_durably
from pyflow.io.table import TableWriter
from pyflow.io.tensor_slices import TensorSlice, slice_key
from pyflow.io.v1_fields import field_of
from pyflow.protos.checkpoint_pb2 import SavedTensorSlices

# A record is written in one piece, which protocol buffers limit to 2^31 bytes.
_MOST_BYTES = (1 << 31) - (1 << 20)


class V1Writer:
    """Gathers tensors, and writes them as a file when it is finished.

    Args:
      path: of the file.
    """

    def __init__(self, path: str):
        self._path = path
        self._meta: Any = SavedTensorSlices()
        self._meta.meta.versions.SetInParent()
        self._known: dict[bytes, Any] = {}
        self._records: dict[bytes, tuple[bytes, TensorSlice, Any, DType]] = {}

    def add_slice(self, name: bytes, full: tuple[int, ...], part: TensorSlice, array: Any, dtype: DType) -> None:
        """Adds a slice, or all, of a tensor whose shape is `full`.

        Raises:
          InvalidArgumentError: it is there already, or others of that name have another full shape or dtype.
        """
        tensor = self._known.get(name)
        if tensor is None:
            tensor = self._known[name] = self._meta.meta.tensor.add(name=name.decode(), type=int(dtype))
            tensor.shape.SetInParent()
            for size in full:
                tensor.shape.dim.add(size=size)
        elif tensor.type != int(dtype) or tuple(dim.size for dim in tensor.shape.dim) != full:
            raise InvalidArgumentError(
                None, None, f"Mismatching shapes or types: slices of {name.decode()} are not of one tensor"
            )
        key = slice_key(name, part)
        if key in self._records:
            raise InvalidArgumentError(None, None, f"Adding duplicate slice of {name.decode()}")
        part.write(tensor.slice.add())
        if array.nbytes > _MOST_BYTES:
            raise InvalidArgumentError(
                None, None, f"Tensor slice is too large to serialize (conservative estimate: {array.nbytes} bytes)"
            )
        self._records[key] = name, part, array, dtype

    def finish(self) -> None:
        """Writes the file, whole or not at all.

        Raises:
          OpError: the class for the operating system's error.
        """
        with put_durably(self._path) as file:
            table = TableWriter(file)
            table.add(b"", self._meta.SerializeToString(deterministic=True))
            for key in sorted(self._records):
                table.add(key, _record(*self._records[key]))
            table.finish()


def _record(name: bytes, part: TensorSlice, array: Any, dtype: DType) -> bytes:
    record: Any = SavedTensorSlices()
    record.data.name = name.decode()
    record.data.slice.SetInParent()
    part.write(record.data.slice)
    record.data.data.dtype = int(dtype)
    record.data.data.tensor_shape.SetInParent()
    for size in array.shape:
        record.data.data.tensor_shape.dim.add(size=size)
    field, values = getattr(record.data.data, field_of(dtype)), np.ascontiguousarray(array).reshape(-1)
    if dtype is dtypes.string:
        field.extend(bytes(item) for item in values)
    elif dtype in (dtypes.float16, dtypes.bfloat16):
        field.extend(values.view(np.uint16).tolist())
    elif dtype.is_complex:
        field.extend(values.view(dtype.real_dtype.as_numpy_dtype).tolist())
    elif values.dtype.names:
        field.extend(values.view(values.dtype[0]).tolist())
    elif dtype.is_numpy_compatible:
        field.extend(values.tolist())
    else:
        raise UnimplementedError(None, None, f"Saving a tensor of {dtype.name} is not supported")
    return record.SerializeToString(deterministic=True)
