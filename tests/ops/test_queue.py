"""Queues: order, waiting, closing, and what they give under TensorFlow 1.15.5."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.waiting import without_threads
from tests.golden_cases import Golden

GOLDEN = Golden("queue_cases", "queues.json")
WAITING = {"cancelling", "closing_the_session", "elements_that_stay", "timing_out", "waiting", "waiting_for_many"}


@pytest.mark.parametrize("name", sorted(set(GOLDEN.cases) - WAITING))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


@pytest.mark.native
@pytest.mark.parametrize("name", sorted(WAITING))
def test_waits_as_in_tensorflow(name):
    GOLDEN.check(name)


def test_elements_keep_their_values_when_buffers_are_used_again():
    queue = tf.FIFOQueue(10, tf.float32, shapes=[[64]])
    x = tf.placeholder(tf.float32, [64])
    put, take = queue.enqueue(tf.sqrt(x)), queue.dequeue_many(3)
    with tf.Session() as session:
        for i in range(3):
            session.run(put, {x: np.full(64, i * i)})
        assert session.run(take)[:, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.int8, tf.bool, tf.complex64])
def test_other_dtypes(dtype):
    queue = tf.FIFOQueue(10, dtype, shapes=[[2]])
    put = queue.enqueue(tf.cast([1, 0], dtype))
    with tf.Session() as session:
        session.run([put])
        session.run([put])
        assert session.run(tf.cast(queue.dequeue_many(2), tf.float32)).tolist() == [[1, 0], [1, 0]]


def test_dequeued_batches_are_planned():
    queue = tf.FIFOQueue(10, tf.float32, shapes=[[2]])
    doubled = tf.matmul(queue.dequeue_many(3), [[1.0], [2.0]])
    with tf.Session() as session:
        session.run(queue.enqueue_many(np.ones([6, 2])))
        assert session.run(doubled).tolist() == [[3], [3], [3]]
        (executable,) = [e for e in session._executables.values() if len(e.steps) > 1]
        assert executable.steps[-1].outputs[0].shape == (3, 1)


def test_each_session_has_its_own():
    queue = tf.FIFOQueue(10, tf.int32, shared_name="same")
    with tf.Session() as first, tf.Session() as second:
        first.run(queue.enqueue(1))
        assert (first.run(queue.size()), second.run(queue.size())) == (1, 0)


def test_without_threads_waiting_forever_is_an_error():
    queue = tf.FIFOQueue(1, tf.int32, shapes=[[]])
    with without_threads(), tf.Session() as session:
        with pytest.raises(tf.errors.FailedPreconditionError, match="is empty and nothing fills it: there are no thr"):
            session.run(queue.dequeue())
        session.run(queue.enqueue(1))
        with pytest.raises(tf.errors.FailedPreconditionError, match="is full and nothing empties it"):
            session.run(queue.enqueue(2))
        assert session.run([queue.dequeue(), queue.size()]) == [1, 0]


@pytest.mark.native
def test_elements_pass_through_many_threads_once_each():
    queue = tf.RandomShuffleQueue(7, 3, tf.int64, shapes=[[]])
    x = tf.placeholder(tf.int64, [None])
    put, take, close = queue.enqueue_many(x), queue.dequeue_up_to(5), queue.close()
    seen: list[int] = []
    with tf.Session() as session:

        def consume():
            while True:
                try:
                    seen.extend(session.run(take).tolist())
                except tf.errors.OutOfRangeError:
                    return

        producers = [
            threading.Thread(target=session.run, args=(put, {x: range(100 * i, 100 * i + 100)})) for i in range(4)
        ]
        consumers = [threading.Thread(target=consume) for _ in range(4)]
        for thread in producers + consumers:
            thread.start()
        for thread in producers:
            thread.join()
        session.run(close)
        for thread in consumers:
            thread.join()
    assert sorted(seen) == list(range(400))


@pytest.mark.native
def test_interrupted_waiting_leaves_the_line():
    queue = tf.FIFOQueue(5, tf.int32, shapes=[[]])
    with tf.Session() as session:
        session.run(queue.enqueue_many([[1, 2]]))
        with pytest.raises(tf.errors.DeadlineExceededError):
            session.run(queue.dequeue_many(3), options=tf.RunOptions(timeout_in_ms=20))
        assert session.run(queue.dequeue_many(2)).tolist() == [1, 2]
