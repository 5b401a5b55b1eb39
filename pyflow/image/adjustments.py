"""Images with other brightness, contrast, colours, by a given amount or a random one.

Integer images are scaled to floats from 0 to 1 first and back afterwards.
"""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.image.image_shapes import checked_image, require
from pyflow.image.pixel_types import as_floating, convert_image_dtype
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.division import div
from pyflow.ops.image_colors import AdjustContrastv2, AdjustHue, AdjustSaturation
from pyflow.ops.random import random_uniform
from pyflow.ops.reduce_functions import reduce_mean, reduce_prod, reduce_std


@export("image.adjust_brightness")
def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """The image with `delta` added to each pixel, on a scale from 0 to 1; integers are cut off at their range."""
    with name_scope(None, "adjust_brightness", [image, delta]) as scope:
        image = convert_to_tensor(image, name="image")
        floating = as_floating(image)
        adjusted = raw.Add(floating, cast(delta, floating.dtype), name=scope)
        return convert_image_dtype(adjusted, image.dtype, saturate=True)


@export("image.adjust_contrast")
def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """Images [..., height, width, channels], each channel's pixels moved away from their mean by a factor."""
    with name_scope(None, "adjust_contrast", [images, contrast_factor]) as scope:
        images = convert_to_tensor(images, name="images")
        adjusted = AdjustContrastv2(as_floating(images), contrast_factor, name=scope)
        return convert_image_dtype(adjusted, images.dtype, saturate=True)


@export("image.adjust_gamma")
def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Tensor:
    """gain * image ** gamma, on a scale from 0 to 1.

    Raises:
      ValueError: gamma is negative.
    """
    with name_scope(None, "adjust_gamma", [image, gamma, gain]):
        image = convert_to_tensor(image, name="image")
        floating = as_floating(image)
        checks = require(gamma >= 0, "Gamma should be a non-negative real number.")
        if checks:
            gamma = with_dependencies(checks, gamma)
        return convert_image_dtype(gain * floating**gamma, image.dtype, saturate=True)


@export("image.adjust_hue")
def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Tensor:
    """The RGB image with its hues turned by `delta`, of which 1 is the whole circle."""
    with name_scope(name, "adjust_hue", [image]):
        image = convert_to_tensor(image, name="image")
        return convert_image_dtype(AdjustHue(as_floating(image), delta), image.dtype)


@export("image.adjust_saturation")
def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Tensor:
    """The RGB image with its saturation multiplied."""
    with name_scope(name, "adjust_saturation", [image]):
        image = convert_to_tensor(image, name="image")
        return convert_image_dtype(AdjustSaturation(as_floating(image), saturation_factor), image.dtype)


@export("image.random_brightness")
def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """`adjust_brightness` by a number from -max_delta to max_delta.

    Raises:
      ValueError: max_delta is negative.
    """
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_brightness(image, random_uniform([], -max_delta, max_delta, seed=seed))


def _factor(lower: float, upper: float, seed: int | None) -> Tensor:
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")
    return random_uniform([], lower, upper, seed=seed)


@export("image.random_contrast")
def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """`adjust_contrast` by a factor from `lower` to `upper`.

    Raises:
      ValueError: they are not 0 <= lower < upper.
    """
    return adjust_contrast(image, _factor(lower, upper, seed))


@export("image.random_saturation")
def random_saturation(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """`adjust_saturation` by a factor from `lower` to `upper`.

    Raises:
      ValueError: they are not 0 <= lower < upper.
    """
    return adjust_saturation(image, _factor(lower, upper, seed))


@export("image.random_hue")
def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """`adjust_hue` by a number from -max_delta to max_delta.

    Raises:
      ValueError: max_delta isn't from 0 to 0.5.
    """
    if max_delta > 0.5:
        raise ValueError("max_delta must be <= 0.5.")
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_hue(image, random_uniform([], -max_delta, max_delta, seed=seed))


@export("image.per_image_standardization")
def per_image_standardization(image: Any) -> Tensor:
    """The image (or each of a batch) with mean 0 and standard deviation 1.

    The deviation counts as at least 1 / sqrt(number of values), which keeps images of one colour finite.

    Raises:
      ValueError: it has less than 3 dimensions.
    """
    with name_scope(None, "per_image_standardization", [image]) as scope:
        image = checked_image(convert_to_tensor(image, name="image"))
        given = image.dtype
        if given not in (dtypes.float16, dtypes.float32):
            image = convert_image_dtype(image, dtypes.float32)
        count = reduce_prod(shape(image)[-3:])
        mean = reduce_mean(image, axis=[-1, -2, -3], keepdims=True)
        deviation = reduce_std(image, axis=[-1, -2, -3], keepdims=True)
        least = raw.Rsqrt(cast(count, image.dtype))
        deviation = raw.Maximum(deviation, least)
        return convert_image_dtype(div(image - mean, deviation, name=scope), given, saturate=True)
