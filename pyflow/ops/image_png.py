"""PNG files (RFC 2083) of 8 and 16 bits a channel: written, and read where Pillow would cut 16 bits to 8."""

from __future__ import annotations

import struct
import zlib

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# PNG's colour type by the number of channels: grey, grey and alpha, RGB, RGBA.
_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_CHANNELS = {color: channels for channels, color in _COLOR_TYPES.items()}


def write_png(image: np.ndarray, compression: int = -1) -> bytes:
    """A PNG file of a uint8 or uint16 image [height, width, channels], with 1 ... 4 channels.

    Args:
      compression: from 0 (none) to 9 (smallest), or -1 for zlib's own choice.
    """
    height, width, channels = image.shape
    pixel = channels * image.itemsize
    header = struct.pack(">IIBBBBB", width, height, 8 * image.itemsize, _COLOR_TYPES[channels], 0, 0, 0)
    stored = np.ascontiguousarray(image, image.dtype.newbyteorder(">")).reshape(height, -1).view(np.uint8)
    rows = np.empty((height, 1 + width * pixel), np.uint8)
    # Each row starts with the number of its filter; 1 stores the difference from the pixel to the left.
    rows[:, 0] = 1
    rows[:, 1:] = stored
    rows[:, 1 + pixel :] -= stored[:, :-pixel]
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), compression)), (b"IEND", b""))
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def read_deep_png(data: bytes) -> np.ndarray:
    """uint16 [height, width, channels] of a file with 16 bits a channel.

    Raises:
      ValueError: the data is damaged.
      NotImplementedError: the file is interlaced.
    """
    width, height, bits, color, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    if interlaced:
        raise NotImplementedError("DecodePng: interlaced images with 16 bits a channel")
    channels = _CHANNELS[color]
    pixel = channels * 2
    stride = width * pixel
    whole = (stride + 1) * height
    packed, place = b"", 8
    while place + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        if kind == b"IDAT":
            packed += body
        if kind == b"IEND":
            break
        place += 12 + length
    rows = zlib.decompressobj().decompress(packed, whole)
    if bits != 16 or len(rows) < whole:
        raise ValueError("not enough data")
    stored = np.frombuffer(rows, np.uint8).reshape(height, stride + 1)
    result = np.empty((height, stride), np.uint8)
    above = np.zeros(stride, np.uint8)
    for i in range(height):
        result[i] = above = _unfiltered(int(stored[i, 0]), stored[i, 1:], above, pixel)
    return result.view(">u2").reshape(height, width, channels).astype(np.uint16)


def _unfiltered(kind: int, row: np.ndarray, above: np.ndarray, pixel: int) -> np.ndarray:
    """A row as it was, from the differences that its filter stored."""
    if kind == 0:
        return row
    if kind == 1:
        return np.cumsum(row.reshape(-1, pixel), axis=0, dtype=np.uint8).reshape(-1)
    if kind == 2:
        return row + above
    if kind > 4:
        raise ValueError("unknown filter")
    # Each byte needs the one before it: no array operation does that.
    done, up = [0] * pixel + row.tolist(), [0] * pixel + above.tolist()
    for i in range(pixel, len(done)):
        if kind == 3:
            done[i] = done[i] + (done[i - pixel] + up[i]) // 2 & 255
        else:
            left, top, corner = done[i - pixel], up[i], up[i - pixel]
            by_left, by_top = abs(top - corner), abs(left - corner)
            by_corner = abs(left + top - 2 * corner)
            nearest = left if by_left <= by_top and by_left <= by_corner else top if by_top <= by_corner else corner
            done[i] = done[i] + nearest & 255
    return np.array(done[pixel:], np.uint8)
