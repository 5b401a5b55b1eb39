"""Convolutions on numpy, over any number of spatial axes: blocks of windows are laid out as a matrix and multiplied.

A block is so small that it stays in the cache between being laid out and being multiplied, and blocks are shared among
threads. All arrays are channels-last; padding is done on the fly, so that no padded copy of the whole input is made.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from pyflow.ops import parallel
from pyflow.ops.primitives import primitives
from pyflow.ops.windows import Windows

_BLOCK_BYTES = 1536 * 1024
# Gradients to the filter are summed in this many parts, whatever the number of threads is.
_SUMS = 4
_LARGEST_SUM = 1 << 20
_as_strided = np.lib.stride_tricks.as_strided


class _Block:
    """The windows of the images [start, stop) within [top, bottom) of the first spatial axis; all, if of several."""

    __slots__ = ("start", "stop", "top", "bottom")

    def __init__(self, start: int, stop: int, top: int, bottom: int):
        self.start, self.stop, self.top, self.bottom = start, stop, top, bottom

    def of(self, windowed: np.ndarray) -> np.ndarray:
        """The part of an array [n, counts, channels] that belongs to the block, as a matrix."""
        part = windowed[self.start : self.stop, self.top : self.bottom]
        return part.reshape(-1, part.shape[-1])


def _blocks(images: int, windows: Windows, channels: int, itemsize: int, whole_images: bool = False) -> list[_Block]:
    """Blocks that cover all windows, each of about the size that fits the cache."""
    rows = windows.counts[0]
    row_bytes = math.prod(windows.counts[1:]) * math.prod(windows.window) * channels * itemsize
    image_bytes = max(rows * row_bytes, 1)
    if whole_images or image_bytes <= _BLOCK_BYTES:
        step = max(_BLOCK_BYTES // image_bytes, 1)
        return [_Block(i, min(i + step, images), 0, rows) for i in range(0, images, step)]
    step = max(_BLOCK_BYTES // row_bytes, 1)
    return [_Block(i, i + 1, t, min(t + step, rows)) for i in range(images) for t in range(0, rows, step)]


def _padded(x: np.ndarray, windows: Windows, block: _Block) -> np.ndarray:
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


def _view(x: np.ndarray, counts: tuple, windows: Windows) -> np.ndarray:
    """The windows of a padded array: [n, counts, window, channels], without copying."""
    n, *inner, channel = x.strides
    moves = [s * step for s, step in zip(inner, windows.strides)]
    gaps = [s * step for s, step in zip(inner, windows.dilations)]
    return _as_strided(x, (x.shape[0], *counts, *windows.window, x.shape[-1]), (n, *moves, *gaps, channel))


def _matrix(x: np.ndarray, windows: Windows, block: _Block) -> np.ndarray:
    """The block's windows as a matrix, a row for each."""
    if windows.is_pointwise:
        return block.of(x)
    counts = (block.bottom - block.top, *windows.counts[1:])
    view = _view(_padded(x, windows, block), counts, windows)
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


def convolve(x: np.ndarray, filter: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """See `Primitives.convolve`."""
    if not out.size:
        return
    if not x.size or not filter.size:
        out.fill(0)
        return
    weights = filter.reshape(-1, filter.shape[-1])
    if not (out.flags.c_contiguous and weights.flags.c_contiguous):
        dense = np.empty(out.shape, out.dtype)
        convolve(x, np.ascontiguousarray(filter), windows, dense)
        out[...] = dense
        return

    def part(block: _Block) -> None:
        primitives.multiply(_matrix(x, windows, block), weights, block.of(out))

    if windows.is_pointwise and x.flags.c_contiguous:
        primitives.multiply(x.reshape(-1, x.shape[-1]), weights, out.reshape(-1, out.shape[-1]))
    else:
        parallel.run(part, _blocks(len(x), windows, x.shape[-1], x.itemsize))


def convolve_to_input(filter: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """See `Primitives.convolve_to_input`."""
    if not out.size:
        return
    if not gradient.size or not filter.size:
        out.fill(0)
        return
    widens = filter.shape[-1] > filter.shape[-2]  # then it is less work to spread products than windows
    if windows.is_dense and widens and primitives.accumulate is not None and len(windows.sizes) > 1:
        _spread_by_rows(filter, gradient, windows, out)
        return
    if windows.is_dense and _is_mirrorable(windows):
        flipped, mirrored = _mirrored(filter, windows)
        primitives.convolve(gradient, flipped, mirrored, out)
        return
    weights = filter.reshape(-1, filter.shape[-1]).T
    axes = len(windows.sizes)

    def part(block: _Block) -> None:
        rows = block.of(gradient)
        spread = parallel.scratch((len(rows), weights.shape[1]), out.dtype, "windows")
        primitives.multiply(rows, weights, spread)
        each = spread.reshape(block.stop - block.start, *windows.counts, *windows.window, out.shape[-1])
        total = parallel.scratch((each.shape[0], *windows.padded, out.shape[-1]), out.dtype, "padded")
        total.fill(0)
        for place in itertools.product(*map(range, windows.window)):
            target = total[(slice(None), *map(_places, place, windows.dilations, windows.strides, windows.counts))]
            np.add(target, each[(slice(None),) * (axes + 1) + place], out=target)
        inner = tuple(slice(b, b + s) for b, s in zip(windows.before, windows.sizes))
        out[block.start : block.stop] = total[(slice(None), *inner)]

    parallel.run(part, _blocks(len(out), windows, out.shape[-1], out.itemsize, whole_images=True))


def _spread_by_rows(filter: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """The gradient to the input of a dense convolution, whose products for one row of windows are added up by BLAS.

    Arrays have the first spatial axis first here, so that the rows that a row of the filter is for lie side by side.
    """
    accumulate: Any = primitives.accumulate
    rows, depth = windows.counts[0], out.shape[-1]
    rest = windows._replace(**{name: value[1:] for name, value in windows._asdict().items()})
    each = (*rest.counts, *rest.window, depth)
    weights = np.ascontiguousarray(filter).reshape(len(filter), -1, filter.shape[-1])
    axes = len(rest.sizes)

    def part(images: slice) -> None:
        dy = gradient[images]
        count = len(dy)
        turned = parallel.scratch((rows, count, *rest.counts, filter.shape[-1]), out.dtype, "turned")
        np.copyto(turned, dy.swapaxes(0, 1))
        spread = parallel.scratch((windows.padded[0], count, *each), out.dtype, "windows")
        spread[rows:].fill(0)
        for place, matrix in enumerate(weights):
            first = place * windows.dilations[0]
            target = spread[first : first + rows].reshape(-1, len(matrix))
            accumulate(1.0, turned.reshape(-1, turned.shape[-1]), False, matrix, True, float(place > 0), target)
        kept = spread[windows.before[0] : windows.before[0] + windows.sizes[0]]
        total = parallel.scratch((len(kept), count, *rest.padded, depth), out.dtype, "padded")
        total.fill(0)
        for place in itertools.product(*map(range, rest.window)):
            target = total[(slice(None), slice(None), *map(_places, place, rest.dilations, rest.strides, rest.counts))]
            np.add(target, kept[(slice(None),) * (axes + 2) + place], out=target)
        inner = tuple(slice(b, b + s) for b, s in zip(rest.before, rest.sizes))
        out[images] = total[(slice(None), slice(None), *inner)].swapaxes(0, 1)

    image_bytes = windows.padded[0] * math.prod(each) * out.itemsize
    step = max(_BLOCK_BYTES // 2 // image_bytes, 1)
    parallel.run(part, [slice(i, min(i + step, len(out))) for i in range(0, len(out), step)])


def _places(place: int, dilation: int, stride: int, count: int) -> slice:
    """Where the windows have their element of that index, along an axis of what is padded."""
    first = place * dilation
    return slice(first, first + (count - 1) * stride + 1, stride)


def _is_mirrorable(windows: Windows) -> bool:
    """Whether no window lies in the padding alone."""
    extents = [(k - 1) * d for k, d in zip(windows.window, windows.dilations)]
    return all(b <= e and a <= e for b, a, e in zip(windows.before, windows.after, extents))


def _mirrored(filter: np.ndarray, windows: Windows) -> tuple[np.ndarray, Windows]:
    """The convolution that takes the gradient of a dense one back to the input."""
    axes = len(windows.sizes)
    flipped = np.ascontiguousarray(np.flip(filter, tuple(range(axes))).swapaxes(-1, -2))
    extents = [(k - 1) * d for k, d in zip(windows.window, windows.dilations)]
    before = tuple(e - b for e, b in zip(extents, windows.before))
    after = tuple(s - c + b for s, c, b in zip(windows.sizes, windows.counts, windows.before))
    return flipped, windows._replace(sizes=windows.counts, before=before, after=after, counts=windows.sizes)


def convolve_to_filter(x: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """See `Primitives.convolve_to_filter`."""
    if not x.size or not gradient.size:
        out.fill(0)
        return
    blocks = _blocks(len(x), windows, x.shape[-1], x.itemsize)
    columns, outputs = math.prod(windows.window) * x.shape[-1], gradient.shape[-1]
    count = min(_SUMS if out.size <= _LARGEST_SUM else 1, len(blocks))
    sums = np.empty((count, columns, outputs), out.dtype)

    def part(index: int) -> None:
        total = sums[index]
        own = blocks[index * len(blocks) // count : (index + 1) * len(blocks) // count]
        for number, block in enumerate(own):
            term = total if number == 0 else parallel.scratch(total.shape, total.dtype, "sum")
            primitives.multiply(_matrix(x, windows, block).T, block.of(gradient), term)
            if number:
                np.add(total, term, out=total)

    parallel.run(part, range(count))
    np.add.reduce(sums, 0, out=out.reshape(columns, outputs))


primitives.convolve = convolve
primitives.convolve_to_input = convolve_to_input
primitives.convolve_to_filter = convolve_to_filter
