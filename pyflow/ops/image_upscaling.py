"""Planes of a JPEG file in brightness and two colors, as pixels in red, green and blue: what libjpeg does, to the bit.

Everything goes by strips of rows, so that what is between stays in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_STRIP = 24 << 10  # pixels: a strip in float32 is small enough for the allocator to hand out the same memory again
# Steps that can be smooth: the shift that divides, and how even and odd pixels round.
SMOOTH = {(1, 2): (2, 1, 2), (2, 1): (2, 1, 2), (2, 2): (4, 8, 7)}


def upscaled(
    planes: Sequence[np.ndarray],
    steps: Sequence[tuple[int, int]],
    smooth: Sequence[bool],
    conversion: str,
    shape: tuple[int, int],
) -> np.ndarray:
    """uint8 [height, width, planes] of planes that keep one value for some rows and columns of pixels.

    Args:
      planes: uint8 [rows, columns], enough to cover the shape.
      steps: rows and columns of pixels that a value of the plane is for.
      smooth: of which planes pixels between two values are to be between them, 3 to 1; these have a value for two rows,
        two columns or two by two pixels.
      conversion: "RGB" or "CMY" for planes that are brightness, blueness and redness (and further ones, which are kept
        as they are); "" for none.
      shape: height and width.
    """
    height, width = shape
    pixels = np.empty((height, width, len(planes)), np.uint8)
    count = max(_STRIP // width // 8, 1) * 8
    planes = [_padded(plane) if between else plane for plane, between in zip(planes, smooth)]
    scratch = [np.empty((min(count, height), width), np.float32) for _ in range(5)]
    for start in range(0, height, count):
        end = min(start + count, height)
        strip = [_rows(plane, step, start, end)[:, :width] for plane, step in zip(planes, steps)]
        out = pixels[start:end]
        if conversion:
            _convert(strip, conversion, out, scratch)
        for i in range(3 if conversion else 0, len(planes)):
            np.copyto(out[..., i], strip[i], casting="unsafe")
    return pixels


def _padded(plane: np.ndarray) -> np.ndarray:
    """int16, with its outermost values once more around it."""
    result = np.empty((plane.shape[0] + 2, plane.shape[1] + 2), np.int16)
    result[1:-1, 1:-1] = plane
    result[0, 1:-1], result[-1, 1:-1] = plane[0], plane[-1]
    result[:, 0], result[:, -1] = result[:, 1], result[:, -2]
    return result


def _rows(plane: np.ndarray, step: tuple[int, int], start: int, end: int) -> np.ndarray:
    """The rows of pixels from `start`, a multiple of 8, to `end`. A padded plane is upscaled smoothly."""
    down, across = step
    first, last = start // down, -(-end // down)
    if plane.dtype == np.uint8:
        values = plane[first:last]
        if down > 1:
            values = values.repeat(down, axis=0)[: end - start]
        return values.repeat(across, axis=1) if across > 1 else values
    shift, *rounding = SMOOTH[step]
    values = plane[first : last + 2]
    if down == 2:
        doubled = np.empty((last - first, 2, values.shape[1]), np.int16)
        near = values[1:-1] * 3
        np.add(near, values[:-2], out=doubled[:, 0])
        np.add(near, values[2:], out=doubled[:, 1])
        if across == 1:
            doubled += np.array(rounding, np.int16)[:, None]
        values = doubled.reshape(-1, values.shape[1])
    else:
        values = values[1:-1]
    values = values[: end - start]
    if across == 1:
        return values[:, 1:-1] >> shift
    near = values[:, 1:-1] * 3
    doubled = np.empty((*near.shape, 2), np.int16)
    side = np.add(near, values[:, :-2])
    side += rounding[0]
    np.right_shift(side, shift, out=doubled[..., 0])
    np.add(near, values[:, 2:], out=side)
    side += rounding[1]
    np.right_shift(side, shift, out=doubled[..., 1])
    return doubled.reshape(len(near), -1)


# Of red, green and blue (or cyan, magenta and yellow, which are what these lack): the shares of blueness and redness.
# These are libjpeg's, which it multiplies by 2 ** 16; float32 comes to the same pixels: all colors were compared.
_SHARES = ((0.0, 91881 / 65536), (-22554 / 65536, -46802 / 65536), (116130 / 65536, 0.0))


def _convert(strip: Sequence[np.ndarray], conversion: str, out: np.ndarray, scratch: list[np.ndarray]) -> None:
    total, product, brightness, *chroma = (array[: len(out)] for array in scratch)
    for array, values in zip((brightness, *chroma), strip):
        np.copyto(array, values)
    for channel, shares in enumerate(_SHARES):
        np.add(brightness, np.float32(0.5 - 128 * sum(shares)), out=total)
        for share, values in zip(shares, chroma):
            if share:
                np.add(total, np.multiply(values, np.float32(share), out=product), out=total)
        if conversion == "CMY":
            np.subtract(255, np.floor(total, out=total), out=total)
        np.clip(total, 0, 255, out=total)
        np.copyto(out[..., channel], total, casting="unsafe")
