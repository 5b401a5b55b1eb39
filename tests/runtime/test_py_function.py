"""tf.py_function: functions of tensors that tell their values."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf


def run(function, inputs, kinds=tf.float32):
    with tf.Session() as session:
        return session.run(tf.py_function(function, inputs, kinds))


def test_tensors_tell_their_values():
    seen = []

    def add(x, y):
        seen.append((x.numpy().tolist(), x.shape.as_list(), x.dtype, float(y)))
        return x + y

    assert run(add, [[1.0, 2.0], 3.0]).tolist() == [4, 5] and seen == [([1, 2], [2], tf.float32, 3.0)]


def test_operations_and_numpy():
    logs, doubled = run(lambda x: (tf.log(x), x.numpy() * 2), [[1.0, 4.0]], [tf.float32, tf.float32])
    assert logs.tolist() == np.log(np.float32([1, 4])).tolist() and doubled.tolist() == [2, 8]


@pytest.mark.parametrize("value, kind, expected", [("abc", tf.string, b"abc"), (1, tf.int64, 1), (1, tf.float32, 1.0)])
def test_results_are_converted(value, kind, expected):
    assert run(lambda x: value, [1.0], kind) == expected


def test_nothing_is_returned():
    assert run(lambda x: None, [1.0], []) is None


def test_errors_are_those_of_the_function():
    def fail(x):
        raise ValueError("no such thing")

    with pytest.raises(tf.errors.InvalidArgumentError, match="ValueError: no such thing"):
        run(fail, [1.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Tensor conversion requested dtype int32"):
        run(lambda x: x, [1.0], tf.int32)


@pytest.mark.parametrize("start, slope", [(3.0, 6.0), (1.0, 1.0)])
def test_gradients_go_through_what_was_computed(start, slope):
    x = tf.constant(start)
    y = tf.py_function(lambda a: a * a if a > 2 else a, [x], tf.float32)
    with tf.Session() as session:
        assert session.run(tf.gradients(y, x)) == [slope]
