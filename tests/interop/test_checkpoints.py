"""Checkpoints that TensorFlow writes are read here, and the other way round, value for value and byte for byte."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.faults.dying_process import DyingProcess

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


MORE = {
    "half": np.float16([1, -2.5, 65504]),
    "complex128": np.array([[1 + 2j, -0.5j]]),
    "uint16": np.uint16([65535]),
    "int32": np.int32(-7),
    "large": np.random.default_rng(0).random((300, 1000), np.float32),
}


def both_kinds(framework, fill, narrow="bfloat16"):
    """Variables by reference and by handle, whole and in parts, and of a narrow dtype."""
    made = {}
    for name, value in MORE.items():
        initial = framework.constant(value if fill else np.zeros_like(value))
        made[name] = framework.get_variable(name, initializer=initial, use_resource=name < "i")
    initial = framework.cast(framework.constant(np.float32([1.5, -3]) * np.float32(fill)), narrow)
    made["narrow"] = framework.get_variable("narrow", initializer=initial)
    for kind in (False, True):
        name = f"columns{int(kind)}"
        initial = framework.constant(np.arange(12, dtype=np.int64).reshape(2, 6) * fill)
        partitioner = framework.variable_axis_size_partitioner(16, axis=1)
        made[name] = framework.get_variable(name, initializer=initial, partitioner=partitioner, use_resource=kind)
    tensors = {name: framework.convert_to_tensor(variable) for name, variable in made.items()}
    return {**tensors, "narrow": framework.cast(tensors["narrow"], "float32")}


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("version", ["V1", "V2"])
@pytest.mark.parametrize("writer", ["pyflow", "tensorflow"])
def test_every_kind_of_variable_goes_both_ways(tf1, tmp_path, writer, version, sharded):
    source, target = (tf, tf1) if writer == "pyflow" else (tf1, tf)
    narrow = "bfloat16" if version == "V2" else "float16"  # TensorFlow's first version knows no other
    with source.Graph().as_default(), source.Session() as sess:
        fetches = both_kinds(source, 1, narrow)
        sess.run(source.global_variables_initializer())
        saver = source.train.Saver(sharded=sharded, write_version=getattr(source.train.SaverDef, version))
        path, expected = saver.save(sess, str(tmp_path / "m")), sess.run(fetches)
    assert sum(np.abs(value).sum() > 0 for value in expected.values()) == len(expected)
    with target.Graph().as_default(), target.Session() as sess:
        fetches = both_kinds(target, 0, narrow)
        target.train.Saver().restore(sess, path)
        for name, value in sess.run(fetches).items():
            assert value.dtype == expected[name].dtype, name
            np.testing.assert_array_equal(value, expected[name], name)


def test_files_of_every_kind_are_the_same_bytes_also_in_the_place_of_others(tf1, tmp_path):
    for name, framework in (("ours", tf), ("theirs", tf1)):
        with framework.Graph().as_default(), framework.Session() as sess:
            both_kinds(framework, 1)
            sess.run(framework.global_variables_initializer())
            saver = framework.train.Saver()
            for _ in range(2):
                saver.save(sess, str(tmp_path / name / "m"), write_meta_graph=False)
    files = sorted(path.name for path in (tmp_path / "theirs").iterdir())
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == files
    for file in set(files) - {"checkpoint"}:
        assert (tmp_path / "ours" / file).read_bytes() == (tmp_path / "theirs" / file).read_bytes(), file


@pytest.mark.parametrize("dies_at", range(20))
def test_tensorflow_reads_what_a_dead_process_leaves(tf1, tmp_path, dies_at):
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.get_variable("v", [3], tf.float32, tf.zeros_initializer())
        saver = tf.train.Saver()
        sess.run(v.initializer)
        path = saver.save(sess, str(tmp_path / "m"), write_meta_graph=False)
        sess.run(v.assign([1.0, 1.0, 1.0]))
        with DyingProcess(dies_at).running():
            saver.save(sess, path, write_meta_graph=False)
    assert tf1.train.latest_checkpoint(str(tmp_path)) == path
    value = tf1.train.load_variable(path, "v").tolist()
    assert value in ([0.0] * 3, [1.0] * 3) and tf.train.load_variable(path, "v").tolist() == value


def test_checkpoints_of_objects_are_restored_by_name(tf1, tmp_path):
    import tensorflow as tf2

    with tf1.Graph().as_default(), tf1.Session() as sess:
        v, w = tf1.get_variable("v", initializer=[1.0, 2.0]), tf1.get_variable("w", initializer=3)
        sess.run(tf1.global_variables_initializer())
        with sess.as_default():
            path = tf2.train.Checkpoint(first=v, second=w).save(str(tmp_path / "m"))
    with tf.Graph().as_default(), tf.Session() as sess:
        v, w = tf.get_variable("v", [2]), tf.get_variable("w", [], tf.int32)
        saver = tf.train.Saver([v, w])
        for _ in range(2):
            saver.restore(sess, path)
            assert sess.run(v).tolist() == [1.0, 2.0] and sess.run(w) == 3


def test_damage_is_found_by_both(tf1, tmp_path):
    path = save(tf, tmp_path / "m")
    data = bytearray((tmp_path / "m.data-00000-of-00001").read_bytes())
    data[100] ^= 1
    (tmp_path / "m.data-00000-of-00001").write_bytes(data)
    for framework in (tf, tf1):
        reader = framework.train.NewCheckpointReader(path)
        found = 0
        for name in VALUES:
            try:
                reader.get_tensor(name)
            except framework.errors.OpError:
                found += 1
        assert found == 1
