"""Record files: the bytes TensorFlow 1.15 writes, and what becomes of damaged ones."""

from __future__ import annotations

import struct
import tracemalloc

import pytest

import pyflow as tf
from pyflow.io import crc32c
from pyflow.io.record import RecordWriter, frame, read_placed_records, read_records

RECORDS = [b"hello", b"world!"]
# As TFRecordWriter of TensorFlow 1.15.5 wrote them.
WRITTEN = bytes.fromhex("0500000000000000eab2043e68656c6c6fbb1f1c19" + "06000000000000007369d537776f726c64210ac6af4f")
COMPRESSED = {
    "GZIP": "1f8b080000000000000363658080579b58ec32527372f277cbcb480200b781300e15000000",
    "ZLIB": "789c63658080579b58ec32527372f277cbcb48020029610507",
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "records"


def test_file_is_what_tensorflow_writes(path):
    with RecordWriter(path) as writer:
        for record in RECORDS:
            writer.write(record)
    assert path.read_bytes() == WRITTEN
    assert list(read_records(path)) == RECORDS


@pytest.mark.parametrize("compression", COMPRESSED)
def test_compressed_files_of_tensorflow_are_read(path, compression):
    path.write_bytes(bytes.fromhex(COMPRESSED[compression]))
    assert list(read_records(str(path), compression)) == [b"hello"]


@pytest.mark.parametrize("compression", ["", "GZIP", "ZLIB"])
def test_records_come_back(path, compression):
    records = [b"", b"a", bytes(3_000_000), b"\xff" * 4097]
    with RecordWriter(path, compression) as writer:
        for record in records:
            writer.write(record)
        writer.flush()
        writer.write(b"last")
    assert list(read_records(path, compression)) == [*records, b"last"]


def test_joined_compressed_files_are_one(path):
    path.write_bytes(bytes.fromhex(COMPRESSED["GZIP"]) * 3)
    assert list(read_records(path, "GZIP")) == [b"hello"] * 3


@pytest.mark.parametrize("size", range(len(WRITTEN)))
def test_truncated_file_is_data_loss_unless_it_ends_before_a_record(path, size):
    path.write_bytes(WRITTEN[:size])
    start = 0 if size < 21 else 21
    if size - start < 12:
        assert list(read_records(path)) == RECORDS[: start // 21]
    else:
        with pytest.raises(tf.errors.DataLossError, match=f"truncated record at {start}"):
            list(read_records(path))


@pytest.mark.parametrize("position", range(len(WRITTEN)))
def test_any_damaged_byte_is_data_loss(path, position):
    path.write_bytes(WRITTEN[:position] + bytes([WRITTEN[position] ^ 0x40]) + WRITTEN[position + 1 :])
    with pytest.raises(tf.errors.DataLossError, match="corrupted record at"):
        list(read_records(path))


@pytest.mark.parametrize("sizes", [[5] * 9, [5] * 6 + [7, 5], [5, 5, 5, 6] * 2], ids=["equal", "first equal", "mixed"])
def test_records_before_a_damaged_one_are_read(path, sizes):
    records = [bytes([i]) * size for i, size in enumerate(sizes)]
    written = b"".join(map(frame, records))
    starts = [sum(size + 16 for size in sizes[:i]) for i in range(len(sizes))]
    path.write_bytes(written)
    assert list(read_placed_records(path)) == list(zip(starts, records))
    for row, start in enumerate(starts):
        for within, told in ((9, 0), (14, 12), (15 + sizes[row], 12)):
            damaged = bytearray(written)
            damaged[start + within] ^= 1
            path.write_bytes(damaged)
            found = read_records(path)
            assert [next(found) for _ in range(row)] == records[:row]
            with pytest.raises(tf.errors.DataLossError, match=f"corrupted record at {start + told} in"):
                next(found)


@pytest.mark.parametrize("compression", COMPRESSED)
def test_records_before_the_end_of_truncated_compressed_data_are_read(path, compression):
    with RecordWriter(path, compression) as writer:
        for record in RECORDS:
            writer.write(record)
            writer.flush()
    path.write_bytes(path.read_bytes()[:-20])
    records = read_records(path, compression)
    assert next(records) == RECORDS[0]
    with pytest.raises(tf.errors.DataLossError, match=f"truncated record at 21 in {path}"):
        next(records)


@pytest.mark.parametrize("compression", COMPRESSED)
def test_truncated_compressed_file_is_data_loss(path, compression):
    path.write_bytes(bytes.fromhex(COMPRESSED[compression])[:-6])
    with pytest.raises(tf.errors.DataLossError):
        list(read_records(path, compression))


def test_hostile_length_asks_for_no_memory(path):
    length = struct.pack("<Q", 2**64 - 1)
    path.write_bytes(length + struct.pack("<I", crc32c.masked_value(length)) + b"short")
    tracemalloc.start()
    try:
        with pytest.raises(tf.errors.DataLossError, match="truncated record at 0"):
            list(read_records(path))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_wrong_use_is_an_error(path):
    with pytest.raises(tf.errors.NotFoundError, match="records; No such file or directory"):
        list(read_records(path))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Unsupported compression type: LZ"):
        RecordWriter(path, "LZ")
    writer = RecordWriter(path)
    writer.close()
    writer.close()
    with pytest.raises(tf.errors.FailedPreconditionError, match="Writer not initialized or previously closed"):
        writer.write(b"a")
