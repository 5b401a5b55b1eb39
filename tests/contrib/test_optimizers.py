"""tf.contrib.opt: relatives of Adam, sign descent, weight decay."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("contrib_optimizer_cases", "contrib_optimizers.json")
opt = tf.contrib.opt


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    for given, expected in zip(*[_pairs(r) for r in (GOLDEN.run(name), GOLDEN.expected[name])], strict=True):
        assert given[0] == expected[0]
        np.testing.assert_allclose(given[1], expected[1], rtol=3e-5, atol=1e-7)


def _pairs(result: list) -> list:
    return [result] if isinstance(result[0][0][0], str) else result


def step_of(optimizer, **options) -> tuple[list, list]:
    """What two variables that start at 1 are after a step along gradients of 0 and of 1."""
    a, b = tf.Variable([1.0]), tf.Variable([1.0])
    chosen = {key: [a] for key in options}
    train = optimizer.apply_gradients([(tf.constant([0.0]), a), (tf.constant([1.0]), b)], **chosen)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        return session.run(a).tolist(), session.run(b).tolist()


def test_weight_decay_without_gradient():
    assert step_of(opt.MomentumWOptimizer(0.25, 0.5, 0.9)) == ([0.75], [0.25])


def test_only_chosen_variables_decay():
    assert step_of(opt.MomentumWOptimizer(0.25, 0.5, 0.9), decay_var_list=True) == ([0.75], [0.5])


def test_minimize_takes_the_variables_that_decay():
    a, b = tf.Variable([1.0]), tf.Variable([1.0])
    optimizer = opt.AdamWOptimizer(0.5, 0.1)
    train = optimizer.minimize(tf.reduce_sum(a + b) * 0.0, decay_var_list=[a])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run([a, b]) == [[0.5], [1.0]]


def test_decay_before_any_optimizer():
    decayed = opt.extend_with_decoupled_weight_decay(tf.train.GradientDescentOptimizer)
    assert step_of(decayed(lambda: 0.25, learning_rate=0.5)) == ([0.75], [0.25])


@pytest.mark.parametrize("use_resource", [False, True])
def test_of_sparse_gradients_only_the_rows_decay(use_resource):
    v = tf.Variable([[1.0], [2.0], [4.0]], use_resource=use_resource)
    rows = tf.IndexedSlices(tf.constant([[1.0], [0.0]]), tf.constant([0, 2]))
    train = opt.MomentumWOptimizer(0.25, 0.5, 0.9).apply_gradients([(rows, v)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run(v).tolist() == [[0.25], [2.0], [3.0]]


def test_lazy_adam_leaves_other_rows_and_their_averages_alone():
    v = tf.Variable([[1.0], [2.0], [3.0]])
    optimizer = opt.LazyAdamOptimizer(0.1)
    gradient = tf.placeholder(tf.float32, [3, 1])
    row = tf.placeholder(tf.int32, [1])
    train = optimizer.apply_gradients([(tf.IndexedSlices(tf.gather(gradient, row), row), v)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train, {gradient: np.ones((3, 1)), row: [0]})
        m = session.run(optimizer.get_slot(v, "m"))
        session.run(train, {gradient: np.ones((3, 1)), row: [2]})
        after = session.run([v, optimizer.get_slot(v, "m")])
    assert after[0][1] == [2.0] and after[1][1] == [0.0] and after[1][0] == m[0]
    assert after[0][0] < 1.0 and after[0][2] < 3.0


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize("make", [opt.AddSignOptimizer, opt.PowerSignOptimizer])
def test_sparse_sign_descent_is_the_dense_one_for_those_rows(make, use_resource):
    values = []
    for gradient in (tf.IndexedSlices(tf.constant([[1.0, -2.0]]), tf.constant([1])), tf.constant([[0.0, 0], [1, -2]])):
        v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], use_resource=use_resource)
        train = make().apply_gradients([(gradient, v)])
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for _ in range(3):
                session.run(train)
            values.append(session.run(v))
    np.testing.assert_allclose(values[0], values[1], rtol=1e-6)
