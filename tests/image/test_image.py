"""tf.image builds and gives what it does under TensorFlow 1.15.5: see tests/golden/image_cases.py."""

from __future__ import annotations

import struct
import sys
import zlib

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("image_cases", "images.json")


@pytest.fixture(autouse=True)
def fresh_graph():
    tf.reset_default_graph()


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_image_functions_give_what_tensorflow_gives(name):
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
