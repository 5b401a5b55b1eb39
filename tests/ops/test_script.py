"""Python functions as ops."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf


def run(tensor, feed_dict=None):
    with tf.Session() as session:
        return session.run(tensor, feed_dict)


def test_function_gets_arrays_and_gives_arrays():
    x = tf.placeholder(tf.float32, [None])
    total, kinds = tf.py_func(lambda a, b: (np.float32(a.sum() + b), str(a.dtype)), [x, 2.0], [tf.float32, tf.string])
    assert run([total, kinds], {x: [1.0, 2.0]}) == [5.0, b"float32"]
    assert total.get_shape().ndims is None


def test_function_without_results_is_an_operation():
    seen = []
    op = tf.py_func(seen.append, [3], [])
    assert isinstance(op, tf.Operation)
    assert run(op) is None and seen == [3]


@pytest.mark.parametrize(
    "error, kind",
    [
        (ValueError("no"), tf.errors.InvalidArgumentError),
        (StopIteration("no"), tf.errors.OutOfRangeError),
        (NotImplementedError("no"), tf.errors.UnimplementedError),
        (KeyError("no"), tf.errors.UnknownError),
    ],
)
def test_exception_becomes_the_error_of_its_kind_and_shows_where(error, kind):
    def broken_function(a):
        raise error

    with pytest.raises(kind) as caught:
        run(tf.py_func(broken_function, [1.0], tf.float32))
    assert caught.value.message.startswith(f"{type(error).__name__}: {error}\nTraceback (most recent call last):\n")
    assert "test_script.py" in caught.value.message and "in broken_function" in caught.value.message


def test_result_of_another_dtype_is_an_error():
    with pytest.raises(tf.errors.InvalidArgumentError, match="is double, but expects float"):
        run(tf.py_func(lambda a: np.float64(a), [1.0], tf.float32))


def test_gradient_stops():
    x = tf.constant(1.0)
    assert tf.gradients(tf.py_func(lambda a: a, [x], tf.float32), x) == [None]
