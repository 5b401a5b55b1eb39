"""tf.graph_util makes of graphs what it makes of them under TensorFlow 1.15."""

from __future__ import annotations

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("graph_util_cases", "graph_util.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_result_is_tensorflow_s(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_frozen_graph_gives_what_the_variables_gave(use_resource):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", initializer=[[1.0], [2.0]], use_resource=use_resource)
    kinds = tf.get_variable("kinds", initializer=[b"a", b"b"], use_resource=use_resource)
    tf.identity(tf.matmul(x, w), name="y")
    tf.identity(kinds, name="names")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(tf.assign(w, [[3.0], [4.0]]))
        frozen = tf.graph_util.convert_variables_to_constants(sess, sess.graph.as_graph_def(), ["y", "names"])
    assert not any("Var" in node.op for node in frozen.node)
    with tf.Graph().as_default(), tf.Session() as sess:
        y, names = tf.import_graph_def(frozen, {"x": [[1.0, 1.0]]}, ["y:0", "names:0"])
        assert sess.run(y).tolist() == [[7.0]] and sess.run(names).tolist() == [b"a", b"b"]
        trimmed = tf.graph_util.remove_training_nodes(frozen, ["y"])
        (y,) = tf.import_graph_def(trimmed, {"x": [[1.0, 2.0]]}, ["y:0"])
        assert sess.run(y).tolist() == [[11.0]] and len(trimmed.node) < len(frozen.node)
