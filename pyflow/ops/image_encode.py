"""Ops that write image files: EncodeJpeg, EncodeJpegVariableQuality, EncodePng."""

from __future__ import annotations

import io

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.errors import InternalError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, one_of, op, sample
from pyflow.core.tensor import StaticShape
from pyflow.ops.image_checks import refuse
from pyflow.ops.image_png import write_png
from pyflow.ops.shape_rules import text


def _image(image: StaticShape) -> StaticShape:
    if image is not None and len(image) != 3:
        words = f"image must be 3-dimensional{text(image)}"
        raise ShapeError(f"Shape must be rank 3 but is rank {len(image)}", words)
    return ()


def _jpeg(image: np.ndarray, quality: int, **options: object) -> np.ndarray:
    """A JPEG file of uint8 [height, width, 1 or 3], as a string scalar.

    Raises:
      ImportError: Pillow isn't installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("JPEG files need Pillow: pip install pyflow-tf[image]") from error
    height, width, channels = image.shape
    if not 0 <= quality <= 100:
        refuse(f"quality must be in [0,100], got {quality}")
    if channels not in (1, 3):
        refuse(f"image must have 1 or 3 channels, got {text(image.shape)}")
    if not 0 < height < 1 << 16 or not 0 < width < 1 << 16:
        raise InternalError(None, None, "JPEG encoding failed")
    pixels = np.ascontiguousarray(image[..., 0] if channels == 1 else image)
    file = io.BytesIO()
    # Pillow takes 0 for its default; libjpeg itself makes 0 a 1.
    Image.fromarray(pixels).save(file, "JPEG", quality=max(quality, 1), **options)
    return np.array(file.getvalue(), object)


_PIXELS = (np.arange(12) * 20).astype(np.uint8).reshape(2, 2, 3)


@op(
    "EncodeJpeg(image: uint8) -> (contents: string)",
    format=attr("string", default="", allowed=("", "grayscale", "rgb")),
    quality=95,
    progressive=False,
    optimize_size=False,
    chroma_downsampling=True,
    density_unit=attr("string", default="in", allowed=("in", "cm")),
    x_density=300,
    y_density=300,
    xmp_metadata="",
)
class EncodeJpeg:
    """A JPEG file of a uint8 image [height, width, 1 or 3].

    `quality` goes from 0 to 100; `chroma_downsampling` halves the resolution of colours; the densities are in pixels
    per `density_unit`; `xmp_metadata` goes into the file's header.

    Raises:
      InvalidArgumentError: another number of channels, or another quality.
      ImportError: Pillow isn't installed.
    """

    def shape(image):
        return _image(image)

    def cpu(
        image, format, quality, progressive, optimize_size, chroma_downsampling, density_unit, x_density, y_density,
        xmp_metadata,
    ):  # fmt: skip
        channels = {"grayscale": 1, "rgb": 3}.get(format, image.shape[2])
        if image.shape[2] != channels:
            refuse(f"format {format} expects {channels} channels, got {text(image.shape)}")
        per_inch = 1 if density_unit == "in" else 2.54
        metadata = {"xmp": xmp_metadata.encode("utf-8", "surrogateescape")} if xmp_metadata else {}
        return _jpeg(
            image,
            quality,
            progressive=progressive,
            optimize=optimize_size,
            subsampling="4:2:0" if chroma_downsampling else "4:4:4",
            dpi=(round(x_density * per_inch), round(y_density * per_inch)),
            **metadata,
        )

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_PIXELS)]


@op("EncodeJpegVariableQuality(images: uint8, quality: int32) -> (contents: string)")
class EncodeJpegVariableQuality:
    """As `EncodeJpeg`, with the quality as a tensor."""

    def shape(images, quality):
        if quality is not None and len(quality):
            words = f"quality must be scalar: {text(quality)}"
            raise ShapeError(f"Shape must be rank 0 but is rank {len(quality)}", words)
        return _image(images)

    def cpu(images, quality):
        return _jpeg(images, int(quality), subsampling="4:2:0", dpi=(300, 300))

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_PIXELS, 70)]


@op(
    "EncodePng(image: T) -> (contents: string)",
    compression=-1,
    T=one_of((dtypes.uint8, dtypes.uint16), dtypes.uint8),
)
class EncodePng:
    """A PNG file of a uint8 or uint16 image [height, width, 1 ... 4].

    `compression` goes from 0 (none) to 9 (smallest); -1 leaves it to zlib.

    Raises:
      InvalidArgumentError: another number of channels, or no pixels.
    """

    def shape(image):
        return _image(image)

    def cpu(image, compression):
        if not 0 < image.shape[2] <= 4:
            refuse(f"image must have 1, 2, 3, or 4 channels, got {image.shape[2]}")
        if not image.size:
            refuse(f"image must not be empty, got {text(image.shape)}")
        if not -1 <= compression <= 9:
            refuse(f"compression should be in [-1,9], got {compression}")
        return np.array(write_png(image, compression), object)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_PIXELS), sample(_PIXELS.astype(np.uint16) * 250)]


encode_jpeg = export("image.encode_jpeg", "io.encode_jpeg")(EncodeJpeg)


@export("image.encode_png")
def encode_png(image: object, compression: int = -1, name: str | None = None) -> object:
    """A PNG file of a uint8 or uint16 image [height, width, 1 ... 4], as a string scalar; see `EncodePng`."""
    return EncodePng(image, compression=compression, name=name)
