"""IDX, the file format of MNIST and its relatives: a magic number, the sizes as big-endian integers, the bytes.

Format: http://yann.lecun.com/exdb/mnist/. Files may be gzipped, whatever they are called.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from typing import Any, BinaryIO

import numpy as np

from pyflow.core.errors import DataLossError

IMAGES_MAGIC = 2051  # bytes in three dimensions: image, row, column
LABELS_MAGIC = 2049  # bytes in one dimension

_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"


def read_idx(file: BinaryIO, name: str, magic: int, kind: str) -> np.ndarray:
    """The uint8 array in an IDX file, of as many dimensions as the magic number says.

    Args:
      file: open for reading in binary mode, at the start.
      name: what to call the file in errors.
      magic: IMAGES_MAGIC or LABELS_MAGIC.
      kind: "image" or "label", for the error.

    Raises:
      ValueError: the file starts with another magic number.
      DataLossError: it is truncated, goes on after the last item, or its compression is damaged.
    """
    start = file.read(2)
    file.seek(0)
    stream: Any = gzip.GzipFile(fileobj=file) if start == _GZIP_MAGIC else file
    try:
        found = _integers(stream, 1, name)[0]
        if found != magic:
            raise ValueError(f"Invalid magic number {found} in MNIST {kind} file: {name}")
        shape = _integers(stream, magic & 0xFF, name)
        content = _read(stream, math.prod(shape), name)
        if stream.read(1):
            raise DataLossError(
                None, None, f"{name} goes on after the {math.prod(shape)} bytes that its header announces"
            )
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataLossError(None, None, f"{name} is damaged or truncated: {error}") from error
    return np.frombuffer(content, np.uint8).reshape(shape)


def _integers(stream: Any, count: int, name: str) -> tuple[int, ...]:
    return struct.unpack(f">{count}I", _read(stream, 4 * count, name))


def _read(stream: Any, size: int, name: str) -> bytearray:
    # In pieces: a damaged header may announce more than there is memory.
    content = bytearray()
    while len(content) < size:
        piece = stream.read(min(_CHUNK, size - len(content)))
        if not piece:
            raise DataLossError(None, None, f"{name} is truncated: {len(content)} bytes where {size} were expected")
        content += piece
    return content
