"""The plan of a run: what is folded, merged and fused, and how buffers are shared."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu.buffers import SMALL_BYTES


def executable(session, fetches, feeds=None):
    session.run(fetches, feeds)
    return next(reversed(session._executables.values()))


def kinds(plan):
    return [step.type for step in plan.steps]


def test_what_depends_on_constants_only_is_computed_once():
    with tf.Session() as session:
        plan = executable(session, tf.constant(2.0) * 3.0 + tf.cast(tf.size(tf.zeros([4, 5])), tf.float32))
        assert kinds(plan) == []


def test_an_operation_that_is_fetched_runs():
    x = tf.placeholder(tf.int32, [])
    y = tf.gather(tf.zeros([3]), x)
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match="indices = 7 is not in"):
            session.run(y.op, {x: 7})
        assert kinds(executable(session, [y.op, -y], {x: 1})) == ["GatherV2", "Neg"]


def test_what_is_waited_for_runs_only_if_it_has_an_effect():
    x = tf.placeholder(tf.float32, [2])
    variable = tf.get_variable("v", [])
    with tf.Session() as session:
        assert kinds(executable(session, tf.group(tf.exp(x)), {x: [1, 2]})) == []
        with pytest.raises(tf.errors.InvalidArgumentError, match="Tensor had NaN"):
            session.run(tf.group(tf.check_numerics(x, "")), {x: [1, float("nan")]})
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
            session.run(tf.group(variable.read_value()))


def test_a_constant_that_is_fed_counts_as_fed():
    a = tf.constant(2.0)
    b = a * 3.0
    with tf.Session() as session:
        assert session.run(b) == 6
        assert session.run(b, {a: 5.0}) == 15
        assert session.run(b) == 6


def test_shapes_are_constants_once_the_feeds_are_known():
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.reshape(x, [tf.shape(x)[0] * 3])
    with tf.Session() as session:
        assert kinds(executable(session, y, {x: np.ones((2, 3))})) == ["Reshape"]


def test_equal_computations_are_done_once():
    x = tf.placeholder(tf.float32, [3])
    with tf.Session() as session:
        plan = executable(session, tf.exp(x) + tf.exp(x), {x: np.ones(3)})
        assert kinds(plan).count("Exp") == 1


def test_random_numbers_are_never_merged():
    with tf.Session() as session:
        a, b = session.run([tf.random_normal([4]), tf.random_normal([4])])
        assert not np.array_equal(a, b)


def test_buffers_are_reused_along_a_chain():
    x = tf.placeholder(tf.float32, [64, 64])
    y = x
    for _ in range(10):
        y = tf.exp(-y)
    with tf.Session() as session:
        plan = executable(session, y, {x: np.ones((64, 64))})._lowered.plan
        assert len(plan.slot_bytes) == 1, "each step writes over its dead input"
        assert plan.slot_bytes[0] == 64 * 64 * 4


def test_a_value_that_is_still_needed_is_not_overwritten():
    x = tf.placeholder(tf.float32, [64, 64])
    a = tf.exp(x)
    b = tf.sqrt(a)
    c = tf.reshape(b, [-1])
    d = tf.negative(b)
    e = a + d + tf.reshape(c, [64, 64])
    value = np.random.RandomState(0).rand(64, 64).astype(np.float32)
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(e, {x: value}), np.exp(value), rtol=1e-6)


def test_small_results_get_no_buffer():
    x = tf.placeholder(tf.float32, [SMALL_BYTES // 4])
    with tf.Session() as session:
        assert executable(session, tf.exp(-x), {x: np.ones(SMALL_BYTES // 4)})._lowered.plan.slot_bytes == []


def test_the_plan_prints_as_a_table():
    x = tf.placeholder(tf.float32, [64])
    with tf.Session() as session:
        text = executable(session, tf.exp(tf.negative(x, name="minus")), {x: np.ones(64)}).describe()
    assert "minus" in text and "Neg" in text and "bytes" in text


def test_plans_are_kept_up_to_a_bound():
    x = tf.placeholder(tf.float32, [None])
    y = tf.exp(x)
    with tf.Session() as session:
        for n in range(200):
            session.run(y, {x: np.zeros(n)})
        assert len(session._executables) <= 128


@pytest.mark.skipif(
    primitives.accumulate is None, reason="nothing here accumulates products, so nothing is fused into that"
)
def test_a_weight_update_becomes_one_product():
    x = tf.placeholder(tf.float32, [20, 64])
    w = tf.Variable(np.linspace(-1, 1, 64 * 64).reshape(64, 64).astype(np.float32))
    y = tf.reduce_sum(tf.square(tf.matmul(x, w))) + 0.5 * tf.nn.l2_loss(w)
    step = tf.train.GradientDescentOptimizer(0.01).minimize(y)
    value = np.random.RandomState(1).rand(20, 64).astype(np.float32)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run(w)
        plan = executable(session, step, {x: value})
        after = session.run(w)
    assert "fused" in kinds(plan) and "ApplyGradientDescent" not in kinds(plan)
    gradient = 2 * value.T.astype(np.float64) @ (value.astype(np.float64) @ before) + 0.5 * before
    np.testing.assert_allclose(after, before - 0.01 * gradient, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(
    primitives.accumulate is None, reason="nothing here accumulates products, so nothing is fused into that"
)
def test_a_moving_average_becomes_one_sum():
    w = tf.Variable(np.ones((64, 64), np.float32))
    average = tf.train.ExponentialMovingAverage(0.9)
    update = average.apply([w])
    change = tf.assign(w, tf.zeros([64, 64]))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(change)
        assert kinds(executable(session, update)).count("fused") == 1
        np.testing.assert_allclose(session.run(average.average(w)), np.full((64, 64), 0.9), rtol=1e-6)


def test_a_product_of_variables_is_not_moved_behind_their_updates():
    random = np.random.RandomState(0)
    start = [random.rand(64, 64).astype(np.float32) for _ in range(2)]
    u, v = (tf.Variable(value) for value in start)
    step = tf.train.GradientDescentOptimizer(0.01).minimize(tf.reduce_sum(tf.matmul(u, v)))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(step)
        after = session.run([u, v])
    ones = np.ones((64, 64))
    np.testing.assert_allclose(after[0], start[0] - 0.01 * ones @ start[1].T, atol=1e-6)
    np.testing.assert_allclose(after[1], start[1] - 0.01 * start[0].T @ ones, atol=1e-6)


def test_what_is_computed_of_a_variable_before_and_after_it_is_written_is_not_merged():
    step = tf.Variable(0, trainable=False)
    before = tf.cast(step, tf.float32) + 0.5
    with tf.control_dependencies([step.assign_add(tf.cast(before * 2, tf.int32))]):
        after = tf.cast(step, tf.float32) + 0.5
    with tf.Session() as sess:
        sess.run(step.initializer)
        assert sess.run(after) == 1.5
        assert sess.run(after) == 4.5
