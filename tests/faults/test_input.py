"""The way from files to batches: readers that are killed and go on, runners that fail, and no thread that stays."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import threading

import pytest

import pyflow as tf

HERE = pathlib.Path(__file__).parent

pytestmark = pytest.mark.native


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are made by fork")
def test_a_reader_that_is_killed_goes_on_where_its_checkpoint_says(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(HERE / "killed_readers.py"), str(tmp_path), "20"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.fixture
def damaged(tmp_path):
    """A file of ten records, the eighth of which is damaged."""
    path = tmp_path / "records"
    with tf.python_io.TFRecordWriter(str(path)) as writer:
        for number in range(10):
            writer.write(b"%d" % number)
    content = bytearray(path.read_bytes())
    content[7 * 17 + 12] ^= 1  # each record takes 8 + 4 + 1 + 4 bytes
    path.write_bytes(content)
    return str(path)


def numbers_in(path):
    _, record = tf.TFRecordReader().read(tf.train.string_input_producer([path]))
    return tf.string_to_number(record, tf.int32)


def test_what_a_queue_runner_raises_comes_out_of_join(damaged):
    batch = tf.train.batch([numbers_in(damaged)], 2)
    coordinator = tf.train.Coordinator()
    with tf.Session() as session:
        runners = tf.train.start_queue_runners(session, coordinator)
        seen = []
        with pytest.raises(tf.errors.OutOfRangeError):
            while True:
                seen += session.run(batch).tolist()
        with pytest.raises(tf.errors.DataLossError, match="corrupted record at 131"):
            coordinator.join(runners)
    assert seen == [0, 1, 2, 3, 4, 5]
    assert coordinator.should_stop() and not any(thread.is_alive() for thread in runners)


def test_what_a_queue_runner_raises_ends_a_monitored_session(damaged):
    batch = tf.train.batch([numbers_in(damaged)], 2)
    with pytest.raises(tf.errors.DataLossError, match="corrupted record at 131"):
        with tf.train.SingularMonitoredSession() as session:
            while not session.should_stop():
                session.run(batch)


def test_an_exception_of_python_in_a_queue_runner_comes_out_of_join():
    queue = tf.FIFOQueue(10, tf.int64)
    runner = tf.train.QueueRunner(queue, [queue.enqueue(tf.py_func(lambda: 1 // 0, [], tf.int64))] * 2)
    coordinator = tf.train.Coordinator()
    with tf.Session() as session:
        threads = runner.create_threads(session, coordinator, start=True)
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(queue.dequeue())
        with pytest.raises(tf.errors.UnknownError, match="ZeroDivisionError"):
            coordinator.join(threads)


def test_no_thread_stays_after_a_thousand_rounds():
    name = tf.train.string_input_producer(["a", "b", "c"], capacity=2).dequeue()
    batch = tf.train.shuffle_batch([name], 2, capacity=8, min_after_dequeue=2, num_threads=2)
    before = set(threading.enumerate())
    for number in range(1000):
        with tf.Session() as session:
            coordinator = tf.train.Coordinator()
            runners = tf.train.start_queue_runners(session, coordinator)
            if number % 2:
                assert len(session.run(batch)) == 2
            coordinator.request_stop()
            coordinator.join(runners)
        assert set(threading.enumerate()) == before
