"""Images of other sizes and local response normalization on the device, with their gradients, against the CPU."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import on_both

pytestmark = pytest.mark.native

_RESIZERS = [tf.image.resize_bilinear, tf.image.resize_nearest_neighbor, tf.image.resize_bicubic]


def drawn(*shape):
    return np.random.default_rng(sum(shape)).uniform(-1, 1, shape).astype("f4")


def agree(function, *arrays):
    values, expected, ran = on_both(function, list(arrays))
    assert ran.first and any("Grad" in name for name in ran.ops)
    for value, wanted in zip(values, expected):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("resize", _RESIZERS)
@pytest.mark.parametrize("sizes", [((7, 5), (13, 11)), ((12, 9), (5, 2)), ((1, 6), (4, 1))], ids=str)
@pytest.mark.parametrize("how", [{}, {"align_corners": True}, {"half_pixel_centers": True}], ids=str)
def test_images_of_another_size(adapter, resize, sizes, how):
    def both(x):
        y = resize(x, sizes[1], **how)
        return [y, *tf.gradients(y * y, [x])]

    agree(both, drawn(2, *sizes[0], 3))


@pytest.mark.parametrize("channels, radius", [(1, 1), (7, 2), (16, 5)])
def test_local_response_normalization(adapter, channels, radius):
    def both(x):
        y = tf.nn.lrn(x, radius, bias=1.5, alpha=0.3, beta=0.75)
        return [y, *tf.gradients(y * y, [x])]

    agree(both, drawn(2, 5, 6, channels))
