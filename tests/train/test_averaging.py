"""Moving averages, learning rates that fall, the global step."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("averaging_cases", "averaging.json")
SCHEDULES = [name for name in sorted(GOLDEN.cases) if name.startswith("schedule_") and name != "schedule_errors"]


@pytest.mark.parametrize("name", sorted(set(GOLDEN.cases) - set(SCHEDULES)))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_over_the_steps(name):
    for (rates, *about), (expected, *about_expected) in zip(GOLDEN.run(name), GOLDEN.expected[name], strict=True):
        np.testing.assert_allclose(rates, expected, rtol=2e-5, atol=1e-8)
        assert about == about_expected


def rates_of(make, steps):
    step = tf.placeholder(tf.int64, [])
    rate = make(step)
    with tf.Session() as session:
        return np.array([session.run(rate, {step: s}) for s in steps])


def test_exponential_decay_formula():
    steps = np.arange(0, 40, 3)
    np.testing.assert_allclose(
        rates_of(lambda s: tf.train.exponential_decay(0.8, s, 10, 0.7), steps), 0.8 * 0.7 ** (steps / 10), rtol=1e-5
    )
    np.testing.assert_allclose(
        rates_of(lambda s: tf.train.exponential_decay(0.8, s, 10, 0.7, staircase=True), steps),
        0.8 * 0.7 ** (steps // 10),
        rtol=1e-5,
    )


def test_cosine_decay_formula():
    steps = np.arange(0, 40, 3)
    wave = 0.5 * (1 + np.cos(np.pi * np.minimum(steps, 30) / 30))
    np.testing.assert_allclose(
        rates_of(lambda s: tf.train.cosine_decay(0.8, s, 30, alpha=0.2), steps), 0.8 * (0.8 * wave + 0.2), rtol=1e-5
    )


def test_the_average_follows_its_formula():
    v = tf.Variable(np.zeros(3), name="v")
    averages = tf.train.ExponentialMovingAverage(0.75)
    update = averages.apply([v])
    rng, expected = np.random.default_rng(0), np.zeros(3)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for values in rng.normal(size=(20, 3)):
            session.run(v.assign(values))
            session.run(update)
            expected = 0.75 * expected + 0.25 * values
        np.testing.assert_allclose(session.run(averages.average(v)), expected, rtol=1e-6)


def test_debiased_average_of_a_constant_is_that_constant():
    averages = tf.train.ExponentialMovingAverage(0.99, zero_debias=True)
    value = tf.identity([2.0, -3.0])
    update = averages.apply([value])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(update)
            np.testing.assert_allclose(session.run(averages.average(value)), [2.0, -3.0], rtol=1e-4)


def test_restoring_from_averages():
    v, untrained = tf.Variable([1.0], name="v"), tf.Variable([2.0], trainable=False, name="untrained")
    averages = tf.train.ExponentialMovingAverage(0.5)
    averages.apply([v])
    restore = averages.variables_to_restore()
    assert restore["v/ExponentialMovingAverage"] is v and restore["untrained"] is untrained
    assert "v" not in restore
