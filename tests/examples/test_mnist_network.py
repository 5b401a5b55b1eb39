"""The tutorial's network learns what it is shown."""

from __future__ import annotations

import numpy as np

import pyflow as tf
from pyflow.examples.tutorials.mnist import mnist


def test_the_network_learns():
    tf.set_random_seed(1)
    images = tf.placeholder(tf.float32, [None, mnist.IMAGE_PIXELS])
    labels = tf.placeholder(tf.int32, [None])
    logits = mnist.inference(images, 16, 8)
    loss = mnist.loss(logits, labels)
    train, right = mnist.training(loss, 0.1), mnist.evaluation(logits, labels)
    batch = {images: np.eye(10, mnist.IMAGE_PIXELS), labels: np.arange(10)}
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run(loss, batch)
        for _ in range(20):
            session.run(train, batch)
        assert session.run(loss, batch) < before and 0 <= session.run(right, batch) <= 10
    assert [v.op.name for v in tf.trainable_variables()][:2] == ["hidden1/weights", "hidden1/biases"]
