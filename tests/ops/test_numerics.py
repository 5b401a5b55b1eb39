"""Checks that tensors are finite."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf


def test_finite_tensors_pass():
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.verify_tensor_all_finite(x, "words")
    assert y.op.name == "VerifyFinite/control_dependency"
    with tf.Session() as session:
        assert session.run(y, {x: [1.0, 2.0]}).tolist() == [1.0, 2.0]
        for bad in (np.inf, -np.inf, np.nan):
            with pytest.raises(tf.errors.InvalidArgumentError, match=r"words : Tensor had (Inf|NaN) values"):
                session.run(y, {x: [1.0, bad]})


def test_newer_names_of_the_arguments():
    x = tf.constant([1.0])
    with tf.Session() as session:
        assert session.run(tf.debugging.assert_all_finite(x=x, message="words")) == [1.0]
    with pytest.raises(ValueError, match="Cannot specify both 't' and 'x'"):
        tf.verify_tensor_all_finite(x, "words", x=x)


def test_all_tensors_of_a_graph():
    x = tf.placeholder(tf.float32, [], name="x")
    tf.cast(tf.log(x, name="log"), tf.int32)
    check = tf.add_check_numerics_ops()
    kinds = [op.type for op in tf.get_default_graph().get_operations()]
    assert kinds == ["Placeholder", "Log", "Cast", "CheckNumerics", "CheckNumerics", "NoOp"]
    with tf.Session() as session:
        session.run(check, {x: 1.0})
        with pytest.raises(tf.errors.InvalidArgumentError, match="log:0 : Tensor had Inf values"):
            session.run(check, {x: 0.0})


def test_static_values():
    assert tf.get_static_value(tf.constant([1, 2])).tolist() == [1, 2]
    assert tf.get_static_value(tf.placeholder(tf.int32)) is None
