"""Windows that move over the spatial axes of a tensor: how many there are, and how much is padded around."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pyflow.core.registry import ShapeError
from pyflow.core.tensor import StaticShape


class Windows(NamedTuple):
    """Windows over some axes; each field has a number per axis."""

    sizes: tuple[int, ...]  # of what they move over
    window: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]  # how many elements of padding
    after: tuple[int, ...]
    counts: tuple[int, ...]  # of windows

    @property
    def padded(self) -> tuple[int, ...]:
        """The sizes with the padding."""
        return tuple(b + s + a for b, s, a in zip(self.before, self.sizes, self.after))

    @property
    def is_pointwise(self) -> bool:
        """Whether each window is one element and each element has its window."""
        return self.counts == self.sizes and not any(self.before) and max(self.window + self.strides) == 1

    @property
    def is_dense(self) -> bool:
        """Whether windows stand at all places."""
        return max(self.strides) == 1


def make_windows(
    sizes: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    padding: str,
    dilations: Sequence[int] | None = None,
    explicit: Sequence[int] = (),
) -> Windows:
    """Windows over axes of known sizes; `explicit` has (before, after) of each axis where the padding is EXPLICIT."""
    dilations = tuple(dilations) if dilations is not None else (1,) * len(sizes)
    return _make_windows(tuple(sizes), tuple(window), tuple(strides), padding, dilations, tuple(explicit))


@functools.lru_cache(maxsize=512)
def _make_windows(
    sizes: tuple, window: tuple, strides: tuple, padding: str, dilations: tuple, explicit: tuple
) -> Windows:
    counts, before, after = [], [], []
    for axis, (size, k, stride, dilation) in enumerate(zip(sizes, window, strides, dilations)):
        extent = (k - 1) * dilation + 1
        if padding == "SAME":
            count = -(-size // stride)
            missing = max((count - 1) * stride + extent - size, 0)
            pads = missing // 2, missing - missing // 2  # the odd one behind
        else:
            pads = explicit[2 * axis : 2 * axis + 2] if padding == "EXPLICIT" else (0, 0)
            count = max((size + sum(pads) - extent) // stride + 1, 0)
        counts.append(count)
        before.append(pads[0])
        after.append(pads[1])
    return Windows(sizes, window, strides, dilations, tuple(before), tuple(after), tuple(counts))


def count_windows(
    size: int | None, window: int | None, stride: int, padding: str, dilation: int = 1, pads: Sequence[int] = (0, 0)
) -> int | None:
    """The number of windows along an axis whose size may be unknown.

    Raises:
      ShapeError: there is no room for a window, or a stride or dilation is not positive.
    """
    if stride <= 0:
        raise ShapeError(f"Stride must be > 0, but got {stride}")
    if dilation < 1:
        raise ShapeError(f"Dilation rate must be >= 1, but got {dilation}")
    if padding == "SAME":
        return None if size is None else -(-size // stride)
    if size is None or window is None:
        return None
    room, extent = size + sum(pads), (window - 1) * dilation + 1
    if room < extent:
        at_run = (
            f"Computed output size would be negative: {-((extent - room - 1) // stride)} "
            f"[input_size: {size}, effective_filter_size: {extent}, stride: {stride}]"
        )
        raise ShapeError(f"Negative dimension size caused by subtracting {extent} from {room}", at_run)
    return (room - extent) // stride + 1


def is_channels_first(data_format: str) -> bool:
    return data_format.startswith("NC")


def spatial(values: Sequence, data_format: str) -> tuple:
    """Of values for all axes those for the spatial ones."""
    return tuple(values[2:] if is_channels_first(data_format) else values[1:-1])


def batch_and_depth(values: Sequence, data_format: str) -> tuple:
    """Of values for all axes those for the other two."""
    return values[0], values[1 if is_channels_first(data_format) else -1]


def in_format(batch: int | None, inner: Sequence[int | None], depth: int | None, data_format: str) -> StaticShape:
    """A shape in the order of the data format."""
    return (batch, depth, *inner) if is_channels_first(data_format) else (batch, *inner, depth)


def channels_last(array: np.ndarray, data_format: str) -> np.ndarray:
    """A view of the array with the channels behind."""
    return np.moveaxis(array, 1, -1) if is_channels_first(data_format) else array


def flat_pads(explicit: Sequence[int], data_format: str) -> tuple[int, ...]:
    """Of the explicit paddings of all axes those of the spatial ones: before and after for each in turn."""
    return tuple(explicit[4:] if is_channels_first(data_format) else explicit[2:-2])
