"""Image files as arrays: JPEG, PNG and GIF by Pillow (or simplejpeg), BMP and PNG of 16 bits by numpy.

Sizes are looked at before memory is taken: a file may be small and the image that it describes not.
"""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.ops.image_checks import check_size, pillow, refuse
from pyflow.ops.image_jpeg import JpegOptions, decode_jpeg
from pyflow.ops.image_png import read_deep_png


def shown_beginning(data: bytes) -> str:
    """The first bytes of a file, as messages show them."""
    escapes = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}
    return "".join(escapes.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in data[:16])


def decode(
    data: bytes, channels: int, dtype: Any = np.uint8, jpeg: JpegOptions | None = None, animated: bool = False
) -> np.ndarray:
    """The pixels of a JPEG, PNG or GIF file.

    Args:
      channels: 0 for those of the file, or 1, 3, 4.
      dtype: np.uint8, or np.uint16 for a PNG file.
      jpeg: how to decode a JPEG file.
      animated: the result is [frames, height, width, 3]; other files count as one frame.

    Returns:
      [height, width, channels].

    Raises:
      InvalidArgumentError: the data is damaged, too large, or of no such kind.
    """
    if data.startswith(b"\xff\xd8\xff"):
        if channels == 4:
            refuse("channels must be 0, 1, or 3 for JPEG, got 4")
        pixels = decode_jpeg(data, 3 if animated else channels, jpeg or JpegOptions())
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        pixels = decode_png(data, 3 if animated else channels, dtype)
    elif data.startswith(b"GIF8"):
        if channels in (1, 4):
            refuse(f"channels must be 0 or 3 for GIF, got {channels}")
        frames = decode_gif(data)
        if animated:
            return frames
        if len(frames) > 1:
            words = "animated gifs can only be decoded by tf.image.decode_gif or tf.image.decode_image"
            refuse(f"Got {len(frames)} frames, but {words}")
        pixels = frames[0]
    elif not data:
        refuse("Expected image (JPEG, PNG, or GIF), got empty file")
    else:
        start = shown_beginning(data)
        refuse(f"Expected image (JPEG, PNG, or GIF), got unknown format starting with '{start}'")
    return pixels[None] if animated else pixels


def decode_png(data: bytes, channels: int, dtype: Any = np.uint8) -> np.ndarray:
    """[height, width, channels] of a PNG file, see `decode`."""
    plugin = pillow("PngImagePlugin")
    try:
        width, height, bits, color = struct.unpack(">IIBB", data[16:26])
        if data[12:16] != b"IHDR" or not (width and height):
            raise ValueError("no header")
        check_size("PNG", width, height, max(channels, {0: 1, 4: 2, 6: 4}.get(color, 3)) * np.dtype(dtype).itemsize)
        image = plugin.PngImageFile(io.BytesIO(data))
    except InvalidArgumentError:
        raise
    except Exception:  # whatever damaged data makes Pillow raise
        refuse(f"Invalid PNG {'data, size' if len(data) >= 33 else 'header, data size'} {len(data)}")
    try:
        if bits == 16 and color != 0:
            pixels = read_deep_png(data)
        else:
            transparent = "transparency" in image.info
            if image.mode == "P":
                image = image.convert("RGBA" if transparent and channels in (0, 4) else "RGB")
            elif transparent and channels == 4 and bits < 16:
                image = image.convert("RGBA")
            elif image.mode == "1":
                image = image.convert("L")
            pixels = np.array(image)
    except NotImplementedError:
        raise
    except Exception:  # as above
        refuse(f"Invalid PNG data, size {len(data)}")
    if bits == 16:
        pixels = pixels.astype(np.uint16, copy=False)
    # Of few bits a channel, TensorFlow 1.15 takes the largest number that they hold for opaque.
    pixels = _with_channels(pixels, channels, (1 << bits) - 1)
    if pixels.dtype == dtype:
        return pixels
    return (pixels >> 8).astype(np.uint8) if dtype == np.uint8 else pixels.astype(np.uint16) * np.uint16(257)


def _with_channels(pixels: np.ndarray, channels: int, opaque: int = 255) -> np.ndarray:
    """Pixels [height, width] or [height, width, 1 ... 4] with that many channels, or with their own for 0."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    given = pixels.shape[-1]
    if channels in (0, given):
        return pixels
    colors, alpha = (pixels[..., :-1], pixels[..., -1:]) if given in (2, 4) else (pixels, None)
    if channels == 1:
        return colors if colors.shape[-1] == 1 else _gray(colors)
    result = np.empty((*pixels.shape[:2], channels), pixels.dtype)
    result[..., :3] = colors
    if channels == 4:
        result[..., 3:] = opaque if alpha is None else alpha
    return result


def _gray(colors: np.ndarray) -> np.ndarray:
    """Brightness: 0.299 red + 0.587 green + 0.114 blue, as libpng rounds them."""
    red, green, blue = (colors[..., i].astype(np.int64) for i in range(3))
    gray = 9797 * red + 19234 * green + 3737 * blue
    if colors.dtype != np.uint8:
        gray += 1 << 14
    return (gray >> 15).astype(colors.dtype)[..., None]


def _opaque(data: bytes) -> bytes:
    """A GIF file whose frames are drawn over each other with all their pixels, as TensorFlow 1.15 draws them."""
    edited, place = bytearray(data), 13
    place += 3 << (edited[10] & 7) + 1 if edited[10] & 128 else 0
    while place < len(edited) and edited[place] in b"\x21\x2c":
        if edited[place] == 0x21:
            if edited[place + 1] == 0xF9:
                edited[place + 3] &= ~0b11101  # the frame's disposal, and whether it has a transparent colour
            place += 2
        else:
            flags = edited[place + 9]
            place += 11 + (3 << (flags & 7) + 1 if flags & 128 else 0)
        while edited[place]:
            place += edited[place] + 1
        place += 1
    return bytes(edited)


def decode_gif(data: bytes) -> np.ndarray:
    """uint8 [frames, height, width, 3] of a GIF file.

    Raises:
      InvalidArgumentError: the data is damaged or too large.
    """
    plugin = pillow("GifImagePlugin")
    try:
        image = plugin.GifImageFile(io.BytesIO(_opaque(data)))
        check_size("GIF", *image.size, 3)
        count = image.n_frames
        check_size("GIF", *image.size, 3, count)
        frames = np.empty((count, image.height, image.width, 3), np.uint8)
        for i in range(count):
            image.seek(i)
            frames[i] = image.convert("RGB")
    except InvalidArgumentError:
        raise
    except Exception as error:  # as above
        why = "failed to open gif file: No screen descriptor detected" if len(data) < 13 else str(error)
        refuse(f"Invalid GIF data (size {len(data)}), {why}")
    return frames


def decode_bmp(data: bytes, channels: int) -> np.ndarray:
    """uint8 [height, width, channels] of a BMP file with 8, 24 or 32 bits a pixel and no compression.

    Args:
      channels: 0 for those of the file, or their number.

    Raises:
      InvalidArgumentError: the data is damaged, too large, or of another kind.
    """
    if len(data) < 32:
        words = "requires at least 32 bytes to find the header size, width, height, and bpp"
        refuse(f"Incomplete bmp content, {words}, got {len(data)} bytes")
    (start,), (width, height), (bits,) = (
        struct.unpack_from(form, data, at) for form, at in (("<i", 10), ("<ii", 18), ("<H", 28))
    )
    given = bits // 8
    if channels and channels != given:
        refuse(f"channels attribute {channels} does not match bits per pixel from file {given}")
    if given not in (1, 3, 4):
        refuse(f"Number of channels must be 1, 3 or 4, was {given}")
    rows = abs(height)
    if width <= 0 or height == 0 or start < 0:
        refuse(f"Invalid bmp header: width {width}, height {height}, header size {start}")
    check_size("BMP", width, rows, given)
    stride = (given * width + 3) // 4 * 4
    needed = start + stride * (rows - 1) + given * width
    if len(data) < needed:
        refuse(f"Incomplete bmp content, requires at least {needed} bytes, got {len(data)} bytes")
    stored = np.frombuffer(data[start : start + stride * rows].ljust(stride * rows, b"\0"), np.uint8)
    pixels = stored.reshape(rows, stride)[:, : given * width].reshape(rows, width, given)
    if height > 0:
        pixels = pixels[::-1]  # from the bottom up
    return np.ascontiguousarray(pixels[..., [2, 1, 0, 3][:given]] if given > 1 else pixels)
