"""Random numbers drawn on the GPU are those of the CPU, from run to run."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import cpu_session, ops_done

pytestmark = pytest.mark.native


def runs(output, session, count=3, feeds=None):
    """What some runs give, and whether the device has drawn the numbers."""
    with session() as sess:
        values = [sess.run(output, feeds) for _ in range(count)]
        done = (tf.get_default_graph().get_operation_by_name(name).type for name in ops_done(sess))
        return values, any("Random" in kind or "TruncatedNormal" in kind for kind in done)


def check(output, exact, feeds=None):
    expected, _ = runs(output, cpu_session, feeds=feeds)
    values, done = runs(output, tf.Session, feeds=feeds)
    assert done
    for value, wanted in zip(values, expected):
        assert value.dtype == wanted.dtype
        if exact:
            np.testing.assert_array_equal(value, wanted)
        else:
            np.testing.assert_allclose(value, wanted, atol=3e-6)


DRAWN = {
    "uniform": (lambda s: tf.random_uniform(s, seed=3), True),
    "integers": (lambda s: tf.random_uniform(s, -70, 1000003, tf.int32, seed=4), True),
    "all integers": (lambda s: tf.random_uniform(s, -(2**31), 2**31 - 1, tf.int32, seed=4), True),
    "normal": (lambda s: tf.random_normal(s, seed=5), False),
    "truncated normal": (lambda s: tf.truncated_normal(s, 2.0, 3.0, seed=6), False),
}


@pytest.mark.parametrize("shape", [(2,), (2, 3), (1003,), (17, 5, 101)], ids=str)
@pytest.mark.parametrize("name", DRAWN)
def test_the_stream_goes_on_as_on_the_cpu(name, shape, adapter):
    draw, exact = DRAWN[name]
    tf.set_random_seed(1)
    with tf.device("/gpu:0"):
        output = draw(list(shape))
    check(output, exact)


STATELESS = {
    "uniform": (tf.random.stateless_uniform, True),
    "normal": (tf.random.stateless_normal, False),
    "truncated normal": (tf.random.stateless_truncated_normal, False),
}


@pytest.mark.parametrize("name", STATELESS)
def test_seeds_that_are_fed(name, adapter):
    draw, exact = STATELESS[name]
    seed = tf.placeholder(tf.int32, [2])
    with tf.device("/gpu:0"):
        output = draw([1001], seed)
    for fed in ([5, 9], [-5, 2**31 - 1], [0, 0]):
        check(output, exact, {seed: fed})


def test_large_numbers_of_numbers(adapter):
    with tf.device("/gpu:0"):
        output = tf.random_uniform([4 * 64 * 65535 // 200, 203], seed=1)
    check(output, True)


def test_streams_of_several_nodes_and_of_cpu_and_gpu_do_not_disturb_each_other(adapter):
    tf.set_random_seed(7)
    with tf.device("/gpu:0"):
        a, b = tf.random_uniform([100]), tf.random_normal([100])
    with tf.device("/cpu:0"):
        c = tf.random_uniform([100])

    def values(session):
        with session() as sess:
            return [sess.run([a, c]), sess.run([b, a]), sess.run([c, b])]

    for pair, wanted in zip(values(tf.Session), values(cpu_session)):
        np.testing.assert_allclose(pair, wanted, atol=3e-6)


def test_a_graph_whose_run_is_planned_anew_goes_on_in_its_stream(adapter):
    x = tf.placeholder(tf.float32, [None])
    with tf.device("/gpu:0"):
        y = tf.random_uniform([100], seed=2) + tf.reduce_sum(x)

    def values(session):
        with session() as sess:
            return [sess.run(y, {x: np.zeros(n)}) for n in (1, 2, 1, 3)]

    np.testing.assert_array_equal(values(tf.Session), values(cpu_session))


def test_dropout_and_its_gradient_use_one_mask(adapter):
    x = tf.placeholder(tf.float32, [40, 50])
    with tf.device("/gpu:0"):
        y = tf.nn.dropout(x, rate=0.3, seed=4)
        (dx,) = tf.gradients(y, x)
    ones = np.ones((40, 50), np.float32)
    expected, _ = runs([y, dx], cpu_session, feeds={x: ones})
    values, done = runs([y, dx], tf.Session, feeds={x: ones})
    assert done
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert 0.6 < (values[0][0] > 0).mean() < 0.8
    np.testing.assert_array_equal(values[0][0], values[0][1])


def test_bounds_that_hold_no_integer_are_the_error_of_the_cpu(adapter):
    with tf.device("/gpu:0"):
        low = tf.placeholder(tf.int32, [])
        y = tf.random_uniform([100], low, 5, tf.int32)
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="Need minval < maxval"):
        sess.run(y, {low: 5})
