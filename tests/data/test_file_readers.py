"""Batches of CSV rows and of Examples, straight from files."""

from __future__ import annotations

import pytest

import pyflow as tf


def first(dataset):
    with tf.Session() as session:
        return session.run(dataset.make_one_shot_iterator().get_next())


@pytest.fixture
def csv_file(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c,d\n1,2.5,x,3000000000\n3,4,y,\n")
    return str(path)


def test_csv_columns_are_named_and_typed_by_the_file(csv_file):
    dataset = tf.data.experimental.make_csv_dataset(csv_file, 2, label_name="c", shuffle=False, num_epochs=1)
    features, label = first(dataset)
    assert {k: (str(v.dtype), v.tolist()) for k, v in features.items()} == {
        "a": ("int32", [1, 3]),
        "b": ("float32", [2.5, 4.0]),
        "d": ("int64", [3000000000, 0]),
    }
    assert label.tolist() == [b"x", b"y"]


def test_csv_columns_are_chosen(csv_file):
    dataset = tf.data.experimental.make_csv_dataset(
        csv_file, 1, select_columns=["c", 0], column_defaults=[tf.string, [7.0]], shuffle=False
    )
    assert list(dataset.output_shapes) == ["a", "c"] and dataset.output_shapes["a"].as_list() == [1]
    with pytest.raises(ValueError, match="not a valid column index or name"):
        tf.data.experimental.make_csv_dataset(csv_file, 1, select_columns=["z"])
    with pytest.raises(ValueError, match="No files match"):
        tf.data.experimental.make_csv_dataset(csv_file + "x", 1)


def test_examples_are_read_and_parsed(tmp_path):
    path = str(tmp_path / "examples")
    with tf.python_io.TFRecordWriter(path) as writer:
        for i in range(3):
            ints = tf.train.Feature(int64_list=tf.train.Int64List(value=[i] * i))
            label = tf.train.Feature(float_list=tf.train.FloatList(value=[i / 2]))
            writer.write(
                tf.train.Example(features=tf.train.Features(feature={"ints": ints, "label": label})).SerializeToString()
            )
    described = {"ints": tf.VarLenFeature(tf.int64), "label": tf.FixedLenFeature([], tf.float32)}
    dataset = tf.data.experimental.make_batched_features_dataset(
        path, 3, described, label_key="label", shuffle=False, num_epochs=1
    )
    features, labels = first(dataset)
    assert features["ints"].values.tolist() == [1, 2, 2] and labels.tolist() == [0.0, 0.5, 1.0]


@pytest.mark.native
def test_rows_of_a_query(tmp_path):
    import sqlite3  # Pyodide has none

    path = str(tmp_path / "base.sqlite")
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE people (name TEXT, age INTEGER, height REAL)")
        base.executemany("INSERT INTO people VALUES (?, ?, ?)", [("A", 3, 1.5), ("B", None, 2.0)])
    query = "SELECT name, age, height FROM people ORDER BY name"
    types = (tf.string, tf.int32, tf.float64)
    rows = first(tf.data.experimental.SqlDataset("sqlite", path, query, types).batch(2))
    assert [column.tolist() for column in rows] == [[b"A", b"B"], [3, 0], [1.5, 2.0]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="number of columns"):
        first(tf.data.experimental.SqlDataset("sqlite", path, query, (tf.string,)))
