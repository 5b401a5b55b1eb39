"""Functions of each round's number, and matrices of derivatives: values, shapes and errors as TensorFlow's."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops.jacobians import batch_jacobian, jacobian
from pyflow.ops.parallel_for import for_loop, pfor

ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)


def value(tensors):
    with tf.Session() as sess:
        return sess.run(tensors)


def test_results_are_stacked_in_their_structure():
    rows, numbers = for_loop(lambda i: (tf.gather(ROWS, i) * 2, i), (tf.float32, tf.int32), 3)
    assert rows.shape.as_list() == [None, 2]
    rows, numbers = value([rows, numbers])
    assert rows.tolist() == (ROWS * 2).tolist() and numbers.tolist() == [0, 1, 2]


def test_as_many_rounds_as_a_tensor_says():
    rounds = tf.placeholder_with_default(2, [])
    assert value(for_loop(lambda i: tf.gather(ROWS, i), tf.float32, rounds)).tolist() == ROWS[:2].tolist()


def test_a_function_of_another_number_of_tensors():
    words = "Number of expected outputs, 2, does not match the number of actual outputs, 1, from loop_fn"
    with pytest.raises(ValueError, match=words):
        for_loop(lambda i: i, (tf.int32, tf.int32), 3)


def test_pfor_knows_dtypes_and_the_number_of_rounds():
    found = pfor(lambda i: {"row": tf.gather(ROWS, i), "number": i}, 3)
    assert found["row"].shape.as_list() == [3, 2] and found["number"].dtype == tf.int32
    assert value(found["row"]).tolist() == ROWS.tolist()
    with pytest.raises(ValueError, match="Found parallel_iterations == 1. Use for_loop instead."):
        pfor(lambda i: i, 3, parallel_iterations=1)


def test_gradients_go_through_the_rounds():
    x = tf.constant(ROWS)
    squares = pfor(lambda i: tf.square(tf.gather(x, i)), 3)
    assert value(tf.gradients(squares, x)[0]).tolist() == (2 * ROWS).tolist()


def test_a_function_of_each_element():
    sums, more = tf.vectorized_map(lambda row: (tf.reduce_sum(row[0]), row[1] + 1), (ROWS, np.arange(3)))
    assert value(sums).tolist() == [1, 5, 9] and value(more).tolist() == [1, 2, 3]


@pytest.mark.parametrize("shape", [[3, 2], [None, 2], None])
def test_derivatives_of_each_element_by_each(shape):
    x = tf.placeholder_with_default(ROWS, shape)
    weights = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    y = tf.square(tf.matmul(x, weights))
    slopes = 2 * (ROWS @ weights)[:, :, None] * weights.T[None]
    whole = np.zeros((3, 3, 3, 2))
    for i in range(3):
        whole[i, :, i] = slopes[i]
    np.testing.assert_allclose(value(jacobian(y, x)), whole)
    np.testing.assert_allclose(value(batch_jacobian(y, x)), slopes)


def test_what_nothing_depends_on():
    x = tf.constant(ROWS)
    first, second = jacobian(tf.reduce_sum(x), [x, tf.constant(1.0)])
    assert value(first).tolist() == np.ones((3, 2)).tolist() and second is None
    assert batch_jacobian(x, tf.zeros([3, 4])) is None
    with pytest.raises(ValueError, match=r"Need first dimension of output shape \(\(3, 2\)\) and inp shape"):
        batch_jacobian(x, tf.zeros([2]))
