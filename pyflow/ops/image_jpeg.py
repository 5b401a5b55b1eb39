"""JPEG files as arrays: where `image_libjpeg` can't, Pillow decodes them, and colors are upscaled here if need be.

TensorFlow's default is the fast inverse DCT with smooth upscaling of colors, of which files often keep one for each two
by two pixels. The decoder in Pillow has the fast one for drafts alone, which aren't smooth. So what comes here are the
planes as stored; they are upscaled and mixed as libjpeg does it, to the bit.
"""

from __future__ import annotations

import io
import threading
from typing import Any, NamedTuple

import numpy as np

from pyflow.ops import image_libjpeg
from pyflow.ops.image_checks import check_size, pillow, refuse
from pyflow.ops.image_upscaling import SMOOTH, upscaled

_truncated_lock = threading.Lock()


class Window(NamedTuple):
    """A part of an image: its first row and column, and how many it has."""

    top: int
    left: int
    rows: int
    columns: int

    def within(self, height: int, width: int) -> bool:
        """Whether an image of that size has all of it, and it isn't empty."""
        top, left, rows, columns = self
        return min(top, left) >= 0 < min(rows, columns) and top + rows <= height and left + columns <= width

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """That part of the image."""
        return np.ascontiguousarray(pixels[self.top : self.top + self.rows, self.left : self.left + self.columns])


class JpegOptions(NamedTuple):
    """How to decode: smaller by `ratio` 1, 2, 4 or 8; with `recover`, what is missing at the end is gray and no error;
    `smooth` upscaling of colors; the `fast` inverse DCT or the accurate one; and a `window` or the whole."""

    ratio: int = 1
    recover: bool = False
    smooth: bool = True
    fast: bool = True
    window: Window | None = None


def jpeg_shape(data: bytes) -> tuple[int, int, int]:
    """(height, width, channels) that a JPEG file tells of.

    Raises:
      InvalidArgumentError: it is no such file.
    """
    if (header := image_libjpeg.header(data)) is not None:
        return header.height, header.width, header.channels
    image = _open(data, f"Invalid JPEG data, size {len(data)}")
    return image.height, image.width, len(image.getbands())


def decode_jpeg(data: bytes, channels: int, options: JpegOptions) -> np.ndarray:
    """uint8 [height, width, channels] of a JPEG file.

    Args:
      channels: 0 for those of the file, or 1, 3.

    Raises:
      InvalidArgumentError: the data is damaged or too large, or the window not within the image.
      NotImplementedError: the accurate inverse DCT without smooth upscaling, for a file in which colors aren't kept for
        each two by two pixels, and there is no simplejpeg.
    """
    pixels = _directly(data, channels, options)
    return _by_pillow(data, channels, options) if pixels is None else pixels


def _directly(data: bytes, channels: int, options: JpegOptions) -> np.ndarray | None:
    """`decode_jpeg` if libjpeg can be asked for just that."""
    header = image_libjpeg.header(data)
    if header is None:
        return None
    height, width = (-(-size // options.ratio) for size in header[:2])
    check_size("JPEG", width, height, max(channels, header.channels))
    window = options.window or Window(0, 0, height, width)
    if not window.within(height, width) or (header.channels == 4 and channels == 1):
        refuse(_invalid(data))
    if not image_libjpeg.is_cut_from_whole(header, window.left, window.columns, options.ratio, options.smooth):
        return None
    gray = header.colors != "RGB" and (channels or header.channels) == 1
    colors = "GRAY" if gray else "CMYK" if header.channels == 4 else "RGB"
    pixels = image_libjpeg.pixels(data, header, colors, options.ratio, options.smooth, options.fast)
    if pixels is None:
        return None
    if options.window:
        pixels = window.of(pixels)
    if header.channels == 4:
        return _from_ink(pixels, "adobe" in _open(data, _invalid(data)).info)
    return _brightness(pixels) if channels == 1 and not gray else pixels


def _by_pillow(data: bytes, channels: int, options: JpegOptions) -> np.ndarray:
    image = _open(data, _invalid(data))
    width, height = (-(-size // options.ratio) for size in image.size)
    check_size("JPEG", width, height, max(channels, len(image.getbands())))
    window = options.window or Window(0, 0, height, width)
    factors = [factor for plane in image.layer for factor in plane[1:3]]
    damaged = not image.tile or 0 in factors or len(image.layer) != len(image.getbands())
    if damaged or (image.mode == "CMYK" and channels == 1) or not window.within(height, width):
        refuse(_invalid(data))
    steps = _steps(image, options.ratio)
    if image.mode == "L" or (channels == 1 and _conversion(image)):
        pixels = window.of(_load(image, data, options, "L"))[..., None]
        return np.repeat(pixels, 3, axis=-1) if channels == 3 else pixels
    if _needs_planes(steps, options, window.columns < width):
        pixels = _mixed(image, data, options, steps, window)
    else:
        pixels = window.of(_load(image, data, options, image.mode))
    if image.mode == "CMYK":
        return _from_ink(pixels, "adobe" in image.info)
    return _brightness(pixels) if channels == 1 else pixels


def _invalid(data: bytes) -> str:
    return f"Invalid JPEG data or crop window, data size {len(data)}"


def _open(data: bytes, words: str) -> Any:
    plugin = pillow("JpegImagePlugin")
    try:
        return plugin.JpegImageFile(io.BytesIO(data))
    except Exception:  # whatever damaged data makes Pillow raise
        refuse(words)


def _load(image: Any, data: bytes, options: JpegOptions, mode: str) -> np.ndarray:
    """What libjpeg gives, [height, width, ...], in colors of `mode`."""
    _read(image, data, options, mode)
    return np.asarray(image)


def _load_planes(image: Any, data: bytes, options: JpegOptions) -> list[np.ndarray]:
    """The planes as they are stored, each [height, width]."""
    _read(image, data, options, image.mode, image.mode)
    shape = image.height, image.width
    return [np.frombuffer(image.tobytes("raw", band), np.uint8).reshape(shape) for band in image.getbands()]


def _read(image: Any, data: bytes, options: JpegOptions, mode: str, stored: str = "") -> None:
    """Has libjpeg fill the image, in colors of `mode`.

    Pillow's drafts have the fast inverse DCT and aren't smooth.

    Args:
      stored: what to take the planes of the file for in place of what it says.
    """
    image.draft(mode, None)
    size = tuple(-(-length // options.ratio) for length in image.size)
    image._size, image.decoderconfig = size, (options.ratio, int(options.fast))
    first = image.tile[0]
    tile = first[0], (0, 0, *size), first[2], (mode, stored)
    image.tile = [first._make(tile) if hasattr(first, "_make") else tile]
    try:
        if options.recover:
            _load_truncated(image)
        else:
            image.load()
    except Exception:  # as above
        refuse(_invalid(data))


def _load_truncated(image: Any) -> None:
    from PIL import ImageFile

    with _truncated_lock:
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
        try:
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def _steps(image: Any, ratio: int) -> list[tuple[int, int]]:
    """For how many rows and columns of pixels each plane keeps one value, once the image is made smaller.

    Of a plane with few values, libjpeg makes less small first what comes out of its inverse DCT.
    """
    factors = [(vertical, horizontal) for _, horizontal, vertical, _ in image.layer]
    tallest, widest = (max(numbers) for numbers in zip(*factors))
    block = 8 // ratio
    steps = []
    for vertical, horizontal in factors:
        size = block
        while size < 8 and not (widest * block) % (horizontal * size * 2) and not (tallest * block) % (
            vertical * size * 2
        ):  # fmt: skip
            size *= 2
        steps.append((tallest * block // (vertical * size), widest * block // (horizontal * size)))
    return steps


def _are_kept_at_half(steps: list[tuple[int, int]]) -> bool:
    return set(steps) <= {(1, 1), (2, 2)}


def _needs_planes(steps: list[tuple[int, int]], options: JpegOptions, cut: bool) -> bool:
    """Whether Pillow doesn't do it. Of an image that is `cut`, libjpeg upscales colors as if nothing were beside it."""
    if options.ratio == 8 or not SMOOTH.keys() & set(steps):
        return False  # there is nothing that could be smooth
    if options.fast or not options.smooth:
        return options.fast == options.smooth
    return cut and options.ratio == 1 and _are_kept_at_half(steps)


def _mixed(image: Any, data: bytes, options: JpegOptions, steps: list[tuple[int, int]], window: Window) -> np.ndarray:
    """The window of an image whose planes come one by one and are upscaled and mixed here."""
    stored = _load_planes(image, data, options)
    height = stored[0].shape[0]
    planes = [plane[::rows, ::columns] for plane, (rows, columns) in zip(stored, steps)]
    if not options.fast:
        if options.ratio > 1 or not _are_kept_at_half(steps):
            raise NotImplementedError('DecodeJpeg: fancy_upscaling=False with dct_method="INTEGER_ACCURATE"')
        # Pillow has upscaled them smoothly, unless libjpeg can leave them as they are, in an image of half the size.
        halves = _load_planes(_open(data, _invalid(data)), data, options._replace(ratio=2))
        planes = [half if step == (2, 2) else plane for half, plane, step in zip(halves, planes, steps)]
    widest = max(horizontal for _, horizontal, _, _ in image.layer)
    left = window.left // (widest * 8 // options.ratio) * (widest * 8 // options.ratio)
    width = window.left + window.columns - left
    parts, smooth = [], []
    for plane, step in zip(planes, steps):
        part = plane[:, left // step[1] :][:, : -(-width // step[1])]
        parts.append(part)
        wide = plane.shape[1] > 2 and part.shape[1] > 1
        smooth.append(options.smooth and step in SMOOTH and (wide or step[1] == 1))
    pixels = upscaled(parts, steps, smooth, _conversion(image), (height, width))
    return window._replace(left=window.left - left).of(pixels)


def _conversion(image: Any) -> str:
    """How the planes of a file become "RGB" or "CMY" (and black); "" if they are that. libjpeg knows by its markers."""
    transform = image.info.get("adobe_transform")
    if image.mode == "CMYK":
        return "CMY" if transform == 2 else ""
    if "jfif" in image.info or transform == 1:
        return "RGB"
    if "adobe" in image.info:
        return "" if transform == 0 else "RGB"
    return "" if bytes(plane[0] for plane in image.layer) == b"RGB" else "RGB"


def _brightness(colors: np.ndarray) -> np.ndarray:
    red, green, blue = (colors[..., i].astype(np.int32) for i in range(3))
    return ((19595 * red + 38470 * green + 7471 * blue + (1 << 15)) >> 16).astype(np.uint8)[..., None]


def _from_ink(pixels: np.ndarray, inverted: bool) -> np.ndarray:
    """Red, green and blue of cyan, magenta, yellow and black, of which Adobe's programs store what they lack."""
    ink = pixels.astype(np.int32)
    if not inverted:
        ink = 255 - ink
    return (ink[..., :3] * ink[..., 3:] // 255).astype(np.uint8)
