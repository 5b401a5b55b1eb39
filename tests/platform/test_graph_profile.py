"""tf.profiler.profile counts what TensorFlow 1.15.5 counts; the numbers are measured there."""

from __future__ import annotations

import pytest

import pyflow as tf

Builder = tf.profiler.ProfileOptionBuilder


@pytest.fixture
def network():
    x = tf.placeholder(tf.float32, [2, 8, 8, 3], name="x")
    with tf.variable_scope("a"):
        w, b = tf.get_variable("w", [3, 3, 3, 4]), tf.get_variable("b", [4])
        y = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w, [1, 2, 2, 1], "SAME"), b))
    with tf.variable_scope("d"):
        k = tf.get_variable("k", [64, 5])
        tf.get_variable("nt", [7], trainable=False)
        z = tf.matmul(tf.reshape(y, [2, 64]), k)
        tf.matmul(x[0, 0], x[0, 0], transpose_a=True)
        softmax = tf.nn.softmax(z)
        loss = tf.reduce_sum(softmax)
        tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
        tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")
        tf.identity(tf.square(softmax) + softmax * 2.0)
        tf.nn.depthwise_conv2d(x, tf.ones([3, 3, 3, 2]), [1, 1, 1, 1], "SAME")
        tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    return tf.get_default_graph()


def test_parameters_by_scope(network, capsys):
    found = tf.profiler.profile(network, options=Builder.trainable_variables_parameter())
    assert found.total_parameters == 432
    assert [(c.name, c.total_parameters) for c in found.children] == [("a", 112), ("d", 320)]
    assert [c.name for c in found.children[0].children] == ["a/b", "a/w"]
    printed = capsys.readouterr().out
    for line in ("_TFProfRoot (--/432 params)", "  a (--/112 params)", "    a/w (3x3x3x4, 108/108 params)"):
        assert f"{line}\n" in printed


def test_float_operations(network, capsys):
    found = tf.profiler.profile(network, options=Builder.float_operation(), cmd="scope")
    counts = {c.name: (c.float_ops, c.total_float_ops) for c in found.children}
    assert counts["d/depthwise"] == (13824, 13824) and counts["a/Conv2D"] == (6912, 6912)
    assert counts["d/gradients/a/Conv2D_grad/Conv2DBackpropFilter"] == (6912, 6912)
    assert counts["d/gradients/a/BiasAdd_grad/BiasAddGrad"] == (124, 124)
    assert counts["d/k/Initializer/random_uniform"] == (320, 641)
    assert counts["d/Softmax"] == (50, 50) and counts["d/Sum"] == (9, 9) and counts["d/MatMul_1"] == (144, 144)
    assert found.total_float_ops == 41043
    assert "  d/depthwise (13.82k/13.82k flops)\n" in capsys.readouterr().out


def test_float_operations_by_op_type(network):
    options = Builder(Builder.float_operation()).with_empty_output().build()
    node, chain = tf.profiler.profile(network, cmd="op", options=options), []
    while node.children:
        (node,) = node.children
        chain.append((node.name, node.total_float_ops, len(node.graph_nodes)))
    assert chain[0] == ("DepthwiseConv2dNative", 41043, 1)
    assert chain[4:8] == [("MatMul", 6483, 4), ("MaxPool", 2499, 1), ("Mul", 1635, 7), ("Add", 1166, 4)]
    assert chain[-1] == ("Square", 10, 1)


def test_what_is_not_counted_is_said(network):
    with pytest.raises(NotImplementedError, match="bytes, micros"):
        tf.profiler.profile(network, options=Builder.time_and_memory())
