# Runs in the playground: one line of JSON for each case, milliseconds a step, or GFLOP/s.
import json
import math
import sys
import time

import numpy as np
import tensorflow as tf

from pyflow.runtime.cpu import second_thread

CASES = sys.argv[1:] or ["product", "threads", "full", "lenet", "sine1", "sine10"]
BATCH = 100


def median_ms(step, seconds=2.0):
    """The median time of a step, after two that nobody counts."""
    step(), step()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or (time.perf_counter() < end and len(times) < 200):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def product():
    """A product of two matrices of 512 x 512, in GFLOP/s; on a GPU only a number of it is read."""
    a, b = (tf.Variable(tf.random_uniform([512, 512])) for _ in range(2))
    c = tf.reduce_sum(tf.matmul(a, b))
    return ready(c), lambda ms: 2 * 512**3 / ms / 1e6


def ready(fetch, feed=None):
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return lambda: sess.run(fetch, feed)


def classifier(scores, labels, weights, rate):
    """Loss with penalty, gradient descent with decay, moving averages: section 5.2's training."""
    step = tf.train.get_or_create_global_step()
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(logits=scores, labels=labels))
    loss += sum(tf.contrib.layers.l2_regularizer(0.0001)(w) for w in weights)
    rate = tf.train.exponential_decay(rate, step, 550, 0.99)
    descend = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)
    follow = tf.train.ExponentialMovingAverage(0.99, step).apply(tf.trainable_variables())
    return [loss, tf.group(descend, follow)]


def variable(*shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))


def full():
    images, labels = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int64, [None])
    w1, w2 = variable(784, 500), variable(500, 10)
    scores = tf.matmul(tf.nn.relu(tf.matmul(images, w1) + variable(500)), w2) + variable(10)
    feed = {images: np.random.rand(BATCH, 784).astype(np.float32), labels: np.arange(BATCH) % 10}
    return ready(classifier(scores, labels, [w1, w2], 0.8), feed), None


def lenet():
    images, labels = tf.placeholder(tf.float32, [None, 28, 28, 1]), tf.placeholder(tf.int64, [None])
    layer = images
    for channels in ((1, 32), (32, 64)):
        layer = tf.nn.conv2d(layer, variable(5, 5, *channels), [1, 1, 1, 1], "SAME")
        layer = tf.nn.relu(tf.nn.bias_add(layer, variable(channels[1])))
        layer = tf.nn.max_pool(layer, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    w1, w2 = variable(3136, 512), variable(512, 10)
    inner = tf.nn.relu(tf.matmul(tf.reshape(layer, [-1, 3136]), w1) + variable(512))
    scores = tf.matmul(tf.nn.dropout(inner, 0.5), w2) + variable(10)
    feed = {images: np.random.rand(BATCH, 28, 28, 1).astype(np.float32), labels: np.arange(BATCH) % 10}
    return ready(classifier(scores, labels, [w1, w2], 0.05), feed), None


def sine(time_steps):
    x = tf.placeholder(tf.float32, [None, time_steps, 10 // time_steps])
    y = tf.placeholder(tf.float32, [None, 1])
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(30) for _ in range(2)])
    outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    loss = tf.losses.mean_squared_error(y, tf.contrib.layers.fully_connected(outputs[:, -1], 1, activation_fn=None))
    learn = tf.contrib.layers.optimize_loss(loss, tf.train.get_or_create_global_step(), 0.1, "Adagrad")
    feed = {x: np.random.rand(32, time_steps, 10 // time_steps).astype(np.float32), y: np.random.rand(32, 1)}
    return ready([loss, learn], feed), None


def crossings(step):
    """How often a step goes from Python into JavaScript, on a GPU; None on the CPU."""
    from pyflow.runtime.webgpu import browser

    calls, call = [], browser.BrowserDevice._call
    browser.BrowserDevice._call = lambda *arguments: (calls.append(1), call(*arguments))[1]
    step()
    browser.BrowserDevice._call = call
    return len(calls)


threads = product
waking = second_thread.WAKING
for name in CASES:
    second_thread.WAKING = math.inf if name == "product" else waking  # that one is done on one thread
    with tf.Graph().as_default():
        case = {"sine1": lambda: sine(1), "sine10": lambda: sine(10)}.get(name) or globals()[name]
        step, rate = case()
        ms = median_ms(step)
        print(json.dumps([name, rate(ms) if rate else ms, crossings(step)]), flush=True)
