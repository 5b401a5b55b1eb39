"""Reductions on the device against float64: any axes, odd and large sizes, one pass or several, NaN and Inf."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import on_both

pytestmark = pytest.mark.native

SHAPES = [
    ((7, 13), [0]),
    ((7, 13), [-1]),
    ((7, 13), [0, 1]),
    ((1, 5, 1, 3), [0, 2]),
    ((3, 5, 7, 2, 11), [1, 3]),
    ((3, 5, 7, 2, 11), [0, 2, 4]),
    ((2, 3, 4, 5), [0, 1, 2]),
    ((3, 70000), [1]),
    ((70000, 3), [0]),
    ((5000, 37), [0]),
    ((66000, 9), [1]),
    ((2, 9001, 3), [1]),
    ((300007,), [0]),
    ((17,), []),
]


def uniform(*shape):
    return np.random.RandomState(1).uniform(0.1, 1.1, shape).astype(np.float32)


@pytest.mark.parametrize(("shape", "axes"), SHAPES, ids=str)
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "euclidean_norm"])
def test_floats(name, shape, axes, adapter):
    x = uniform(*shape)
    function = getattr(tf, f"reduce_{name}", None) or tf.math.reduce_euclidean_norm
    (value,), _, ran = on_both(lambda t: function(tf.nn.relu(t), axes, keepdims=True), [x])
    wide, axis = x.astype(np.float64), tuple(axes)
    wanted = {
        "sum": lambda: wide.sum(axis, keepdims=True),
        "mean": lambda: wide.mean(axis, keepdims=True),
        "max": lambda: wide.max(axis, keepdims=True),
        "min": lambda: wide.min(axis, keepdims=True),
        "euclidean_norm": lambda: np.sqrt((wide**2).sum(axis, keepdims=True)),
    }[name]()
    assert ran.first or all(shape[a] == 1 for a in axes)
    np.testing.assert_allclose(value, wanted, rtol=2e-6)


@pytest.mark.parametrize("axes", [[0], [1], [0, 1]])
def test_products_integers_and_truths(axes, adapter):
    x = np.random.RandomState(0).uniform(0.8, 1.2, (31, 7)).astype(np.float32)
    (value,), _, ran = on_both(lambda t: tf.reduce_prod(t, axes), [x])
    np.testing.assert_allclose(value, x.astype(np.float64).prod(tuple(axes)), rtol=1e-5)
    assert ran.first
    whole = (x * 100).astype(np.int32) - 99

    def integers(t):
        return [f(t, axes) for f in (tf.reduce_sum, tf.reduce_mean, tf.reduce_max, tf.reduce_min)]

    values, expected, ran = on_both(integers, [whole])
    assert ran.first and all(np.array_equal(v, e) for v, e in zip(values, expected))
    for truths in (whole > 0, whole < 100, whole > 100):
        values, expected, ran = on_both(lambda t: [tf.reduce_all(t, axes), tf.reduce_any(t, axes)], [truths])
        assert ran.first and all(np.array_equal(v, e) for v, e in zip(values, expected))


def test_what_is_not_finite(adapter):
    x = uniform(6, 40)
    x[0, 3], x[1, 5], x[2, 6], x[3] = np.nan, np.inf, -np.inf, -np.inf

    def function(t):
        return [f(t, 1) for f in (tf.reduce_sum, tf.reduce_max, tf.reduce_min, tf.argmax, tf.argmin)]

    values, expected, _ = on_both(function, [x])
    for value, wanted in zip(values, expected):
        np.testing.assert_allclose(value, wanted, rtol=1e-6)


def test_bias_gradients_and_l2_loss(adapter):
    x = uniform(9, 4, 5, 6)
    for data_format, axis in (("NHWC", (0, 1, 2)), ("NCHW", (0, 2, 3))):
        size = x.shape[3 if data_format == "NHWC" else 1]

        def function(t, data_format=data_format, size=size):
            bias = tf.zeros([size]) * t[0, 0, 0, 0]
            return tf.gradients(tf.nn.bias_add(t, bias, data_format), bias, t)

        (value,), _, ran = on_both(function, [x])
        assert any("BiasAddGrad" in name for name in ran.ops)
        np.testing.assert_allclose(value, x.astype(np.float64).sum(axis), rtol=1e-6)
    (value,), _, _ = on_both(tf.nn.l2_loss, [uniform(784, 500)])
    np.testing.assert_allclose(value, (uniform(784, 500).astype(np.float64) ** 2).sum() / 2, rtol=1e-6)


@pytest.mark.parametrize(("shape", "axis"), [((7, 13), 0), ((7, 13), -1), ((3, 5, 70), 1), ((2, 3000), 1), ((9,), 0)])
def test_places_and_running_sums(shape, axis, adapter):
    x = np.round(uniform(*shape) * 20)  # many are equal
    values, expected, ran = on_both(lambda t: [tf.argmax(t, axis), tf.argmin(t, axis, output_type=tf.int32)], [x])
    assert ran.first
    for value, wanted in zip(values, expected):
        assert value.dtype == wanted.dtype and np.array_equal(value, wanted)

    def running(t):
        exclusive = tf.cumsum(t, axis, exclusive=True)
        return [tf.cumsum(t, axis), exclusive, tf.cumsum(t, axis, reverse=True), tf.cumprod(t / 16, axis, True, True)]

    values, expected, ran = on_both(running, [x])
    assert ran.first
    for value, wanted in zip(values, expected):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("shape", [(5, 3), (2, 1), (100, 10), (7, 64), (3, 1001), (2, 3, 130), (70000, 5)], ids=str)
def test_softmax(shape, adapter):
    x = (uniform(*shape) - 0.6) * 30
    values, _, ran = on_both(lambda t: [tf.nn.softmax(t), tf.nn.log_softmax(t)], [x])
    wide = x - x.astype(np.float64).max(-1, keepdims=True)
    logarithms = wide - np.log(np.exp(wide).sum(-1, keepdims=True))
    assert ran.first
    np.testing.assert_allclose(values[0], np.exp(logarithms), rtol=2e-5, atol=1e-30)
    np.testing.assert_allclose(values[1], logarithms, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("rows", "classes"), [(1, 2), (100, 10), (33, 127), (5, 2000)])
def test_cross_entropies_with_gradients(rows, classes, adapter):
    x, labels = (uniform(rows, classes) - 0.6) * 20, uniform(rows, classes)
    labels /= labels.sum(1, keepdims=True)
    right = np.random.RandomState(3).randint(classes, size=rows)
    wide = x.astype(np.float64)
    logarithms = wide - wide.max(1, keepdims=True)
    logarithms -= np.log(np.exp(logarithms).sum(1, keepdims=True))

    def dense(t, y):
        loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=t)
        return [loss, *tf.gradients(loss, t)]

    (loss, gradient), _, ran = on_both(dense, [x, labels])
    assert any("softmax_cross_entropy" in name for name in ran.ops)
    np.testing.assert_allclose(loss, -(labels * logarithms).sum(1), rtol=2e-6)
    np.testing.assert_allclose(gradient, np.exp(logarithms) - labels, rtol=2e-5, atol=1e-7)

    def sparse(t, y):
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=t)
        return [loss, *tf.gradients(loss, t)]

    (loss, gradient), _, ran = on_both(sparse, [x, right])
    assert any("SparseSoftmaxCrossEntropy" in name for name in ran.ops)
    np.testing.assert_allclose(loss, -logarithms[np.arange(rows), right], rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(gradient, np.exp(logarithms) - np.eye(classes)[right], rtol=2e-5, atol=1e-7)


def test_labels_out_of_range_are_refused(adapter):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"label value of 3 .* \[0, 3\)"):
        on_both(
            lambda t, y: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=t),
            [uniform(2, 3), np.array([1, 3])],
        )


def test_one_label_for_all_rows(adapter):
    (loss,), (expected,), _ = on_both(
        lambda t: tf.nn.softmax_cross_entropy_with_logits_v2(labels=[[0.25, 0.5, 0.25]], logits=t), [uniform(4, 3)]
    )
    np.testing.assert_allclose(loss, expected, rtol=1e-6)


@pytest.mark.parametrize(("shape", "k"), [((5, 3), 3), ((2, 3, 70), 5), ((100, 10), 1), ((2, 3000), 40), ((9,), 4)])
def test_largest_elements(shape, k, adapter):
    x = np.round((uniform(*shape) - 0.6) * 40)  # many are equal
    x.flat[1], x.flat[3], x.flat[5] = np.nan, -np.inf, -0.0
    for given in (x, np.nan_to_num(x, neginf=-9).astype(np.int32) * 2**25):
        values, expected, ran = on_both(lambda t: tf.nn.top_k(t, k), [given])
        assert ran.first
        for value, wanted in zip(values, expected):
            np.testing.assert_array_equal(value, wanted)
    if len(shape) == 2:
        targets = np.random.RandomState(0).randint(-1, shape[1] + 1, size=shape[0])
        scores = uniform(*shape)
        scores[0, 1] = np.inf
        (value,), (wanted,), ran = on_both(lambda t, y: tf.nn.in_top_k(t, y, k), [scores, targets])
        assert ran.first and value.tolist() == wanted.tolist()


def test_gradient_of_the_largest(adapter):
    (value,), (wanted,), _ = on_both(lambda t: tf.gradients(tf.nn.top_k(t, 3)[0] ** 2, t), [uniform(7, 20)])
    np.testing.assert_allclose(value, wanted, rtol=1e-6)
