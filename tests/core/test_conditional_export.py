"""A conditional that assigns to a reference variable is written with `Switch` and `Merge`, not with functions."""

from __future__ import annotations

import pytest

import pyflow as tf


def nested_assignment():
    """A number that is doubled, reset or left alone; nodes have effects or none, inputs or none."""
    v = tf.get_variable("v", initializer=3.0)
    large = tf.placeholder(tf.bool, [], "large")
    even = tf.placeholder(tf.bool, [], "even")

    def small():
        with tf.control_dependencies([tf.assign(v, 1.0, name="reset")]):
            return tf.constant(-1.0), tf.constant(7)

    def doubled():
        return tf.cond(even, lambda: (tf.assign(v, 2 * v), tf.constant(8)), lambda: (tf.identity(v), tf.constant(9)))

    result, which = tf.cond(large, doubled, small, name="choice")
    with tf.control_dependencies([result]):
        tf.identity(v.read_value(), name="afterwards")
    return tf.identity(result, name="result"), tf.identity(which, name="which")


def run_all(framework):
    """What the three ways give, one after the other, with the variable's value after each."""
    with framework.Session() as sess:
        sess.run("v/Assign")
        runs = [(True, True), (True, False), (False, False), (True, True)]
        return [sess.run(["result:0", "which:0", "afterwards:0"], {"large:0": a, "even:0": b}) for a, b in runs]


EXPECTED = [[6, 8, 6], [6, 9, 6], [-1, 7, 1], [2, 8, 2]]


def test_branches_are_part_of_the_graph():
    nested_assignment()
    exported = tf.get_default_graph().as_graph_def(add_shapes=True)
    ops = {node.name: node.op for node in exported.node}
    assert len(ops) == len(exported.node)
    assert not exported.library.function
    assert not {"If", "StatelessIf"} & set(ops.values())
    assert ops["choice/reset"] == "Assign" and ops["choice/cond/Assign"] == "Assign"
    known = set(ops)
    assert all(text.lstrip("^").partition(":")[0] in known for node in exported.node for text in node.input)


def test_it_runs_again_when_it_is_read():
    nested_assignment()
    assert run_all(tf) == EXPECTED
    exported = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default():
        tf.import_graph_def(exported, name="")
        assert run_all(tf) == EXPECTED


def test_others_stay_nodes_with_functions():
    x = tf.placeholder(tf.float32, [])
    tf.cond(x > 0, lambda: tf.assign(tf.get_variable("r", [], use_resource=True), x), lambda: x)
    exported = tf.get_default_graph().as_graph_def()
    assert [node.op for node in exported.node if node.op in ("If", "Switch", "Merge")] == ["If"]
    assert len(exported.library.function) == 2


@pytest.mark.parametrize("reference", [False, True])
def test_collections_name_what_is_in_the_graph(reference):
    v = tf.get_variable("v", initializer=1.0, use_resource=not reference)
    flag = tf.placeholder(tf.bool, [], "flag")

    def changed():
        tf.add_to_collection("inside", tf.assign_add(v, 1.0, name="changed").op)
        with tf.control_dependencies(tf.get_collection("inside")):
            return tf.constant(1)

    tf.add_to_collection("outside", tf.cond(flag, changed, lambda: tf.constant(0)))
    meta_graph = tf.train.export_meta_graph()
    assert list(meta_graph.collection_def["outside"].node_list.value) == ["cond/Merge:0"]
    assert ("inside" in meta_graph.collection_def) == reference
    tf.reset_default_graph()
    tf.train.import_meta_graph(meta_graph)
    assert len(tf.get_collection("inside")) == reference
