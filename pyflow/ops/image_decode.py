"""Ops that read image files: DecodeJpeg, DecodePng, DecodeGif, DecodeBmp, DecodeAndCropJpeg, ExtractJpegShape.

The first three, and cropping, look at the data: each of them decodes JPEG, PNG and GIF files.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op, sample
from pyflow.core.tensor import StaticShape
from pyflow.ops import image_files
from pyflow.ops.image_checks import refuse
from pyflow.ops.image_jpeg import JpegOptions, Window, jpeg_shape
from pyflow.ops.image_png import write_png
from pyflow.ops.shape_rules import text

# A grey JPEG image of one pixel.
_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQ"
    "Ew8QEBD/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q=="
)
_PNG = write_png(np.arange(12, dtype=np.uint8).reshape(2, 2, 3))
_GIF = base64.b64decode("R0lGODdhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=")
_BMP = struct.pack("<2sIIIIiiHH24x4B", b"BM", 58, 0, 54, 40, 1, 1, 1, 24, 3, 2, 1, 0)


def _scalar(contents: StaticShape) -> None:
    if contents is not None and len(contents):
        words = f"contents must be scalar, got shape {text(contents)}"
        raise ShapeError(f"Shape must be rank 0 but is rank {len(contents)}", words)


def _check_channels(channels: int) -> None:
    if channels not in (0, 1, 3, 4):
        refuse(f"channels must be 0, 1, 3, or 4, got {channels}")


def _jpeg_options(ratio: int, fancy_upscaling: bool, try_recover_truncated: bool, dct_method: str) -> JpegOptions:
    if ratio not in (1, 2, 4, 8):
        refuse(f"ratio must be 1, 2, 4, or 8, got {ratio}")
    if dct_method not in ("", "INTEGER_FAST", "INTEGER_ACCURATE"):
        refuse("dct_method must be one of {'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}")
    return JpegOptions(ratio, try_recover_truncated, fancy_upscaling, fast=dct_method != "INTEGER_ACCURATE")


def _pixels(contents: StaticShape, channels: int) -> StaticShape:
    _scalar(contents)
    if channels < 0:
        raise ShapeError(f"channels must be non-negative, got {channels}")
    return None, None, channels or None


def _bytes(contents: Any) -> Any:
    return contents[()] if isinstance(contents, np.ndarray) else contents


_JPEG_ATTRS: dict[str, Any] = {
    "channels": 0,
    "ratio": 1,
    "fancy_upscaling": True,
    "try_recover_truncated": False,
    "acceptable_fraction": 1.0,
    "dct_method": "",
}


@op("DecodeJpeg(contents: string) -> (image: uint8)", **_JPEG_ATTRS)
class DecodeJpeg:
    """The pixels of a JPEG (or PNG, or GIF) file: uint8 [height, width, channels].

    `channels` is 0 for as many as the file has, 1 for brightness, 3 for RGB. With `ratio` 2, 4 or 8 the image becomes
    smaller by that. `try_recover_truncated` accepts a file whose end is missing. `dct_method` is "INTEGER_ACCURATE" or,
    for "" too, "INTEGER_FAST"; colours kept at half the size are upscaled smoothly with `fancy_upscaling`.

    Raises:
      InvalidArgumentError: the data is no image, damaged, or too large.
      NotImplementedError: "INTEGER_ACCURATE" with `fancy_upscaling=False`, for some files (4:2:2 ones and the like)
        where simplejpeg isn't installed.
      ImportError: Pillow isn't installed.
    """

    def shape(contents, channels):
        return _pixels(contents, channels)

    def cpu(contents, channels, ratio, fancy_upscaling, try_recover_truncated, dct_method):
        _check_channels(channels)
        jpeg = _jpeg_options(ratio, fancy_upscaling, try_recover_truncated, dct_method)
        return image_files.decode(_bytes(contents), channels, jpeg=jpeg)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_JPEG), sample(_JPEG, channels=3), sample(_PNG)]


@op(
    "DecodePng(contents: string) -> (image: dtype)",
    channels=0,
    dtype=one_of((dtypes.uint8, dtypes.uint16), dtypes.uint8),
)
class DecodePng:
    """The pixels of a PNG (or JPEG, or GIF) file: uint8 or uint16 [height, width, channels].

    `channels` is 0 for as many as the file has, 1 for grey, 3 for RGB, 4 for RGBA.

    Raises:
      InvalidArgumentError: the data is no image, damaged, or too large.
      ImportError: Pillow isn't installed.
    """

    def shape(contents, channels):
        return _pixels(contents, channels)

    def cpu(contents, channels, dtype):
        _check_channels(channels)
        return image_files.decode(_bytes(contents), channels, dtype.as_numpy_dtype)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_PNG), sample(_PNG, channels=1), sample(_PNG, channels=4, dtype=dtypes.uint16)]


@op("DecodeGif(contents: string) -> (image: uint8)")
class DecodeGif:
    """All frames of a GIF file: uint8 [frames, height, width, 3]; a JPEG or PNG file has one.

    Raises:
      InvalidArgumentError: the data is no image, damaged, or too large.
      ImportError: Pillow isn't installed.
    """

    def shape(contents):
        _scalar(contents)
        return None, None, None, 3

    def cpu(contents):
        return image_files.decode(_bytes(contents), 3, animated=True)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_GIF), sample(_PNG)]


@op("DecodeBmp(contents: string) -> (image: uint8)", channels=0)
class DecodeBmp:
    """The pixels of a BMP file: uint8 [height, width, channels].

    `channels` is 0, or the number that the file has: 1, 3 or 4.

    Raises:
      InvalidArgumentError: the data is no such image, damaged, or too large.
    """

    def shape(contents, channels):
        return _pixels(contents, channels)

    def cpu(contents, channels):
        if channels not in (0, 1, 3, 4):
            refuse(f"channels must be 0, 1, 3 or 4, got {channels}")
        return image_files.decode_bmp(_bytes(contents), channels)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_BMP, reference=lambda _: np.array([[[1, 2, 3]]]))]


@op("DecodeAndCropJpeg(contents: string, crop_window: int32) -> (image: uint8)", **_JPEG_ATTRS)
class DecodeAndCropJpeg:
    """A part of what `DecodeJpeg` gives.

    `crop_window` is [the first row, the first column, rows, columns].

    Raises:
      InvalidArgumentError: as there, or the part goes beyond the image.
    """

    def shape(contents, crop_window, crop_window_value, channels):
        _scalar(contents)
        if crop_window is not None and len(crop_window) != 1:
            raise ShapeError(f"Shape must be rank 1 but is rank {len(crop_window)}")
        if crop_window is not None and crop_window[0] not in (None, 4):
            raise ShapeError(f"Dimension must be 4 but is {crop_window[0]}")
        rows = columns = None
        if crop_window_value is not None:
            rows, columns = (int(d) if d > 0 else None for d in np.asarray(crop_window_value)[2:])
        return rows, columns, channels or None

    def cpu(contents, crop_window, channels, ratio, fancy_upscaling, try_recover_truncated, dct_method):
        _check_channels(channels)
        jpeg = _jpeg_options(ratio, fancy_upscaling, try_recover_truncated, dct_method)
        jpeg = jpeg._replace(window=Window(*(int(d) for d in crop_window)))
        return image_files.decode(_bytes(contents), channels, jpeg=jpeg)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_JPEG, [0, 0, 1, 1])]


@op("ExtractJpegShape(contents: string) -> (image_shape: output_type)", output_type=one_of(dtypes.INDEX, dtypes.int32))
class ExtractJpegShape:
    """[height, width, channels] of a JPEG file, without decoding it.

    Raises:
      InvalidArgumentError: the data is no such image.
      ImportError: Pillow isn't installed.
    """

    def shape(contents):
        _scalar(contents)
        return (3,)

    def cpu(contents, output_type):
        return np.array(jpeg_shape(_bytes(contents)), output_type.as_numpy_dtype)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_JPEG, reference=lambda _: np.array([1, 1, 1]))]


decode_jpeg = export("image.decode_jpeg", "io.decode_jpeg")(DecodeJpeg)
decode_png = export("image.decode_png", "io.decode_png")(DecodePng)
decode_gif = export("image.decode_gif", "io.decode_gif")(DecodeGif)
decode_bmp = export("image.decode_bmp", "io.decode_bmp")(DecodeBmp)
decode_and_crop_jpeg = export("image.decode_and_crop_jpeg", "io.decode_and_crop_jpeg")(DecodeAndCropJpeg)
extract_jpeg_shape = export("image.extract_jpeg_shape", "io.extract_jpeg_shape")(ExtractJpegShape)
