"""Clipping by value and by norm."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


SLICES = ([[3.0, 0.0], [0.0, 4.0]], [2, 0], [3, 2])


def slices():
    return tf.IndexedSlices(*(tf.constant(part) for part in SLICES))


class TestByValue:
    def test_limits_are_scalars_or_broadcast(self):
        x = tf.constant([[-5.0, 0.5], [2.0, 7.0]])
        assert run(tf.clip_by_value(x, -1.0, 3.0)).tolist() == [[-1.0, 0.5], [2.0, 3.0]]
        assert run(tf.clip_by_value(x, [[0.0], [3.0]], 4.0)).tolist() == [[0.0, 0.5], [3.0, 4.0]]
        assert run(tf.clip_by_value([1, 5, 9], 2, 6)).tolist() == [2, 5, 6]

    def test_a_limit_does_not_change_the_shape(self):
        with pytest.raises(ValueError):
            tf.clip_by_value(tf.ones([3]), tf.zeros([2, 3]), 4.0)

    def test_slices(self):
        clipped = tf.clip_by_value(slices(), 1.0, 3.5)
        assert isinstance(clipped, tf.IndexedSlices)
        assert run(clipped.values).tolist() == [[3.0, 1.0], [1.0, 3.5]]

    def test_the_name_is_that_of_the_result(self):
        node = tf.clip_by_value(tf.ones([3]), 0.0, 1.0).op
        assert (node.name, node.type) == ("clip_by_value", "Maximum")

    def test_gradients_pass_inside(self):
        x = tf.constant([-2.0, 0.5, 2.0])
        assert run(tf.gradients(tf.clip_by_value(x, -1.0, 1.0), x))[0].tolist() == [0.0, 1.0, 0.0]

    def test_the_op_takes_scalars_or_the_same_shape(self):
        assert run(raw.ClipByValue([1, 5, 9], [2, 2, 2], 4)).tolist() == [2, 4, 4]
        with pytest.raises(
            tf.errors.InvalidArgumentError,
            match=r"either of the same shape as input, or a scalar. input shape: \[3\]clip_value_min shape: \[3\]",
        ):
            run(raw.ClipByValue([1, 5, 9], [2, 2, 2], [4]))


class TestByNorm:
    def test_a_longer_tensor_is_scaled_down(self):
        np.testing.assert_allclose(run(tf.clip_by_norm([3.0, 4.0], 1.0)), [0.6, 0.8], rtol=1e-6)
        assert run(tf.clip_by_norm([3.0, 4.0], 6.0)).tolist() == [3.0, 4.0]

    def test_along_axes(self):
        value = run(tf.clip_by_norm([[3.0, 4.0], [0.3, 0.4]], 1.0, axes=1))
        np.testing.assert_allclose(value, [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)

    def test_zero_stays_and_has_a_finite_gradient(self):
        x = tf.zeros([2])
        clipped = tf.clip_by_norm(x, 1.0)
        value, gradient = run([clipped, tf.gradients(clipped, x)[0]])
        assert value.tolist() == [0.0, 0.0] and gradient.tolist() == [1.0, 1.0]

    def test_slices(self):
        clipped = tf.clip_by_norm(slices(), 1.0)
        np.testing.assert_allclose(run(clipped.values), [[0.6, 0.0], [0.0, 0.8]], rtol=1e-6)

    def test_by_the_average(self):
        value = run(tf.clip_by_average_norm([3.0, 4.0], 0.5))
        np.testing.assert_allclose(value, np.array([3.0, 4.0]) * 0.5 * 2 / 5, rtol=1e-6)


class TestByGlobalNorm:
    def test_all_tensors_are_scaled_alike(self):
        clipped, norm = tf.clip_by_global_norm([[3.0], None, tf.constant([[4.0]])], 1.0)
        assert clipped[1] is None
        assert run(norm) == 5.0
        first, last = run([clipped[0], clipped[2]])
        np.testing.assert_allclose(first, [0.6], rtol=1e-6)
        np.testing.assert_allclose(last, [[0.8]], rtol=1e-6)

    def test_what_is_short_enough_stays(self):
        clipped, _ = tf.clip_by_global_norm([tf.constant([3.0, 4.0])], 10.0)
        np.testing.assert_allclose(run(clipped[0]), [3.0, 4.0], rtol=1e-6)

    def test_slices_count_by_their_values(self):
        assert run(tf.global_norm([slices()])) == 5.0
        clipped, _ = tf.clip_by_global_norm([slices()], 2.5)
        assert isinstance(clipped[0], tf.IndexedSlices)
        np.testing.assert_allclose(run(clipped[0].values), [[1.5, 0.0], [0.0, 2.0]], rtol=1e-6)

    def test_an_infinite_norm_makes_nan(self):
        clipped, _ = tf.clip_by_global_norm([tf.constant([np.inf]), tf.constant([1.0])], 1.0)
        assert all(np.isnan(v).all() for v in run(clipped))

    def test_a_norm_given_is_used(self):
        clipped, norm = tf.clip_by_global_norm([tf.constant([3.0, 4.0])], 1.0, use_norm=tf.constant(10.0))
        np.testing.assert_allclose(run(clipped[0]), [0.3, 0.4], rtol=1e-6)
        assert run(norm) == 10.0

    @pytest.mark.parametrize("tensors", ["abc", 3, {1.0}])
    def test_the_tensors_are_a_sequence(self, tensors):
        with pytest.raises(TypeError, match="t_list should be a sequence"):
            tf.global_norm(tensors)
        with pytest.raises(TypeError, match="t_list should be a sequence"):
            tf.clip_by_global_norm(tensors, 1.0)

    def test_node_names(self):
        clipped, norm = tf.clip_by_global_norm([tf.constant([3.0])], 1.0)
        assert (clipped[0].op.name, norm.op.name) == (
            "clip_by_global_norm/clip_by_global_norm/_0",
            "global_norm/global_norm",
        )
