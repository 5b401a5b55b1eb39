"""tf.Variable: nodes, properties, operators, initialisation."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("variable_cases", "variables.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


def steps(session):
    """The source of the program that the session planned last."""
    return list(session._executables.values())[-1].source


def test_a_read_is_copied_only_if_the_variable_changes_while_it_is_needed():
    v = tf.Variable([1.0, 2.0], use_resource=True)
    before = v.value()
    loss = tf.reduce_sum(before * before)
    with tf.control_dependencies([loss]):
        change = v.assign_sub([1.0, 1.0], read_value=False)
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run([loss, change]) == [5.0, None]
        assert ".copy()" not in steps(session)
        assert session.run([loss, change, before])[2].tolist() == [0.0, 1.0]
        assert ".copy()" in steps(session)
        assert session.run(v).tolist() == [-1.0, 0.0]


def test_a_view_of_a_read_is_a_snapshot_too():
    v = tf.Variable([[1.0, 2.0]], use_resource=True)
    flat = tf.reshape(v.value(), [-1])
    with tf.control_dependencies([flat]):
        change = v.assign([[3.0, 4.0]], read_value=False)
    with tf.control_dependencies([change]):
        later = flat + 0.0
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(later).tolist() == [1.0, 2.0]


def test_initial_values_in_any_order():
    a = tf.Variable([1.0, 2.0], name="a")
    b = tf.Variable(a * 3.0, name="b")
    c = tf.Variable(b + a, name="c")
    with tf.Session() as session:
        session.run(tf.variables_initializer([c, b, a]))
        assert [x.tolist() for x in session.run([a, b, c])] == [[1.0, 2.0], [3.0, 6.0], [4.0, 8.0]]


def test_random_initial_values_are_shared():
    a = tf.Variable(tf.random_normal([4]))
    b = tf.Variable(a.initialized_value())
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        x, y = session.run([a, b])
        np.testing.assert_array_equal(x, y)


def test_a_variable_stands_wherever_a_tensor_does():
    for use_resource in (False, True):
        v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], use_resource=use_resource)
        with tf.Session() as session:
            session.run(v.initializer)
            assert session.run(tf.matmul(v, v)).tolist() == [[7.0, 10.0], [15.0, 22.0]]
            assert session.run(tf.stack([v[0], v[1]])).tolist() == [[1.0, 2.0], [3.0, 4.0]]
            assert session.run({"v": v, "t": (v, v.value())})["t"][0].tolist() == [[1.0, 2.0], [3.0, 4.0]]
            assert session.run(
                v.op.name + "/read:0" if not use_resource else v.op.name + "/Read/ReadVariableOp:0"
            ).shape == (2, 2)


def test_gradients_reach_variables():
    for use_resource in (False, True):
        v = tf.Variable([1.0, 2.0], use_resource=use_resource)
        (gradient,) = tf.gradients(tf.reduce_sum(v * v * v), v)
        with tf.Session() as session:
            session.run(v.initializer)
            assert session.run(gradient).tolist() == [3.0, 12.0]


def test_init_scope_leaves_control_dependencies_but_not_names():
    with tf.name_scope("outer"), tf.control_dependencies([tf.constant(1)]):
        with tf.init_scope():
            c = tf.constant(2, name="c")
    assert c.name == "outer/c:0" and not c.op.control_inputs


def test_a_handle_is_assigned_in_its_own_graph():
    with tf.Graph().as_default() as graph:
        v = tf.Variable([1.0], use_resource=True)
    assert all(made.graph is graph for made in (v + 1.0, v.assign([2.0]), v.assign_add([2.0], read_value=False)))
    with tf.Graph().as_default(), pytest.raises(ValueError):
        v.assign([2.0])


def test_variables_have_the_shape_of_the_value_they_got():
    v = tf.Variable(tf.placeholder_with_default([1.0], None), validate_shape=False)
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(v + 1.0).tolist() == [2.0]
        session.run(tf.assign(v, [[1.0, 2.0]], validate_shape=False))
        assert session.run(v + 1.0).tolist() == [[2.0, 3.0]]


def test_members_are_seen_on_the_class():
    assert isinstance(tf.Variable.name, property) and callable(tf.Variable.initialized_value)
    with pytest.raises(NotImplementedError):
        tf.Variable.scatter_add(None, None)
