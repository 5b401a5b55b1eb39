"""Depthwise convolutions on numpy: each channel has filters of its own.

A pass over strided views for each place in the window, in blocks of images that fit the cache, shared among threads.
Images are channels-last and filters [rows, columns, in, multiplier]; results have in · multiplier channels.
"""

from __future__ import annotations

import numpy as np

from pyflow.ops import parallel
from pyflow.ops.pool_kernels import places
from pyflow.ops.windows import Windows

_BLOCK_BYTES = 384 * 1024
_SUMS = 4


def _steps(images: int, nbytes: int) -> list[slice]:
    step = max(_BLOCK_BYTES * images // max(nbytes, 1), 1)
    return [slice(i, min(i + step, images)) for i in range(0, images, step)]


def _split(array: np.ndarray, multiplier: int) -> np.ndarray:
    """[..., in · multiplier] as [..., in, multiplier]."""
    return array.reshape(*array.shape[:-1], array.shape[-1] // max(multiplier, 1), multiplier)


def convolve(x: np.ndarray, filter: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """Fills `out` [n, counts, in · multiplier], which is contiguous."""
    multiplier = filter.shape[-1]
    weights = filter.reshape(-1, *filter.shape[-2:])

    def part(images: slice) -> None:
        result = out[images]
        result.fill(0)
        for index, (of_windows, of_elements) in enumerate(places(windows)):
            # Where each channel has one filter, channels stay the last axis: numpy is slow on short ones.
            weight = weights[index, :, 0] if multiplier == 1 else weights[index]
            target = result[of_windows] if multiplier == 1 else _split(result, multiplier)[of_windows]
            source = x[images][of_elements]
            term = parallel.scratch(target.shape, out.dtype, "term")
            np.multiply(source if multiplier == 1 else source[..., None], weight, out=term)
            np.add(target, term, out=target)

    if out.size:
        parallel.run(part, _steps(len(x), out.nbytes))


def convolve_to_input(filter: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """Fills `out` [n, sizes, in]."""
    multiplier = filter.shape[-1]
    weights = filter.reshape(-1, *filter.shape[-2:])

    def part(images: slice) -> None:
        result = out[images]
        result.fill(0)
        for index, (of_windows, of_elements) in enumerate(places(windows)):
            target = result[of_elements]
            for which in range(multiplier):
                term = parallel.scratch(target.shape, out.dtype, "term")
                np.multiply(gradient[images][of_windows][..., which::multiplier], weights[index, :, which], out=term)
                np.add(target, term, out=target)

    if out.size:
        parallel.run(part, _steps(len(out), out.nbytes))


def convolve_to_filter(x: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """Fills `out` [rows, columns, in, multiplier]."""
    multiplier = out.shape[-1]
    blocks = _steps(len(x), gradient.nbytes)
    count = min(_SUMS, len(blocks))
    sums = np.zeros((count, *out.shape), out.dtype)
    order = places(windows)

    def part(index: int) -> None:
        total = sums[index].reshape(len(order), *out.shape[-2:])
        for images in blocks[index * len(blocks) // count : (index + 1) * len(blocks) // count]:
            for place, (of_windows, of_elements) in enumerate(order):
                source = x[images][of_elements]
                for which in range(multiplier):
                    term = parallel.scratch(source.shape, out.dtype, "term")
                    np.multiply(source, gradient[images][of_windows][..., which::multiplier], out=term)
                    total[place, :, which] += term.sum(tuple(range(term.ndim - 1)))

    if count:
        parallel.run(part, range(count))
    np.add.reduce(sums, 0, out=out)
