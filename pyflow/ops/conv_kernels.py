"""Convolutions on numpy, over any number of spatial axes: blocks of windows are laid out as a matrix and multiplied.

Blocks are shared among threads. Where windows are long enough, their rows are laid out and multiplied instead.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from pyflow.ops import conv_rows, parallel
from pyflow.ops.conv_blocks import SUMS, Block, blocks_of, matrix_of, places_of
from pyflow.ops.primitives import primitives
from pyflow.ops.windows import Windows

_LARGEST_SUM = 1 << 20


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

    if conv_rows.lies_in_rows(windows, x.shape[-1]):
        conv_rows.convolve(x, filter, windows, out)
        return

    def part(block: Block) -> None:
        primitives.multiply(matrix_of(x, windows, block), weights, block.of(out))

    if windows.is_pointwise and x.flags.c_contiguous:
        primitives.multiply(x.reshape(-1, x.shape[-1]), weights, out.reshape(-1, out.shape[-1]))
    else:
        parallel.run(part, blocks_of(len(x), windows, x.shape[-1], x.itemsize))


def convolve_to_input(filter: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """See `Primitives.convolve_to_input`."""
    if not out.size:
        return
    if not gradient.size or not filter.size:
        out.fill(0)
        return
    mirrorable = is_mirrorable(windows)
    in_rows = mirrorable and conv_rows.lies_in_rows(windows, filter.shape[-1]) and conv_rows.multiplies_small(filter)
    widens = filter.shape[-1] > filter.shape[-2]  # then it is less work to spread products than windows
    if windows.is_dense and widens and primitives.accumulate is not None and len(windows.sizes) > 1 and not in_rows:
        conv_rows.convolve_to_input(filter, gradient, windows, out)
        return
    if mirrorable:
        convolve_mirrored(filter, gradient, windows, out)
        return
    weights = filter.reshape(-1, filter.shape[-1]).T
    axes = len(windows.sizes)

    def part(block: Block) -> None:
        rows = block.of(gradient)
        spread = parallel.scratch((len(rows), weights.shape[1]), out.dtype, "windows")
        primitives.multiply(rows, weights, spread)
        each = spread.reshape(block.stop - block.start, *windows.counts, *windows.window, out.shape[-1])
        total = parallel.scratch((each.shape[0], *windows.padded, out.shape[-1]), out.dtype, "padded")
        total.fill(0)
        for place in itertools.product(*map(range, windows.window)):
            target = total[(slice(None), *map(places_of, place, windows.dilations, windows.strides, windows.counts))]
            np.add(target, each[(slice(None),) * (axes + 1) + place], out=target)
        inner = tuple(slice(b, b + s) for b, s in zip(windows.before, windows.sizes))
        out[block.start : block.stop] = total[(slice(None), *inner)]

    parallel.run(part, blocks_of(len(out), windows, out.shape[-1], out.itemsize, whole_images=True))


def is_mirrorable(windows: Windows) -> bool:
    """Whether the gradient to the input is a convolution too, and that is not more work."""
    # With few windows for so many places of the input, as those of whole rows, products are spread instead.
    if not windows.is_dense or math.prod(windows.sizes) > 2 * math.prod(windows.counts):
        return False
    extents = [(k - 1) * d for k, d in zip(windows.window, windows.dilations)]
    return all(b <= e and a <= e for b, a, e in zip(windows.before, windows.after, extents))  # none in padding alone


def convolve_mirrored(filter: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """The gradient to the input of such windows."""
    axes = len(windows.sizes)
    flipped = np.ascontiguousarray(np.flip(filter, tuple(range(axes))).swapaxes(-1, -2))
    extents = [(k - 1) * d for k, d in zip(windows.window, windows.dilations)]
    before = tuple(e - b for e, b in zip(extents, windows.before))
    after = tuple(s - c + b for s, c, b in zip(windows.sizes, windows.counts, windows.before))
    mirrored = windows._replace(sizes=windows.counts, before=before, after=after, counts=windows.sizes)
    primitives.convolve(gradient, flipped, mirrored, out)


def convolve_to_filter(x: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """See `Primitives.convolve_to_filter`."""
    if not x.size or not gradient.size:
        out.fill(0)
        return
    columns, outputs = math.prod(windows.window) * x.shape[-1], gradient.shape[-1]
    most = SUMS if out.size <= _LARGEST_SUM else 1
    if conv_rows.lies_in_rows(windows, x.shape[-1]):
        sums = conv_rows.convolve_to_filter(x, gradient, windows, most)
        np.add.reduce(sums, 0, out=out.reshape(columns, outputs))
        return
    blocks = blocks_of(len(x), windows, x.shape[-1], x.itemsize)
    count = min(most, len(blocks))
    sums = np.empty((count, columns, outputs), out.dtype)

    def part(index: int) -> None:
        total = sums[index]
        own = blocks[index * len(blocks) // count : (index + 1) * len(blocks) // count]
        for number, block in enumerate(own):
            term = total if number == 0 else parallel.scratch(total.shape, total.dtype, "sum")
            primitives.multiply(matrix_of(x, windows, block).T, block.of(gradient), term)
            if number:
                np.add(total, term, out=total)

    parallel.run(part, range(count))
    np.add.reduce(sums, 0, out=out.reshape(columns, outputs))


primitives.convolve = convolve
primitives.convolve_to_input = convolve_to_input
primitives.convolve_to_filter = convolve_to_filter
