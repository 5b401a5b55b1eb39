"""Layers with windows, and batch normalization, under TensorFlow 1.15.5; kept in window_layers.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools

import numpy as np
from layer_cases import collections, everything, rounded, waves
from state_cases import error

SEQUENCE = np.sin(np.arange(2 * 7 * 3, dtype=np.float32)).reshape(2, 7, 3)
IMAGES = np.sin(np.arange(2 * 6 * 5 * 3, dtype=np.float32)).reshape(2, 6, 5, 3)
VOLUMES = np.sin(np.arange(2 * 4 * 3 * 4 * 2, dtype=np.float32)).reshape(2, 4, 3, 4, 2)


def case_conv1d(tf):
    x = tf.placeholder_with_default(SEQUENCE, [None, None, 3])
    layer = functools.partial(tf.layers.conv1d, kernel_initializer=waves(tf))
    outputs = [
        layer(x, 2, 3),
        layer(x, 2, 2, strides=2, padding="same", activation=tf.nn.relu, name="named"),
        layer(tf.constant(SEQUENCE), 2, 3, dilation_rate=2, padding="SAME"),
        layer(x, 2, 3, padding="causal", use_bias=False),
        layer(x, 2, 2, name="named", reuse=True),
    ]
    return everything(tf, outputs)


def case_conv2d(tf):
    x = tf.placeholder_with_default(IMAGES, [None, 6, 5, 3])
    layer = functools.partial(tf.layers.conv2d, kernel_initializer=waves(tf))
    outputs = [
        layer(x, 2, 3, bias_initializer=tf.ones_initializer(), activation=tf.nn.relu),
        layer(x, 2, [2, 3], strides=(2, 1), padding="same", kernel_regularizer=tf.nn.l2_loss, name="named"),
        layer(x, 2, 3, use_bias=False, trainable=False),
    ]
    return everything(tf, outputs)


def case_conv2d_dilated(tf):
    layer = functools.partial(tf.layers.conv2d, kernel_initializer=waves(tf), kernel_size=3)
    known = tf.constant(IMAGES)
    unknown = tf.placeholder_with_default(IMAGES, [None, None, None, 3])
    outputs = [
        layer(known, 2, dilation_rate=2, padding="same"),
        layer(known, 2, dilation_rate=(1, 2)),
        layer(unknown, 2, dilation_rate=(2, 1), padding="same"),
    ]
    return everything(tf, outputs, with_nodes=False)


def case_conv2d_names(tf):
    x = tf.placeholder(tf.float32, [None, 3, 8, 8])
    outputs = [
        tf.layers.conv2d(x, 4, 3, data_format="channels_first"),
        tf.layers.conv2d(x, 4, 3, strides=2, padding="same", data_format="channels_first", use_bias=False),
        tf.layers.max_pooling2d(x, 2, 2, data_format="channels_first"),
        tf.layers.conv1d(x[:, :, 0], 4, 3, data_format="channels_first"),
        tf.layers.separable_conv2d(x, 4, 3, data_format="channels_first"),
    ]
    graph = [[o.name, o.type] for o in tf.get_default_graph().get_operations()]
    layers = [tf.layers.Conv2D(4, 3, padding="same"), tf.layers.Conv2DTranspose(4, 3, strides=2)]
    shapes = [str(layer.compute_output_shape([None, 8, 9, 3])) for layer in layers]
    return [graph, [[o.name, str(o.shape)] for o in outputs], shapes, collections(tf)]


def case_conv3d(tf):
    x = tf.placeholder_with_default(VOLUMES, [None, 4, 3, 4, 2])
    layer = functools.partial(tf.layers.conv3d, kernel_initializer=waves(tf))
    return everything(tf, [layer(x, 2, 2), layer(x, 3, (2, 1, 2), strides=2, padding="same", name="named")])


def case_separable(tf):
    settings = {"depthwise_initializer": waves(tf), "pointwise_initializer": waves(tf)}
    outputs = [
        tf.layers.separable_conv2d(tf.constant(IMAGES), 4, 3, depth_multiplier=2, **settings),
        tf.layers.separable_conv2d(tf.constant(IMAGES), 2, 2, padding="same", use_bias=False, name="named", **settings),
        tf.layers.separable_conv1d(tf.constant(SEQUENCE), 4, 3, activation=tf.nn.relu, **settings),
        tf.layers.separable_conv1d(tf.constant(SEQUENCE), 4, 2, strides=2, padding="same", **settings),
    ]
    return everything(tf, outputs)


def case_transposed(tf):
    images = tf.placeholder_with_default(IMAGES, [None, 6, 5, 3])
    settings = {"kernel_initializer": waves(tf)}
    outputs = [
        tf.layers.conv2d_transpose(images, 2, 3, strides=2, **settings),
        tf.layers.conv2d_transpose(tf.constant(IMAGES), 2, (2, 3), strides=(2, 1), padding="same", **settings),
        tf.layers.conv3d_transpose(tf.constant(VOLUMES), 2, 2, strides=(1, 2, 1), name="named", **settings),
    ]
    return everything(tf, outputs)


def case_pooling(tf):
    images = tf.placeholder_with_default(IMAGES, [None, 6, None, 3])
    outputs = [
        tf.layers.max_pooling2d(images, 2, 2),
        tf.layers.average_pooling2d(images, (3, 2), (1, 2), padding="same", name="named"),
        tf.layers.max_pooling1d(tf.constant(SEQUENCE), 2, 2),
        tf.layers.average_pooling1d(tf.constant(SEQUENCE), 3, 1, padding="same"),
        tf.layers.max_pooling3d(tf.constant(VOLUMES), 2, 2),
        tf.layers.average_pooling3d(tf.constant(VOLUMES), 2, 1, data_format="channels_first"),
    ]
    layer = tf.layers.MaxPooling2D(3, 2)
    return everything(tf, outputs) + [str(layer.compute_output_shape([None, 9, 8, 3]))]


def case_errors(tf):
    images, unknown = tf.constant(IMAGES), tf.placeholder(tf.float32, [None, 6, 5, None])
    return [
        error(tf.layers.conv2d, images, 2, (1, 2, 3)),
        error(tf.layers.conv2d, images, 2, "a"),
        error(tf.layers.conv2d, images, 2, [1.5, None]),
        error(tf.layers.conv2d, images, 2, 3, padding="other"),
        error(tf.layers.conv2d, images, 2, 3, padding="causal"),
        error(tf.layers.conv2d, images, 2, 3, data_format="other"),
        error(tf.layers.conv2d, images, 2, 3, strides=2, dilation_rate=2),
        error(tf.layers.conv2d, unknown, 2, 3),
        error(tf.layers.conv2d, tf.constant(SEQUENCE), 2, 3),
        error(tf.layers.max_pooling2d, images, 2, None),
        error(tf.layers.conv2d_transpose, unknown, 2, 3),
        error(tf.layers.batch_normalization, images, axis="a"),
        error(tf.layers.batch_normalization, images, axis=4),
        error(tf.layers.batch_normalization, images, axis=[1, -3]),
        error(tf.layers.batch_normalization, unknown),
        error(tf.layers.batch_normalization, images, renorm=True, renorm_clipping={"a": 1}),
        error(tf.layers.batch_normalization, images, virtual_batch_size=-1),
        error(tf.layers.batch_normalization, images, virtual_batch_size=2, axis=0),
    ]


def normalized(tf, x=IMAGES, shape=(None, 6, 5, 3), training=True, **arguments):
    """Nodes, and values before and after two steps of training, of a batch normalization."""
    x = tf.placeholder_with_default(x, shape)
    if training == "placeholder":
        training = tf.placeholder_with_default(True, [])
    settings = {"beta_initializer": tf.ones_initializer()}
    settings.update(arguments)
    y = tf.layers.batch_normalization(x, training=training, **settings)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    is_static = isinstance(training, bool)
    graph = [[o.name, o.type] for o in tf.get_default_graph().get_operations()] if is_static else []
    found = collections(tf)
    if not is_static:
        found["update_ops"] = len(found["update_ops"])
    gradient = tf.gradients(y * tf.constant(1.0 / np.arange(1, 4, dtype=np.float32)), x)[0] if x.shape[-1] == 3 else y
    variables = tf.global_variables()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = [session.run([y, gradient])]
        for _ in range(2):
            session.run(updates)
        values.append(session.run([y, gradient]))
        averages = session.run(variables)
    return [graph, found, rounded(values), rounded(averages)]


NORMALIZED = {
    "fused": {},
    "fused_inference": {"training": False},
    "fused_placeholder": {"training": "placeholder"},
    "fused_plain": {"center": False, "scale": False, "momentum": 0.5, "epsilon": 0.1, "name": "bn"},
    "unfused": {"fused": False},
    "unfused_inference": {"fused": False, "training": False},
    "unfused_placeholder": {"fused": False, "training": "placeholder"},
    "dense": {"x": SEQUENCE[:, :, 0].T.copy()[:, :2], "shape": (None, 2), "momentum": 0.9},
    "axis": {"axis": 1, "fused": False},
    "axes": {"axis": [1, 3]},
    "renorm": {"renorm": True, "renorm_clipping": {"rmax": 1.5, "rmin": 0.7, "dmax": 0.5}},
    "virtual": {"virtual_batch_size": 1, "fused": False},
    "volumes": {"x": VOLUMES, "shape": (2, 4, 3, 4, 2)},
    "frozen": {"trainable": False},
}


def case_batch_normalization_object(tf):
    layer = tf.layers.BatchNormalization(gamma_regularizer=tf.nn.l2_loss, name="norm")
    x = tf.constant(IMAGES)
    layer(x, training=True)
    layer(tf.constant(IMAGES * 2), training=True)
    layer.apply(x)
    return [
        [w.name for w in layer.trainable_weights],
        [w.name for w in layer.non_trainable_weights],
        [u.name for u in layer.updates],
        [u.name for u in layer.get_updates_for(x)],
        [u.name for u in layer.get_updates_for(None)],
        layer.count_params(),
        collections(tf),
    ]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
for _name, _arguments in NORMALIZED.items():
    CASES["batch_normalization_" + _name] = functools.partial(normalized, **_arguments)
