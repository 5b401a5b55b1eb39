"""Programs with loops and conditionals; what they give, and the graphs that TensorFlow 1.15.5 builds for them, are kept
in control_flow.json (written by make_control_flow.py).

A program takes the module and gives (fetches, feeds); feeds go by the names of placeholders. Runs under Python 3.7 too.
"""

import numpy as np

X = [1.1, 1.2]
SEQUENCES = np.linspace(-1, 1, 24).reshape(2, 3, 4).tolist()


def loop_with_gradient(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    count, y = tf.while_loop(lambda i, a: i < 5, lambda i, a: (i + 1, a * x + 1), [0, x])
    return [count, y, tf.gradients(y, x)[0]], {"x:0": X}


def _nested_conditionals(tf, values):
    x = tf.placeholder(tf.float32, [2], name="x")
    positive = x[0] > 0
    y = tf.cond(positive, lambda: tf.exp(x) * 2, lambda: tf.cond(x[1] > 0, lambda: x * x, lambda: x - 1))
    z = tf.cond(positive, lambda: y + 1, lambda: y * 2)
    return [y, z, tf.gradients(z, x)[0]], {"x:0": values}


def conditionals_first_branch(tf):
    return _nested_conditionals(tf, [1.1, 1.2])


def conditionals_second_branch(tf):
    return _nested_conditionals(tf, [-1.1, 1.2])


def conditionals_third_branch(tf):
    return _nested_conditionals(tf, [-1.1, -1.2])


def loops_and_conditionals_in_each_other(tf):
    x = tf.placeholder(tf.float32, [2], name="x")

    def body(i, a):
        def inner(j, b):
            return j + 1, b * x * tf.cond(i < 1, lambda: x, lambda: x * x)

        b = tf.while_loop(lambda j, b: j < 2, inner, [0, a])[1]
        return i + 1, tf.cond(i > 0, lambda: b + 1, lambda: b)

    count, y = tf.while_loop(lambda i, a: i < 3, body, [0, x])
    return [count, y, tf.gradients(y, x)[0]], {"x:0": X}


def recurrence_over_sequences(tf):
    x = tf.placeholder(tf.float32, [2, 3, 4], name="x")
    w = tf.constant(np.linspace(-0.5, 0.5, 35).reshape(7, 5), tf.float32)

    def step(state, row):
        return tf.tanh(tf.matmul(tf.concat([row, state], 1), w)[:, :3])

    states = tf.scan(step, tf.transpose(x, [1, 0, 2]), tf.zeros([2, 3]))
    loss = tf.reduce_sum(states * states)
    return [states, loss, *tf.gradients(loss, [x, w])], {"x:0": SEQUENCES}


def map_of_conditional(tf):
    x = tf.placeholder(tf.float32, [3], name="x")
    y = tf.map_fn(lambda r: tf.cond(r > 0, lambda: r * r, lambda: -r), x)
    return [y, tf.gradients(y, x)[0]], {"x:0": [1.0, -2.0, 3.0]}


def folds(tf):
    x = tf.placeholder(tf.float32, [3], name="x")
    return [
        tf.foldl(lambda a, r: 2 * a + r, x),
        tf.foldr(lambda a, r: 2 * a + r, x),
        tf.foldl(lambda a, r: a - r, x, initializer=10.0),
        tf.scan(lambda a, r: a - r, x, reverse=True),
        tf.scan(lambda a, r: (a[1], a[0] + r), x, initializer=(0.0, 1.0)),
    ], {"x:0": [1.0, 2.0, 4.0]}


def assignment_in_branch(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    v = tf.Variable(1.0)
    return [tf.cond(x > 0, lambda: tf.assign_add(v, x), lambda: tf.identity(v))], {"x:0": 3.0}


def case_of_three(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    pairs = [(x < 0, lambda: x * 2), (x > 5, lambda: x * 3)]
    return [tf.case(pairs, default=lambda: x * 4, exclusive=True)], {"x:0": 7.0}


def arrays_written_and_read(tf):
    x = tf.placeholder(tf.float32, [3, 2], name="x")
    rows = tf.TensorArray(tf.float32, size=3).unstack(x)
    results = tf.TensorArray(tf.float32, size=3, element_shape=[2])
    _, results = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i, rows.read(i) ** 2)), (0, results))
    y = results.stack()
    return [y, tf.gradients(y, x)[0]], {"x:0": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]}


def shapes_that_change(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    shapes = [tf.TensorShape([]), tf.TensorShape([None])]
    _, y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, tf.concat([a, x], 0)), [0, x], shapes)
    return [y, tf.gradients(y, x)[0]], {"x:0": X}


def limited_loop(tf):
    x = tf.placeholder(tf.int32, [], name="x")
    return [tf.while_loop(lambda i: i < 100, lambda i: i + x, [0], maximum_iterations=4)], {"x:0": 3}


PROGRAMS = [
    loop_with_gradient,
    conditionals_first_branch,
    conditionals_second_branch,
    conditionals_third_branch,
    loops_and_conditionals_in_each_other,
    recurrence_over_sequences,
    map_of_conditional,
    folds,
    assignment_in_branch,
    case_of_three,
    arrays_written_and_read,
    shapes_that_change,
    limited_loop,
]
