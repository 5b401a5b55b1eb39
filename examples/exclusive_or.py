"""Section 4.1: a line cannot part the two answers of exclusive or; a hidden layer with an activation can."""

import numpy as np

import pyflow as tf

QUESTIONS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
ANSWERS = np.array([[0], [1], [1], [0]], np.float32)


def learn(hidden_units):
    """The answers of a trained network; without hidden units it is linear."""
    tf.reset_default_graph()
    tf.set_random_seed(3)
    x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 1])
    layer, size = x, 2
    if hidden_units:
        w = tf.Variable(tf.random_normal([2, hidden_units]))
        layer, size = tf.nn.tanh(tf.matmul(x, w) + tf.Variable(tf.zeros([hidden_units]))), hidden_units
    w = tf.Variable(tf.random_normal([size, 1]))
    scores = tf.matmul(layer, w) + tf.Variable(tf.zeros([1]))
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=scores))
    step = tf.train.AdamOptimizer(0.05).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(500):
            sess.run(step, {x: QUESTIONS, y: ANSWERS})
        return sess.run(tf.sigmoid(scores), {x: QUESTIONS}).round(2).ravel()


if __name__ == "__main__":
    print("linear:      ", learn(hidden_units=0))
    print("hidden layer:", learn(hidden_units=8))
