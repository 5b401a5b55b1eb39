"""Batches by bucket and by length, with threads and without."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.waiting import without_threads

pytestmark = pytest.mark.native


@pytest.fixture(params=["threads", "no threads"])
def threads(request):
    if request.param == "no threads":
        with without_threads():
            yield False
    else:
        yield True


def count_up(limit):
    count = tf.Variable(np.int64(0), collections=[tf.GraphKeys.LOCAL_VARIABLES])
    return tf.cast(count.count_up_to(limit), tf.int32)


def run_to_the_end(fetch):
    values = []
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        coordinator = tf.train.Coordinator()
        runners = tf.train.start_queue_runners(session, coordinator)
        try:
            while True:
                values.append(session.run(fetch))
        except tf.errors.OutOfRangeError:
            pass
        coordinator.request_stop()
        coordinator.join(runners)
    return values


@pytest.mark.parametrize("capacity", [2, 32])
def test_a_batch_comes_from_one_bucket(threads, capacity):
    number = count_up(40)
    which, batch = tf.contrib.training.bucket([number], number % 3, 4, 3, capacity=capacity, bucket_capacities=[4] * 3)
    assert batch.shape.as_list() == [4] and which.shape.as_list() == []
    values = run_to_the_end([which, batch])
    assert sorted(np.concatenate([v for _, v in values]).tolist()) == list(range(36))
    assert all((batch % 3 == which).all() for which, batch in values)


def test_what_is_left_makes_smaller_batches(threads):
    number = count_up(10)
    tensors = {"n": number, "rows": tf.fill([number], 1.0)}
    _, batch = tf.contrib.training.bucket(
        tensors, number % 2, [2, 3], 2, dynamic_pad=True, allow_smaller_final_batch=True
    )
    values = run_to_the_end(batch)
    assert sorted(np.concatenate([v["n"] for v in values]).tolist()) == list(range(10))
    assert all(v["rows"].sum(1).tolist() == v["n"].tolist() for v in values)


def test_sequences_of_similar_lengths_come_together(threads):
    length = count_up(20)
    lengths, (rows,) = tf.contrib.training.bucket_by_sequence_length(
        length, [tf.range(length)], 2, [5, 10], dynamic_pad=True, allow_smaller_final_batch=True
    )
    for found, batch in run_to_the_end([lengths, rows]):
        assert len({(n >= 5) + (n >= 10) for n in found.tolist()}) == 1
        assert batch.shape == (len(found), found.max())


def test_wrong_buckets():
    number = tf.constant(1)
    with pytest.raises(ValueError, match="must have num_buckets elements"):
        tf.contrib.training.bucket([number], 0, [1, 2], 3)
    with pytest.raises(ValueError, match="must have exactly num_buckets"):
        tf.contrib.training.bucket([number], 0, 1, 3, bucket_capacities=[1])
    with pytest.raises(ValueError, match="at least one tensor"):
        tf.contrib.training.bucket([], 0, 1, 3)
    with pytest.raises(ValueError, match="must not be empty"):
        tf.contrib.training.bucket_by_sequence_length(number, [number], 1, [])
    with pytest.raises(ValueError, match="3 before 2"):
        tf.contrib.training.bucket_by_sequence_length(number, [number], 1, [3, 2])
