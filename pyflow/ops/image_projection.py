"""Images seen through projective maps (tf.contrib.image), and matching rows to columns by distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op, raw, sample

_PIXELS = (dtypes.uint8, dtypes.int32, dtypes.int64, dtypes.float16, dtypes.float32, dtypes.float64)


def _places(transforms: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Where in the input each output pixel comes from, as (x, y) of float32[transforms, height, width]."""
    t = transforms.astype(np.float32)[:, :, None, None]
    x = np.arange(width, dtype=np.float32)[None, None, :]
    y = np.arange(height, dtype=np.float32)[None, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = t[:, 6] * x + t[:, 7] * y + np.float32(1)
        in_x = (t[:, 0] * x + t[:, 1] * y + t[:, 2]) / scale
        in_y = (t[:, 3] * x + t[:, 4] * y + t[:, 5]) / scale
    nowhere = scale == 0  # such pixels lie at infinity
    return np.where(nowhere, np.float32(-2), in_x), np.where(nowhere, np.float32(-2), in_y)


def _read(images: np.ndarray, batch: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The pixels at whole places, 0 outside."""
    inside = (y >= 0) & (y < images.shape[1]) & (x >= 0) & (x < images.shape[2])
    rows, columns = (np.where(inside, v, 0).astype(np.intp) for v in (y, x))
    return np.where(inside[..., None], images[batch, rows, columns], images.dtype.type(0))


def _rounded(places: np.ndarray) -> np.ndarray:
    """To the nearest, halves away from zero."""
    return np.trunc(places + np.copysign(np.float32(0.5), places))


def _project(images, transforms, out, interpolation):
    if interpolation not in ("NEAREST", "BILINEAR"):
        raise errors.InvalidArgumentError(None, None, f"Invalid interpolation {interpolation}. Supported types: "
                                          "NEAREST, BILINEAR")  # fmt: skip
    count, height, width, _ = out.shape
    if transforms.ndim != 2 or transforms.shape[1] != 8 or len(transforms) not in (1, count):
        raise errors.InvalidArgumentError(
            None, None, f"Input transform should be num_images x 8 or 1 x 8, is {list(transforms.shape)}"
        )
    x, y = _places(transforms, height, width)
    batch = np.arange(count)[:, None, None]
    x, y = (np.broadcast_to(v, (count, height, width)) for v in (x, y))
    if interpolation == "NEAREST":
        out[...] = _read(images, batch, _rounded(y), _rounded(x))
        return
    left, top = np.floor(x), np.floor(y)
    right, bottom = left + 1, top + 1
    from_left, from_top = (x - left)[..., None], (y - top)[..., None]
    to_right, to_bottom = (right - x)[..., None], (bottom - y)[..., None]
    kind = np.float64 if out.dtype == np.float64 else np.float32
    corner = lambda row, column: _read(images, batch, row, column).astype(kind)  # noqa: E731
    upper = to_right * corner(top, left) + from_left * corner(top, right)
    lower = to_right * corner(bottom, left) + from_left * corner(bottom, right)
    out[...] = (to_bottom * upper + from_top * lower).astype(out.dtype)


def _projected_shape(images, transforms, output_shape_value=None):
    if images is None:
        return None
    height, width = (None, None) if output_shape_value is None else map(int, output_shape_value)
    if len(images) != 4:
        raise ShapeError(f"Shape must be rank 4 but is rank {len(images)}")
    return (images[0], height, width, images[3])


@op("ImageProjectiveTransformV2(images: dtype, transforms: float32, output_shape: int32) -> "
    "(transformed_images: dtype)", dtype=_PIXELS, interpolation=attr("string"))  # fmt: skip
class ImageProjectiveTransformV2:
    """Images [n, height, width, channels] whose pixel (x, y) is taken from where `transforms` [n or 1, 8] put it.

    With a row (a0, a1, a2, b0, b1, b2, c0, c1) that is ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), where
    k = c0 x + c1 y + 1. What lies outside is 0.
    """

    def shape(images, transforms, output_shape, output_shape_value):
        return _projected_shape(images, transforms, output_shape_value)

    def cpu(images, transforms, interpolation, out):
        _project(images, transforms, out, interpolation)

    def grad(op, dy):
        return _gradient(op, dy), None, None

    samples = [
        sample(np.arange(24.0).reshape(2, 3, 4, 1), [[1.0, 0, 1, 0, 1, -1, 0, 0]], [3, 4], interpolation="NEAREST"),
        sample(
            np.arange(12.0).reshape(1, 3, 4, 1),
            [[1.0, 0, 0.5, 0, 1, 0.25, 0, 0]],
            [2, 3],
            interpolation="BILINEAR",
            grad=False,  # TensorFlow's is the map back, which is not the gradient of interpolation
        ),
    ]


def _gradient(op: Any, dy: Any) -> Any:
    """The gradient seen through the inverse maps, as TensorFlow has it."""
    images, transforms = op.inputs[0], op.inputs[1]
    rows = raw.Reshape(transforms, [-1, 8])
    count = raw.Shape(rows)
    ones = raw.Fill(raw.Pack([raw.StridedSlice(count, [0], [1], [1], shrink_axis_mask=1), 1]), 1.0)
    matrices = raw.Reshape(raw.ConcatV2([rows, ones], 1), [-1, 3, 3])
    inverse = raw.Reshape(raw.MatrixInverse(matrices), [-1, 9])
    inverse = raw.RealDiv(inverse, raw.Slice(inverse, [0, 8], [-1, 1]))
    size = raw.StridedSlice(raw.Shape(images), [1], [3], [1])
    back = raw.Slice(inverse, [0, 0], [-1, 8])
    return ImageProjectiveTransformV2(dy, back, size, interpolation=op.attrs["interpolation"])


@op("ImageProjectiveTransform(images: dtype, transforms: float32) -> (transformed_images: dtype)",
    dtype=_PIXELS, interpolation=attr("string"))  # fmt: skip
class ImageProjectiveTransform:
    """As `ImageProjectiveTransformV2`, of the size of the input."""

    def shape(images, transforms):
        return images

    def cpu(images, transforms, interpolation, out):
        _project(images, transforms, out, interpolation)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.arange(12.0).reshape(1, 3, 4, 1), [[1.0, 0, 1, 0, 1, 0, 0, 0]], interpolation="NEAREST")]


@op("BipartiteMatch(distance_mat: float32, num_valid_rows: float32) -> "
    "(row_to_col_match_indices: int32, col_to_row_match_indices: int32)", top_k=-1)  # fmt: skip
class BipartiteMatch:
    """Rows and columns paired greedily, the nearest first; -1 for what stays alone."""

    stateful = True

    def shape(distance_mat):
        if distance_mat is None:
            return [(None,), (None,)]
        return [distance_mat[:1], distance_mat[1:]]

    def cpu(distance_mat, num_valid_rows, top_k):
        rows, columns = distance_mat.shape
        valid = int(np.ravel(num_valid_rows)[0])
        valid = rows if valid < 0 else valid
        row_to_column, column_to_row = np.full(rows, -1, np.int32), np.full(columns, -1, np.int32)
        left = columns if top_k <= 0 else top_k
        for place in np.argsort(distance_mat[:valid], axis=None, kind="stable"):
            row, column = divmod(int(place), columns)
            if left > 0 and row_to_column[row] < 0 and column_to_row[column] < 0:
                row_to_column[row], column_to_row[column] = column, row
                left -= 1
        return row_to_column, column_to_row

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[0.5, 0.1, 0.2], [0.3, 0.05, 0.9]], [-1.0])]


@op("ImageConnectedComponents(image: dtype) -> (components: int64)",
    dtype=(dtypes.int64, dtypes.int32, dtypes.uint16, dtypes.int16, dtypes.uint8, dtypes.int8, dtypes.float16,
           dtypes.float32, dtypes.float64, dtypes.bool, dtypes.string))  # fmt: skip
class ImageConnectedComponents:
    """A number for each patch of equal pixels that touch by their sides, [n, height, width]; 0 where a pixel is 0."""

    def shape(image):
        return image

    def cpu(image):
        empty = "" if image.dtype == object else 0
        flat = np.array([p not in (b"", "") for p in image.ravel()]) if empty == "" else (image != 0).ravel()
        filled = flat.reshape(image.shape)
        numbers = np.where(filled, np.arange(1, image.size + 1).reshape(image.shape), 0)
        return _spread(image, numbers, filled).astype(np.int64)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([[[1, 1, 0], [0, 1, 2], [3, 0, 2]]], np.int32))]


def _spread(image: np.ndarray, numbers: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """Gives neighbours of the same value the least of their numbers until nothing changes."""
    joined = []
    for axis in (1, 2):
        before = tuple(slice(None, -1) if i == axis else slice(None) for i in range(3))
        after = tuple(slice(1, None) if i == axis else slice(None) for i in range(3))
        joined.append((before, after, (image[before] == image[after]) & filled[before]))
    while True:
        previous = numbers.copy()
        for before, after, same in joined:
            least = np.minimum(numbers[before], numbers[after])
            numbers[before] = np.where(same, least, numbers[before])
            least = np.minimum(numbers[before], numbers[after])
            numbers[after] = np.where(same, least, numbers[after])
        if np.array_equal(previous, numbers):
            return numbers
