"""Recurrent networks; TensorFlow 2 has no `rnn_cell` any more, so it gets the same loop written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[], Any]


def _layers(tf: Any, x: Any, sizes: list[int]) -> Any:
    """The outputs [batch, time, size] of LSTM layers, one upon the other."""
    if tf.__name__ == "pyflow":
        cells = [tf.nn.rnn_cell.BasicLSTMCell(size) for size in sizes]
        return tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(cells), x, dtype=tf.float32)[0]
    batch, steps, _ = x.shape.as_list()
    cells = []
    for k, size in enumerate(sizes):
        below = sizes[k - 1] if k else x.shape.as_list()[2]
        kernel = tf.get_variable(f"kernel_{k}", [below + size, 4 * size])
        cells.append((kernel, tf.get_variable(f"bias_{k}", [4 * size], initializer=tf.zeros_initializer())))
    inputs = tf.TensorArray(tf.float32, steps).unstack(tf.transpose(x, [1, 0, 2]))
    start = [(tf.zeros([batch, size]), tf.zeros([batch, size])) for size in sizes]

    def step(t: Any, outputs: Any, states: Any) -> Any:
        value, following = inputs.read(t), []
        for (kernel, bias), (c, h) in zip(cells, states):
            sums = tf.nn.bias_add(tf.matmul(tf.concat([value, h], 1), kernel), bias)
            i, j, f, o = tf.split(sums, 4, axis=1)
            c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
            value = tf.tanh(c) * tf.sigmoid(o)
            following.append((c, value))
        return t + 1, outputs.write(t, value), following

    given = (0, tf.TensorArray(tf.float32, steps, element_shape=[batch, sizes[-1]]), start)
    _, outputs, _ = tf.while_loop(lambda t, *_: t < steps, step, given, maximum_iterations=steps)
    return tf.transpose(outputs.stack(), [1, 0, 2])


def sine_step(steps: int, features: int) -> Callable[[Any, Any], Step]:
    """A training step that predicts a sine: two layers of 30 units, batch 32, Adagrad."""

    def build(tf: Any, config: Any) -> Step:
        x, y = tf.placeholder(tf.float32, [32, steps, features]), tf.placeholder(tf.float32, [32, 1])
        last = _layers(tf, x, [30, 30])[:, -1, :]
        weights, bias = tf.get_variable("weights", [30, 1]), tf.get_variable("last_bias", [1])
        loss = tf.losses.mean_squared_error(y, tf.nn.bias_add(tf.matmul(last, weights), bias))
        train = tf.train.AdagradOptimizer(0.1).minimize(loss)
        sess = tf.Session(config=config)
        sess.run(tf.global_variables_initializer())
        random = np.random.RandomState(1)
        feed = {x: random.rand(32, steps, features), y: random.rand(32, 1)}
        return lambda: sess.run(train, feed)

    return build


def lstm_layer(tf: Any, config: Any) -> Step:
    """A layer of 128 units over 50 steps, batch 32, forwards and backwards."""
    x = tf.placeholder(tf.float32, [32, 50, 128])
    y = _layers(tf, x, [128])
    gradients = tf.group(*tf.gradients(tf.reduce_sum(y * y), [x, *tf.trainable_variables()]))
    sess = tf.Session(config=config)
    sess.run(tf.global_variables_initializer())
    feed = {x: np.random.RandomState(1).rand(32, 50, 128)}
    return lambda: sess.run(gradients, feed)


def counting_loop(tf: Any, config: Any) -> Step:
    """10,000 rounds that only count: what a round costs by itself."""
    last = tf.while_loop(lambda i: i < 10000, lambda i: i + 1, [0])
    sess = tf.Session(config=config)
    return lambda: sess.run(last)
