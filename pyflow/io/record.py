"""TFRecord files: records of bytes one after the other, each with its length and checksums.

    length: 8 bytes | masked CRC-32C of those: 4 | data: length bytes | masked CRC-32C of the data: 4

all little-endian; the file as a whole may be compressed (GZIP, ZLIB). Event files are such files too.
See https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from pyflow.core import errors
from pyflow.io import crc32c
from pyflow.io.file_errors import errors_about

_HEADER_BYTES = 12
_FRAME_BYTES = 16
_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
# Compression by name, and zlib's window bits for it.
_WINDOW_BITS = {"ZLIB": 15, "GZIP": 31}
# A length from a file asks for no more memory than this before that much has been read.
_CHUNK = 1 << 20


class RecordWriter:
    """Writes a file of records; a context manager.

    Args:
      path: the file, which is replaced if it exists.
      compression: "", "GZIP" or "ZLIB".
      level: zlib's, -1 ... 9.

    Raises:
      InvalidArgumentError: no such compression.
      NotFoundError: the folder doesn't exist.
      ResourceExhaustedError: the disk is full (in any of the methods).
    """

    def __init__(self, path: str | bytes | os.PathLike, compression: str = "", level: int = -1):
        self._path = os.fsdecode(path)
        self._compressor = None
        if compression:
            self._compressor = zlib.compressobj(level, zlib.DEFLATED, _window_bits(compression))
        with errors_about(self._path):
            self._file: BinaryIO = open(self._path, "wb")

    def write(self, record: bytes) -> None:
        """Appends a record."""
        self.check_open()
        self._put(frame(record))

    def check_open(self) -> None:
        """Raises FailedPreconditionError after `close`."""
        if self._file.closed:
            raise errors.FailedPreconditionError(None, None, "Writer not initialized or previously closed")

    def flush(self) -> None:
        """Hands everything written so far to the operating system."""
        if not self._file.closed:
            if self._compressor:
                self._put(b"", zlib.Z_SYNC_FLUSH)
            with errors_about(self._path):
                self._file.flush()

    def close(self) -> None:
        """Completes the file; again is fine."""
        if not self._file.closed:
            if self._compressor:
                self._put(b"", zlib.Z_FINISH)
            with errors_about(self._path):
                self._file.close()

    def _put(self, data: bytes, flush_mode: int | None = None) -> None:
        if self._compressor:
            data = self._compressor.compress(data)
            if flush_mode is not None:
                data += self._compressor.flush(flush_mode)
        with errors_about(self._path):
            self._file.write(data)

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


def frame(record: bytes) -> bytes:
    """A record as it stands in a file."""
    length = struct.pack("<Q", len(record))
    checks = struct.pack("<I", crc32c.masked_value(length)), struct.pack("<I", crc32c.masked_value(record))
    return b"".join((length, checks[0], record, checks[1]))


def read_records(path: str | bytes | os.PathLike, compression: str = "") -> Iterator[bytes]:
    """The records of a file, in order.

    A file that ends within the 12 bytes before a record ends with the record before, as TensorFlow has it: its writer
    may not have got further yet.

    Raises:
      NotFoundError: there is no such file.
      InvalidArgumentError: no such compression.
      DataLossError: a record is cut off or damaged, or the compressed data are.
    """
    for block in _blocks(path, compression):
        for _, record in block:
            yield record


def read_placed_records(path: str | bytes | os.PathLike, compression: str = "") -> Iterator[tuple[int, bytes]]:
    """As `read_records`, each record with its place in the (decompressed) file in bytes."""
    for block in _blocks(path, compression):
        yield from block


def _blocks(path: str | bytes | os.PathLike, compression: str) -> Iterator[Iterable[tuple[int, bytes]]]:
    """The records that are read at once, each with its place."""
    path = os.fsdecode(path)
    with contextlib.ExitStack() as stack:
        with errors_about(path):
            source = stack.enter_context(decompressed_file(path, compression))
        start, data, missing = 0, b"", _CHUNK
        while True:
            with errors_about(path):
                more, damage = _read(source, max(missing, _CHUNK))
            ended = len(more) < max(missing, _CHUNK)
            if ended:
                stack.close()  # mostly at once: nobody has to exhaust the iterator to close a small file
            data += more
            places, end, missing = _complete_records(data)
            yield _checked(data, places, start, path)
            start, data = start + end, data[end:]
            if len(data) >= _HEADER_BYTES and (missing > _CHUNK or ended):
                # Only a length with the right checksum says how much more to read, or that the file is cut off.
                if not crc32c.are_right([data[:8]], [_CHECKSUM.unpack_from(data, 8)[0]])[0]:
                    raise _corrupted(start, path)
                if ended and damage is None:
                    raise _truncated(start, path)
            if damage is not None:
                raise _truncated(start, path) if isinstance(damage, _EarlyEnd) else damage
            if ended:
                return


def _complete_records(data: bytes) -> tuple[list[tuple[int, int]], int, int]:
    """Start and length of the records that are in `data` as a whole; where they end, and how much the next one lacks.

    Checksums are not looked at: after a wrong length, the places that follow mean nothing.
    """
    places, position, size = [], 0, len(data)
    while position + _HEADER_BYTES <= size:
        (length,) = _LENGTH.unpack_from(data, position)
        end = position + _FRAME_BYTES + length
        if end > size:
            return places, position, end - size
        places.append((position, length))
        position = end
    return places, position, 0


def _checked(data: bytes, places: list[tuple[int, int]], start: int, path: str) -> Iterable[tuple[int, bytes]]:
    """The records at those places of data that start there, up to the first whose checksums are wrong: an error."""
    records = [data[place + _HEADER_BYTES : place + _HEADER_BYTES + length] for place, length in places]
    lengths_right = crc32c.are_right(
        [data[place : place + 8] for place, _ in places], [_CHECKSUM.unpack_from(data, p + 8)[0] for p, _ in places]
    )
    given = [_CHECKSUM.unpack_from(data, place + _HEADER_BYTES + length)[0] for place, length in places]
    right = crc32c.are_right(records, given)
    placed = [(start + place, record) for (place, _), record in zip(places, records)]
    if all(lengths_right) and all(right):
        return placed
    return _until_damage(placed, list(zip(lengths_right, right)), path)


def _until_damage(placed: list, checks: list, path: str) -> Iterator[tuple[int, bytes]]:
    for (place, record), (length_right, right) in zip(placed, checks):
        if not length_right or not right:
            raise _corrupted(place + (_HEADER_BYTES if length_right else 0), path)
        yield place, record


def _corrupted(position: int, path: str) -> errors.DataLossError:
    return errors.DataLossError(None, None, f"corrupted record at {position} in {path}")


def _truncated(position: int, path: str) -> errors.DataLossError:
    return errors.DataLossError(None, None, f"truncated record at {position} in {path}")


def _read(source: Any, count: int) -> tuple[bytes, errors.DataLossError | None]:
    """Up to `count` bytes; fewer at the end, and where compressed data are damaged: then with the error."""
    pieces = []
    damage = None
    while count > 0:
        try:
            piece = source.read(min(count, _CHUNK))
        except errors.DataLossError as error:
            damage = error
            break
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces), damage


class _EarlyEnd(errors.DataLossError):
    """Compressed data that end in their middle."""


def decompressed_file(path: str, compression: str) -> Any:
    """What a file holds, with `read(count)`; a context manager.

    Raises:
      InvalidArgumentError: no such compression.
      OSError: it cannot be opened.
    """
    window_bits = _window_bits(compression) if compression else 0
    file = open(path, "rb")
    return _Decompressed(file, window_bits) if window_bits else file


class _Decompressed:
    """What a compressed file holds, a bounded piece at a time."""

    def __enter__(self) -> _Decompressed:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._file.close()

    def __init__(self, file: BinaryIO, window_bits: int):
        self._file, self._window_bits = file, window_bits
        self._decompressor = zlib.decompressobj(window_bits)
        self._begun = False

    def read(self, count: int) -> bytes:
        while True:
            if self._decompressor.eof:  # another compressed stream may follow, as after files were joined
                given = self._decompressor.unused_data or self._file.read(_CHUNK)
                if not given:
                    return b""
                self._decompressor = zlib.decompressobj(self._window_bits)
            else:
                given = self._decompressor.unconsumed_tail or self._file.read(_CHUNK)
                if not given:
                    if self._begun and not self._decompressor.eof:
                        raise _EarlyEnd(None, None, "the compressed data end too early")
                    return b""
            self._begun = True
            try:
                data = self._decompressor.decompress(given, count)
            except zlib.error as error:
                raise errors.DataLossError(None, None, f"inflate() failed with {_zlib_words(error)}") from None
            if data:
                return data


def _zlib_words(error: zlib.error) -> str:
    return str(error).replace("Error", "error", 1).replace(" while decompressing data", "", 1)


def _window_bits(compression: str) -> int:
    if compression not in _WINDOW_BITS:
        raise errors.InvalidArgumentError(None, None, f"Unsupported compression type: {compression}")
    return _WINDOW_BITS[compression]
