"""tf.estimator.inputs: batches from arrays in memory."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf


def batches(input_fn):
    """All that an input function gives."""
    given = input_fn()
    found = []
    with tf.train.MonitoredSession() as session:
        while not session.should_stop():
            found.append(session.run(given))
    return found


def test_arrays_come_in_batches_of_which_the_last_is_smaller():
    x, y = np.arange(5), np.arange(5) * 10
    found = batches(tf.estimator.inputs.numpy_input_fn({"x": x}, y, batch_size=2, shuffle=False))
    assert [(features["x"].tolist(), labels.tolist()) for features, labels in found] == [
        ([0, 1], [0, 10]),
        ([2, 3], [20, 30]),
        ([4], [40]),
    ]


def test_epochs_follow_each_other_within_batches():
    found = batches(tf.estimator.inputs.numpy_input_fn(np.arange(3), batch_size=2, num_epochs=2, shuffle=False))
    assert [batch.tolist() for batch in found] == [[0, 1], [2, 0], [1, 2]]


def test_shuffling_gives_each_example_once():
    found = batches(tf.estimator.inputs.numpy_input_fn(np.arange(50), batch_size=8, shuffle=True))
    assert sorted(np.concatenate(found)) == list(range(50))


def test_labels_may_be_several():
    y = {"b": np.ones(2), "a": np.zeros(2)}
    ((features, labels),) = batches(tf.estimator.inputs.numpy_input_fn({"x": np.arange(2)}, y, shuffle=False))
    assert features["x"].tolist() == [0, 1] and labels["a"].tolist() == [0, 0] and labels["b"].tolist() == [1, 1]


def test_what_does_not_go_together_is_refused():
    make = tf.estimator.inputs.numpy_input_fn
    with pytest.raises(ValueError, match="shuffle must be provided and explicitly set as boolean"):
        make({"x": np.arange(2)})
    for x, y, message in (
        ({}, None, "x cannot be an empty dict"),
        (np.array([[]]), None, "x cannot be an empty array"),
        ({"x": np.arange(2)}, {}, "y cannot be empty dict, use None instead"),
        ({"x": np.arange(2)}, {"x": np.arange(2)}, "1 duplicate keys are found in both x and y: {'x'}"),
        ({"x": np.arange(2)}, np.arange(3), r"Shapes in x: {'x': \(2,\)}\nShapes in y: \(3,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            make(x, y, shuffle=False)()
    with pytest.raises(TypeError, match="x must be a dict or array; got list"):
        make([1], shuffle=False)()
