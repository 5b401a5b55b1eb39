"""Counting values."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


VALUES = [-1.0, 0.0, 1.5, 2.0, 5.0, 15.0]


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
@pytest.mark.parametrize("shape", [[6], [2, 3]])
def test_histogram_of_fixed_width(dtype, shape):
    counts = tf.histogram_fixed_width(tf.constant(VALUES, shape=shape), [0.0, 5.0], nbins=5, dtype=dtype)
    assert counts.shape == [5]
    value = run(counts)
    assert value.dtype == dtype.as_numpy_dtype and value.tolist() == [2, 1, 1, 0, 2]


def test_histogram_of_nothing_and_of_integers():
    assert run(tf.histogram_fixed_width(tf.zeros([0]), [0.0, 5.0], nbins=3)).tolist() == [0, 0, 0]
    assert run(tf.histogram_fixed_width([0, 1, 5, 9], [0, 10], nbins=2)).tolist() == [2, 2]


def test_the_range_of_a_histogram_ascends():
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"value_range\[0\] < value_range\[1\], but got '\[5, 5\]'"
    ):
        run(tf.histogram_fixed_width(VALUES, [5.0, 5.0]))
    with pytest.raises(ValueError, match="Requires nbins > 0: 0"):
        tf.histogram_fixed_width(VALUES, [0.0, 5.0], nbins=0)


def test_bins_of_the_values():
    bins = tf.histogram_fixed_width_bins(tf.constant(VALUES, shape=[2, 3]), [0.0, 5.0], nbins=5)
    assert run(bins).tolist() == [[0, 0, 1], [2, 4, 4]]


class TestBincount:
    def test_counts(self):
        assert run(tf.bincount([1, 1, 2, 5])).tolist() == [0, 2, 1, 0, 0, 1]
        assert run(tf.bincount([[1, 1], [2, 5]])).tolist() == [0, 2, 1, 0, 0, 1]
        assert run(tf.bincount(tf.zeros([0], tf.int32))).tolist() == []

    def test_lengths(self):
        assert run(tf.bincount([1, 1], minlength=4)).tolist() == [0, 2, 0, 0]
        assert run(tf.bincount([1, 1, 3], maxlength=2)).tolist() == [0, 2]
        assert run(tf.bincount([1], minlength=4, maxlength=3)).tolist() == [0, 1, 0]

    @pytest.mark.parametrize("dtype", [tf.int32, tf.int64, tf.float32, tf.float64])
    def test_the_dtype_of_the_counts(self, dtype):
        assert run(tf.bincount([1, 1], dtype=dtype)).dtype == dtype.as_numpy_dtype

    def test_weights_are_added_up(self):
        assert run(tf.bincount([1, 1, 2], weights=[0.5, 1.0, 2.0])).tolist() == [0.0, 1.5, 2.0]
        assert run(raw.Bincount([1, 1, 2], 2, [0.5, 1.0, 2.0])).tolist() == [0.0, 1.5]

    def test_negative_values_are_refused(self):
        with pytest.raises(tf.errors.InvalidArgumentError, match="Input arr must be non-negative!"):
            run(tf.bincount([1, -1]))
        with pytest.raises(ValueError, match=r"size \(-4\) must be non-negative"):
            raw.Bincount([1], -4, [1.0])


def test_bucketize_counts_the_boundaries_passed():
    assert run(raw.Bucketize([-5.0, 0.0, 3.0, 10.0, 20.0], boundaries=[0, 10])).tolist() == [0, 1, 1, 2, 2]
    assert run(raw.Bucketize([[1, 7]], boundaries=[])).tolist() == [[0, 0]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected sorted boundaries"):
        run(raw.Bucketize([1.0], boundaries=[10, 0]))
    assert np.asarray(run(raw.Bucketize([1.0], boundaries=[0.0]))).dtype == np.int32
