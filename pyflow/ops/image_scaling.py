"""Images scaled and moved, with a kernel that says how much each pixel counts: ScaleAndTranslate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, sample
from pyflow.core.tensor import brackets
from pyflow.ops.image_resize import IMAGE_TYPES, two_sizes
from pyflow.ops.shape_rules import same_as, with_rank

Kernel = Callable[[np.ndarray], np.ndarray]  # of distances >= 0

_IN_THE_MIDDLE = 1e-3
_LEAST_SUM = 1000 * np.finfo(np.float32).tiny


def _lanczos(radius: float) -> Kernel:
    def kernel(x: np.ndarray) -> np.ndarray:
        at = np.where(x <= _IN_THE_MIDDLE, 1.0, x)
        value = radius * np.sin(np.pi * at) * np.sin(np.pi * at / radius) / (np.pi * np.pi * at * at)
        return np.where(x > radius, 0.0, np.where(x <= _IN_THE_MIDDLE, 1.0, value))

    return kernel


def _gaussian(x: np.ndarray) -> np.ndarray:
    deviation = 1.5 / 3.0
    return np.where(x >= 1.5, 0.0, np.exp(-x * x / (2.0 * deviation * deviation)))


def _box(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0.5, 1.0, np.where(x == 0.5, 0.5, 0.0))


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1.0 - x, 0.0)


def _keys_cubic(x: np.ndarray) -> np.ndarray:
    near = ((1.5 * x - 2.5) * x) * x + 1.0
    return np.where(x >= 2, 0.0, np.where(x >= 1, ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0, near))


def _mitchell_cubic(x: np.ndarray) -> np.ndarray:
    near = (7.0 / 6.0 * x - 2.0) * x * x + 8.0 / 9.0
    return np.where(x >= 2, 0.0, np.where(x >= 1, ((-7.0 / 18.0 * x + 2.0) * x - 10.0 / 3.0) * x + 16.0 / 9.0, near))


# Each kernel and its radius, in pixels.
_KERNELS: dict[str, tuple[Kernel, float]] = {
    "lanczos1": (_lanczos(1.0), 1.0),
    "lanczos3": (_lanczos(3.0), 3.0),
    "lanczos5": (_lanczos(5.0), 5.0),
    "gaussian": (_gaussian, 1.5),
    "box": (_box, 1.0),
    "triangle": (_triangle, 1.0),
    "keyscubic": (_keys_cubic, 2.0),
    "mitchellcubic": (_mitchell_cubic, 2.0),
}


def weights(kernel_type: str, size: int, count: int, scale: float, translate: float, antialias: bool) -> np.ndarray:
    """How much each of `size` pixels counts for each of `count` new ones, float32 [count, size].

    New pixels whose middle lies outside have no weights.
    """
    kernel, radius = _KERNELS[kernel_type]
    inverse = np.float32(1.0) / np.float32(scale)
    width = max(float(inverse), 1.0) if antialias else 1.0
    middles = (np.arange(count, dtype=np.float32) + np.float32(0.5)) * inverse - inverse * np.float32(translate)
    reach = np.float32(radius * width)
    first = np.clip(np.ceil(middles - reach - np.float32(0.5)), 0, size - 1)
    last = np.clip(np.floor(middles + reach - np.float32(0.5)), 0, size - 1)
    places = np.arange(size, dtype=np.float32)
    distances = np.abs((places + np.float32(0.5) - middles[:, None]) / np.float32(width))
    within = (places >= first[:, None]) & (places <= last[:, None])
    within &= ((middles >= 0) & (middles <= size))[:, None]
    found = np.where(within, kernel(distances), 0.0).astype(np.float32)
    total = found.sum(axis=1, keepdims=True)
    return np.divide(found, total, out=np.zeros_like(found), where=np.abs(total) >= _LEAST_SUM)


def _both(kernel_type: str, sizes: tuple, counts: tuple, scale, translation, antialias: bool) -> list[np.ndarray]:
    if kernel_type not in _KERNELS:
        raise InvalidArgumentError(None, None, f"Unrecognized kernel type: {kernel_type}")
    for vector in (scale, translation):
        if np.ndim(vector) != 1:
            raise InvalidArgumentError(None, None, f"t must be 1-dimensional{brackets(np.shape(vector))}")
    if not (np.asarray(scale) > 0).all():
        raise InvalidArgumentError(None, None, "Scale must be greater than zero.")
    each = zip(sizes, counts, np.asarray(scale).tolist(), np.asarray(translation).tolist())
    return [weights(kernel_type, *numbers, antialias) for numbers in each]


_PICTURE = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)


@op(
    "ScaleAndTranslate(images: T, size: int32, scale: float32, translation: float32) -> (resized_images: float32)",
    T=(*IMAGE_TYPES[:6], dtypes.bfloat16, *IMAGE_TYPES[6:]),
    kernel_type="lanczos3",
    antialias=True,
)
class ScaleAndTranslate:
    """Images [n, height, width, channels] of another size, in which a pixel at p comes to p * scale + translation."""

    samples = [sample(_PICTURE, [2, 5], [0.7, 1.2], [0.1, -0.2], kernel_type="triangle", grad=False)]  # float32 only

    def shape(images, size, size_value):
        batch, _, _, depth = with_rank(images, 4)
        dims = None if size_value is None else tuple(max(int(d), 0) for d in np.asarray(size_value).reshape(-1))
        return (batch, *two_sizes(size, dims), depth)

    def cpu(images, size, scale, translation, kernel_type, antialias, out):
        if out.shape[1] <= 0 or out.shape[2] <= 0:
            raise InvalidArgumentError(None, None, "output dimensions must be positive")
        if images.shape[1] <= 0 or images.shape[2] <= 0:
            raise InvalidArgumentError(None, None, "input image must be of non-zero size")
        rows, columns = _both(kernel_type, images.shape[1:3], out.shape[1:3], scale, translation, antialias)
        _weigh(images, rows, columns, out)

    def grad(op, dy):
        images, _, scale, translation = op.inputs
        attrs = {name: op.get_attr(name) for name in ("kernel_type", "antialias")}
        return ScaleAndTranslateGrad(dy, images, scale, translation, **attrs), None, None, None


@op(
    "ScaleAndTranslateGrad(grads: T, original_image: T, scale: float32, translation: float32) -> (output: T)",
    T=(dtypes.float32,),
    kernel_type="lanczos3",
    antialias=True,
)
class ScaleAndTranslateGrad:
    """The gradient of `ScaleAndTranslate` with respect to the images."""

    shape = same_as("original_image")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.ones([1, 2, 5, 1], np.float32), _PICTURE, [0.7, 1.2], [0.1, -0.2], kernel_type="triangle")]

    def cpu(grads, original_image, scale, translation, kernel_type, antialias, out):
        rows, columns = _both(kernel_type, out.shape[1:3], grads.shape[1:3], scale, translation, antialias)
        _weigh(grads, rows.T, columns.T, out)


def _weigh(images: np.ndarray, rows: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
    """Images with their rows and columns multiplied by matrices [new, old]."""
    batch, height, width, depth = images.shape
    flat = images.reshape(batch, height, width * depth).astype(np.float32, copy=False)
    tall = np.matmul(rows, flat).reshape(batch, -1, width, depth)
    np.matmul(columns, tall, out=out, casting="same_kind")
