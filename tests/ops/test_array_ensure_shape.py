"""ensure_shape: what is known statically, what is checked in the run."""

from __future__ import annotations

import pytest

import pyflow as tf


def test_the_shape_is_known_from_then_on():
    x = tf.placeholder(tf.float32)
    assert tf.ensure_shape(x, [None, 3]).shape.as_list() == [None, 3]
    assert tf.ensure_shape(tf.placeholder(tf.float32, [4, None]), [None, 3]).shape.as_list() == [4, 3]


def test_another_static_shape_is_refused_at_once():
    with pytest.raises(ValueError, match="Dimension 0 in both shapes must be equal, but are 3 and 4"):
        tf.ensure_shape(tf.placeholder(tf.float32, [4, None]), [3, None])


def test_another_shape_is_refused_in_the_run():
    x = tf.placeholder(tf.float32)
    named = tf.ensure_shape(tf.identity(x, name="mine"), [None, 2])
    with tf.Session() as sess:
        assert sess.run(named, {x: [[1.0, 2.0]]}).tolist() == [[1.0, 2.0]]
        words = r"Shape of tensor mine \[1,3\] is not compatible with expected shape \[\?,2\]"
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            sess.run(named, {x: [[1.0, 2.0, 3.0]]})


def test_gradients_pass():
    x = tf.constant([[1.0, 2.0]])
    with tf.Session() as sess:
        assert sess.run(tf.gradients(tf.ensure_shape(x, [1, None]) * 3, x)[0]).tolist() == [[3.0, 3.0]]
