"""Section 4.2: a loss of one's own. To sell one too few costs ten times as much as to be left with one too many."""

import numpy as np

import pyflow as tf

BATCH, EXAMPLES, STEPS = 8, 128, 5000

x = tf.placeholder(tf.float32, shape=(None, 2), name="x-input")
demand = tf.placeholder(tf.float32, shape=(None, 1), name="y-input")
w = tf.Variable(tf.random_normal([2, 1], stddev=1, seed=1))
supply = tf.matmul(x, w)
loss = tf.reduce_sum(tf.where(tf.greater(supply, demand), (supply - demand) * 1, (demand - supply) * 10))
step = tf.train.AdamOptimizer(0.001).minimize(loss)

random = np.random.RandomState(1)
inputs = random.rand(EXAMPLES, 2)
sold = [[x1 + x2 + random.rand() / 10.0 - 0.05] for x1, x2 in inputs]

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(STEPS):
        start = i * BATCH % EXAMPLES
        sess.run(step, {x: inputs[start : start + BATCH], demand: sold[start : start + BATCH]})
    # Both weights end above 1: it is better to offer a little too much.
    print(sess.run(w))
