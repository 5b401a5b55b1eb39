"""`pyflow freeze` and tensorflow.python.tools.freeze_graph."""

from __future__ import annotations

import pytest

import pyflow as tf
from pyflow.cli import main
from pyflow.tools.freeze_graph import freeze_graph
from pyflow.tools.strip_unused import strip_unused


@pytest.fixture
def saved(tmp_path):
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        with tf.device("/cpu:0"):
            y = tf.matmul(x, tf.get_variable("w", initializer=[[1.0], [2.0]]), name="y")
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, str(tmp_path / "m"))
        tf.train.write_graph(sess.graph, str(tmp_path), "graph.pb", as_text=False)
        tf.saved_model.simple_save(sess, str(tmp_path / "model"), {"in": x}, {"out": y})
        tf.train.write_graph(sess.graph, str(tmp_path), "graph.pbtxt")
    return path


def result(path) -> list:
    definition = tf.GraphDef.FromString(path.read_bytes())
    assert not any("Variable" in node.op or node.device for node in definition.node)
    with tf.Graph().as_default(), tf.Session() as sess:
        (y,) = tf.import_graph_def(definition, {"x": [[1.0, 1.0]]}, ["y:0"])
        return sess.run(y).tolist()


@pytest.mark.parametrize("command", [["m", "--outputs", "y"], ["m.meta", "--outputs", "y"], ["model"]])
def test_a_checkpoint_and_a_saved_model_are_frozen(saved, tmp_path, command, capsys):
    assert main(["freeze", str(tmp_path / command[0]), str(tmp_path / "f.pb"), *command[1:]]) == 0
    assert "outputs: y" in capsys.readouterr().out
    assert result(tmp_path / "f.pb") == [[3.0]]


def test_what_is_missing_is_said(saved, tmp_path, capsys):
    for arguments, words in {
        ("m",): "name it with --outputs",
        ("nothing", "--outputs", "y"): "nothing.meta does not exist",
        ("model", "--signature", "other"): "has no signature other; it has: serving_default",
        ("model", "--tags", "train"): "tags 'train' could not be found",
        ("m", "--outputs", "z"): "z is not in graph",
    }.items():
        arguments = [str(tmp_path / arguments[0]), str(tmp_path / "f.pb"), *arguments[1:]]
        assert main(["freeze", *arguments]) == 1
        assert words in capsys.readouterr().err


@pytest.mark.parametrize("name", ["graph.pb", "graph.pbtxt"])
def test_a_graph_file_and_a_checkpoint_are_frozen(saved, tmp_path, name):
    freeze_graph(
        str(tmp_path / name), None, name == "graph.pb", saved, "y", "save/restore_all", "save/Const:0",
        str(tmp_path / "f.pb"), True, "",
    )  # fmt: skip
    assert result(tmp_path / "f.pb") == [[3.0]]


def test_the_tool_is_where_programs_import_it_from():
    from pyflow import internal_paths

    assert "python.tools.freeze_graph tools.freeze_graph" in internal_paths._TABLE


def test_a_graph_is_cut_at_its_inputs(saved, tmp_path):
    definition = tf.GraphDef.FromString((tmp_path / "graph.pb").read_bytes())
    cut = strip_unused(definition, ["w/read"], ["y"], tf.float32.as_datatype_enum)
    assert {node.name: node.op for node in cut.node} == {"x": "Placeholder", "w/read": "Placeholder", "y": "MatMul"}
    with pytest.raises(KeyError, match="input nodes were not found"):
        strip_unused(definition, ["nothing"], ["y"], 1)
