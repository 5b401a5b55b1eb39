"""Convolution, pooling and batch normalization layers: variables, nodes, values and errors are TensorFlow's."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("window_layer_cases", "window_layers.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name, rtol=2e-4)


def test_a_training_step_moves_the_averages_of_a_batch_normalization():
    x = np.random.default_rng(0).normal(2.0, 3.0, size=(64, 5)).astype(np.float32)
    training = tf.placeholder(tf.bool, [])
    y = tf.layers.batch_normalization(tf.constant(x), training=training, momentum=0.5)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(updates):
        step = tf.identity(tf.reduce_sum(y))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(30):
            session.run(step, {training: True})
        session.run(step, {training: False})
        np.testing.assert_allclose(
            session.run(y, {training: True}), session.run(y, {training: False}), rtol=1e-3, atol=1e-4
        )


def test_a_conditional_with_an_update_runs_for_its_effect():
    variable = tf.get_variable("v", initializer=1.0)
    update = tf.cond(tf.placeholder_with_default(True, []), lambda: tf.assign_sub(variable, 0.25), lambda: variable)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(update.op)
        assert session.run(variable) == 0.75
