"""Staging areas, accumulators and barriers: what they give under TensorFlow 1.15.5, and without threads."""

from __future__ import annotations

import pytest

import pyflow as tf
from pyflow.core.waiting import without_threads
from tests.golden_cases import Golden

GOLDEN = Golden("staging_cases", "staging.json")
ACCUMULATORS = Golden("accumulator_cases", "accumulators.json")


@pytest.mark.native
@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


@pytest.mark.native
@pytest.mark.parametrize("name", sorted(ACCUMULATORS.cases))
def test_accumulates_as_in_tensorflow(name):
    ACCUMULATORS.check(name)


def test_mean_of_integers_and_of_sparse_rows_with_repetitions():
    whole = tf.ConditionalAccumulator(tf.int32, shape=[2])
    rows = tf.SparseConditionalAccumulator(tf.float64)
    with tf.Session() as session:
        session.run([whole.apply_grad([1, 2]), whole.apply_grad([4, 5])])
        assert session.run(whole.take_grad(2)).tolist() == [2, 3]
        for values in ([1.0, 2.0], [3.0, 4.0]):
            session.run(rows.apply_grad([5, 2], tf.constant(values, tf.float64)))
        taken = session.run(rows.take_grad(2))
        assert (taken.indices.tolist(), taken.values.tolist()) == ([5, 2], [2, 3])


def test_a_step_works_on_what_the_step_before_has_put_down():
    area = tf.contrib.staging.StagingArea([tf.float32], [[]])
    x = tf.placeholder(tf.float32, [])
    put = area.put([x])
    (got,) = area.get()
    with tf.Session() as session:
        session.run(put, {x: 1.0})
        assert [session.run([got * 10, put], {x: i})[0] for i in (2.0, 3.0)] == [10.0, 20.0]


def test_without_threads_waiting_forever_is_an_error():
    area = tf.contrib.staging.StagingArea([tf.float32])
    with without_threads(), tf.Session() as session:
        with pytest.raises(tf.errors.FailedPreconditionError, match="StagingArea 'StagingArea' is empty and nothing f"):
            session.run(area.get())
