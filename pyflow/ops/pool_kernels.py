"""Pooling on numpy, over any number of spatial axes: a pass over strided views for each place in the window.

All arrays are channels-last (or views that are). Images are shared among threads in blocks that fit the cache.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.ops import parallel
from pyflow.ops.primitives import primitives
from pyflow.ops.windows import Windows

_BLOCK_BYTES = 768 * 1024

# A place in the window: which windows have it within the array, and the elements that these have there.
Place = tuple[tuple[slice, ...], tuple[slice, ...]]


@functools.lru_cache(maxsize=512)
def places(windows: Windows) -> tuple[Place, ...]:
    """All places in row-major order."""
    return tuple(_place(windows, index) for index in itertools.product(*map(range, windows.window)))


def _place(windows: Windows, index: tuple[int, ...]) -> Place:
    of_windows, of_elements = [slice(None)], [slice(None)]
    for place, size, stride, dilation, before, count in zip(
        index, windows.sizes, windows.strides, windows.dilations, windows.before, windows.counts
    ):
        shift = place * dilation - before
        first = max(-(shift // stride), 0)
        end = max(min((size - 1 - shift) // stride + 1, count), first)
        of_windows.append(slice(first, end))
        start = first * stride + shift
        of_elements.append(slice(start, max(start + (end - first - 1) * stride + 1, start), stride))
    return tuple(of_windows), tuple(of_elements)


def _along(windows: Windows, axis: int) -> Windows:
    """The windows along one axis, with the axes before it counted already and those behind it still whole."""
    axes = range(len(windows.sizes))

    def mixed(before: tuple, at: tuple, behind: tuple) -> tuple[int, ...]:
        return tuple(before[i] if i < axis else at[i] if i == axis else behind[i] for i in axes)

    one, zero = (1,) * len(axes), (0,) * len(axes)
    return Windows(
        mixed(windows.counts, windows.sizes, windows.sizes),
        mixed(one, windows.window, one),
        mixed(one, windows.strides, one),
        mixed(one, windows.dilations, one),
        mixed(zero, windows.before, zero),
        mixed(zero, windows.after, zero),
        mixed(windows.counts, windows.counts, windows.sizes),
    )


def _has_margin(windows: Windows) -> bool:
    return any(windows.before) or any(windows.after)


def _in_blocks(task: Callable[[slice], None], array: np.ndarray) -> None:
    """Does the task for the images of the array, block by block."""
    images = len(array)
    step = max(_BLOCK_BYTES * images // max(array.nbytes, 1), 1)
    parallel.run(task, [slice(i, min(i + step, images)) for i in range(0, images, step)])


def _reduce(ufunc: Any, start: Any, x: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """Reduces each window axis by axis; `start` is what the ufunc leaves everything else as it is with."""
    axes = [i for i, k in enumerate(windows.window) if k > 1 or windows.strides[i] > 1 or len(windows.window) == 1]
    axes = axes or [0]
    whole = x
    for number, axis in enumerate(axes):
        step = _along(windows, axis)
        if number == len(axes) - 1:
            target = out
        else:
            target = parallel.scratch((len(x), *step.counts, x.shape[-1]), out.dtype, f"axis {axis}")
        _reduce_along(ufunc, start, whole, step, target)
        whole = target


def _reduce_along(ufunc: Any, start: Any, x: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    todo = list(places(windows))
    if _has_margin(windows):
        out.fill(start)
    elif len(todo) == 1:
        np.copyto(out, x[todo.pop()[1]])
    else:
        ufunc(x[todo[0][1]], x[todo[1][1]], out=out)
        del todo[:2]
    for of_windows, of_elements in todo:
        part = out[of_windows]
        ufunc(part, x[of_elements], out=part)


def max_pool(x: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """The greatest of each window."""
    lowest = -np.inf if out.dtype.kind == "f" else np.iinfo(out.dtype).min
    if out.size:
        _in_blocks(lambda images: _reduce(np.maximum, lowest, x[images], windows, out[images]), x)


def max_pool_gradient(x: np.ndarray, y: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """Each window's gradient goes to the first element that is its greatest."""
    if not out.size:
        return
    order = places(windows)
    apart = all(k <= s for k, s in zip(windows.window, windows.strides))
    # Whether each element is in one window.
    exact = windows.window == windows.strides and not _has_margin(windows)
    exact = exact and all(size == count * k for size, count, k in zip(windows.sizes, windows.counts, windows.window))

    def block(images: slice) -> None:
        source, result, highest = x[images], out[images], y[images]
        if exact and _one_greatest(source, highest, gradient[images], windows, result):
            return
        shape = highest.shape
        left = parallel.scratch(shape, out.dtype, "left")
        np.copyto(left, gradient[images])
        equal = parallel.scratch(shape, np.bool_, "equal")
        share = parallel.scratch(shape, out.dtype, "share")
        if not exact:
            result.fill(0)
        for number, (of_windows, of_elements) in enumerate(order):
            target = result[of_elements]
            rest = left[of_windows]
            if exact and number == len(order) - 1:
                np.copyto(target, rest)
                break
            same = equal[of_windows]
            np.equal(source[of_elements], highest[of_windows], out=same)
            # As numbers first: a product of numbers and truth values would be converted in small pieces.
            given = share[of_windows]
            np.copyto(given, same)
            if apart:
                np.multiply(rest, given, out=target)
                np.subtract(rest, target, out=rest)
            else:
                np.multiply(rest, given, out=given)
                np.subtract(rest, given, out=rest)
                np.add(target, given, out=target)

    _in_blocks(block, x)


def _one_greatest(x: np.ndarray, y: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> bool:
    """The gradient where windows fit the array and each has one greatest element; False if some have several.

    What belongs to a window is repeated for the places along the last axis, so that all passes are along the memory.
    """
    *leading, last = windows.window
    wide = (*y.shape[:-1], last, y.shape[-1])
    cut = [len(y)]
    for count, k in zip(windows.counts, windows.window):
        cut += [count, k]
    x, out = x.reshape(*cut, y.shape[-1]), out.reshape(*cut, y.shape[-1])
    order = [
        (slice(None), *itertools.chain.from_iterable((slice(None), place) for place in index))
        for index in itertools.product(*map(range, leading))
    ]
    repeated = parallel.scratch(wide, y.dtype, "left")
    np.copyto(repeated, y[..., None, :])
    equal = parallel.scratch((len(order), *wide), np.bool_, "equal")
    for place, same in zip(order, equal):
        np.equal(x[place], repeated, out=same)
    if np.count_nonzero(equal) != y.size:
        return False
    np.copyto(repeated, gradient[..., None, :])
    for place, same in zip(order, equal):
        target = out[place]
        np.copyto(target, same)
        np.multiply(target, repeated, out=target)
    return True


def max_pool_gradient_to_all(
    x: np.ndarray, y: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray
) -> None:
    """Each window's gradient goes to every element that is its greatest: of volumes, TensorFlow has it so."""

    def block(images: slice) -> None:
        source, result, highest, given = x[images], out[images], y[images], gradient[images]
        result.fill(0)
        for of_windows, of_elements in places(windows):
            result[of_elements] += np.where(source[of_elements] == highest[of_windows], given[of_windows], 0)

    if out.size:
        _in_blocks(block, x)


def max_pool_second_gradient(
    x: np.ndarray, y: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray
) -> None:
    """For each window the gradient at the first element that is its greatest."""
    if not out.size:
        return

    def block(images: slice) -> None:
        source, result, highest, given = x[images], out[images], y[images], gradient[images]
        result.fill(0)
        searching = np.ones(highest.shape, np.bool_)
        for of_windows, of_elements in places(windows):
            found = (source[of_elements] == highest[of_windows]) & searching[of_windows]
            np.copyto(result[of_windows], given[of_elements], where=found)
            searching[of_windows] ^= found

    _in_blocks(block, x)


def first_greatest(x: np.ndarray, y: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """For each window the flat index, within its image, of the first element that is its greatest."""
    numbers = np.arange(int(np.prod(x.shape[1:])), dtype=out.dtype).reshape(1, *x.shape[1:])
    max_pool_second_gradient(x, y, np.broadcast_to(numbers, x.shape), windows, out)


def window_sizes(windows: Windows, dtype: Any) -> np.ndarray:
    """How many elements each window has within the array: [1, counts, 1]."""
    sizes = np.ones((1,) * (len(windows.sizes) + 2), dtype)
    for axis in range(len(windows.sizes)):
        ones = np.ones(windows.sizes[axis], dtype)
        along = _along(windows, axis)
        count = np.zeros(windows.counts[axis], dtype)
        for of_windows, of_elements in places(along):
            count[of_windows[axis + 1]] += ones[of_elements[axis + 1]]
        sizes = sizes * count.reshape(-1, *[1] * (len(windows.sizes) - axis))
    return sizes


def avg_pool(x: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """The mean of each window; padding does not count."""
    if not out.size:
        return
    sizes = window_sizes(windows, out.dtype) if _has_margin(windows) else out.dtype.type(np.prod(windows.window))

    def block(images: slice) -> None:
        _reduce(np.add, 0, x[images], windows, out[images])
        np.divide(out[images], sizes, out=out[images])

    _in_blocks(block, x)


def avg_pool_gradient(gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
    """Each window's gradient, shared equally."""
    if not out.size:
        return
    sizes = window_sizes(windows, out.dtype)

    def block(images: slice) -> None:
        share = gradient[images] / sizes
        result = out[images]
        result.fill(0)
        for of_windows, of_elements in places(windows):
            target = result[of_elements]
            np.add(target, share[of_windows], out=target)

    _in_blocks(block, out)


primitives.max_pool = max_pool
primitives.max_pool_to_input = max_pool_gradient
