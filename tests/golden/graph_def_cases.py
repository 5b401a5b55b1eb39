"""Programs whose GraphDefs under TensorFlow 1.15.5 are kept in graph_defs.json (written by make_graph_defs.py).

A program takes the module, TensorFlow or PyFlow. What each is for: see its name. Runs under Python 3.7 as well.
"""

import numpy as np


def constants(tf):
    tf.constant(1.5)
    tf.constant([1, 2, 3], tf.int64, name="ints")
    tf.constant([[True], [False]])
    tf.constant("text", shape=[2])
    tf.constant([b"\x00\xff", b""])
    tf.constant([1.0, 2.0], tf.float16)
    tf.constant([1 + 2j], tf.complex64)
    tf.constant(3, tf.uint8)
    tf.constant([0.5, -0.0, np.inf])


def constants_that_fill_a_shape(tf):
    tf.constant(0.0, shape=[4])
    tf.constant(7, shape=[2, 2])
    tf.constant(7, shape=[1, 1])
    tf.constant([], tf.float32)
    tf.constant(np.zeros([2, 2], np.float32))
    tf.zeros([3])
    tf.ones([2], tf.int32)


def placeholders(tf):
    tf.placeholder(tf.float32)
    tf.placeholder(tf.string, [])
    tf.placeholder(tf.int32, [None, 3], name="x")
    tf.placeholder_with_default(tf.constant([1.0]), [None])


def inputs_of_many_outputs(tf):
    a, b = tf.split(tf.constant([1.0, 2.0]), 2)
    tf.stack([b, a, b])
    tf.concat([a, b], 0)


def control_inputs(tf):
    z, b, q = tf.constant(1, name="z"), tf.constant(2, name="b"), tf.constant(3, name="q")
    with tf.control_dependencies([z, q, b]):
        tf.identity(z, name="uses_z")
        with tf.control_dependencies([q.op]):
            tf.no_op(name="nothing")


def devices_and_colocation(tf):
    with tf.device("/cpu:0"):
        a = tf.constant(1.0, name="a")
        with tf.device("/job:ps/task:1"):
            tf.constant(2.0)
    with tf.device(lambda op: "/gpu:1" if op.type == "Neg" else ""):
        tf.negative(a)
    with tf.colocate_with(a.op):
        c = tf.identity(a)
    with tf.colocate_with(c.op):
        tf.identity(c)


def attrs_of_all_kinds(tf):
    x = tf.placeholder(tf.float32, [1, None, 1], name="x")
    tf.squeeze(x, [0, 2])
    tf.squeeze(x)
    tf.matmul(x, x, transpose_a=True)
    tf.nn.leaky_relu(x, alpha=0.3)
    tf.cast(x, tf.int64)
    tf.argmax(x, 1, output_type=tf.int32)
    tf.unstack(x, axis=0)


def variables(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    tf.get_variable("w", [2], initializer=tf.ones_initializer(), use_resource=True)
    v.assign_add([1.0, 1.0])


PROGRAMS = [
    constants,
    constants_that_fill_a_shape,
    placeholders,
    inputs_of_many_outputs,
    control_inputs,
    devices_and_colocation,
    attrs_of_all_kinds,
    variables,
]
