"""`pyflow convert`: checkpoint, npz and safetensors into each other, value for value."""

from __future__ import annotations

import json

import numpy as np
import pytest

import pyflow as tf
from pyflow.cli import main
from pyflow.tools.safetensors import SafetensorsReader
from pyflow.tools.tensor_files import convert, read_tensors

VALUES = {
    "a/float": np.float32([[1, 2], [3, -0.0]]),
    "double": np.array(0.1),
    "half": np.float16([1.5]),
    "ints": np.int64([1 << 40]),
    "bytes": np.uint8([255]),
    "flags": np.array([True, False]),
    "complex": np.complex64([1 + 2j]),
    "empty": np.zeros((0, 3), np.float32),
}


def checkpoint(tmp_path, **more):
    with tf.Graph().as_default(), tf.Session() as sess:
        for name, value in {**VALUES, **more}.items():
            tf.Variable(tf.constant(value), name=name)
        sess.run(tf.global_variables_initializer())
        return tf.train.Saver().save(sess, str(tmp_path / "m"))


@pytest.mark.parametrize("way", [[".npz"], [".safetensors"], [".npz", ".safetensors"], [".safetensors", ".npz"]])
def test_values_go_there_and_back(tmp_path, way):
    source = checkpoint(tmp_path)
    for i, ending in enumerate([*way, ""]):
        target = str(tmp_path / f"t{i}{ending}")
        assert main(["convert", source, target]) == 0
        source = target
    reader = tf.train.NewCheckpointReader(source)
    assert sorted(reader.get_variable_to_shape_map()) == sorted(VALUES)
    for name, value in VALUES.items():
        found = np.asarray(reader.get_tensor(name))
        assert found.dtype == value.dtype and found.tobytes() == value.tobytes(), name


def test_npz_files_are_numpy_s(tmp_path):
    convert(checkpoint(tmp_path, text=np.array([b"a", b"bcd"], object)), str(tmp_path / "t.npz"))
    with np.load(tmp_path / "t.npz") as archive:
        assert archive["a/float"].tolist() == VALUES["a/float"].tolist()
        assert archive["text"].tolist() == [b"a", b"bcd"]
    np.savez(tmp_path / "u.npz", x=np.arange(3), y=np.array("ä"))
    convert(str(tmp_path / "u.npz"), str(tmp_path / "u"))
    assert tf.train.load_variable(str(tmp_path / "u"), "y") == "ä".encode()


def test_safetensors_files_are_as_the_format_says(tmp_path):
    convert(checkpoint(tmp_path), str(tmp_path / "t.safetensors"))
    content = (tmp_path / "t.safetensors").read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    assert length % 8 == 0 and header["a/float"]["dtype"] == "F32" and header["a/float"]["shape"] == [2, 2]
    begin, end = header["a/float"]["data_offsets"]
    assert content[8 + length :][begin:end] == VALUES["a/float"].tobytes()
    assert sum(e["data_offsets"][1] - e["data_offsets"][0] for e in header.values()) == len(content) - 8 - length


def test_bfloat16_is_kept_where_the_format_has_it(tmp_path, capsys):
    with tf.Session() as sess:
        tf.get_variable("narrow", [2], tf.bfloat16, tf.constant_initializer(1.5))
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, str(tmp_path / "m"))
    convert(path, str(tmp_path / "t.safetensors"))
    (tensor,) = read_tensors(str(tmp_path / "t.safetensors"))
    assert tensor.dtype is tf.bfloat16 and tensor.read().tobytes() == b"\xc0\x3f" * 2
    assert main(["convert", path, str(tmp_path / "t.npz")]) == 1
    assert "npz has no tensors of type bfloat16: narrow" in capsys.readouterr().err
    assert not (tmp_path / "t.npz").exists()


def test_strings_that_a_format_does_not_have_are_refused(tmp_path, capsys):
    path = checkpoint(tmp_path, text=np.array([b"a\0"], object))
    for ending in ("npz", "safetensors"):
        assert main(["convert", path, str(tmp_path / f"t.{ending}")]) == 1
        assert capsys.readouterr().err.rstrip().endswith(": text")


def header_of(entry: dict) -> bytes:
    text = json.dumps({"x": entry}).encode()
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        (100).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (4).to_bytes(8, "little") + b"[[[[",
        header_of({"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}),
        header_of({"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]}) + b"1234",
        header_of({"dtype": "F32", "shape": [1 << 62, 8], "data_offsets": [0, 0]}),
        header_of({"dtype": "F31", "shape": [1], "data_offsets": [0, 4]}) + b"1234",
        header_of({"dtype": "F32", "shape": [1.5], "data_offsets": [0, 6]}) + b"123456",
        header_of({"dtype": "F32"}),
    ],
)
def test_damaged_safetensors_are_refused(tmp_path, content):
    (tmp_path / "t.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="is not a safetensors file"):
        SafetensorsReader(str(tmp_path / "t.safetensors"))


def test_npz_files_with_python_objects_are_refused(tmp_path):
    np.savez(tmp_path / "t.npz", x=np.array([print], object))
    with pytest.raises(ValueError, match="could run code"):
        read_tensors(str(tmp_path / "t.npz"))
