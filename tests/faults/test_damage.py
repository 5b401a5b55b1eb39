"""Damaged files: an error of the right class or what was saved, never something else, in little time and memory.

Ten thousand of them, made from seeds: whoever sees one fail makes it again from its number.
"""

from __future__ import annotations

import os
import random
import tracemalloc

import numpy as np
import pytest

import pyflow as tf
from pyflow.io import crc32c
from pyflow.io.record import frame
from tests.faults import damage

CASES = {
    "index": 3600,
    "data": 1500,
    "hostile index": 1500,
    "first version": 1000,
    "state": 800,
    "records": 1200,
    "meta graph": 400,
}
# What is damaged may be missing too, or be of a later version.
ERRORS = (
    tf.errors.DataLossError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.UnimplementedError,
)
WORKING_MEMORY = 1 << 20  # bytes; protocol buffers, tables and messages

VALUES = {
    "float": np.arange(6, dtype=np.float32).reshape(2, 3),
    "text": np.array([b"a", b"", b"\xff" * 40], object),
    "flag": np.array([True, False]),
    "long": np.arange(70, dtype=np.int64),
}
PARTS = np.arange(10, dtype=np.float64).reshape(5, 2)


def test_there_are_enough():
    assert sum(CASES.values()) >= 10_000


@pytest.fixture(scope="module", autouse=True)
def warmed_up():
    crc32c.value(bytes(1000))


def variables():
    for name, value in VALUES.items():
        tf.get_variable(name, initializer=tf.constant(value))
    tf.get_variable("parts", initializer=tf.constant(PARTS), partitioner=tf.fixed_size_partitioner(2))


@pytest.fixture
def saved(memory_folder):
    """The path of a checkpoint of either version, and its files."""

    def save(version):
        with tf.Graph().as_default(), tf.Session() as sess:
            variables()
            sess.run(tf.global_variables_initializer())
            return tf.train.Saver(write_version=version).save(sess, memory_folder + "/m", write_meta_graph=False)

    return save


def check(path, size, measured):
    """Gives all that can be read of a checkpoint."""
    if measured:
        tracemalloc.start()
    try:
        reader = tf.train.NewCheckpointReader(path)
        for name in reader.get_variable_to_shape_map():
            try:
                value = np.asarray(reader.get_tensor(name))
            except ERRORS:
                continue
            yield name, value
    except ERRORS:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak <= WORKING_MEMORY + 8 * size, f"{peak} bytes of memory for a file of {size}"


def is_saved(name, value):
    known = {**VALUES, "parts": PARTS}.get(name)
    return known is not None and value.dtype == known.dtype and value.tolist() == known.tolist()


def damaged(path, number, change):
    with open(path, "rb") as file:
        data = file.read()
    new = change(random.Random(number), data)
    with open(path, "wb") as file:
        file.write(new)
    return data, len(new)


@pytest.mark.parametrize("kind", ["index", "data"])
def test_damage_by_chance_is_found(saved, kind):
    prefix = saved(tf.train.SaverDef.V2)
    path = f"{prefix}.index" if kind == "index" else f"{prefix}.data-00000-of-00001"
    for number in range(CASES[kind]):
        data, size = damaged(path, number, damage.by_chance)
        for name, value in check(prefix, size + 4096, number % 4 == 0):
            assert is_saved(name, value), number
        with open(path, "wb") as file:
            file.write(data)


def test_index_behind_whose_checksums_nothing_is_right(saved):
    prefix = saved(tf.train.SaverDef.V2)
    path = f"{prefix}.index"

    def change(chance, data):
        if chance.random() < 0.5:
            return damage.behind_checksums(chance, data)
        victims = chance.randrange(8)

        def hurt(key, value):
            nonlocal victims
            victims -= 1
            return damage.hostile_message(chance, value) if victims == 0 else value

        return damage.with_values(data, hurt)

    for number in range(CASES["hostile index"]):
        data, size = damaged(path, number, change)
        # Names, shapes and dtypes may be any now; but every number read is one that was saved, with its checksum.
        saved_bytes = b"".join(v.tobytes() for v in (*VALUES.values(), PARTS) if v.dtype != object)
        for _, value in check(prefix, size + 4096, True):
            assert value.dtype == object or value.nbytes <= len(saved_bytes), number
        with open(path, "wb") as file:
            file.write(data)


def test_first_version(saved):
    path = saved(tf.train.SaverDef.V1)

    def change(chance, data):
        if chance.random() < 0.3:
            return damage.by_chance(chance, data)
        if chance.random() < 0.4:
            return damage.behind_checksums(chance, data)
        victims = chance.randrange(1, 8)

        def hurt(key, value):
            nonlocal victims
            victims -= 1
            return damage.hostile_message(chance, value) if victims == 0 else value

        return damage.with_values(data, hurt)

    for number in range(CASES["first version"]):
        data, size = damaged(path, number, change)
        for _, value in check(path, size, number % 2 == 0):
            assert value.nbytes <= 8 * size, number
        with open(path, "wb") as file:
            file.write(data)


def test_state(memory_folder):
    path = os.path.join(memory_folder, "checkpoint")
    outside = os.path.join(memory_folder, "outside")
    with open(outside, "w") as file:
        file.write("x")
    tf.train.update_checkpoint_state(memory_folder, "m-2", ["m-1", "m-2"])
    tricks = ["../" * 40 + "etc/passwd", "/dev/zero", "*", "\0", "\n", "m" * 5000, "[", "a/" * 3000]
    for number in range(CASES["state"]):

        def change(chance, data):
            if chance.random() < 0.2:
                return data.replace(b"m-2", repr(chance.choice(tricks))[1:-1].encode())
            return damage.by_chance(chance, data)

        data, _ = damaged(path, number, change)
        try:
            state = tf.train.get_checkpoint_state(memory_folder)
            assert state is None or state.model_checkpoint_path
            latest = tf.train.latest_checkpoint(memory_folder)
            if latest is not None:  # there is something at that path, but no checkpoint
                with pytest.raises(ERRORS):
                    tf.train.NewCheckpointReader(latest)
        except tf.errors.InvalidArgumentError as error:
            assert "File name too long" in error.message, number
        except ValueError as error:
            assert "Invalid checkpoint state" in str(error) or "null" in str(error), number
        with open(path, "wb") as file:
            file.write(data)


def test_path_from_a_state_is_no_pattern_to_remove(memory_folder):
    for name in ("a.index", "a.data-00000-of-00001", "a.meta", "b"):
        with open(os.path.join(memory_folder, name), "w"):
            pass
    for trick in ("*", "?", "[ab]", "", "../*"):
        tf.train.remove_checkpoint(os.path.join(memory_folder, trick))
    assert sorted(os.listdir(memory_folder)) == ["a.data-00000-of-00001", "a.index", "a.meta", "b"]


def test_meta_graph(memory_folder):
    path = os.path.join(memory_folder, "m.meta")
    with tf.Graph().as_default():
        tf.square(tf.get_variable("v", [2]))
        tf.train.Saver().export_meta_graph(path)

    def change(chance, data):
        return damage.by_chance(chance, data) if chance.random() < 0.7 else damage.hostile_message(chance, data)

    outcomes = set()
    for number in range(CASES["meta graph"]):
        data, _ = damaged(path, number, change)
        with tf.Graph().as_default():
            try:
                tf.train.import_meta_graph(path)
                outcomes.add("imported")  # the damage was to a name, say
            # TensorFlow's classes for a file that is no message, and for a message that is no graph.
            except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
                outcomes.add(type(error).__name__)
        with open(path, "wb") as file:
            file.write(data)
    assert "OSError" in outcomes


@pytest.mark.parametrize("events", [False, True], ids=["records", "events"])
def test_records(memory_folder, events):
    if events:
        with tf.Graph().as_default(), tf.summary.FileWriter(memory_folder) as writer:
            for step in range(5):
                writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="loss", simple_value=step)]), step)
        (name,) = os.listdir(memory_folder)
        path, read = os.path.join(memory_folder, name), tf.train.summary_iterator
    else:
        path, read = os.path.join(memory_folder, "r"), tf.python_io.tf_record_iterator
        with tf.python_io.TFRecordWriter(path) as writer:
            for i in range(6):
                writer.write(bytes([i]) * i * 30)
    whole = [str(item) for item in read(path)]

    def change(chance, data):
        if chance.random() < 0.7:
            return damage.by_chance(chance, data)
        length = chance.choice(damage.HOSTILE).to_bytes(8, "little")
        hostile = length + crc32c.masked_value(length).to_bytes(4, "little")
        if chance.random() < 0.5:
            hostile = frame(damage.hostile_message(chance, data[16:40]))
        return data[: chance.choice((0, len(data)))] + hostile + data

    for number in range(CASES["records"] // 2):
        data, size = damaged(path, number, change)
        found = []
        tracemalloc.start()
        try:
            for item in read(path):
                found.append(item)
                assert len(found) <= size
        except ERRORS:
            pass
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak <= (1 << 21) + 8 * size, number
        with open(path, "wb") as file:
            file.write(data)
    assert [str(item) for item in read(path)] == whole
