"""Readers: what they give of the files that a queue names, as TensorFlow 1.15.5 does."""

from __future__ import annotations

import pytest

import pyflow as tf

TEXT = b"l1\nl2\r\n\nl4"
END = tf.errors.OutOfRangeError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "text").write_bytes(TEXT)
    (tmp_path / "more").write_bytes(b"m1\n")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "fixed").write_bytes(b"HHabcdefghijFF")
    with tf.python_io.TFRecordWriter(tmp_path / "records") as writer:
        for i in range(3):
            writer.write(b"rec%d" % i)
    return tmp_path


class Reading:
    """A reader with a closed queue of files, and the session it runs in."""

    def __init__(self, reader, folder, files):
        self.reader, self.folder = reader, str(folder)
        self.queue = tf.FIFOQueue(20, tf.string)
        self.session = tf.Session()
        self.session.run(self.queue.enqueue_many([[f"{folder}/{name}" for name in files]]))
        self.session.run(self.queue.close())

    def run(self, tensors):
        return self.session.run(tensors)

    def all(self):
        """(place in the file, value) of all records."""
        key_and_value, records = self.reader.read(self.queue), []
        while True:
            try:
                key, value = self.run(key_and_value)
            except END:
                return records
            records.append((key.decode().removeprefix(self.folder + "/"), value))

    def counts(self):
        return self.run([self.reader.num_records_produced(), self.reader.num_work_units_completed()])


CASES = {
    "lines": (
        lambda: tf.TextLineReader(), ["text", "empty", "more"],
        [("text:1", b"l1"), ("text:2", b"l2"), ("text:3", b""), ("text:4", b"l4"), ("more:1", b"m1")],
    ),
    "lines without headers": (
        lambda: tf.TextLineReader(skip_header_lines=1), ["text", "more"],
        [("text:2", b"l2"), ("text:3", b""), ("text:4", b"l4")],
    ),
    "records": (
        lambda: tf.TFRecordReader(), ["records"],
        [("records:0", b"rec0"), ("records:20", b"rec1"), ("records:40", b"rec2")],
    ),
    "whole": (lambda: tf.WholeFileReader(), ["text", "empty"], [("text", TEXT), ("empty", b"")]),
    "fixed": (
        lambda: tf.FixedLengthRecordReader(3, 2, 2), ["fixed"],
        [("fixed:0", b"abc"), ("fixed:1", b"def"), ("fixed:2", b"ghi")],
    ),
    "fixed, overlapping": (
        lambda: tf.FixedLengthRecordReader(4, 2, 2, hop_bytes=2), ["fixed"],
        [("fixed:0", b"abcd"), ("fixed:1", b"cdef"), ("fixed:2", b"efgh"), ("fixed:3", b"ghij")],
    ),
    "fixed, apart": (
        lambda: tf.FixedLengthRecordReader(2, 2, 2, hop_bytes=5), ["fixed"], [("fixed:0", b"ab"), ("fixed:1", b"fg")]
    ),
}  # fmt: skip


@pytest.mark.parametrize("make, files, records", CASES.values(), ids=CASES)
def test_records_come_with_their_places(folder, make, files, records):
    reading = Reading(make(), folder, files)
    assert reading.all() == records
    assert reading.counts() == [len(records), len(files)]
    reading.run(reading.reader.reset())
    assert reading.counts() == [0, 0]


def test_several_records_are_of_one_file(folder):
    reading = Reading(tf.TFRecordReader(), folder, ["records", "records"])
    batch = reading.reader.read_up_to(reading.queue, 2)
    assert [reading.run(batch)[1].tolist() for _ in range(4)] == [[b"rec0", b"rec1"], [b"rec2"]] * 2
    with pytest.raises(END):
        reading.run(batch)


def test_compressed_records_are_read(folder):
    with tf.python_io.TFRecordWriter(folder / "zipped", "GZIP") as writer:
        writer.write(b"abc")
    assert Reading(tf.TFRecordReader(options="GZIP"), folder, ["zipped"]).all() == [("zipped:0", b"abc")]


def test_missing_file_is_an_error_once(folder):
    reading = Reading(tf.TextLineReader(), folder, ["nothing", "more"])
    record = reading.reader.read(reading.queue)
    with pytest.raises(tf.errors.NotFoundError, match="nothing; No such file or directory"):
        reading.run(record)
    assert reading.run(record)[1] == b"m1"


def test_damaged_record_is_an_error_that_names_file_and_place(folder):
    data = bytearray((folder / "records").read_bytes())
    data[33] ^= 1
    (folder / "records").write_bytes(data)
    reading = Reading(tf.TFRecordReader(), folder, ["records"])
    record = reading.reader.read(reading.queue)
    assert reading.run(record)[1] == b"rec0"
    for _ in range(2):
        with pytest.raises(tf.errors.DataLossError, match=f"corrupted record at 32 in {folder}/records"):
            reading.run(record)


def test_state_goes_from_reader_to_reader(folder):
    reading = Reading(tf.IdentityReader(name="one"), folder, ["x", "y"])
    reading.run(reading.reader.read(reading.queue))
    state = reading.run(reading.reader.serialize_state())
    assert state == b'\x08\x01\x10\x01\x18\x01"' + bytes([len(f"{folder}/x")]) + f"{folder}/x".encode()
    other = tf.IdentityReader(name="two")
    reading.run(other.restore_state(state))
    assert reading.run(other.num_records_produced()) == 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="Could not parse state for IdentityReader 'two': junk"):
        reading.run(other.restore_state(b"junk"))
    with pytest.raises(tf.errors.UnimplementedError, match="Reader SerializeState"):
        reading.run(tf.TextLineReader().serialize_state())
