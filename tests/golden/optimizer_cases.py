"""What optimisers do to variables under TensorFlow 1.15.5; the results are kept in optimizers.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values: names, values, words of errors.
Runs under Python 3.7 as well.
"""

# ruff: noqa: B023  (what a loop's functions bind is used before the loop goes on)

import functools

import numpy as np
from state_cases import error, nodes, plain

STEPS = 10
START = [[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]]


def optimizers(tf):
    """Every optimiser, with and without its options: name, and a function of the global step that makes it."""
    train = tf.train
    return {
        "GradientDescent": lambda step: train.GradientDescentOptimizer(0.1),
        "Momentum": lambda step: train.MomentumOptimizer(0.1, 0.9),
        "Nesterov": lambda step: train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
        "Adagrad": lambda step: train.AdagradOptimizer(0.5, initial_accumulator_value=0.2),
        "AdagradDA": lambda step: train.AdagradDAOptimizer(0.5, step),
        "AdagradDA_l1_l2": lambda step: train.AdagradDAOptimizer(
            0.5, step, l1_regularization_strength=0.05, l2_regularization_strength=0.1
        ),
        "Adadelta": lambda step: train.AdadeltaOptimizer(2.0, rho=0.9, epsilon=1e-3),
        "Adam": lambda step: train.AdamOptimizer(0.1, beta2=0.99),
        "RMSProp": lambda step: train.RMSPropOptimizer(0.05),
        "RMSProp_momentum": lambda step: train.RMSPropOptimizer(0.05, 0.8, 0.5, 1e-3),
        "RMSProp_centered": lambda step: train.RMSPropOptimizer(0.02, momentum=0.3, epsilon=1e-2, centered=True),
        "Ftrl": lambda step: train.FtrlOptimizer(0.5),
        "Ftrl_l1_l2": lambda step: train.FtrlOptimizer(
            0.5, -0.7, 0.2, l1_regularization_strength=0.1, l2_regularization_strength=0.2
        ),
        "Ftrl_shrinkage": lambda step: train.FtrlOptimizer(0.5, l2_shrinkage_regularization_strength=0.1),
        "ProximalGradientDescent": lambda step: train.ProximalGradientDescentOptimizer(0.1),
        "ProximalGradientDescent_l1_l2": lambda step: train.ProximalGradientDescentOptimizer(0.1, 0.5, 0.2),
        "ProximalAdagrad": lambda step: train.ProximalAdagradOptimizer(0.5),
        "ProximalAdagrad_l1_l2": lambda step: train.ProximalAdagradOptimizer(0.5, 0.1, 0.2, 0.1),
    }


NAMES = sorted(optimizers(type("module", (), {"train": None})))


def dense_loss(tf, v):
    return tf.reduce_sum(tf.square(v) * np.array([[1.0, 0.5], [0.25, 2.0], [1.5, 1.0]], v.dtype.as_numpy_dtype))


def sparse_loss(tf, v):
    """Reads row 0 twice, row 1 never."""
    rows = tf.gather(v, [0, 2, 0])
    return tf.reduce_sum(tf.square(rows) * np.array([[0.5], [1.0], [0.25]], v.dtype.as_numpy_dtype))


LOSSES = {"dense": dense_loss, "sparse": sparse_loss}


def trained(tf, name, dtype, use_resource, loss):
    """Names, and values after the first and the last step, of a variable and of all that the optimiser made for it."""
    tf.reset_default_graph()
    v = tf.Variable(np.array(START, dtype), name="v", use_resource=use_resource)
    step = tf.Variable(0, trainable=False, name="step", dtype=tf.int64)
    optimizer = optimizers(tf)[name](step)
    train = optimizer.minimize(loss(tf, v), global_step=step)
    slots = optimizer.get_slot_names()
    variables = [v] + [optimizer.get_slot(v, slot) for slot in slots]
    result = {
        "slots": [[slot, optimizer.get_slot(v, slot).name] for slot in slots],
        "variables": [[x.name, x.dtype.name, x.shape.as_list(), x.trainable] for x in tf.global_variables()],
        "own": [x.name for x in optimizer.variables()],
        "train": [train.name, train.type],
    }
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i in range(STEPS):
            session.run(train)
            if i in (0, STEPS - 1):
                result[str(i)] = [digits(x) for x in session.run(variables)]
        result["step"] = int(session.run(step))
    return result


def digits(array):
    """The elements in row-major order, with as many digits as their dtype has."""
    return [float("{:.{}g}".format(float(x), {2: 5, 4: 9, 8: 12}[array.itemsize])) for x in array.reshape(-1)]


def values(tf, name, kind):
    dtypes = ["float32", "float64", "float16"]
    if name.startswith("AdagradDA"):
        dtypes = dtypes[:2]  # TensorFlow has no kernel for halves
    elif name.startswith("Proximal"):
        dtypes = dtypes[:1]  # nor does it convert these optimisers' parameters
    return [trained(tf, name, dtype, use_resource, LOSSES[kind]) for dtype in dtypes for use_resource in (False, True)]


def graph(tf, name):
    """The nodes of a training step, from dense and sparse gradients."""
    result = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        v = tf.Variable(np.array(START, np.float32), name="v", use_resource=use_resource)
        w = tf.Variable(np.array(START, np.float32), name="w", use_resource=use_resource)
        step = tf.Variable(0, trainable=False, name="step", dtype=tf.int64, use_resource=use_resource)
        v_grad = tf.placeholder(tf.float32, [3, 2])
        w_grad = tf.IndexedSlices(tf.placeholder(tf.float32, [2, 2]), tf.placeholder(tf.int32, [2]))
        optimizer = optimizers(tf)[name](step)
        optimizer.apply_gradients([(v_grad, v), (w_grad, w)], global_step=step)
        result.append(
            [" ".join([n, kind, ",".join(i), *("^" + c for c in controls)]) for n, kind, i, controls in nodes(tf)]
        )
    return result


def case_learning_rates(tf):
    """Numbers, tensors, variables, functions; their nodes are named after the parameter."""
    result = []
    for rate in (
        lambda: 0.5,
        lambda: np.float64(0.5),
        lambda: tf.constant(0.5),
        lambda: tf.Variable(0.5, trainable=False, name="rate"),
        lambda: lambda: 0.5,
        lambda: lambda: tf.constant(0.5, name="from_function"),
    ):
        for make in (tf.train.GradientDescentOptimizer, tf.train.AdamOptimizer, tf.train.RMSPropOptimizer):
            tf.reset_default_graph()
            v = tf.Variable([1.0, 2.0], name="v")
            train = make(rate()).minimize(tf.reduce_sum(v * v))
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                session.run(train)
                result.append([session.run(v).tolist(), [n[0] for n in nodes(tf) if "rate" in n[0] or "from" in n[0]]])
    return result


def case_callable_momentum(tf):
    result = []
    for make in (
        lambda: tf.train.MomentumOptimizer(lambda: 0.1, lambda: 0.5),
        lambda: tf.train.AdamOptimizer(lambda: 0.1, lambda: 0.5, lambda: 0.6, lambda: 0.01),
        lambda: tf.train.AdadeltaOptimizer(lambda: 0.1, lambda: 0.5, lambda: 0.6),
        lambda: tf.train.AdagradOptimizer(lambda: 0.1),
        lambda: tf.train.RMSPropOptimizer(lambda: 0.1, lambda: 0.5, lambda: 0.5, lambda: 0.1),
    ):
        tf.reset_default_graph()
        v = tf.Variable([1.0, 2.0], name="v")
        made = []
        result.append(error(lambda: made.append(make().minimize(tf.reduce_sum(v * v)))))
        if made:
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                session.run(made[0])
                result.append(session.run(v).tolist())
    return result


def case_gates(tf):
    """How the gradients of one node, or of all, wait for each other."""
    result = []
    for gate in (0, 1, 2):
        tf.reset_default_graph()
        v, w = tf.Variable([[1.0, 2.0]], name="v"), tf.Variable([[3.0], [4.0]], name="w")
        loss = tf.reduce_sum(tf.matmul(v, w) * v)
        pairs = tf.train.GradientDescentOptimizer(0.1).compute_gradients(loss, gate_gradients=gate)
        result.append([[g.name for g, _ in pairs], nodes(tf)])
    tf.reset_default_graph()
    v = tf.Variable(1.0)
    result.append(error(tf.train.GradientDescentOptimizer(0.1).compute_gradients, v * v, gate_gradients=3))
    return result


def case_compute_gradients(tf):
    v, w = tf.Variable([1.0, 2.0], name="v"), tf.Variable([3.0, 4.0], name="w", trainable=False)
    unused = tf.Variable(1.0, name="unused")
    product = v * w
    loss = tf.reduce_sum(product)
    optimizer = tf.train.GradientDescentOptimizer(0.5)

    def shown(pairs):
        return [[None if g is None else g.name, x.name] for g, x in pairs]

    result = [
        shown(optimizer.compute_gradients(loss)),
        shown(optimizer.compute_gradients(loss, var_list=[w, v])),
        shown(optimizer.compute_gradients(loss, var_list=(w,))),
        shown(optimizer.compute_gradients(loss, w)),
        shown(optimizer.compute_gradients(loss, product)),
        shown(optimizer.compute_gradients(product, [v], grad_loss=tf.constant([10.0, 20.0]))),
    ]
    pairs = optimizer.compute_gradients(product, [v], grad_loss=tf.constant([10.0, 20.0]))
    applied = optimizer.apply_gradients(pairs + [(None, unused)], name="apply_them")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        gradient = plain(session.run(pairs[0][0]))
        session.run(applied)
        return [*result, gradient, plain(session.run(v)), applied.name, applied in tf.get_collection("train_op")]


def case_errors(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    other = tf.Variable([1.0, 2.0], name="other")
    integer = tf.Variable([1, 2], name="integer")
    loss = tf.reduce_sum(tf.square(v))
    descent = tf.train.GradientDescentOptimizer(0.1)
    train = tf.train
    return [
        error(descent.minimize, loss, var_list=[other]),
        error(descent.minimize, loss, var_list=[]),
        error(descent.minimize, tf.reduce_sum(integer)),
        error(descent.minimize, tf.reduce_sum(tf.constant([1]))),
        error(descent.apply_gradients, []),
        error(descent.apply_gradients, [(None, v)]),
        error(descent.apply_gradients, [(None, v), (None, other)]),
        error(descent.apply_gradients, [(tf.constant([1.0, 2.0]), loss)]),
        error(descent.compute_gradients, loss, gate_gradients=-1),
        error(train.Optimizer, False, ""),
        error(train.AdagradOptimizer, 0.1, 0.0),
        error(train.ProximalAdagradOptimizer, 0.1, -1.0),
        error(train.AdagradDAOptimizer, 0.1, None, 0.0),
        error(train.FtrlOptimizer, 0.1, 0.5),
        error(train.FtrlOptimizer, 0.1, -0.5, -1.0),
        error(train.FtrlOptimizer, 0.1, l1_regularization_strength=-0.5),
        error(train.FtrlOptimizer, 0.1, l2_regularization_strength=-0.5),
        error(train.FtrlOptimizer, 0.1, l2_shrinkage_regularization_strength=-0.5),
        error(descent.get_slot, v, "momentum"),
        train.AdamOptimizer().get_slot(v, "m"),
        train.AdamOptimizer().get_slot_names(),
        train.AdamOptimizer(name="Mine").get_name(),
    ]


def case_constraints(tf):
    result = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        v = tf.get_variable(
            "v",
            initializer=np.array([1.0, -2.0], np.float32),
            constraint=lambda x: tf.clip_by_value(x, 0.0, 1.0, name="held"),
            use_resource=use_resource,
        )
        train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(tf.square(v - 3.0)))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(train)
            result.append([nodes(tf), plain(session.run(v))])
        rows = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]))
        result.append(error(tf.train.AdamOptimizer().apply_gradients, [(rows, v)]))
    return result


def case_two_losses_share_slots(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.variable_scope("layer"), tf.name_scope("inner"):
        w = tf.get_variable("w", [2], initializer=tf.ones_initializer())
    optimizer = tf.train.AdamOptimizer(0.1)
    first = optimizer.minimize(tf.reduce_sum(v * w))
    with tf.name_scope("later"):
        second = optimizer.minimize(tf.reduce_sum(v * v), name="again")
    another = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(v * w))
    with tf.variable_scope("scope"):
        scoped = tf.train.MomentumOptimizer(0.1, 0.5).minimize(tf.reduce_sum(v * w))
    names = [x.name for x in tf.global_variables()]
    return [names, [x.name for x in optimizer.variables()], [t.name for t in (first, second, another, scoped)]]


def case_partitioned_variables(tf):
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
        w = tf.get_variable("w", [4, 2], initializer=tf.ones_initializer())
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    train = optimizer.minimize(tf.reduce_sum(tf.square(tf.convert_to_tensor(w))))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        parts = plain(session.run(list(w)))
    slots = [optimizer.get_slot(part, "momentum") for part in w]
    info = [slot._get_save_slice_info() for slot in slots]
    return [
        parts,
        [slot.name for slot in slots],
        [[i.full_name, list(i.full_shape), list(i.var_offset), list(i.var_shape)] for i in info],
    ]


def case_unknown_shapes(tf):
    """Slots of variables whose shape is known only when they are initialised."""
    result = []
    for name in ("Momentum", "Adagrad", "Adam", "RMSProp_centered", "Adadelta"):
        for validate in (True, False):
            tf.reset_default_graph()
            start = tf.placeholder_with_default(np.array([1.0, 2.0], np.float32), None if validate else [None])
            v = tf.Variable(start, validate_shape=False, name="v")
            optimizer = optimizers(tf)[name](None)
            train = optimizer.minimize(tf.reduce_sum(tf.square(v)))
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                session.run(train)
                slots = [optimizer.get_slot(v, n) for n in optimizer.get_slot_names()]
                result.append([plain(session.run([v] + slots)), [s.name for s in slots]])
    return result


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
for _name in NAMES:
    for _kind in LOSSES:
        CASES["_".join([_name, _kind])] = functools.partial(values, name=_name, kind=_kind)
    CASES[_name + "_graph"] = functools.partial(graph, name=_name)
