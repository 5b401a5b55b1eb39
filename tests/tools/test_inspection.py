"""`pyflow inspect` recognises files by what is in them, and says clearly when there is nothing to say."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.cli import main
from pyflow.tools.tensor_files import convert


def shown(capsys, path) -> str:
    assert main(["inspect", str(path)]) == 0
    return capsys.readouterr().out


def refused(capsys, path) -> str:
    assert main(["inspect", str(path)]) == 1
    return capsys.readouterr().err


def model(tmp_path):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", initializer=[[1.0], [2.0]])
    y = tf.matmul(x, w, name="y")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, str(tmp_path / "m"), 3)
        tf.saved_model.simple_save(sess, str(tmp_path / "model"), {"in": x}, {"out": y})
    return path


@pytest.mark.parametrize("ending", ["", ".index", ".data-00000-of-00001"])
def test_a_checkpoint_lists_its_tensors(tmp_path, capsys, ending):
    text = shown(capsys, model(tmp_path) + ending)
    assert "checkpoint, 1 tensors, 2 elements" in text
    assert text.split("\n")[1].split() == "w float32 [2,1] min 1 mean 1.5 max 2 std 0.5".split()


def test_a_folder_with_checkpoints_shows_the_newest(tmp_path, capsys):
    model(tmp_path)
    assert "m-3: the folder's newest checkpoint" in shown(capsys, tmp_path)
    assert "m-3: the folder's newest checkpoint" in shown(capsys, tmp_path / "checkpoint")


def test_the_first_version_of_checkpoints(tmp_path, capsys):
    tf.Variable([1.0, float("nan")], name="v")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver(write_version=tf.train.SaverDef.V1).save(sess, str(tmp_path / "old"))
    assert "1 not finite" in shown(capsys, path)


@pytest.mark.parametrize("as_text", [False, True])
def test_a_graph_lists_inputs_outputs_and_ops(tmp_path, capsys, as_text):
    model(tmp_path)
    graph_def = tf.get_default_graph().as_graph_def()
    graph_def.node.add(name="odd", op="NoSuchOp", input=["y"])
    text = shown(capsys, tf.train.write_graph(graph_def, str(tmp_path), "graph.any", as_text))
    assert "GraphDef" in text and "    x: float32 (?, 2)" in text and "    w: float32 (2, 1)" in text
    assert "odd (NoSuchOp)" in text and "     1 MatMul" in text
    assert "ops that PyFlow does not have:\n         1 NoSuchOp" in text


@pytest.mark.parametrize("as_text", [False, True])
def test_a_meta_graph_lists_collections_too(tmp_path, capsys, as_text):
    model(tmp_path)
    tf.train.export_meta_graph(str(tmp_path / "g"), as_text=as_text)
    text = shown(capsys, tmp_path / "g")
    assert "MetaGraphDef" in text and "trainable_variables: 1" in text and "all ops are supported" in text


@pytest.mark.parametrize("name", ["model", "model/saved_model.pb"])
def test_a_saved_model_lists_signatures(tmp_path, capsys, name):
    model(tmp_path)
    text = shown(capsys, tmp_path / name)
    assert "SavedModel, 1 graph(s)" in text and "tags: serve" in text
    assert "signature serving_default (tensorflow/serving/predict)" in text
    assert "input in: x:0, float32 (?, 2)" in text and "output out: y:0, float32 (?, 1)" in text


def test_records_of_examples(tmp_path, capsys):
    feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[1, 2]))
    example = tf.train.Example(features=tf.train.Features(feature={"ages": feature}))
    for name, options in {
        "a": None,
        "b": tf.python_io.TFRecordOptions(tf.python_io.TFRecordCompressionType.GZIP),
    }.items():
        with tf.python_io.TFRecordWriter(str(tmp_path / name), options) as writer:
            for _ in range(3):
                writer.write(example.SerializeToString())
        text = shown(capsys, tmp_path / name)
        assert "TFRecord file" in text and "3 records" in text and "ages: 2 × int64" in text


def test_events(tmp_path, capsys):
    writer = tf.summary.FileWriter(str(tmp_path / "log"))
    for step in (1, 2):
        writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="loss", simple_value=step / 4)]), step)
    writer.close()
    (file,) = (tmp_path / "log").iterdir()
    for path in (file, tmp_path / "log"):
        assert "loss: 2 × simple_value, steps 1 to 2, last 0.5" in shown(capsys, path)


@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
def test_other_files_of_tensors(tmp_path, capsys, ending):
    convert(model(tmp_path), str(tmp_path / f"t{ending}"))
    assert "1 tensors, 2 elements" in shown(capsys, tmp_path / f"t{ending}")


def test_what_it_cannot_be_told_from(tmp_path, capsys):
    assert "There is no file or checkpoint" in refused(capsys, tmp_path / "nothing")
    assert "is a folder without a SavedModel, a checkpoint or event files" in refused(capsys, tmp_path)
    for name, content in {
        "text": b"hello { world",
        "random": np.random.RandomState(0).bytes(999),
        "zip": b"PK\3\4",
    }.items():
        (tmp_path / name).write_bytes(content)
        assert "is no checkpoint, graph, SavedModel" in refused(capsys, tmp_path / name)
    (tmp_path / "empty").write_bytes(b"")
    assert "is empty" in refused(capsys, tmp_path / "empty")


def test_a_damaged_file_is_said_to_be(tmp_path, capsys):
    path = model(tmp_path) + ".data-00000-of-00001"
    with open(path, "r+b") as file:
        file.write(b"\xff")
    assert "Checksum does not match" in refused(capsys, path)
