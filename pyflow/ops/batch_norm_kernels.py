"""Batch normalization on numpy: sums over all but the channels, and what is made of them.

Arrays are channels-last and in single precision. They are worked on in blocks of rows that fit the cache, shared among
threads; where there are few channels, several rows are taken for one, because numpy is slow on short rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pyflow.ops import parallel
from pyflow.ops.primitives import primitives

_WIDTH = 1024
_BLOCK = 1 << 16

Task = Callable[[int, slice, int], None]


def _blocks(rows: int, channels: int) -> list[tuple[slice, int]]:
    """Blocks of rows, each with the number of rows that are to be taken for one."""
    together = max(_WIDTH // max(channels, 1), 1)
    step = together * max(_BLOCK // (together * max(channels, 1)), 1)
    blocks = []
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        whole = (stop - start) // together * together
        if whole:
            blocks.append((slice(start, start + whole), together))
        if start + whole < stop:
            blocks.append((slice(start + whole, stop), 1))
    return blocks


def _for_blocks(rows: np.ndarray, task: Callable[[int, slice, int], None]) -> int:
    """Calls task(number, rows of the block, rows taken for one); gives the number of blocks."""
    blocks = _blocks(*rows.shape)
    parallel.run(lambda number: task(number, *blocks[number]), range(len(blocks)))
    return len(blocks)


def _wide(rows: np.ndarray, together: int) -> np.ndarray:
    return rows.reshape(len(rows) // together, -1)


def _sums(rows: np.ndarray, count: int, term: Callable[[slice, int, int], np.ndarray]) -> list[np.ndarray]:
    """Sums over all rows of the `count` arrays that term(block, together, number of the array) makes."""
    blocks = _blocks(*rows.shape)
    parts = np.zeros((len(blocks), count, rows.shape[1]), np.float64)

    def task(number: int) -> None:
        block, together = blocks[number]
        for which in range(count):
            values = term(block, together, which)
            if primitives.column_sums is None:
                total = np.ones(len(values), np.float32) @ values
            else:
                total = np.empty(values.shape[1], np.float32)
                primitives.column_sums(values, total)
            parts[number, which] = total.reshape(together, -1).sum(0, dtype=np.float64)

    parallel.run(task, range(len(blocks)))
    return list(parts.sum(0))


def moments(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each column, in single precision; NaN where there are no rows."""
    (total,) = _sums(rows, 1, lambda block, together, _: _wide(rows[block], together))
    mean = (total / len(rows)).astype(np.float32)

    def squares(block: slice, together: int, _: int) -> np.ndarray:
        x = _wide(rows[block], together)
        deviation = parallel.scratch(x.shape, np.float32, "deviation")
        np.subtract(x, np.tile(mean, together), out=deviation)
        np.multiply(deviation, deviation, out=deviation)
        return deviation

    (total,) = _sums(rows, 1, squares)
    return mean, (total / len(rows)).astype(np.float32)


def normalize(
    rows: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    scale: np.ndarray,
    offset: np.ndarray,
    epsilon: float,
    out: np.ndarray,
) -> None:
    """out = (rows − mean) · scale / sqrt(variance + epsilon) + offset."""
    factor = scale / np.sqrt(variance + np.float32(epsilon))

    def task(_: int, block: slice, together: int) -> None:
        x, y = _wide(rows[block], together), _wide(out[block], together)
        np.subtract(x, np.tile(mean, together), out=y)
        np.multiply(y, np.tile(factor, together), out=y)
        np.add(y, np.tile(offset, together), out=y)

    _for_blocks(rows, task)


def gradients(
    gradient: np.ndarray,
    rows: np.ndarray,
    scale: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    epsilon: float,
    is_training: bool,
    out: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Fills `out` with the gradient to the rows; gives those to scale and offset.

    In training mean and variance depend on the rows.
    """
    inverse = 1 / np.sqrt(variance + np.float32(epsilon))

    def term(block: slice, together: int, which: int) -> np.ndarray:
        dy = _wide(gradient[block], together)
        if which == 0:
            return dy
        product = parallel.scratch(dy.shape, np.float32, "deviation")
        np.subtract(_wide(rows[block], together), np.tile(mean, together), out=product)
        np.multiply(product, dy, out=product)
        return product

    total, weighted = _sums(rows, 2, term)
    to_scale = (weighted * inverse).astype(np.float32)
    count = max(len(rows), 1)
    shift = (total / count).astype(np.float32)
    slope = (weighted / count * inverse * inverse).astype(np.float32)
    factor = (scale * inverse).astype(np.float32)

    def task(_: int, block: slice, together: int) -> None:
        dy, dx = _wide(gradient[block], together), _wide(out[block], together)
        if is_training:
            deviation = parallel.scratch(dy.shape, np.float32, "deviation")
            np.subtract(_wide(rows[block], together), np.tile(mean, together), out=deviation)
            np.multiply(deviation, np.tile(slope, together), out=deviation)
            np.subtract(dy, deviation, out=dx)
            np.subtract(dx, np.tile(shift, together), out=dx)
            np.multiply(dx, np.tile(factor, together), out=dx)
        else:
            np.multiply(dy, np.tile(factor, together), out=dx)

    _for_blocks(rows, task)
    return to_scale, total.astype(np.float32)
