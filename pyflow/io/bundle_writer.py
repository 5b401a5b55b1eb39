"""Writing checkpoints of version 2: tensors in `.data-?????-of-?????` files, and where they lie in an `.index` table.

Data are written under a temporary name and brought to the disk; bundle_commit gives the files their names.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Any

from pyflow.core.dtypes import DType
from pyflow.core.errors import InvalidArgumentError
from pyflow.io import crc32c, tensor_codec
from pyflow.io.bundle_commit import commit, data_path
from pyflow.io.durable_files import remove, sync_file, temporary_suffix
from pyflow.io.file_errors import errors_about
from pyflow.io.tensor_slices import TensorSlice, slice_key
from pyflow.protos.checkpoint_pb2 import BundleEntryProto


class BundleWriter:
    """Writes a checkpoint of one data file; as a context manager it removes what is unfinished after an error.

    Args:
      prefix: path of the checkpoint, to which the endings of its files are added. Its folder is made if only
        that is missing.

    Raises:
      OpError: the class for the operating system's error, as from every method that writes.
    """

    def __init__(self, prefix: str):
        self._prefix = prefix
        self._entries: dict[bytes, Any] = {}
        self._offset = 0
        self._path = data_path(prefix, 0, 1) + temporary_suffix()
        folder = os.path.dirname(prefix)
        if folder:
            with contextlib.suppress(OSError):
                os.mkdir(folder)
        with errors_about(self._path):
            self._file = open(self._path, "wb")

    def add(self, name: bytes, array: Any, dtype: DType) -> None:
        """Adds a whole tensor.

        Raises:
          InvalidArgumentError: there is one of that name.
        """
        if not name:
            raise InvalidArgumentError(None, None, "The empty key is not the name of a tensor")
        self._write(name, array, dtype)

    def add_slice(self, name: bytes, full: tuple[int, ...], part: TensorSlice, array: Any, dtype: DType) -> None:
        """Adds a slice of a tensor whose shape is `full`.

        Raises:
          InvalidArgumentError: the slice is there already, or others of that name have another full shape or dtype.
        """
        if part.is_full(full):
            self.add(name, array, dtype)
            return
        entry = self._entries.get(name)
        if entry is None:
            entry = self._entries[name] = _new_entry(dtype, full)
        elif entry.dtype != int(dtype) or _shape_of(entry) != full or not entry.slices:
            raise InvalidArgumentError(None, None, f"Adding different slices of one tensor: {name.decode()}")
        part.write(entry.slices.add())
        self._write(slice_key(name, part), array, dtype)

    def _write(self, key: bytes, array: Any, dtype: DType) -> None:
        if key in self._entries:
            raise InvalidArgumentError(None, None, f"Adding duplicate key: {key.decode(errors='backslashreplace')}")
        entry = _new_entry(dtype, array.shape)
        buffers, crc = tensor_codec.encode(array, dtype)
        entry.offset = self._offset
        entry.crc32c = crc32c.mask(crc)
        with errors_about(self._path):
            for buffer in buffers:
                self._file.write(buffer)
                entry.size += len(buffer)
        self._offset += entry.size
        self._entries[key] = entry

    def finish(self) -> None:
        """Brings the checkpoint to the disk and gives the files their names."""
        with errors_about(self._path):
            sync_file(self._file)
            self._file.close()
        commit(self._prefix, [self._path], self._entries)

    def abandon(self) -> None:
        """Removes what was written."""
        with contextlib.suppress(OSError):
            self._file.close()
        remove(self._path)

    def __enter__(self) -> BundleWriter:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if kind is not None:
            self.abandon()
            return
        try:
            self.finish()
        except BaseException:
            self.abandon()
            raise


def _new_entry(dtype: DType, shape: Sequence[int]) -> Any:
    entry: Any = BundleEntryProto(dtype=int(dtype))  # type: ignore[arg-type]
    entry.shape.SetInParent()
    for size in shape:
        entry.shape.dim.add(size=size)
    return entry


def _shape_of(entry: Any) -> tuple[int, ...]:
    return tuple(dim.size for dim in entry.shape.dim)
