"""Checkpoints that TensorFlow writes are read here, and the other way round, value for value and byte for byte."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

VALUES = {
    "float": np.arange(6, dtype=np.float32).reshape(2, 3),
    "double": np.array(0.1),
    "half": np.float16([1, 2.5]),
    "int8": np.int8([-1, 2]),
    "int64": np.int64([[1 << 40]]),
    "uint8": np.uint8([255]),
    "bool": np.array([True, False]),
    "complex": np.complex64([1 + 2j]),
    "empty": np.zeros((0, 3), np.float32),
    "text": np.array([[b"a", b""], [b"\x00\xff", b"long " * 100]], object),
    **{f"layer{i:03d}/kernel/Adam_1": np.float32(i) for i in range(200)},
}


def save(framework, path, sharded=False):
    """Writes VALUES, and a variable in two parts, with either framework."""
    with framework.Graph().as_default(), framework.Session() as sess:
        for name, value in VALUES.items():
            framework.Variable(framework.constant(value), name=name)
        framework.get_variable(
            "parts",
            initializer=framework.constant(np.arange(10, dtype=np.float32).reshape(5, 2)),
            partitioner=framework.fixed_size_partitioner(2),
        )
        sess.run(framework.global_variables_initializer())
        return framework.train.Saver(sharded=sharded).save(sess, str(path))


def restore(framework, path):
    """Their values, restored from a checkpoint by variables that start with zeros."""
    with framework.Graph().as_default(), framework.Session() as sess:
        variables = {
            name: framework.Variable(framework.zeros(value.shape, framework.as_dtype(value.dtype)), name=name)
            for name, value in VALUES.items()
        }
        parts = framework.get_variable(
            "parts", [5, 2], initializer=framework.zeros_initializer(), partitioner=framework.fixed_size_partitioner(3)
        )
        framework.train.Saver().restore(sess, path)
        return sess.run({**variables, "parts": framework.convert_to_tensor(parts)})


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("writer", ["pyflow", "tensorflow"])
def test_each_restores_what_the_other_saved(tf1, tmp_path, writer, sharded):
    source, target = (tf, tf1) if writer == "pyflow" else (tf1, tf)
    path = save(source, tmp_path / "m", sharded)
    found = restore(target, path)
    assert found.pop("parts").tolist() == np.arange(10, dtype=np.float32).reshape(5, 2).tolist()
    for name, value in VALUES.items():
        assert found[name].dtype == value.dtype, name
        np.testing.assert_array_equal(found[name], value, name)


def test_files_are_the_same_bytes(tf1, tmp_path):
    save(tf, tmp_path / "ours")
    save(tf1, tmp_path / "theirs")
    for end in ("index", "data-00000-of-00001"):
        assert (tmp_path / f"ours.{end}").read_bytes() == (tmp_path / f"theirs.{end}").read_bytes()


def test_first_version_is_read(tf1, tmp_path):
    with tf1.Session() as sess:
        for name, value in VALUES.items():
            tf1.Variable(tf1.constant(value), name=name)
        sess.run(tf1.global_variables_initializer())
        path = tf1.train.Saver(write_version=tf1.train.SaverDef.V1).save(sess, str(tmp_path / "m"))
    reader = tf.train.NewCheckpointReader(path)
    assert sorted(reader.get_variable_to_shape_map()) == sorted(VALUES)
    for name, value in VALUES.items():
        found = reader.get_tensor(name)
        assert found.dtype == value.dtype
        np.testing.assert_array_equal(found, value, name)


def test_readers_tell_the_same(tf1, tmp_path):
    path = save(tf, tmp_path / "m")
    ours, theirs = tf.train.NewCheckpointReader(path), tf1.train.NewCheckpointReader(path)
    assert ours.get_variable_to_shape_map() == theirs.get_variable_to_shape_map()
    types = {name: dtype.name for name, dtype in theirs.get_variable_to_dtype_map().items()}
    assert {name: dtype.name for name, dtype in ours.get_variable_to_dtype_map().items()} == types


def test_tensorflow_goes_on_with_our_meta_graph(tf1, tmp_path):
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable([1.0, 2.0], name="v")
        tf.multiply(v, 3.0, name="tripled")
        sess.run(v.initializer)
        path = tf.train.Saver([v]).save(sess, str(tmp_path / "m"))
    with tf1.Session() as sess:
        tf1.train.import_meta_graph(f"{path}.meta").restore(sess, path)
        assert sess.run("tripled:0").tolist() == [3.0, 6.0]
        assert [x.name for x in tf1.global_variables()] == ["v:0"]
