"""Work shared among threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops import parallel


@pytest.fixture
def team(monkeypatch):
    def with_helpers(count: int):
        monkeypatch.setattr(parallel, "_thread_count", lambda: count + 1)
        monkeypatch.setattr(parallel, "_team", parallel._Team())
        parallel._team.start()
        assert parallel._team.helpers == count

    return with_helpers


@pytest.mark.parametrize("helpers", [0, pytest.param(3, marks=pytest.mark.native)])
def test_each_part_is_done_once(team, helpers):
    team(helpers)
    done: list[int] = []
    parallel.run(done.append, range(100))
    assert sorted(done) == list(range(100))


@pytest.mark.parametrize("helpers", [0, pytest.param(3, marks=pytest.mark.native)])
def test_error_of_a_part_is_raised(team, helpers):
    team(helpers)

    def task(part: int) -> None:
        if part == 7:
            raise ArithmeticError("seven")

    with pytest.raises(ArithmeticError, match="seven"):
        parallel.run(task, range(20))
    parallel.run(lambda part: None, range(20))


def test_without_threads_the_asker_does_all(monkeypatch, team):
    def refuse(self) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    team(0)
    monkeypatch.setattr(parallel, "_thread_count", lambda: 4)
    monkeypatch.setattr(parallel, "_team", parallel._Team())
    done: list[int] = []
    parallel.run(done.append, range(5))
    assert done == list(range(5))


@pytest.mark.native
def test_results_do_not_depend_on_the_number_of_threads(team):
    random = np.random.RandomState(0)
    x = tf.placeholder(tf.float32, [20, 14, 14, 32])
    filter = tf.constant(random.standard_normal((5, 5, 32, 64)).astype(np.float32))
    y = tf.nn.max_pool(tf.nn.relu(tf.nn.conv2d(x, filter, 1, "SAME")), 2, 2, "SAME")
    z = tf.matmul(tf.reshape(y, [20, -1]), random.standard_normal((3136, 512)).astype(np.float32))
    fetches = [y, z, *tf.gradients(z, [x, filter])]
    images = random.standard_normal((20, 14, 14, 32))
    results = []
    for helpers in (0, 1, 3):
        team(helpers)
        with tf.Session() as session:
            results.append(session.run(fetches, {x: images}))
    for other in results[1:]:
        for one, two in zip(results[0], other):
            np.testing.assert_array_equal(one, two)
