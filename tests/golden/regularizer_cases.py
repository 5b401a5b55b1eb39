"""Penalties on weights under TensorFlow 1.15.5; the results are kept in regularizers.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools

import numpy as np
from state_cases import error, initialized, nodes, plain

WEIGHTS = [[1.0, -2.0], [0.5, 3.0]]


def regularizers(tf):
    layers = tf.contrib.layers
    return {
        "l1": lambda: layers.l1_regularizer(0.1),
        "l1_named": lambda: layers.l1_regularizer(0.1, scope="mine"),
        "l2": lambda: layers.l2_regularizer(0.1),
        "l1_l2": lambda: layers.l1_l2_regularizer(0.1, 0.2),
        "l1_l2_named": lambda: layers.l1_l2_regularizer(0.1, 0.2, scope="mine"),
        "l1_l2_without_l1": lambda: layers.l1_l2_regularizer(0.0, 0.2),
        "l1_l2_without_l2": lambda: layers.l1_l2_regularizer(0.1, 0.0),
        "sum": lambda: layers.sum_regularizer([layers.l1_regularizer(0.1), None, layers.l2_regularizer(0.3)]),
        "sum_named": lambda: layers.sum_regularizer([layers.l1_regularizer(0.1)], scope="mine"),
        "of_a_tensor": lambda: layers.l2_regularizer(tf.constant(0.5, name="scale_tensor")),
    }


def penalty(tf, name):
    result = []
    for dtype in (np.float32, np.float64):
        tf.reset_default_graph()
        regularizer = regularizers(tf)[name]()
        if name == "of_a_tensor" and dtype is np.float64:
            continue
        value = regularizer(tf.constant(np.array(WEIGHTS, dtype), name="weights"))
        with tf.Session() as session:
            result.append([value.name, plain(session.run(value)), nodes(tf)])
    return result


def case_errors(tf):
    layers = tf.contrib.layers
    return [
        error(layers.l1_regularizer, -0.1),
        error(layers.l2_regularizer, -0.1),
        error(layers.l1_regularizer, 1),
        error(layers.l2_regularizer, 0),
        error(layers.l1_l2_regularizer, 1, 0.5),
        error(layers.l1_l2_regularizer, 0.5, 1),
        error(layers.l1_l2_regularizer, -0.5, 0.5),
        error(layers.apply_regularization, layers.l1_regularizer(0.1)),
        error(layers.apply_regularization, lambda w: w, [tf.constant([1.0])]),
        layers.l1_regularizer(0.0)(tf.constant([1.0])),
        layers.l2_regularizer(0.0)(tf.constant([1.0])),
        layers.sum_regularizer([]),
        layers.sum_regularizer([None]),
        layers.sum_regularizer([layers.l1_regularizer(0.0)])(tf.constant([1.0])),
    ]


def case_collections(tf):
    """Regularizers of variables and scopes leave their penalties in a collection."""
    layers = tf.contrib.layers
    with tf.variable_scope("layer", regularizer=layers.l2_regularizer(0.5)):
        a = tf.get_variable("a", initializer=np.array([2.0], np.float32))
        tf.get_variable("b", initializer=np.array([3.0], np.float32), regularizer=layers.l1_regularizer(0.1))
        tf.get_variable("c", initializer=np.array([3.0], np.float32), regularizer=tf.no_regularizer)
    with tf.variable_scope("layer", reuse=True, regularizer=layers.l2_regularizer(0.5)):
        tf.get_variable("a")
    applied = layers.apply_regularization(layers.l2_regularizer(1.0), [a, tf.constant([1.0])])
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    total = tf.add_n(losses)
    with initialized(tf) as session:
        values = plain(session.run([*losses, total]))
    return [[loss.name for loss in losses], applied.name, values, [n[:2] for n in nodes(tf)]]


def case_weights_collection(tf):
    tf.add_to_collection(tf.GraphKeys.WEIGHTS, tf.constant([3.0, 4.0]))
    tf.add_to_collection(tf.GraphKeys.WEIGHTS, tf.constant([1.0]))
    value = tf.contrib.layers.apply_regularization(tf.contrib.layers.l2_regularizer(1.0))
    disabled = tf.contrib.layers.apply_regularization(tf.contrib.layers.l2_regularizer(0.0))
    with tf.Session() as session:
        return plain(session.run([value, disabled]))


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
_NAMES = regularizers(type("module", (), {"contrib": type("contrib", (), {"layers": None})}))
CASES.update({"penalty_" + name: functools.partial(penalty, name=name) for name in _NAMES})
