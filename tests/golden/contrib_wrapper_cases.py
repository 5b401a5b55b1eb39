"""tf.contrib.opt's optimisers around others, and rarer ones, under TensorFlow 1.15.5; kept in contrib_wrappers.json."""

import numpy as np
from state_cases import error

START = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]], np.float32)


def digits(x):
    return [float(f"{v:.6g}") for v in np.ravel(x)]


def dense(tf, v):
    return tf.reduce_sum(tf.square(v - 1.0) * [1.0, 3.0])


def sparse(tf, v):
    return tf.reduce_sum(tf.square(tf.gather(v, [2, 0]) - 1.0))


def trained(tf, make, loss, use_resource, steps=4):
    """Names and values of all variables after some steps."""
    tf.reset_default_graph()
    v = tf.Variable(START, name="v", use_resource=use_resource)
    step = tf.train.get_or_create_global_step()
    optimizer = make(v, step)
    train = optimizer.minimize(loss(tf, v), global_step=step)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(steps):
            session.run(train)
        return [[x.name, digits(session.run(x))] for x in tf.global_variables()]


def both(tf, make, losses=(dense, sparse)):
    return [trained(tf, make, loss, use_resource) for loss in losses for use_resource in (False, True)]


def case_moving_average(tf):
    opt = tf.contrib.opt
    return both(tf, lambda v, step: opt.MovingAverageOptimizer(tf.train.GradientDescentOptimizer(0.1), 0.5), (dense,))


def case_multitask(tf):
    opt = tf.contrib.opt
    return both(tf, lambda v, step: opt.MultitaskOptimizerWrapper(tf.train.MomentumOptimizer(0.1, 0.9)), (dense,))


def case_clipping(tf):
    opt = tf.contrib.opt

    def make(v, step):
        return opt.VariableClippingOptimizer(tf.train.MomentumOptimizer(0.1, 0.9), {v: [1]}, 0.8)

    return both(tf, make, (dense,)) + [trained(tf, make, sparse, False)]


def case_drop_stale(tf):
    opt = tf.contrib.opt
    make = lambda v, step: opt.DropStaleGradientOptimizer(tf.train.MomentumOptimizer(0.1, 0.9), 0)  # noqa: E731
    return both(tf, make, (dense,))


def case_lars(tf):
    opt = tf.contrib.opt
    made = [both(tf, lambda v, step: opt.LARSOptimizer(0.5, use_nesterov=True))]
    made.append(both(tf, lambda v, step: opt.LARSOptimizer(0.1, 0.5, skip_list=["v"]), (dense,)))
    return made + [error(opt.LARSOptimizer, 0.1, -1.0), error(opt.LARSOptimizer, 0.1, weight_decay=-1.0)]


def case_reg_adagrad(tf):
    opt = tf.contrib.opt
    return both(tf, lambda v, step: opt.RegAdagradOptimizer(0.5))


def case_adam_gs(tf):
    opt = tf.contrib.opt
    return [both(tf, lambda v, step: opt.AdamGSOptimizer(step, 0.1)),
            both(tf, lambda v, step: opt.LazyAdamGSOptimizer(step, 0.1))]


def case_shampoo(tf):
    opt = tf.contrib.opt
    made = [{}, {"gbar_decay": 0.5, "gbar_weight": 0.5, "mat_gbar_decay": 0.9}, {"max_matrix_size": 2},
            {"use_iterative_root": True}]

    def make(kwargs):
        return lambda v, step: opt.ShampooOptimizer(step, learning_rate=0.1, **kwargs)

    return [both(tf, make(kwargs), (dense,)) for kwargs in made]


def case_global_norm(tf):
    opt = tf.contrib.opt
    v, w = tf.Variable(START), tf.Variable([1.0])
    pairs = [(tf.constant(START), v), (tf.constant([0.0]), w)]
    clipped, norm = opt.clip_gradients_by_global_norm(pairs, 2.0)
    with tf.Session() as session:
        return [digits(x) for x in session.run([norm] + [g for g, _ in clipped])]


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
