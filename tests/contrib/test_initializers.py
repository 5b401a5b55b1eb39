"""Random first values scaled by the size of a layer."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

layers = tf.contrib.layers


def evaluate(tensor):
    with tf.Session() as session:
        return session.run(tensor)


# What TensorFlow 1.15.5 gives for these seeds.
@pytest.mark.parametrize(
    "initializer, shape, start",
    [
        (layers.xavier_initializer(seed=1), [2, 3], [-0.57174045, 0.92104936, -0.98477793]),
        (layers.xavier_initializer(seed=1), [4], [-0.45200047, 0.7281534, -0.7785354]),
        (layers.xavier_initializer(uniform=False, seed=1), [1, 2, 1, 2], [-0.5340751, 0.9772826, 0.04300506]),
        (layers.variance_scaling_initializer(seed=1), [2, 3], [-0.92504513, 1.69270313, 0.07448695]),
        (layers.variance_scaling_initializer(1.0, "FAN_OUT", True, seed=2), [4], [0.30959815, 0.37092024, -0.05227864]),
    ],
)
def test_numbers_are_tensorflow_s(initializer, shape, start):
    np.testing.assert_allclose(evaluate(initializer(shape)).ravel()[:3], start, rtol=2e-7)


def test_variable_takes_the_dtype_asked_for():
    v = tf.get_variable("v", [300, 200], tf.float64, initializer=layers.xavier_initializer(seed=1))
    assert v.dtype.base_dtype == tf.float64
    assert v.initial_value.op.name == "v/Initializer/random_uniform"
    values = evaluate(v.initialized_value())
    assert np.abs(values).max() <= np.sqrt(6.0 / 500)
    assert values.std() == pytest.approx(np.sqrt(2.0 / 500), rel=0.02)


def test_integers_and_unknown_modes_are_refused():
    with pytest.raises(TypeError, match="Cannot create initializer for non-floating point type"):
        layers.xavier_initializer(dtype=tf.int32)
    with pytest.raises(TypeError, match="FAN_SUM"):
        layers.variance_scaling_initializer(mode="FAN_SUM")
