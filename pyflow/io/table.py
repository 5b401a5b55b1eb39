"""Sorted string tables, in the format of LevelDB: what `.index` files and V1 checkpoints are.

A file is blocks of key-value pairs, an index block that maps the last key of each block to where it lies, and a footer.
Keys of a block share prefixes with the one before, but for one in sixteen. Every block ends with a checksum.

https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from pyflow.core.errors import DataLossError
from pyflow.io import crc32c, snappy, varint

MAGIC = 0xDB4775248B80FB57
FOOTER_SIZE = 48
TRAILER_SIZE = 5
BLOCK_SIZE = 256 * 1024
RESTART_INTERVAL = 16
_RAW, _SNAPPY = 0, 1
_KEY_EXPANSION = 64  # more than prefixes save in any table that a writer makes


def _damaged(words: str) -> DataLossError:
    return DataLossError(None, None, words)


class TableReader:
    """The pairs of a table, in the order of their keys.

    Nothing is allocated for a length before the length is found to be within the file.

    Args:
      file: open for reading in binary mode; the reader seeks in it.

    Raises:
      DataLossError: the footer or the index is damaged.
    """

    def __init__(self, file: BinaryIO):
        self._file = file
        self._size = file.seek(0, 2)
        if self._size < FOOTER_SIZE:
            raise _damaged("file is too short to be an sstable")
        footer = self._read(self._size - FOOTER_SIZE, FOOTER_SIZE)
        if struct.unpack_from("<Q", footer, 40)[0] != MAGIC:
            raise _damaged("not an sstable (bad magic number)")
        meta_index, position = _decode_handle(footer, 0, 40)
        handle, position = _decode_handle(footer, position, 40)
        if any(footer[position:40]):
            raise _damaged("bad footer of an sstable")
        self._block(meta_index)  # holds nothing that is used, but says whether the file is damaged there
        self._key_budget = _KEY_EXPANSION * self._size
        self._index = [(key, _decode_handle(value, 0, len(value))[0]) for key, value in self._pairs_at(handle)]

    def _read(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        data = self._file.read(size)
        if len(data) != size:
            raise _damaged("truncated block read")
        return data

    def _pairs_at(self, handle: tuple[int, int]) -> Iterator[tuple[bytes, bytes]]:
        return _pairs(self._block(handle), self._key_budget)

    def _block(self, handle: tuple[int, int]) -> bytes:
        offset, size = handle
        if offset + size + TRAILER_SIZE > self._size - FOOTER_SIZE:
            raise _damaged("block lies outside of the file")
        data = self._read(offset, size + TRAILER_SIZE)
        kind, stored = struct.unpack_from("<BI", data, size)
        if crc32c.mask(crc32c.value(memoryview(data)[: size + 1])) != stored:
            raise _damaged("block checksum mismatch")
        if kind == _RAW:
            return data[:size]
        if kind == _SNAPPY:
            return snappy.uncompress(data[:size])
        raise _damaged("bad block type")

    def items(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """The pairs whose key is not less than `start`.

        Raises:
          DataLossError: a block is damaged, or keys are not in order.
        """
        last = None
        for limit, handle in self._index:
            if limit < start:
                continue
            for key, value in self._pairs_at(handle):
                if last is not None and key <= last:
                    raise _damaged("keys of the sstable are not in order")
                last = key
                if key >= start:
                    yield key, value

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None.

        Raises:
          DataLossError: the block that would hold it is damaged.
        """
        for found, value in self.items(key):
            return value if found == key else None
        return None

    def read_all(self) -> dict[bytes, bytes]:
        """All pairs, in order. For tables whose values are small.

        Raises:
          DataLossError: a block is damaged, or the keys would fill many times the memory that the file has bytes.
        """
        pairs, budget = {}, self._key_budget
        for key, value in self.items():
            budget -= len(key)
            if budget < 0:
                raise _damaged("keys of the sstable are too long")
            pairs[key] = value
        return pairs


def _decode_handle(data: bytes, position: int, end: int) -> tuple[tuple[int, int], int]:
    offset, position = varint.decode(data, position, end)
    size, position = varint.decode(data, position, end)
    return (offset, size), position


def _pairs(block: bytes, key_budget: int) -> Iterator[tuple[bytes, bytes]]:
    if len(block) < 4:
        raise _damaged("bad block contents")
    (restarts,) = struct.unpack_from("<I", block, len(block) - 4)
    end = len(block) - 4 - 4 * restarts
    if end < 0:
        raise _damaged("bad block contents")
    key, position = b"", 0
    while position < end:
        shared, position = varint.decode(block, position, end, 32)
        added, position = varint.decode(block, position, end, 32)
        size, position = varint.decode(block, position, end, 32)
        if shared > len(key) or position + added + size > end:
            raise _damaged("bad entry in block")
        key = key[:shared] + block[position : position + added]
        key_budget -= len(key)
        if key_budget < 0:
            raise _damaged("keys of the sstable are too long")
        position += added
        yield key, block[position : position + size]
        position += size


class _BlockBuilder:
    def __init__(self, restart_interval: int):
        self._restart_interval = restart_interval
        self.clear()

    def clear(self) -> None:
        self.data = bytearray()
        self._restarts = [0]
        self._count = 0
        self._last = b""

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._count == self._restart_interval:
            self._restarts.append(len(self.data))
            self._count = 0
        else:
            shared = _common_prefix(self._last, key)
        self.data += varint.encode(shared) + varint.encode(len(key) - shared) + varint.encode(len(value))
        self.data += key[shared:] + value
        self._last = key
        self._count += 1

    def size(self) -> int:
        return len(self.data) + 4 * len(self._restarts) + 4

    def finish(self) -> bytes:
        return bytes(self.data) + struct.pack(f"<{len(self._restarts) + 1}I", *self._restarts, len(self._restarts))


def _common_prefix(a: bytes, b: bytes) -> int:
    length = min(len(a), len(b))
    return next((i for i in range(length) if a[i] != b[i]), length)


class TableWriter:
    """Writes a table, uncompressed.

    Args:
      file: open for writing in binary mode, at its start; finish() leaves it open.
    """

    def __init__(self, file: BinaryIO):
        self._file = file
        self._offset = 0
        self._block = _BlockBuilder(RESTART_INTERVAL)
        self._index = _BlockBuilder(1)
        self._last: bytes | None = None
        self._unindexed: bytes | None = None

    def add(self, key: bytes, value: bytes) -> None:
        """Adds a pair.

        Raises:
          ValueError: the key does not follow the one before it.
        """
        if self._last is not None and key <= self._last:
            raise ValueError(f"Key {key!r} does not follow {self._last!r}")
        if self._unindexed is not None:
            self._index.add(_separator(self._last or b"", key), self._unindexed)
            self._unindexed = None
        self._block.add(key, value)
        self._last = key
        if self._block.size() >= BLOCK_SIZE:
            self._flush()

    def _flush(self) -> None:
        if self._block.data:
            self._unindexed = self._write(self._block.finish())
            self._block.clear()

    def _write(self, contents: bytes) -> bytes:
        typed = contents + bytes([_RAW])
        self._file.write(typed + struct.pack("<I", crc32c.mask(crc32c.value(typed))))
        handle = varint.encode(self._offset) + varint.encode(len(contents))
        self._offset += len(contents) + TRAILER_SIZE
        return handle

    def finish(self) -> None:
        """Writes what remains, the index and the footer."""
        self._flush()
        meta_index = self._write(_BlockBuilder(1).finish())
        if self._unindexed is not None:
            self._index.add(_successor(self._last or b""), self._unindexed)
        handles = meta_index + self._write(self._index.finish())
        self._file.write(handles.ljust(40, b"\0") + struct.pack("<Q", MAGIC))


def _separator(last: bytes, following: bytes) -> bytes:
    """A short key that is at least `last` and less than `following`."""
    i = _common_prefix(last, following)
    if i < min(len(last), len(following)) and last[i] < 255 and last[i] + 1 < following[i]:
        return last[:i] + bytes([last[i] + 1])
    return last


def _successor(last: bytes) -> bytes:
    """A short key that is at least `last`."""
    for i, byte in enumerate(last):
        if byte != 255:
            return last[:i] + bytes([byte + 1])
    return last
