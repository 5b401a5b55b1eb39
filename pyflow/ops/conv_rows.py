"""Convolutions on numpy whose filter is taken row by row: only what lies side by side is laid out, not whole windows.

The input has its first spatial axis first here, so that what a row of the filter is multiplied with lies in one piece,
and is the same for all rows of the filter but for where it begins. BLAS adds up their products.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from pyflow.ops import conv_blocks, parallel
from pyflow.ops.conv_blocks import Block, as_strided, places_of, seen_by
from pyflow.ops.primitives import primitives
from pyflow.ops.windows import Windows

# With fewer numbers in a window's row a product for each row of the filter takes longer than one for all of them.
_SHORTEST = 64
# A matrix of so many bytes stays in the innermost cache; for fewer rows at a time the products are too small.
_SMALL_BYTES, _FEWEST_ROWS = 1 << 16, 24
_FEW_COLUMNS, _FEW_OUTPUTS, _MOST_PIECES = 32, 64, 4


def lies_in_rows(windows: Windows, channels: int) -> bool:
    """Whether convolutions with such windows over images of so many channels are faster row by row."""
    length = math.prod(windows.window[1:]) * channels
    return primitives.accumulate is not None and windows.strides[0] == 1 < windows.window[0] and length >= _SHORTEST


def _blocks(images: int, windows: Windows, channels: int, itemsize: int) -> list[Block]:
    """Blocks that cover all windows, each of about the size that fits the cache; as many for each of some threads."""
    rows = windows.counts[0]
    more = (windows.window[0] - 1) * windows.dilations[0]
    row_bytes = max(math.prod(windows.counts[1:]) * math.prod(windows.window[1:]) * channels * itemsize, 1)
    each = conv_blocks.BLOCK_BYTES // 2 // ((rows + more) * row_bytes)
    if each:
        count = min(-(-images // (each * conv_blocks.SUMS)) * conv_blocks.SUMS, images)
        bounds = [images * i // count for i in range(count + 1)]
        return [Block(start, stop, 0, rows) for start, stop in itertools.pairwise(bounds)]
    step = max(conv_blocks.BLOCK_BYTES // 2 // row_bytes - more, more, 1)
    return [Block(i, i + 1, t, min(t + step, rows)) for i in range(images) for t in range(0, rows, step)]


def _laid_out(x: np.ndarray, windows: Windows, block: Block) -> np.ndarray:
    """What the block's windows see, [rows, images · other places of windows, length of a window's row]."""
    seen = seen_by(x, windows, block)
    n, row, *inner, channel = seen.strides
    moves = [s * step for s, step in zip(inner, windows.strides[1:])]
    gaps = [s * step for s, step in zip(inner, windows.dilations[1:])]
    shape = (seen.shape[1], len(seen), *windows.counts[1:], *windows.window[1:], x.shape[-1])
    laid_out = parallel.scratch(shape, x.dtype, "windows")
    np.copyto(laid_out, as_strided(seen, shape, (row, n, *moves, *gaps, channel)))
    return laid_out.reshape(shape[0], -1, math.prod(windows.window[1:]) * x.shape[-1])


def _of_row(laid_out: np.ndarray, windows: Windows, block: Block, place: int) -> np.ndarray:
    """The matrix that a row of the filter is multiplied with."""
    first = place * windows.dilations[0]
    return laid_out[first : first + block.bottom - block.top].reshape(-1, laid_out.shape[2])


def _piece(rows: int, matrix: np.ndarray) -> int:
    """In pieces of how many rows a product with a small matrix is done fastest; 0 if in one piece."""
    if matrix.nbytes > _SMALL_BYTES:
        return 0
    most = min(primitives.small_product // matrix.size, rows)
    return next((piece for piece in range(most, _FEWEST_ROWS - 1, -1) if rows % piece == 0), 0)


def _pieces_of_sum(rows: int, columns: int, outputs: int) -> int:
    """Into how many sums a product rowsᵀ · dy over many rows is cut, taken some columns at a time; 0 if it is not."""
    if columns % _FEW_COLUMNS or outputs > _FEW_OUTPUTS:
        return 0
    most = primitives.small_product // (_FEW_COLUMNS * outputs)
    return next((pieces for pieces in range(1, _MOST_PIECES + 1) if rows % pieces == 0 and rows <= most * pieces), 0)


def multiplies_small(filter: np.ndarray) -> bool:
    """Whether products with the rows of a filter [window, in, out] may be done in such pieces."""
    return _FEWEST_ROWS < _piece(1 << 10, filter.reshape(len(filter), -1, filter.shape[-1])[0])


def _turned(like: np.ndarray, block: Block) -> np.ndarray:
    """Room for the block's part of an array [n, counts, channels], rows first."""
    rows, images = block.bottom - block.top, block.stop - block.start
    return parallel.scratch((rows, images, *like.shape[2:]), like.dtype, "turned")


def convolve(x: np.ndarray, filter: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """As `Primitives.convolve`; the filter and `out` are contiguous."""
    accumulate: Any = primitives.accumulate
    weights = filter.reshape(len(filter), -1, filter.shape[-1])

    def part(block: Block) -> None:
        laid_out = _laid_out(x, windows, block)
        turned = block.stop - block.start > 1
        results = _turned(out, block) if turned else block.of(out)
        total = results.reshape(-1, results.shape[-1])
        piece = _piece(len(total), weights[0])
        term = parallel.scratch((len(total) // max(piece, 1), piece, total.shape[1]), out.dtype, "term")
        for place, matrix in enumerate(weights):
            rows = _of_row(laid_out, windows, block, place)
            if not piece:
                accumulate(1.0, rows, False, matrix, False, float(place > 0), total)
                continue
            pieces = total.reshape(term.shape)
            primitives.multiply(rows.reshape(-1, piece, rows.shape[1]), matrix, term if place else pieces)
            if place:
                np.add(pieces, term, pieces)
        if turned:
            out[block.start : block.stop] = results.swapaxes(0, 1)

    parallel.run(part, _blocks(len(x), windows, x.shape[-1], x.itemsize))


def convolve_to_filter(x: np.ndarray, gradient: np.ndarray, windows: Windows, sums: int) -> np.ndarray:
    """The gradient to the filter [window, in, out], as at most that many arrays that are still to be added up."""
    accumulate: Any = primitives.accumulate
    blocks = _blocks(len(x), windows, x.shape[-1], x.itemsize)
    count = min(sums, len(blocks))
    length, outputs = math.prod(windows.window[1:]) * x.shape[-1], gradient.shape[-1]
    totals = np.empty((count, windows.window[0], length, outputs), gradient.dtype)

    def part(index: int) -> None:
        own = blocks[index * len(blocks) // count : (index + 1) * len(blocks) // count]
        for number, block in enumerate(own):
            laid_out = _laid_out(x, windows, block)
            results = _turned(gradient, block)
            np.copyto(results, gradient[block.start : block.stop, block.top : block.bottom].swapaxes(0, 1))
            dy = results.reshape(-1, outputs)
            pieces = _pieces_of_sum(len(dy), length, outputs)
            if not pieces:
                for place, total in enumerate(totals[index]):
                    accumulate(1.0, _of_row(laid_out, windows, block, place), True, dy, False, float(number > 0), total)
                continue
            term = parallel.scratch((pieces, length // _FEW_COLUMNS, _FEW_COLUMNS, outputs), dy.dtype, "term")
            cut = dy.reshape(pieces, 1, -1, outputs)
            for place, total in enumerate(totals[index]):
                rows = _of_row(laid_out, windows, block, place).reshape(pieces, -1, *term.shape[1:3])
                primitives.multiply(rows.transpose(0, 2, 3, 1), cut, term)
                for k, product in enumerate(term.reshape(pieces, *total.shape)):
                    np.copyto(total, product) if number == k == 0 else np.add(total, product, total)

    parallel.run(part, range(count))
    return totals.reshape(count, -1, outputs)


def convolve_to_input(filter: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
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
            target = total[
                (slice(None), slice(None), *map(places_of, place, rest.dilations, rest.strides, rest.counts))
            ]
            np.add(target, kept[(slice(None),) * (axes + 2) + place], out=target)
        inner = tuple(slice(b, b + s) for b, s in zip(rest.before, rest.sizes))
        out[images] = total[(slice(None), slice(None), *inner)].swapaxes(0, 1)

    image_bytes = windows.padded[0] * math.prod(each) * out.itemsize
    step = max(conv_blocks.BLOCK_BYTES // 2 // image_bytes, 1)
    parallel.run(part, [slice(i, min(i + step, len(out))) for i in range(0, len(out), step)])
