"""Records of files in random order."""

from __future__ import annotations

import pytest

import pyflow as tf
from pyflow.io.record_input import RecordInput


@pytest.fixture(params=["", "GZIP", "ZLIB"])
def files(request, tmp_path):
    """A pattern of three files of seven records, and their compression."""
    kind = getattr(tf.python_io.TFRecordCompressionType, request.param or "NONE")
    for i in range(3):
        options = tf.python_io.TFRecordOptions(kind)
        with tf.python_io.TFRecordWriter(str(tmp_path / f"records-{i}"), options) as writer:
            for j in range(7):
                writer.write(b"%d-%d" % (i, j))
    return str(tmp_path / "records-*"), kind


def test_each_record_comes_once_in_an_epoch(files):
    pattern, kind = files
    records = RecordInput(pattern, batch_size=3, buffer_size=10, seed=1, shift_ratio=0.3, compression_type=kind)
    batch = records.get_yield_op()
    assert batch.shape.as_list() == [3]
    with tf.Session() as session:
        epochs = [[r for _ in range(7) for r in session.run(batch).tolist()] for _ in range(3)]
    expected = sorted(b"%d-%d" % (i, j) for i in range(3) for j in range(7))
    assert all(sorted(epoch) == expected for epoch in epochs)
    assert epochs[0] != epochs[1] != expected


def test_batches_take_turns(files):
    pattern, kind = files
    batches = RecordInput(pattern, batch_size=2, batches=3, compression_type=kind, name="in").get_yield_op()
    with tf.Session() as session:
        values = session.run(batches)
    assert [len(batch) for batch in values] == [2, 2, 2]
    assert batches[0][0].op.name == "in_1/Reshape"


def test_no_files(tmp_path):
    batch = RecordInput(str(tmp_path / "none-*")).get_yield_op()
    with tf.Session() as session, pytest.raises(tf.errors.NotFoundError, match="Found no files at .*none"):
        session.run(batch)
