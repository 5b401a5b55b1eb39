"""JPEG files by libjpeg-turbo itself, of which `simplejpeg` leaves the choices to its caller, where that is installed.

It is the library that TensorFlow has, so that the pixels are the same to the bit, in a quarter of the time that Pillow
and `image_upscaling` need. It is asked first, and gives nothing where the answer could differ: a file with anything
damaged in it, or a part of an image whose colors libjpeg would upscale as if nothing were beside it.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any, NamedTuple

import numpy as np

# How many channels the image has.
_CHANNELS = {"Gray": 1, "RGB": 3, "YCbCr": 3, "CMYK": 4, "YCCK": 4}
_BLOCK = 8


class Header(NamedTuple):
    """What a file says of its image: pixels, how colors are stored, and the name of their subsampling."""

    height: int
    width: int
    colors: str
    sampling: str

    @property
    def channels(self) -> int:
        return _CHANNELS[self.colors]


@functools.cache
def _library() -> Any:
    try:
        return importlib.import_module("simplejpeg")
    except ImportError:
        return None


def header(data: bytes) -> Header | None:
    """None if there is no library, or it can't make sense of the file."""
    library = _library()
    if library is None:
        return None
    try:
        found = Header(*library.decode_jpeg_header(data))
    except Exception:  # whatever damaged data makes it raise
        return None
    return found if found.colors in _CHANNELS and found.sampling != "unknown" else None


def pixels(
    data: bytes, found: Header, colors: str, ratio: int = 1, smooth: bool = True, fast: bool = True
) -> np.ndarray | None:
    """uint8 [height, width, channels] of a whole image, smaller by `ratio`.

    Args:
      found: what `header` gave.
      colors: "RGB", "GRAY" for the brightness alone, or "CMYK" as stored.

    Returns:
      None if anything is wrong with the file, even if the image could be seen.
    """
    if ratio > 1 and max(found.height, found.width) < _BLOCK:
        return None  # of so small an image, several scales give the same size
    least = (-(-found.height // ratio), -(-found.width // ratio)) if ratio > 1 else (0, 0)
    try:
        return _library().decode_jpeg(data, colors, fast, not smooth, *least, strict=True)
    except Exception:  # as above
        return None


def is_cut_from_whole(found: Header, left: int, columns: int, ratio: int, smooth: bool) -> bool:
    """Whether some columns come out as they are in the whole image.

    libjpeg begins at the last border of blocks. There, and at the end of the last column, colors lack a neighbor to be
    mixed with. Of two columns that share a color, the first is mixed with what is before it, the second with what is
    behind it.
    """
    end = left + columns
    if not smooth or found.sampling in ("444", "440", "Gray") or (left == 0 and end >= -(-found.width // ratio)):
        return True
    if ratio > 1 or found.sampling == "411":
        return ratio == 1  # one value for four columns is never mixed
    begin = left // (2 * _BLOCK) * 2 * _BLOCK
    return end - begin > 2 and (left > begin or left == 0) and (end % 2 == 1 or end == found.width)
