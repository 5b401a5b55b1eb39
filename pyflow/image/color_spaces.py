"""RGB images as grey, YIQ and YUV ones, and back."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.image.image_shapes import checked_grayscale
from pyflow.image.pixel_types import convert_image_dtype
from pyflow.ops.array import expand_dims
from pyflow.ops.array_filling import ones
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import rank
from pyflow.ops.array_tiling import tile
from pyflow.ops.tensordot import tensordot

# Rows are the channels given, columns those wanted.
_RGB_TO_YIQ = [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]]
_YIQ_TO_RGB = [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]
_RGB_TO_YUV = [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]]
_YUV_TO_RGB = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]


@export("image.rgb_to_grayscale")
def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """Images [..., 3] as [..., 1] of the same dtype: 0.2989 red + 0.587 green + 0.114 blue."""
    with name_scope(name, "rgb_to_grayscale", [images]) as scope:
        images = convert_to_tensor(images, name="images")
        given = images.dtype
        gray = tensordot(convert_image_dtype(images, dtypes.float32), [0.2989, 0.587, 0.114], [-1, -1])
        return convert_image_dtype(expand_dims(gray, -1), given, name=scope)


@export("image.grayscale_to_rgb")
def grayscale_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Images [..., 1] as [..., 3].

    Raises:
      ValueError: the last dimension isn't 1.
    """
    with name_scope(name, "grayscale_to_rgb", [images]) as scope:
        images = checked_grayscale(convert_to_tensor(images, name="images"))
        before = expand_dims(rank(images) - 1, 0)
        multiples = concat([ones(before, dtype=dtypes.int32), expand_dims(3, 0)], 0)
        rgb = tile(images, multiples, name=scope)
        rgb.set_shape(images.get_shape()[:-1].concatenate([3]))
        return rgb


def _mixed(images: Any, matrix: list[list[float]]) -> Tensor:
    images = convert_to_tensor(images, name="images")
    kernel = convert_to_tensor(matrix, dtype=images.dtype, name="kernel")
    return tensordot(images, kernel, axes=[[images.get_shape().ndims - 1], [0]])


@export("image.rgb_to_yiq")
def rgb_to_yiq(images: Any) -> Tensor:
    """Floating images [..., 3] by brightness (Y) and the two colour signals (I, Q) of NTSC."""
    return _mixed(images, _RGB_TO_YIQ)


@export("image.yiq_to_rgb")
def yiq_to_rgb(images: Any) -> Tensor:
    """What `rgb_to_yiq` was given."""
    return _mixed(images, _YIQ_TO_RGB)


@export("image.rgb_to_yuv")
def rgb_to_yuv(images: Any) -> Tensor:
    """Floating images [..., 3] by brightness (Y) and the two colour differences (U, V) of PAL."""
    return _mixed(images, _RGB_TO_YUV)


@export("image.yuv_to_rgb")
def yuv_to_rgb(images: Any) -> Tensor:
    """What `rgb_to_yuv` was given."""
    return _mixed(images, _YUV_TO_RGB)
