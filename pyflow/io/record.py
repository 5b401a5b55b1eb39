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
from collections.abc import Iterator
from typing import Any, BinaryIO

from pyflow.core import errors
from pyflow.io import crc32c
from pyflow.io.file_errors import errors_about

_HEADER_BYTES = 12
_FOOTER_BYTES = 4
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
        if self._file.closed:
            raise errors.FailedPreconditionError(None, None, "Writer is closed.")
        self._put(frame(record))

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
    path = os.fsdecode(path)
    with contextlib.ExitStack() as stack:
        with errors_about(path):
            file = stack.enter_context(open(path, "rb"))
        source = _Decompressed(file, _window_bits(compression)) if compression else file
        position = 0
        while True:
            with errors_about(path):
                header = _read(source, _HEADER_BYTES)
                if len(header) < _HEADER_BYTES:
                    return
                length = struct.unpack("<Q", _checked(header, position))[0]
                rest = _read(source, length + _FOOTER_BYTES)
            if len(rest) < length + _FOOTER_BYTES:
                raise errors.DataLossError(None, None, f"truncated record at {position}")
            yield _checked(rest, position + _HEADER_BYTES)
            position += _HEADER_BYTES + length + _FOOTER_BYTES


def _checked(data: bytes, position: int) -> bytes:
    """`data` without the checksum at its end, if that is right."""
    content = data[:-4]
    if struct.unpack("<I", data[-4:])[0] != crc32c.masked_value(content):
        raise errors.DataLossError(None, None, f"corrupted record at {position}")
    return content


def _read(source: Any, count: int) -> bytes:
    """Up to `count` bytes; fewer at the end of the file."""
    pieces = []
    while count > 0:
        piece = source.read(min(count, _CHUNK))
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


class _Decompressed:
    """What a compressed file holds, a bounded piece at a time."""

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
                        raise errors.DataLossError(None, None, "the compressed data end too early")
                    return b""
            self._begun = True
            try:
                data = self._decompressor.decompress(given, count)
            except zlib.error as error:
                raise errors.DataLossError(None, None, f"inflate() failed: {error}") from None
            if data:
                return data


def _window_bits(compression: str) -> int:
    if compression not in _WINDOW_BITS:
        raise errors.InvalidArgumentError(None, None, f"Unsupported compression type: {compression}")
    return _WINDOW_BITS[compression]
