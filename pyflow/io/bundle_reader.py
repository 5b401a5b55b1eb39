"""Reading checkpoints of version 2. Nothing in a file is trusted: what does not fit together is a DataLossError."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np
from google.protobuf.message import DecodeError

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.errors import DataLossError, InvalidArgumentError, NotFoundError, UnimplementedError
from pyflow.io import crc32c, tensor_codec
from pyflow.io.bundle_commit import data_path, index_path, read_header
from pyflow.io.file_errors import errors_about
from pyflow.io.table import TableReader
from pyflow.io.tensor_slices import TensorSlice, read_slice, slice_key
from pyflow.protos.checkpoint_pb2 import BundleEntryProto, BundleHeaderProto

_BLOCK = 1 << 22  # bytes that are read at once where a tensor is only looked through

_WITHOUT_SIZE = (dtypes.string, dtypes.variant)


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
            self._identity = _identity(os.fstat(file.fileno()))
            self.pairs = TableReader(file).read_all()
        header = read_header(self.pairs.pop(b"", None), path)
        if header.endianness != BundleHeaderProto.LITTLE:
            raise UnimplementedError(None, None, "Reading a bundle with different endianness from the reader")
        if header.version.min_consumer > 1:
            raise InvalidArgumentError(
                None, None, f"Checkpoint min consumer version {header.version.min_consumer} above current version 1"
            )
        self.shards: int = header.num_shards
        self._whole: tuple[bytes, np.ndarray] | None = None
        self._verified: dict[bytes, tuple[int, ...]] = {}  # the state of the file in which a key was found undamaged
        self._held: dict[int, BinaryIO] | None = None

    def is_stale(self) -> bool:
        """Whether the checkpoint has been replaced by another one since the index was read."""
        try:
            return _identity(os.stat(index_path(self._prefix))) != self._identity
        except OSError:
            return False

    def names(self) -> list[bytes]:
        """The names of the tensors, in order. Keys of slices, which start with a zero byte, are left out."""
        return [key for key in self.pairs if not key.startswith(b"\0")]

    def pieces(self) -> Iterator[tuple[bytes, DType, tuple[int, ...]]]:
        """Key, dtype and shape of all that has data of its own: tensors, and slices of those saved in slices."""
        for key in self.pairs:
            if not self.entry(key).slices:
                yield key, *self.describe(key)

    def has(self, name: bytes) -> bool:
        """Whether there is a tensor of that name."""
        return name in self.pairs

    def describe(self, name: bytes) -> tuple[DType, tuple[int, ...]]:
        """The dtype and the full shape of a tensor.

        Raises:
          NotFoundError: there is none of that name.
          DataLossError: its entry is damaged.
        """
        return _described(self.entry(name), name)

    def entry(self, key: bytes) -> Any:
        """The BundleEntryProto of a key; raises as `describe` does."""
        if key not in self.pairs:
            raise NotFoundError(None, None, f"Key {_shown(key)} not found in checkpoint")
        try:
            return BundleEntryProto.FromString(self.pairs[key])
        except DecodeError as error:
            raise DataLossError(None, None, f"the entry of {_shown(key)} is damaged") from error

    def read(self, name: bytes) -> np.ndarray:
        """The value of a tensor; one that was saved in slices is put together.

        Raises:
          NotFoundError: there is none of that name.
          DataLossError: the file is damaged or too short.
        """
        entry = self.entry(name)
        dtype, shape = _described(entry, name)
        if entry.slices:
            return self._joined(name, entry, dtype, shape)
        return self._value(entry, dtype, shape, name)

    def read_slice(self, name: bytes, part: TensorSlice) -> np.ndarray:
        """A slice of a tensor; raises as `read` does."""
        key = slice_key(name, part)
        if key in self.pairs:
            entry = self.entry(key)
            return self._value(entry, *_described(entry, name), name)
        if self._whole is None or self._whole[0] != name:  # its other slices may be asked for next
            self._whole = (name, self.read(name))
        return np.ascontiguousarray(self._whole[1][part.index()])

    def key_of(self, name: bytes, part: TensorSlice | None) -> bytes | None:
        """The key of numbers that `read_into` can read: a tensor, or a slice of it, that was saved as such."""
        if part is not None and not part.is_full(self.describe(name)[1]):
            name = slice_key(name, part)
        if name not in self.pairs or self.entry(name).slices:
            return None
        return None if self.describe(name)[0] in (dtypes.string, dtypes.bool, dtypes.bfloat16) else name

    def check_budget(self, names: Iterable[bytes]) -> None:
        """Makes sure that different tensors are not said to be the same bytes: memory would be needed for each.

        Raises:
          DataLossError: together they have more bytes than the data files.
        """
        keys = set()
        for name in names:
            slices = self.entry(name).slices
            keys.update([slice_key(name, read_slice(part)) for part in slices] if slices else [name])
        entries = [self.entry(key) for key in keys]
        if sum(e.size for e in entries) > sum(self._shard_size(s) for s in {e.shard_id for e in entries}):
            raise DataLossError(None, None, f"Tensors at {self._prefix} have more bytes than their data files")

    def verify(self, key: bytes) -> None:
        """Looks through the numbers of a key, without keeping them.

        Raises:
          DataLossError: they are damaged.
        """
        entry = self.entry(key)
        _check_size(entry, *_described(entry, key), key)
        crc, block = 0, np.empty(min(_BLOCK, entry.size), np.uint8)
        with self._data(entry) as file:
            for start in range(0, entry.size, _BLOCK):
                piece = block[: entry.size - start]
                self._fill(file, entry, piece)
                crc = crc32c.extend(crc, piece)
            self._verified[key] = _identity(os.fstat(file.fileno()))
        self._check(entry, crc)

    def read_into(self, key: bytes, array: np.ndarray) -> None:
        """Reads the numbers of a key into an array of their dtype and shape whose memory is in one piece.

        Raises:
          DataLossError: they are damaged; the array may have been changed.
        """
        entry = self.entry(key)
        _check_size(entry, *_described(entry, key), key)
        data = array.reshape(-1).view(np.uint8)
        with self._data(entry) as file:
            self._fill(file, entry, data)
            if self._verified.get(key) != _identity(os.fstat(file.fileno())):
                self._check(entry, crc32c.value(data))
        if sys.byteorder == "big":
            array.byteswap(inplace=True)

    @contextlib.contextmanager
    def files_kept_open(self) -> Iterator[None]:
        """Opens each data file once, at its first use, until the end of the context."""
        self._held = held = {}
        try:
            yield
        finally:
            self._held = None
            for file in held.values():
                file.close()

    def _joined(self, name: bytes, whole: Any, dtype: DType, shape: tuple[int, ...]) -> np.ndarray:
        parts = [read_slice(part) for part in whole.slices]
        keys = [slice_key(name, part) for part in parts]
        entries = [self.entry(key) for key in keys]
        if not all(part.is_within(shape) for part in parts):
            raise DataLossError(None, None, f"A slice of {_shown(name)} lies outside of the tensor")
        for entry, part in zip(entries, parts):
            if _described(entry, name) != (dtype, part.shape(shape)):
                raise DataLossError(None, None, f"A slice of {_shown(name)} has another shape or dtype than stated")
        # Slices that share bytes of a file could claim a tensor of any size.
        if sum(math.prod(part.shape(shape)) for part in parts) != math.prod(shape) or len(set(keys)) < len(keys):
            raise DataLossError(None, None, f"The slices of {_shown(name)} are not the whole tensor")
        if _bytes(dtype, shape) > sum(self._shard_size(s) for s in {e.shard_id for e in entries}):
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

    @contextlib.contextmanager
    def _data(self, entry: Any) -> Iterator[BinaryIO]:
        """The data file at the tensor's first byte; all of the tensor lies within the file."""
        path = self._shard_path(entry.shard_id)
        with contextlib.ExitStack() as stack, errors_about(path):
            held = self._held or {}
            file: Any = held.get(entry.shard_id)
            if file is None:
                file = open(path, "rb", buffering=0)
                if self._held is None:
                    stack.enter_context(file)
                else:
                    self._held[entry.shard_id] = file
            available = file.seek(0, 2)
            if entry.offset < 0 or entry.size < 0 or entry.offset + entry.size > available:
                raise DataLossError(
                    None, None, f"Requested {entry.size} bytes at {entry.offset} of {path}, which has {available}"
                )
            file.seek(entry.offset)
            yield file

    def _value(self, entry: Any, dtype: DType, shape: tuple[int, ...], name: bytes) -> np.ndarray:
        _check_size(entry, dtype, shape, name)
        with self._data(entry) as file:
            data = np.empty(entry.size, np.uint8)
            self._fill(file, entry, data)
        value, crc = tensor_codec.decode(data, dtype, shape)
        self._check(entry, crc)
        return value

    def _fill(self, file: BinaryIO, entry: Any, data: np.ndarray) -> None:
        """Reads as many bytes as `data` has."""
        done = 0
        while done < len(data):
            count = file.readinto(data.data[done:])  # type: ignore[attr-defined]
            if not count:
                raise DataLossError(None, None, f"{self._shard_path(entry.shard_id)}: truncated while it was read")
            done += count

    def _check(self, entry: Any, crc: int) -> None:
        """Compares a checksum with the stored one."""
        if crc32c.mask(crc) != entry.crc32c:
            raise DataLossError(
                None,
                None,
                f"TensorBundle at {self._prefix} shard {entry.shard_id} ({entry.size} bytes): Checksum does not match: "
                f"stored {crc32c.unmask(entry.crc32c)} vs. calculated on the restored bytes {crc}",
            )


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _check_size(entry: Any, dtype: DType, shape: tuple[int, ...], key: bytes) -> None:
    expected = _bytes(dtype, shape)
    if entry.size < expected if dtype in _WITHOUT_SIZE else entry.size != expected:
        raise DataLossError(
            None,
            None,
            f"Invalid size in bundle entry: key {_shown(key)}; stored size {entry.size}; expected size {expected}",
        )


def _described(entry: Any, name: bytes) -> tuple[DType, tuple[int, ...]]:
    shape = tuple(dim.size for dim in entry.shape.dim)
    if entry.shape.unknown_rank or any(size < 0 for size in shape) or len(shape) > 32:
        raise DataLossError(None, None, f"Invalid shape of {_shown(name)}: {list(shape)}")
    try:
        dtype = dtypes.as_dtype(int(entry.dtype))
    except TypeError as error:
        raise DataLossError(None, None, f"Invalid dtype of {_shown(name)}: {entry.dtype}") from error
    if not (dtype.is_numpy_compatible or dtype is dtypes.variant) or dtype._is_ref_dtype:
        raise UnimplementedError(None, None, f"Reading a tensor of {dtype.name} is not supported")
    return dtype, shape


def _bytes(dtype: DType, shape: tuple[int, ...]) -> int:
    """The bytes that a tensor has in a file; of strings and variants, at least."""
    return math.prod(shape) * (1 if dtype in _WITHOUT_SIZE else np.dtype(dtype.as_numpy_dtype).itemsize)


def _shown(key: bytes) -> str:
    return key.decode(errors="backslashreplace")
