"""The network of the tutorials (`tensorflow.examples.tutorials.mnist.mnist`)."""

from __future__ import annotations

import numpy as np

import pyflow as tf
from pyflow.examples.tutorials.mnist import mnist


def test_network_learns_labels():
    rng = np.random.RandomState(0)
    pixels, answers = rng.rand(20, mnist.IMAGE_PIXELS).astype(np.float32), rng.randint(0, mnist.NUM_CLASSES, 20)
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        images, labels = tf.placeholder(tf.float32, [None, mnist.IMAGE_PIXELS]), tf.placeholder(tf.int32, [None])
        logits = mnist.inference(images, 32, 16)
        loss = mnist.loss(logits, labels)
        step, correct = mnist.training(loss, 0.1), mnist.evaluation(logits, labels)
        assert [v.op.name for v in tf.global_variables()] == [
            "hidden1/weights", "hidden1/biases", "hidden2/weights", "hidden2/biases",
            "softmax_linear/weights", "softmax_linear/biases", "global_step",
        ]  # fmt: skip
        assert logits.shape.as_list() == [None, 10] and tf.get_collection("summaries")[0].op.name == "loss"
        feed = {images: pixels, labels: answers}
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            first = session.run(loss, feed)
            for _ in range(200):
                session.run(step, feed)
            assert session.run(loss, feed) < first / 2 and session.run(correct, feed) > 15
            assert session.run(tf.global_variables()[-1]) == 200
