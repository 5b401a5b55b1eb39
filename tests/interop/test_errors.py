"""What is wrong raises the same class of error as in TensorFlow, in building a graph and in running it."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow


def run(tf, fetches, feeds=None):
    with tf.Session() as sess:
        return sess.run(fetches, feeds)


def closed_session(tf):
    sess = tf.Session()
    sess.close()
    sess.run(tf.constant(1))


def foreign_graph(tf):
    with tf.Graph().as_default():
        other = tf.constant(1.0)
    run(tf, other)


def foreign_input(tf):
    with tf.Graph().as_default():
        other = tf.constant(1.0)
    return tf.constant(1.0) + other


def finalized_graph(tf):
    tf.get_default_graph().finalize()
    tf.constant(1)


def variable_twice(tf):
    tf.get_variable("v", [1])
    tf.get_variable("v", [1])


def variable_of_another_shape(tf):
    tf.get_variable("v", [1])
    with tf.variable_scope("", reuse=True):
        tf.get_variable("v", [2])


def variable_that_is_not_there(tf):
    with tf.variable_scope("s", reuse=True):
        tf.get_variable("v", [2])


def failing_python_function(tf):
    def fail(x):
        raise KeyError("no")

    run(tf, tf.py_func(fail, [1.0], tf.float32))


CASES = {
    "unfed placeholder": lambda tf: run(tf, tf.placeholder(tf.float32, []) + 1.0),
    "feed of another shape": lambda tf: run(tf, 1, {tf.placeholder(tf.float32, [2]): [1.0]}),
    "feed of no such type": lambda tf: run(tf, 1, {tf.placeholder(tf.float32, []): "word"}),
    "feed by a wrong key": lambda tf: run(tf, tf.constant(1), {"no such tensor:0": 1}),
    "fetch of no tensor": lambda tf: run(tf, 1.5),
    "fetch of None": lambda tf: run(tf, None),
    "fetch of an unknown name": lambda tf: run(tf, "nothing:0"),
    "uninitialized variable": lambda tf: run(tf, tf.Variable(1.0)),
    "uninitialized resource variable": lambda tf: run(tf, tf.Variable(1.0, use_resource=True)),
    "closed session": closed_session,
    "tensor of another graph": foreign_graph,
    "input of another graph": foreign_input,
    "finalized graph": finalized_graph,
    "shapes that do not fit": lambda tf: tf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3])),
    "dtypes that do not fit": lambda tf: tf.constant(1.0) + tf.constant(1),
    "shapes that do not fit in the run": lambda tf: run(
        tf, tf.placeholder_with_default(np.zeros(2), [None]) + np.zeros(3)
    ),
    "index out of range": lambda tf: run(tf, tf.gather(tf.placeholder_with_default([1.0, 2.0], [None]), 5)),
    "reshape that does not fit": lambda tf: run(tf, tf.reshape(tf.placeholder_with_default([1.0], [None]), [2])),
    "tensor as a bool": lambda tf: bool(tf.constant(True)),
    "iterating over an unknown shape": lambda tf: list(tf.placeholder(tf.float32)),
    "unknown operation": lambda tf: tf.get_default_graph().get_operation_by_name("nothing"),
    "unknown tensor": lambda tf: tf.get_default_graph().get_tensor_by_name("nothing:0"),
    "malformed tensor name": lambda tf: tf.get_default_graph().get_tensor_by_name("nothing"),
    "malformed scope": lambda tf: tf.name_scope("a b").__enter__(),
    "malformed node name": lambda tf: tf.constant(1, name="a b"),
    "constant of another shape": lambda tf: tf.constant([1, 2, 3], shape=[2]),
    "ragged constant": lambda tf: tf.constant([[1], [2, 3]]),
    "variable twice": variable_twice,
    "variable of another shape": variable_of_another_shape,
    "variable that is not there": variable_that_is_not_there,
    "variable without a shape": lambda tf: tf.get_variable("v"),
    "no gradients for any variable": lambda tf: tf.train.GradientDescentOptimizer(1.0).minimize(tf.constant(1.0)),
    "failing assertion": lambda tf: run(tf, tf.Assert(tf.placeholder_with_default(False, []), [1])),
    "check of unequal constants": lambda tf: tf.assert_equal(1, 2),
    "failing python function": failing_python_function,
    "singular matrix": lambda tf: run(tf, tf.matrix_inverse(tf.zeros([2, 2]))),
}


def error_of(tf, name: str) -> str:
    with tf.Graph().as_default():
        try:
            CASES[name](tf)
        except Exception as error:
            return type(error).__name__
    return "none"


@pytest.mark.parametrize("name", CASES)
def test_error_is_of_the_class_that_tensorflow_raises(name, tensorflow):
    theirs = error_of(tensorflow, name)
    assert theirs != "none"
    assert error_of(pyflow, name) == theirs
