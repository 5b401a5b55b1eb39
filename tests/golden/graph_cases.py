"""Programs that use the public API, and the nodes that they make under TensorFlow 1.15.5: kept in graphs.json.

A program takes the module (TensorFlow or PyFlow) and returns whatever it likes. Runs under Python 3.7 as well.
"""

import numpy as np


def arithmetic(tf):
    a, b = tf.placeholder(tf.float32, [2, 2], name="a"), tf.placeholder(tf.float32, [2, 2])
    c = (a + b) * 2.0 - a / b
    return [-c, c**2.0, c @ a, abs(c), c > a, c // 2.0, c % 3.0, 1.0 - c, tf.maximum(a, b), tf.square(a, name="sq")]


def slicing(tf):
    a = tf.placeholder(tf.float32, [4, 5], name="a")
    return [a[1], a[:, 2:], a[..., tf.newaxis], a[::-1, 0], a[tf.constant(1)]]


def reductions(tf):
    a = tf.placeholder(tf.float32, [4, None])
    b = tf.reduce_mean(a)
    maximum = tf.reduce_max(a, axis=[0], keepdims=True)
    return [b, tf.reduce_sum(a, axis=1), maximum, tf.argmax(a, 1), tf.reduce_all(a > b)]


def name_scopes(tf):
    with tf.name_scope("outer"):
        a = tf.constant(1.0)
        with tf.name_scope("inner"):
            b = tf.add(a, 1.0)
        with tf.name_scope("inner"):
            c = tf.add(b, a, name="sum")
    with tf.name_scope("outer"):
        d = c * a
    with tf.name_scope("outer/"):
        e = tf.identity(d)
    return [e]


def control(tf):
    a = tf.constant(1.0)
    with tf.control_dependencies([a]):
        b = tf.constant(2.0)
        c = tf.identity(a)
    with tf.control_dependencies([b, c]):
        return [tf.no_op(), tf.group(b, c, name="both"), tf.tuple([b, c])]


def arrays(tf):
    a = tf.zeros([2, 3])
    b = tf.concat([a, tf.ones_like(a)], 0)
    c = tf.stack([a, a], axis=1)
    parts = [tf.unstack(c), tf.split(b, 2)]
    return [parts, tf.reshape(b, [-1]), tf.transpose(b), tf.tile(a, [1, 2]), tf.one_hot([1, 2], 3)]


def casts(tf):
    a = tf.range(3)
    return [tf.cast(a, tf.float32), tf.to_float(a), tf.cast(a, tf.int32), tf.shape(a), tf.size(a), tf.fill([2], 1.0)]


def variables(tf):
    v = tf.Variable(tf.truncated_normal([2, 3], stddev=0.1, seed=1), name="weights")
    w = tf.Variable(3.0)
    return [v.assign(v + 1.0), tf.assign_add(w, 1.0), tf.global_variables_initializer()]


def variable_scopes(tf):
    for reuse in (False, True):
        with tf.variable_scope("layer1", reuse=reuse):
            tf.get_variable("weights", [2, 2], initializer=tf.truncated_normal_initializer(stddev=0.1, seed=1))
            tf.get_variable("biases", [2], initializer=tf.constant_initializer(0.0))
            tf.constant(1.0, name="inside")
    with tf.variable_scope("layer2", initializer=tf.zeros_initializer()):
        tf.get_variable("weights", [3])
    return [tf.global_variables_initializer()]


def activations(tf):
    a = tf.placeholder(tf.float32, [2, 3])
    return [f(a) for f in (tf.nn.relu, tf.nn.sigmoid, tf.tanh, tf.nn.softmax, tf.nn.log_softmax, tf.nn.elu)]


def cross_entropies(tf):
    logits, labels = tf.placeholder(tf.float32, [2, 3]), tf.placeholder(tf.float32, [2, 3])
    sparse = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.argmax(labels, 1), logits=logits)
    full = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
    return [sparse, full, tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits), tf.nn.l2_loss(logits)]


def gradients(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.Variable(np.ones((3, 2), np.float32), name="w")
    b = tf.Variable(np.zeros(2, np.float32), name="b")
    y = tf.nn.relu(tf.matmul(x, w) + b)
    return [tf.gradients(tf.reduce_mean(tf.square(y)), [w, b, x])]


def training(tf):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.Variable(np.ones((3, 1), np.float32), name="w")
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - 1.0))
    step = tf.Variable(0, trainable=False, name="step")
    rate = tf.train.exponential_decay(0.1, step, 10, 0.9, staircase=True)
    return [tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)]


def momentum_and_adam(tf):
    w = tf.Variable(np.ones(3, np.float32), name="w")
    loss = tf.reduce_sum(tf.square(w))
    return [tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss), tf.train.AdamOptimizer().minimize(loss)]


def moving_average(tf):
    v = tf.Variable(0.0, name="v")
    step = tf.Variable(0, trainable=False, name="step")
    averages = tf.train.ExponentialMovingAverage(0.99, step)
    return [averages.apply([v]), averages.average(v)]


def random_numbers(tf):
    tf.set_random_seed(7)
    normal = tf.random_normal([2, 2]), tf.truncated_normal([2])
    return [normal, tf.random_uniform([3], seed=3), tf.random_shuffle([1, 2])]


def choices(tf):
    a = tf.placeholder(tf.float32, [3])
    return [tf.where(a > 1.0, a, -a), tf.where(a > 1.0), tf.gather(a, [0, 2]), tf.boolean_mask(a, a > 0.0)]


def clipping(tf):
    a = tf.placeholder(tf.float32, [3])
    clipped, _ = tf.clip_by_global_norm([a, a * 2.0], 1.0)
    return [tf.clip_by_value(a, 0.0, 1.0), tf.clip_by_norm(a, 1.0), clipped]


def dropout_and_moments(tf):
    a = tf.placeholder(tf.float32, [4, 3])
    return [tf.nn.dropout(a, rate=0.5, seed=1), tf.nn.moments(a, [0]), tf.nn.l2_normalize(a, 1)]


def embedding(tf):
    table = tf.get_variable("table", [5, 2], initializer=tf.zeros_initializer())
    rows = tf.nn.embedding_lookup(table, [1, 3])
    return [rows, tf.gradients(rows, table)[0].values]


def linear_algebra(tf):
    a = tf.placeholder(tf.float32, [3, 3])
    return [tf.norm(a), tf.trace(a), tf.matrix_inverse(a), tf.tensordot(a, a, 1), tf.einsum("ij,jk->ik", a, a)]


PROGRAMS = {name: value for name, value in dict(globals()).items() if getattr(value, "__module__", "") == __name__}


def nodes(tf, program):
    """What the program adds to the default graph: name, op type, inputs and control inputs of each node, in order."""
    program(tf)
    return [
        [op.name, op.type, [t.name for t in op.inputs], sorted(c.name for c in op.control_inputs)]
        for op in tf.get_default_graph().get_operations()
    ]


def case(program):
    return lambda tf: nodes(tf, program)


CASES = {name: case(program) for name, program in PROGRAMS.items()}
