"""tf.contrib.mixed_precision; the numbers are TensorFlow 1.15.5's."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

# For each step's factor of the loss: the variable, the scale, good and bad steps, and the global step afterwards.
STEPS = [
    (1, [0.8, 8, 1, 0, 1]),
    (1, [0.46, 8, 2, 0, 2]),
    (1, [0.062, 16, 0, 0, 3]),
    (np.inf, [0.062, 16, 0, 1, 3]),
    (np.inf, [0.062, 8, 0, 0, 3]),
    (np.inf, [0.062, 8, 0, 1, 3]),
    (1, [-0.3086, 8, 1, 1, 4]),
    (np.nan, [-0.3086, 4, 0, 0, 4]),
    (1, [-0.58042, 4, 1, 0, 5]),
    (1, [-0.70897, 4, 2, 0, 6]),
    (1, [-0.68288, 8, 0, 0, 7]),
]


def test_scale_grows_after_good_steps_and_shrinks_after_bad_ones():
    x, factor = tf.Variable(1.0), tf.placeholder(tf.float32, [])
    manager = tf.contrib.mixed_precision.ExponentialUpdateLossScaleManager(8.0, 3, 2, 2, 0.5)
    optimizer = tf.contrib.mixed_precision.LossScaleOptimizer(tf.train.MomentumOptimizer(0.1, 0.9), manager)
    step = tf.train.get_or_create_global_step()
    train = optimizer.minimize(x * x * factor, global_step=step)
    state = [x, manager.get_loss_scale(), manager._num_good_steps, manager._num_bad_steps, step]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for value, expected in STEPS:
            session.run(train, {factor: value})
            np.testing.assert_allclose(session.run(state), expected, rtol=1e-4)


def test_fixed_scale_leaves_gradients_as_they_are():
    x = tf.Variable(3.0)
    manager = tf.contrib.mixed_precision.FixedLossScaleManager(4.0)
    optimizer = tf.contrib.mixed_precision.LossScaleOptimizer(tf.train.GradientDescentOptimizer(1.0), manager)
    ((gradient, variable),) = optimizer.compute_gradients(lambda: x * x)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert variable is x and session.run(gradient) == 6.0
    with pytest.raises(ValueError, match="loss scale must be at least 1."):
        tf.contrib.mixed_precision.FixedLossScaleManager(0.5)
