"""Images of another size, by any of the four methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value_as_shape
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.image.image_shapes import as_batch, dimensions, image_checks, require
from pyflow.image.regions import larger, pad_to_bounding_box
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.image_resize import ResizeArea, ResizeBicubic, ResizeBilinear, ResizeNearestNeighbor


@export("image.ResizeMethod")
class ResizeMethod:
    """How pixels between pixels are found."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


# The names are those of TensorFlow 2, which 1.15 takes too.
_RESIZERS = {
    ResizeMethod.BILINEAR: ResizeBilinear,
    "bilinear": ResizeBilinear,
    ResizeMethod.NEAREST_NEIGHBOR: ResizeNearestNeighbor,
    "nearest": ResizeNearestNeighbor,
    ResizeMethod.BICUBIC: ResizeBicubic,
    "bicubic": ResizeBicubic,
    ResizeMethod.AREA: ResizeArea,
    "area": ResizeArea,
}


@export("image.resize_images", "image.resize")
def resize_images(
    images: Any,
    size: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: str | None = None,
) -> Tensor:
    """Images of another size. The result is float32, unless the method is NEAREST_NEIGHBOR or the size stays.

    Args:
      images: [height, width, channels], or a batch of them [n, height, width, channels].
      size: int32 [new height, new width].
      method: a `ResizeMethod`.
      align_corners: the middles of the corner pixels stay where they are, else the corner at the top left.
      preserve_aspect_ratio: the images become as large as fits into `size` without being distorted.

    Raises:
      ValueError: the images have neither 3 nor 4 dimensions, `size` isn't two ints, or there is no such method.
    """
    return resized(images, size, _resizer(method, align_corners), preserve_aspect_ratio, name)


def _resizer(method: Any, align_corners: bool) -> Callable[[Tensor, Tensor], Tensor]:
    def resize(images: Tensor, size: Tensor) -> Tensor:
        kind = _RESIZERS.get(method) if isinstance(method, (int, str)) else None
        if kind is None:
            raise ValueError("Resize method is not implemented.")
        return kind(images, size, align_corners=align_corners)

    return resize


def resized(
    images: Any,
    size: Any,
    resizer: Callable[[Tensor, Tensor], Tensor],
    preserve: bool,
    name: str | None,
    always: bool = False,
) -> Tensor:
    """What `resize_images` does with a function of images [n, height, width, channels] and a size.

    Args:
      always: whether it is done even where the size turns out to be what it was, for the sake of the dtype.
    """
    with name_scope(name, "resize", [images, size]):
        images = convert_to_tensor(images, name="images")
        ndims = images.get_shape().ndims
        if ndims is None:
            raise ValueError("'images' contains no shape.")
        if ndims not in (3, 4):
            raise ValueError("'images' must have either 3 or 4 dimensions.")
        if ndims == 3:
            images = expand_dims(images, 0)
        _, height, width, _ = images.get_shape().as_list()
        try:
            size = convert_to_tensor(size, dtypes.int32, name="size")
        except (TypeError, ValueError):
            raise ValueError("'size' must be a 1-D int32 Tensor") from None
        if not size.get_shape().is_compatible_with([2]):
            raise ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width")
        rows, columns = _known_size(size)
        if preserve:
            size = _undistorted(images, rows, columns)
            rows, columns = _known_size(size)
        if always or rows is None or columns is None or (height, width) != (rows, columns):
            images = resizer(images, size)
            images.set_shape([None, rows, columns, None])
        return squeeze(images, axis=[0]) if ndims == 3 else images


def _undistorted(images: Tensor, rows: Any, columns: Any) -> Tensor:
    """The largest size within rows and columns that has the images' aspect ratio."""
    _, height, width, _ = dimensions(images, 4)
    down = cast(rows, dtypes.float32) / cast(height, dtypes.float32)
    across = cast(columns, dtypes.float32) / cast(width, dtypes.float32)
    scale = raw.Minimum(down, across)
    sizes = [cast(raw.Round(scale * cast(size, dtypes.float32)), dtypes.int32) for size in (height, width)]
    return convert_to_tensor(sizes, dtypes.int32, name="size")


@export("image.resize_image_with_pad")
def resize_image_with_pad(
    image: Any, target_height: Any, target_width: Any, method: Any = ResizeMethod.BILINEAR, align_corners: bool = False
) -> Tensor:
    """The image (or each of a batch) in another size, undistorted, with zeros added evenly at two sides.

    Args:
      method, align_corners: see `resize_images`.

    Raises:
      ValueError: a size isn't positive, or the image has neither 3 nor 4 dimensions.
    """
    return padded(image, target_height, target_width, _resizer(method, align_corners))


def padded(image: Any, target_height: Any, target_width: Any, resizer: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """What `resize_image_with_pad` does with a function of images and a size."""
    with name_scope(None, "resize_image_with_pad", [image]):
        batch = as_batch(convert_to_tensor(image, name="image"))
        checks = image_checks(batch.images)
        checks += require(target_width > 0, "target_width must be > 0.")
        checks += require(target_height > 0, "target_height must be > 0.")
        images = with_dependencies(checks, batch.images)
        _, height, width, _ = dimensions(images, 4)
        sizes = [cast(value, dtypes.float64) for value in (height, width)]
        targets = [cast(value, dtypes.float64) for value in (target_height, target_width)]
        ratio = larger(sizes[1] / targets[1], sizes[0] / targets[0])
        exact = [size / ratio for size in sizes]
        new_size = [cast(raw.Floor(value), dtypes.int32) for value in exact]
        margins = [(target - value) / 2 for target, value in zip(targets, exact)]
        floors = [raw.Floor(margin) for margin in margins]
        above, left = (larger(0, cast(margin, dtypes.int32)) for margin in floors)
        smaller = resized(images, new_size, resizer, False, None, always=True)
        filled = pad_to_bounding_box(smaller, above, left, target_height, target_width)
        dimensions(filled, 4)
        return batch.like_given(filled)


def _known_size(size: Tensor) -> tuple[int | None, int | None]:
    known = constant_value_as_shape(size)
    rows, columns = (None, None) if known.ndims is None else known.as_list()
    return rows, columns
