"""GraphDefs and NodeDefs are those that TensorFlow 1.15 writes for the same program."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

import pyflow as tf
from pyflow.core.graph_export import graph_def
from pyflow.protos.graph_pb2 import AttrValue, GraphDef
from tests.golden import graph_def_cases

GRAPHS = json.loads((Path(graph_def_cases.__file__).parent / "graph_defs.json").read_text())


@pytest.mark.parametrize("program", graph_def_cases.PROGRAMS, ids=lambda program: program.__name__)
def test_graph_is_written_as_tensorflow_writes_it(program):
    program(tf)
    written = tf.get_default_graph().as_graph_def(add_shapes=True)
    expected = GraphDef.FromString(base64.b64decode(GRAPHS[program.__name__]))
    assert [node.name for node in written.node] == [node.name for node in expected.node]
    for ours, theirs in zip(written.node, expected.node):
        assert str(ours) == str(theirs)
    assert written == expected


def test_output_shapes_are_left_out_unless_asked_for():
    tf.constant(1)
    (node,) = tf.get_default_graph().as_graph_def().node
    assert sorted(node.attr) == ["dtype", "value"]


def test_a_node_keeps_the_order_of_control_inputs_that_a_graph_sorts():
    z, b, m = (tf.constant(1, name=name) for name in "zbm")
    with tf.control_dependencies([z, b]):
        nothing = tf.no_op(name="nothing")
    nothing._add_control_inputs([m.op])
    assert list(nothing.node_def.input) == ["^z", "^b", "^m"]
    assert list(tf.get_default_graph().as_graph_def().node[-1].input) == ["^b", "^m", "^z"]


def test_all_nodes_are_written_whatever_the_version():
    a = tf.constant(1)
    version = a.graph.version
    tf.identity(a)
    assert len(a.graph.as_graph_def(from_version=version).node) == 2
    assert graph_def(tf.Graph()) == GraphDef(versions={"producer": 134})
    assert a.graph.graph_def_versions.producer == 134


def test_attrs_without_a_signature_are_written_and_read():
    op = tf.no_op()
    op._set_attr("number", AttrValue(i=3))
    op._set_attr("names", AttrValue(list=AttrValue.ListValue(s=[b"a", b"\xff"])))
    op._set_attr("nothing", AttrValue(list=AttrValue.ListValue()))
    assert op.get_attr("number") == 3
    assert op.get_attr("names") == [b"a", b"\xff"]
    attrs = op.node_def.attr
    assert attrs["number"].i == 3
    assert list(attrs["names"].list.s) == [b"a", b"\xff"]
    assert attrs["nothing"].WhichOneof("value") == "list"


def test_str_of_an_operation_is_its_node_def():
    op = tf.constant(1, name="one").op
    assert sorted(str(op).splitlines()) == sorted(str(op.node_def).splitlines())
    assert str(op).index('key: "dtype"') < str(op).index('key: "value"')
    assert 'name: "one"\nop: "Const"\n' in str(op)
