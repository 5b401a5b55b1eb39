"""Comparisons and logic."""

import operator

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


COMPARISONS = [
    (tf.less, operator.lt),
    (tf.less_equal, operator.le),
    (tf.greater, operator.gt),
    (tf.greater_equal, operator.ge),
    (tf.equal, operator.eq),
    (tf.not_equal, operator.ne),
]
DTYPES = [np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function, reference", COMPARISONS, ids=[row[1].__name__ for row in COMPARISONS])
def test_comparison_broadcasts(function, reference, dtype):
    x, y = np.arange(6).reshape(2, 3).astype(dtype), np.array([0, 4, 2], dtype)
    result = function(tf.constant(x), tf.constant(y))
    assert result.dtype == tf.bool and result.shape == [2, 3]
    np.testing.assert_array_equal(run(result), reference(x, y))


def test_nan_is_equal_to_nothing():
    nan = tf.constant(float("nan"))
    assert not run(tf.equal(nan, nan)) and run(tf.not_equal(nan, nan))


def test_strings_booleans_and_complex_numbers_are_equal_or_not():
    assert run(tf.equal(["a", "b"], ["a", "c"])).tolist() == [True, False]
    assert run(tf.not_equal(tf.constant(["a", "b"]), "a")).tolist() == [False, True]
    assert run(tf.equal([True, False], True)).tolist() == [True, False]
    assert run(tf.equal([1 + 2j, 1 - 2j], 1 + 2j)).tolist() == [True, False]


@pytest.mark.parametrize("values", [[True, False], ["a", "b"]])
def test_what_has_no_order_is_not_compared(values):
    with pytest.raises(TypeError, match="not in list of allowed values: float32, float64, int32"):
        tf.less(values, values)


def test_logic():
    x, y = np.array([[True, True, False, False]]), np.array([True, False, True, False])
    assert run(tf.logical_and(x, y)).tolist() == [[True, False, False, False]]
    assert run(tf.logical_or(x, y)).tolist() == [[True, True, True, False]]
    assert run(tf.logical_xor(x, y)).tolist() == [[False, True, True, False]]
    assert run(tf.logical_not(x)).tolist() == [[False, False, True, True]]
    assert tf.logical_xor(x, y, name="either").op.name == "either"


def test_approximately_equal_within_the_tolerance():
    x, y = tf.constant([1.0, 2.0]), tf.constant([1.25, 2.0])
    assert run(raw.ApproximateEqual(x, y)).tolist() == [False, True]
    assert run(raw.ApproximateEqual(x, y, tolerance=0.5)).tolist() == [True, True]
    with pytest.raises(ValueError, match="Shapes must be equal rank, but are 1 and 0"):
        raw.ApproximateEqual(x, 1.0)


def test_comparisons_have_no_gradient():
    x = tf.constant([1.0])
    assert tf.gradients(tf.cast(tf.less(x, 2.0), tf.float32), [x]) == [None]
