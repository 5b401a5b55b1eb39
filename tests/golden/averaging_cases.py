"""Moving averages, schedules and the global step under TensorFlow 1.15.5; the results are kept in averaging.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

# ruff: noqa: B023  (what a loop's functions bind is used before the loop goes on)

import functools

import numpy as np
from state_cases import error, initialized, plain

COUNTS = [0, 1, 2, 5, 9, 10, 11, 15, 20, 24, 25, 37]


def schedules(tf):
    """Every schedule, with and without its options: name, and a function of the step that makes it."""
    t = tf.train
    return {
        "exponential": lambda s: t.exponential_decay(0.5, s, 10, 0.9),
        "exponential_staircase": lambda s: t.exponential_decay(0.5, s, 10, 0.9, staircase=True, name="falling"),
        "exponential_of_tensors": lambda s: t.exponential_decay(
            tf.constant(0.5, tf.float64), s, tf.constant(10), tf.constant(0.9)
        ),
        "natural_exponential": lambda s: t.natural_exp_decay(0.5, s, 10, 0.3),
        "natural_exponential_staircase": lambda s: t.natural_exp_decay(0.5, s, 10, 0.3, True),
        "inverse_time": lambda s: t.inverse_time_decay(0.5, s, 10, 0.3),
        "inverse_time_staircase": lambda s: t.inverse_time_decay(0.5, s, 10, 0.3, True),
        "polynomial": lambda s: t.polynomial_decay(0.5, s, 20, 0.01),
        "polynomial_square": lambda s: t.polynomial_decay(0.5, s, 20, 0.01, power=2.0),
        "polynomial_cycle": lambda s: t.polynomial_decay(0.5, s, 10, 0.01, power=0.5, cycle=True),
        "cosine": lambda s: t.cosine_decay(0.5, s, 20),
        "cosine_alpha": lambda s: t.cosine_decay(0.5, s, 20, alpha=0.1),
        "cosine_restarts": lambda s: t.cosine_decay_restarts(0.5, s, 5),
        "cosine_restarts_options": lambda s: t.cosine_decay_restarts(0.5, s, 5, t_mul=1.5, m_mul=0.8, alpha=0.1),
        "cosine_restarts_of_one_length": lambda s: t.cosine_decay_restarts(0.5, s, 10, t_mul=1.0, m_mul=0.5),
        "linear_cosine": lambda s: t.linear_cosine_decay(0.5, s, 20),
        "linear_cosine_options": lambda s: t.linear_cosine_decay(0.5, s, 20, num_periods=2, alpha=0.1, beta=0.01),
        "noisy_linear_cosine": lambda s: t.noisy_linear_cosine_decay(0.5, s, 20, initial_variance=1e-12),
        "piecewise": lambda s: t.piecewise_constant(s, [5, 10, 20], [1.0, 0.5, 0.25, 0.125]),
        "piecewise_named": lambda s: t.piecewise_constant_decay(s, [9], [1.0, 0.5], name="stairs"),
    }


NAMES = sorted(schedules(type("module", (), {"train": None})))


def schedule(tf, name):
    """The rate at several steps, for steps of two dtypes, and its tensor's name and dtype."""
    result = []
    for dtype in (tf.int32, tf.int64):
        tf.reset_default_graph()
        step = tf.placeholder(dtype, [])
        rate = schedules(tf)[name](step)
        with tf.Session() as session:
            values = [float(np.format_float_scientific(session.run(rate, {step: count}), 6)) for count in COUNTS]
        result.append([values, rate.name.split("/")[0], rate.dtype.name, rate.shape.as_list()])
    return result


def case_schedule_errors(tf):
    step = tf.constant(1)
    t = tf.train
    return [
        error(t.exponential_decay, 0.1, None, 10, 0.9),
        error(t.natural_exp_decay, 0.1, None, 10, 0.9),
        error(t.polynomial_decay, 0.1, None, 10),
        error(t.inverse_time_decay, 0.1, None, 10, 0.9),
        error(t.cosine_decay, 0.1, None, 10),
        error(t.cosine_decay_restarts, 0.1, None, 10),
        error(t.linear_cosine_decay, 0.1, None, 10),
        error(t.noisy_linear_cosine_decay, 0.1, None, 10),
        error(t.piecewise_constant, step, [1, 2], [1.0, 2.0]),
        error(t.piecewise_constant, step, [1.0], [1.0, 2.0]),
        error(t.piecewise_constant, step, [1], [1.0, 2]),
        error(t.piecewise_constant, tf.constant(1.0), [1], [1.0, 2.0]),
    ]


def case_piecewise_of_floats(tf):
    x = tf.placeholder(tf.float32, [])
    rate = tf.train.piecewise_constant(x, [0.5, 2.5], [10, 20, 30])
    with tf.Session() as session:
        return [plain(session.run(rate, {x: v})) for v in (0.0, 0.5, 0.6, 2.5, 3.0)]


def average_values(tf, make, steps=4, **options):
    """The averages of a value that grows, step by step, and the variables that were made."""
    value = make()
    step = tf.Variable(0.0, trainable=False, name="step")
    averages = tf.train.ExponentialMovingAverage(0.9, **options)
    update = averages.apply([value])
    average = averages.average(value)
    shown = [[x.name, x.dtype.name, x.trainable] for x in tf.global_variables()]
    result = [shown, update.name, averages.average_name(value), averages.name]
    with initialized(tf) as session:
        for i in range(steps):
            if isinstance(value, tf.Variable):
                session.run(value.assign([float(i), 2.0 * i]))
            session.run(update)
            result.append([round(x, 6) for x in session.run(average).tolist()])
            session.run(step.assign_add(1.0))
    return result


def case_averages_of_variables(tf):
    result = []
    for use_resource in (False, True):
        tf.reset_default_graph()
        result.append(average_values(tf, lambda: tf.Variable([1.0, 2.0], name="v", use_resource=use_resource)))
    return result


def case_averages_of_tensors(tf):
    result = []
    for options in ({}, {"zero_debias": True}, {"name": "mine"}, {"num_updates": 3}, {"num_updates": 100000}):
        tf.reset_default_graph()
        result.append(average_values(tf, lambda: tf.identity([1.0, 2.0], name="t"), **options))
    return result


def case_averages_with_num_updates(tf):
    v = tf.Variable(0.0, name="v")
    step = tf.Variable(0, trainable=False, name="step")
    averages = tf.train.ExponentialMovingAverage(0.99, step)
    update = averages.apply([v])
    result = []
    with initialized(tf) as session:
        for value, count in ((5.0, 0), (10.0, 10000), (10.0, 10000), (0.0, 3)):
            session.run([v.assign(value), step.assign(count)])
            session.run(update)
            result.append(round(float(session.run(averages.average(v))), 5))
    return result


def case_averages_in_scopes(tf):
    with tf.variable_scope("layer"):
        v = tf.get_variable("w", [2], initializer=tf.ones_initializer())
    with tf.name_scope("averaging"), tf.variable_scope("inside"):
        averages = tf.train.ExponentialMovingAverage(0.5)
        update = averages.apply()
    other = tf.Variable([1.0], name="other")
    again = averages.apply([other, v])
    collections = {key: [x.name for x in tf.get_collection(key)] for key in ("moving_average_variables", "variables")}
    restore = averages.variables_to_restore()
    return [
        update.name,
        again.name,
        averages.average(v).name,
        averages.average(other).name,
        collections,
        sorted([key, x.name] for key, x in restore.items()),
    ]


def case_averages_not_yet_applied(tf):
    v = tf.Variable([1.0], name="v")
    untrained = tf.Variable([1.0], trainable=False, name="untrained")
    tf.Variable(0, trainable=False, name="count")
    averages = tf.train.ExponentialMovingAverage(0.5)

    def shown(restore):
        return sorted([key, x.name] for key, x in restore.items())

    return [
        averages.average(v),
        averages.average_name(v),
        shown(averages.variables_to_restore()),
        shown(averages.variables_to_restore([untrained])),
        shown(averages.variables_to_restore([])),
    ]


def case_averages_errors(tf):
    averages = tf.train.ExponentialMovingAverage(0.5)
    return [
        error(averages.apply, [tf.Variable([1, 2], name="v")]),
        error(averages.apply, [tf.constant([True])]),
        error(averages.apply, [tf.Variable(tf.complex(1.0, 2.0), name="c")]),
    ]


def case_averages_dtypes(tf):
    result = []
    for dtype in (np.float16, np.float32, np.float64):
        tf.reset_default_graph()
        v = tf.Variable(np.array([1.0, 2.0], dtype), name="v")
        averages = tf.train.ExponentialMovingAverage(0.75)
        update = averages.apply([v])
        with initialized(tf) as session:
            session.run(v.assign(np.array([3.0, 6.0], dtype)))
            session.run(update)
            result.append(plain(session.run(averages.average(v))))
    return result


def case_average_after_training_step(tf):
    """The classical order: the training step first, then the averages."""
    v = tf.Variable(1.0, name="v")
    step = tf.train.get_or_create_global_step()
    train = tf.train.GradientDescentOptimizer(0.25).minimize(v * v, global_step=step)
    averages = tf.train.ExponentialMovingAverage(0.5, step)
    with tf.control_dependencies([train]):
        op = averages.apply(tf.trainable_variables())
    with initialized(tf) as session:
        result = []
        for _ in range(3):
            session.run(op)
            result.append([round(float(x), 6) for x in session.run([v, averages.average(v), step])])
        return result


def case_global_step(tf):
    train = tf.train
    result = [train.get_global_step()]
    step = train.create_global_step()
    result += [
        step.name,
        step.dtype.name,
        step.trainable,
        train.get_global_step() is step,
        train.get_or_create_global_step() is step,
        tf.get_collection(tf.GraphKeys.GLOBAL_STEP) == [step],
        error(train.create_global_step),
        error(train.assert_global_step, step),
        error(train.assert_global_step, tf.constant(1)),
        error(train.assert_global_step, tf.constant(1.0)),
        error(train.assert_global_step, tf.constant([1])),
        error(train.assert_global_step, 1),
    ]
    with initialized(tf) as session:
        session.run(step.assign_add(7))
        result.append(train.global_step(session, step))
    with tf.Graph().as_default() as other:
        result.append(train.get_global_step())
        with tf.name_scope("inside"), tf.variable_scope("deep"):
            result.append(train.get_or_create_global_step(other).name)
    with tf.Graph().as_default():
        by_name = tf.Variable(3, name="global_step", trainable=False)
        result.append(train.get_global_step().name == by_name.name)
    with tf.Graph().as_default():
        tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, tf.Variable(1.5, name="x"))
        result.append(error(train.get_global_step))
    with tf.Graph().as_default() as graph:
        made = train.create_global_step(graph)
        with tf.Graph().as_default():
            result.append(train.get_global_step(graph) is made)
    return result


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
CASES.update({"schedule_" + name: functools.partial(schedule, name=name) for name in NAMES})
