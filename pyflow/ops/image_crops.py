"""Parts of images at fractional places, all of one size: CropAndResize and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.errors import InvalidArgumentError, OutOfRangeError
from pyflow.core.registry import ShapeError, attr, op, sample
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array_shape import shape
from pyflow.ops.conv_rules import given_shape
from pyflow.ops.image_resize import IMAGE_TYPES
from pyflow.ops.shape_rules import merge_dim, text, with_rank

_TYPES = (dtypes.uint8, dtypes.uint16, dtypes.int8, *(t for t in IMAGE_TYPES if t.name in (
    "int16", "int32", "int64", "float16", "float32", "float64")))  # fmt: skip
_METHOD = attr("string", default="bilinear", allowed=("bilinear", "nearest"))


def _ranked(value: StaticShape, rank: int, words: str) -> tuple[int | None, ...]:
    try:
        return with_rank(value, rank)
    except ShapeError as error:
        raise ShapeError(str(error), words) from None


def _cropped(image, boxes, box_ind, crop_size, crop_size_value):
    depth = _ranked(image, 4, f"input image must be 4-D{text(image)}")[3]
    count, places = _ranked(boxes, 2, f"boxes must be 2-D{text(boxes)}")
    (indices,) = _ranked(box_ind, 1, f"box_index must be 1-D{text(box_ind)}")
    try:
        count = merge_dim(count, indices)
    except ShapeError as error:
        raise ShapeError(str(error), "box_index has incompatible shape") from None
    if places not in (None, 4):
        raise ShapeError(f"Dimension must be 4 but is {places}", "boxes must have 4 columns")
    _ranked(crop_size, 1, f"crop_size must be 1-D{text(crop_size)}")
    if crop_size is not None and crop_size[0] not in (None, 2):
        words = f"crop_size must have two elements{text(crop_size)}"
        raise ShapeError(f"Dimension must be 2 but is {crop_size[0]}", words)
    rows, columns = (None, None) if crop_size_value is None else (max(int(d), 0) for d in crop_size_value)
    return count, rows, columns, depth


def _places(start: np.ndarray, end: np.ndarray, size: int, count: int) -> np.ndarray:
    """float32 [boxes, count]: where along an axis of `size` pixels each box is sampled."""
    last = np.float32(size - 1)
    if count > 1:
        step = (end - start) * last / np.float32(count - 1)
        return (start * last)[:, None] + np.arange(count, dtype=np.float32) * step[:, None]
    return (np.float32(0.5) * (start + end) * last)[:, None]


def _sampling(boxes: np.ndarray, image_shape: tuple, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    return (
        _places(boxes[:, 0], boxes[:, 2], image_shape[1], rows),
        _places(boxes[:, 1], boxes[:, 3], image_shape[2], columns),
    )


def _inside(places: np.ndarray, size: int) -> np.ndarray:
    return (places >= 0) & (places <= size - 1)


def _around(places: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pixels before and after each place, and the weight of the latter; within the image, whatever the place."""
    kept = np.clip(places, 0, size - 1)
    low = np.floor(kept)
    return low.astype(np.intp), np.ceil(kept).astype(np.intp), kept - low


def _nearest(places: np.ndarray, size: int) -> np.ndarray:
    kept = np.clip(places, 0, size - 1)
    low = np.floor(kept)
    return np.where(kept - low < np.float32(0.5), low, np.ceil(kept)).astype(np.intp)


def _check(box_ind: np.ndarray, batch: int) -> None:
    if box_ind.size and not (0 <= box_ind.min() and box_ind.max() < batch):
        raise OutOfRangeError(None, None, "box_index has values outside [0, batch_size)")


_IMAGE = (np.arange(24, dtype=np.float32) ** 2 / 50).reshape(1, 3, 4, 2)
_BOXES = np.array([[0.1, 0.15, 0.8, 0.9], [0.9, 0.7, 0.22, 0.13]], np.float32)
_INDICES = [0, 0]
_GRADS = (np.arange(36, dtype=np.float32) % 5).reshape(2, 3, 3, 2)


@op(
    "CropAndResizeGradImage(grads: float32, boxes: float32, box_ind: int32, image_size: int32) -> (output: T)",
    T=(dtypes.float32, dtypes.float16, dtypes.float64),
    method=_METHOD,
)
class CropAndResizeGradImage:
    """The gradient of `CropAndResize` with respect to the image."""

    def shape(image_size, image_size_dims):
        return given_shape(image_size, image_size_dims, 4)

    def cpu(grads, boxes, box_ind, image_size, method, out):
        _check(box_ind, out.shape[0])
        _, rows, columns, _ = grads.shape
        down, right = _sampling(boxes, out.shape, rows, columns)
        kept = grads * (_inside(down, out.shape[1])[:, :, None] & _inside(right, out.shape[2])[:, None])[..., None]
        total = np.zeros(out.shape, np.float64 if out.dtype == np.float64 else np.float32)
        index = box_ind[:, None, None]
        if method == "nearest":
            np.add.at(
                total, (index, _nearest(down, out.shape[1])[:, :, None], _nearest(right, out.shape[2])[:, None]), kept
            )
        else:
            top, bottom, by_row = _around(down, out.shape[1])
            left, far, by_column = _around(right, out.shape[2])
            for i, down_weight in ((top, 1 - by_row), (bottom, by_row)):
                for j, right_weight in ((left, 1 - by_column), (far, by_column)):
                    weight = (down_weight[:, :, None] * right_weight[:, None])[..., None]
                    np.add.at(total, (index, i[:, :, None], j[:, None]), kept * weight)
        out[...] = total

    samples = [sample(_GRADS, _BOXES, _INDICES, [1, 3, 4, 2], T=dtypes.float32)]


@op(
    "CropAndResizeGradBoxes(grads: float32, image: T, boxes: float32, box_ind: int32) -> (output: float32)",
    T=_TYPES,
    method=attr("string", default="bilinear", allowed=("bilinear",)),
)
class CropAndResizeGradBoxes:
    """The gradient of `CropAndResize` with respect to the boxes."""

    def shape(boxes):
        return boxes

    def cpu(grads, image, boxes, box_ind, out):
        batch, height, width, _ = image.shape
        _check(box_ind, batch)
        _, rows, columns, _ = grads.shape
        down, right = _sampling(boxes, image.shape, rows, columns)
        inside = (_inside(down, height)[:, :, None] & _inside(right, width)[:, None])[..., None]
        top, bottom, by_row = _around(down, height)
        left, far, by_column = _around(right, width)
        index, by_row, by_column = box_ind[:, None, None], by_row[:, :, None, None], by_column[:, None, :, None]
        corners = [
            [image[index, i[:, :, None], j[:, None]].astype(np.float32) for j in (left, far)] for i in (top, bottom)
        ]
        (a, b), (c, d) = corners
        slope_down = ((1 - by_column) * (c - a) + by_column * (d - b)) * grads * inside
        slope_right = ((1 - by_row) * (b - a) + by_row * (d - c)) * grads * inside
        for axis, (slopes, size, count) in enumerate(
            ((slope_down.sum((2, 3)), height, rows), (slope_right.sum((1, 3)), width, columns))
        ):
            ends = np.arange(count) * (size - 1) / (count - 1) if count > 1 else np.array([(size - 1) / 2])
            out[:, axis] = (slopes * (size - 1 - ends)).sum(1)
            out[:, axis + 2] = (slopes * ends).sum(1)

    samples = [sample(_GRADS, _IMAGE, _BOXES, _INDICES)]


@op(
    "CropAndResize(image: T, boxes: float32, box_ind: int32, crop_size: int32) -> (crops: float32)",
    T=_TYPES,
    method=_METHOD,
    extrapolation_value=0.0,
)
class CropAndResize:
    """Parts of images, all resized to one size; see `crop_and_resize`."""

    def shape(image, boxes, box_ind, crop_size, crop_size_value):
        return _cropped(image, boxes, box_ind, crop_size, crop_size_value)

    def cpu(image, boxes, box_ind, method, extrapolation_value, out):
        batch, height, width, _ = image.shape
        _, rows, columns, _ = out.shape
        if rows <= 0 or columns <= 0:
            raise InvalidArgumentError(None, None, "crop dimensions must be positive")
        if height <= 0 or width <= 0:
            raise InvalidArgumentError(None, None, "image dimensions must be positive")
        _check(box_ind, batch)
        down, right = _sampling(boxes, image.shape, rows, columns)
        index = box_ind[:, None, None]
        if method == "nearest":
            out[...] = image[index, _nearest(down, height)[:, :, None], _nearest(right, width)[:, None]]
        else:
            top, bottom, by_row = _around(down, height)
            left, far, by_column = _around(right, width)
            by_row, by_column = by_row[:, :, None, None], by_column[:, None, :, None]
            lines = []
            for i in (top, bottom):
                first, second = (image[index, i[:, :, None], j[:, None]].astype(np.float32) for j in (left, far))
                lines.append(first + (second - first) * by_column)
            np.add(lines[0], (lines[1] - lines[0]) * by_row, out=out)
        out[~(_inside(down, height)[:, :, None] & _inside(right, width)[:, None])] = extrapolation_value

    def grad(op, dy):
        image, boxes, indices, _ = op.inputs
        static = image.get_shape()
        size: Any = static.as_list() if static.is_fully_defined() else shape(image)
        to_image = None
        if image.dtype in (dtypes.float16, dtypes.float32, dtypes.float64):
            to_image = CropAndResizeGradImage(
                dy, boxes, indices, size, T=op.get_attr("T"), method=op.get_attr("method")
            )
        return to_image, CropAndResizeGradBoxes(dy, image, boxes, indices), None, None

    samples = [
        sample(_IMAGE, _BOXES, _INDICES, [3, 2]),
        sample(_IMAGE, _BOXES, _INDICES, [1, 1]),
        sample(_IMAGE, _BOXES, _INDICES, [2, 3], grad=False, method="nearest", extrapolation_value=1.5),
    ]


@export("image.crop_and_resize")
def crop_and_resize(
    image: Any,
    boxes: Any,
    box_ind: Any = None,
    crop_size: Any = None,
    method: str = "bilinear",
    extrapolation_value: float = 0,
    name: str | None = None,
    box_indices: Any = None,
) -> Tensor:
    """Parts of images, all resized to one size.

    Args:
      image: [n, height, width, channels] of any real dtype.
      boxes: float32 [boxes, 4]: top, left, bottom, right, where 0 and 1 are the middles of the border's pixels. A
        box may reach beyond the image, or be upside down.
      box_ind: int32 [boxes]: the image that each box is cut from (`box_indices` is its newer name).
      crop_size: int32 [rows, columns].
      method: "bilinear" or "nearest".
      extrapolation_value: what stands where a box reaches beyond the image.

    Returns:
      float32 [boxes, rows, columns, channels].
    """
    box_ind = renamed_argument("box_indices", box_indices, "box_ind", box_ind)
    return CropAndResize(image, boxes, box_ind, crop_size, method, extrapolation_value, name=name)
