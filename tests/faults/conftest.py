"""What the tests of this folder share: a model whose values all tell which save they come from."""

from __future__ import annotations

import os
import tempfile

import numpy as np
import pytest

import pyflow as tf


class Model:
    """Variables on two devices, some in parts; after `fill(n)` all their values say n."""

    def __init__(self):
        self.graph = tf.Graph()
        with self.graph.as_default():
            number, said = tf.placeholder(tf.int32, []), tf.placeholder(tf.string, [])
            made = []
            for i, where in enumerate(("/cpu:0", "")):
                with tf.device(where):
                    made.append(tf.get_variable(f"scalar{i}", [], tf.int32))
                    made.append(tf.get_variable(f"row{i}", [50], use_resource=i == 1))
            made.append(tf.get_variable("parts", [6, 2], tf.float64, partitioner=tf.fixed_size_partitioner(2)))
            text = tf.get_variable("text", [2], tf.string, tf.constant_initializer([b"", b""]))
            fills = [v.assign(tf.fill(v.shape, tf.cast(number, v.dtype.base_dtype))) for x in made for v in parts(x)]
            fills.append(text.assign(tf.fill([2], said)))
            self.number, self.said, self.fills = number, said, fills
            self.savers = {
                "plain": tf.train.Saver(max_to_keep=1),
                "sharded": tf.train.Saver(max_to_keep=1, sharded=True),
                "first version": tf.train.Saver(max_to_keep=1, write_version=tf.train.SaverDef.V1),
            }
            self.session = tf.Session(config=tf.ConfigProto(allow_soft_placement=True))
        self.names = [*(f"{kind}{i}" for kind in ("scalar", "row") for i in range(2)), "parts", "text"]

    def fill(self, number):
        self.session.run(self.fills, {self.number: number, self.said: str(number)})

    def saved_number(self, path):
        """The number that all values of a checkpoint say."""
        reader = tf.train.NewCheckpointReader(path)
        assert sorted(reader.get_variable_to_shape_map()) == sorted(self.names)
        numbers = {int(x) for name in self.names for x in np.asarray(reader.get_tensor(name)).reshape(-1)}
        assert len(numbers) == 1, numbers
        return numbers.pop()


def parts(variable):
    return list(variable) if hasattr(variable, "__iter__") and not isinstance(variable, tf.Variable) else [variable]


@pytest.fixture(scope="session")
def model():
    return Model()


@pytest.fixture
def memory_folder(tmp_path):
    """A folder on a disk that is memory, if there is one: a real disk takes milliseconds to rename a file."""
    memory = "/dev/shm"
    if not os.access(memory, os.W_OK):
        yield str(tmp_path)
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield folder
