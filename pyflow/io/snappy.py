"""Reading of data that was compressed by Snappy, as the blocks of V1 checkpoints are.

https://github.com/google/snappy/blob/main/format_description.txt
"""

from __future__ import annotations

from pyflow.core.errors import DataLossError
from pyflow.io import varint

# A copy of up to 64 bytes takes at least two.
_MOST_EXPANSION = 64


def uncompress(data: bytes) -> bytes:
    """The data as it was before.

    Raises:
      DataLossError: it was not compressed so, or is damaged.
    """
    end = len(data)
    size, position = varint.decode(data, 0, end, 32)
    if size > _MOST_EXPANSION * end:
        raise _damaged()
    out = bytearray()
    while position < end:
        tag = data[position]
        position += 1
        kind, length = tag & 3, tag >> 2
        if kind == 0:
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(_piece(data, position, extra), "little")
                position += extra
            length += 1
            out += _piece(data, position, length)
            position += length
        else:
            if kind == 1:
                length = (length & 7) + 4
                offset = (tag >> 5) << 8 | _piece(data, position, 1)[0]
                position += 1
            else:
                length += 1
                width = 2 if kind == 2 else 4
                offset = int.from_bytes(_piece(data, position, width), "little")
                position += width
            if not 0 < offset <= len(out):
                raise _damaged()
            start = len(out) - offset
            pattern = bytes(out[start : start + length])
            out += (pattern * (length // len(pattern) + 1))[:length]
        if len(out) > size:
            raise _damaged()
    if len(out) != size:
        raise _damaged()
    return bytes(out)


def _piece(data: bytes, position: int, length: int) -> bytes:
    if position + length > len(data):
        raise _damaged()
    return data[position : position + length]


def _damaged() -> DataLossError:
    return DataLossError(None, None, "corrupted compressed block contents")
