"""Section 6.4, after LeNet-5: AlexNet and VGG-16, and how long they take forwards and backwards, on random images.

    python examples/convnet_timing.py --network=alexnet --batch=32
    python examples/convnet_timing.py --network=vgg16 --batch=4
    python examples/convnet_timing.py --network=vgg16 --size=64 --width=0.25

Both are what LeNet-5 is, convolutions and poolings and then full layers, only larger; here AlexNet is written with
tf.nn, VGG-16 with slim. Nothing is learnt: programs like this one compare machines and libraries. It prints the shape
after each layer, the number of parameters, and the time of a step: mean and standard deviation.
"""

import time

import numpy as np

import pyflow as tf

slim = tf.contrib.slim

tf.flags.DEFINE_enum("network", "alexnet", ["alexnet", "vgg16"], "Which of the two.")
tf.flags.DEFINE_integer("batch", 32, "How many images a step has.")
tf.flags.DEFINE_integer("size", 224, "Height and width of the images.")
tf.flags.DEFINE_integer("classes", 1000, "How many things the network tells apart.")
tf.flags.DEFINE_float("width", 1.0, "What the units of each layer are multiplied by.")
tf.flags.DEFINE_integer("steps", 10, "How many steps are timed, after two that are not.")
FLAGS = tf.flags.FLAGS


def wide(units):
    return max(1, int(units * FLAGS.width))


def make_variables(shape):
    weights = tf.get_variable("weights", shape, initializer=tf.truncated_normal_initializer(stddev=0.05))
    return weights, tf.get_variable("biases", shape[-1:], initializer=tf.zeros_initializer())


def alexnet(images, keep_prob):
    """The scores of each class, and the layers. Krizhevsky and others, 2012, in the form for one device of 2014."""
    layers = [images]

    def convolve(name, units, size, stride=1):
        with tf.variable_scope(name):
            weights, biases = make_variables([size, size, layers[-1].shape[-1].value, units])
            sums = tf.nn.conv2d(layers[-1], weights, strides=[1, stride, stride, 1], padding="SAME")
            layers.append(tf.nn.relu(tf.nn.bias_add(sums, biases), name="relu"))

    def normalize_and_pool(name, normalize=True):
        net = layers[-1]
        if normalize:  # Each unit is damped by those of the four channels on either side.
            net = tf.nn.lrn(net, depth_radius=4, bias=1.0, alpha=0.001 / 9, beta=0.75)
        layers.append(tf.nn.max_pool(net, ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="VALID", name=name))

    def connect(name, units, activation):
        with tf.variable_scope(name):
            net = slim.flatten(layers[-1])
            net = tf.nn.xw_plus_b(net, *make_variables([net.shape[-1].value, units]), name="sums")
            layers.append(net if activation is None else tf.nn.dropout(activation(net), keep_prob=keep_prob))

    convolve("conv1", wide(64), size=11, stride=4)
    normalize_and_pool("pool1")
    convolve("conv2", wide(192), size=5)
    normalize_and_pool("pool2")
    convolve("conv3", wide(384), size=3)
    convolve("conv4", wide(384), size=3)
    convolve("conv5", wide(256), size=3)
    normalize_and_pool("pool5", normalize=False)
    connect("fc6", wide(4096), tf.nn.relu)
    connect("fc7", wide(4096), tf.nn.relu)
    connect("fc8", FLAGS.classes, None)
    return layers[-1], layers


def vgg16(images, keep_prob):
    """The scores of each class, and the layers. Simonyan and Zisserman, 2014: up to three windows of 3 x 3 in a row."""
    layers = [images]
    with slim.arg_scope([slim.conv2d, slim.fully_connected], weights_regularizer=slim.l2_regularizer(0.0005)):
        for part, (count, units) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], 1):
            layers.append(slim.repeat(layers[-1], count, slim.conv2d, wide(units), [3, 3], scope=f"conv{part}"))
            layers.append(slim.max_pool2d(layers[-1], [2, 2], scope=f"pool{part}"))
        net = slim.flatten(layers[-1])
        for name in ["fc6", "fc7"]:
            layers.append(slim.fully_connected(net, wide(4096), scope=name))
            net = slim.dropout(layers[-1], keep_prob)
        layers.append(slim.fully_connected(net, FLAGS.classes, activation_fn=None, scope="fc8"))
    return layers[-1], layers


def time_steps(sess, fetch, title, feeds):
    """Prints how long it takes to compute `fetch`. The first two steps, which plan and warm up, don't count."""
    seconds = []
    for step in range(FLAGS.steps + 2):
        start = time.perf_counter()
        sess.run(fetch, feeds)
        if step >= 2:
            seconds.append(time.perf_counter() - start)
    print(f"{title}: {FLAGS.steps} steps, {np.mean(seconds):.3f} +/- {np.std(seconds):.3f} s a step", flush=True)


def main(_):
    images = tf.Variable(tf.random_normal([FLAGS.batch, FLAGS.size, FLAGS.size, 3], stddev=0.1), trainable=False)
    labels = tf.Variable(tf.random_uniform([FLAGS.batch], maxval=FLAGS.classes, dtype=tf.int32), trainable=False)
    keep_prob = tf.placeholder_with_default(1.0, [], name="keep_prob")
    scores, layers = {"alexnet": alexnet, "vgg16": vgg16}[FLAGS.network](images, keep_prob)
    for layer in layers:
        print(f"{layer.op.name}: {layer.shape.as_list()[1:]}")
    print(f"{sum(v.shape.num_elements() for v in tf.trainable_variables())} parameters", flush=True)
    tf.losses.sparse_softmax_cross_entropy(labels, scores)
    loss = tf.losses.get_total_loss()  # with what slim's regularizer adds
    gradients = tf.gradients(loss, tf.trainable_variables())

    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        print(f"loss {sess.run(loss):.4f}")
        time_steps(sess, scores.op, "forward", {})
        time_steps(sess, gradients, "forward and backward", {keep_prob: 0.5})


if __name__ == "__main__":
    tf.app.run()
