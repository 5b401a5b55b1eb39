"""tf.python_io: record files from Python, and what is said about those that are damaged."""

from __future__ import annotations

import pytest

import pyflow as tf


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "records")


def written(path, records, options=None):
    with tf.python_io.TFRecordWriter(path, options) as writer:
        for record in records:
            writer.write(record)
    return path


@pytest.mark.parametrize("options", [None, "GZIP", tf.python_io.TFRecordOptions("ZLIB", compression_level=9), 2])
def test_records_come_back(path, options):
    records = [b"%d" % i * (i % 50) for i in range(3000)]
    assert list(tf.python_io.tf_record_iterator(written(path, records, options), options)) == records


def test_damage_is_named_by_file_and_place_after_the_records_before_it(path):
    records = [b"some record %02d" % i for i in range(100)]
    with open(written(path, records), "rb") as file:
        data = bytearray(file.read())
    size = len(data) // 100
    for position, where in ((size * 70 + 2, size * 70), (size * 70 + 14, size * 70 + 12)):
        damaged = bytearray(data)
        damaged[position] ^= 1
        with open(path, "wb") as file:
            file.write(damaged)
        reader = tf.python_io.tf_record_iterator(path)
        assert [next(reader) for _ in range(70)] == records[:70]
        with pytest.raises(tf.errors.DataLossError, match=f"corrupted record at {where} in {path}"):
            next(reader)


def test_options_name_their_compression():
    options = tf.python_io.TFRecordOptions
    kinds = tf.python_io.TFRecordCompressionType
    for given, name in ((None, ""), ("", ""), ("GZIP", "GZIP"), (kinds.ZLIB, "ZLIB"), (options(kinds.GZIP), "GZIP")):
        assert options.get_compression_type_string(given) == name
    with pytest.raises(ValueError, match='Not a valid compression_type: "FOO"'):
        options("FOO")


def test_writer_takes_bytes_until_it_is_closed(path):
    writer = tf.python_io.TFRecordWriter(path)
    with pytest.raises(TypeError, match="expected bytes, int found"):
        writer.write(3)
    writer.close()
    writer.close()
    for use in (lambda: writer.write(b""), writer.flush):
        with pytest.raises(tf.errors.FailedPreconditionError, match="Writer not initialized or previously closed"):
            use()
