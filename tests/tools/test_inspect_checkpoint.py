"""tensorflow.python.tools.inspect_checkpoint: what it prints."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

import pyflow as tf
from pyflow.tools.inspect_checkpoint import parse_numpy_printoption, print_tensors_in_checkpoint_file

TOTAL = "# Total number of params: 16\n"
VALUES = {"b": "[0. 1. 2.]\n", "w": "[[1. 1. 1.]\n [1. 1. 1.]\n [1. 1. 1.]\n [1. 1. 1.]]\n", "word": "b'hi'\n"}


@pytest.fixture
def checkpoint(tmp_path):
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.get_variable("w", initializer=np.ones([4, 3], np.float32))
        tf.get_variable("b", initializer=np.arange(3, dtype=np.float32))
        tf.Variable("hi", name="word")
        sess.run(tf.global_variables_initializer())
        return tf.train.Saver().save(sess, str(tmp_path / "model"))


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("", True), "".join(f"tensor_name:  {name}\n{value}" for name, value in VALUES.items()) + TOTAL),
        (("", False, True), "".join(f"tensor_name:  {name}\n" for name in VALUES) + TOTAL),
        (("w", False), "tensor_name:  w\n" + VALUES["w"] + TOTAL),
        (("", False), "b (DT_FLOAT) [3]\nw (DT_FLOAT) [4,3]\nword (DT_STRING) []\n\n" + TOTAL),
        (
            ("w", False, False, "^w$"),
            "tensor_name:  w\n"
            + VALUES["w"]
            + "# Excluding 1 tensors (12 params) that match ^w$ when counting.\n# Total number of params: 4\n",
        ),
        (("other", False), "tensor_name:  other\nKey other not found in checkpoint\n"),
    ],
)
def test_what_is_printed(checkpoint, capsys, arguments, printed):
    print_tensors_in_checkpoint_file(checkpoint, *arguments)
    assert capsys.readouterr().out == printed


def test_there_is_no_such_checkpoint(tmp_path, capsys):
    print_tensors_in_checkpoint_file(str(tmp_path / "none"), "", True)
    assert "Failed to find any matching files for" in capsys.readouterr().out


def test_options_of_printing():
    before = np.get_printoptions()
    try:
        parse_numpy_printoption("precision=4")
        assert np.get_printoptions()["precision"] == 4
    finally:
        np.set_printoptions(**before)
    for text, words in (("a=1", "'a' is not a valid printoption"), ("x", "'x' is not in the form k=v")):
        with pytest.raises(argparse.ArgumentTypeError, match=words):
            parse_numpy_printoption(text)
