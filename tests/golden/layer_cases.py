"""tf.layers under TensorFlow 1.15.5: variables, nodes, values, errors; the results are kept in layers.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import numpy as np
from state_cases import error, nodes

X = (np.arange(12, dtype=np.float32).reshape(3, 4) - 5) / 4
COLLECTIONS = ("trainable_variables", "variables", "update_ops", "regularization_losses", "losses")


def rounded(value):
    if isinstance(value, (list, tuple)):
        return [rounded(v) for v in value]
    return np.asarray(value, np.float64).round(4).tolist()


def waves(tf):
    """An initializer whose values differ from each other."""

    def initializer(shape, dtype=None, partition_info=None):
        return np.sin(np.arange(int(np.prod(shape)), dtype=np.float32)).reshape(shape)

    return initializer


def collections(tf):
    return {key: [x.name for x in tf.get_collection(key)] for key in COLLECTIONS if tf.get_collection(key)}


def everything(tf, outputs, with_nodes=True):
    """Nodes, collections, names, shapes and values."""
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    graph = nodes(tf) if with_nodes else [[o.name, o.type] for o in tf.get_default_graph().get_operations()]
    found = collections(tf)
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        values = session.run(outputs)
    return [graph, found, [[o.name, str(o.shape), o.dtype.name] for o in outputs], rounded(values)]


def case_dense(tf):
    x = tf.placeholder_with_default(X, [None, 4])
    first = tf.layers.dense(x, 3, activation=tf.nn.relu, kernel_initializer=waves(tf), name="first")
    second = tf.layers.dense(first, 2, kernel_initializer=waves(tf), bias_initializer=tf.ones_initializer())
    again = tf.layers.dense(x, 3, name="first", reuse=True, kernel_initializer=waves(tf))
    third = tf.layers.dense(second, 2, use_bias=False, kernel_initializer=waves(tf))
    return everything(tf, [second, again, third])


def case_dense_of_higher_rank(tf):
    x = tf.placeholder_with_default(X.reshape(3, 2, 2), [None, 2, 2])
    return everything(tf, tf.layers.dense(x, 3, kernel_initializer=waves(tf)))


def case_dense_double(tf):
    x = tf.constant(X.astype(np.float64))
    outputs = tf.layers.dense(x, 3, kernel_initializer=tf.ones_initializer(), activation="tanh")
    return everything(tf, outputs, with_nodes=False)


def case_dense_of_an_array(tf):
    return everything(tf, tf.layers.dense(X, 2, kernel_initializer=waves(tf)), with_nodes=False)


def case_penalties(tf):
    def square(w):
        return tf.reduce_sum(w * w)

    def penalised(name, reuse=None):
        return tf.layers.dense(
            tf.constant(X),
            2,
            kernel_initializer=waves(tf),
            bias_initializer=tf.ones_initializer(),
            kernel_regularizer=square,
            bias_regularizer=square,
            activity_regularizer=square,
            name=name,
            reuse=reuse,
        )

    outputs = [penalised(None), penalised("named"), penalised("named", True)]
    return everything(tf, outputs + tf.losses.get_regularization_losses())


def case_layer_object(tf):
    x = tf.placeholder_with_default(X, [None, 4])
    layer = tf.layers.Dense(3, kernel_regularizer=tf.nn.l2_loss, activity_regularizer=tf.reduce_sum)
    result = [layer.name, layer.dtype, layer.built, error(layer.count_params), error(lambda: layer.scope_name)]
    y = layer(x)
    other = layer.apply(tf.constant(X + 1))
    result += [layer.name, layer.dtype, layer.built, layer.scope_name, layer.count_params(), y.name, other.name]
    result += [[w.name for w in getattr(layer, kind)] for kind in ("weights", "trainable_weights", "variables")]
    for inputs in (None, x, [x]):
        result.append([loss.name for loss in layer.get_losses_for(inputs)])
    layer.trainable = False
    result += [[w.name for w in layer.trainable_weights], [w.name for w in layer.non_trainable_variables]]
    result.append([error(lambda a=a: getattr(layer, a)) for a in ("input", "output", "input_shape", "output_shape")])
    return result + [str(layer.compute_output_shape([7, 4])), nodes(tf)]


def case_scopes(tf):
    x = tf.constant(X)
    with tf.variable_scope("outer", initializer=tf.ones_initializer(), reuse=tf.AUTO_REUSE) as scope:
        layer = tf.layers.Dense(2, name="inner")
        first = layer(x)
    second = layer(x)
    with tf.variable_scope(scope):
        third = tf.layers.dense(x, 2, name="inner")
        fourth = tf.layers.dense(x, 2)
    fifth = tf.layers.Dense(2)(x, scope="given")
    with tf.name_scope("names"):
        sixth = tf.layers.dense(x, 2, name="inner2")
    seventh = tf.layers.Dense(2, _scope=scope, _reuse=tf.AUTO_REUSE)(x)
    return everything(tf, [first, second, third, fourth, fifth, sixth, seventh][:4], with_nodes=False) + [
        t.name for t in (fifth, sixth, seventh)
    ]


def case_custom_layer(tf):
    class Scaled(tf.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_variable("scale", [int(input_shape[-1])], initializer=tf.ones_initializer())
            self.count = self.add_weight("count", [], tf.int32, trainable=False)
            self.built = True

        def call(self, inputs, scope=None):
            self.add_loss(tf.reduce_sum(inputs), inputs=True)
            self.add_loss(tf.reduce_sum(self.scale))
            self.add_update(tf.assign_add(self.count, 1))
            self.add_update(tf.assign(self.scale, tf.reduce_mean(inputs, 0)), inputs=True)
            return tf.identity(inputs * self.scale, name="scaled_" + scope.name)

    x = tf.constant(X)
    layer = Scaled()
    y = layer(x)
    layer(tf.constant(X * 2))
    result = [
        layer.name,
        [w.name for w in layer.weights],
        [u.name for u in layer.updates],
        [a.name for a in layer.losses],
    ]
    for inputs in (None, x, y):
        result.append([u.name for u in layer.get_updates_for(inputs)])
        result.append([loss.name for loss in layer.get_losses_for(inputs)])
    return result + everything(tf, y)


def case_untrained(tf):
    def never(getter, *args, **kwargs):
        kwargs["trainable"] = False
        return getter(*args, **kwargs)

    with tf.variable_scope("frozen", custom_getter=never):
        layer = tf.layers.Dense(2)
        layer(tf.constant(X))
    other = tf.layers.Dense(2, trainable=False)
    other(tf.constant(X))
    return [[[w.name for w in v] for v in (a.trainable_weights, a.non_trainable_weights)] for a in (layer, other)] + [
        collections(tf)
    ]


def case_partitioned(tf):
    with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(2), initializer=tf.ones_initializer()):
        return everything(tf, tf.layers.dense(tf.constant(X), 2, kernel_regularizer=tf.nn.l2_loss))


def case_dropout(tf):
    x = tf.constant(X)
    outputs = [
        tf.layers.dropout(x, 0.4, seed=3, training=True),
        tf.layers.dropout(x, 0.4, training=False),
        tf.layers.dropout(x, 0.5, noise_shape=[None, 1], seed=1, training=True, name="rows"),
        tf.layers.dropout(x, 0.4, training=tf.constant(True), seed=3),
    ]
    return everything(tf, outputs)


def case_flatten(tf):
    x = X.reshape(3, 2, 2)
    outputs = [
        tf.layers.flatten(tf.constant(x)),
        tf.layers.flatten(tf.placeholder_with_default(x, [None, 2, 2])),
        tf.layers.flatten(tf.placeholder_with_default(x, [None, None, 2]), name="named"),
        tf.layers.flatten(tf.constant(x), data_format="channels_first"),
        tf.layers.flatten(tf.constant(x[:, 0, 0])),
    ]
    return everything(tf, outputs)


def case_keras_style(tf):
    with tf.layers.experimental.keras_style_scope():
        layer = tf.layers.Dense(2, kernel_initializer=tf.ones_initializer())
        refused = error(lambda: tf.layers.Dense(2, _scope="a"))
    return [refused] + everything(tf, layer(tf.constant(X)))


def case_input_spec(tf):
    Spec = tf.layers.InputSpec

    class Checked(tf.layers.Layer):
        def __init__(self, spec):
            super().__init__(name="checked")
            self.input_spec = spec

        def call(self, inputs):
            return inputs

    x = tf.constant(X)
    specs = [
        Spec(ndim=3), Spec(min_ndim=3), Spec(max_ndim=1), Spec(dtype=tf.int32), Spec(axes={-1: 5}), Spec(shape=(3, 5)),
        [Spec(ndim=2), Spec(ndim=2)], Spec(shape=(None, 4)), Spec(ndim=2, axes={0: 3}),
    ]  # fmt: skip
    result = [error(Checked(spec), x) for spec in specs]
    result += [error(Checked(Spec(ndim=2)), tf.placeholder(tf.float32)), error(Checked, 3)]
    result += [error(Spec, ndim=2, axes={2: 3}), error(Spec, axes={"a": 3})]
    return result + [repr(spec) for spec in specs[:6]] + [Spec(shape=(3, 5)).get_config()]


def case_errors(tf):
    class Nothing(tf.layers.Layer):
        def call(self, inputs):
            return None

    x = tf.constant(X)
    layer = tf.layers.Dense(2)
    layer(x)
    return [
        error(Nothing(), x),
        error(layer, tf.constant(X[:, :3])),
        error(layer, tf.constant(X[0])),
        error(tf.layers.dense, tf.placeholder(tf.float32, [3, None]), 2),
        error(tf.layers.dense, tf.constant([[1, 2]]), 2),
        error(tf.layers.Dense, 2, other=3),
        error(tf.layers.dense, x, 2, name="absent", reuse=True),
        error(layer.add_weight, "w", [], trainable=True, synchronization=tf.VariableSynchronization.ON_READ),
        error(layer.set_weights, [X]),
        error(tf.layers.flatten, tf.constant(1.0)),
        error(tf.layers.Flatten, data_format="middle"),
    ]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
