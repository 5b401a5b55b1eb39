"""Penalties on weights: values, nodes, collections, errors."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("regularizer_cases", "regularizers.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name, rtol=1e-6)


def test_values_and_gradients():
    w = np.random.default_rng(0).normal(size=(3, 4))
    weights = tf.placeholder(tf.float64, w.shape)
    penalty = tf.contrib.layers.l1_l2_regularizer(0.25, 0.5)(weights)
    with tf.Session() as session:
        value, gradient = session.run([penalty, tf.gradients(penalty, weights)[0]], {weights: w})
    np.testing.assert_allclose(value, 0.25 * np.abs(w).sum() + 0.5 * (w**2).sum() / 2)
    np.testing.assert_allclose(gradient, 0.25 * np.sign(w) + 0.5 * w)


def test_weight_decay_shrinks_what_the_loss_leaves_alone():
    v = tf.get_variable("v", [2], initializer=tf.ones_initializer(), regularizer=tf.contrib.layers.l2_regularizer(1.0))
    (penalty,) = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(penalty)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run(v).tolist() == [0.75, 0.75]
