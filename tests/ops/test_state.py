"""Assigning to variables, counting, scattering; group and tuple."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.golden_cases import Golden

GOLDEN = Golden("state_cases", "state.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("use_resource", [False, True])
def test_bfloat16_variables(use_resource):
    v = tf.Variable(tf.cast([1.0, 2.5], tf.bfloat16), use_resource=use_resource)
    changes = [
        v.assign_add(tf.cast([0.5, 0.5], tf.bfloat16)),
        tf.scatter_add(v, [1, 1], tf.cast([1.0, 2.0], tf.bfloat16)),
    ]
    with tf.Session() as session:
        session.run(v.initializer)
        for change in changes:
            session.run(change)
        assert session.run(tf.cast(v, tf.float32)).tolist() == [1.5, 6.0]
        session.run(v.assign(tf.cast([7.0, 8.0], tf.bfloat16)))
        assert session.run(tf.cast(v, tf.float32)).tolist() == [7.0, 8.0]


def test_scatter_adds_each_occurrence_of_an_index_in_turn():
    rng = np.random.default_rng(0)
    table, indices = rng.normal(size=(5, 3)).astype(np.float32), rng.integers(0, 5, 40)
    updates = rng.normal(size=(40, 3)).astype(np.float32)
    expected = table.copy()
    for i, update in zip(indices, updates):
        expected[i] += update
    v = tf.Variable(table)
    with tf.Session() as session:
        session.run(v.initializer)
        np.testing.assert_array_equal(session.run(tf.scatter_add(v, indices, updates)), expected)


def test_an_index_outside_changes_nothing():
    v = tf.Variable([1.0, 2.0])
    with tf.Session() as session:
        session.run(v.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = 2 is not in \[0, 2\)"):
            session.run(tf.scatter_add(v, [0, 2], [5.0, 5.0]))
        assert session.run(v).tolist() == [1.0, 2.0]


def test_a_variable_given_back_is_a_copy():
    for use_resource in (False, True):
        v = tf.Variable([1.0], use_resource=use_resource)
        with tf.Session() as session:
            session.run(v.initializer)
            first, value = session.run([v, v.value()])
            session.run(v.assign_add([1.0]))
            assert first.tolist() == value.tolist() == [1.0]


def test_sessions_have_variables_of_their_own():
    v = tf.Variable(1)
    one, other = tf.Session(), tf.Session()
    one.run(v.initializer)
    one.run(v.assign(5))
    with pytest.raises(tf.errors.FailedPreconditionError, match="Attempting to use uninitialized value Variable"):
        other.run(v)
    assert one.run(v) == 5


def test_nodes_of_one_shared_name_share_a_variable():
    a = raw.VariableV2(shape=[1], dtype=tf.float32, shared_name="shared")
    b = raw.VariableV2(shape=[1], dtype=tf.float32, shared_name="shared")
    other = raw.VariableV2(shape=[1], dtype=tf.float32, shared_name="shared", container="c")
    with tf.Session() as session:
        session.run(tf.assign(a, [3.0]))
        assert session.run(b).tolist() == [3.0]
        with pytest.raises(tf.errors.FailedPreconditionError):
            session.run(other)


def test_temporary_variables_of_one_name_clash():
    a = raw.TemporaryVariable(shape=[1], dtype=tf.float32, var_name="t", name="a")
    b = raw.TemporaryVariable(shape=[1], dtype=tf.float32, var_name="t", name="b")
    final = [raw.DestroyTemporaryVariable(tf.assign(ref, [1.0]), var_name="t") for ref in (a, b)]
    with pytest.raises(tf.errors.AlreadyExistsError), tf.Session() as session:
        session.run(final)


@pytest.mark.parametrize("use_resource", [False, True])
def test_what_was_planned_for_another_shape_is_planned_again(use_resource):
    v = tf.Variable([1.0, 2.0], use_resource=use_resource)
    p = tf.placeholder(tf.float32)
    change = v.assign(p) if use_resource else tf.assign(v, p, validate_shape=False)
    with tf.control_dependencies([change.op]):
        after = v.read_value() + 1.0
    total = tf.matmul(tf.reshape(v * 3.0, [1, -1]), tf.reshape(v + 0.0, [-1, 1]))
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(total) == 15.0
        assert session.run(change, {p: [1.0, 2.0, 2.0]}).tolist() == [1.0, 2.0, 2.0]
        assert session.run(total) == 27.0
        assert session.run(after, {p: np.ones((2, 2))}).tolist() == [[2.0, 2.0], [2.0, 2.0]]
        assert session.run(total) == 12.0
        assert session.run(after, {p: 5.0}) == 6.0


def test_a_handle_of_open_shape_takes_any():
    v = tf.Variable(tf.placeholder_with_default([[1.0]], [None, None]), use_resource=True, shape=[None, None])
    p = tf.placeholder(tf.float32, [None, None])
    doubled = v * 2.0
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(doubled).tolist() == [[2.0]]
        session.run(v.assign(p), {p: [[1.0, 2.0, 3.0]]})
        assert session.run(doubled).tolist() == [[2.0, 4.0, 6.0]]
        assert doubled.shape.as_list() == [None, None]
