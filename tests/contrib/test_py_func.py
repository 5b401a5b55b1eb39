"""tf.contrib.framework.py_func takes and gives nested structures."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf


def test_nested_structures():
    def split(pair, *, by):
        return {"sum": pair[0] + pair[1], "rest": (by * pair[0],)}

    x, y = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
    types = {"sum": tf.float32, "rest": (tf.float32,)}
    shapes = {"sum": [2], "rest": ([2],)}
    out = tf.contrib.framework.py_func(split, [(x, y)], {"by": tf.constant(np.float32(10))}, types, shapes)
    assert out["sum"].shape.as_list() == [2]
    with tf.Session() as session:
        values = session.run(out)
    assert values["sum"].tolist() == [4, 6] and values["rest"][0].tolist() == [10, 20]


def test_types_may_be_computed():
    out = tf.contrib.framework.py_func(lambda a: a * 2, [tf.constant(3)], output_types=lambda a: a.dtype)
    with tf.Session() as session:
        assert session.run(out) == 6


def test_arguments_have_to_be_lists():
    with pytest.raises(TypeError, match="args must be list and not"):
        tf.contrib.framework.py_func(lambda a: a, tf.constant(3), output_types=tf.int32)
