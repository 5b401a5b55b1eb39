"""The headline models follow the CPU's losses step by step, and learn as much."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from benchmarks.cases import digit_batches, mnist_training
from tests.runtime.webgpu.on_device import cpu_session, ops_done

pytestmark = pytest.mark.native

STEPS = 200
SOFT = tf.ConfigProto(allow_soft_placement=True)


def followed(make, feeds):
    """(losses on the CPU, losses on the device, the device's session, which is still open)."""
    losses = []
    for session in (cpu_session, lambda: tf.Session(config=SOFT)):
        with tf.Graph().as_default(), tf.device("/gpu:0"):
            tf.set_random_seed(1)
            train, loss, inputs = make()
            sess = session()
            sess.run(tf.global_variables_initializer())
            losses.append([sess.run([loss, train], dict(zip(inputs, next_feed)))[0] for next_feed in feeds])
    return (*map(np.array, losses), sess)


def digits():
    images, labels = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    train = mnist_training(tf, images, labels)
    loss = tf.get_default_graph().get_tensor_by_name("loss:0")
    return train, loss, (images, labels)


def test_full_layers(adapter):
    batches = digit_batches()
    feeds = [[part[:20] for part in batches[i % len(batches)]] for i in range(STEPS)]
    on_cpu, on_device, sess = followed(digits, feeds)
    np.testing.assert_allclose(on_device, on_cpu, rtol=1e-3)
    assert on_device[-10:].mean() < on_device[:10].mean() / 4 and "MatMul" in ops_done(sess)
    sess.close()


def lenet():
    images, labels = tf.placeholder(tf.float32, [None, 28, 28, 1]), tf.placeholder(tf.int64, [None])
    hidden = images
    for name, depth in (("1", 8), ("2", 16)):
        hidden = tf.layers.conv2d(hidden, depth, 5, padding="same", activation=tf.nn.relu, name="conv" + name)
        hidden = tf.layers.max_pooling2d(hidden, 2, 2)
    hidden = tf.layers.dense(tf.layers.flatten(hidden), 64, activation=tf.nn.relu)
    scores = tf.layers.dense(tf.layers.dropout(hidden, 0.5, training=True), 10)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, scores)
    return tf.train.GradientDescentOptimizer(0.02).minimize(loss), loss, (images, labels)


def test_convolutions_with_dropout(adapter):
    batches = [(x[:10].reshape(10, 28, 28, 1), y[:10].argmax(1)) for x, y in digit_batches()[:4]]
    feeds = [batches[i % len(batches)] for i in range(STEPS)]
    on_cpu, on_device, sess = followed(lenet, feeds)
    np.testing.assert_allclose(on_device, on_cpu, rtol=1e-3)
    assert on_device[-10:].mean() < on_device[:10].mean() - 0.1
    assert {"conv1/Conv2D", "gradients/conv2/Conv2D_grad/Conv2DBackpropFilter"} <= ops_done(sess)
    sess.close()


def sine_network():
    windows, answers = tf.placeholder(tf.float32, [None, 10, 1]), tf.placeholder(tf.float32, [None, 1])
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(30) for _ in range(2)])
    outputs, _ = tf.nn.dynamic_rnn(cell, windows, dtype=tf.float32)
    loss = tf.losses.mean_squared_error(answers, tf.layers.dense(outputs[:, -1, :], 1))
    return tf.train.AdagradOptimizer(0.1).minimize(loss), loss, (windows, answers)


def test_recurrence(adapter):
    curve = np.sin(np.arange(2000) * 0.01).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(curve[:-1], 10)[:, :, np.newaxis]
    choose = np.random.RandomState(1)
    picked = [choose.randint(len(windows), size=32) for _ in range(STEPS)]
    feeds = [(windows[i], curve[10:, np.newaxis][i]) for i in picked]
    on_cpu, on_device, sess = followed(sine_network, feeds)
    np.testing.assert_allclose(on_device, on_cpu, rtol=1e-3, atol=1e-6)
    assert on_device[-10:].mean() < 0.02
    assert any("while" in name for name in ops_done(sess))
    sess.close()
