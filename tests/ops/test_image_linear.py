"""Linear interpolation, by strips and pieces of rows, against its formula for each pixel: the same float32 numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pyflow.ops import image_linear, image_sampling

# The same size, pixels that repeat (7 of 8, 1 of 2, 1 of 3, and with others between), few of many, and no divisor.
SIZES = [(5, 5), (32, 28), (12, 6), (30, 10), (14, 16), (6, 12), (40, 7), (16, 9), (1, 4), (4, 1)]
HOW = [(False, False), (True, False), (False, True)]


def by_formula(images: np.ndarray, align_corners: bool, half_pixel_centers: bool, rows: int, columns: int):
    def mixed(numbers: np.ndarray, axis: int, count: int) -> np.ndarray:
        lower, upper, weight = image_sampling.linear(numbers.shape[axis], count, align_corners, half_pixel_centers)
        first, second = (np.take(numbers, places, axis=axis) for places in (lower, upper))
        return first + (second - first) * weight.reshape((-1,) + (1,) * (3 - axis))

    return mixed(mixed(images.astype(np.float32), 2, columns), 1, rows)


def images_of(dtype: type, height: int, width: int, depth: int) -> np.ndarray:
    random = np.random.default_rng(height * 100 + width)
    shape = 2, height, width, depth
    if np.dtype(dtype).kind != "f":
        return random.integers(0, 127, shape).astype(dtype)
    images = random.normal(0, 100, shape).astype(dtype)
    images[random.random(shape) < 0.05] = -0.0
    images[random.random(shape) < 0.02] = np.inf
    return images


@pytest.mark.parametrize("strip", [1, 300, 96 << 10])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float16, np.float32, np.float64])
def test_every_number_is_that_of_the_formula(monkeypatch, dtype, strip):
    monkeypatch.setattr(image_linear, "_STRIP", strip)
    for (height, rows), (width, columns), how in itertools.product(SIZES, SIZES, HOW):
        images = images_of(dtype, height, width, 1 + (height + width) % 4)
        out = np.empty((2, rows, columns, images.shape[-1]), np.float32)
        with np.errstate(all="ignore"):
            image_linear.resize(images, *how, out)
            expected = by_formula(images, *how, rows, columns)
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(np.signbit(out), np.signbit(expected))
