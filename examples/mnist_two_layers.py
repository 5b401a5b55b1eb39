"""A network of one hidden layer learns the digits of MNIST: about 98 of 100 right after a minute.

    python examples/mnist_two_layers.py --data_dir=/tmp/mnist

Three helpers around plain gradient descent: the learning rate decays, the weights are held small (L2), and the answers
are given by a moving average of the weights, which is steadier than the weights themselves.
"""

import time

import pyflow as tf
from pyflow.examples.tutorials.mnist import input_data

PIXELS = 28 * 28
HIDDEN = 500
DIGITS = 10
BATCH = 100

tf.flags.DEFINE_string("data_dir", "/tmp/mnist", "Where the four files of MNIST are, or are put.")
tf.flags.DEFINE_integer("steps", 15000, "How many batches of 100 images to learn from.")
tf.flags.DEFINE_integer("seed", 1, "The same seed gives the same network.")
tf.flags.DEFINE_enum("device", "", ["", "cpu", "gpu"], "Where to compute; by default on the GPU if there is one.")
FLAGS = tf.flags.FLAGS


def make_layers():
    """Weights and biases of both layers, small and random at first so that the units differ."""
    layers = []
    for inputs, outputs in [(PIXELS, HIDDEN), (HIDDEN, DIGITS)]:
        weights = tf.Variable(tf.truncated_normal([inputs, outputs], stddev=0.1), name="weights")
        biases = tf.Variable(tf.constant(0.1, shape=[outputs]), name="biases")
        layers.append((weights, biases))
    return layers


def classify(images, layers, read=lambda variable: variable):
    """The scores [batch, 10] of the digits; `read` may put something in the place of each variable."""
    (weights1, biases1), (weights2, biases2) = layers
    hidden = tf.nn.relu(tf.matmul(images, read(weights1)) + read(biases1))
    return tf.matmul(hidden, read(weights2)) + read(biases2)


def make_training(scores, labels, layers, batches_per_epoch):
    """An op that learns from one batch, and the function that reads a variable's moving average."""
    step = tf.train.get_or_create_global_step()
    errors = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=scores, labels=tf.argmax(labels, 1))
    penalty = tf.contrib.layers.l2_regularizer(0.0001)
    loss = tf.reduce_mean(errors) + sum(penalty(weights) for weights, _ in layers)
    rate = tf.train.exponential_decay(0.8, step, batches_per_epoch, 0.99)
    descend = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)
    averages = tf.train.ExponentialMovingAverage(0.99, step)
    follow = averages.apply(tf.trainable_variables())
    return tf.group(descend, follow), averages.average


def main(_):
    tf.set_random_seed(FLAGS.seed)
    mnist = input_data.read_data_sets(FLAGS.data_dir, one_hot=True)
    with tf.device(f"/{FLAGS.device}:0" if FLAGS.device else None):
        train(mnist)


def train(mnist):
    images = tf.placeholder(tf.float32, [None, PIXELS], name="images")
    labels = tf.placeholder(tf.float32, [None, DIGITS], name="labels")
    layers = make_layers()
    learn, average = make_training(
        classify(images, layers), labels, layers, batches_per_epoch=mnist.train.num_examples / BATCH
    )
    right = tf.equal(tf.argmax(classify(images, layers, average), 1), tf.argmax(labels, 1))
    accuracy = tf.reduce_mean(tf.cast(right, tf.float32))

    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
        sess.run(tf.global_variables_initializer())
        start = time.time()
        for step in range(FLAGS.steps):
            if step % 1000 == 0:
                feed = {images: mnist.validation.images, labels: mnist.validation.labels}
                print(f"step {step:5d}: validation accuracy {sess.run(accuracy, feed):.4f}", flush=True)
            batch_images, batch_labels = mnist.train.next_batch(BATCH)
            sess.run(learn, {images: batch_images, labels: batch_labels})
        seconds = time.time() - start
        feed = {images: mnist.test.images, labels: mnist.test.labels}
        print(f"step {FLAGS.steps:5d}: test accuracy {sess.run(accuracy, feed):.4f}, after {seconds:.0f} s")


if __name__ == "__main__":
    tf.app.run()
