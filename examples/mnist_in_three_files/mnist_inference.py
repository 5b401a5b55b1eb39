"""The network: from images to scores of the digits. Training and evaluation build the same one with it.

Variables are made by `tf.get_variable`, so that their names depend on the scopes alone: that is how the evaluator
finds in a checkpoint what the trainer put there.
"""

import pyflow as tf

PIXELS = 28 * 28
HIDDEN = 500
DIGITS = 10


def make_layer(inputs, outputs, regularizer):
    """Weights and biases; the weights' penalty, if there is a regularizer, goes to the collection "losses"."""
    weights = tf.get_variable("weights", [inputs, outputs], initializer=tf.truncated_normal_initializer(stddev=0.1))
    biases = tf.get_variable("biases", [outputs], initializer=tf.constant_initializer(0.0))
    if regularizer is not None:
        tf.add_to_collection("losses", regularizer(weights))
    return weights, biases


def inference(images, regularizer=None):
    """The scores [batch, 10] for images [batch, 784]."""
    with tf.variable_scope("layer1"):
        weights, biases = make_layer(PIXELS, HIDDEN, regularizer)
        hidden = tf.nn.relu(tf.matmul(images, weights) + biases)
    with tf.variable_scope("layer2"):
        weights, biases = make_layer(HIDDEN, DIGITS, regularizer)
        return tf.matmul(hidden, weights) + biases
