"""Wrong programs, and the error that each gives under TensorFlow 1.15.5: kept in errors.json.

A program takes the module (TensorFlow or PyFlow) and fails, at graph building or in a run. Python 3.7 runs them too.
"""

import re

import numpy as np


def run(tf, fetches, feed=None):
    with tf.Session() as session:
        return session.run(fetches, feed)


def floats(tf, *shape):
    return tf.placeholder(tf.float32, shape, name="x")


# Graph building
BUILDING = {
    "matmul_sizes": lambda tf: tf.matmul(tf.ones([2, 3]), tf.ones([2, 3])),
    "matmul_rank": lambda tf: tf.matmul(tf.ones([2]), tf.ones([2, 3])),
    "matmul_dtypes": lambda tf: tf.matmul(tf.ones([2, 2]), tf.ones([2, 2], tf.float64)),
    "add_shapes": lambda tf: tf.ones([2, 3]) + tf.ones([2, 4]),
    "add_dtypes": lambda tf: tf.constant(1) + tf.constant(1.0),
    "add_raw_dtypes": lambda tf: tf.add(tf.constant(1.0), tf.constant(1)),
    "multiply_by_text": lambda tf: tf.constant(1.0) * "a",
    "int_times_float": lambda tf: tf.constant(2) * 1.5,
    "reshape_sizes": lambda tf: tf.reshape(tf.ones([2, 3]), [4]),
    "reshape_indivisible": lambda tf: tf.reshape(tf.ones([2, 3]), [4, -1]),
    "concat_ranks": lambda tf: tf.concat([tf.ones([2]), tf.ones([2, 2])], 0),
    "concat_sizes": lambda tf: tf.concat([tf.ones([2, 2]), tf.ones([2, 3])], 0),
    "concat_axis": lambda tf: tf.concat([tf.ones([2]), tf.ones([2])], 3),
    "stack_shapes": lambda tf: tf.stack([tf.ones([2]), tf.ones([3])]),
    "stack_axis": lambda tf: tf.stack([tf.ones([2])], axis=5),
    "unstack_unknown": lambda tf: tf.unstack(tf.placeholder(tf.float32)),
    "split_uneven": lambda tf: tf.split(tf.ones([5]), 2),
    "transpose_permutation": lambda tf: tf.transpose(tf.ones([2, 3]), [0, 1, 2]),
    "squeeze_size": lambda tf: tf.squeeze(tf.ones([2, 3]), [0]),
    "expand_axis": lambda tf: tf.expand_dims(tf.ones([2]), 5),
    "reduce_axis": lambda tf: tf.reduce_sum(tf.ones([2, 3]), 2),
    "argmax_axis": lambda tf: tf.argmax(tf.ones([2, 3]), 2),
    "index_too_far": lambda tf: tf.ones([2])[5],
    "too_many_indices": lambda tf: tf.ones([2])[0, 0],
    "index_by_float": lambda tf: tf.ones([2])[1.5],
    "gather_axis": lambda tf: tf.gather(tf.ones([2]), [0], axis=3),
    "tile_multiples": lambda tf: tf.tile(tf.ones([2]), [1, 2]),
    "pad_rank": lambda tf: tf.pad(tf.ones([2]), [[1, 1], [1, 1]]),
    "one_hot_depth": lambda tf: tf.one_hot([1], [2, 3]),
    "cast_unknown_type": lambda tf: tf.cast(1.0, "float31"),
    "constant_of_none": lambda tf: tf.constant(None),
    "constant_ragged": lambda tf: tf.constant([[1, 2], [3]]),
    "constant_mixed": lambda tf: tf.constant([1, "a"]),
    "constant_shape": lambda tf: tf.constant([1, 2, 3], shape=[2]),
    "constant_dtype": lambda tf: tf.constant(1.5, tf.int32),
    "convert_dtype": lambda tf: tf.convert_to_tensor(tf.constant(1.0), tf.int32),
    "bias_size": lambda tf: tf.nn.bias_add(tf.ones([2, 3]), tf.ones([4])),
    "relu_of_text": lambda tf: tf.nn.relu(tf.constant("a")),
    "softmax_of_ints": lambda tf: tf.nn.softmax([1, 2]),
    "cross_entropy_unnamed": lambda tf: tf.nn.softmax_cross_entropy_with_logits(tf.ones([1, 2]), tf.ones([1, 2])),
    "cross_entropy_shapes": lambda tf: tf.nn.softmax_cross_entropy_with_logits_v2(
        labels=tf.ones([2, 3]), logits=tf.ones([2, 4])
    ),
    "sparse_cross_entropy_rank": lambda tf: tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.constant([[1, 2]]), logits=tf.ones([2, 4])
    ),
    "sigmoid_cross_entropy_shapes": lambda tf: tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.ones([2]), logits=tf.ones([3])
    ),
    "dropout_rate": lambda tf: tf.nn.dropout(tf.ones([2]), rate=1.5),
    "bool_of_tensor": lambda tf: bool(tf.constant(True)),
    "iterate_scalar": lambda tf: list(tf.constant(1.0)),
    "iterate_unknown": lambda tf: list(tf.placeholder(tf.float32)),
    "gradients_lengths": lambda tf: tf.gradients(tf.ones([2]), tf.ones([2]), grad_ys=[None, None]),
    "set_shape": lambda tf: floats(tf, 2).set_shape([3]),
    "bad_node_name": lambda tf: tf.constant(1.0, name="a b"),
    "bad_scope_name": lambda tf: tf.name_scope("a b").__enter__(),
    "bad_device": lambda tf: tf.device("/cpu:zero").__enter__() and tf.constant(1.0),
    "graph_lookup": lambda tf: tf.get_default_graph().get_tensor_by_name("nothing:0"),
    "graph_lookup_operation": lambda tf: tf.get_default_graph().get_operation_by_name("nothing"),
    "graph_lookup_form": lambda tf: tf.get_default_graph().get_tensor_by_name("nothing"),
    "graph_lookup_output": lambda tf: (
        tf.constant(1, name="c"),
        tf.get_default_graph().get_tensor_by_name("c:5"),
    ),
    "variable_without_value": lambda tf: tf.Variable(),
    "variable_shape_unknown": lambda tf: tf.Variable(tf.placeholder(tf.float32)),
    "get_variable_twice": lambda tf: [tf.get_variable("v", [2]) for _ in range(2)],
    "get_variable_missing": lambda tf: [
        None for _ in [tf.variable_scope("s", reuse=True).__enter__()] if tf.get_variable("v", [2]) is None
    ],
    "get_variable_without_shape": lambda tf: tf.get_variable("v"),
    "get_variable_shape_and_value": lambda tf: tf.get_variable("v", [2], initializer=tf.zeros([2])),
    "assign_shape": lambda tf: tf.assign(tf.Variable([1.0, 2.0]), [1.0]),
    "assign_dtype": lambda tf: tf.assign(tf.Variable([1.0, 2.0]), tf.constant([1, 2])),
    "minimize_nothing": lambda tf: tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0)),
    "minimize_unconnected": lambda tf: (
        tf.Variable(1.0),
        tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0)),
    ),
    "apply_no_gradients": lambda tf: tf.train.GradientDescentOptimizer(0.1).apply_gradients([]),
    "einsum_letters": lambda tf: tf.einsum("ij,jk->il", tf.ones([2, 2]), tf.ones([2, 2])),
    "clip_norm_of_text": lambda tf: tf.clip_by_global_norm("a", 1.0),
    "assert_static": lambda tf: tf.assert_rank(tf.ones([2]), 2),
    "eval_without_session": lambda tf: tf.constant(1.0).eval(),
    "run_without_session": lambda tf: tf.no_op().run(),
    "finalized": lambda tf: (tf.get_default_graph().finalize(), tf.constant(1.0)),
}


def closed_session(tf):
    x = tf.constant(1.0)
    session = tf.Session()
    session.close()
    session.run(x)


def other_graph(tf):
    with tf.Graph().as_default():
        x = tf.constant(1.0)
    tf.constant(1.0)
    run(tf, x)


def other_graph_eval(tf):
    with tf.Graph().as_default():
        x = tf.constant(1.0)
    with tf.Session():
        x.eval()


def mixed_graphs(tf):
    with tf.Graph().as_default():
        x = tf.constant(1.0)
    return tf.add(x, tf.constant(1.0))


def empty_graph(tf):
    tf.Session().run("x:0")


def uninitialized(tf):
    v = tf.Variable(1.0, name="v")
    run(tf, v + 1.0)


def uninitialized_assign_add(tf):
    run(tf, tf.assign_add(tf.Variable(1.0, name="v"), 1.0))


def unknown_feed(tf):
    x = tf.constant(1.0)
    run(tf, x, {"nothing:0": 1.0})


def feed_wrong_shape(tf):
    x = floats(tf, 2)
    run(tf, x, {x: [1.0]})


def feed_wrong_type(tf):
    x = floats(tf)
    run(tf, x, {x: "text"})


def feed_unhashable(tf):
    x = floats(tf)
    run(tf, x, {x: tf.constant(1.0)})


def feed_large_int(tf):
    x = tf.placeholder(tf.int32, [], name="x")
    run(tf, x, {x: 2**40})


def run_product(tf):
    x, y = tf.placeholder(tf.float32, name="x"), tf.placeholder(tf.float32, name="y")
    run(tf, tf.matmul(x, y, name="product"), {x: np.ones([2, 3]), y: np.ones([2, 3])})


def run_sum(tf):
    x, y = tf.placeholder(tf.float32, name="x"), tf.placeholder(tf.float32, name="y")
    run(tf, tf.add(x, y, name="sum"), {x: np.ones([2, 3]), y: np.ones([2])})


def run_reshape(tf):
    x = tf.placeholder(tf.float32, name="x")
    run(tf, tf.reshape(x, [4], name="reshaped"), {x: np.ones([2, 3])})


def run_gather(tf):
    i = tf.placeholder(tf.int32, [1], name="i")
    run(tf, tf.gather(tf.constant([1.0, 2.0]), i, name="gathered"), {i: [5]})


def run_assign(tf):
    x = tf.placeholder(tf.float32, name="x")
    run(tf, tf.assign(tf.Variable([1.0, 2.0], name="v"), x), {x: [1.0]})


def run_concat(tf):
    x, y = tf.placeholder(tf.float32, name="x"), tf.placeholder(tf.float32, name="y")
    run(tf, tf.concat([x, y], 0, name="joined"), {x: np.ones([2, 3]), y: np.ones([2, 4])})


def run_integer_division(tf):
    x = tf.placeholder(tf.int32, name="x")
    run(tf, tf.floordiv(1, x, name="quotient"), {x: 0})


def run_inverse(tf):
    run(tf, tf.matrix_inverse(tf.zeros([2, 2]), name="inverse"))


def run_cholesky(tf):
    run(tf, tf.cholesky(tf.constant([[-1.0]]), name="factor"))


def run_numerics(tf):
    run(tf, tf.check_numerics(tf.log(tf.constant(-1.0)), "bad logarithm", name="checked"))


def run_assert(tf):
    x = tf.placeholder(tf.float32, name="x")
    with tf.control_dependencies([tf.Assert(x > 1.0, [x], name="check")]):
        run(tf, tf.identity(x), {x: 0.0})


def run_labels(tf):
    labels = tf.placeholder(tf.int32, [1], name="labels")
    run(tf, tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=tf.ones([1, 2])), {labels: [5]})


def run_slice(tf):
    x = tf.placeholder(tf.float32, name="x")
    run(tf, tf.slice(x, [1], [3], name="part"), {x: [1.0, 2.0]})


def run_index(tf):
    x = tf.placeholder(tf.float32, name="x")
    run(tf, x[5], {x: [1.0, 2.0]})


def run_py_func(tf):
    def fail(x):
        raise ValueError("bad value of x")

    run(tf, tf.py_func(fail, [1.0], tf.float32, name="called"))


def run_py_func_type(tf):
    run(tf, tf.py_func(lambda x: np.int32(x), [1.0], tf.float32, name="called"))


def run_cast_of_text(tf):
    run(tf, tf.cast(tf.constant("a"), tf.float32, name="number"))


def run_random_shape(tf):
    shape = tf.placeholder(tf.int32, [1], name="shape")
    run(tf, tf.random_uniform(shape, seed=1), {shape: [-1]})


def run_top_k(tf):
    x = tf.placeholder(tf.float32, name="x")
    run(tf, tf.nn.top_k(x, 5), {x: [1.0, 2.0]})


def run_segments(tf):
    ids = tf.placeholder(tf.int32, [2], name="ids")
    run(tf, tf.segment_sum(tf.ones([2]), ids, name="sums"), {ids: [1, 0]})


def run_count_up(tf):
    v = tf.Variable(3, name="v")
    count = tf.count_up_to(v, 3, name="count")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(count)


RUNNING = {
    "fetch_none": lambda tf: (tf.constant(1.0), run(tf, None)),
    "fetch_number": lambda tf: (tf.constant(1.0), run(tf, 1)),
    "fetch_unknown_name": lambda tf: (tf.constant(1.0), run(tf, "nothing:0")),
    "unfed": lambda tf: run(tf, floats(tf, 2) + 1.0),
    "unfed_unknown_shape": lambda tf: run(tf, tf.placeholder(tf.float32, name="x") + 1.0),
}
RUNNING.update(
    (f.__name__, f)
    for f in list(globals().values())
    if getattr(f, "__module__", "") == __name__ and f.__name__ not in ("run", "floats", "<lambda>")
)


def first_line(message):
    """The first line of a message, without what TensorFlow 2 puts before it and the numbers of Python functions."""
    if message.startswith("Graph execution error:"):
        message = re.split("\nNode: .*\n", message, maxsplit=1)[-1]
    return re.sub(r"pyfunc_\d+", "pyfunc", message.partition("\n")[0])


def case(program):
    """What the program gives: the error's class and the first line of its message."""

    def error(tf):
        try:
            program(tf)
        except Exception as error:
            message = getattr(error, "message", None) or str(error)
            return [type(error).__name__, first_line(message)]
        return ["no error", ""]

    return error


CASES = {name: case(program) for programs in (BUILDING, RUNNING) for name, program in programs.items()}
