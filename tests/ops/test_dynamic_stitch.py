"""Partitioning rows and stitching them together."""

import numpy as np
import pytest

import pyflow as tf


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


class TestPartition:
    def test_rows_are_dealt_out_in_order(self):
        parts = tf.dynamic_partition([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [1, 0, 1], 3)
        assert [p.shape.as_list() for p in parts] == [[None, 2]] * 3
        assert [p.tolist() for p in run(parts)] == [[[3.0, 4.0]], [[1.0, 2.0], [5.0, 6.0]], []]

    def test_partitions_of_any_rank(self):
        assert [p.tolist() for p in run(tf.dynamic_partition([[1, 2], [3, 4]], [[0, 1], [1, 0]], 2))] == [
            [1, 4],
            [2, 3],
        ]
        assert run(tf.dynamic_partition(["a", "b"], 1, 2))[1].tolist() == [[b"a", b"b"]]

    def test_errors(self):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"partitions\[1\] = 3 is not in \[0, 2\)"):
            run(tf.dynamic_partition([1.0, 2.0], [0, 3], 2))
        with pytest.raises(ValueError, match="Dimensions must be equal, but are 2 and 3"):
            tf.dynamic_partition([1.0, 2.0], [0, 1, 1], 2)
        fed = tf.placeholder(tf.int32)
        with pytest.raises(tf.errors.InvalidArgumentError, match="data.shape must start with partitions.shape"):
            run(tf.dynamic_partition([1.0, 2.0], fed, 2), {fed: [0, 1, 1]})

    def test_gradient(self):
        x = tf.constant([1.0, 2.0, 3.0])
        first, second = tf.dynamic_partition(x, [0, 1, 0], 2)
        assert run(tf.gradients([2 * first, 3 * second], x))[0].tolist() == [2.0, 3.0, 2.0]


class TestStitch:
    def test_rows_go_to_their_indices(self):
        result = tf.dynamic_stitch([0, [[1, 2]]], [[1.0, 2.0], [[[3.0, 4.0], [5.0, 6.0]]]])
        assert result.shape == [3, 2]
        assert run(result).tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]

    def test_the_last_of_several_counts_and_gaps_are_zero(self):
        assert run(tf.dynamic_stitch([[0, 3], [1, 1]], [[1, 2], [3, 4]])).tolist() == [1, 4, 0, 2]

    def test_a_partition_is_undone(self):
        x = np.random.default_rng(0).normal(size=[6, 2])
        ids = [2, 0, 1, 1, 0, 2]
        parts = tf.dynamic_partition(tf.constant(x), ids, 3)
        places = tf.dynamic_partition(tf.range(6), ids, 3)
        np.testing.assert_array_equal(run(tf.dynamic_stitch(places, parts)), x)

    def test_nothing(self):
        assert run(tf.dynamic_stitch([tf.zeros([0], tf.int32)], [tf.zeros([0, 3])])).shape == (0, 3)

    def test_errors(self):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] is out of range"):
            run(tf.dynamic_stitch([[0], [1, -5]], [[1.0], [3.0, 4.0]]))
        with pytest.raises(ValueError, match="Dimensions must be equal, but are 3 and 2"):
            tf.dynamic_stitch([[0, 1]], [[1.0, 2.0, 3.0]])

    def test_gradient(self):
        x, y = tf.constant([1.0, 2.0]), tf.constant([3.0])
        z = tf.dynamic_stitch([[0, 2], [1]], [x, y])
        gx, gy = run(tf.gradients(z * [1.0, 2.0, 3.0], [x, y]))
        assert gx.tolist() == [1.0, 3.0] and gy.tolist() == [2.0]
