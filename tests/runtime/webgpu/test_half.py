"""float16 on adapters that have it: stored as such, computed with as float32; elsewhere it stays on the CPU."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.runtime.webgpu import adapters, native
from tests.runtime.webgpu.on_device import cpu_session, on_both, ops_done

pytestmark = pytest.mark.native


WITH_HALVES = [native.describe(a).name for a in native.adapters() if "shader-f16" in a.features]


@pytest.fixture(params=WITH_HALVES, ids=lambda name: name.split()[0])
def halves(request, monkeypatch):
    """The name of an adapter that has float16, which sessions use as long as the test runs."""
    monkeypatch.setenv("PYFLOW_ADAPTER", request.param)


def drawn(*shape, low=-2.0, high=2.0):
    return np.random.default_rng(sum(shape)).uniform(low, high, shape).astype("f2")


def agree(function, *arrays, rtol=2e-3, atol=1e-3, dtype=np.float16):
    values, expected, ran = on_both(function, list(arrays))
    assert ran.first
    for value, wanted in zip(values, expected):
        assert value.dtype == wanted.dtype == dtype and value.shape == wanted.shape
        np.testing.assert_allclose(value.astype("f8"), wanted.astype("f8"), rtol=rtol, atol=atol)
    return values, expected


@pytest.mark.parametrize("shape", [(3,), (7,), (3, 5, 7), (65536 * 64 + 3,)], ids=str)
def test_elements_are_rounded_after_each_op_as_on_the_cpu(halves, shape):
    agree(lambda x, y: (x + y) * y - x / y, drawn(*shape), drawn(*shape, low=0.5), rtol=1e-3)


def test_broadcasting(halves):
    agree(lambda x, y: tf.maximum(x, y) * tf.tanh(y), drawn(3, 1, 5, 1, 7), drawn(4, 1, 3, 1))


def test_what_is_large_small_or_no_number(halves):
    x = np.array([65504, -65504, np.inf, -np.inf, np.nan, 2**-14, 1, 0], "f2")
    values, expected = agree(lambda x: [x * 2.0, tf.maximum(x, 1.0), tf.cast(x, tf.float16) - 1.0], x)
    np.testing.assert_array_equal(values[0], expected[0])


@pytest.mark.parametrize("dtype", ["f4", "i4", "?"])
def test_casts_from_and_to_other_types(halves, dtype):
    x = drawn(9, low=-50.0, high=50.0).astype(dtype)
    agree(lambda x: tf.cast(x, tf.float16) + 1.0, x, rtol=0)
    agree(lambda x: tf.cast(x * 2.0, tf.as_dtype(np.dtype(dtype))), drawn(9), rtol=0, dtype=dtype)


def test_movement(halves):
    agree(lambda x: tf.transpose(x[:, 1:4], [1, 0]), drawn(5, 7), rtol=0)
    agree(lambda x: tf.pad(x, [[1, 2], [0, 3]]), drawn(5, 7), rtol=0)
    agree(lambda x, y: tf.concat([x, y, x], 1), drawn(5, 7), drawn(5, 2), rtol=0)
    agree(lambda x: tf.concat([x + i for i in range(20)], 0), drawn(3, 3), rtol=0)
    agree(lambda x, i: tf.gather(x, i), drawn(5, 7), np.array([4, 0, 4], "i4"), rtol=0)


@pytest.mark.parametrize("m, k, n", [(3, 5, 7), (64, 64, 64), (65, 33, 67), (8, 5000, 8)])
@pytest.mark.parametrize("transposed", [False, True])
def test_products_are_summed_in_float32(halves, m, k, n, transposed):
    a, b = drawn(*((k, m) if transposed else (m, k)), low=0.0, high=0.25), drawn(k, n, low=0.0, high=0.25)
    values, _, ran = on_both(lambda a, b: tf.matmul(a, b, transpose_a=transposed), [a, b])
    exact = (a.T if transposed else a).astype("f8") @ b.astype("f8")
    assert ran.first and values[0].dtype == np.float16
    np.testing.assert_allclose(values[0], exact, rtol=1e-3)


def test_a_batch_of_products(halves):
    agree(tf.matmul, drawn(3, 12, 8), drawn(3, 8, 20), rtol=4e-3, atol=4e-3)


@pytest.mark.parametrize("depth, channels", [(3, 5), (4, 8)])
def test_convolution_and_its_gradients(halves, depth, channels):
    def every(x, w, dy):
        how = {"strides": [1, 1, 1, 1], "padding": "SAME"}
        y = tf.nn.conv2d(x, w, **how)
        to_x = tf.nn.conv2d_backprop_input(tf.shape(x), w, dy, **how)
        return [y, to_x, tf.nn.conv2d_backprop_filter(x, tf.shape(w), dy, **how)]

    agree(every, drawn(2, 9, 7, depth), drawn(3, 3, depth, channels), drawn(2, 9, 7, channels), rtol=4e-3, atol=3e-2)


def test_depthwise_convolution(halves):
    def every(x, w):
        y = tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME")
        return [y, *tf.gradients(y, [x, w])]

    agree(every, drawn(2, 9, 7, 3), drawn(3, 3, 3, 2), rtol=4e-3, atol=3e-2)


@pytest.mark.parametrize("pool", [tf.nn.max_pool, tf.nn.avg_pool])
def test_pooling(halves, pool):
    def both(x):
        y = pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
        return [y, *tf.gradients(y, [x])]

    agree(both, drawn(2, 7, 5, 3))


@pytest.mark.parametrize("reduce", [tf.reduce_sum, tf.reduce_mean, tf.reduce_max, tf.reduce_min])
@pytest.mark.parametrize("axes", [[0], [1], [0, 2], None])
def test_reductions(halves, reduce, axes):
    agree(lambda x: reduce(x, axes), drawn(31, 5, 33), atol=2e-1 if reduce is tf.reduce_sum else 2e-3)


def test_sums_are_kept_in_float32(halves):
    ones = np.ones((3, 60000), "f2")
    values, _, ran = on_both(lambda x: [tf.reduce_sum(x, 1), tf.reduce_mean(x, 1)], [ones])
    assert ran.first
    np.testing.assert_array_equal(values[0], np.full(3, 60000, "f2"))
    np.testing.assert_array_equal(values[1], np.ones(3, "f2"))


def test_softmax_and_cross_entropy(halves):
    agree(tf.nn.softmax, drawn(6, 11))
    labels = np.array([0, 10, 3, 3, 7, 1], "i4")
    agree(lambda x, y: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x), drawn(6, 11), labels)


def test_batch_norm_has_moments_in_float32(halves):
    def normalized(x):
        y, mean, variance = tf.nn.fused_batch_norm(x, tf.ones([3]), tf.zeros([3]))
        return [y, tf.cast(mean, tf.float16), tf.cast(variance, tf.float16), *tf.gradients(y * y, [x])]

    agree(normalized, drawn(4, 5, 5, 3), atol=1e-2)


def test_training_with_variables_of_float16(adapter):
    has_them = "shader-f16" in adapters.chosen().features

    def losses(session):
        with tf.device("/gpu:0"):
            x, y = drawn(32, 5), drawn(32, 1)
            w = tf.get_variable("w", [5, 1], tf.float16, tf.constant_initializer(0.25))
            loss = tf.reduce_mean(tf.square(tf.matmul(tf.constant(x), w) - y))
            step = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
        with session() as sess:
            sess.run(tf.global_variables_initializer())
            found = [sess.run([loss, step])[0] for _ in range(20)]
            return np.array(found, "f8"), w.eval(sess), "MatMul" in ops_done(sess)

    def on(session):
        with tf.Graph().as_default():
            return losses(session)

    expected, weights, _ = on(cpu_session)
    found, there, on_device = on(lambda: tf.Session(config=tf.ConfigProto(allow_soft_placement=True)))
    assert on_device == has_them and there.dtype == np.float16
    np.testing.assert_allclose(found, expected, rtol=1e-2)
    np.testing.assert_allclose(there.astype("f8"), weights.astype("f8"), atol=1e-2)
