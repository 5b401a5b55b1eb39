"""Convolutions and pooling on the device, over awkward sizes, against the CPU in float64."""

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import cpu_session, on_both, ops_done

pytestmark = pytest.mark.native


def compare(make, *arrays, op, tolerance=1e-5):
    """The outputs of `make(*tensors)` on the device in float32, and on the CPU in float64."""
    with cpu_session() as sess:
        exact = sess.run(make(*(tf.constant(a, tf.float64) for a in arrays)))
    with tf.device("/gpu:0"):
        feeds = {tf.placeholder(tf.float32, a.shape): a for a in arrays}
        outputs = make(*feeds)
    with tf.Session() as sess:
        found = sess.run(outputs, feeds)
        assert op in [sess.graph.get_operation_by_name(name).type for name in ops_done(sess)]
    for value, wanted in zip(found, exact):
        np.testing.assert_allclose(value, wanted, rtol=tolerance, atol=tolerance * max(1, np.abs(wanted).max()))


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


@pytest.mark.parametrize("depth, channels", [(1, 6), (3, 5), (8, 12)])
@pytest.mark.parametrize(
    "how",
    [
        {"strides": [1, 1, 1, 1], "padding": "SAME"},
        {"strides": [1, 3, 2, 1], "padding": "VALID"},
        {"strides": [1, 1, 1, 1], "padding": "SAME", "dilations": [1, 2, 3, 1]},
        {"strides": [1, 2, 2, 1], "padding": "SAME"},
    ],
    ids=["same", "strides", "dilations", "stride 2"],
)
def test_a_convolution_and_its_gradients(adapter, how, depth, channels):
    def make(x, w):
        y = tf.nn.conv2d(x, w, **how)
        return [y, *tf.gradients(y * y, [x, w])]

    compare(make, numbers(3, 13, 11, depth), numbers(3, 5, depth, channels, seed=1), op="Conv2DBackpropFilter")


def test_a_filter_gradient_over_many_places_is_summed_in_parts(adapter):
    def make(x, w):
        y = tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME")
        return tf.gradients(y * y, w)

    compare(make, numbers(20, 17, 19, 3), numbers(3, 3, 3, 5, seed=1), op="Conv2DBackpropFilter")


@pytest.mark.parametrize("multiplier", [1, 3])
@pytest.mark.parametrize("stride, padding, rate", [(1, "SAME", 1), (2, "VALID", 1), (1, "SAME", 2)])
def test_a_depthwise_convolution_and_its_gradients(adapter, stride, padding, rate, multiplier):
    def make(x, w):
        attrs = {"strides": [1, stride, stride, 1], "padding": padding, "dilations": [1, rate, rate, 1]}
        y = tf.nn.depthwise_conv2d_native(x, w, **attrs)
        return [y, *tf.gradients(y * y, [x, w])]

    op = "DepthwiseConv2dNativeBackpropFilter"
    compare(make, numbers(5, 13, 11, 3), numbers(3, 2, 3, multiplier, seed=1), op=op)


@pytest.mark.parametrize("window, stride, padding", [(2, 2, "VALID"), (3, 2, "SAME"), (3, 1, "SAME"), (2, 3, "SAME")])
@pytest.mark.parametrize("of_batch", [False, True])
def test_pooling_with_places_and_its_gradient(adapter, window, stride, padding, of_batch):
    def function(x, weights):
        how = {"ksize": [1, window, window, 1], "strides": [1, stride, stride, 1], "padding": padding}
        y, places = tf.nn.max_pool_with_argmax(x, **how, include_batch_in_index=of_batch)
        return y, places, tf.gradients(y * tf.reduce_mean(weights) * y, x)[0]

    x = np.round(np.random.default_rng(3).uniform(-4, 4, (3, 7, 10, 5))).astype(np.float32)  # with many equals
    values, expected, ran = on_both(function, [x, np.arange(99, dtype=np.float32)])
    assert {"MaxPoolWithArgmax", "gradients/MaxPoolWithArgmax_grad/MaxPoolGradWithArgmax"} <= ran.ops
    np.testing.assert_array_equal(values[1], expected[1])
    np.testing.assert_allclose(values[0], expected[0], rtol=1e-6)
    np.testing.assert_allclose(values[2], expected[2], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("pool, op", [(tf.nn.max_pool, "MaxPoolGrad"), (tf.nn.avg_pool, "AvgPoolGrad")])
@pytest.mark.parametrize(
    "size, strides, padding", [((2, 2), (2, 2), "VALID"), ((3, 2), (1, 3), "SAME"), ((3, 3), (2, 2), "SAME")]
)
def test_pooling_and_its_gradient(adapter, pool, op, size, strides, padding):
    def make(x):
        y = pool(x, [1, *size, 1], [1, *strides, 1], padding)
        return [y, *tf.gradients(y * y, x)]

    compare(make, numbers(3, 13, 11, 5), op=op)


def test_the_first_of_equal_elements_gets_the_gradient(adapter):
    def make(x):
        y = tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")
        return [y, *tf.gradients(y * y, x)]

    compare(make, np.round(numbers(2, 9, 8, 3) * 2), op="MaxPoolGrad")


def test_more_workgroups_than_one_dimension_has(adapter):
    def make(x):
        y = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
        return [tf.reduce_sum(y), *tf.gradients(y, x)]

    compare(make, numbers(1, 2, 65537 * 32, 2), op="MaxPoolGrad", tolerance=1e-4)


def test_what_is_not_finite_stays_in_its_windows(adapter):
    x = numbers(1, 6, 6, 4)
    x[0, 0, 0, 1] = np.nan
    x[0, 5, 5, 2] = np.inf
    with tf.device("/gpu:0"):
        fed = tf.placeholder(tf.float32, x.shape)
        outputs = [tf.nn.max_pool(fed, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")]
        outputs += [tf.nn.conv2d(fed, tf.ones([3, 3, 4, 4]), [1, 1, 1, 1], "SAME")]
    with tf.Session() as sess:
        pooled, convolved = sess.run(outputs, {fed: x})
    assert (
        np.isnan(pooled[0, 0, 0, 1]) and np.isinf(pooled[0, 2, 2, 2]) and np.isfinite(pooled).sum() == pooled.size - 2
    )
    assert np.isnan(convolved[0, :2, :2]).all() and np.isinf(convolved[0, 4:, 4:]).all()
    assert np.isfinite(convolved).sum() == convolved.size - 32
