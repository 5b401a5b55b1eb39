"""Colours: RGBToHSV, HSVToRGB, AdjustContrastv2, AdjustHue, AdjustSaturation.

Hue, saturation and value are those of A. R. Smith, Color gamut transform pairs, 1978, all from 0 to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op, raw, sample
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.shape_rules import text

_FLOATING = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)
_HALF_OR_SINGLE = one_of((dtypes.float16, dtypes.float32), dtypes.float32)


def _colors(images):
    if images is not None and len(images) == 0:
        raise ShapeError("Shape must be at least rank 1 but is rank 0", "input must be at least 1D[]")
    if images is not None and images[-1] not in (None, 3):
        raise ShapeError(f"Dimension must be 3 but is {images[-1]}")
    return images


def _scaled(images: StaticShape, scalar: StaticShape, name: str) -> StaticShape:
    if images is not None and len(images) < 3:
        words = f"input must be at least 3-D, got shape{text(images)}"
        raise ShapeError(f"Shape must be at least rank 3 but is rank {len(images)}", words)
    if scalar is not None and len(scalar):
        words = f"{name} must be scalar: {text(scalar)}"
        raise ShapeError(f"Shape must be rank 0 but is rank {len(scalar)}", words)
    return images


def _three_channels(images: np.ndarray) -> None:
    if images.shape[-1] != 3:
        words = f"input must have 3 channels but instead has {images.shape[-1]} channels."
        raise InvalidArgumentError(None, None, words)


def _hue(red: Any, green: Any, blue: Any, value: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Hue from 0 to 1 of colours whose largest channel is `value`, by `reach` larger than the smallest."""
    one = value.dtype.type
    norm = np.divide(one(1), one(6) * reach, out=np.zeros_like(reach), where=reach > 0)
    hue = np.where(
        red == value,
        norm * (green - blue),
        np.where(green == value, norm * (blue - red) + one(2 / 6), norm * (red - green) + one(4 / 6)),
    )
    hue[reach <= 0] = 0
    return np.where(hue < 0, hue + one(1), hue)


def _channel_shares(hue: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far each channel of the purest colour of a hue is from 0 (none) to 1 (all)."""
    number = hue.dtype.type
    place = hue * number(6)
    shares = np.abs(place - number(3)) - number(1), number(2) - np.abs(place - number(2)), number(2) - np.abs(
        place - number(4)
    )
    return tuple(np.clip(share, 0, 1) for share in shares)  # type: ignore[return-value]


_RGB = np.array([[0.9, 0.2, 0.4], [0.1, 0.6, 0.3], [0.2, 0.3, 0.7], [0.5, 0.45, 0.1]], np.float32)


def _reference_hsv(rgb):
    import colorsys

    return np.array([colorsys.rgb_to_hsv(*color) for color in rgb.reshape(-1, 3)]).reshape(rgb.shape)


def _hsv_gradient(images: Tensor, hsv: Tensor, dy: Tensor) -> Tensor:
    """The gradient of `RGBToHSV`. Of equal channels, the first is taken for the largest and the last for the smallest.

    TensorFlow gives a channel that is 0 no part in the saturation.
    """

    def zero_or_one(condition: Tensor) -> Tensor:
        return raw.Cast(condition, DstT=images.dtype)

    both, no_less, less = raw.LogicalAnd, raw.GreaterEqual, raw.Less
    red, green, blue = raw.Unpack(images, num=3, axis=-1)
    _, _, value = raw.Unpack(hsv, num=3, axis=-1)
    d_hue, d_saturation, d_value = raw.Unpack(dy, num=3, axis=-1)
    largest = [
        zero_or_one(condition)
        for condition in (
            both(no_less(red, green), no_less(red, blue)),
            both(less(red, green), no_less(green, blue)),
            both(less(red, blue), less(green, blue)),
        )
    ]
    smallest = [
        zero_or_one(condition)
        for condition in (
            both(less(red, green), less(red, blue)),
            both(no_less(red, green), less(green, blue)),
            both(no_less(red, blue), no_less(green, blue)),
        )
    ]
    least = raw.AddN([channel * chosen for channel, chosen in zip((red, green, blue), smallest)])
    per_value = raw.DivNoNan(raw.OnesLike(value), value)
    per_reach = raw.DivNoNan(raw.OnesLike(value), value - least)
    # Six times the hue is a whole number and this, divided by the reach.
    lead = largest[0] * (green - blue) + largest[1] * (blue - red) + largest[2] * (red - green)
    lead_slopes = largest[2] - largest[1], largest[0] - largest[2], largest[1] - largest[0]
    parts = []
    for channel, most, fewest, lead_slope in zip((red, green, blue), largest, smallest, lead_slopes):
        hue = per_reach * (lead_slope - lead * per_reach * (most - fewest)) / 6.0
        saturation = (most * least * per_value - fewest) * per_value * zero_or_one(channel > 0.0)
        parts.append(d_hue * hue + d_saturation * saturation + d_value * most)
    return raw.Pack(parts, axis=-1)


@op("RGBToHSV(images: T) -> (output: T)", T=one_of(_FLOATING, dtypes.float32))
class RGBToHSV:
    """Hue, saturation and value of colours [..., 3]; all from 0 to 1."""

    shape = _colors

    def cpu(images, out):
        red, green, blue = (images[..., i] for i in range(3))
        value = np.maximum(np.maximum(red, green), blue)
        reach = value - np.minimum(np.minimum(red, green), blue)
        out[..., 0] = _hue(red, green, blue, value, reach)
        out[..., 1] = np.divide(reach, value, out=np.zeros_like(value), where=value > 0)
        out[..., 2] = value

    def grad(op, dy):
        return _hsv_gradient(op.inputs[0], op.outputs[0], dy)

    samples = [sample(_RGB, reference=_reference_hsv)]


@op("HSVToRGB(images: T) -> (output: T)", T=one_of(_FLOATING, dtypes.float32))
class HSVToRGB:
    """Red, green and blue of colours given by hue, saturation and value [..., 3]."""

    shape = _colors

    def cpu(images, out):
        hue, saturation, value = (images[..., i] for i in range(3))
        white = hue.dtype.type(1) - saturation
        for i, share in enumerate(_channel_shares(hue)):
            np.multiply(white + saturation * share, value, out=out[..., i])

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_RGB)]


@op("AdjustContrastv2(images: T, contrast_factor: float32) -> (output: T)", T=_HALF_OR_SINGLE)
class AdjustContrastv2:
    """Images [..., height, width, channels] with each channel's distance from its mean multiplied."""

    def shape(images, contrast_factor):
        return _scaled(images, contrast_factor, "contrast_factor")

    def cpu(images, contrast_factor, out):
        if images.size:
            mean = images.mean((-3, -2), dtype=np.float64, keepdims=True).astype(np.float32)
            np.add((images - mean) * contrast_factor, mean, out=out, casting="same_kind")

    samples = [
        sample(
            _RGB.reshape(2, 2, 3), 2.0, reference=lambda x, f: (x - x.mean((0, 1))) * f + x.mean((0, 1))
        )
    ]


@op("AdjustHue(images: T, delta: float32) -> (output: T)", T=_HALF_OR_SINGLE)
class AdjustHue:
    """RGB images [..., height, width, 3] with `delta` added to each pixel's hue, of which 1 is the whole circle."""

    def shape(images, delta):
        return _scaled(images, delta, "delta")

    def cpu(images, delta, out):
        _three_channels(images)
        images = images.astype(np.float32, copy=False)
        red, green, blue = (images[..., i] for i in range(3))
        value = np.maximum(np.maximum(red, green), blue)
        least = np.minimum(np.minimum(red, green), blue)
        reach = value - least
        hue = _hue(red, green, blue, value, reach) + np.float32(delta)
        for i, share in enumerate(_channel_shares(hue - np.floor(hue))):
            np.add(least, reach * share, out=out[..., i], casting="same_kind")

    samples = [sample(_RGB.reshape(2, 2, 3), 0.25), sample(_RGB.reshape(2, 2, 3), -0.75)]


@op("AdjustSaturation(images: T, scale: float32) -> (output: T)", T=_HALF_OR_SINGLE)
class AdjustSaturation:
    """RGB images [..., height, width, 3] with each pixel's saturation multiplied, and cut off at 1."""

    def shape(images, scale):
        return _scaled(images, scale, "scale")

    def cpu(images, scale, out):
        _three_channels(images)
        images = images.astype(np.float32, copy=False)
        red, green, blue = (images[..., i] for i in range(3))
        value = np.maximum(np.maximum(red, green), blue)
        reach = value - np.minimum(np.minimum(red, green), blue)
        saturation = np.divide(reach, value, out=np.zeros_like(value), where=value > 0)
        saturation = np.clip(saturation * np.float32(scale), 0, 1)
        full = saturation * value
        for i, share in enumerate(_channel_shares(_hue(red, green, blue, value, reach))):
            np.add(value - full, full * share, out=out[..., i], casting="same_kind")

    samples = [sample(_RGB.reshape(2, 2, 3), 0.5), sample(_RGB.reshape(2, 2, 3), 5.0)]


rgb_to_hsv = export("image.rgb_to_hsv")(RGBToHSV)
hsv_to_rgb = export("image.hsv_to_rgb")(HSVToRGB)

