"""Planes of a JPEG file in brightness and two colors, as pixels in red, green and blue: what libjpeg does, to the bit.

Everything goes by strips of rows, so that what is between stays in the cache, and in integers of 16 bits, of which
numpy does twice as many at once as of any wider numbers. Even columns and odd ones are kept apart: so all that is
computed stands side by side, and two pixels of three bytes are three numbers of 16 bits.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from pyflow.ops.parallel import scratch

_LITTLE = sys.byteorder == "little"
_STRIP = 64 << 10  # pixels
# Steps that can be smooth: the shift that divides, and how even and odd pixels round.
SMOOTH = {(1, 2): (2, 1, 2), (2, 1): (2, 1, 2), (2, 2): (4, 8, 7)}
_THREE = np.int16(3)
_RANGE = np.int16(0), np.int16(255)
_CENTER = 128  # what stands for no blueness and no redness


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
    pixels = np.empty((height, width + width % 2, len(planes)), np.uint8)
    count = max(_STRIP // width // 8, 1) * 8
    centers = [_CENTER if conversion and i in (1, 2) else 0 for i in range(len(planes))]
    planes = [_padded(plane) if between else plane for plane, between in zip(planes, smooth)]
    for start in range(0, height, count):
        out = pixels[start : start + count]
        rows, columns = out.shape[0], (width + 1) // 2
        strip = []
        for i, (plane, step, center) in enumerate(zip(planes, steps, centers)):
            kept = scratch((2, -(-rows // step[0]) * step[0], columns), np.int16, f"plane {i}")
            _fill(kept, plane, step, start, center)
            strip.append(kept[:, :rows])
        if conversion:
            strip = _convert(strip, conversion)
        _interleave(strip, out)
    return pixels if width % 2 == 0 else np.ascontiguousarray(pixels[:, :width])


def _padded(plane: np.ndarray) -> np.ndarray:
    """int16, with its outermost values once more around it."""
    result = np.empty((plane.shape[0] + 2, plane.shape[1] + 2), np.int16)
    result[1:-1, 1:-1] = plane
    result[0, 1:-1], result[-1, 1:-1] = plane[0], plane[-1]
    result[:, 0], result[:, -1] = result[:, 1], result[:, -2]
    return result


def _fill(out: np.ndarray, plane: np.ndarray, step: tuple[int, int], start: int, zero: int) -> None:
    """Fills [2, rows, columns], the even and the odd columns of pixels, from the row `start`, a multiple of 8.

    The values come out less `zero`. A padded plane is upscaled smoothly.
    """
    down, across = step
    first, rows, columns = start // down, out.shape[1] // down, out.shape[2]
    if plane.dtype == np.uint8:
        _repeat(out.reshape(2, rows, down, columns), plane[first : first + rows], across, zero)
        return
    shift, *rounding = SMOOTH[step]
    values = plane[first : first + rows + 2]
    if down == 1:
        values = values[1:-1]
    if across == 2:
        near = np.multiply(values[:, 1 : columns + 1], _THREE, out=scratch((len(values), columns), np.int16, "near"))
        wide = out if down == 1 else scratch((2, len(values), columns), np.int16, "wide")
        for i in (0, 1):
            np.add(near, values[:, 2 * i : 2 * i + columns], out=wide[i])
    else:
        wide = scratch((2, len(values), columns), np.int16, "wide")
        for i in (0, 1):
            half = values[:, 1 + i : -1 : 2]
            wide[i, :, : half.shape[1]] = half
    # Nothing was rounded yet, so the columns may come first, of which there are half as many as there will be.
    if down == 2:
        doubled = out.reshape(2, rows, 2, columns)
        near = np.multiply(wide[:, 1:-1], _THREE, out=scratch((2, rows, columns), np.int16, "near"))
        np.add(near, wide[:, :-2], out=doubled[:, :, 0])
        np.add(near, wide[:, 2:], out=doubled[:, :, 1])
    ends = [np.int16(end - (zero << shift)) for end in rounding]
    for i in (0, 1):
        if across == 2:
            out[i] += ends[i]
        else:
            out.reshape(2, rows, 2, columns)[:, :, i] += ends[i]
    out >>= shift


def _repeat(out: np.ndarray, plane: np.ndarray, across: int, zero: int) -> None:
    """Fills [2, rows, times, columns] with what the pixels at the even and the odd columns have."""
    if across > 1:
        plane = plane.repeat(across, axis=1)
    width = min(2 * out.shape[-1], plane.shape[1])
    if width == 2 * out.shape[-1] and plane.strides[1] == 1 and _LITTLE:
        # Of two bytes the even one is the rest, and the odd one what is above: quicker than taking every other byte.
        pairs = plane[:, None, :width].view(np.int16)
        np.bitwise_and(pairs, _RANGE[1], out=out[0])
        np.right_shift(pairs.view(np.uint16), np.uint16(8), out=out[1].view(np.uint16))
    else:
        for i in (0, 1):
            half = plane[:, None, i:width:2]
            out[i, :, :, : half.shape[-1]] = half
    if zero:
        out -= np.int16(zero)


def _convert(strip: Sequence[np.ndarray], conversion: str) -> list[np.ndarray]:
    """Makes red, green and blue of brightness and of the blueness and redness beyond their center, in their places.

    libjpeg multiplies the colors by 2 ** 16 times 1.402 (redness in red), -0.344136 and -0.714136 (blueness and redness
    in green), and 1.772 (blueness in blue). For red and blue as many bits as fit into 16 come to the same: all of their
    values were compared. For green all bits are needed; the upper half of a sum is the sum shifted by 16.
    """
    brightness, blueness, redness = strip[:3]
    shape = brightness.shape
    wide, more = (scratch(shape, np.int32, name) for name in ("wide", "more"))
    np.copyto(wide, blueness)
    wide *= np.int32(-22554)
    np.copyto(more, redness)
    more *= np.int32(-46802)
    wide += more
    wide += np.int32(1 << 15)
    rest = scratch(shape, np.int16, "rest")
    _scale(redness, 179, 15, 5, rest)
    _scale(blueness, 226, 105, 7, rest)
    redness += brightness
    blueness += brightness
    if _LITTLE:
        brightness += wide.view(np.int16)[..., 1::2]
    else:
        wide >>= 16
        np.add(brightness, wide, out=brightness, casting="unsafe")
    colors = [redness, brightness, blueness]
    for color in colors:
        if conversion == "CMY":
            np.subtract(_RANGE[1], color, out=color)
        np.clip(color, *_RANGE, out=color)
    return [*colors, *strip[3:]]


def _scale(color: np.ndarray, whole: int, part: int, shift: int, rest: np.ndarray) -> None:
    """The color times (whole + part / 2 ** shift) / 2 ** 7, in its place."""
    np.multiply(color, np.int16(part), out=rest)
    rest >>= shift
    color *= np.int16(whole)
    color += rest
    color += np.int16(1 << 6)
    color >>= 7


def _interleave(strip: Sequence[np.ndarray], out: np.ndarray) -> None:
    """Fills [rows, columns, planes] with planes [2, rows, columns / 2], which are used up."""
    pairs = out.reshape(len(out), -1).view(np.int16).reshape(len(out), -1, len(strip))
    bytes_ = [plane[i] for i in (0, 1) for plane in strip]
    for k in range(len(strip)):
        low, high = bytes_[2 * k : 2 * k + 2][:: 1 if _LITTLE else -1]
        high *= np.int16(1 << 8)
        high |= low
        pairs[..., k] = high
