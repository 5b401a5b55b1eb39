"""tf.train.export_meta_graph and import_meta_graph: the whole graph, a scope of it, collections, savers."""

from __future__ import annotations

import pytest

import pyflow as tf
from pyflow.ops.defun import Defun
from pyflow.train.meta_graph import create_meta_graph_def, export_scoped_meta_graph
from pyflow.train.meta_graph_import import copy_scoped_meta_graph, import_scoped_meta_graph


def build():
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    with tf.variable_scope("net"), tf.device("/cpu:0"):
        w = tf.get_variable("w", [2, 1])
        y = tf.matmul(x, w, name="y")
    for key, item in {"y": y, "op": y.op, "int": 3, "float": 1.5, "bytes": b"b", "tensor": w}.items():
        tf.add_to_collection(key, item)
    return y


def names(key):
    return [item.name for item in tf.get_collection(key)]


def test_collections_come_back_by_kind():
    build()
    exported = tf.train.export_meta_graph()
    kinds = {key: exported.collection_def[key].WhichOneof("kind") for key in exported.collection_def}
    assert kinds == {
        "y": "node_list", "op": "node_list", "int": "int64_list", "float": "float_list", "bytes": "bytes_list",
        "tensor": "node_list", "variables": "bytes_list", "trainable_variables": "bytes_list",
    }  # fmt: skip
    with tf.Graph().as_default():
        tf.train.import_meta_graph(exported)
        assert names("y") == ["net/y:0"] and names("op") == ["net/y"] and names("tensor") == ["net/w:0"]
        assert [tf.get_collection(key) for key in ("int", "float", "bytes")] == [[3], [1.5], [b"b"]]
        (variable,) = tf.global_variables()
        assert tf.trainable_variables() == [variable] and variable.name == "net/w:0"


def test_a_scope_stands_before_every_name():
    build()
    tf.train.Saver()
    saver = tf.train.Saver()
    exported = saver.export_meta_graph()
    with tf.Graph().as_default(), tf.name_scope("outer"):
        imported = tf.train.import_meta_graph(exported, import_scope="in")
        assert names("variables") == ["outer/in/net/w:0"] and names("y") == ["outer/in/net/y:0"]
        assert tf.get_collection("float") == [1.5] and tf.get_collection("bytes") == ["outer/in/b"]
        assert imported.saver_def.restore_op_name == "outer/in/save_1/restore_all"


@pytest.mark.parametrize("count", [1, 2])
def test_a_graph_imported_twice_has_its_parts_under_other_names(count):
    build()
    exported = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        for _ in range(count):
            tf.train.import_meta_graph(exported, import_scope="in")
        assert names("y") == ["in/net/y:0", "in_1/net/y:0"][:count]


def test_devices_and_defaults_are_left_out_when_asked_for():
    build()
    (node,) = [n for n in tf.train.export_meta_graph().graph_def.node if n.name == "net/y"]
    assert node.device == "/device:CPU:0" and sorted(node.attr) == ["T", "_output_shapes", "transpose_a", "transpose_b"]
    exported = tf.train.export_meta_graph(clear_devices=True, strip_default_attrs=True)
    assert exported.meta_info_def.stripped_default_attrs
    (node,) = [n for n in exported.graph_def.node if n.name == "net/y"]
    assert node.device == "" and sorted(node.attr) == ["T", "_output_shapes"]
    with tf.Graph().as_default():
        tf.train.import_meta_graph(tf.train.export_meta_graph(graph=tf.Graph()))  # an empty one
        tf.train.import_meta_graph(exported)
        assert tf.get_default_graph().get_operation_by_name("net/y").get_attr("transpose_a") is False


def test_ops_used_are_listed():
    build()
    ops = tf.train.export_meta_graph().meta_info_def.stripped_op_list.op
    found = {op.name: op for op in ops}
    assert {"MatMul", "Placeholder", "VariableV2"} <= found.keys()
    assert [arg.name for arg in found["MatMul"].input_arg] == ["a", "b"]
    assert found["VariableV2"].is_stateful and found["VariableV2"].output_arg[0].is_ref


def test_nodes_of_other_savers_are_left_out_when_asked_for():
    build()
    tf.train.Saver()
    saver = tf.train.Saver()
    exported = saver.export_meta_graph(clear_extraneous_savers=True)
    scopes = {node.name.split("/")[0] for node in exported.graph_def.node if node.name.startswith("save")}
    assert scopes == {"save_1"}


def test_a_scope_is_exported_by_itself():
    build()
    exported, variables = export_scoped_meta_graph(export_scope="net")
    nodes = {node.name: list(node.input) for node in exported.graph_def.node}
    assert nodes["y"] == ["$unbound_inputs_x", "w/read"]
    assert list(exported.collection_def["unbound_inputs"].bytes_list.value) == [b"$unbound_inputs_x"]
    assert list(variables) == ["w:0"]
    with tf.Graph().as_default():
        with pytest.raises(ValueError, match=r"unbound inputs: \$unbound_inputs_x. Must provide"):
            import_scoped_meta_graph(exported)
        x = tf.ones([1, 2])
        imported = import_scoped_meta_graph(exported, import_scope="a", input_map={"$unbound_inputs_x": x})
        assert imported["w:0"].name == "a/w:0" and x.consumers()[0].name == "a/y"


def test_a_scope_is_copied():
    with tf.variable_scope("a"):
        tf.get_variable("w", [2])
    copied = copy_scoped_meta_graph("a", "b")
    assert [v.name for v in copied.values()] == ["b/w:0"]
    with pytest.raises(ValueError, match="need to be different"):
        copy_scoped_meta_graph("a", "a")


def test_a_saver_is_made_when_the_file_has_none():
    tf.constant(1)
    assert tf.train.import_meta_graph(tf.train.export_meta_graph()) is None
    tf.Variable(1.0)
    exported = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph(exported)
        assert saver is not None and saver.saver_def.restore_op_name == "save/restore_all"


def test_files_that_are_no_meta_graph(tmp_path):
    with pytest.raises(OSError, match="nothing.meta does not exist"):
        tf.train.import_meta_graph(str(tmp_path / "nothing.meta"))
    (tmp_path / "bad").write_bytes(b"\xff\xff\xffzzz")
    with pytest.raises(OSError, match="Cannot parse file .*bad"):
        tf.train.import_meta_graph(str(tmp_path / "bad"))


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("use_resource", [False, True])
def test_initialized_values_are_written_as_tensorflow_has_them(tmp_path, use_resource, as_text):
    v = tf.get_variable("v", initializer=[1.0, 2.0], use_resource=use_resource)
    tf.identity(v.initialized_value(), name="value")
    exported = tf.train.export_meta_graph(str(tmp_path / "m"), as_text=as_text)
    ops = {node.op for node in exported.graph_def.node}
    assert ops & {"Merge", "If"} and not any(op.startswith("_") for op in ops)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(str(tmp_path / "m"))
        assert sess.run("value:0").tolist() == [1, 2]
        sess.run(tf.assign(tf.global_variables()[0], [3.0, 4.0]))
        assert sess.run("value:0").tolist() == [3, 4]


def test_truth_values_of_a_collection_are_written_as_numbers():
    tf.add_to_collection("flags", True)
    assert tf.train.export_meta_graph().collection_def["flags"].int64_list.value == [1]


@pytest.mark.parametrize("name", ["meta_info_def", "graph_def", "graph"])
def test_a_meta_graph_is_made_of_messages(name):
    with pytest.raises(TypeError, match=f"{name} must be of type "):
        create_meta_graph_def(**{name: 3})


def test_the_ops_that_a_graph_uses_are_those_of_its_functions_too():
    @Defun(tf.float32)
    def twice(x):
        return tf.tanh(x) * 2.0

    twice(tf.constant(1.0))
    used = tf.contrib.util.ops_used_by_graph_def(tf.get_default_graph().as_graph_def())
    assert sorted(used) == ["Const", "Mul", "Tanh"]


def test_what_is_imported_has_an_op_and_a_device():
    graph_def = tf.GraphDef()
    node = graph_def.node.add(name="A")
    with pytest.raises(ValueError, match="Node 'A' does not specify an operation"):
        tf.import_graph_def(graph_def)
    node.op, node.device = "NoOp", "/foo"
    with pytest.raises(ValueError, match="Unknown attribute: 'foo' in '/foo'"):
        tf.import_graph_def(graph_def)
