"""tf.image builds and gives what it does under TensorFlow 1.15.5: see tests/golden/image_cases.py."""

from __future__ import annotations

import random
import struct
import sys
import zlib
from pathlib import Path

import pytest

import pyflow as tf
from pyflow.ops import image_libjpeg
from tests.golden_cases import Golden

GOLDEN = Golden("image_cases", "images.json")
WITH_LIBJPEG = [
    pytest.mark.native,
    pytest.mark.skipif(image_libjpeg._library() is None, reason="simplejpeg is not installed"),
]
CASES = [
    pytest.param(name, marks=WITH_LIBJPEG if name == "decoding_accurately_without_mixing_colors" else ())
    for name in sorted(GOLDEN.cases)
]


@pytest.fixture(autouse=True)
def fresh_graph():
    tf.reset_default_graph()


@pytest.mark.parametrize("name", CASES)
def test_image_functions_give_what_tensorflow_gives(name):
    GOLDEN.check(name, rtol=1e-5)


@pytest.mark.parametrize("name", ["decoding", "decoding_wrongly", "encoding"])
def test_so_they_do_without_libjpeg(name, monkeypatch):
    monkeypatch.setattr(image_libjpeg, "_library", lambda: None)
    GOLDEN.check(name, rtol=1e-5)


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def test_images_that_would_fill_the_memory_are_refused():
    with tf.Session() as sess:
        with pytest.raises(tf.errors.InvalidArgumentError, match="PNG image of 65536 x 65536 pixels is too large"):
            sess.run(tf.image.decode_png(png_header(1 << 16, 1 << 16)))


def test_missing_pillow_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.PngImagePlugin", None)
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match=r"pip install pyflow-tf\[image\]"):
        sess.run(tf.image.decode_png(png_header(1, 1)))


@pytest.mark.parametrize("name", ["jpeg_420", "jpeg_440", "jpeg_ycck", "jpeg_prog"])
def test_damaged_jpeg_files_are_decoded_or_refused(name):
    random.seed(name)
    content = (Path(__file__).parent.parent / "golden" / "pictures" / f"{name}.jpg").read_bytes()
    data = tf.placeholder(tf.string, [])
    image, refused = tf.image.decode_jpeg(data), 0
    with tf.Session() as sess:
        for _ in range(300):
            damaged = bytearray(content)
            for _ in range(random.randint(1, 3)):
                damaged[random.randrange(3, len(damaged))] = random.choice([0, 255, random.randrange(256)])
            try:
                assert sess.run(image, {data: bytes(damaged)}).ndim == 3
            except tf.errors.InvalidArgumentError:
                refused += 1
    assert 0 < refused < 300
