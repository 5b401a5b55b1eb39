"""The blocks that a convolution on numpy is done in: which windows they have, and what these see of the input.

A block is so small that it stays in the cache between being laid out and being multiplied. All arrays are
channels-last; padding is done on the fly, so that no padded copy of the whole input is made.
"""

from __future__ import annotations

import math

import numpy as np

from pyflow.ops import parallel
from pyflow.ops.windows import Windows

BLOCK_BYTES = 1536 * 1024
# Gradients to the filter are summed in this many parts, whatever the number of threads is.
SUMS = 4
as_strided = np.lib.stride_tricks.as_strided


class Block:
    """The windows of the images [start, stop) within [top, bottom) of the first spatial axis; all, if of several."""

    __slots__ = ("start", "stop", "top", "bottom")

    def __init__(self, start: int, stop: int, top: int, bottom: int):
        self.start, self.stop, self.top, self.bottom = start, stop, top, bottom

    def of(self, windowed: np.ndarray) -> np.ndarray:
        """The part of an array [n, counts, channels] that belongs to the block, as a matrix."""
        part = windowed[self.start : self.stop, self.top : self.bottom]
        return part.reshape(-1, part.shape[-1])


def blocks_of(images: int, windows: Windows, channels: int, itemsize: int, whole_images: bool = False) -> list[Block]:
    """Blocks that cover all windows, each of about the size that fits the cache."""
    rows = windows.counts[0]
    row_bytes = math.prod(windows.counts[1:]) * math.prod(windows.window) * channels * itemsize
    image_bytes = max(rows * row_bytes, 1)
    if whole_images or image_bytes <= BLOCK_BYTES:
        step = max(BLOCK_BYTES // image_bytes, 1)
        return [Block(i, min(i + step, images), 0, rows) for i in range(0, images, step)]
    step = max(BLOCK_BYTES // row_bytes, 1)
    return [Block(i, i + 1, t, min(t + step, rows)) for i in range(images) for t in range(0, rows, step)]


def seen_by(x: np.ndarray, windows: Windows, block: Block) -> np.ndarray:
    """What the block's windows see, with the padding around it."""
    first = block.top * windows.strides[0]
    extent = (windows.window[0] - 1) * windows.dilations[0] + 1
    last = (block.bottom - 1) * windows.strides[0] + extent
    top, bottom = first - windows.before[0], last - windows.before[0]
    seen = x[block.start : block.stop, max(top, 0) : max(min(bottom, windows.sizes[0]), 0)]
    if seen.shape[1] == last - first and not any(windows.before[1:] + windows.after[1:]):
        return seen
    padded = parallel.scratch((seen.shape[0], last - first, *windows.padded[1:], x.shape[-1]), x.dtype, "padded")
    inner = tuple(slice(b, b + s) for b, s in zip(windows.before[1:], windows.sizes[1:]))
    padded.fill(0)
    padded[(slice(None), slice(max(-top, 0), max(-top, 0) + seen.shape[1]), *inner)] = seen
    return padded


def windows_of(x: np.ndarray, counts: tuple, windows: Windows) -> np.ndarray:
    """The windows of a padded array: [n, counts, window, channels], without copying."""
    n, *inner, channel = x.strides
    moves = [s * step for s, step in zip(inner, windows.strides)]
    gaps = [s * step for s, step in zip(inner, windows.dilations)]
    return as_strided(x, (x.shape[0], *counts, *windows.window, x.shape[-1]), (n, *moves, *gaps, channel))


def matrix_of(x: np.ndarray, windows: Windows, block: Block) -> np.ndarray:
    """The block's windows as a matrix, a row for each."""
    if windows.is_pointwise:
        return block.of(x)
    counts = (block.bottom - block.top, *windows.counts[1:])
    view = windows_of(seen_by(x, windows, block), counts, windows)
    rows, columns = view.shape[0] * math.prod(counts), math.prod(windows.window) * x.shape[-1]
    axes = len(counts)
    if windows.window[-1] * x.shape[-1] >= counts[-1]:
        laid_out = parallel.scratch(view.shape, x.dtype, "windows")
        np.copyto(laid_out, view)
        return laid_out.reshape(rows, columns)
    # Rows of windows are longer than the windows: the matrix is laid out with these along the memory.
    view = view.transpose(*range(axes + 1, 2 * axes + 2), *range(axes + 1))
    laid_out = parallel.scratch(view.shape, x.dtype, "windows")
    np.copyto(laid_out, view)
    return laid_out.reshape(columns, rows).T


def places_of(place: int, dilation: int, stride: int, count: int) -> slice:
    """Where the windows have their element of that index, along an axis of what is padded."""
    first = place * dilation
    return slice(first, first + (count - 1) * stride + 1, stride)
