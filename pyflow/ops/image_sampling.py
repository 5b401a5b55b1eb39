"""Where the pixels of a resized image come from: positions and weights along one axis, as TensorFlow 1.15 rounds them.

An axis of `size` pixels is sampled at `count` positions. All arithmetic is in float32, as TensorFlow's is, and what
it gives is kept: a program resizes to the same size again and again.
"""

from __future__ import annotations

import functools

import numpy as np

_HALF, _ONE = np.float32(0.5), np.float32(1)
# Cubic weights are looked up at this many places between two pixels.
_STEPS = 1 << 10


def step_between(size: int, count: int, align_corners: bool) -> np.float32:
    """How far apart in the input two neighbouring pixels of the output are."""
    if align_corners and count > 1:
        return np.float32(size - 1) / np.float32(count - 1)
    return np.float32(size) / np.float32(count)


def _positions(size: int, count: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    step = step_between(size, count, align_corners)
    places = np.arange(count, dtype=np.float32)
    return (places + _HALF) * step - _HALF if half_pixel_centers else places * step


@functools.lru_cache(256)
def linear(
    size: int, count: int, align_corners: bool, half_pixel_centers: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each output pixel the pixels before and after its place (intp), and the weight of the latter (float32)."""
    places = _positions(size, count, align_corners, half_pixel_centers)
    floor = np.floor(places)
    lower = np.maximum(floor.astype(np.intp), 0)
    upper = np.minimum(np.ceil(places).astype(np.intp), size - 1)
    return np.minimum(lower, size - 1), upper, places - floor


@functools.lru_cache(256)
def nearest(size: int, count: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    """For each output pixel the nearest pixel (intp)."""
    step = step_between(size, count, align_corners)
    places = np.arange(count, dtype=np.float32)
    places = (places + _HALF) * step if half_pixel_centers else places * step
    chosen = np.floor(places)
    if align_corners:
        chosen = np.where(places - chosen < _HALF, chosen, np.ceil(places))  # a half is rounded up
    return np.clip(chosen.astype(np.intp), 0, size - 1)


@functools.lru_cache(2)
def _cubic_table(a: float) -> np.ndarray:
    """float32[_STEPS + 1, 2]: the weights of the nearer and of the farther pixel on one side."""
    x = np.arange(_STEPS + 1) / _STEPS
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    x = x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.stack([near, far], axis=1).astype(np.float32)


@functools.lru_cache(256)
def cubic(size: int, count: int, align_corners: bool, half_pixel_centers: bool) -> tuple[np.ndarray, np.ndarray]:
    """For each output pixel four pixels (intp[count, 4]) and their weights (float32[count, 4]).

    Source: R. Keys, Cubic convolution interpolation for digital image processing, 1981. Pixels beyond the border count
    as those at the border, or with `half_pixel_centers` not at all.
    """
    places = _positions(size, count, align_corners, half_pixel_centers)
    floor = np.floor(places)
    offset = np.rint((places - floor) * np.float32(_STEPS)).astype(np.intp)
    table = _cubic_table(-0.5 if half_pixel_centers else -0.75)
    before, after = table[offset], table[_STEPS - offset]
    weights = np.stack([before[:, 1], before[:, 0], after[:, 0], after[:, 1]], axis=1)
    wanted = floor.astype(np.intp)[:, None] + np.arange(-1, 3)
    indices = np.clip(wanted, 0, size - 1)
    if half_pixel_centers:
        weights *= indices == wanted
        total = weights[:, :1] + weights[:, 1:2] + weights[:, 2:3] + weights[:, 3:]
        np.divide(weights, total, out=weights, where=np.abs(total) >= 1000 * np.finfo(np.float32).tiny)
    return indices, weights


@functools.lru_cache(256)
def area(size: int, count: int, align_corners: bool) -> tuple[np.ndarray, np.ndarray]:
    """For each output pixel those that it covers (intp[count, k]) and how much of each (float32[count, k])."""
    step = step_between(size, count, align_corners)
    starts = np.arange(count, dtype=np.float32) * step
    ends = np.arange(1, count + 1, dtype=np.float32) * step
    first = np.floor(starts).astype(np.intp)
    taps = int((np.ceil(ends).astype(np.intp) - first).max())
    wanted = first[:, None] + np.arange(taps)
    begin = wanted.astype(np.float32)
    starts, ends = starts[:, None], ends[:, None]
    late, early = begin < starts, begin + _ONE > ends
    weights = np.where(
        late, np.where(early, step, begin + _ONE - starts), np.where(early, ends - begin, _ONE)
    ).astype(np.float32)
    weights *= begin < np.ceil(ends)
    return np.clip(wanted, 0, size - 1), weights


def matrix(size: int, indices: np.ndarray, weights: np.ndarray, dtype: type) -> np.ndarray:
    """[count, size]: what sampling an axis multiplies it with."""
    count = len(indices)
    dense = np.zeros((count, size), dtype)
    rows = np.broadcast_to(np.arange(count)[:, None], indices.shape)
    np.add.at(dense, (rows, indices), weights)
    return dense


@functools.lru_cache(64)
def linear_matrix(size: int, count: int, align_corners: bool, half_pixel_centers: bool, dtype: type) -> np.ndarray:
    """`matrix` of `linear`."""
    lower, upper, weight = linear(size, count, align_corners, half_pixel_centers)
    indices, weights = np.stack([lower, upper], axis=1), np.stack([_ONE - weight, weight], axis=1)
    return matrix(size, indices, weights, dtype)


@functools.lru_cache(64)
def cubic_matrix(size: int, count: int, align_corners: bool, half_pixel_centers: bool, dtype: type) -> np.ndarray:
    """`matrix` of `cubic`."""
    return matrix(size, *cubic(size, count, align_corners, half_pixel_centers), dtype)
