"""Transformations that are known by internal paths only."""

from __future__ import annotations

import pytest

import pyflow as tf
from pyflow.data import trials


def elements(dataset):
    iterator = dataset.make_initializable_iterator()
    following = iterator.get_next()
    with tf.Session() as session:
        session.run(iterator.initializer)
        found = []
        while True:
            try:
                found.append(int(session.run(following)))
            except tf.errors.OutOfRangeError:
                return found


@pytest.mark.parametrize(
    "transformation",
    [trials.sleep(1), trials.model(), trials.optimize(["map_fusion"]), trials.non_serializable()],
    ids=["sleep", "model", "optimize", "non_serializable"],
)
def test_elements_stay(transformation):
    with tf.Graph().as_default():
        assert elements(tf.data.Dataset.range(3).apply(transformation)) == [0, 1, 2]


def test_threads_are_those_that_there_are():
    with tf.Graph().as_default():
        pool = trials.PrivateThreadPool(2, display_name="mine")
        assert elements(trials.override_threadpool(tf.data.Dataset.range(3), pool)) == [0, 1, 2]
