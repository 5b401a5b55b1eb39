"""Images with their channels in front (NCHW) on the device: convolution, pooling, bias, batch normalization."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import on_both

pytestmark = pytest.mark.native


def drawn(*shape):
    return np.random.default_rng(sum(shape)).uniform(-1, 1, shape).astype("f4")


def agree(function, *arrays):
    values, expected, ran = on_both(function, list(arrays))
    assert ran.first
    for value, wanted in zip(values, expected):
        assert value.shape == wanted.shape
        np.testing.assert_allclose(value, wanted, rtol=2e-5, atol=2e-4)
    return ran.ops


@pytest.mark.parametrize("channels", [(3, 5), (4, 8)], ids=str)
@pytest.mark.parametrize(
    "how",
    [
        {"strides": [1, 1, 1, 1], "padding": "SAME"},
        {"strides": [1, 1, 2, 3], "padding": "VALID"},
        {"strides": [1, 1, 1, 1], "padding": "SAME", "dilations": [1, 1, 2, 1]},
        {"strides": [1, 1, 2, 1], "padding": [[0, 0], [0, 0], [2, 1], [0, 3]]},
    ],
    ids=["same", "strides", "dilations", "explicit"],
)
def test_convolution_and_its_gradients(adapter, channels, how):
    def every(x, w):
        y = tf.nn.conv2d(x, w, data_format="NCHW", **how)
        return [y, *tf.gradients(y * y, [x, w])]

    done = agree(every, drawn(2, channels[0], 9, 7), drawn(3, 2, *channels))
    assert any("Conv2DBackpropInput" in name for name in done) and any("Conv2DBackpropFilter" in name for name in done)


def test_depthwise_convolution(adapter):
    def every(x, w):
        y = tf.nn.depthwise_conv2d_native(x, w, [1, 1, 2, 2], "SAME", data_format="NCHW")
        return [y, *tf.gradients(y * y, [x, w])]

    agree(every, drawn(2, 3, 8, 7), drawn(3, 2, 3, 2))


@pytest.mark.parametrize("pool", [tf.nn.max_pool, tf.nn.avg_pool])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_pooling(adapter, pool, padding):
    def both(x):
        y = pool(x, [1, 1, 3, 2], [1, 1, 2, 1], padding, data_format="NCHW")
        return [y, *tf.gradients(y * y, [x])]

    done = agree(both, drawn(2, 3, 9, 8))
    assert any("PoolGrad" in name for name in done)


def test_bias(adapter):
    def both(x, b):
        y = tf.nn.bias_add(x, b, data_format="NCHW")
        return [y, *tf.gradients(y * y, [x, b])]

    done = agree(both, drawn(2, 3, 9, 8), drawn(3))
    assert any("BiasAddGrad" in name for name in done)


@pytest.mark.parametrize("is_training", [True, False])
def test_batch_normalization(adapter, is_training):
    def every(x, scale, offset):
        moments = {} if is_training else {"mean": scale * 0.5, "variance": scale * scale + 0.5}
        how = {"data_format": "NCHW", "is_training": is_training}
        y, mean, variance = tf.nn.fused_batch_norm(x, scale, offset, **moments, **how)
        return [y, mean, variance, *tf.gradients(y * y * y, [x, scale, offset])]

    done = agree(every, drawn(3, 5, 6, 4), drawn(5), drawn(5))
    assert any("FusedBatchNormGrad" in name for name in done)
