"""Checks that programs took over from tensorflow.python.ops.image_ops_impl, seen in TensorFlow 1.15.5."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.platform.code.images import _assert, _Assert3DImage, _Check3DImage


def test_images_that_are_known_to_be_some():
    assert _Check3DImage(tf.zeros([2, 3, 1])) == []
    with pytest.raises(ValueError, match=r"'image' \(shape \(2, 3\)\) must be three-dimensional\."):
        _Check3DImage(tf.zeros([2, 3]))
    with pytest.raises(ValueError, match="all dims of 'image.shape' must be > 0"):
        _Check3DImage(tf.zeros([2, 0, 1]))


def test_what_is_not_known_is_asserted():
    image = tf.placeholder(tf.float32, [None, None, 3])
    with pytest.raises(ValueError, match=r"'image' \(shape \(\?, \?, 3\)\) must be fully defined\."):
        _Check3DImage(image)
    (check,) = _Check3DImage(image, require_static=False)
    assert check.type == "Assert"
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="must be > 0"):
        sess.run(_Assert3DImage(image), {image: np.zeros([2, 0, 3])})


def test_conditions():
    assert _assert(True, ValueError, "no") == []
    with pytest.raises(KeyError, match="no"):
        _assert(False, KeyError, "no")
    (check,) = _assert(tf.constant(True), ValueError, "no")
    assert check.type == "Assert"
