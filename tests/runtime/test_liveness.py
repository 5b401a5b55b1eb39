"""Loops compute what is made use of, and have all their effects."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.runtime import unrolling


@pytest.fixture(autouse=True)
def loops_stay_loops(monkeypatch):
    monkeypatch.setattr(unrolling, "FEW", unrolling.Limits(0, 0))


def loop_of(session):
    return next(loop for loop in session.functions._made.values() if hasattr(loop, "_carried"))


def test_what_is_only_for_the_gradient_is_left_out_without_it():
    x = tf.placeholder(tf.float32, [2, 20, 3])
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(4), x, dtype=tf.float32)
    given = np.random.RandomState(0).randn(2, 20, 3)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run(outputs, {x: given})
    (dx,) = tf.gradients(outputs, x)
    with tf.Session() as session:
        session.run([v.assign(tf.ones_like(v) * 0.1) for v in tf.global_variables()])
        values = session.run(outputs, {x: given})
        alone = len(loop_of(session)._carried)
        session.functions.clear()
        session._executables.clear()
        same, slopes = session.run([outputs, dx], {x: given})
        assert len(loop_of(session)._carried) > alone
    assert before.shape == values.shape and (values == same).all() and slopes.any()


def test_a_variable_that_another_depends_on():
    results = tf.while_loop(
        lambda i, a, b, c: i < 12, lambda i, a, b, c: (i + 1, a + b, b + 1.0, c * 2.0), [0, 0.0, 0.0, 1.0]
    )
    with tf.Session() as session:
        assert session.run(results[1]) == 66
        assert session.run(results[3]) == 4096
        assert session.run(results[2]) == 12
        assert list(session.run(results)) == [12, 66, 12, 4096]


def test_effects_of_what_nobody_looks_at():
    v = tf.get_variable("v", initializer=0.0, use_resource=True)

    def body(i, seen, kept):
        with tf.control_dependencies([v.assign_add(1.0)]):
            return i + 1, tf.identity(seen) + 1.0, kept + 2.0

    last = tf.while_loop(lambda i, *_: i < 12, body, [0, 0.0, 0.0])
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(last[2]) == 24 and session.run(v) == 12
        assert session.run(last[0]) == 12 and session.run(v) == 24


def test_random_numbers_do_not_depend_on_what_is_looked_at():
    def body(i, total, other):
        return i + 1, total + tf.random_uniform([], seed=1), other + tf.random_uniform([], seed=2)

    last = tf.while_loop(lambda i, *_: i < 12, body, [0, 0.0, 0.0])
    with tf.Session() as session:
        both = session.run(last[1:])
    with tf.Session() as session:
        assert session.run(last[1]) == both[0] and session.run(last[2]) != both[1]
