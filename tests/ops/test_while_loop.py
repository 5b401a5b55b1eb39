"""tf.while_loop and what is built on it; values beside those of tests/test_control_flow.py, gradients, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error


def run(fetches, feeds=None):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches, feeds)


def test_loop_runs_until_its_condition_fails():
    i, total = tf.while_loop(lambda i, t: i < 5, lambda i, t: (i + 1, t + i), [0, 0])
    assert run([i, total]) == [5, 10] and i.name == "while/Exit:0"


def test_loop_of_no_rounds_gives_the_first_values():
    x = tf.placeholder(tf.float32, [2])
    y = tf.while_loop(lambda y: False, lambda y: y * 2, [x])
    assert run([y, tf.gradients(y, x)[0]], {x: [1, 2]})[1].tolist() == [1, 1]


def test_one_variable_is_unpacked_unless_asked_for():
    assert isinstance(tf.while_loop(lambda i: i < 1, lambda i: i + 1, [0]), tf.Tensor)
    assert isinstance(tf.while_loop(lambda i: i < 1, lambda i: [i + 1], [0], return_same_structure=True), list)


def test_gradients_reach_what_a_loop_captures():
    def f(x, w, b):
        h = tf.while_loop(lambda i, h: i < 4, lambda i, h: (i + 1, tf.tanh(tf.matmul(h, w) + b)), [0, x])[1]
        return h * tf.reduce_sum(w)

    assert gradient_error(f, [[0.3, -0.2]], [[0.5, 0.1], [-0.4, 0.7]], [0.1, 0.2]) < 1e-6


def test_gradients_of_gradients_of_nested_loops():
    def f(x):
        def outer(i, a):
            return i + 1, tf.while_loop(lambda j, b: j < 2, lambda j, b: (j + 1, b * x + tf.sin(b)), [0, a])[1]

        y = tf.while_loop(lambda i, a: i < 2, outer, [0, x])[1]
        return tf.gradients(y, x)[0]

    assert gradient_error(f, [0.7, 0.4]) < 1e-5


def test_gradients_of_variables_by_handle():
    v = tf.get_variable("v", initializer=[[0.5, 0.1], [0.2, 0.3]], use_resource=True)
    table = tf.get_variable("table", initializer=[[1.0, 2.0], [3.0, 4.0]], use_resource=True)

    def body(i, h):
        return i + 1, tf.matmul(h, v) + tf.nn.embedding_lookup(table, [i])

    h = tf.while_loop(lambda i, h: i < 2, body, [0, tf.ones([1, 2])])[1]
    dv, dtable = tf.gradients(h, [v, table])
    # h2 = (h v + t0) v + t1
    step = np.array([[0.5, 0.1], [0.2, 0.3]])
    h1 = np.ones((1, 2)) @ step + [[1, 2]]
    ones = np.ones((1, 2))
    expected = h1.T @ ones + np.ones((2, 1)) @ (ones @ step.T)
    values = run([dv, dtable])
    np.testing.assert_allclose(values[0], expected, rtol=1e-6)
    np.testing.assert_allclose(values[1], [(ones @ step.T)[0], [1, 1]], rtol=1e-6)


def test_no_gradient_without_back_prop():
    x = tf.constant(2.0)
    y = tf.while_loop(lambda y: y < 9, lambda y: y * x, [x], back_prop=False)
    assert tf.gradients(y, x) == [None]


def test_training_inside_a_loop():
    x = tf.constant([1.0, 2.0])

    def body(i, w):
        return i + 1, w - 0.1 * tf.gradients(tf.reduce_sum(w * w * x), w)[0]

    np.testing.assert_allclose(
        run(tf.while_loop(lambda i, w: i < 5, body, [0, tf.ones([2])])[1]), [0.8**5, 0.6**5], rtol=1e-6
    )


def test_random_numbers_differ_from_round_to_round():
    numbers = tf.TensorArray(tf.float32, size=4)
    _, numbers = tf.while_loop(
        lambda i, a: i < 4, lambda i, a: (i + 1, a.write(i, tf.random_uniform([], seed=3))), (0, numbers)
    )
    assert len(set(run(numbers.stack()).tolist())) == 4


def test_a_shape_may_vary_if_its_invariant_allows_it():
    x = tf.ones([1, 2])
    shapes = [tf.TensorShape([]), tf.TensorShape([None, 2])]
    y = tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, tf.concat([x, x], 0)), [0, x], shapes)[1]
    assert y.shape.as_list() == [None, 2] and run(y).shape == (8, 2)


def test_sparse_tensors_are_loop_variables():
    s = tf.SparseTensor([[0, 0]], [1.0], [1, 2])
    double = lambda i, s: (i + 1, tf.SparseTensor(s.indices, s.values * 2, s.dense_shape))  # noqa: E731
    assert run(tf.while_loop(lambda i, s: i < 3, double, [0, s])[1]).values.tolist() == [8]


@pytest.mark.parametrize(
    "build, error, words",
    [
        (lambda: tf.while_loop(1, lambda i: i, [0]), TypeError, "cond must be callable"),
        (lambda: tf.while_loop(lambda i: True, 1, [0]), TypeError, "body must be callable"),
        (lambda: tf.while_loop(lambda: True, lambda: 1, []), ValueError, "No loop variables provided"),
        (
            lambda: tf.while_loop(lambda i: True, lambda i: i, [0], parallel_iterations=0),
            TypeError,
            "parallel_iterations must be a positive integer",
        ),
        (
            lambda: tf.while_loop(lambda x: True, lambda x: tf.concat([x, x], 0), [tf.ones([1])]),
            ValueError,
            r"enters the loop with shape \(1,\), but has shape \(2,\) after one iteration",
        ),
        (
            lambda: tf.while_loop(lambda x: True, lambda x: x, [tf.ones([1])], [tf.TensorShape([2])]),
            ValueError,
            "is not compatible with the initial shape of the loop variable",
        ),
        (
            lambda: tf.while_loop(lambda x, y: True, lambda x, y: x, [0, 1]),
            ValueError,
            "same number of elements|structure",
        ),
        (lambda: tf.while_loop(lambda x: x, lambda x: x, [0]), TypeError, "does not match expected type of bool"),
    ],
)
def test_what_is_no_loop_is_refused(build, error, words):
    with pytest.raises(error, match=words):
        build()


def test_maps_folds_and_scans():
    x = tf.placeholder(tf.float64, [None, 2])
    value = [[1.0, 2.0], [3.0, 4.0]]
    pairs = tf.map_fn(lambda r: (r * 2, tf.reduce_sum(r)), x, dtype=(tf.float64, tf.float64))
    assert [v.tolist() for v in run(pairs, {x: value})] == [[[2, 4], [6, 8]], [3, 7]]
    both = tf.map_fn(lambda pair: pair[0] + pair[1], (x, x), dtype=tf.float64)
    assert run(both, {x: value}).tolist() == [[2, 4], [6, 8]] and both.shape.as_list() == [None, 2]
    with pytest.raises(ValueError, match="must be a 1\\+ dimensional Tensor, not a scalar"):
        tf.map_fn(lambda r: r, tf.constant(1.0))
    with pytest.raises(TypeError, match="fn must be callable"):
        tf.scan(1, x)


def test_gradient_of_scan():
    assert gradient_error(lambda x: tf.scan(lambda a, r: a * r + tf.sin(a), x), [[0.3, 0.5], [1.2, 0.7]]) < 1e-6


def test_what_a_loop_hands_on_keeps_its_place():
    x = tf.placeholder(tf.float64, [None])
    square = x * x
    y = tf.while_loop(lambda i, s: i < 2, lambda i, s: (i + 1, s + square), [0, tf.zeros([2], tf.float64)])[1]
    assert [v.tolist() for v in run([y, square * 2], {x: [1.0, 2.0]})] == [[2, 8], [2, 8]]
