"""Section 4.3: penalties on weights, collected while a network of any depth is built; and a decaying rate."""

import numpy as np

import pyflow as tf


def penalties():
    weights = tf.constant([[1.0, -2.0], [-3.0, 4.0]])
    with tf.Session() as sess:
        print("l1:", sess.run(tf.contrib.layers.l1_regularizer(0.5)(weights)))
        print("l2:", sess.run(tf.contrib.layers.l2_regularizer(0.5)(weights)))


def weights(shape, strength):
    """A variable whose penalty goes into the collection of losses."""
    variable = tf.Variable(tf.random_normal(shape, seed=1))
    tf.add_to_collection("losses", tf.contrib.layers.l2_regularizer(strength)(variable))
    return variable


def fit_circle():
    """Learns to tell points inside a circle from those outside; prints the loss before and after."""
    x, label = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 1])
    sizes = [2, 10, 10, 10, 1]
    layer = x
    for i, (inputs, outputs) in enumerate(zip(sizes[:-1], sizes[1:])):
        bias = tf.Variable(tf.constant(0.1, shape=[outputs]))
        layer = tf.matmul(layer, weights([inputs, outputs], 0.0001)) + bias
        if i < len(sizes) - 2:
            layer = tf.nn.relu(layer)
    tf.add_to_collection("losses", tf.reduce_mean(tf.square(label - layer)))
    loss = tf.add_n(tf.get_collection("losses"))
    step = tf.Variable(0, trainable=False)
    rate = tf.train.exponential_decay(0.01, step, 100, 0.96, staircase=True)
    learn = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)

    random = np.random.RandomState(0)
    points = random.uniform(-1, 1, [400, 2])
    inside = (np.square(points).sum(axis=1, keepdims=True) < 0.5).astype(np.float32)
    feed = {x: points, label: inside}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        print(f"loss before: {sess.run(loss, feed):.3f}")
        for _ in range(1000):
            sess.run(learn, feed)
        print(f"loss after: {sess.run(loss, feed):.3f}, learning rate {sess.run(rate):.5f}")


if __name__ == "__main__":
    penalties()
    fit_circle()
