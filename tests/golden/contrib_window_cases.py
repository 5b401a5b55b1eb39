"""tf.contrib.layers' convolutions, pooling and batch_norm under TensorFlow 1.15.5; kept in contrib_windows.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools

import numpy as np
from contrib_layer_cases import extra
from layer_cases import collections, everything, rounded, waves
from state_cases import error
from window_layer_cases import IMAGES, SEQUENCE, VOLUMES


def case_convolutions(tf):
    layers = tf.contrib.layers
    x = tf.placeholder_with_default(IMAGES, [None, 6, 5, 3])
    weights = {"weights_initializer": waves(tf)}
    outputs = [
        layers.conv2d(
            x,
            2,
            3,
            weights_regularizer=layers.l2_regularizer(0.1),
            variables_collections=["mine"],
            outputs_collections="ends",
            **weights,
        ),
        layers.conv2d(x, 2, [2, 3], stride=2, padding="VALID", scope="named", activation_fn=None, **weights),
        layers.conv2d(x, 2, 3, normalizer_fn=layers.batch_norm, normalizer_params={"is_training": False}, **weights),
        layers.convolution(tf.constant(SEQUENCE), 2, 3, biases_initializer=None, **weights),
        layers.conv1d(tf.constant(SEQUENCE), 2, 3, **weights),
        layers.conv3d(tf.constant(VOLUMES), 2, 2, **weights),
        layers.conv2d_transpose(tf.constant(IMAGES[:1]), 2, 3, **weights),
        layers.conv2d_in_plane(x, 3, **weights),
        layers.separable_conv2d(x, 4, 3, depth_multiplier=2, **weights),
        layers.separable_conv2d(x, None, 3, depth_multiplier=2, stride=2, scope="deep", **weights),
        layers.conv2d(x, 2, [2, 3], stride=2, padding="VALID", scope="named", reuse=True, **weights),
    ]
    return [extra(tf, "mine", "ends", "model_variables")] + everything(tf, outputs)


def case_conv3d_transpose(tf):
    weights = {"weights_initializer": waves(tf)}
    y = tf.contrib.layers.conv3d_transpose(tf.constant(VOLUMES), 2, 2, stride=2, **weights)
    return everything(tf, y, with_nodes=False)[1:]


def case_dilated(tf):
    weights = {"weights_initializer": waves(tf)}
    return everything(tf, tf.contrib.layers.conv2d(tf.constant(IMAGES), 2, 3, rate=2, **weights), with_nodes=False)


def case_pooling(tf):
    layers = tf.contrib.layers
    x = tf.placeholder_with_default(IMAGES, [None, 6, 5, 3])
    outputs = [
        layers.max_pool2d(x, 2, outputs_collections="ends"),
        layers.avg_pool2d(x, [3, 2], stride=1, padding="SAME", scope="named"),
        layers.max_pool3d(tf.constant(VOLUMES), 2),
        layers.avg_pool3d(tf.constant(VOLUMES), 2, 1),
        tf.contrib.slim.pool(x, 2, "MAX", stride=2),
        tf.contrib.slim.pool(tf.constant(SEQUENCE), 3, "AVG", padding="SAME", scope="seq"),
    ]
    return [extra(tf, "ends")] + everything(tf, outputs)


def case_arg_scope(tf):
    layers, framework = tf.contrib.layers, tf.contrib.framework
    x = tf.constant(IMAGES)
    with framework.arg_scope(
        [layers.conv2d, layers.fully_connected], weights_initializer=waves(tf), activation_fn=None
    ):
        with framework.arg_scope([layers.conv2d], padding="VALID", outputs_collections="ends") as scope:
            first = layers.conv2d(x, 2, 3)
            second = layers.repeat(x, 2, layers.conv2d, 2, [2, 2], scope="conv")
        third = layers.fully_connected(layers.flatten(first), 2)
    with framework.arg_scope(scope):
        fourth = layers.conv2d(x, 2, 2, scope="last")
    return [extra(tf, "ends")] + everything(tf, [first, second, third, fourth], with_nodes=False)


def case_errors(tf):
    layers = tf.contrib.layers
    x = tf.constant(IMAGES)
    return [
        error(layers.conv2d, x, 2, 3, data_format="other"),
        error(layers.conv2d, tf.constant(SEQUENCE), 2, 3),
        error(layers.convolution, tf.constant([[1.0]]), 2, 3),
        error(layers.conv2d_transpose, x, 2, 3, data_format="other"),
        error(layers.max_pool2d, x, 2, data_format="other"),
        error(layers.max_pool3d, tf.constant(VOLUMES), 2, data_format="NHWC"),
        error(layers.batch_norm, x, data_format="other"),
        error(layers.batch_norm, tf.placeholder(tf.float32, [None, 2, 2, None])),
        error(layers.batch_norm, tf.placeholder(tf.float32, [None, None])),
        error(layers.batch_norm, x, renorm=True, batch_weights=[1.0, 1.0]),
        error(tf.contrib.slim.pool, tf.constant([[1.0]]), 2, "MAX"),
    ]


def normalized(tf, x=IMAGES, is_training=True, **arguments):
    x = tf.placeholder_with_default(x, (None,) + x.shape[1:])
    static = isinstance(is_training, bool)
    if not static:
        is_training = tf.placeholder_with_default(True, [])
    y = tf.contrib.layers.batch_norm(x, is_training=is_training, outputs_collections="ends", **arguments)
    key = arguments.get("updates_collections", tf.GraphKeys.UPDATE_OPS)
    updates = tf.get_collection(key) if key else [y]
    graph = [[o.name, o.type] for o in tf.get_default_graph().get_operations()] if static else []
    found = [collections(tf), extra(tf, "ends", "model_variables", "mine")] if static else []
    variables = tf.global_variables()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = [session.run(y)]
        for _ in range(2):
            session.run(updates)
        values.append(session.run(y))
        averages = session.run(variables)
    return [graph, found, rounded(values), rounded(averages)]


NORMALIZED = {
    "plain": {"decay": 0.9},
    "inference": {"is_training": False, "scale": True},
    "placeholder": {"is_training": None, "decay": 0.5},
    "in_place": {"updates_collections": None, "decay": 0.5},
    "in_place_placeholder": {"updates_collections": None, "decay": 0.5, "is_training": None},
    "other_collection": {"updates_collections": "mine", "decay": 0.5, "scope": "bn", "scale": True},
    "dense": {"x": IMAGES[:, :, 0, 0], "decay": 0.5, "variables_collections": ["mine"]},
    "debiased": {"zero_debias_moving_mean": True, "decay": 0.5},
    "unfused": {"fused": False, "decay": 0.5, "center": False},
    "unfused_in_place": {"fused": False, "decay": 0.5, "updates_collections": None},
    "unfused_other": {"fused": False, "decay": 0.5, "updates_collections": "mine", "is_training": None},
    "channels_first": {"fused": False, "data_format": "NCHW", "updates_collections": None, "scale": True, "decay": 0.5},
    "weighted": {"batch_weights": np.array([1.0, 2.0], np.float32), "decay": 0.5},
    "renorm": {"renorm": True, "renorm_decay": 0.8, "decay": 0.5},
    "volumes": {"x": VOLUMES, "decay": 0.5},
}

CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
for _name, _arguments in NORMALIZED.items():
    CASES["batch_norm_" + _name] = functools.partial(normalized, **_arguments)
