"""JPEG files by libjpeg-turbo itself and by Pillow with numpy: the same bits, where both can."""

from __future__ import annotations

import io
import itertools
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pyflow.core import errors
from pyflow.ops import image_libjpeg
from pyflow.ops.image_jpeg import JpegOptions, Window, decode_jpeg, jpeg_shape

PICTURES = Path(__file__).parent.parent / "golden" / "pictures"
GIVEN = {path.stem: path.read_bytes() for path in sorted(PICTURES.glob("jpeg_*.jpg"))}
SIZES = ((1, 1), (3, 2), (9, 16), (17, 15), (31, 70))
native = [
    pytest.mark.native,
    pytest.mark.skipif(image_libjpeg._library() is None, reason="simplejpeg is not installed"),
]


@pytest.fixture(params=[pytest.param(True, marks=native), False], ids=["libjpeg", "pillow"])
def directly(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(image_libjpeg, "_library", lambda: None)


def file_of(height: int, width: int, mode: str, **options) -> bytes:
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(columns / (2 + i) + rows / (3 + i)) for i in range(len(mode))]
    noise = np.random.default_rng(height).normal(0, 20, (height, width, len(mode)))
    pixels = np.clip(128 + 90 * np.stack(waves, axis=-1) + noise, 0, 255).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels[..., 0] if mode == "L" else pixels, mode).save(content, "JPEG", **options)
    return content.getvalue()


@pytest.fixture(scope="module")
def files():
    found = dict(GIVEN)
    for height, width in SIZES:
        kinds = {"gray": ("L", {}), "ink": ("CMYK", {}), "rgb": ("RGB", {"keep_rgb": True})}
        for subsampling, progressive in itertools.product(range(3), (False, True)):
            options = {"subsampling": subsampling, "progressive": progressive}
            kinds[f"{subsampling}{progressive}"] = ("RGB", options)
        for name, (mode, options) in kinds.items():
            found[f"{name}_{height}_{width}"] = file_of(height, width, mode, **options)
    return found


def outcome(data: bytes, channels: int, options: JpegOptions) -> tuple:
    try:
        pixels = decode_jpeg(data, channels, options)
    except (errors.InvalidArgumentError, NotImplementedError) as error:
        return type(error), str(error)
    return pixels.shape, pixels.tobytes()


def compare(monkeypatch, data: bytes, channels: int, options: JpegOptions) -> bool:
    """Whether Pillow can do it; then libjpeg gives the same."""
    first = outcome(data, channels, options)
    with monkeypatch.context() as patched:
        patched.setattr(image_libjpeg, "_library", lambda: None)
        second = outcome(data, channels, options)
    if second[0] is NotImplementedError:
        return False
    assert first == second
    return True


class TestBothWays:
    pytestmark = native

    @pytest.mark.parametrize("smooth, fast", [*itertools.product((True, False), repeat=2)])
    def test_whole_images_are_the_same(self, files, monkeypatch, smooth, fast):
        for data, channels, ratio in itertools.product(files.values(), (0, 1, 3), (1, 2, 4, 8)):
            done = compare(monkeypatch, data, channels, JpegOptions(ratio, smooth=smooth, fast=fast))
            assert done or not (smooth or fast)

    def test_parts_of_images_are_the_same(self, files, monkeypatch):
        random.seed(0)
        for name, data in files.items():
            height, width, _ = jpeg_shape(data) if "cut" not in name else (11, 14, 3)
            for _ in range(30):
                top, left = random.randrange(height), random.choice([0, min(16, width - 1), random.randrange(width)])
                window = Window(top, left, random.randint(1, height - top), random.randint(1, width - left))
                options = JpegOptions(1, False, random.random() < 0.7, random.random() < 0.7, window)
                compare(monkeypatch, data, random.choice([0, 1, 3]), options)

    def test_damaged_files_are_the_same(self, monkeypatch):
        random.seed(0)
        for _ in range(500):
            damaged = bytearray(random.choice(list(GIVEN.values())))
            for _ in range(random.randint(1, 3)):
                damaged[random.randrange(3, len(damaged))] = random.choice([0, 255, random.randrange(256)])
            assert compare(monkeypatch, bytes(damaged[: random.choice([-2, None])]), 0, JpegOptions())

    def test_the_usual_is_done_without_pillow(self, files, monkeypatch):
        def refuse(*_):
            raise AssertionError

        monkeypatch.setattr("pyflow.ops.image_jpeg.pillow", refuse)
        for height, width in SIZES:
            for name, channels in (("2False", 3), ("2True", 1), ("0False", 0), ("gray", 0), ("gray", 3), ("rgb", 1)):
                data = files[f"{name}_{height}_{width}"]
                assert jpeg_shape(data) == (height, width, 1 if name == "gray" else 3)
                pixels = decode_jpeg(data, channels, JpegOptions())
                assert pixels.shape == (height, width, channels or jpeg_shape(data)[2])


def test_images_that_would_fill_the_memory_are_refused_before_they_are_decoded(directly):
    data = bytearray(GIVEN["jpeg_420"])
    size = data.index(b"\xff\xc0") + 5
    data[size : size + 4] = b"\xf0\x00" * 2
    with pytest.raises(errors.InvalidArgumentError, match="JPEG image of 61440 x 61440 pixels is too large"):
        decode_jpeg(bytes(data), 3, JpegOptions())


def test_files_without_their_end_are_refused_or_filled_up(directly):
    data = GIVEN["jpeg_422"]
    with pytest.raises(errors.InvalidArgumentError, match="Invalid JPEG data or crop window, data size 900"):
        decode_jpeg(data[:900], 3, JpegOptions())
    recovered = decode_jpeg(data[:900], 3, JpegOptions(recover=True))
    whole = decode_jpeg(data, 3, JpegOptions())
    assert recovered.shape == whole.shape
    assert (recovered[:4] == whole[:4]).all() and (recovered != whole).any()


@pytest.mark.parametrize("window", [(0, 0, 0, 1), (-1, 0, 2, 2), (0, 0, 1, 1000)])
def test_windows_beyond_the_image_are_refused(directly, window):
    with pytest.raises(errors.InvalidArgumentError, match="Invalid JPEG data or crop window"):
        decode_jpeg(GIVEN["jpeg_444"], 3, JpegOptions(window=Window(*window)))
