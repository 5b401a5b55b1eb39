"""Gates of recurrent cells in one pass give what their ops give one by one."""

import numpy as np
import pytest

import pyflow as tf


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def types_run(session):
    return [step.type for step in next(reversed(session._executables.values())).steps]


def cell(x, bias, order, forget_bias):
    """sigmoid or tanh of four blocks of columns, and a result in which each gate has a factor of its own."""
    blocks = tf.split(tf.nn.bias_add(x, bias), 4, axis=1)
    blocks[2] = blocks[2] + forget_bias if forget_bias else blocks[2]
    gates = [tf.sigmoid(b) if kind == "s" else tf.tanh(b) for b, kind in zip(blocks, order)]
    return gates, gates[0] * gates[1] + gates[2] * gates[3]


@pytest.mark.parametrize("order", ["stss", "sstt", "ssss"])
@pytest.mark.parametrize("forget_bias", [0.0, 1.0])
def test_values_and_gradients(order, forget_bias):
    rng = np.random.RandomState(1)
    given, b = rng.randn(3, 8) * 3, rng.randn(8)
    x, bias = tf.placeholder(tf.float64, [3, 8]), tf.constant(b)
    gates, y = cell(x, bias, order, forget_bias)
    (dx,) = tf.gradients(y, [x])
    with tf.Session() as session:
        *values, slopes = session.run([*gates, dx], {x: given})
        assert "Split" not in types_run(session) and "SigmoidGrad" not in types_run(session)
    blocks = np.split(given + b, 4, axis=1)
    blocks[2] = blocks[2] + forget_bias
    expected = [sigmoid(v) if kind == "s" else np.tanh(v) for v, kind in zip(blocks, order)]
    for value, right in zip(values, expected):
        np.testing.assert_allclose(value, right, rtol=1e-13, atol=1e-15)
    factors = [expected[1], expected[0], expected[3], expected[2]]
    derivatives = [v * (1 - v) if kind == "s" else 1 - v * v for v, kind in zip(expected, order)]
    np.testing.assert_allclose(slopes, np.hstack([f * d for f, d in zip(factors, derivatives)]), rtol=1e-12, atol=1e-15)


def test_a_block_that_something_else_uses_keeps_its_ops():
    x = tf.placeholder(tf.float32, [2, 4])
    a, b = tf.split(x, 2, axis=1)
    y, z = tf.sigmoid(a) * tf.tanh(b), a + 1.0
    with tf.Session() as session:
        values = session.run([y, z], {x: np.zeros([2, 4])})
        assert "Split" in types_run(session)
    assert values[0].tolist() == [[0, 0], [0, 0]] and values[1].tolist() == [[1, 1], [1, 1]]


def test_a_bias_that_is_changed_in_the_run():
    v = tf.get_variable("v", initializer=[0.0, 0.0])
    x = tf.placeholder(tf.float32, [1, 2])
    z = tf.nn.bias_add(x, v)
    with tf.control_dependencies([z]):
        changed = tf.assign_add(v, [100.0, 100.0])
    with tf.control_dependencies([changed]):
        a, b = tf.split(z, 2, axis=1)
    y = tf.sigmoid(a) * tf.tanh(b)
    with tf.Session() as session:
        session.run(v.initializer)
        np.testing.assert_allclose(session.run(y, {x: [[0.0, 1.0]]}), [[0.5 * np.tanh(1.0)]], rtol=1e-6)


def test_few_rows_times_a_large_transposed_matrix():
    rng = np.random.RandomState(0)
    a, b = rng.randn(3, 200).astype(np.float32), rng.randn(150, 200).astype(np.float32)
    x, y = tf.placeholder(tf.float32, a.shape), tf.placeholder(tf.float32, b.shape)
    with tf.Session() as session:
        product = session.run(tf.matmul(x, y, transpose_b=True), {x: a, y: b})
    np.testing.assert_allclose(product, a.astype(float) @ b.T.astype(float), rtol=1e-4, atol=1e-4)
    assert product.flags.c_contiguous
