"""Parts of images around given places, with noise where they go beyond the image: ExtractGlimpse."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.philox import PhiloxState
from pyflow.ops.random_sampling import fill_standard_normal, fill_uniform
from pyflow.ops.shape_rules import merge_dim, with_rank

_IMAGES = np.arange(60, dtype=np.float32).reshape(1, 5, 6, 2)


@op(
    "ExtractGlimpse(input: float32, size: int32, offsets: float32) -> (glimpse: float32)",
    centered=True,
    normalized=True,
    uniform_noise=True,
    noise="uniform",
)
class ExtractGlimpse:
    """A window of each image [n, height, width, channels] around its offset; see `extract_glimpse`."""

    def shape(input, size, size_value, offsets):
        batch, _, _, depth = with_rank(input, 4)
        (two,) = with_rank(size, 1)
        if two not in (None, 2):
            raise ShapeError(f"Dimension must be 2 but is {two}")
        places, pair = with_rank(offsets, 2)
        batch = merge_dim(batch, places)
        if pair not in (None, 2):
            raise ShapeError(f"Dimension must be 2 but is {pair}")
        rows, columns = (None, None) if size_value is None else (int(d) for d in size_value)
        return batch, rows, columns, depth

    def cpu(input, size, offsets, centered, normalized, uniform_noise, noise):
        rows, columns = (int(d) for d in size)
        if rows < 0 or columns < 0:
            raise InvalidArgumentError(None, None, f"glimpse size must be non-negative, got {rows} x {columns}")
        count, height, width, depth = input.shape
        extent = np.array([height, width], np.float32)
        places = offsets * extent if normalized else offsets
        if centered:
            places = places / np.float32(2) + extent / np.float32(2)
        starts = (places - np.array([rows, columns], np.float32) / np.float32(2)).astype(np.int64)
        out = np.empty((count, rows, columns, depth), np.float32)
        random = PhiloxState()
        for image, (top, left), window in zip(input, starts.tolist(), out):
            first, last = max(top, 0), min(top + rows, height)
            start, end = max(left, 0), min(left + columns, width)
            if last - first < rows or end - start < columns:
                _fill(window, image, random, "zero" if noise == "zero" else uniform_noise)
            if last > first and end > start:
                window[first - top : last - top, start - left : end - left] = image[first:last, start:end]
        return out

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(_IMAGES, [3, 2], [[0.2, -0.3]]),
        sample(_IMAGES, [2, 2], [[2.0, 3.0]], centered=False, normalized=False),
    ]


def _fill(window: np.ndarray, image: np.ndarray, random: PhiloxState, noise: bool | str) -> None:
    if noise == "zero" or not image.size or not window.size:
        window[...] = 0
        return
    place = random.reserve(-(-window.size // 4) * 2)
    if noise:
        low = image.min()
        fill_uniform(place, window)
        np.add(window * (image.max() - low), low, out=window)
    else:
        fill_standard_normal(place, window)
        np.add(window * image.std(), image.mean(), out=window)


@export("image.extract_glimpse")
def extract_glimpse(
    input: Any, size: Any, offsets: Any, centered: bool = True, normalized: bool = True, uniform_noise: bool = True,
    name: str | None = None,
) -> Tensor:  # fmt: skip
    """A part of each image, float32 [n, rows, columns, channels], with noise where it goes beyond the image.

    Args:
      input: float32 [n, height, width, channels].
      size: int32 [rows, columns].
      offsets: float32 [n, 2]: y and x of the middles of the parts.
      centered: offsets count from the middle of the image, so that (0, 0) is there and (-1, -1) is its first corner,
        else from that corner.
      normalized: offsets count heights and widths of the image, half ones if `centered`, else pixels.
      uniform_noise: noise is uniform between the image's smallest and largest number, else normal with the mean and the
        deviation of its numbers. It is another one in each run.
    """
    return ExtractGlimpse(
        input, size, offsets, centered=centered, normalized=normalized, uniform_noise=uniform_noise, name=name
    )
