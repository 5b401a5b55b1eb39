"""What tf.contrib.framework's arg_scope and variables give under TensorFlow 1.15.5; kept in framework.json.

Runs under Python 3.7 as well.
"""

import numpy as np


def attempt(function):
    """What a call returns, or the class and the first line of what it raises."""
    try:
        return function()
    except Exception as error:
        return [type(error).__name__, str(error).split("\n")[0]]


def described(variables):
    return [[v.op.name, v.shape.as_list(), v.dtype.name, sorted(collections_of(v))] for v in variables]


def collections_of(variable):
    graph = variable.graph
    keys = [key for key in graph.collections if isinstance(key, str)]
    return [key for key in keys if any(variable is item for item in graph.get_collection(key))]


def decorated(tf):
    @tf.contrib.framework.add_arg_scope
    def first(x, y=1, z=2):
        return [x, y, z]

    @tf.contrib.framework.add_arg_scope
    def second(x, y=5):
        return [x, y]

    return first, second


def scopes(tf):
    first, second = decorated(tf)
    framework, results = tf.contrib.framework, []
    results.append([first(0), second(0)])
    with framework.arg_scope([first, second], y=7):
        results.append([first(0), second(0), first(0, y=9)])
        with framework.arg_scope([first], z=8) as inner:
            results.append([first(0), second(0)])
        results.append(first(0))
    with framework.arg_scope(inner):
        results.append([first(0), second(0)])
    results.append([first(0), second(0)])
    results.append([framework.has_arg_scope(first), framework.has_arg_scope(len)])
    results.append(list(framework.arg_scoped_arguments(first)))
    return results + [first.__name__, framework.current_arg_scope()]


def scope_after_an_error(tf):
    first, _ = decorated(tf)
    try:
        with tf.contrib.framework.arg_scope([first], y=7):
            raise KeyError
    except KeyError:
        return first(0)


def entered(tf, *args, **kwargs):
    with tf.contrib.framework.arg_scope(*args, **kwargs):
        return "entered"


def variables(tf):
    framework = tf.contrib.framework
    with tf.variable_scope("outer"):
        made = [
            framework.variable("a", [2], initializer=tf.zeros_initializer()),
            framework.model_variable("b", [2, 3], regularizer=tf.reduce_sum, trainable=False),
            framework.local_variable(1.5, name="c"),
            framework.global_variable([1, 2]),
            framework.variable("e", [1], tf.float64, collections=["mine", "mine"]),
        ]
    return described(made)


def variables_by_scope(tf):
    framework = tf.contrib.framework
    with framework.arg_scope([framework.model_variable], dtype=tf.float64, trainable=False):
        for name in ("x/w", "x/b", "y/w", "y/b"):
            framework.model_variable(name, [1])
    framework.add_model_variable(framework.variable("z", [1]))
    framework.add_model_variable(tf.global_variables()[-1])

    def names(found):
        return [v.op.name for v in found]

    return [
        described(tf.global_variables()),
        names(framework.get_model_variables()),
        names(framework.get_variables_to_restore(["x"])),
        names(framework.get_variables_to_restore(exclude=["x", "y/w"])),
        names(framework.get_variables_by_name("w")),
    ]


def devices(tf):
    framework = tf.contrib.framework
    choose = framework.VariableDeviceChooser(num_tasks=2)
    made = [framework.variable("v%d" % i, [1], device=choose) for i in range(3)]  # noqa: UP031
    made.append(framework.variable("on", [1], device="/device:CPU:1"))
    return [[v.device for v in made], framework.VariableDeviceChooser(device_type="GPU", replica=1)(None)]


def getter(tf):
    def custom(name, *args, **kwargs):
        return [name, sorted(kwargs), bool(kwargs["reuse"])]

    return tf.contrib.framework.variable("a", [2], custom_getter=custom)


def tables(tf):
    empty = tf.tables_initializer()
    tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, tf.no_op(name="one"))
    tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, tf.no_op(name="two"))
    both = tf.initializers.tables_initializer("all")
    return [[op.name, op.type, sorted(c.name for c in op.control_inputs)] for op in (empty, both)]


def names_of_the_core(tf):
    nest, proto = tf.contrib.framework.nest, tf.contrib.util.make_tensor_proto([1.0, 2.0])
    return [
        nest.flatten({"b": [1, 2], "a": 3}),
        nest.is_sequence([1]),
        nest.map_structure(lambda x: x + 1, [1, [2]]),
        nest.flatten_up_to([0, 0], [[1], 2]),
        tf.contrib.util.make_ndarray(proto).tolist(),
        tf.contrib.util.constant_value(tf.constant([3])).tolist(),
        tf.contrib.framework.get_or_create_global_step().op.name,
    ]


CASES = {
    "scopes": scopes,
    "scope_after_an_error": scope_after_an_error,
    "scope_of_a_function": lambda tf: attempt(lambda: entered(tf, len)),
    "scope_of_undecorated": lambda tf: attempt(lambda: entered(tf, [np.zeros]))[0],
    "scope_again_with_arguments": lambda tf: attempt(lambda: entered(tf, {}, y=1)),
    "variables": variables,
    "variables_by_scope": variables_by_scope,
    "restore_type": lambda tf: attempt(lambda: tf.contrib.framework.get_variables_to_restore("x")),
    "restore_exclude_type": lambda tf: attempt(lambda: tf.contrib.framework.get_variables_to_restore(exclude="x")),
    "devices": devices,
    "getter": getter,
    "tables": tables,
    "names_of_the_core": names_of_the_core,
}
