"""tf.losses: nodes, values, gradients, collections and errors are TensorFlow's."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops.weights_broadcasting import assert_broadcastable
from tests.golden_cases import Golden

GOLDEN = Golden("loss_cases", "losses.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


@pytest.mark.parametrize(("weights", "expected"), [(2.0, 2.0), ([[1.0], [0.0]], 1.0), ([[1.0, 1.0, 4.0]] * 2, 2.0)])
def test_weights_of_a_shape_known_only_when_run(weights, expected):
    given, x = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    loss = tf.losses.mean_squared_error(tf.zeros_like(x), x, weights=given)
    with tf.Session() as session:
        assert session.run(loss, {x: np.ones((2, 3)), given: weights}) == expected


@pytest.mark.parametrize("weights", [[1.0, 2.0], [[1.0], [2.0], [3.0]], [[1.0, 2.0]]])
def test_weights_that_turn_out_not_to_fit_are_named(weights):
    given = tf.placeholder(tf.float32)
    check = assert_broadcastable(given, tf.placeholder_with_default(np.ones((2, 3), np.float32), None))
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="weights can not be broadcast"):
        session.run(check, {given: weights})


def test_labels_and_weights_are_squeezed_when_run():
    def unknown(value, dtype):
        return tf.placeholder_with_default(np.array(value, dtype), None)

    logits = unknown([[0.0, 1.0], [1.0, 0.0]], np.float32)
    loss = tf.losses.sparse_softmax_cross_entropy(
        unknown([[1], [1]], np.int64), logits, weights=unknown([[1.0], [0.0]], np.float32)
    )
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(loss), np.log(1 + np.exp(-1.0)), rtol=1e-6)
