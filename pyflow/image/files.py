"""Image files of a kind that becomes known in the run, and pixels as a file would keep them."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.image.image_shapes import is_tensor
from pyflow.image.pixel_types import convert_image_dtype
from pyflow.ops.array_gather import gather
from pyflow.ops.comparison import equal, not_equal
from pyflow.ops.cond import cond
from pyflow.ops.image_decode import DecodeBmp, DecodeGif, DecodeJpeg, DecodePng
from pyflow.ops.image_encode import EncodeJpegVariableQuality
from pyflow.ops.messages import Assert
from pyflow.ops.random import random_uniform
from pyflow.ops.string_pieces import substr


@export("image.is_jpeg", "io.is_jpeg")
def is_jpeg(contents: Any, name: str | None = None) -> Tensor:
    """bool scalar: whether a string scalar begins as a JPEG file does."""
    with name_scope(name, "is_jpeg"):
        return equal(substr(contents, 0, 3), b"\xff\xd8\xff", name=name)


def _is_png(contents: Any) -> Tensor:
    with name_scope(None, "is_png"):
        return equal(substr(contents, 0, 3), b"\x89PN")


@export("image.decode_image", "io.decode_image")
def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = dtypes.uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Tensor:
    """The pixels of a BMP, GIF, JPEG or PNG file, whose static shape is unknown.

    Args:
      contents: the file, a string scalar.
      channels: 0 or None for as many as the file has, or 1, 3, 4.
      dtype: pixels are scaled to it as `convert_image_dtype` does.
      expand_animations: a GIF file gives all its frames, [frames, height, width, 3], else the first.

    Raises:
      ValueError: another number of channels.
      InvalidArgumentError: in the run: no image, or a kind that cannot have that many channels.
    """
    with name_scope(name, "decode_image"):
        if channels not in (None, 0, 1, 3, 4):
            raise ValueError("channels must be in (None, 0, 1, 3, 4)")
        wanted = channels or 0
        beginning = substr(contents, 0, 3)

        def check(condition: Any, kind: str, allowed: str) -> Any:
            return Assert(condition, [f"Channels must be in ({allowed}) when decoding {kind} images"])

        def bmp() -> Tensor:
            is_bmp = equal(substr(contents, 0, 2), "BM", name="is_bmp")
            checks = [Assert(is_bmp, ["Unable to decode bytes as JPEG, PNG, GIF, or BMP"])]
            checks.append(check(not_equal(wanted, 1, name="check_channels"), "BMP", "None, 0, 3"))
            with control_dependencies(checks):
                return convert_image_dtype(DecodeBmp(contents), dtype)

        def gif() -> Tensor:
            good = raw.LogicalAnd(
                not_equal(wanted, 1, name="check_gif_channels"), not_equal(wanted, 4, name="check_gif_channels")
            )
            with control_dependencies([check(good, "GIF", "None, 0, 3")]):
                frames = convert_image_dtype(DecodeGif(contents), dtype)
                return frames if expand_animations else gather(frames, 0)

        def gif_or_bmp() -> Tensor:
            return cond(equal(beginning, b"GIF", name="is_gif"), gif, bmp, name="cond_gif")

        def png() -> Tensor:
            deep = dtypes.uint8 if dtype == dtypes.uint8 else dtypes.uint16
            return convert_image_dtype(DecodePng(contents, channels=wanted, dtype=deep), dtype)

        def not_jpeg() -> Tensor:
            return cond(_is_png(contents), png, gif_or_bmp, name="cond_png")

        def jpeg() -> Tensor:
            good = not_equal(wanted, 4, name="check_jpeg_channels")
            with control_dependencies([check(good, "JPEG", "None, 0, 1, 3")]):
                return convert_image_dtype(DecodeJpeg(contents, channels=wanted), dtype)

        return cond(is_jpeg(contents), jpeg, not_jpeg, name="cond_jpeg")


@export("image.adjust_jpeg_quality")
def adjust_jpeg_quality(image: Any, jpeg_quality: Any, name: str | None = None) -> Tensor:
    """The image as it looks once it has been a JPEG file of that quality.

    Args:
      image: [height, width, 1 or 3] of any real dtype.
      jpeg_quality: 0 ... 100, an int or an int32 scalar.
    """
    with name_scope(name, "adjust_jpeg_quality", [image]):
        image = convert_to_tensor(image, name="image")
        given = image.dtype
        image = convert_image_dtype(image, dtypes.uint8)
        if not is_tensor(jpeg_quality):
            jpeg_quality = convert_to_tensor(jpeg_quality, dtype=dtypes.int32)
        decoded = DecodeJpeg(EncodeJpegVariableQuality(image, jpeg_quality))
        return convert_image_dtype(decoded, given)


@export("image.random_jpeg_quality")
def random_jpeg_quality(image: Any, min_jpeg_quality: int, max_jpeg_quality: int, seed: int | None = None) -> Tensor:
    """`adjust_jpeg_quality` with a quality of at least the minimum and below the maximum.

    Raises:
      ValueError: they are not 0 <= minimum < maximum <= 100.
    """
    if min(min_jpeg_quality, max_jpeg_quality) < 0 or max(min_jpeg_quality, max_jpeg_quality) > 100:
        raise ValueError("jpeg encoding range must be between 0 and 100.")
    if min_jpeg_quality >= max_jpeg_quality:
        raise ValueError("`min_jpeg_quality` must be less than `max_jpeg_quality`.")
    quality = random_uniform([], min_jpeg_quality, max_jpeg_quality, seed=seed, dtype=dtypes.int32)
    return adjust_jpeg_quality(image, quality)
