"""tf.custom_gradient: a function that brings its own gradient."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("gradient_cases", "gradients.json")


@pytest.mark.parametrize("name", sorted(n for n in GOLDEN.cases if n.startswith("custom_gradient")))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


def test_gradient_is_the_given_one():
    @tf.custom_gradient
    def clipped(x):
        return tf.identity(x), lambda dy: tf.clip_by_value(dy, -0.5, 0.5)

    x = tf.constant([1.0, 2.0, 3.0])
    with tf.Session() as session:
        assert session.run(clipped(x)).tolist() == [1.0, 2.0, 3.0]
        gradient = tf.gradients(clipped(x) * [0.25, 5.0, -5.0], x)[0]
        assert session.run(gradient).tolist() == [0.25, 0.5, -0.5]


def test_structured_results_and_second_derivatives():
    @tf.custom_gradient
    def f(x, y):
        def grad(da, db):
            return da * y + db, da * x

        return {"product": x * y, "x": x}, grad

    a, b = tf.constant(2.0), tf.constant(5.0)
    result = f(a, b)
    first = tf.gradients([result["product"], result["x"]], [a, b])
    with tf.Session() as session:
        assert session.run(first) == [6.0, 2.0]
        assert session.run(tf.gradients(first[0], b)) == [1.0]


def test_variables_of_the_function():
    with tf.variable_scope("scope", use_resource=True):

        @tf.custom_gradient
        def dense(x):
            w = tf.get_variable("w", initializer=np.array([[2.0], [3.0]], np.float32))

            def grad(dy, variables=None):
                assert [v.name for v in variables] == ["scope/w:0"]
                return dy @ tf.transpose(w), [10.0 * (tf.transpose(x) @ dy)]

            return x @ w, grad

        x = tf.constant([[1.0, 4.0]])
        y = dense(x)
    gradients = tf.gradients(y, [x, *tf.trainable_variables()])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        dx, dw = session.run(gradients)
    assert dx.tolist() == [[2.0, 3.0]] and dw.tolist() == [[10.0], [40.0]]


def test_reference_variables_made_inside_are_refused():
    @tf.custom_gradient
    def f(x):
        return x * tf.get_variable("v", [], use_resource=False), lambda dy, variables=None: (dy, [dy])

    with pytest.raises(TypeError, match="must be `ResourceVariable`s"):
        f(tf.constant(1.0))


def test_a_missing_gradient_of_a_variable():
    with tf.variable_scope("scope", use_resource=True):

        @tf.custom_gradient
        def f(x):
            return x * tf.get_variable("v", []), lambda dy, variables=None: (dy, [])

        x = tf.constant(1.0)
        y = f(x)
    with pytest.raises(ValueError, match="Must return gradient for each variable"):
        tf.gradients(y, x)


def test_gradients_pass_through():
    x = tf.constant(3.0)
    y = tf.grad_pass_through(lambda a: tf.floor(a * 1.5))(x)
    with tf.Session() as session:
        assert session.run([y, tf.gradients(y * 2.0, x)[0]]) == [4.0, 2.0]
