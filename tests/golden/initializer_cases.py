"""What initializers give under TensorFlow 1.15.5; the results are kept in initializers.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import numpy as np
from state_cases import error, plain, run_or_error

SHAPES = ([], [5], [3, 4], [2, 2, 3, 4])


def rounded(value):
    """Floats to 6 digits: the last bits depend on how sums and roots are computed."""
    return np.round(np.asarray(value, np.float64), 6).tolist()


def values(tf, initializer, shape, **kwargs):
    tf.reset_default_graph()
    with tf.Session() as session:
        result = session.run(initializer(shape, **kwargs))
    return [str(result.dtype), rounded(result)]


def case_constants(tf):
    results = []
    for initializer in (tf.zeros_initializer(), tf.ones_initializer(tf.int32), tf.constant_initializer(2.5)):
        results += [values(tf, initializer, shape) for shape in SHAPES[:3]]
        results += [values(tf, initializer, [2], dtype=tf.float64), initializer.get_config()]
    listed = tf.constant_initializer([[1, 2], [3, 4]])
    results += [
        values(tf, listed, [2, 2]),
        values(tf, listed, [3, 2]),
        values(tf, listed, [4]),
        values(tf, listed, None),
    ]
    results += [values(tf, tf.constant_initializer(np.arange(3)), [3], dtype=tf.int64)]
    results += [run_or_error(tf, lambda: tf.zeros_initializer()([2], tf.string))]
    results += [run_or_error(tf, lambda: tf.ones_initializer(tf.bool)([2]))]
    checked = tf.constant_initializer([1.0, 2.0], verify_shape=True)
    results += [
        values(tf, checked, [2]),
        error(checked, [3]),
        error(checked, [3], verify_shape=False),
        error(listed, [3]),
    ]
    return results + [error(tf.constant_initializer, {1}), listed.get_config()]


def random_initializers(tf):
    return [
        tf.random_uniform_initializer(-1.0, 2.0, seed=1),
        tf.random_uniform_initializer(0, 100, seed=1, dtype=tf.int32),
        tf.random_normal_initializer(1.0, 2.0, seed=2),
        tf.truncated_normal_initializer(1.0, 2.0, seed=3),
        tf.uniform_unit_scaling_initializer(1.43, seed=4),
        tf.variance_scaling_initializer(seed=5),
        tf.variance_scaling_initializer(2.0, "fan_out", "uniform", seed=6),
        tf.variance_scaling_initializer(0.5, "fan_avg", "untruncated_normal", seed=7),
        tf.variance_scaling_initializer(0.5, "fan_avg", "normal", seed=8),
        tf.glorot_uniform_initializer(seed=9),
        tf.glorot_normal_initializer(seed=10),
        tf.initializers.he_normal(seed=11),
        tf.initializers.he_uniform(seed=12),
        tf.initializers.lecun_normal(seed=13),
        tf.initializers.lecun_uniform(seed=14),
    ]


def case_random_numbers(tf):
    results = []
    for initializer in random_initializers(tf):
        results.append([values(tf, initializer, shape) for shape in SHAPES])
        if initializer.dtype == tf.float32:
            results.append(values(tf, initializer, [3, 4], dtype=tf.float64))
    return results


def case_configurations(tf):
    results = []
    for initializer in random_initializers(tf) + [tf.orthogonal_initializer(2.0, 3), tf.initializers.identity(2.0)]:
        config = initializer.get_config()
        results.append([config, type(initializer).from_config(config).get_config() == config])
    return results


def case_identity(tf):
    identity = tf.initializers.identity
    return [
        values(tf, identity(), [2, 2]),
        values(tf, identity(3.0), [2, 3]),
        values(tf, identity(), [3, 2], dtype=tf.float64),
        error(identity(), [2]),
        error(identity, dtype=tf.int32),
    ]


def case_orthogonal(tf):
    results = []
    for shape in ([4, 4], [5, 3], [3, 5], [2, 2, 3]):
        tf.reset_default_graph()
        with tf.Session() as session:
            matrix = session.run(tf.orthogonal_initializer(2.0, seed=1)(shape)).reshape(-1, shape[-1])
        wide = matrix.shape[0] < matrix.shape[1]
        gram = matrix.dot(matrix.T) if wide else matrix.T.dot(matrix)
        results.append([np.round(gram, 4).tolist(), np.round(matrix, 4).tolist()])
    return results + [error(tf.orthogonal_initializer(), [3]), error(tf.orthogonal_initializer, dtype=tf.int32)]


def case_errors(tf):
    scaling = tf.variance_scaling_initializer
    return [
        error(scaling, -1.0),
        error(scaling, 1.0, "fan"),
        error(scaling, 1.0, "fan_in", "poisson"),
        error(scaling, dtype=tf.int32),
        error(tf.random_normal_initializer, dtype=tf.int32),
        error(tf.truncated_normal_initializer, dtype=tf.string),
        error(tf.uniform_unit_scaling_initializer, dtype=tf.int32),
        error(tf.random_uniform_initializer(dtype=tf.int32), [2]),
    ]


def case_nodes(tf):
    with tf.variable_scope("a"):
        for i, initializer in enumerate(random_initializers(tf)):
            tf.get_variable(f"v{i}", [3, 4], initializer=initializer, dtype=initializer.dtype)
    return [[o.name, o.type, [t.name for t in o.inputs]] for o in tf.get_default_graph().get_operations()]


def case_seeds(tf):
    tf.set_random_seed(7)
    v = tf.get_variable("v", [3], initializer=tf.random_normal_initializer())
    w = tf.get_variable("w", [3], initializer=tf.random_normal_initializer())
    x = tf.get_variable("x", [3], initializer=tf.random_normal_initializer(seed=3))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return rounded(session.run([v, w, x]))


def case_parts(tf):
    initializer = tf.variance_scaling_initializer(seed=1)
    v = tf.get_variable("v", [6, 2], initializer=initializer, partitioner=tf.fixed_size_partitioner(2))
    w = tf.get_variable("w", [3, 4], initializer=tf.initializers.identity(), partitioner=tf.fixed_size_partitioner(2))
    x = tf.get_variable(
        "x", [4, 2], initializer=tf.uniform_unit_scaling_initializer(seed=2), partitioner=tf.fixed_size_partitioner(2)
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return [rounded(session.run(tf.convert_to_tensor(t))) for t in (v, w, x)] + [plain(session.run(list(w)))]


CASES = {name[5:]: function for name, function in sorted(globals().items()) if name.startswith("case_")}
