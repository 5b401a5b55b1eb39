"""Section 6.4: LeNet-5, the convolutional network that reads digits, on MNIST.

    python examples/lenet5.py --data_dir=/tmp/mnist

Two convolutions find what is in the image, two poolings make its place matter less, two full layers decide. It prints
the shape that the image has after each layer and how many parameters the layer learns, then how the training goes, and
in the end the accuracy on the test images: more than 0.99 after the whole training.
"""

import time

import numpy as np

import pyflow as tf
from pyflow.examples.tutorials.mnist import input_data

SIZE = 28
DIGITS = 10
BATCH = 100

tf.flags.DEFINE_string("data_dir", "/tmp/mnist", "Where the four files of MNIST are, or are put.")
tf.flags.DEFINE_integer("steps", 10000, "How many batches of 100 images to learn from.")
tf.flags.DEFINE_integer("test_images", 10000, "How many images to test with.")
tf.flags.DEFINE_float(
    "learning_rate", 0.05, "The rate at first. With 0.8, good without convolutions, it learns nothing."
)
tf.flags.DEFINE_integer("seed", 1, "The same seed gives the same network.")
tf.flags.DEFINE_enum("device", "", ["", "cpu", "gpu"], "Where to compute; by default on the GPU if there is one.")
FLAGS = tf.flags.FLAGS


def make_variables(shape, bias):
    """Weights of this shape and a bias for each output: by names that depend on the scope alone."""
    weights = tf.get_variable("weight", shape, initializer=tf.truncated_normal_initializer(stddev=0.1))
    return weights, tf.get_variable("bias", shape[-1:], initializer=tf.constant_initializer(bias))


def convolve(images, size, channels):
    """Each filter looks at windows of size x size, over all of the channels; padding keeps the image's size."""
    weights, biases = make_variables([size, size, images.shape[-1].value, channels], bias=0.0)
    sums = tf.nn.conv2d(images, weights, strides=[1, 1, 1, 1], padding="SAME")
    return tf.nn.relu(tf.nn.bias_add(sums, biases))


def pool(images):
    """The largest of every 2 x 2: half the height, half the width."""
    return tf.nn.max_pool(images, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")


def connect(inputs, outputs, regularizer):
    """A full layer; it has most of the weights, so it's here that they are held small."""
    weights, biases = make_variables([inputs.shape[-1].value, outputs], bias=0.1)
    if regularizer is not None:
        tf.add_to_collection("losses", regularizer(weights))
    return tf.matmul(inputs, weights) + biases


def inference(images, train, regularizer=None):
    """The scores [batch, 10] of the digits, and the output of each layer by name. Drops units only in training."""
    layers = {"input": images}
    with tf.variable_scope("layer1-conv1"):
        layers["conv1"] = convolve(images, size=5, channels=32)
    with tf.name_scope("layer2-pool1"):
        layers["pool1"] = pool(layers["conv1"])
    with tf.variable_scope("layer3-conv2"):
        layers["conv2"] = convolve(layers["pool1"], size=5, channels=64)
    with tf.name_scope("layer4-pool2"):
        layers["pool2"] = pool(layers["conv2"])
    nodes = np.prod(layers["pool2"].shape.as_list()[1:])
    flat = tf.reshape(layers["pool2"], [-1, nodes])
    with tf.variable_scope("layer5-fc1"):
        layers["fc1"] = tf.nn.relu(connect(flat, 512, regularizer))
    hidden = tf.nn.dropout(layers["fc1"], keep_prob=0.5) if train else layers["fc1"]
    with tf.variable_scope("layer6-fc2"):
        layers["fc2"] = connect(hidden, DIGITS, regularizer)
    return layers["fc2"], layers


def describe(layers):
    """What each layer makes of an image, and how much it learns."""
    for name, layer in layers.items():
        learned = [v for v in tf.trainable_variables() if v.op.name.partition("/")[0].endswith(name)]
        print(f"{name}: {layer.shape.as_list()[1:]}, {sum(v.shape.num_elements() for v in learned)} parameters")


def make_training(images, labels, batches_per_epoch):
    """An op that learns from one batch, its loss, and the averages that it keeps of the variables."""
    scores, layers = inference(images, train=True, regularizer=tf.contrib.layers.l2_regularizer(0.0001))
    describe(layers)
    errors = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=scores, labels=tf.argmax(labels, 1))
    loss = tf.reduce_mean(errors) + tf.add_n(tf.get_collection("losses"))
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(FLAGS.learning_rate, step, batches_per_epoch, 0.99)
    descend = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)
    averages = tf.train.ExponentialMovingAverage(0.99, step)
    follow = averages.apply(tf.trainable_variables())
    return tf.group(descend, follow), loss, averages


def make_accuracy(images, labels, averages):
    """How many of the images are told right by the network without dropout, with the averages for variables."""

    def average(getter, *args, **kwargs):
        return averages.average(getter(*args, **kwargs))

    with tf.variable_scope(tf.get_variable_scope(), reuse=True, custom_getter=average):
        scores, _ = inference(images, train=False)
    right = tf.equal(tf.argmax(scores, 1), tf.argmax(labels, 1))
    return tf.reduce_mean(tf.cast(right, tf.float32))


def main(_):
    tf.set_random_seed(FLAGS.seed)
    # Each image comes as [28, 28, 1]: height, width, channels.
    mnist = input_data.read_data_sets(FLAGS.data_dir, one_hot=True, reshape=False, seed=FLAGS.seed)
    with tf.device(f"/{FLAGS.device}:0" if FLAGS.device else None):
        train(mnist)


def train(mnist):
    images = tf.placeholder(tf.float32, [None, SIZE, SIZE, 1], name="images")
    labels = tf.placeholder(tf.float32, [None, DIGITS], name="labels")
    learn, loss, averages = make_training(images, labels, mnist.train.num_examples / BATCH)
    accuracy = make_accuracy(images, labels, averages)

    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:

        def measure(given, answers, size=500):
            """The accuracy on many images, some at a time, so that they need little memory."""
            parts = [slice(first, first + size) for first in range(0, len(given), size)]
            return np.mean([sess.run(accuracy, {images: given[part], labels: answers[part]}) for part in parts])

        sess.run(tf.global_variables_initializer())
        start = time.time()
        for step in range(1, FLAGS.steps + 1):
            batch_images, batch_labels = mnist.train.next_batch(BATCH)
            _, cost = sess.run([learn, loss], {images: batch_images, labels: batch_labels})
            if step % 1000 == 0:
                found = measure(mnist.validation.images, mnist.validation.labels)
                seconds = time.time() - start
                print(f"step {step}: loss {cost:.4f}, validation accuracy {found:.4f}, {seconds:.0f} s", flush=True)
        found = measure(mnist.test.images[: FLAGS.test_images], mnist.test.labels[: FLAGS.test_images])
        print(f"step {FLAGS.steps}: test accuracy {found:.4f}")


if __name__ == "__main__":
    tf.app.run()
