"""TFRecord files: records of bytes one after the other, each with its length and checksums.

    length: 8 bytes | masked CRC-32C of those: 4 | data: length bytes | masked CRC-32C of the data: 4

all little-endian; the file as a whole may be compressed (GZIP, ZLIB). Event files are such files too.
See https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details.
"""

from __future__ import annotations

import contextlib
import functools
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np

from pyflow.core import errors
from pyflow.io import crc32c
from pyflow.io.file_errors import errors_about

_HEADER_BYTES = 12
_FRAME_BYTES = 16
_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
_BYTES_OF_CHECKSUM = np.arange(4)
_CHECKSUM_PLACES = 8 + _BYTES_OF_CHECKSUM  # that of the length, in a record
# Compression by name, and zlib's window bits for it.
_WINDOW_BITS = {"ZLIB": 15, "GZIP": 31}
# A length from a file asks for no more memory than this before that much has been read.
_CHUNK = 1 << 18
_FEWEST_ALIKE = 4


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
    for _, _, records in _blocks(path, compression):
        yield from records


def read_record_blocks(path: str | bytes | os.PathLike, compression: str = "") -> Iterator[list[bytes]]:
    """As `read_records`, those that are read at once together."""
    for _, _, records in _blocks(path, compression):
        yield records


def read_placed_records(path: str | bytes | os.PathLike, compression: str = "") -> Iterator[tuple[int, bytes]]:
    """As `read_records`, each record with its place in the (decompressed) file in bytes."""
    for begin, starts, records in _blocks(path, compression):
        yield from zip((begin + start for start in starts), records)


def _blocks(path: str | bytes | os.PathLike, compression: str) -> Iterator[tuple[int, Sequence[int], list[bytes]]]:
    """The records that are read at once: where that begins, where in it each starts, and their bytes."""
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
            data = data + more if data else more
            starts, lengths, end, missing = _complete_records(data)
            if starts:
                records = [data[i + _HEADER_BYTES : i + _HEADER_BYTES + n] for i, n in zip(starts, lengths)]
                corrupted = _first_corrupted(data, starts, lengths, records)
                if corrupted is not None:
                    row, within = corrupted
                    yield start, starts[:row], records[:row]
                    raise _corrupted(start + starts[row] + within, path)
                yield start, starts, records
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


def _complete_records(data: bytes) -> tuple[Sequence[int], list[int], int, int]:
    """Starts and lengths of the records that are in `data` as a whole; where they end, how much the next one lacks.

    Checksums are not looked at: after a wrong length, the places that follow mean nothing.
    """
    alike, length = _records_alike(data)
    if alike:
        first, lengths = range(0, alike * (length + _FRAME_BYTES), length + _FRAME_BYTES), [length] * alike
        position = first.stop
    else:
        first, lengths, position = [], [], 0
    starts, last, unpack = [], len(data) - _HEADER_BYTES, _LENGTH.unpack_from
    missing = 0
    while position <= last:
        (length,) = unpack(data, position)
        end = position + _FRAME_BYTES + length
        if end > len(data):
            missing = end - len(data)
            break
        starts.append(position)
        lengths.append(length)
        position = end
    return [*first, *starts] if starts else first, lengths, position, missing


def _records_alike(data: bytes) -> tuple[int, int]:
    """How many records, from the first on, are of one length; and that length. Few are none."""
    if len(data) < _HEADER_BYTES:
        return 0, 0
    (length,) = _LENGTH.unpack_from(data)
    step = length + _FRAME_BYTES
    count = len(data) // step
    if count < _FEWEST_ALIKE or data[step * (_FEWEST_ALIKE - 1) :][:8] != data[:8]:
        return 0, length
    others = np.ndarray((count,), "<u8", data, 0, (step,)) != length
    return (int(others.argmax()) if others.any() else count), length


def _first_corrupted(
    data: bytes, starts: Sequence[int], lengths: list[int], records: list[bytes]
) -> tuple[int, int] | None:
    """The first of the records that a checksum says is damaged, and where in it: at its length or at its data."""
    if isinstance(starts, range):
        given_lengths, given = (
            np.ndarray((len(starts),), "<u4", data, place, (starts.step,)) for place in (8, starts.step - 4)
        )
        lengths_right = given_lengths == _check_of_length(lengths[0])
    else:
        content, first = np.frombuffer(data, np.uint8), np.array(starts)[:, None]
        given_lengths = content[first + _CHECKSUM_PLACES].view("<u4")[:, 0]
        given = content[first + (np.array(lengths)[:, None] + _HEADER_BYTES + _BYTES_OF_CHECKSUM)].view("<u4")[:, 0]
        lengths_right = np.array([_check_of_length(n) for n in lengths], np.uint32) == given_lengths
    right = lengths_right & crc32c.are_right(records, given)
    if right.all():
        return None
    row = int(right.argmin())
    return row, _HEADER_BYTES if lengths_right[row] else 0


@functools.lru_cache(4096)
def _check_of_length(length: int) -> int:
    return crc32c.masked_value(_LENGTH.pack(length))


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
