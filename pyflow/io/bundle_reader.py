"""Reading checkpoints of version 2. Nothing in a file is trusted: what does not fit together is a DataLossError."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.errors import DataLossError, InvalidArgumentError, NotFoundError, UnimplementedError
from pyflow.io import crc32c, tensor_codec
from pyflow.io.bundle_writer import data_path, index_path
from pyflow.io.file_errors import errors_about
from pyflow.io.table import TableReader
from pyflow.io.tensor_slices import TensorSlice, read_slice, slice_key
from pyflow.protos.checkpoint_pb2 import BundleEntryProto, BundleHeaderProto

_MOST_SHARDS = 99999  # the names of the files have five digits


class BundleReader:
    """The tensors of a checkpoint; data files are read only where a tensor lies.

    Args:
      prefix: path of the checkpoint, without the endings of its files.

    Raises:
      NotFoundError: there is no index.
      DataLossError: the index is damaged.
    """

    def __init__(self, prefix: str):
        self._prefix = prefix
        path = index_path(prefix)
        with errors_about(path), open(path, "rb") as file:
            try:
                self.pairs = TableReader(file).read_all()
            except DataLossError as error:
                raise DataLossError(None, None, f"Unable to open table file {path}: {error.message}") from error
        header: Any = _parse(BundleHeaderProto, self.pairs.pop(b"", None), f"the header of {path}")
        if header.endianness != BundleHeaderProto.LITTLE:
            raise UnimplementedError(None, None, "Reading a bundle with different endianness from the reader")
        if header.version.min_consumer > 1:
            raise InvalidArgumentError(
                None, None, f"Checkpoint min consumer version {header.version.min_consumer} above current version 1"
            )
        if not 0 < header.num_shards <= _MOST_SHARDS:
            raise DataLossError(None, None, f"{path} speaks of {header.num_shards} data files")
        self.shards: int = header.num_shards

    def names(self) -> list[bytes]:
        """The names of the tensors, in order. Keys of slices, which start with a zero byte, are left out."""
        return [key for key in self.pairs if not key.startswith(b"\0")]

    def has(self, name: bytes) -> bool:
        """Whether there is a tensor of that name."""
        return name in self.pairs

    def describe(self, name: bytes) -> tuple[DType, tuple[int, ...]]:
        """The dtype and the full shape of a tensor.

        Raises:
          NotFoundError: there is none of that name.
          DataLossError: its entry is damaged.
        """
        return _described(self._entry(name), name)

    def entry(self, key: bytes) -> Any:
        """The BundleEntryProto of a key; raises as `describe` does."""
        return self._entry(key)

    def _entry(self, key: bytes) -> Any:
        if key not in self.pairs:
            raise NotFoundError(None, None, f"Key {_shown(key)} not found in checkpoint")
        return _parse(BundleEntryProto, self.pairs[key], f"the entry of {_shown(key)}")

    def read(self, name: bytes) -> np.ndarray:
        """The value of a tensor; one that was saved in slices is put together.

        Raises:
          NotFoundError: there is none of that name.
          DataLossError: the file is damaged or too short.
        """
        entry = self._entry(name)
        dtype, shape = _described(entry, name)
        if not entry.slices:
            return self._value(entry, dtype, shape, name)
        return self._joined(name, dtype, shape, [read_slice(part) for part in entry.slices])

    def read_slice(self, name: bytes, part: TensorSlice) -> np.ndarray:
        """A slice of a tensor; raises as `read` does."""
        key = slice_key(name, part)
        if key in self.pairs:
            entry = self._entry(key)
            return self._value(entry, *_described(entry, name), name)
        return np.ascontiguousarray(self.read(name)[part.index()])

    def _joined(self, name: bytes, dtype: DType, shape: tuple[int, ...], parts: list[TensorSlice]) -> np.ndarray:
        keys = [slice_key(name, part) for part in parts]
        entries = [self._entry(key) for key in keys]
        if not all(part.is_within(shape) for part in parts):
            raise DataLossError(None, None, f"A slice of {_shown(name)} lies outside of the tensor")
        for entry, part in zip(entries, parts):
            if _described(entry, name) != (dtype, part.shape(shape)):
                raise DataLossError(None, None, f"A slice of {_shown(name)} has another shape or dtype than stated")
        count = _product(shape)
        # Slices that share bytes of a file could claim a tensor of any size.
        if sum(_product(part.shape(shape)) for part in parts) != count or len(set(keys)) < len(keys):
            raise DataLossError(None, None, f"The slices of {_shown(name)} are not the whole tensor")
        if count * _least_bytes(dtype) > sum(self._shard_size(s) for s in {e.shard_id for e in entries}):
            raise DataLossError(None, None, f"{_shown(name)} is larger than its data files")
        full = np.empty(shape, dtype.as_numpy_dtype)
        written = np.zeros(shape, np.bool_)
        for entry, part in zip(entries, parts):
            full[part.index()] = self._value(entry, dtype, part.shape(shape), name)
            written[part.index()] = True
        if not written.all():
            raise DataLossError(None, None, f"The slices of {_shown(name)} are not the whole tensor")
        return full

    def _shard_size(self, shard: int) -> int:
        path = self._shard_path(shard)
        with errors_about(path):
            return os.path.getsize(path)

    def _shard_path(self, shard: int) -> str:
        if not 0 <= shard < self.shards:
            raise DataLossError(None, None, f"There is no data file {shard} of {self.shards}")
        return data_path(self._prefix, shard, self.shards)

    def _value(self, entry: Any, dtype: DType, shape: tuple[int, ...], name: bytes) -> np.ndarray:
        path = self._shard_path(entry.shard_id)
        with errors_about(path), open(path, "rb") as file:
            available = file.seek(0, 2)
            if entry.offset < 0 or entry.size < 0 or entry.offset + entry.size > available:
                raise DataLossError(
                    None, None, f"Requested {entry.size} bytes at {entry.offset} of {path}, which has {available}"
                )
            data = np.empty(entry.size, np.uint8)
            file.seek(entry.offset)
            if file.readinto(data.data) != entry.size:
                raise DataLossError(None, None, f"{path}: truncated while it was read")
        value, crc = tensor_codec.decode(data, dtype, shape)
        if crc32c.mask(crc) != entry.crc32c:
            raise DataLossError(
                None,
                None,
                f"TensorBundle at {self._prefix} shard {entry.shard_id} ({entry.size} bytes): Checksum does not match: "
                f"stored {crc32c.unmask(entry.crc32c)} vs. calculated on the restored bytes {crc}",
            )
        return value


def _parse(kind: Any, data: bytes | None, what: str) -> Any:
    if data is None:
        raise DataLossError(None, None, f"{what} is missing")
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise DataLossError(None, None, f"{what} is damaged") from error


def _described(entry: Any, name: bytes) -> tuple[DType, tuple[int, ...]]:
    shape = tuple(dim.size for dim in entry.shape.dim)
    if entry.shape.unknown_rank or any(size < 0 for size in shape) or len(shape) > 32:
        raise DataLossError(None, None, f"Invalid shape of {_shown(name)}: {list(shape)}")
    try:
        dtype = dtypes.as_dtype(int(entry.dtype))
    except TypeError as error:
        raise DataLossError(None, None, f"Invalid dtype of {_shown(name)}: {entry.dtype}") from error
    if not dtype.is_numpy_compatible or dtype._is_ref_dtype:
        raise UnimplementedError(None, None, f"Reading a tensor of {dtype.name} is not supported")
    return dtype, shape


def _least_bytes(dtype: DType) -> int:
    return 1 if dtype is dtypes.string else np.dtype(dtype.as_numpy_dtype).itemsize


def _product(shape: Iterable[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _shown(key: bytes) -> str:
    return key.decode(errors="backslashreplace")
