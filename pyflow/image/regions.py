"""Parts of images, and images with margins: crops and pads."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.image.image_shapes import as_batch, dimensions, image_checks, is_tensor, known, require
from pyflow.ops.array import reshape
from pyflow.ops.array_joining import stack
from pyflow.ops.array_padding import pad
from pyflow.ops.array_shape import shape
from pyflow.ops.array_slicing import slice_
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal
from pyflow.ops.control_flow import with_dependencies


@export("image.central_crop")
def central_crop(image: Any, central_fraction: float) -> Tensor:
    """The middle of an image [height, width, channels], or of each of a batch.

    Args:
      central_fraction: what is kept of height and width, above 0 and up to 1.

    Raises:
      ValueError: another fraction, or the image has neither 3 nor 4 dimensions.
    """
    with name_scope(None, "central_crop", [image]):
        image = convert_to_tensor(image, name="image")
        if central_fraction <= 0.0 or central_fraction > 1.0:
            raise ValueError("central_fraction must be within (0, 1]")
        if central_fraction == 1.0:
            return image
        with_dependencies(image_checks(image), image)
        ndims = image.get_shape().ndims
        if ndims not in (3, 4):
            raise ValueError(f"`image` should either be a Tensor with rank = 3 or rank = 4. Had rank = {ndims}.")
        static = image.get_shape().as_list()
        sizes = [shape(image)[i] if static[i] is None else static[i] for i in (ndims - 3, ndims - 2)]
        starts = [_central_start(size, central_fraction) for size in sizes]
        counts = [size - start * 2 for size, start in zip(sizes, starts)]
        lead = [0] if ndims == 4 else []
        begin, size = stack([*lead, *starts, 0]), stack([*(-1 for _ in lead), *counts, -1])
        cropped = slice_(image, begin, size)
        cropped.set_shape([*static[: ndims - 3], *known(counts), static[-1]])
        return cropped


def _central_start(size: Any, fraction: float) -> Any:
    if not is_tensor(size):
        whole = float(size)
        return int((whole - whole * fraction) / 2)
    whole = cast(size, dtypes.float64)
    return cast((whole - whole * fraction) / 2, dtypes.int32)


@export("image.pad_to_bounding_box")
def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """The image (or each of a batch) inside a larger one of zeros.

    Args:
      offset_height, offset_width: how many rows of zeros stand above, and columns at the left.
      target_height, target_width: the size of the result.

    Raises:
      ValueError: an offset is negative, or the image doesn't fit.
    """
    with name_scope(None, "pad_to_bounding_box", [image]):
        batch = as_batch(convert_to_tensor(image, name="image"))
        checks = image_checks(batch.images)
        count, height, width, depth = dimensions(batch.images, 4)
        right = target_width - offset_width - width
        below = target_height - offset_height - height
        checks += require(offset_height >= 0, "offset_height must be >= 0")
        checks += require(offset_width >= 0, "offset_width must be >= 0")
        checks += require(right >= 0, "width must be <= target - offset")
        checks += require(below >= 0, "height must be <= target - offset")
        images = with_dependencies(checks, batch.images)
        margins = reshape(stack([0, 0, offset_height, below, offset_width, right, 0, 0]), [4, 2])
        padded = pad(images, margins)
        padded.set_shape(known([count, target_height, target_width, depth]))
        return batch.like_given(padded)


@export("image.crop_to_bounding_box")
def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """A part of the image, or of each of a batch.

    Args:
      offset_height, offset_width: the row and column at which it begins.
      target_height, target_width: its size.

    Raises:
      ValueError: an offset is negative, a size isn't positive, or the part goes beyond the image.
    """
    with name_scope(None, "crop_to_bounding_box", [image]):
        batch = as_batch(convert_to_tensor(image, name="image"))
        checks = image_checks(batch.images)
        count, height, width, depth = dimensions(batch.images, 4)
        checks += require(offset_width >= 0, "offset_width must be >= 0.")
        checks += require(offset_height >= 0, "offset_height must be >= 0.")
        checks += require(target_width > 0, "target_width must be > 0.")
        checks += require(target_height > 0, "target_height must be > 0.")
        checks += require(width >= (target_width + offset_width), "width must be >= target + offset.")
        checks += require(height >= (target_height + offset_height), "height must be >= target + offset.")
        images = with_dependencies(checks, batch.images)
        begin, size = stack([0, offset_height, offset_width, 0]), stack([-1, target_height, target_width, -1])
        cropped = slice_(images, begin, size)
        cropped.set_shape(known([count, target_height, target_width, depth]))
        return batch.like_given(cropped)


def larger(x: Any, y: Any) -> Any:
    """The maximum of two sizes, either of which may be a tensor."""
    return raw.Maximum(x, y) if is_tensor(x) or is_tensor(y) else max(x, y)


def _smaller(x: Any, y: Any) -> Any:
    return raw.Minimum(x, y) if is_tensor(x) or is_tensor(y) else min(x, y)


def _same(x: Any, y: Any) -> Any:
    return equal(x, y) if is_tensor(x) or is_tensor(y) else x == y


@export("image.resize_with_crop_or_pad", "image.resize_image_with_crop_or_pad")
def resize_image_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Tensor:
    """The image (or each of a batch) in another size: cut off evenly at both sides, or with zeros added there.

    Raises:
      ValueError: a size isn't positive, or the image has neither 3 nor 4 dimensions.
    """
    with name_scope(None, "resize_image_with_crop_or_pad", [image]):
        batch = as_batch(convert_to_tensor(image, name="image"))
        checks = image_checks(batch.images)
        checks += require(target_width > 0, "target_width must be > 0.")
        checks += require(target_height > 0, "target_height must be > 0.")
        images = with_dependencies(checks, batch.images)
        if is_tensor(target_height):
            target_height = with_dependencies(checks, target_height)
        if is_tensor(target_width):
            target_width = with_dependencies(checks, target_width)
        _, height, width, _ = dimensions(images, 4)
        more_width = target_width - width
        crop_left, pad_left = larger(-more_width // 2, 0), larger(more_width // 2, 0)
        more_height = target_height - height
        crop_above, pad_above = larger(-more_height // 2, 0), larger(more_height // 2, 0)
        rows, columns = _smaller(target_height, height), _smaller(target_width, width)
        cropped = crop_to_bounding_box(images, crop_above, crop_left, rows, columns)
        resized = pad_to_bounding_box(cropped, pad_above, pad_left, target_height, target_width)
        _, height, width, _ = dimensions(resized, 4)
        checks = require(_same(height, target_height), "resized height is not correct.")
        checks += require(_same(width, target_width), "resized width is not correct.")
        return batch.like_given(with_dependencies(checks, resized))
