"""What is timed: each case builds one program with the `tf` it is given, PyFlow's or TensorFlow's."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.input import distorted_photos, parsed_records
from benchmarks.programs import PROGRAMS, sentences
from benchmarks.recurrence import counting_loop, lstm_layer, sine_step

Step = Callable[[], Any]


class Case(NamedTuple):
    build: Callable[[Any, Any], Step]  # from tf and the session's config to a step
    goal: float  # PyFlow's time divided by TensorFlow's is to be at most this
    seconds_long: bool = False  # then a turn is one step, and there are few


def scalar_add(tf: Any, config: Any) -> Step:
    """One add of two fed numbers: what a run costs by itself."""
    a, b = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    total = a + b
    sess = tf.Session(config=config)
    feed = {a: 1.0, b: 2.0}
    return lambda: sess.run(total, feed)


def add_chain(tf: Any, config: Any) -> Step:
    """100 adds, one after the other: what an op costs by itself. The addend is fed, so that nothing can be folded."""
    a, b = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    total = a
    for _ in range(100):
        total = total + b
    sess = tf.Session(config=config)
    feed = {a: 1.0, b: 2.0}
    return lambda: sess.run(total, feed)


def mnist_step(tf: Any, config: Any) -> Step:
    """A training step of examples/mnist_two_layers.py: batch 100, 784-500-10, L2, decaying rate, moving averages."""
    images = tf.placeholder(tf.float32, [None, 784])
    labels = tf.placeholder(tf.float32, [None, 10])
    train = mnist_training(tf, images, labels)
    sess = tf.Session(config=config)
    sess.run(tf.global_variables_initializer())
    feeds = itertools.cycle([{images: x, labels: y} for x, y in digit_batches()])
    return lambda: sess.run(train, next(feeds))


def mnist_step_from_dataset(tf: Any, config: Any) -> Step:
    """The same step, its batches made by tf.data: shuffled, repeated, prefetched."""
    arrays = [np.concatenate(parts) for parts in zip(*digit_batches())]
    held = [tf.placeholder(array.dtype, array.shape) for array in arrays]
    dataset = tf.data.Dataset.from_tensor_slices(tuple(held)).shuffle(1000, seed=1).repeat().batch(100).prefetch(2)
    iterator = tf.data.make_initializable_iterator(dataset)
    train = mnist_training(tf, *iterator.get_next())
    sess = tf.Session(config=config)
    sess.run(tf.global_variables_initializer())
    sess.run(iterator.initializer, dict(zip(held, arrays)))
    return lambda: sess.run(train)


def shuffled_batches(tf: Any, config: Any) -> Step:
    """A batch of 128 rows of 784 and their labels, drawn from a buffer of 1000."""
    arrays = [np.concatenate(parts) for parts in zip(*digit_batches())]
    held = [tf.placeholder(array.dtype, array.shape) for array in arrays]
    dataset = tf.data.Dataset.from_tensor_slices(tuple(held)).shuffle(1000, seed=1).repeat().batch(128)
    iterator = tf.data.make_initializable_iterator(dataset)
    following = iterator.get_next()
    sess = tf.Session(config=config)
    sess.run(iterator.initializer, dict(zip(held, arrays)))
    return lambda: sess.run(following)


def mnist_training(tf: Any, images: Any, labels: Any) -> Any:
    weights1 = tf.Variable(tf.truncated_normal([784, 500], stddev=0.1, seed=1))
    biases1 = tf.Variable(tf.constant(0.1, shape=[500]))
    weights2 = tf.Variable(tf.truncated_normal([500, 10], stddev=0.1, seed=2))
    biases2 = tf.Variable(tf.constant(0.1, shape=[10]))
    scores = tf.matmul(tf.nn.relu(tf.matmul(images, weights1) + biases1), weights2) + biases2
    errors = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=scores, labels=tf.argmax(labels, 1))
    penalty = 0.0001 * (tf.nn.l2_loss(weights1) + tf.nn.l2_loss(weights2))
    loss = tf.add(tf.reduce_mean(errors), penalty, name="loss")
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.8, step, 550, 0.99)
    descend = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)
    with tf.control_dependencies([descend, tf.train.ExponentialMovingAverage(0.99, step).apply()]):
        train = tf.no_op(name="train")
    return train


def digit_batches() -> list[tuple[np.ndarray, np.ndarray]]:
    """Batches like those of MNIST: ten prototypes under much noise, four pixels in five black."""
    random = np.random.default_rng(0)
    prototypes = random.random((10, 784)) * (random.random((10, 784)) < 0.2)
    batches = []
    for _ in range(50):
        digits = random.integers(0, 10, 100)
        noise = random.random((100, 784)) * (random.random((100, 784)) < 0.2)
        pixels = np.where(random.random((100, 784)) < 0.2, prototypes[digits], noise)
        batches.append((pixels.astype(np.float32), np.eye(10, dtype=np.float32)[digits]))
    return batches


def lenet_step(tf: Any, config: Any) -> Step:
    """A training step of LeNet-5: batch 100, two convolutions with pooling, 512 and 10 units, dropout."""
    images = tf.placeholder(tf.float32, [100, 28, 28, 1])
    labels = tf.placeholder(tf.float32, [100, 10])

    def weights(*shape: int) -> Any:
        return tf.Variable(tf.truncated_normal(shape, stddev=0.1, seed=sum(shape)))

    hidden = images
    for depth in ((1, 32), (32, 64)):
        convolved = tf.nn.conv2d(hidden, weights(5, 5, *depth), strides=[1, 1, 1, 1], padding="SAME")
        hidden = tf.nn.relu(tf.nn.bias_add(convolved, tf.Variable(tf.zeros([depth[1]]))))
        hidden = tf.nn.max_pool(hidden, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    hidden = tf.reshape(hidden, [100, 7 * 7 * 64])
    weights1, weights2 = weights(7 * 7 * 64, 512), weights(512, 10)
    hidden = tf.nn.relu(tf.matmul(hidden, weights1) + tf.Variable(tf.constant(0.1, shape=[512])))
    scores = tf.matmul(tf.nn.dropout(hidden, 0.5, seed=1), weights2) + tf.Variable(tf.constant(0.1, shape=[10]))
    errors = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=scores, labels=tf.argmax(labels, 1))
    loss = tf.reduce_mean(errors) + 0.0001 * (tf.nn.l2_loss(weights1) + tf.nn.l2_loss(weights2))
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.01, step, 550, 0.99)
    descend = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)
    with tf.control_dependencies([descend, tf.train.ExponentialMovingAverage(0.99, step).apply()]):
        train = tf.no_op(name="train")
    sess = tf.Session(config=config)
    sess.run(tf.global_variables_initializer())
    feeds = itertools.cycle([{images: x.reshape(100, 28, 28, 1), labels: y} for x, y in digit_batches()])
    return lambda: sess.run(train, next(feeds))


def _saver(tf: Any, config: Any) -> tuple[Any, Any, str]:
    """400 MB of variables in a session, their saver, and where it saves."""
    for i in range(100):
        tf.get_variable(f"v{i}", [1024, 1024], initializer=tf.constant_initializer(float(i)))
    sess, saver = tf.Session(config=config), tf.train.Saver()
    for variable in tf.global_variables():
        sess.run(variable.initializer)
    folder = tempfile.mkdtemp(prefix="pyflow-bench-")
    atexit.register(shutil.rmtree, folder)
    return sess, saver, os.path.join(folder, "m")


def save(tf: Any, config: Any) -> Step:
    """Saving 400 MB of variables over the last checkpoint."""
    sess, saver, path = _saver(tf, config)
    return lambda: saver.save(sess, path, write_meta_graph=False)


def restore(tf: Any, config: Any) -> Step:
    """Restoring 400 MB of variables that have values."""
    sess, saver, path = _saver(tf, config)
    saver.save(sess, path, write_meta_graph=False)
    return lambda: saver.restore(sess, path)


CASES = {
    "mnist_step": Case(mnist_step, goal=0.8),
    "mnist_step_from_dataset": Case(mnist_step_from_dataset, goal=0.8),
    "shuffled_batches": Case(shuffled_batches, goal=1.0),
    "parsed_records": Case(parsed_records, goal=2.0),
    "distorted_photos": Case(distorted_photos, goal=1.25),
    "lenet_step": Case(lenet_step, goal=1.8),
    "scalar_add": Case(scalar_add, goal=0.1),
    "add_chain": Case(add_chain, goal=0.4),
    "sine_one_step": Case(sine_step(1, 10), goal=0.35),
    "sine_ten_steps": Case(sine_step(10, 1), goal=0.8),
    "lstm_layer": Case(lstm_layer, goal=0.7, seconds_long=True),
    "counting_loop": Case(counting_loop, goal=0.1),
    "save": Case(save, goal=1 / 0.7, seconds_long=True),
    "restore": Case(restore, goal=1 / 0.7, seconds_long=True),
    # Gradients over whole rows take TensorFlow most of a second.
    **{program.__name__: Case(program, goal=1.0, seconds_long=program is sentences) for program in PROGRAMS},
}
