"""Images of another size: ResizeBilinear, ResizeNearestNeighbor, ResizeBicubic, ResizeArea, and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import ShapeError, op, sample
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops import image_linear, image_sampling
from pyflow.ops.array_shape import shape
from pyflow.ops.gpu import FLOATS, dispatches
from pyflow.ops.gpu_resize import resized, resized_gradient
from pyflow.ops.shape_rules import text, with_rank

IMAGE_TYPES = (
    dtypes.int8, dtypes.uint8, dtypes.int16, dtypes.uint16, dtypes.int32, dtypes.int64, dtypes.float16, dtypes.float32,
    dtypes.float64,
)  # fmt: skip


def two_sizes(size: StaticShape, dims: StaticShape) -> tuple[int | None, int | None]:
    """Height and width from the shape and the value of a size argument; a negative one is refused in the run."""
    if size is not None and len(size) != 1:
        words = f"shape_t must be 1-dimensional{text(size)}"
        raise ShapeError(f"Shape must be rank 1 but is rank {len(size)}", words)
    if size is not None and size[0] not in (None, 2):
        raise ShapeError(f"Dimension must be 2 but is {size[0]}", f"shape_t must have two elements{text(size)}")
    return (None, None) if dims is None else (dims[0], dims[1])


def _images(images: StaticShape) -> tuple[int | None, ...]:
    try:
        return with_rank(images, 4)
    except ShapeError as error:
        raise ShapeError(str(error), f"input must be 4-dimensional{text(images)}") from None


def _resized(images, size, size_value):
    dims = None if size_value is None else tuple(max(int(d), 0) for d in np.asarray(size_value).reshape(-1))
    batch, _, _, depth = _images(images)
    return (batch, *two_sizes(size, dims), depth)


def _check(images: np.ndarray, out: np.ndarray, both: bool = False) -> bool:
    """Whether there is anything to do.

    Args:
      both: whether it is asked for aligned corners and for half pixel centers, which exclude each other.

    Raises:
      InvalidArgumentError: it is, or there are no pixels to take, or none asked for.
    """
    if both:
        raise InvalidArgumentError(None, None, "If half_pixel_centers is True, align_corners must be False.")
    if out.shape[1] <= 0 or out.shape[2] <= 0:
        raise InvalidArgumentError(None, None, "output dimensions must be positive")
    if images.shape[1] <= 0 or images.shape[2] <= 0:
        raise InvalidArgumentError(None, None, "input image must be of non-zero size")
    return out.size > 0


def _weigh(images: np.ndarray, axis: int, indices: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
    """The weighted sum of `indices.shape[1]` pixels along an axis, in float32."""
    aligned = (-1,) + (1,) * (images.ndim - 1 - axis)
    term = np.empty_like(out)
    for tap in range(indices.shape[1]):
        target = term if tap else out
        np.take(images, indices[:, tap], axis=axis, out=target, mode="clip")
        np.multiply(target, weights[:, tap].reshape(aligned), out=target)
        if tap:
            np.add(out, term, out=out)


def _spread(grads: np.ndarray, rows: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
    """The transpose of resizing by two matrices [output pixels, input pixels]: each pixel's gradient to its sources."""
    batch, height, width, depth = grads.shape
    grads = grads.astype(rows.dtype, copy=False)
    tall = np.matmul(rows.T, grads.reshape(batch, height, width * depth))
    np.matmul(columns.T, tall.reshape(batch, -1, width, depth), out=out, casting="same_kind")


def _same(op: Any) -> dict[str, bool]:
    """The attrs of an op that its gradient has too."""
    return {name: op.get_attr(name) for name in ("align_corners", "half_pixel_centers")}


def _linear_matrix(size: int, count: int, attrs: dict[str, Any]) -> np.ndarray:
    return image_sampling.linear_matrix(size, count, attrs["align_corners"], attrs["half_pixel_centers"], np.float32)


def _cubic_matrix(size: int, count: int, attrs: dict[str, Any]) -> np.ndarray:
    return image_sampling.cubic_matrix(size, count, attrs["align_corners"], attrs["half_pixel_centers"], np.float32)


def _nearest_matrix(size: int, count: int, attrs: dict[str, Any]) -> np.ndarray:
    places = image_sampling.nearest(size, count, attrs["align_corners"], attrs["half_pixel_centers"])
    return image_sampling.matrix(size, places[:, None], np.ones((count, 1), np.float32), np.float32)


_IMAGES = (np.arange(18, dtype=np.float32) ** 2 / 10).reshape(1, 3, 3, 2)
_ENLARGED = (np.arange(40, dtype=np.float32) % 7 / 4).reshape(1, 4, 5, 2)


@op(
    "ResizeBilinearGrad(grads: float32, original_image: T) -> (output: T)",
    T=(dtypes.float32, dtypes.bfloat16, dtypes.float16, dtypes.float64),
    align_corners=False,
    half_pixel_centers=False,
)
class ResizeBilinearGrad:
    """The gradient of `ResizeBilinear`: to the four pixels that each was made of, by their weights."""

    def shape(original_image):
        return original_image

    def cpu(grads, original_image, align_corners, half_pixel_centers, out):
        dtype = np.float64 if out.dtype == np.float64 else np.float32
        rows, columns = (
            image_sampling.linear_matrix(size, count, align_corners, half_pixel_centers, dtype)
            for size, count in zip(original_image.shape[1:3], grads.shape[1:3])
        )
        _spread(grads, rows, columns, out)

    gpu = dispatches(resized_gradient(_linear_matrix), types=FLOATS)
    samples = [sample(_ENLARGED, _IMAGES), sample(_ENLARGED, _IMAGES, half_pixel_centers=True)]


@op(
    "ResizeBilinear(images: T, size: int32) -> (resized_images: float32)",
    T=(*IMAGE_TYPES[:6], dtypes.bfloat16, *IMAGE_TYPES[6:]),
    align_corners=False,
    half_pixel_centers=False,
)
class ResizeBilinear:
    """Images [n, height, width, channels] of the size [rows, columns], by linear interpolation; see `resize_images`."""

    shape = _resized

    def cpu(images, size, align_corners, half_pixel_centers, out):
        if _check(images, out, align_corners and half_pixel_centers):
            if images.shape == out.shape:
                out[...] = images
            else:
                image_linear.resize(images, align_corners, half_pixel_centers, out)

    def grad(op, dy):
        return ResizeBilinearGrad(dy, op.inputs[0], **_same(op)), None

    gpu = dispatches(resized(_linear_matrix), types=FLOATS)
    samples = [
        sample(_IMAGES, [4, 5]),
        sample(_IMAGES, [2, 2]),
        sample(_IMAGES, [5, 1], align_corners=True),
        sample(_IMAGES, [4, 5], half_pixel_centers=True),
        sample(_ENLARGED, [1, 3]),
        sample(_IMAGES.astype(np.uint8), [2, 4]),
    ]


@op(
    "ResizeNearestNeighborGrad(grads: T, size: int32) -> (output: T)",
    T=(dtypes.uint8, dtypes.int8, dtypes.int32, dtypes.float16, dtypes.float32, dtypes.float64),
    align_corners=False,
    half_pixel_centers=False,
)
class ResizeNearestNeighborGrad:
    """The gradient of `ResizeNearestNeighbor`: each pixel of the input takes the sum over its copies."""

    def shape(grads, size, size_value):
        return _resized(grads, size, size_value)

    def cpu(grads, align_corners, half_pixel_centers, out):
        rows, columns = (
            image_sampling.nearest(size, count, align_corners, half_pixel_centers)
            for size, count in zip(out.shape[1:3], grads.shape[1:3])
        )
        out.fill(0)
        if out.size and grads.size:
            # What is nearest never goes backwards, so that copies of a pixel stand side by side.
            down, right = np.flatnonzero(np.diff(rows, prepend=-1)), np.flatnonzero(np.diff(columns, prepend=-1))
            sums = np.add.reduceat(np.add.reduceat(grads, down, axis=1, dtype=grads.dtype), right, 2, grads.dtype)
            out[:, rows[down][:, None], columns[right]] = sums

    gpu = dispatches(resized_gradient(_nearest_matrix), types=FLOATS)
    samples = [sample(_ENLARGED, [3, 2]), sample(_ENLARGED, [6, 3], align_corners=True)]


@op(
    "ResizeNearestNeighbor(images: T, size: int32) -> (resized_images: T)",
    T=IMAGE_TYPES,
    align_corners=False,
    half_pixel_centers=False,
)
class ResizeNearestNeighbor:
    """Images of the size [rows, columns], of copies of the nearest pixels."""

    shape = _resized

    def cpu(images, size, align_corners, half_pixel_centers, out):
        if _check(images, out, align_corners and half_pixel_centers):
            rows, columns = (
                image_sampling.nearest(size, count, align_corners, half_pixel_centers)
                for size, count in zip(images.shape[1:3], out.shape[1:3])
            )
            if len(rows) <= images.shape[1]:
                np.take(images[:, rows], columns, axis=2, out=out, mode="clip")
            else:
                np.take(np.take(images, columns, axis=2), rows, axis=1, out=out, mode="clip")

    def grad(op, dy):
        images = op.inputs[0]
        static = images.get_shape()[1:3]
        size: Any = static.as_list() if static.is_fully_defined() else shape(images)[1:3]
        return ResizeNearestNeighborGrad(dy, size, **_same(op)), None

    gpu = dispatches(resized(_nearest_matrix), types=FLOATS)
    samples = [
        sample(_IMAGES, [4, 5]),
        sample(_IMAGES, [2, 2]),
        sample(_IMAGES, [4, 2], align_corners=True),
        sample(_IMAGES, [4, 5], half_pixel_centers=True),
    ]


@op(
    "ResizeBicubicGrad(grads: float32, original_image: T) -> (output: T)",
    T=(dtypes.float32, dtypes.float64),
    align_corners=False,
    half_pixel_centers=False,
)
class ResizeBicubicGrad:
    """The gradient of `ResizeBicubic`: to the sixteen pixels that each was made of, by their weights."""

    def shape(original_image):
        return original_image

    def cpu(grads, original_image, align_corners, half_pixel_centers, out):
        rows, columns = (
            image_sampling.cubic_matrix(size, count, align_corners, half_pixel_centers, out.dtype.type)
            for size, count in zip(original_image.shape[1:3], grads.shape[1:3])
        )
        _spread(grads, rows, columns, out)

    gpu = dispatches(resized_gradient(_cubic_matrix), types=FLOATS)
    samples = [sample(_ENLARGED, _IMAGES), sample(_ENLARGED, _IMAGES, half_pixel_centers=True)]


@op(
    "ResizeBicubic(images: T, size: int32) -> (resized_images: float32)",
    T=IMAGE_TYPES,
    align_corners=False,
    half_pixel_centers=False,
)
class ResizeBicubic:
    """Images of the size [rows, columns], by cubic interpolation between 4 x 4 pixels."""

    shape = _resized

    def cpu(images, size, align_corners, half_pixel_centers, out):
        if _check(images, out, align_corners and half_pixel_centers):
            batch, height, width, depth = images.shape
            down = image_sampling.cubic(height, out.shape[1], align_corners, half_pixel_centers)
            across = image_sampling.cubic(width, out.shape[2], align_corners, half_pixel_centers)
            tall = np.empty((batch, out.shape[1], width, depth), np.float32)
            _weigh(images.astype(np.float32, copy=False), 1, *down, out=tall)
            _weigh(tall, 2, *across, out=out)

    def grad(op, dy):
        images = op.inputs[0]
        if images.dtype not in (dtypes.float32, dtypes.float64):
            return None, None
        return ResizeBicubicGrad(dy, images, **_same(op)), None

    gpu = dispatches(resized(_cubic_matrix), types=FLOATS)
    samples = [
        sample(_IMAGES, [4, 5]),
        sample(_IMAGES, [2, 2], align_corners=True),
        sample(_IMAGES, [4, 5], half_pixel_centers=True),
        sample(_IMAGES.astype(np.uint8), [5, 5]),
    ]


@op("ResizeArea(images: T, size: int32) -> (resized_images: float32)", T=IMAGE_TYPES, align_corners=False)
class ResizeArea:
    """Images of the size [rows, columns]: each pixel is the mean of the area that it covers."""

    shape = _resized

    def cpu(images, size, align_corners, out):
        if _check(images, out):
            batch, height, width, depth = images.shape
            rows, columns = out.shape[1:3]
            wide = np.empty((batch, rows, width, depth), np.float32)
            down = image_sampling.area(height, rows, align_corners)
            _weigh(images.astype(np.float32, copy=False), 1, *down, out=wide)
            _weigh(wide, 2, *image_sampling.area(width, columns, align_corners), out=out)
            steps = (image_sampling.step_between(a, b, align_corners) for a, b in ((height, rows), (width, columns)))
            out *= np.float32(1) / np.prod(list(steps), dtype=np.float32)

    samples = [sample(_IMAGES, [2, 2]), sample(_IMAGES, [4, 5]), sample(_IMAGES, [2, 3], align_corners=True)]


@export("image.resize_bilinear")
def resize_bilinear(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Tensor:
    """float32 images of another size, by linear interpolation between four pixels.

    Args:
      images: [n, height, width, channels] of any real dtype.
      size: int32 [new height, new width].
      align_corners: the middles of the corner pixels stay where they are, else the corner at the top left.
      half_pixel_centers: pixels lie in the middle of squares, not at their top left.
    """
    return ResizeBilinear(images, size, align_corners, half_pixel_centers, name=name)


@export("image.resize_nearest_neighbor")
def resize_nearest_neighbor(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Tensor:
    """As `resize_bilinear`, of copies of the nearest pixels; the dtype stays."""
    return ResizeNearestNeighbor(images, size, align_corners, half_pixel_centers, name=name)


@export("image.resize_bicubic")
def resize_bicubic(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Tensor:
    """As `resize_bilinear`, by cubic interpolation between sixteen pixels."""
    return ResizeBicubic(images, size, align_corners, half_pixel_centers, name=name)


@export("image.resize_area")
def resize_area(images: Any, size: Any, align_corners: bool = False, name: str | None = None) -> Tensor:
    """As `resize_bilinear`, with the mean of the area that each pixel covers."""
    return ResizeArea(images, size, align_corners, name=name)
