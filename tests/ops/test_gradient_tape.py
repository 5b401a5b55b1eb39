"""tf.GradientTape and tf.function, in graph mode."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf


def run(fetches):
    with tf.Session() as sess:
        return sess.run(fetches)


def test_gradients_of_what_the_block_computes():
    x, c = tf.constant([1.0, 2.0]), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = c * x * x
    result = tape.gradient(y, {"x": x, "c": c})
    values = run(result)
    assert values["x"].tolist() == [6, 12] and values["c"] == 5
    with pytest.raises(RuntimeError, match="can only be called once on non-persistent tapes"):
        tape.gradient(y, x)


def test_jacobians():
    x = tf.constant([1.0, 2.0, 3.0])
    rows = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape(persistent=True) as tape:
        y = x * x * tf.reduce_sum(x)
        z = rows * tf.reduce_sum(rows, 1, keepdims=True)
    jacobian, batched = tape.jacobian(y, x), tape.batch_jacobian(z, rows)
    assert jacobian.shape.as_list() == [3, 3] and batched.shape.as_list() == [2, 2, 2]
    values = run([jacobian, batched])
    np.testing.assert_allclose(values[0], np.outer([1, 4, 9], [1, 1, 1]) + np.diag([12, 24, 36]))
    np.testing.assert_allclose(values[1], [[[4, 1], [2, 5]], [[10, 3], [4, 11]]])


def test_function_adds_its_nodes_where_it_is_called():
    @tf.function
    def double(x):
        """Twice x."""
        return x * 2

    assert run(double(tf.constant(4))) == 8 and double.__doc__ == "Twice x."
    with pytest.raises(NotImplementedError, match="get_concrete_function"):
        double.get_concrete_function()


def test_jacobians_beside_numeric_ones():
    from pyflow.test.function_gradients import compute_gradient, max_error

    with tf.Session():
        x = np.array([[0.3, 0.7], [1.1, -0.4]])
        symbolic, numeric = compute_gradient(lambda x, y: tf.matmul(x, y) * tf.sin(x), [x, x.T.copy()], delta=1e-5)
        assert [m.shape for m in symbolic] == [(4, 4), (4, 4)] and max_error(symbolic, numeric) < 1e-8


def test_only_tensors_are_watched():
    with pytest.raises(ValueError, match="Passed in object of type <class 'int'>, not tf.Tensor"):
        tf.GradientTape().watch(3)
