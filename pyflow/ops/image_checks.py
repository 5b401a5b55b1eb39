"""What is looked at before an image file is decoded."""

from __future__ import annotations

from typing import Any, NoReturn

from pyflow.core.errors import InvalidArgumentError

# Numbers in one decoded image, or in all frames of one: 512 MiB of bytes.
_MOST_VALUES = 1 << 29


def refuse(message: str) -> NoReturn:
    """Raises InvalidArgumentError."""
    raise InvalidArgumentError(None, None, message)


def pillow(plugin: str) -> Any:
    """A module of Pillow.

    Raises:
      ImportError: it is not installed.
    """
    try:
        import PIL.GifImagePlugin
        import PIL.JpegImagePlugin
        import PIL.PngImagePlugin
    except ImportError as error:
        raise ImportError("JPEG, PNG and GIF files need Pillow: pip install pyflow-tf[image]") from error
    return getattr(PIL, plugin)


def check_size(kind: str, width: int, height: int, channels: int, frames: int = 1) -> None:
    """Raises InvalidArgumentError for an image that would fill the memory."""
    values = width * height * channels * frames
    if values > _MOST_VALUES:
        times = f" in {frames} frames" if frames > 1 else ""
        refuse(
            f"{kind} image of {height} x {width} pixels{times} is too large to decode: {values} values, of which "
            f"{_MOST_VALUES} are allowed"
        )
