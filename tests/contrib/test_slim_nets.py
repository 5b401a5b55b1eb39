"""slim's networks: the whole graphs, by names and types of nodes, are those that TensorFlow builds."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("slim_net_cases", "slim_nets.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


def test_a_thin_inception_v3_classifies_small_images():
    slim, inception = tf.contrib.slim, tf.contrib.slim.nets.inception
    images = np.random.default_rng(0).random((2, 140, 140, 3), np.float32)
    with slim.arg_scope(inception.inception_v3_arg_scope()):
        _, end_points = inception.inception_v3(
            tf.constant(images), num_classes=5, is_training=False, depth_multiplier=0.1, min_depth=2
        )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        predictions = session.run(end_points["Predictions"])
    assert predictions.shape == (2, 5)
    np.testing.assert_allclose(predictions.sum(axis=1), 1, rtol=1e-5)
