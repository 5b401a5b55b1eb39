"""Boxes drawn on images, and boxes drawn at random: DrawBoundingBoxes, SampleDistortedBoundingBox.

Boxes are [top, left, bottom, right], from 0 to 1 of the image's height and width. Random boxes are TensorFlow's for the
same seeds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.philox import PhiloxState
from pyflow.ops.random_ops import stream
from pyflow.ops.random_sampling import unit_float32
from pyflow.ops.shape_rules import text, with_rank

_DRAWN = one_of((dtypes.float32, dtypes.float16), dtypes.float32)
# The colours of one box after the other, red, green, blue and alpha.
_COLORS = np.array(
    [
        (1, 1, 0, 1), (0, 0, 1, 1), (1, 0, 0, 1), (0, 1, 0, 1), (0.5, 0, 0.5, 1),
        (0.5, 0.5, 0, 1), (0.5, 0, 0, 1), (0, 0, 0.5, 1), (0, 1, 1, 1), (1, 0, 1, 1),
    ],
    np.float32,
)  # fmt: skip


def _drawn(images: StaticShape, boxes: StaticShape) -> StaticShape:
    try:
        dims = with_rank(images, 4)
    except ShapeError as error:
        raise ShapeError(str(error), "The rank of the images should be 4") from None
    if dims[3] not in (None, 1, 3, 4):
        raise ShapeError("Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)")
    try:
        places = with_rank(boxes, 3)
    except ShapeError as error:
        raise ShapeError(str(error), "The rank of the boxes tensor should be 3") from None
    if places[2] not in (None, 4):
        raise ShapeError(f"Dimension must be 4 but is {places[2]}")
    return images


def _draw(images: np.ndarray, boxes: np.ndarray, colors: np.ndarray, out: np.ndarray) -> None:
    if len(boxes) != len(images):
        raise InvalidArgumentError(None, None, "The batch sizes should be the same")
    out[...] = images
    _, height, width, depth = images.shape
    # Cut off towards 0, as float32 numbers.
    edges = np.trunc(boxes.astype(np.float32) * np.array([height - 1, width - 1] * 2, np.float32)).astype(np.int64)
    for image, places in zip(out, edges):
        for i, (top, left, bottom, right) in enumerate(places.tolist()):
            outside = top >= height or bottom < 0 or left >= width or right < 0
            if top > bottom or left > right or outside:
                continue
            color = colors[i % len(colors), :depth]
            rows = slice(max(top, 0), min(bottom, height - 1) + 1)
            columns = slice(max(left, 0), min(right, width - 1) + 1)
            if top >= 0:
                image[top, columns] = color
            if bottom < height:
                image[bottom, columns] = color
            if left >= 0:
                image[rows, left] = color
            if right < width:
                image[rows, right] = color


def _default_colors(depth: int) -> np.ndarray:
    if depth != 1:
        return _COLORS
    gray = _COLORS.copy()
    gray[:, 0] = 1
    return gray


_CANVAS = np.zeros((1, 5, 6, 3), np.float32)
_BOX = [[[0.2, 0.1, 0.7, 0.9], [-0.5, 0.3, 0.4, 2.0]]]


@op("DrawBoundingBoxes(images: T, boxes: float32) -> (output: T)", T=_DRAWN)
class DrawBoundingBoxes:
    """Images [n, height, width, depth] with lines one pixel wide around boxes [n, boxes, 4]."""

    def shape(images, boxes):
        return _drawn(images, boxes)

    def cpu(images, boxes, out):
        _draw(images, boxes, _default_colors(images.shape[3]), out)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_CANVAS, _BOX)]


@op("DrawBoundingBoxesV2(images: T, boxes: float32, colors: float32) -> (output: T)", T=_DRAWN)
class DrawBoundingBoxesV2:
    """`DrawBoundingBoxes` with the colours [n, depth or more] of one box after the other."""

    def shape(images, boxes, colors):
        return _drawn(images, boxes)

    def cpu(images, boxes, colors, out):
        _draw(images, boxes, colors if colors.size else _default_colors(images.shape[3]), out)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_CANVAS, _BOX, [[1.0, 0.5, 0.25]])]


@export("image.draw_bounding_boxes")
def draw_bounding_boxes(images: Any, boxes: Any, name: str | None = None, colors: Any = None) -> Tensor:
    """Images with lines one pixel wide around boxes.

    Args:
      images: float32 or float16 [n, height, width, 1, 3 or 4], pixels from 0 to 1.
      boxes: float32 [n, boxes, 4]: top, left, bottom and right, from 0 to 1 of height and width.
      colors: float32 [colours, depth], for one box after the other and then again; by default ten strong ones.
    """
    if colors is None:
        return DrawBoundingBoxes(images, boxes, name=name)
    return DrawBoundingBoxesV2(images, boxes, colors, name=name)


class _Numbers:
    """The random numbers of one run, one after the other."""

    def __init__(self, place: Any, count: int):
        self._words = iter(place.words(count).tolist())

    def unit(self) -> np.float32:
        return unit_float32(np.array([next(self._words)], np.uint32))[0]

    def below(self, count: int) -> int:
        """An integer from 0, all of them equally likely."""
        if count & (count - 1) == 0:
            return next(self._words) & (count - 1)
        uneven = 0xFFFFFFFF % count + 1
        while True:
            word = next(self._words)
            if word >= uneven:
                return word % count


def _rounded(value: Any) -> int:
    return int(np.rint(np.float32(value)))


def _crop(height: int, width: int, areas: Any, ratio: np.float32, numbers: _Numbers) -> tuple | None:
    """(top, left, rows, columns) of a random crop, or None if there is none of that aspect ratio."""
    single = np.float32
    if areas[1] <= 0 or ratio <= 0 or areas[0] > areas[1]:
        return None
    least, most = (single(single(area) * single(width)) * single(height) for area in areas)
    rows, most_rows = (_rounded(np.sqrt(single(area / ratio))) for area in (least, most))
    if _rounded(single(most_rows) * ratio) > width:
        most_rows = int((width + 0.5 - 0.0000001) / float(ratio))
        if _rounded(single(most_rows) * ratio) > width:
            most_rows -= 1
    most_rows = min(most_rows, height)
    rows = min(rows, most_rows)
    if rows < most_rows:
        rows += numbers.below(most_rows - rows + 1)
    columns = _rounded(single(rows) * ratio)
    # What rounding took is given back, first in one direction, then in the other.
    if columns * rows < least:
        rows += 1
        columns = _rounded(single(rows) * ratio)
    if columns * rows > most:
        rows -= 1
        columns = _rounded(single(rows) * ratio)
    if not least <= columns * rows <= most or columns > width or rows > height or columns <= 0 or rows <= 0:
        return None
    top = numbers.below(height - rows) if rows < height else 0
    left = numbers.below(width - columns) if columns < width else 0
    return top, left, rows, columns


def _covers(crop: tuple, boxes: list[list[int]], least: float) -> bool:
    """Whether at least that part of one of the boxes, given in pixels, lies in the crop."""
    top, left, rows, columns = crop
    if rows * columns < 1:
        return False
    for y1, x1, y2, x2 in boxes:
        area = (y2 - y1) * (x2 - x1)
        if area < 1:
            continue
        down, across = min(y2, top + rows) - max(y1, top), min(x2, left + columns) - max(x1, left)
        common = down * across if down > 0 and across > 0 else 0
        if np.float32(common) / np.float32(area) >= np.float32(least):
            return True
    return False


def _check_ranges(aspect_ratio_range: list[float], area_range: list[float], max_attempts: int) -> None:
    def refuse(words: str) -> None:
        raise InvalidArgumentError(None, None, words)

    if len(aspect_ratio_range) != 2:
        refuse("Aspect ratio range field must specify 2 dimensions")
    if min(aspect_ratio_range) <= 0:
        low, high = aspect_ratio_range
        refuse(f"Aspect ratio range must be non-negative: [{low:g}, {high:g}]")
    if len(area_range) != 2:
        refuse("Area range field must specify 2 dimensions")
    if min(area_range) <= 0 or max(area_range) > 1:
        words = "non-negative" if min(area_range) <= 0 else "less then or equal to 1.0"
        refuse(f"Area range must be {words}: [{area_range[0]:g}, {area_range[1]:g}]")
    if max_attempts <= 0:
        refuse(f"Max attempts must be non-negative: {max_attempts}")


def _sampled(image_size, bounding_boxes, min_object_covered, attrs: dict[str, Any], source: PhiloxState) -> tuple:
    _check_ranges(attrs["aspect_ratio_range"], attrs["area_range"], attrs["max_attempts"])

    def refuse(words: str) -> None:
        raise InvalidArgumentError(None, None, words)

    if min_object_covered < 0:
        refuse(f"Min object covered must be non-negative: {float(min_object_covered):g}")
    height, width = int(image_size[0]), int(image_size[1])
    if height <= 0 or width <= 0:
        refuse(f"Image {'height' if height <= 0 else 'width'} is 0")
    places = np.asarray(bounding_boxes, np.float32).reshape(-1, 4)
    if not places.size:
        if not attrs["use_image_if_no_bounding_boxes"]:
            refuse(
                "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes if you wish to "
                "not provide any bounding boxes."
            )
        boxes = [[0, 0, height, width]]
    else:
        if places.min() < 0 or places.max() > 1:
            first = places[(places < 0) | (places > 1)][0]
            refuse(f"All bounding box coordinates must be in [0.0, 1.0]: {first:g}")
        boxes = (places * np.array([height, width] * 2, np.float32)).astype(np.int64).tolist()
    low, high = (np.float32(ratio) for ratio in attrs["aspect_ratio_range"])
    place = source.reserve_words(4 * attrs["max_attempts"])
    numbers = _Numbers(place, 64 * attrs["max_attempts"])
    crop = None
    for _ in range(attrs["max_attempts"]):
        ratio = np.float32(numbers.unit() * (high - low)) + low
        crop = _crop(height, width, attrs["area_range"], ratio, numbers)
        if crop is not None and _covers(crop, boxes, min_object_covered):
            break
        crop = None
    top, left, rows, columns = crop or (0, 0, height, width)
    dtype = image_size.dtype
    corners = np.array([top, left, top + rows, left + columns], np.float32)
    chosen = corners / np.array([height, width] * 2, np.float32)
    begin, size = np.array([top, left, 0], dtype), np.array([rows, columns, -1]).astype(dtype)
    return begin, size, chosen.reshape(1, 1, 4)


def _sampled_shapes(image_size, bounding_boxes):
    if image_size is not None and len(image_size) != 1:
        words = f"image_size must be 1-dimensional: {text(image_size)}"
        raise ShapeError(f"Shape must be rank 1 but is rank {len(image_size)}", words)
    if image_size is not None and image_size[0] not in (None, 3):
        words = f"image_size must contain 3 elements: {text(image_size)}"
        raise ShapeError(f"Dimension must be 3 but is {image_size[0]}", words)
    with_rank(bounding_boxes, 3)
    return [(3,), (3,), (1, 1, 4)]


_ATTRS: dict[str, Any] = {
    "T": (dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64),
    "seed": 0,
    "seed2": 0,
}
_RANGES: dict[str, Any] = {
    "aspect_ratio_range": attr("list(float)", default=[0.75, 1.33]),
    "area_range": attr("list(float)", default=[0.05, 1.0]),
    "max_attempts": 100,
    "use_image_if_no_bounding_boxes": False,
}


@op(
    "SampleDistortedBoundingBox(image_size: T, bounding_boxes: float32) -> (begin: T, size: T, bboxes: float32)",
    **_ATTRS,
    min_object_covered=0.1,
    **_RANGES,
)
class SampleDistortedBoundingBox:
    """`SampleDistortedBoundingBoxV2` with the part to be covered as an attr."""

    stateful = True
    shape = _sampled_shapes

    def cpu(image_size, bounding_boxes, seed, seed2, ctx):
        attrs = ctx.op.attrs
        covered = attrs["min_object_covered"]
        return _sampled(image_size, bounding_boxes, covered, attrs, stream(ctx, seed, seed2))

    grad = NOT_DIFFERENTIABLE


@op(
    "SampleDistortedBoundingBoxV2(image_size: T, bounding_boxes: float32, min_object_covered: float32)"
    " -> (begin: T, size: T, bboxes: float32)",
    **_ATTRS,
    **_RANGES,
)
class SampleDistortedBoundingBoxV2:
    """A random part of an image that shows enough of one of the boxes; see `sample_distorted_bounding_box`."""

    stateful = True
    shape = _sampled_shapes

    def cpu(image_size, bounding_boxes, min_object_covered, seed, seed2, ctx):
        return _sampled(image_size, bounding_boxes, min_object_covered, ctx.op.attrs, stream(ctx, seed, seed2))

    grad = NOT_DIFFERENTIABLE


@export("image.sample_distorted_bounding_box")
def sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: int | None = None,
    seed2: int | None = None,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None,
    area_range: Any = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: str | None = None,
) -> Any:
    """A random part of an image that shows enough of one of the boxes, or after `max_attempts` trials the whole image.

    Args:
      image_size: int vector [height, width, channels].
      bounding_boxes: float32 [n, boxes, 4]: top, left, bottom and right, from 0 to 1.
      seed, seed2: both 0 for numbers that differ from session to session.
      min_object_covered: how much of some box the part has to show at least, from 0 to 1.
      aspect_ratio_range: the least and the greatest width / height; by default [0.75, 1.33].
      area_range: the least and the greatest share of the image's area; by default [0.05, 1].
      max_attempts: by default 100.
      use_image_if_no_bounding_boxes: if there are no boxes, the image counts as one; otherwise that is an error.

    Returns:
      (begin, size, bboxes): what `tf.slice` takes, and the part as a box, float32 [1, 1, 4].
    """
    with name_scope(name, "sample_distorted_bounding_box"):
        return SampleDistortedBoundingBoxV2(
            image_size,
            bounding_boxes,
            min_object_covered,
            seed=seed,
            seed2=seed2,
            aspect_ratio_range=aspect_ratio_range,
            area_range=area_range,
            max_attempts=max_attempts,
            use_image_if_no_bounding_boxes=use_image_if_no_bounding_boxes,
            name=name,
        )


