"""Programs, and the nodes that they make under TensorFlow 1.15.5, attrs and all: kept in nodes.json.

A program takes the module (TensorFlow or PyFlow). Python 3.7 runs them too. See also graph_cases.py.
"""

import re
import zlib

import numpy as np

OPTIMIZERS = {
    "gradient_descent": lambda train: train.GradientDescentOptimizer(0.1),
    "gradient_descent_locking": lambda train: train.GradientDescentOptimizer(0.1, use_locking=True, name="Slow"),
    "momentum": lambda train: train.MomentumOptimizer(0.1, 0.9),
    "nesterov": lambda train: train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adagrad": lambda train: train.AdagradOptimizer(0.1),
    "adadelta": lambda train: train.AdadeltaOptimizer(0.1),
    "adam": lambda train: train.AdamOptimizer(),
    "rmsprop": lambda train: train.RMSPropOptimizer(0.1),
    "rmsprop_centered": lambda train: train.RMSPropOptimizer(0.1, centered=True, momentum=0.5),
    "ftrl": lambda train: train.FtrlOptimizer(0.1, l1_regularization_strength=0.1),
    "ftrl_shrinkage": lambda train: train.FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=0.1),
    "proximal_gradient_descent": lambda train: train.ProximalGradientDescentOptimizer(0.1),
    "proximal_adagrad": lambda train: train.ProximalAdagradOptimizer(0.1),
}


def dense(tf, x, size, name):
    with tf.variable_scope(name):
        rows = int(x.shape[1])
        weights = tf.get_variable(
            "weights", [rows, size], initializer=tf.truncated_normal_initializer(0.0, 0.1, seed=1)
        )
        biases = tf.get_variable("biases", [size], initializer=tf.constant_initializer(0.1))
        return tf.nn.relu(tf.matmul(x, weights) + biases, name="out")


def optimizer(make):
    def program(tf):
        v = tf.Variable([1.0, 2.0], name="v")
        step = tf.train.get_or_create_global_step()
        make(tf.train).minimize(tf.reduce_sum(tf.square(v)), global_step=step)
        tf.global_variables_initializer()

    return program


def sparse_optimizer(make):
    def program(tf):
        table = tf.get_variable("table", [5, 2], initializer=tf.zeros_initializer())
        make(tf.train).minimize(tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, [1, 3, 1]))))

    return program


def network(tf):
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    logits = dense(tf, dense(tf, x, 3, "hidden"), 2, "output")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits), name="loss")
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    right = tf.equal(tf.argmax(logits, 1), labels)
    tf.reduce_mean(tf.cast(right, tf.float32), name="accuracy")


def regularized_network(tf):
    x = tf.placeholder(tf.float32, [8, 4], name="x")
    weights = tf.Variable(tf.random_normal([4, 2], stddev=1.0, seed=1))
    tf.add_to_collection("losses", tf.contrib.layers.l2_regularizer(0.001)(weights))
    tf.add_to_collection("losses", tf.reduce_mean(tf.square(tf.matmul(x, weights))))
    loss = tf.add_n(tf.get_collection("losses"))
    tf.train.AdamOptimizer(0.01).minimize(loss)


def decayed_training(tf):
    step = tf.Variable(0, trainable=False)
    rate = tf.train.exponential_decay(0.8, step, 100, 0.96, staircase=True)
    v = tf.Variable([1.0, 2.0])
    tf.train.GradientDescentOptimizer(rate).minimize(tf.reduce_mean(v), global_step=step)


def decays(tf):
    step = tf.train.get_or_create_global_step()
    tf.train.piecewise_constant(step, [10, 20], [1.0, 0.5, 0.1])
    tf.train.natural_exp_decay(0.1, step, 10, 0.9)
    tf.train.inverse_time_decay(0.1, step, 10, 0.9)


def polynomial_decay(tf):
    tf.train.polynomial_decay(0.1, tf.train.get_or_create_global_step(), 10, 0.01, power=2.0)


def clipped_training(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    pairs = optimizer.compute_gradients(tf.reduce_sum(tf.exp(v)))
    optimizer.apply_gradients([(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in pairs])


def two_steps(tf):
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")
    loss = tf.square(v * w - 1.0)
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    with tf.control_dependencies([optimizer.minimize(loss, var_list=[v])]):
        optimizer.minimize(loss, var_list=[w])


def get_variables(tf):
    with tf.variable_scope("a", regularizer=tf.contrib.layers.l2_regularizer(0.1)):
        tf.get_variable("v", [2, 3], initializer=tf.random_uniform_initializer(-1, 1, seed=2))
        with tf.variable_scope("b", reuse=tf.AUTO_REUSE):
            tf.get_variable("w", initializer=tf.ones([2]))
            tf.get_variable("w", initializer=tf.ones([2]))
    with tf.variable_scope("a", reuse=True):
        tf.get_variable("v", [2, 3])
    with tf.variable_scope(None, default_name="a"):
        tf.get_variable("v", [1])


def glorot_and_orthogonal(tf):
    tf.get_variable("g", [2, 3])
    tf.get_variable("n", [2, 3], initializer=tf.glorot_normal_initializer(seed=1))
    tf.get_variable("o", [3, 3], initializer=tf.orthogonal_initializer(seed=1))
    tf.get_variable("s", [2, 3], initializer=tf.variance_scaling_initializer(2.0, "fan_out", seed=1))


def initialized_values(tf):
    v = tf.Variable(tf.random_normal([2], seed=1), name="v")
    tf.Variable(v.initialized_value() * 2.0, name="w")


def resource_variables(tf):
    v = tf.get_variable("v", [2], use_resource=True, initializer=tf.ones_initializer())
    v.assign_add([1.0, 1.0])
    tf.gradients(tf.reduce_sum(v * v), v)


def assignments(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    tf.assign(v, [3.0, 4.0])
    tf.assign_sub(v, [1.0, 1.0])
    tf.scatter_update(v, [0], [5.0])
    v[1:].assign([7.0])
    tf.count_up_to(tf.Variable(0), 3)
    tf.is_variable_initialized(v)
    tf.report_uninitialized_variables()


def operators(tf):
    a, b = tf.placeholder(tf.float32, [2], name="a"), tf.placeholder(tf.int32, [2], name="b")
    flags = tf.placeholder(tf.bool, [2])
    return [a - 1, 2 / a, a // 2, b // 2, b / 2, b % 2, 2**a, -b, abs(b), a <= 1, flags & flags, flags | flags, ~flags]


def more_slices(tf):
    a = tf.placeholder(tf.float32, [4, 5, 6], name="a")
    i = tf.placeholder(tf.int32, [], name="i")
    return [a[i], a[i : i + 1], a[..., 1], a[:, tf.newaxis, 1:3], a[1, 2, 3], a[::2], a[-1], a[1:, ..., :-1]]


def shapes(tf):
    a = tf.placeholder(tf.float32, [None, 3])
    return [
        tf.shape(a)[0],
        tf.reshape(a, [tf.shape(a)[0], -1]),
        tf.expand_dims(a, -1),
        tf.squeeze(a[:1], 0),
        tf.rank(a),
    ]


def zeros_and_ones(tf):
    a = tf.placeholder(tf.float32, [None, 3])
    return [
        tf.zeros([2, 2]),
        tf.ones([2], tf.int32),
        tf.zeros_like(a),
        tf.ones_like(a),
        tf.zeros(tf.shape(a)),
        tf.eye(3),
    ]


def shapes_of_tensors(tf):
    n = tf.placeholder(tf.int32, [], name="n")
    lists = [tf.zeros([n, 3]), tf.ones([n]), tf.ones((2, n), tf.int32, name="o"), tf.zeros([n, n, 4])]
    return [lists, tf.zeros(tf.stack([n, n])), tf.fill([n, 2], 1.0), tf.zeros(n)]


def joining(tf):
    a, b = tf.placeholder(tf.float32, [2, 3]), tf.placeholder(tf.float32, [2, 3])
    return [
        tf.concat([a, b], axis=1),
        tf.stack([a, b], 1),
        tf.unstack(a),
        tf.split(a, [1, 2], 1),
        tf.meshgrid([1, 2], [3]),
    ]


def padding(tf):
    a = tf.placeholder(tf.float32, [2, 3])
    return [
        tf.pad(a, [[1, 1], [0, 0]]),
        tf.pad(a, [[1, 1], [1, 1]], "REFLECT"),
        tf.pad(a, [[0, 1], [0, 1]], constant_values=2),
    ]


def choosing(tf):
    a = tf.placeholder(tf.float32, [2, 3])
    rows = [tf.gather(a, [1]), tf.gather_nd(a, [[0, 1]]), tf.boolean_mask(a, [True, False]), tf.reverse(a, [0])]
    return [
        rows,
        tf.nn.top_k(a, 2),
        tf.one_hot([0, 2], 3),
        tf.sequence_mask([1, 2], 3),
        tf.scatter_nd([[0]], [1.0], [2]),
    ]


def sums(tf):
    a = tf.placeholder(tf.float32, [2, None])
    both = [f(a, axis=[0, 1]) for f in (tf.reduce_sum, tf.reduce_prod, tf.reduce_max, tf.reduce_min, tf.reduce_mean)]
    return [
        both,
        tf.reduce_logsumexp(a),
        tf.cumsum(a, 1),
        tf.argmin(a),
        tf.reduce_any(a > 0),
        tf.add_n([a, a]),
        tf.norm(a),
    ]


def functions(tf):
    a = tf.placeholder(tf.float32, [2])
    unary = (tf.exp, tf.log, tf.sqrt, tf.square, tf.sin, tf.sign, tf.floor, tf.round, tf.sigmoid, tf.tanh, tf.rsqrt)
    return [[f(a) for f in unary], tf.pow(a, 2.0), tf.squared_difference(a, 1.0), tf.is_nan(a), tf.log1p(a), tf.erf(a)]


def layers_of_nn(tf):
    a = tf.placeholder(tf.float32, [2, 4])
    mean, variance = tf.nn.moments(a, [0])
    normal = tf.nn.batch_normalization(a, mean, variance, None, None, 1e-3)
    names = ("relu6", "crelu", "leaky_relu", "selu", "softplus", "softsign", "swish")
    return [normal, [getattr(tf.nn, name)(a) for name in names], tf.nn.xw_plus_b(a, tf.ones([4, 1]), [1.0])]


def losses_of_nn(tf):
    a, b = tf.placeholder(tf.float32, [2, 4]), tf.placeholder(tf.float32, [2, 4])
    tf.nn.weighted_cross_entropy_with_logits(labels=a, logits=b, pos_weight=2.0)
    tf.nn.softmax_cross_entropy_with_logits(labels=a, logits=b)
    tf.nn.log_poisson_loss(a, b)


def dropout(tf):
    a = tf.placeholder(tf.float32, [None, 4])
    return [
        tf.nn.dropout(a, 0.5, seed=1),
        tf.nn.dropout(a, rate=tf.placeholder(tf.float32)),
        tf.nn.dropout(a, keep_prob=1.0),
    ]


def gradients_of_network(tf):
    x = tf.placeholder(tf.float32, [2, 4], name="x")
    y = dense(tf, x, 3, "layer")
    tf.gradients(y, [x, *tf.trainable_variables()])


def gradients_of_broadcasting(tf):
    a, b = tf.placeholder(tf.float32, [2, 1]), tf.placeholder(tf.float32, [None, 3])
    y = tf.tanh(a * b) / (b - a) + tf.maximum(a, b) ** 2.0
    tf.gradients(y, [a, b])


def gradients_of_arrays(tf):
    a = tf.placeholder(tf.float32, [2, 3])
    b = tf.concat([a, tf.transpose(tf.reshape(a, [3, 2]))], 0)
    c = tf.stack([b[1], b[2, ::-1]]) + tf.expand_dims(tf.unstack(b)[0], 0)
    tf.gradients(tf.tile(tf.pad(c, [[0, 1], [1, 0]]), [2, 1]), a)


def gradients_of_reductions(tf):
    a = tf.placeholder(tf.float32, [2, None])
    y = tf.reduce_mean(a, 1) + tf.reduce_max(a, [1]) * tf.reduce_prod(a, 1) - tf.reduce_logsumexp(a, 1)
    tf.gradients(y, a)


def second_gradients(tf):
    x = tf.placeholder(tf.float32, [3])
    (dy,) = tf.gradients(tf.reduce_sum(x**3.0 * tf.sin(x)), x)
    tf.gradients(dy, x)


def gradients_given(tf):
    a = tf.placeholder(tf.float32, [2])
    b, c = a * 2.0, tf.stop_gradient(a) * a
    tf.gradients([b, c], a, grad_ys=[tf.constant([1.0, 2.0]), None], name="slopes")
    tf.gradients(b + c, [a, b], stop_gradients=[b])


def second_derivatives(tf):
    a = tf.placeholder(tf.float32, [2])
    tf.hessians(tf.reduce_sum(a * a * a), a)


def colocated_gradients(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    tf.gradients(tf.reduce_sum(tf.exp(v) * v), v, colocate_gradients_with_ops=True)


def gated_training(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    loss = tf.reduce_sum(tf.square(v))
    optimizer.minimize(loss, gate_gradients=optimizer.GATE_GRAPH, colocate_gradients_with_ops=True)


def devices(tf):
    with tf.device("/cpu:0"):
        v = tf.Variable(1.0, name="v")
        with tf.device("/job:worker"):
            tf.add(v, 1.0, name="a")
        with tf.device(None):
            tf.add(v, 2.0, name="b")
    with tf.device(lambda op: "/gpu:1" if op.type == "Const" else ""):
        tf.constant(1.0, name="c")
        tf.identity(v, name="d")
    with tf.colocate_with(v.op):
        tf.constant(2.0, name="e")


def names_in_scopes(tf):
    with tf.name_scope("a") as scope:
        tf.constant(1.0, name="b")
        tf.constant(1.0, name="b")
        with tf.name_scope(scope):
            tf.constant(1.0, name="b")
        with tf.name_scope(None):
            tf.constant(1.0, name="a/b")
    with tf.name_scope("A"):
        tf.constant(1.0, name="B")
    with tf.variable_scope("a"), tf.name_scope("c"):
        tf.get_variable("v", [1], initializer=tf.zeros_initializer())
        tf.identity(1.0, name="d")


def dependencies(tf):
    a = tf.constant(1.0, name="a")
    with tf.control_dependencies([a]):
        b = tf.identity(2.0, name="b")
        with tf.control_dependencies([b]):
            tf.identity(b, name="c")
        with tf.control_dependencies(None):
            tf.identity(3.0, name="d")
    tf.tuple([a, b], control_inputs=[tf.no_op()])
    tf.group(a, b)
    tf.group()


def checks(tf):
    a = tf.placeholder(tf.float32, [None])
    tf.assert_equal(tf.placeholder(tf.int32), 1, message="one")
    tf.assert_positive(a)
    tf.assert_rank(tf.placeholder(tf.float32), 2)
    tf.Assert(tf.placeholder(tf.bool), [a])
    tf.check_numerics(a, "bad")


def random_nodes(tf):
    tf.set_random_seed(3)
    tf.random_normal([2], mean=1.0, stddev=2.0, name="n")
    tf.random_uniform([2], 0, 10, tf.int32, seed=4)
    tf.truncated_normal(tf.placeholder(tf.int32, [1]))
    tf.multinomial([[1.0, 2.0]], 3)
    tf.random_gamma([2], 1.5)
    tf.random_crop(tf.ones([4, 4]), [2, 2])


def products(tf):
    a, b = tf.placeholder(tf.float32, [2, 3]), tf.placeholder(tf.float32, [5, 3, 4])
    tf.matmul(b, b, transpose_a=True)
    tf.tensordot(b, a, [[1], [1]])
    tf.matmul(a, a, transpose_b=True, a_is_sparse=True)
    tf.einsum("ij,bjk->bik", a, b)


def matrices(tf):
    a = tf.placeholder(tf.float32, [3, 3])
    tf.matrix_solve(a, tf.ones([3, 1]))
    tf.cholesky(a)
    tf.svd(a)
    tf.self_adjoint_eig(a)
    tf.diag([1.0, 2.0])
    tf.matrix_band_part(a, -1, 0)


def segments(tf):
    a = tf.placeholder(tf.float32, [4, 2])
    y = [tf.segment_sum(a, [0, 0, 1, 1]), tf.unsorted_segment_sum(a, [1, 0, 1, 0], 2), tf.segment_mean(a, [0, 1, 1, 2])]
    tf.gradients(y, a)


def embeddings(tf):
    table = tf.get_variable("table", [6, 2], initializer=tf.zeros_initializer())
    parts = [tf.constant([[1.0]]), tf.constant([[2.0]])]
    tf.nn.embedding_lookup(parts, [0, 1, 0])
    tf.gradients(tf.reduce_sum(tf.nn.embedding_lookup(table, tf.placeholder(tf.int64, [None]))), table)


def sparse_tensors(tf):
    a = tf.SparseTensor([[0, 1], [1, 0]], [1.0, 2.0], [2, 3])
    tf.sparse_placeholder(tf.float32, name="p")
    return [a * tf.ones([2, 3]), a.get_shape()]


def python_functions(tf):
    a = tf.placeholder(tf.float32, [2])
    tf.Print(a, [a], "a = ", summarize=3)


def constants(tf):
    for value in (1, 1.5, True, "text", [1, 2], [[1.0, 2.0]], 2 + 1j, np.zeros([2], np.float64), [b"a", b"bc"], []):
        tf.constant(value)
    tf.constant(3, tf.float16, [2, 2])
    tf.constant(np.arange(3, dtype=np.uint8), name="bytes")
    tf.convert_to_tensor([1.0, tf.constant(2.0)])


PROGRAMS = {f.__name__: f for f in list(globals().values()) if getattr(f, "__module__", "") == __name__}
for _name in ("dense", "optimizer", "sparse_optimizer"):
    del PROGRAMS[_name]
PROGRAMS.update(("minimize_by_" + name, optimizer(make)) for name, make in OPTIMIZERS.items())
PROGRAMS.update(
    ("minimize_sparsely_by_" + name, sparse_optimizer(OPTIMIZERS[name]))
    for name in ("gradient_descent", "momentum", "adagrad", "adam", "rmsprop", "ftrl")
)


def attr_text(tf, value):
    """An attr's value in a few letters."""
    kind = value.WhichOneof("value")
    if kind is None:
        return "none"
    if kind == "tensor":
        array = tf.make_ndarray(value.tensor)
        values = array.tolist() if array.size <= 8 else zlib.crc32(array.tobytes())
        return f"{array.dtype}{list(array.shape)}{values}"
    if kind == "shape":
        return "?" if value.shape.unknown_rank else str([d.size for d in value.shape.dim])
    if kind == "type":
        return tf.as_dtype(value.type).name
    if kind == "list":
        fields = value.list.ListFields()
        return ",".join(str(v) for _, values in fields for v in values).replace("\n", " ")
    # Gradient functions are numbered through the whole process.
    return re.sub(r"CustomGradient-\d+", "CustomGradient", str(getattr(value, kind)))


def node_text(tf, node):
    attrs = sorted((k, attr_text(tf, v)) for k, v in node.attr.items() if k != "_output_shapes")
    device = [" @" + node.device] if node.device else []
    return " ".join([node.name, node.op, *node.input, *device]) + "".join(f"; {key}={text}" for key, text in attrs)


def case(program):
    def nodes(tf):
        program(tf)
        return [node_text(tf, node) for node in tf.get_default_graph().as_graph_def().node]

    return nodes


CASES = {name: case(program) for name, program in PROGRAMS.items()}
