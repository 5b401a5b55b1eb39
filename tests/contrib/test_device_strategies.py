"""Variables are dealt out to parameter servers as TensorFlow 1.15.5 deals them out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import pyflow as tf


def test_random_tasks_depend_on_name_and_seed():
    def tasks(seed):
        strategy = tf.contrib.training.RandomStrategy(5, seed)
        return [strategy(SimpleNamespace(name=name)) for name in ("a", "b/c", "weights")]

    # Measured under TensorFlow 1.15.5.
    assert tasks(0) == [1, 1, 3] and tasks(3) == [4, 2, 2]


def test_the_task_with_the_least_bytes_is_next():
    greedy = tf.contrib.training.GreedyLoadBalancingStrategy(2, tf.contrib.training.byte_size_load_fn)
    with tf.Graph().as_default(), tf.device(tf.train.replica_device_setter(2, ps_strategy=greedy)):
        devices = [tf.get_variable(name, [size]).device for name, size in zip("abcd", (10, 2, 3, 6))]
    assert devices == [f"/job:ps/task:{task}" for task in (0, 1, 1, 1)]


def test_bytes_of_what_has_no_size_are_refused():
    size = tf.contrib.training.byte_size_load_fn
    with tf.Graph().as_default():
        assert size(tf.constant([1.0, 2.0]).op) == 8
        with pytest.raises(ValueError, match="must have a single output"):
            size(tf.no_op())
        with pytest.raises(ValueError, match=r"Shape \(\?, 2\) is not fully defined"):
            size(tf.placeholder(tf.float32, [None, 2]).op)
