"""Examples let in, or repeated, by chance; numbers measured with TensorFlow 1.15.5."""

from __future__ import annotations

import pytest

import pyflow as tf

training = tf.contrib.training


def test_each_example_comes_as_often_as_its_rate_says():
    with tf.Graph().as_default(), tf.Session() as session:
        drawn = training.resample_at_rate([tf.constant([1, 2, 3])], [1.0, 0.0, 3.0], seed=4)
        assert [session.run(drawn)[0].tolist() for _ in range(3)] == [[1, 1, 1, 3, 3, 3], [1, 1, 3, 3], [3, 3, 3, 3]]


def test_weights_become_rates():
    with tf.Graph().as_default(), tf.Session() as session:
        weights = tf.constant([1.0, 2.0, 3.0])
        (drawn,), rates = training.weighted_resample([tf.constant([1, 2, 3])], weights, 2.0, seed=4)
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        found, given = session.run([drawn, rates])
        assert found.tolist() == [1, 1, 1, 2, 3, 3, 3]
        assert given == pytest.approx(found, rel=1e-4)


@pytest.mark.native
def test_rejected_examples_are_in_no_batch():
    with tf.Graph().as_default(), tf.Session() as session:
        numbers = tf.random_uniform([3], seed=1)
        other = tf.range(3)
        batch = training.rejection_sample(
            [numbers, other], lambda x: tf.to_float(x[0] > 0.5), 4, enqueue_many=True, runtime_checks=True
        )
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        assert all((session.run(batch)[0] > 0.5).all() for _ in range(3))
        coordinator.request_stop()
        session.run([q.cancel_op for q in tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)])
        coordinator.join(threads)


def test_shares_need_to_be_of_the_same_classes():
    with tf.Graph().as_default(), pytest.raises(ValueError, match="must have the same length"):
        training.stratified_sample([tf.zeros([4])], tf.zeros([4], tf.int32), [0.5, 0.5], 2, [1.0], enqueue_many=True)
