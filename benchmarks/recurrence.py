"""Recurrent networks; TensorFlow 2 has no `rnn_cell` any more, so it gets the same loop written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[], Any]


def recurrent_layers(tf: Any, x: Any, sizes: list[int], unrolled: bool = False) -> Any:
    """The outputs [batch, time, size] of LSTM layers, one upon the other; in a loop, or step by step in the graph."""
    if tf.__name__ == "pyflow":
        cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(size) for size in sizes])
        if unrolled:
            return tf.stack(tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)[0], axis=1)
        return tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)[0]
    batch, steps, _ = x.shape.as_list()
    cells = []
    for k, size in enumerate(sizes):
        below = sizes[k - 1] if k else x.shape.as_list()[2]
        kernel = tf.get_variable(f"kernel_{k}", [below + size, 4 * size])
        cells.append((kernel, tf.get_variable(f"bias_{k}", [4 * size], initializer=tf.zeros_initializer())))
    start = [(tf.zeros([batch, size]), tf.zeros([batch, size])) for size in sizes]

    def through(value: Any, states: Any) -> Any:
        following = []
        for (kernel, bias), (c, h) in zip(cells, states):
            sums = tf.nn.bias_add(tf.matmul(tf.concat([value, h], 1), kernel), bias)
            i, j, f, o = tf.split(sums, 4, axis=1)
            c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
            value = tf.tanh(c) * tf.sigmoid(o)
            following.append((c, value))
        return value, following

    if unrolled:
        values, states = [], start
        for value in tf.unstack(x, axis=1):
            value, states = through(value, states)
            values.append(value)
        return tf.stack(values, axis=1)
    inputs = tf.TensorArray(tf.float32, steps).unstack(tf.transpose(x, [1, 0, 2]))

    def step(t: Any, outputs: Any, states: Any) -> Any:
        value, states = through(inputs.read(t), states)
        return t + 1, outputs.write(t, value), states

    given = (0, tf.TensorArray(tf.float32, steps, element_shape=[batch, sizes[-1]]), start)
    _, outputs, _ = tf.while_loop(lambda t, *_: t < steps, step, given, maximum_iterations=steps)
    return tf.transpose(outputs.stack(), [1, 0, 2])


def sine_step(steps: int, features: int) -> Callable[[Any, Any], Step]:
    """A training step that predicts a sine: two layers of 30 units, batch 32, Adagrad."""

    def build(tf: Any, config: Any) -> Step:
        x, y = tf.placeholder(tf.float32, [32, steps, features]), tf.placeholder(tf.float32, [32, 1])
        last = recurrent_layers(tf, x, [30, 30])[:, -1, :]
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
    y = recurrent_layers(tf, x, [128])
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
