"""Files of records through queues to batches, as programs of TensorFlow 1 write it."""

from __future__ import annotations

import pytest

import pyflow as tf


@pytest.fixture
def pattern(tmp_path):
    for i in range(2):
        with tf.python_io.TFRecordWriter(str(tmp_path / f"data.tfrecords-{i:05d}-of-00002")) as writer:
            for j in range(2):
                feature = {
                    name: tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
                    for name, value in (("i", i), ("j", j))
                }
                example = tf.train.Example(features=tf.train.Features(feature=feature))
                writer.write(example.SerializePartialToString())
    return str(tmp_path / "data.tfrecords-*")


def features_of(pattern):
    files = tf.train.match_filenames_once(pattern)
    _, serialized = tf.TFRecordReader().read(tf.train.string_input_producer(files, shuffle=False))
    features = tf.parse_single_example(
        serialized, features={"i": tf.FixedLenFeature([], tf.int64), "j": tf.FixedLenFeature([], tf.int64)}
    )
    return features["i"], features["j"]


def run(fetches, count):
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess=session, coord=coordinator)
        results = [[x.tolist() for x in session.run(fetches)] for _ in range(count)]
        coordinator.request_stop()
        coordinator.join(threads)
    return results


@pytest.mark.native
def test_examples_come_one_by_one_and_begin_anew(pattern):
    assert run(features_of(pattern), 5) == [[0, 0], [0, 1], [1, 0], [1, 1], [0, 0]]


@pytest.mark.native
def test_examples_come_in_batches(pattern):
    batch = tf.train.batch(features_of(pattern), batch_size=3, capacity=1009)
    assert run(batch, 2) == [[[0, 0, 1], [0, 1, 0]], [[1, 0, 0], [1, 0, 1]]]


@pytest.mark.native
def test_examples_come_in_shuffled_batches(pattern):
    batch = tf.train.shuffle_batch(features_of(pattern), batch_size=3, capacity=1009, min_after_dequeue=30)
    assert all(set(i) <= {0, 1} and len(i) == len(j) == 3 for i, j in run(batch, 3))
