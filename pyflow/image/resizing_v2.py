"""Functions of images as TensorFlow 2 has them, which 1.15 holds in `tensorflow.python.ops.image_ops`."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.registry import raw
from pyflow.core.seeds import get_seed
from pyflow.core.tensor import Tensor
from pyflow.image import resizing
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.image_boxes import DrawBoundingBoxes, DrawBoundingBoxesV2, sample_distorted_bounding_box

ResizeMethodV1 = resizing.ResizeMethod


class ResizeMethod:
    """How pixels between pixels are found, by name."""

    BILINEAR = "bilinear"
    NEAREST_NEIGHBOR = "nearest"
    BICUBIC = "bicubic"
    AREA = "area"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    GAUSSIAN = "gaussian"
    MITCHELLCUBIC = "mitchellcubic"


_SMOOTH = {ResizeMethod.BILINEAR: "triangle", ResizeMethod.BICUBIC: "keyscubic"}
_OF_KERNELS = (ResizeMethod.LANCZOS3, ResizeMethod.LANCZOS5, ResizeMethod.GAUSSIAN, ResizeMethod.MITCHELLCUBIC)


def _resizer(method: Any, antialias: bool) -> Any:
    def resize(images: Tensor, size: Tensor) -> Tensor:
        if method in _OF_KERNELS or (antialias and method in _SMOOTH):
            scale = cast(size, dtypes.float32) / cast(shape(images)[1:3], dtypes.float32)
            kernel = _SMOOTH.get(method, method)
            return raw.ScaleAndTranslate(images, size, scale, zeros([2]), kernel_type=kernel, antialias=antialias)
        if method == ResizeMethod.BILINEAR:
            return raw.ResizeBilinear(images, size, half_pixel_centers=True)
        if method == ResizeMethod.NEAREST_NEIGHBOR:
            return raw.ResizeNearestNeighbor(images, size, half_pixel_centers=True)
        if method == ResizeMethod.BICUBIC:
            return raw.ResizeBicubic(images, size, half_pixel_centers=True)
        if method == ResizeMethod.AREA:
            return raw.ResizeArea(images, size)
        raise ValueError("Resize method is not implemented.")

    return resize


def resize_images_v2(
    images: Any,
    size: Any,
    method: Any = ResizeMethod.BILINEAR,
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    name: str | None = None,
) -> Tensor:
    """Images of another size, float32 unless the method is NEAREST_NEIGHBOR; pixels are squares around their middles.

    Args:
      images: [height, width, channels], or a batch of them [n, height, width, channels].
      size: int32 [new height, new width].
      method: of `ResizeMethod`.
      preserve_aspect_ratio: the images become as large as fits into `size` without being distorted.
      antialias: whether what is too fine for a smaller image is smoothed.

    Raises:
      ValueError: the images have neither 3 nor 4 dimensions, `size` isn't two ints, or there is no such method.
    """
    return resizing.resized(images, size, _resizer(method, antialias), preserve_aspect_ratio, name, always=True)


def resize_image_with_pad_v2(
    image: Any, target_height: Any, target_width: Any, method: Any = ResizeMethod.BILINEAR, antialias: bool = False
) -> Tensor:
    """The image in another size, undistorted, with zeros at two sides; see `resize_images_v2`."""
    return resizing.padded(image, target_height, target_width, _resizer(method, antialias))


def draw_bounding_boxes_v2(images: Any, boxes: Any, colors: Any, name: str | None = None) -> Tensor:
    """Images with boxes drawn in colors [colors, channels], or in those of `draw_bounding_boxes` if None."""
    if colors is None:
        return DrawBoundingBoxes(images, boxes, name=name)
    return DrawBoundingBoxesV2(images, boxes, colors, name=name)


def crop_and_resize_v2(
    image: Any,
    boxes: Any,
    box_indices: Any,
    crop_size: Any,
    method: str = "bilinear",
    extrapolation_value: Any = 0,
    name: str | None = None,
) -> Tensor:
    """`tf.image.crop_and_resize`."""
    return raw.CropAndResize(
        image, boxes, box_indices, crop_size, method=method, extrapolation_value=extrapolation_value, name=name
    )


def extract_glimpse_v2(
    input: Any,
    size: Any,
    offsets: Any,
    centered: bool = True,
    normalized: bool = True,
    noise: str = "uniform",
    name: str | None = None,
) -> Tensor:
    """`tf.image.extract_glimpse` with the kind of noise by name."""
    flags = {"centered": centered, "normalized": normalized, "noise": noise, "uniform_noise": False}
    return raw.ExtractGlimpse(input, size, offsets, name=name, **flags)


def sample_distorted_bounding_box_v2(
    image_size: Any,
    bounding_boxes: Any,
    seed: int = 0,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None,
    area_range: Any = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: str | None = None,
) -> Any:
    """`tf.image.sample_distorted_bounding_box` with one seed; 0 for others in each run."""
    seeds = get_seed(seed) if seed else (0, 0)
    return sample_distorted_bounding_box(
        image_size,
        bounding_boxes,
        *seeds,
        min_object_covered,
        aspect_ratio_range,
        area_range,
        max_attempts,
        use_image_if_no_bounding_boxes,
        name,
    )
