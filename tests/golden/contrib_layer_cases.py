"""tf.contrib.layers under TensorFlow 1.15.5: variables, nodes, values, errors; kept in contrib_layers.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools
import importlib

import numpy as np
from layer_cases import X, everything, rounded, waves
from state_cases import error

IMAGES = np.sin(np.arange(2 * 3 * 4 * 6, dtype=np.float32)).reshape(2, 3, 4, 6)


def extra(tf, *keys):
    return {key: [x.name for x in tf.get_collection(key)] for key in keys}


def case_fully_connected(tf):
    layers = tf.contrib.layers
    x = tf.placeholder_with_default(X, [None, 4])
    weights = {"weights_initializer": waves(tf)}
    first = layers.fully_connected(
        x,
        3,
        weights_regularizer=layers.l2_regularizer(0.5),
        biases_initializer=tf.ones_initializer(),
        variables_collections={"weights": ["my_weights"], "biases": ["my_biases"]},
        outputs_collections="ends",
        **weights,
    )
    second = layers.linear(first, 2, scope="named", variables_collections=["all"], **weights)
    third = layers.relu(x, 2, scope="third", biases_initializer=None, **weights)
    again = layers.linear(first, 2, scope="named", reuse=True, **weights)
    fourth = layers.fully_connected(
        x, 3, activation_fn=None, normalizer_fn=layers.bias_add, normalizer_params={"scope": "norm"}, **weights
    )
    found = extra(tf, "my_weights", "my_biases", "all", "ends", "model_variables")
    return [found, first.aliases] + everything(tf, [second, third, again, fourth])


def case_legacy(tf):
    layers = tf.contrib.layers
    weights = {"weight_init": waves(tf)}
    first = layers.legacy_fully_connected(tf.constant(X), 3, bias_init=tf.ones_initializer(), **weights)
    x = tf.placeholder_with_default(X.reshape(3, 2, 2), [None, 2, 2])
    second = layers.legacy_relu(x, 2, name="mine", weight_collections=["w"], output_collections=None, **weights)
    return [extra(tf, "weights", "biases", "activations", "w")] + everything(tf, [first, second])


def case_normalisations(tf):
    layers = tf.contrib.layers
    x = tf.placeholder_with_default(IMAGES, [None, 3, 4, 6])
    outputs = [
        layers.layer_norm(x, activation_fn=tf.nn.relu),
        layers.layer_norm(tf.constant(X), center=False, scope="ln"),
        layers.layer_norm(x, begin_norm_axis=-1, begin_params_axis=-2),
        layers.instance_norm(x),
        layers.instance_norm(
            tf.constant(IMAGES), data_format="NCHW", param_initializers={"beta": tf.ones_initializer()}
        ),
        layers.group_norm(x, groups=2),
        layers.group_norm(x, groups=3, scale=False, mean_close_to_zero=True),
        layers.group_norm(tf.constant(IMAGES), groups=1, channels_axis=1, reduction_axes=(-2, -1)),
        layers.unit_norm(x, 3),
        layers.unit_norm(x, 1, scope="first"),
    ]
    return everything(tf, outputs)


def case_plain(tf):
    layers = tf.contrib.layers
    x = tf.placeholder_with_default(IMAGES, [None, 3, 4, 6])
    outputs = [
        layers.flatten(x, outputs_collections="ends"),
        layers.flatten(tf.constant(IMAGES), scope="flat"),
        layers.one_hot_encoding(tf.constant([1, 0, 2]), 3),
        layers.one_hot_encoding([1, 0], 2, on_value=2.0, off_value=-1.0, scope="codes"),
        layers.softmax(x),
        layers.bias_add(x, initializer=tf.ones_initializer(), activation_fn=tf.nn.relu),
        layers.maxout(x, 3),
        layers.maxout(x, 2, axis=-1, scope="m"),
        layers.dropout(x, 0.5, seed=7),
        layers.dropout(x, 0.5, is_training=False, scope="off"),
        layers.dropout(x, 0.5, is_training=tf.constant(False)),
    ]
    sparse = layers.dense_to_sparse([[1, 0], [2, 3]])
    return [extra(tf, "ends")] + everything(tf, outputs + [sparse.indices, sparse.values, sparse.dense_shape])


def case_repeat_and_stack(tf):
    layers = tf.contrib.layers
    weights = {"weights_initializer": waves(tf)}
    x = tf.constant(X)
    partial = functools.partial(layers.fully_connected, activation_fn=tf.nn.tanh)
    outputs = [
        layers.repeat(x, 2, layers.fully_connected, 4, **weights),
        layers.repeat(x, 2, partial, 4, scope="again", **weights),
        layers.stack(x, layers.fully_connected, [3, 2], **weights),
        layers.stack(x, layers.fully_connected, [[3, tf.nn.tanh], [2, None]], scope="s", **weights),
    ]
    return everything(tf, outputs, with_nodes=False) + [error(layers.stack, x, layers.linear, 3)]


def case_embeddings(tf):
    layers = tf.contrib.layers
    ids = tf.constant([[1, 2, 0], [4, 1, 1]])
    outputs = [
        layers.embed_sequence(ids, 5, 3, initializer=waves(tf), scope="emb"),
        layers.embed_sequence(ids, scope="emb", reuse=True, unique=True),
        layers.embed_sequence(ids, 6, 2, initializer=waves(tf)),
        layers.bow_encoder(ids, 5, 2, sparse_lookup=False, initializer=waves(tf)),
        layers.embedding_lookup_unique(tf.constant(X), ids[:, 1:] % 3),
    ]
    refused = [error(layers.embed_sequence, ids), error(layers.bow_encoder, ids, 0, 3)]
    return everything(tf, outputs) + refused


def case_bow_encoder(tf):
    ids = tf.constant([[1, 2, 0], [4, 1, 1]])
    outputs = tf.contrib.layers.bow_encoder(ids, 5, 2, initializer=waves(tf))
    return everything(tf, outputs, with_nodes=False)[1:]


def case_images(tf):
    layers = tf.contrib.layers
    x = tf.placeholder_with_default(IMAGES, [None, None, 4, 6])
    sequence = layers.images_to_sequence(x)
    outputs = [
        sequence,
        layers.sequence_to_images(layers.images_to_sequence(tf.constant(IMAGES)), 3),
        layers.sequence_to_images(sequence, 3, output_data_format="channels_first"),
        layers.spatial_softmax(x),
        layers.spatial_softmax(tf.constant(IMAGES), temperature=0.5, data_format="NCHW", trainable=False, name="s"),
    ]
    return everything(tf, outputs)


def case_summaries(tf):
    layers = tf.contrib.layers
    x = tf.constant(X, name="x")
    for activation in (tf.nn.relu, tf.nn.relu6, tf.nn.tanh):
        tf.add_to_collection(tf.GraphKeys.ACTIVATIONS, activation(x))
    layers.summarize_activations()
    layers.summarize_tensor(tf.reduce_sum(x))
    layers.summarize_tensor(x, "tagged")
    result = [layers.summarize_tensor(tf.constant("a")), layers.summarize_tensor(tf.constant(True))]
    tf.Variable(X, name="v")
    tf.Variable(X, name="other")
    layers.summarize_collection("variables", name_filter="v")
    layers.summarize_tensors([x, x])
    return result + everything(tf, x) + [extra(tf, "summaries")]


def optimizers(tf):
    assert tf.contrib.layers  # its modules are there once it has been loaded
    return importlib.import_module(tf.__name__ + ".contrib.layers.python.layers.optimizers")


def optimized(tf, **arguments):
    v = tf.get_variable("v", initializer=np.array([1.0, -2.0, 3.0], np.float32))
    w = tf.get_variable("w", initializer=np.float32(0.5))
    step = tf.train.get_or_create_global_step()
    loss = tf.reduce_sum(v * v) * w
    count = tf.Variable(0.0, trainable=False, name="count")
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign_add(count, 1.0, name="counted"))
    given = {"global_step": step, "learning_rate": 0.1, "optimizer": "SGD"}
    given.update(arguments)
    for key, value in list(given.items()):
        if callable(value) and getattr(value, "of_module", False):
            given[key] = value(tf)
    train = tf.contrib.layers.optimize_loss(loss, **given)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(train)
        values = session.run([v, w, step, count])
    tags = sorted(t.op.node_def.name for t in tf.get_collection("summaries"))
    names = [
        o.name for o in tf.get_default_graph().get_operations() if o.type[:5] == "Apply" or o.name[:8] == "Optimize"
    ]
    return [rounded(values), train.name, tags, [x.name for x in tf.global_variables()], names]


def of_module(function):
    function.of_module = True
    return function


OPTIMIZED = {
    "plain": {},
    "adam": {"optimizer": "Adam", "summaries": ["loss", "gradients", "gradient_norm", "global_gradient_norm"]},
    "momentum": {"optimizer": "Momentum", "clip_gradients": 1.5, "name": "mine"},
    "class": {"optimizer": of_module(lambda tf: tf.train.AdagradOptimizer)},
    "object": {"optimizer": of_module(lambda tf: tf.train.FtrlOptimizer(0.2)), "learning_rate": None},
    "function": {"optimizer": of_module(lambda tf: lambda lr: tf.train.RMSPropOptimizer(lr * 2)), "global_step": None},
    "multipliers": {"gradient_multipliers": {"w:0": 0.0}, "increment_global_step": False, "summaries": []},
    "decay": {
        "learning_rate_decay_fn": of_module(lambda tf: lambda lr, n: tf.train.exponential_decay(lr, n, 1, 0.5)),
    },
    "adaptive": {
        "clip_gradients": of_module(
            lambda tf: optimizers(tf).adaptive_clipping_fn(
                decay=0.5, static_max_norm=3.0, report_summary=True, global_step=tf.train.get_global_step()
            )
        )
    },
}


def case_optimize_loss_errors(tf):
    v = tf.get_variable("v", initializer=np.float32(0.5))
    loss, step = v * v, tf.train.get_or_create_global_step()
    optimize = tf.contrib.layers.optimize_loss
    return [
        error(optimize, loss, step, None, "SGD"),
        error(optimize, loss, step, 0.1, "other"),
        error(optimize, loss, step, 1, "SGD"),
        error(optimize, loss, step, 0.1, "SGD", summaries=["x"]),
        error(optimize, loss, step, 0.1, "SGD", clip_gradients="1"),
        error(optimize, loss, step, 0.1, lambda lr: 3)[0],
        error(optimize, loss, step, 0.1, 3),
        error(optimize, [1.0, 2.0], step, 0.1, "SGD")[0],
    ]


def case_divisive_normalization(tf):
    layers = tf.contrib.layers
    x = tf.constant(IMAGES)
    outputs = [layers.gdn(x), layers.gdn(x, inverse=True, name="back", gamma_init=0.3)]
    outputs.append(tf.gradients(outputs[0], [x])[0])
    variables = tf.trainable_variables()
    outputs += tf.gradients(outputs[1], variables[2:])
    refused = [error(layers.gdn, x, data_format="a"), error(layers.gdn, tf.constant(X))]
    return refused + everything(tf, outputs)[1:]


def case_parts(tf):
    layers = tf.contrib.layers
    place = (
        "pyflow.contrib.layer_parts"
        if tf.__name__ == "pyflow"
        else tf.__name__ + ".contrib.layers.python.layers.layers"
    )
    inner = importlib.import_module(place)
    x = tf.placeholder_with_default(IMAGES, [None, 3, 4, 6])
    scaled = layers.scale_gradient(x, 0.25)
    outputs = [inner._inner_flatten(x, 2), inner._inner_flatten(x, 3, scope="inner")]
    outputs += [inner.poincare_normalize(tf.constant(X)), scaled, tf.gradients(scaled * 3, x)[0]]
    return everything(tf, outputs)[3:] + [str(outputs[0].shape), error(inner._inner_flatten, tf.constant(X), 3)]


def case_utils(tf):
    utils = tf.contrib.slim.utils
    x = tf.constant(2.0, name="x")
    utils.collect_named_outputs("ends", "scope/", x)
    utils.append_tensor_alias(x, "other")
    shape = tf.TensorShape([None, 3, 4])
    return [
        sorted(utils.convert_collection_to_dict("ends")),
        sorted(utils.convert_collection_to_dict("ends", clear_collection=True)),
        len(tf.get_collection("ends")),
        utils.get_tensor_aliases(tf.constant(1.0, name="y")),
        utils.gather_tensors_aliases([x, x]),
        float(utils.constant_value(x)),
        utils.constant_value(3),
        utils.constant_value(tf.placeholder(tf.bool, [])),
        error(utils.constant_value, None),
        error(utils.constant_value, x, tf.int32),
        [utils.last_dimension(shape), utils.channel_dimension(shape, "channels_first")],
        error(utils.last_dimension, shape, 4),
        error(utils.channel_dimension, tf.TensorShape([1, None, 3]), "channels_first"),
        error(utils.last_dimension, tf.TensorShape(None)),
        [utils.two_element_tuple(3), utils.two_element_tuple([1, 2]), error(utils.two_element_tuple, [1, 2, 3])],
        error(utils.two_element_tuple, 1.5),
        [utils.n_positive_integers(2, 3), utils.n_positive_integers(2, [3, 4])],
        error(utils.n_positive_integers, 2, [1, 2, 3]),
        error(utils.n_positive_integers, 2, [1, -2]),
        error(utils.n_positive_integers, 2, -1),
        error(utils.n_positive_integers, 0, 1),
        [utils.smart_cond(True, lambda: 1, lambda: 2), utils.smart_cond(0, lambda: 1, lambda: 2)],
        error(utils.static_cond, True, 1, lambda: 2),
    ]


def case_errors(tf):
    layers = tf.contrib.layers
    x = tf.constant(X)
    unknown = tf.placeholder(tf.float32)
    unknown_channels = tf.placeholder(tf.float32, [3, None])
    return [
        error(layers.fully_connected, x, 2.5)[0],
        error(layers.layer_norm, unknown_channels),
        error(layers.layer_norm, x, begin_norm_axis=2),
        error(layers.instance_norm, unknown_channels),
        error(layers.group_norm, tf.constant(IMAGES), groups=7),
        error(layers.group_norm, tf.constant(IMAGES), groups=4),
        error(layers.group_norm, tf.constant(IMAGES), groups=2, reduction_axes=(-1,)),
        error(layers.unit_norm, x, 2),
        error(layers.bias_add, x, data_format="NCHW"),
        error(layers.bias_add, unknown),
        error(layers.bias_add, unknown_channels),
        error(layers.bias_add, x, data_format="other"),
        error(layers.maxout, x, 3),
        error(layers.legacy_fully_connected, unknown, 2),
        error(layers.legacy_fully_connected, unknown_channels, 2),
        error(layers.softmax, unknown_channels),
        error(layers.spatial_softmax, tf.placeholder(tf.float32, [2, 3, 4, None])),
    ]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
for _name, _arguments in OPTIMIZED.items():
    CASES["optimize_loss_" + _name] = functools.partial(optimized, **_arguments)
