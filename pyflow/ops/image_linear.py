"""Linear interpolation between the pixels of images, in float32 and in the order of TensorFlow's arithmetic.

Of a row first the pixels before and after each place are gathered, then those are mixed; of the rows that this gives,
likewise. Strips of rows go through all of it one by one, so that what is between stays in the cache; they are still so
high that threads seldom wait for each other, as numpy lets go of the lock for long loops only.

Numbers gathered one by one take several times as long as to be mixed. But sizes mostly have a common divisor, so that
places repeat: 224 of 256 pixels are 7 of each 8. Then pixels side by side are copied in one piece.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from pyflow.ops import image_sampling
from pyflow.ops.parallel import scratch

_STRIP = 96 << 10  # numbers
# To copy a piece takes as long as to gather so many numbers.
_PIECE = 4
_MOST_PIECES = 4
# So many rows are multiplied in one loop: each loop takes some time to begin.
_TILE = 8


class Pieces(NamedTuple):
    """Places along an axis that repeat: `blocks` times the same ones, `step` pixels further on each time.

    Attributes:
      count: how many places a block has.
      runs: of places whose pixels are side by side, the first one, the first pixel (of each kind), and how many.
    """

    blocks: int
    step: int
    count: int
    runs: tuple[tuple[int, ...], ...]


def _pieces(size: int, *kinds: np.ndarray) -> Pieces | None:
    """How the pixels of each kind, of `size`, repeat; None if they don't, or are scattered."""
    blocks = int(np.gcd(size, len(kinds[0])))
    count, step = len(kinds[0]) // blocks, size // blocks
    starts = step * np.arange(blocks)[:, None]
    rows = [indices.reshape(blocks, count) - starts for indices in kinds]
    if any((row != row[0]).any() for row in rows):
        return None
    places = np.flatnonzero(np.any([np.diff(row[0], prepend=-2) != 1 for row in rows], axis=0))
    columns = places, *(row[0][places] for row in rows), np.diff(places, append=count)
    runs = tuple(zip(*(column.tolist() for column in columns)))
    return Pieces(blocks, step, count, runs) if len(runs) <= _MOST_PIECES else None


class Rows(NamedTuple):
    """Which rows are mixed, and how: see `image_sampling.linear`.

    Attributes:
      pieces: how they repeat, or None.
      copied: each row is one of the input: all weights are 0.
    """

    lower: np.ndarray
    upper: np.ndarray
    weight: np.ndarray
    pieces: Pieces | None
    copied: bool


@functools.lru_cache(256)
def _rows(size: int, count: int, align_corners: bool, half_pixel_centers: bool, finite: bool) -> Rows:
    """If all numbers are `finite`, what has the weight 0 may be any row."""
    lower, upper, weight = image_sampling.linear(size, count, align_corners, half_pixel_centers)
    pieces = _pieces(size, lower, upper)
    if finite:
        following = np.where((weight == 0) & (lower + 1 < size), lower + 1, upper)
        other = _pieces(size, lower, following)
        if other is not None and (pieces is None or len(other.runs) < len(pieces.runs)):
            pieces, upper = other, following
    return Rows(lower, upper, weight, pieces, finite and not weight.any())


class Columns(NamedTuple):
    """Which numbers of a row are mixed: pixels before (side 0) and after (side 1), of several numbers each.

    Attributes:
      indices, pieces: for each side, where to find all numbers, and how pixels repeat.
      weights: of each number of _TILE rows.
      copied: as in Rows.
    """

    indices: tuple[np.ndarray, np.ndarray]
    pieces: tuple[Pieces | None, Pieces | None]
    weights: np.ndarray
    copied: bool


@functools.lru_cache(256)
def _columns(size: int, count: int, align_corners: bool, half_pixel_centers: bool, finite: bool, depth: int) -> Columns:
    pixels = _rows(size, count, align_corners, half_pixel_centers, finite)
    indices, pieces = [], []
    for side in (pixels.lower, pixels.upper):
        indices.append((side[:, None] * depth + np.arange(depth)).reshape(-1))
        found = _pieces(size, side)
        pieces.append(found if found is not None and len(found.runs) * _PIECE <= found.count * depth else None)
    weights = np.tile(np.repeat(pixels.weight, depth), _TILE)
    return Columns((indices[0], indices[1]), (pieces[0], pieces[1]), weights, pixels.copied)


def resize(images: np.ndarray, align_corners: bool, half_pixel_centers: bool, out: np.ndarray) -> None:
    """Fills `out`, float32 [n, rows, columns, channels], from images [n, height, width, channels] of any real dtype."""
    batch, height, width, depth = images.shape
    _, rows, columns, _ = out.shape
    finite = images.dtype.kind in "iu"
    down = _rows(height, rows, align_corners, half_pixel_centers, finite)
    across = _columns(width, columns, align_corners, half_pixel_centers, finite, depth)
    count = -(-rows // max(round(columns * depth * max(height, rows) / _STRIP), 1))
    if down.pieces is not None:
        count = -(-count // down.pieces.count) * down.pieces.count
    images = np.ascontiguousarray(images).reshape(batch, height, width * depth)
    for image, result in zip(images, out.reshape(batch, rows, columns * depth)):
        for start in range(0, rows, count):
            _fill_strip(image, depth, down, across, start, result[start : start + count])


def _fill_strip(image: np.ndarray, depth: int, down: Rows, across: Columns, start: int, strip: np.ndarray) -> None:
    """Fills the rows from `start` on."""
    count, size = strip.shape
    lower, upper, weights = (column[start : start + count] for column in down[:3])
    if down.copied:
        _narrow(image[lower], depth, across, strip)
        return
    first, end = int(lower[0]), int(upper[-1]) + 1
    if 2 * count <= end - first:
        # Most rows aren't looked at: leave them out before anything is done to them.
        narrow = scratch((2 * count, size), np.float32, "narrow")
        _narrow(image[np.concatenate([lower, upper])], depth, across, narrow)
        _mix(narrow[:count], narrow[count:], weights[:, None], strip)
        return
    narrow = scratch((end - first, size), np.float32, "narrow")
    _narrow(image[first:end], depth, across, narrow)
    pieces = down.pieces
    if pieces is None:
        above = narrow.take(lower - first, axis=0, out=scratch(strip.shape, np.float32, "left"), mode="clip")
        narrow.take(upper - first, axis=0, out=strip, mode="clip")
        _mix(above, strip, weights[:, None], strip)
        return
    blocks = count // pieces.count
    begin = start // pieces.count * pieces.step - first
    strides = pieces.step * narrow.strides[0], *narrow.strides
    for place, low, high, length in pieces.runs:
        target = strip.reshape(blocks, pieces.count, size)[:, place : place + length]
        above, below = (
            np.ndarray(target.shape, np.float32, narrow, (begin + row) * strides[1], strides) for row in (low, high)
        )
        _mix(above, below, weights.reshape(blocks, -1, 1)[:, place : place + length], target)


def _mix(above: np.ndarray, below: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
    np.subtract(below, above, out=out)
    np.multiply(out, weights, out=out)
    np.add(out, above, out=out)


def _narrow(rows: np.ndarray, depth: int, across: Columns, out: np.ndarray) -> None:
    """Fills `out` [rows, columns * depth] from rows [rows, width * depth]."""
    if across.copied:
        _gather(rows, depth, across, 0, out)
        return
    left = scratch(out.shape, np.float32, "left")
    _gather(rows, depth, across, 0, left)
    _gather(rows, depth, across, 1, out)
    np.subtract(out, left, out=out)
    whole = len(out) // _TILE * _TILE
    for part in (out[:whole].reshape(-1, len(across.weights)), out[whole:]):
        if len(part):
            np.multiply(part, across.weights[: part.shape[1]], out=part)
    np.add(out, left, out=out)


def _gather(rows: np.ndarray, depth: int, across: Columns, side: int, out: np.ndarray) -> None:
    """Fills `out` with the numbers of each row that one side needs."""
    pieces = across.pieces[side]
    given = out if rows.dtype == out.dtype else scratch(out.shape, rows.dtype, "given")
    if pieces is None:
        rows.take(across.indices[side], axis=1, out=given, mode="clip")
    else:
        pixel, shape = depth * rows.itemsize, (len(rows), pieces.blocks)
        for place, first, length in pieces.runs:
            kind = np.dtype((np.void, length * pixel))
            source = np.ndarray(shape, kind, rows, first * pixel, (rows.strides[0], pieces.step * pixel))
            target = np.ndarray(shape, kind, given, place * pixel, (given.strides[0], pieces.count * pixel))
            np.copyto(target, source)
    if given is not out:
        np.copyto(out, given)
