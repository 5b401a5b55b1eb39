"""tf.keras.preprocessing.image: pictures as arrays, and how arrays of pictures are moved and coloured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.keras.backend import floatx, image_data_format


def pillow(what: str) -> Any:
    """Pillow's module of images.

    Raises:
      ImportError: it is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(f"Could not import PIL.Image. The use of `{what}` requires PIL.") from None
    return Image


_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")


@export("keras.preprocessing.image.img_to_array")
def img_to_array(img: Any, data_format: Any = None, dtype: Any = None) -> np.ndarray:
    """A picture of Pillow as an array [height, width, channels]."""
    data_format = data_format or image_data_format()
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(f"Unknown data_format: {data_format}")
    x = np.asarray(img, dtype=dtype or floatx())
    if x.ndim == 2:
        x = x[:, :, None]
    if x.ndim != 3:
        raise ValueError(f"Unsupported image shape: {x.shape}")
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


@export("keras.preprocessing.image.array_to_img")
def array_to_img(x: Any, data_format: Any = None, scale: bool = True, dtype: Any = None) -> Any:
    """An array [height, width, channels] as a picture of Pillow, its values stretched to 0 … 255 with `scale`."""
    image = pillow("array_to_img")
    x = np.asarray(x, dtype=dtype or floatx())
    if x.ndim != 3:
        raise ValueError(f"Expected image array to have rank 3 (single image). Got array with shape: {x.shape}")
    if (data_format or image_data_format()) == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - np.min(x)
        largest = np.max(x)
        x = (x / largest if largest != 0 else x) * 255
    if x.shape[2] not in (1, 3, 4):
        raise ValueError(f"Unsupported channel number: {x.shape[2]}")
    x = x.astype("uint8")
    return image.fromarray(x[:, :, 0] if x.shape[2] == 1 else x)


@export("keras.preprocessing.image.save_img")
def save_img(
    path: Any, x: Any, data_format: Any = None, file_format: Any = None, scale: bool = True, **kwargs: Any
) -> None:
    """Writes an array to a picture file."""
    img = array_to_img(x, data_format=data_format, scale=scale)
    if img.mode == "RGBA" and file_format in ("jpg", "jpeg"):
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)


@export("keras.preprocessing.image.load_img")
def load_img(
    path: Any, grayscale: bool = False, color_mode: str = "rgb", target_size: Any = None, interpolation: str = "nearest"
) -> Any:
    """The picture in a file, in a size [height, width] if one is given.

    Raises:
      ValueError: there is no such colour mode or interpolation.
    """
    image = pillow("load_img")
    color_mode = "grayscale" if grayscale else color_mode
    modes = {"grayscale": "L", "rgba": "RGBA", "rgb": "RGB"}
    if color_mode not in modes:
        raise ValueError('color_mode must be "grayscale", "rgb", or "rgba"')
    img = image.open(path)
    if img.mode != modes[color_mode]:
        img = img.convert(modes[color_mode])
    if target_size is not None and img.size != (target_size[1], target_size[0]):
        if interpolation not in _INTERPOLATIONS:
            raise ValueError(f"Invalid interpolation method {interpolation} specified. Supported methods are "
                             f"{', '.join(_INTERPOLATIONS)}")  # fmt: skip
        way = getattr(getattr(image, "Resampling", image), interpolation.upper())
        img = img.resize((target_size[1], target_size[0]), way)
    return img


# ---------------------------------------------------------------- moving


def _sampled(channel: np.ndarray, rows: np.ndarray, columns: np.ndarray, fill_mode: str, cval: float) -> np.ndarray:
    """The values of a picture between its points, linear in both directions."""
    height, width = channel.shape

    def inside(places: np.ndarray, size: int) -> np.ndarray:
        if fill_mode == "nearest":
            return np.clip(places, 0, size - 1)
        if fill_mode == "reflect":
            places = np.mod(places, 2 * size)
            return np.where(places >= size, 2 * size - 1 - places, places)
        return np.mod(places, size)

    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = rows - top, columns - left
    found = np.zeros(rows.shape, float)
    for i, weight in ((0, 1 - down), (1, down)):
        for j, part in ((0, 1 - right), (1, right)):
            r, c = top + i, left + j
            values = channel[inside(r, height), inside(c, width)].astype(float)
            if fill_mode == "constant":
                values = np.where((r >= 0) & (r < height) & (c >= 0) & (c < width), values, cval)
            found += weight * part * values
    return found


@export("keras.preprocessing.image.apply_affine_transform")
def apply_affine_transform(
    x: np.ndarray, theta: float = 0, tx: float = 0, ty: float = 0, shear: float = 0, zx: float = 1, zy: float = 1,
    row_axis: int = 0, col_axis: int = 1, channel_axis: int = 2, fill_mode: str = "nearest", cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:  # fmt: skip
    """A picture turned by `theta` degrees, moved, sheared and zoomed around its middle.

    Raises:
      NotImplementedError: `order` is not 1 (linear interpolation).
    """
    if order != 1:
        raise NotImplementedError("apply_affine_transform(order) other than 1")
    matrix = np.eye(3)
    turn, slant = np.deg2rad(theta), np.deg2rad(shear)
    steps = [
        (theta != 0, [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]),
        (tx != 0 or ty != 0, [[1, 0, tx], [0, 1, ty], [0, 0, 1]]),
        (shear != 0, [[1, -np.sin(slant), 0], [0, np.cos(slant), 0], [0, 0, 1]]),
        (zx != 1 or zy != 1, [[zx, 0, 0], [0, zy, 0], [0, 0, 1]]),
    ]
    for wanted, step in steps:
        if wanted:
            matrix = matrix @ np.array(step)
    if np.array_equal(matrix, np.eye(3)):
        return x
    height, width = x.shape[row_axis], x.shape[col_axis]
    middle = np.array([height / 2 + 0.5, width / 2 + 0.5])
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    places = matrix[:2, :2] @ np.stack([rows.ravel() - middle[0], columns.ravel() - middle[1]])
    places += (matrix[:2, 2] + middle)[:, None]
    channels = np.moveaxis(x, channel_axis, 0)
    made = [_sampled(c, *places, fill_mode, cval).reshape(height, width) for c in channels]  # type: ignore[misc]
    return np.moveaxis(np.stack(made).astype(x.dtype), 0, channel_axis)


def _random(name: str, arguments: Callable) -> Callable:
    def random_transform(
        x: np.ndarray, amount: Any, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
        fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1,
    ) -> np.ndarray:  # fmt: skip
        given = arguments(amount, x.shape[row_axis], x.shape[col_axis])
        return apply_affine_transform(
            x, **given, row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis, fill_mode=fill_mode,
            cval=cval, order=interpolation_order,
        )  # fmt: skip

    random_transform.__name__ = random_transform.__qualname__ = name
    random_transform.__doc__ = "A picture changed by a random amount up to the one given."
    return export(f"keras.preprocessing.image.{name}")(random_transform)


random_rotation = _random("random_rotation", lambda rg, h, w: {"theta": np.random.uniform(-rg, rg)})
random_shear = _random("random_shear", lambda intensity, h, w: {"shear": np.random.uniform(-intensity, intensity)})


@export("keras.preprocessing.image.random_shift")
def random_shift(
    x: np.ndarray, wrg: float, hrg: float, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
    fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1,
) -> np.ndarray:  # fmt: skip
    """A picture moved by random parts of its width and height, up to those given."""
    tx = np.random.uniform(-hrg, hrg) * x.shape[row_axis]
    ty = np.random.uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(x, tx=tx, ty=ty, row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis,
                                  fill_mode=fill_mode, cval=cval, order=interpolation_order)  # fmt: skip


@export("keras.preprocessing.image.random_zoom")
def random_zoom(
    x: np.ndarray, zoom_range: Any, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
    fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1,
) -> np.ndarray:  # fmt: skip
    """A picture zoomed by random factors from a range."""
    if len(zoom_range) != 2:
        raise ValueError(f"`zoom_range` should be a tuple or list of two floats. Received: {zoom_range}")
    zx, zy = (1, 1) if zoom_range[0] == 1 and zoom_range[1] == 1 else np.random.uniform(zoom_range[0], zoom_range[1], 2)
    return apply_affine_transform(x, zx=zx, zy=zy, row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis,
                                  fill_mode=fill_mode, cval=cval, order=interpolation_order)  # fmt: skip


@export("keras.preprocessing.image.apply_channel_shift")
def apply_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """A picture with a number added, within the range that it had."""
    return np.clip(x + intensity, np.min(x), np.max(x))


@export("keras.preprocessing.image.random_channel_shift")
def random_channel_shift(x: np.ndarray, intensity_range: float, channel_axis: int = 0) -> np.ndarray:
    """A picture with a random number added."""
    return apply_channel_shift(x, np.random.uniform(-intensity_range, intensity_range), channel_axis=channel_axis)


@export("keras.preprocessing.image.apply_brightness_shift")
def apply_brightness_shift(x: np.ndarray, brightness: float) -> np.ndarray:
    """A picture made brighter or darker by a factor."""
    pillow("apply_brightness_shift")
    from PIL import ImageEnhance

    return img_to_array(ImageEnhance.Brightness(array_to_img(x)).enhance(brightness))


@export("keras.preprocessing.image.random_brightness")
def random_brightness(x: np.ndarray, brightness_range: Any) -> np.ndarray:
    """A picture made brighter or darker by a random factor from a range."""
    if len(brightness_range) != 2:
        raise ValueError(f"`brightness_range should be tuple or list of two floats. Received: {brightness_range}")
    return apply_brightness_shift(x, np.random.uniform(*brightness_range))
