"""Small networks of tf.layers, tf.contrib.layers and slim that are trained and saved: kept in nets.json.

`make_nets.py` writes that file with TensorFlow 1.15.5. Runs under Python 3.7 as well:

python tests/golden/net_cases.py tensorflow NAME PREFIX

prints what the network that is saved at PREFIX makes of the images.
"""

import hashlib
import importlib
import json
import os
import sys

import numpy as np

RNG = np.random.RandomState(3)
IMAGES = RNG.uniform(-1, 1, [2, 112, 112, 3]).astype(np.float32)
LABELS = np.array([1, 3])


def plain_layers(tf, images, training):
    """Functions and objects of tf.layers, with the names they choose and with names given, one used twice."""
    layers = tf.layers
    net = layers.conv2d(images[:, ::4, ::4], 4, 3, strides=2, padding="same")
    net = tf.nn.relu(layers.batch_normalization(net, training=training))
    with tf.variable_scope("inner"):
        net = layers.separable_conv2d(net, 5, 3, depth_multiplier=2, activation=tf.nn.relu)
        net = layers.conv2d(net, 4, 3, padding="same", use_bias=False, name="mine")
        net = layers.batch_normalization(net, training=training, scale=False)
    net = layers.max_pooling2d(net, 2, 2)
    net = layers.conv2d_transpose(net, 3, 3, strides=2)
    twice = layers.Conv2D(3, 3, padding="same", name="twice")
    net = tf.nn.relu(twice(twice(net)))
    columns = layers.conv1d(tf.reduce_mean(net, 1), 4, 3, activation=tf.tanh)
    net = layers.dense(layers.flatten(net), 8, activation=tf.nn.relu)
    net = layers.dropout(net, 0.0, training=training)
    return layers.dense(tf.concat([net, layers.flatten(columns)], 1), 4)


def contrib_layers(tf, images, training):
    """A network in slim's manner."""
    slim, contrib = tf.contrib.slim, tf.contrib.layers
    normalizer = {"is_training": training, "decay": 0.9, "scale": True}
    with slim.arg_scope(
        [slim.conv2d, slim.separable_conv2d],
        normalizer_fn=slim.batch_norm,
        normalizer_params=normalizer,
        weights_regularizer=slim.l2_regularizer(0.001),
    ):
        net = slim.conv2d(images[:, ::4, ::4], 4, [3, 3], stride=2)
        net = slim.repeat(net, 2, slim.conv2d, 3, [3, 3], scope="repeated")
        net = slim.separable_conv2d(net, 5, [3, 3], 1, scope="parted")
        net = slim.stack(net, slim.conv2d, [(3, [1, 1]), (4, [3, 3])])
    net = slim.conv2d_transpose(slim.max_pool2d(net, [2, 2]), 3, [3, 3], 2)
    net = contrib.layer_norm(net)
    net = contrib.instance_norm(net)
    net = slim.dropout(slim.flatten(slim.avg_pool2d(net, [2, 2])), 1.0)
    net = slim.fully_connected(net, 6, scope="full")
    return slim.linear(net, 4)


def nets(tf, name):
    assert tf.contrib.slim  # its modules are there once it has been loaded
    if tf.__name__ == "pyflow":
        return getattr(tf.contrib.slim.nets, name)
    return importlib.import_module("tensorflow.contrib.slim.python.slim.nets." + name)


def inception_v3(tf, images, training):
    module = nets(tf, "inception")
    with tf.contrib.slim.arg_scope(module.inception_v3_arg_scope(batch_norm_decay=0.9)):
        return module.inception_v3(
            images, 4, is_training=training, depth_multiplier=0.01, min_depth=2, dropout_keep_prob=1.0
        )[0]


def resnet_v2(tf, images, training):
    module, parts = nets(tf, "resnet_v2"), nets(tf, "resnet_utils")
    unit = {"depth": 8, "depth_bottleneck": 2, "stride": 1}
    blocks = [
        parts.Block("block1", module.bottleneck, [unit, dict(unit, stride=2)]),
        parts.Block("block2", module.bottleneck, [dict(unit, depth=12), dict(unit, depth=12)]),
    ]
    with tf.contrib.slim.arg_scope(parts.resnet_arg_scope(batch_norm_decay=0.9)):
        # Of the root block, 64 channels, it needs but the half that comes after it.
        net, _ = module.resnet_v2(
            images[:, ::4, ::4], blocks, 4, is_training=training, include_root_block=False, scope="small"
        )
    return tf.squeeze(net, [1, 2])


NETS = {f.__name__: f for f in (plain_layers, contrib_layers, inception_v3, resnet_v2)}


def build(tf, name):
    """A graph for training, and for use with the same variables: fetches by name."""
    images, labels = tf.constant(IMAGES), tf.constant(LABELS)
    with tf.variable_scope("net"):
        scores = NETS[name](tf, images, True)
        tf.losses.sparse_softmax_cross_entropy(labels, scores)
        loss = tf.losses.get_total_loss()
        step = tf.train.get_or_create_global_step()
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss, global_step=step)
    with tf.variable_scope("net", reuse=True):
        outputs = NETS[name](tf, images, False)
    return {"loss": loss, "train": train, "outputs": outputs}


def learn(sess, fetches, steps):
    return [float(sess.run([fetches["loss"], fetches["train"]])[0]) for _ in range(steps)]


def variables(tf):
    return [[v.op.name, v.shape.as_list()] for v in tf.global_variables()]


def nodes(tf):
    """Of the forward graph for training, names and types, TensorFlow's two kinds of addition counted as one."""
    operations = tf.get_default_graph().get_operations()
    return [o.name + " " + o.type.replace("AddV2", "Add") for o in operations]


def digest(items):
    return [len(items), hashlib.sha256(json.dumps(items).encode()).hexdigest()]


def outputs_of(tf, name, prefix):
    """What the network makes of the images when its variables are restored."""
    with tf.Graph().as_default(), tf.Session() as sess:
        fetches = build(tf, name)
        tf.train.Saver().restore(sess, prefix)
        return sess.run(fetches["outputs"]).tolist()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _, _module, _name, _prefix = sys.argv
    print(json.dumps(outputs_of(importlib.import_module(_module), _name, _prefix)))
