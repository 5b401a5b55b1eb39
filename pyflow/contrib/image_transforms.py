"""tf.contrib.image: images moved, turned and seen through projective maps; patches."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import ones, zeros
from pyflow.ops.array_gather import gather
from pyflow.ops.array_joining import concat
from pyflow.ops.array_search import unique
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal
from pyflow.ops.cond import cond
from pyflow.ops.constant import constant
from pyflow.ops.image_projection import (
    BipartiteMatch,
    ImageConnectedComponents,
    ImageProjectiveTransformV2,
)
from pyflow.ops.math_trigonometry import cos, sin
from pyflow.ops.matmul import matmul
from pyflow.ops.ranges import range as range_

_PIXELS = (dtypes.uint8, dtypes.int32, dtypes.int64, dtypes.float16, dtypes.float32, dtypes.float64)


def _batched(images: Any) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Images as [n, height, width, channels], and what brings a result back to the rank of the images.

    Raises:
      TypeError: the rank is not 2, 3 or 4, or not known, or the dtype is none of pixels.
    """
    if images.dtype.base_dtype not in _PIXELS:
        raise TypeError(f"Invalid dtype {images.dtype}.")
    rank = images.get_shape().ndims
    if rank is None:
        raise TypeError("image_or_images rank must be statically known")
    if rank == 2:
        return images[None, :, :, None], lambda result: result[0, :, :, 0]
    if rank == 3:
        return images[None, :, :, :], lambda result: result[0, :, :, :]
    if rank == 4:
        return images, lambda result: result
    raise TypeError("Images should have rank between 2 and 4.")


@export("contrib.image.rotate")
def rotate(images: Any, angles: Any, interpolation: str = "NEAREST", name: str | None = None) -> Tensor:
    """Images turned about their centres, counterclockwise.

    Args:
      images: [n, height, width, channels], [height, width, channels] or [height, width].
      angles: in radians, one, or [n].
      interpolation: "NEAREST" or "BILINEAR".

    Returns:
      Of the shape and dtype of `images`; 0 where nothing was.

    Raises:
      TypeError: the rank or dtype of the images is no such one.
    """
    with name_scope(name, "rotate"):
        images, restored = _batched(convert_to_tensor(images))
        height = cast(shape(images)[1], dtypes.float32)[None]
        width = cast(shape(images)[2], dtypes.float32)[None]
        maps = angles_to_projective_transforms(angles, height, width)
        return restored(transform(images, maps, interpolation=interpolation))


@export("contrib.image.translate")
def translate(images: Any, translations: Any, interpolation: str = "NEAREST", name: str | None = None) -> Tensor:
    """Images moved by (dx, dy) pixels, one pair or [n, 2]; 0 where nothing was."""
    with name_scope(name, "translate"):
        return transform(images, translations_to_projective_transforms(translations), interpolation=interpolation)


@export("contrib.image.angles_to_projective_transforms")
def angles_to_projective_transforms(
    angles: Any, image_height: Any, image_width: Any, name: str | None = None
) -> Tensor:
    """float32[n, 8]: the maps, for `transform`, that turn images of that size by `angles` about their centres."""
    with name_scope(name, "angles_to_projective_transforms"):
        angles = convert_to_tensor(angles, name="angles", dtype=dtypes.float32)
        rank = len(angles.get_shape())
        if rank > 1:
            raise TypeError("Angles should have rank 0 or 1.")
        angles = angles[None] if rank == 0 else angles
        right, bottom = image_width - 1, image_height - 1
        x_offset = (right - (cos(angles) * right - sin(angles) * bottom)) / 2.0
        y_offset = (bottom - (sin(angles) * right + cos(angles) * bottom)) / 2.0
        columns = [cos(angles), -sin(angles), x_offset, sin(angles), cos(angles), y_offset]
        last = zeros((shape(angles)[0], 2), dtypes.float32)
        return concat(values=[*(column[:, None] for column in columns), last], axis=1)


@export("contrib.image.translations_to_projective_transforms")
def translations_to_projective_transforms(translations: Any, name: str | None = None) -> Tensor:
    """float32[n, 8]: the maps, for `transform`, that move images by (dx, dy)."""
    with name_scope(name, "translations_to_projective_transforms"):
        translations = convert_to_tensor(translations, name="translations", dtype=dtypes.float32)
        rank = translations.get_shape().ndims
        if rank is None:
            raise TypeError("translation_or_translations rank must be statically known")
        if rank not in (1, 2):
            raise TypeError("Translations should have rank 1 or 2.")
        translations = translations[None] if rank == 1 else translations
        count = shape(translations)[0]
        one, zero = ones((count, 1), dtypes.float32), zeros((count, 1), dtypes.float32)
        x, y = -translations[:, 0, None], -translations[:, 1, None]
        return concat(values=[one, zero, x, zero, one, y, zeros((count, 2), dtypes.float32)], axis=1)


@export("contrib.image.transform")
def transform(
    images: Any,
    transforms: Any,
    interpolation: str = "NEAREST",
    output_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """Images seen through projective maps.

    Args:
      images: [n, height, width, channels], [height, width, channels] or [height, width].
      transforms: [8] or [n or 1, 8]; (a0, a1, a2, b0, b1, b2, c0, c1) takes the output's pixel (x, y) from
        ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), k = c0 x + c1 y + 1.
      interpolation: "NEAREST" or "BILINEAR".
      output_shape: [height, width] of the output; by default that of the input.

    Raises:
      TypeError: a rank is not known or no such one, or the dtype is none of pixels.
      ValueError: `output_shape` is not of two numbers.
    """
    with name_scope(name, "transform"):
        image_or_images = convert_to_tensor(images, name="images")
        maps = convert_to_tensor(transforms, name="transforms", dtype=dtypes.float32)
        images, restored = _batched(image_or_images)
        if output_shape is None:
            output_shape = shape(images)[1:3]
            known = constant_value(output_shape)
            output_shape = output_shape if known is None else known
        output_shape = convert_to_tensor(output_shape, dtypes.int32, name="output_shape")
        if not output_shape.get_shape().is_compatible_with([2]):
            raise ValueError("output_shape must be a 1-D Tensor of 2 elements: new_height, new_width")
        rank = maps.get_shape().ndims
        if rank is None:
            raise TypeError("transform_or_transforms rank must be statically known")
        if rank not in (1, 2):
            raise TypeError("Transforms should have rank 1 or 2.")
        maps = maps[None] if rank == 1 else maps
        return restored(ImageProjectiveTransformV2(images, maps, output_shape, interpolation=interpolation.upper()))


@export("contrib.image.compose_transforms")
def compose_transforms(*transforms: Any) -> Tensor:
    """[n, 8]: the maps that do what all of these do, one after the other."""
    assert transforms, "transforms cannot be empty"
    with name_scope("compose_transforms"):
        composed = flat_transforms_to_matrices(transforms[0])
        for following in transforms[1:]:
            composed = matmul(composed, flat_transforms_to_matrices(following))
        return matrices_to_flat_transforms(composed)


@export("contrib.image.flat_transforms_to_matrices")
def flat_transforms_to_matrices(transforms: Any) -> Tensor:
    """[n, 3, 3] of [8] or [n, 8]: the last entry of each matrix is 1."""
    with name_scope("flat_transforms_to_matrices"):
        transforms = convert_to_tensor(transforms, name="transforms")
        if transforms.shape.ndims not in (1, 2):
            raise ValueError(f"Transforms should be 1D or 2D, got: {transforms}")
        transforms = reshape(transforms, constant([-1, 8]))
        last = ones([shape(transforms)[0], 1])
        return reshape(concat([transforms, last], axis=1), constant([-1, 3, 3]))


@export("contrib.image.matrices_to_flat_transforms")
def matrices_to_flat_transforms(transform_matrices: Any) -> Tensor:
    """[n, 8] of [3, 3] or [n, 3, 3], scaled so that the last entry of each matrix is 1."""
    with name_scope("matrices_to_flat_transforms"):
        matrices = convert_to_tensor(transform_matrices, name="transform_matrices")
        if matrices.shape.ndims not in (2, 3):
            raise ValueError(f"Matrices should be 2D or 3D, got: {matrices}")
        transforms = reshape(matrices, constant([-1, 9]))
        transforms /= transforms[:, 8:9]
        return transforms[:, :8]


@export("contrib.image.bipartite_match")
def bipartite_match(
    distance_mat: Any, num_valid_rows: Any, top_k: int = -1, name: str | None = "bipartite_match"
) -> Any:
    """Pairs rows and columns of [rows, columns] greedily, the nearest pair first.

    Args:
      num_valid_rows: a scalar; only so many rows take part, all if negative.
      top_k: how many pairs at most; all if not positive.

    Returns:
      int32[rows] and int32[columns]: the partner of each, -1 for none.
    """
    return BipartiteMatch(distance_mat, num_valid_rows, top_k=top_k, name=name)


@export("contrib.image.connected_components")
def connected_components(images: Any) -> Tensor:
    """The patches of equal pixels other than 0 that touch by their sides, numbered from 1; 0 elsewhere.

    Args:
      images: [height, width] or [n, height, width].

    Returns:
      int32 or int64 of that shape.
    """
    with name_scope("connected_components"):
        given = convert_to_tensor(images, name="images")
        rank = len(given.get_shape())
        if rank not in (2, 3):
            raise TypeError(f"images should have rank 2 (HW) or 3 (NHW). Static shape is {given.get_shape()}")
        components = ImageConnectedComponents(given[None, :, :] if rank == 2 else given)
        found, places = unique(reshape(components, [-1]))
        empty = where_v2(equal(found, 0))[:, 0]
        numbers = range_(shape(found)[0] - shape(empty)[0]) + 1

        def with_empty() -> Tensor:
            at = cast(empty[0], dtypes.int32)
            return concat([numbers[:at], [0], numbers[at:]], axis=0)

        new = cond(equal(shape(empty)[0], 0), lambda: numbers, with_empty)
        components = reshape(gather(new, places), shape(components))
        return components[0, :, :] if rank == 2 else components
