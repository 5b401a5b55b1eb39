"""range and linspace."""

import numpy as np
import pytest

import pyflow as tf


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ((5,), [0, 1, 2, 3, 4]),
        ((3, 18, 3), [3, 6, 9, 12, 15]),
        ((3, 1, -1), [3, 2]),
        ((0, 5, 2), [0, 2, 4]),
        ((2, 2), []),
        ((3.0, 1.0, -0.5), [3, 2.5, 2, 1.5]),
        ((0.0, 1.0, 0.25), [0, 0.25, 0.5, 0.75]),
    ],
)
def test_range(arguments, expected):
    result = tf.range(*arguments)
    assert result.shape == [len(expected)]
    assert run(result).tolist() == expected


def test_the_widest_dtype_wins():
    assert tf.range(3).dtype == tf.int32
    assert tf.range(tf.constant(3, tf.int64)).dtype == tf.int64
    assert tf.range(0, 3, 1.0).dtype == tf.float32
    assert tf.range(tf.constant(0.0, tf.float64), 3).dtype == tf.float64
    assert tf.range(3, dtype=tf.float64).dtype == tf.float64
    assert run(tf.range(3, dtype=tf.bfloat16)).shape == (3,)


def test_rounding_errors_add_up_as_in_tensorflow():
    assert run(tf.range(0.0, 1000.0, 0.1)[-1]) == np.float32(999.8029)


def test_limits_that_are_fed():
    limit = tf.placeholder(tf.int32, [])
    result = tf.range(limit)
    assert result.shape.as_list() == [None]
    with tf.Session() as sess:
        assert [sess.run(result, {limit: n}).tolist() for n in (2, 0, 3)] == [[0, 1], [], [0, 1, 2]]
        with pytest.raises(tf.errors.InvalidArgumentError, match="Requires start <= limit when delta > 0: 0/-1"):
            sess.run(result, {limit: -1})


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((3, 1), "Requires start <= limit when delta > 0: 3/1 for 'range'"),
        ((1, 3, -1), "Requires start >= limit when delta < 0: 1/3"),
        ((1, 3, 0), "Requires delta != 0"),
        (([1], 3), "Shape must be rank 0 but is rank 1"),
    ],
)
def test_ranges_that_lead_nowhere(arguments, words):
    with pytest.raises(ValueError, match=words):
        tf.range(*arguments)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_linspace(dtype):
    result = tf.linspace(dtype(1), dtype(5), 9)
    assert result.shape == [9]
    np.testing.assert_allclose(run(result), np.linspace(1, 5, 9), rtol=1e-6)
    assert run(tf.lin_space(dtype(1), dtype(5), 1)).tolist() == [1]
    assert run(result).dtype == dtype


def test_linspace_of_no_numbers():
    with pytest.raises(ValueError, match="Requires num > 0: 0"):
        tf.linspace(0.0, 1.0, 0)
    count = tf.placeholder(tf.int32, [])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Requires num > 0: -1"):
        run(tf.linspace(0.0, 1.0, count), {count: -1})
