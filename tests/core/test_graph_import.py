"""`tf.import_graph_def` makes the graphs, and gives the errors, that it makes and gives under TensorFlow 1.15."""

from __future__ import annotations

import pytest

import pyflow as tf
from pyflow.protos.graph_pb2 import GraphDef, OpList
from tests.golden import graph_def_cases
from tests.golden_cases import Golden

GOLDEN = Golden("import_cases", "imports.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_import_gives_what_tensorflow_gives(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("program", graph_def_cases.PROGRAMS, ids=lambda program: program.__name__)
def test_a_graph_that_is_exported_and_imported_is_the_same(program):
    program(tf)
    exported = tf.get_default_graph().as_graph_def(add_shapes=True)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(exported, name="")
    imported = graph.as_graph_def(add_shapes=True)
    assert {node.name: str(node) for node in imported.node} == {node.name: str(node) for node in exported.node}


def small_graph() -> GraphDef:
    with tf.Graph().as_default() as graph:
        tf.negative(tf.placeholder(tf.float32, [2], name="a"), name="n")
    return graph.as_graph_def()


def test_what_was_imported_runs():
    (n,) = tf.import_graph_def(small_graph(), {"a": [1.0, 2.0]}, ["n:0"])
    with tf.Session() as session:
        assert session.run(n).tolist() == [-1, -2]


def test_a_failed_import_leaves_the_graph_as_it_was():
    x = tf.constant([1.0, 2.0], name="x")
    graph_def = small_graph()
    graph_def.node.add(name="m", op="Neg", input=["n", "n"]).attr["T"].type = 1
    with pytest.raises(ValueError, match="do not match 2 inputs"):
        tf.import_graph_def(graph_def, {"a": x}, name="")
    assert [op.name for op in x.graph.get_operations()] == ["x"]
    assert x.consumers() == []
    tf.import_graph_def(small_graph(), {"a": x}, name="")
    assert [op.name for op in x.graph.get_operations()] == ["x", "a", "n"]


@pytest.mark.parametrize("value", [7, 8])
def test_attrs_that_only_the_producer_knows_are_dropped_where_they_are_its_default(value):
    graph_def = small_graph()
    graph_def.node[1].attr["zork"].i = value
    ops = OpList()
    spec = ops.op.add(name="Neg").attr.add(name="zork", type="int")
    spec.default_value.i = 7
    if value == 7:
        (n,) = tf.import_graph_def(graph_def, return_elements=["n"], producer_op_list=ops)
        assert sorted(n.node_def.attr) == ["T"]
    else:
        with pytest.raises(ValueError, match="NodeDef mentions attr 'zork' not in Op<name=Neg"):
            tf.import_graph_def(graph_def, producer_op_list=ops)
    assert graph_def.node[1].attr["zork"].i == value  # the caller's stays


def test_ops_of_old_graphs_run():
    old = GraphDef(versions={"producer": 8})
    for name in ("t", "v", "k"):
        old.node.add(name=name, op="Placeholder").attr["dtype"].type = 1
    norm = old.node.add(name="n", op="BatchNormWithGlobalNormalization", input=["t", "v", "v", "v", "v"])
    norm.attr["T"].type, norm.attr["variance_epsilon"].f, norm.attr["scale_after_normalization"].b = 1, 0.25, True
    old.node.add(name="c", op="BatchCholesky", input=["k"]).attr["T"].type = 1
    feed = {"t": [[[[1.0]]]], "v": [2.0], "k": [[[4.0, 2.0], [2.0, 5.0]]]}
    fetches = tf.import_graph_def(old, feed, ["n:0", "c:0"])
    with tf.Session() as session:
        normalized, factor = session.run(fetches)
    assert normalized.ravel().tolist() == [pytest.approx((1 - 2) / 1.5 * 2 + 2)]
    assert factor.tolist() == [[[2, 0], [1, 2]]]
    old.versions.producer = 13
    with pytest.raises(tf.errors.UnimplementedError, match="It has been removed in version 9. Use tf.nn.batch_norm"):
        tf.import_graph_def(old)


@pytest.mark.parametrize(
    "nodes",
    [
        [("s", "Switch", ["s:1", "s"])],
        [("p", "Placeholder", []), ("n", "NoOp", ["^t"]), ("t", "NoOp", ["^n"]), ("s", "Switch", ["p", "p"])],
        [("s", "Switch", []), ("n", "NoOp", ["^s"])],
        [("m", "Merge", ["nowhere", "^m"])],
        [("e", "Enter", []), ("m", "Merge", ["e", "n"]), ("n", "NextIteration", []), ("x", "Exit", ["m"])],
    ],
    ids=["own input", "cycle beside it", "no inputs", "unknown input", "loop without condition"],
)
def test_broken_control_flow_is_an_error_of_the_graph(nodes):
    broken = GraphDef()
    for name, op, inputs in nodes:
        broken.node.add(name=name, op=op, input=inputs).attr["T"].type = 1
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match="cycle|not complete|LoopCond|Unknown input"):
        tf.import_graph_def(broken)
