"""Sorted tables: what is written is read back, damage is noticed, and lengths in a file are not believed."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflow.core.errors import DataLossError
from pyflow.io import crc32c, snappy, varint
from pyflow.io.table import MAGIC, TableReader, TableWriter

PAIRS = {b"": b"header", **{b"layer%03d/kernel" % i: b"%d" % i * (i % 50) for i in range(400)}, b"\xff\xff": b""}


def written(pairs: dict[bytes, bytes]) -> bytes:
    file = io.BytesIO()
    writer = TableWriter(file)
    for key in sorted(pairs):
        writer.add(key, pairs[key])
    writer.finish()
    return file.getvalue()


def read(data: bytes) -> dict[bytes, bytes]:
    return TableReader(io.BytesIO(data)).read_all()


def table_of(block: bytes) -> bytes:
    """A table whose only block has these contents and a right checksum."""

    def framed(contents: bytes) -> bytes:
        return contents + b"\0" + struct.pack("<I", crc32c.mask(crc32c.value(contents + b"\0")))

    def handle(offset: int, size: int) -> bytes:
        return varint.encode(offset) + varint.encode(size)

    value = handle(0, len(block))
    index = bytes([0, 1, len(value)]) + b"\xff" + value + struct.pack("<II", 0, 1)
    body = framed(block) + framed(index)
    footer = handle(len(block) + 5, len(index)) + handle(len(block) + 5, len(index))
    return body + footer.ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def test_checksum_is_that_of_the_standard():
    assert crc32c.value(b"123456789") == 0xE3069283  # RFC 3720, B.4: the check value
    assert crc32c.value(bytes(32)) == 0x8A9136AA
    assert crc32c.unmask(crc32c.mask(0x12345678)) == 0x12345678


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000, 4097, (1 << 20) + 3, (1 << 20) + 64])
def test_checksum_of_parts_is_that_of_the_whole(size):
    data = bytes(i * 7 & 255 for i in range(size))
    cut = size // 3
    slowly = 0
    for start in range(0, size, 63):  # short pieces go byte by byte
        slowly = crc32c.extend(slowly, data[start : start + 63])
    assert crc32c.value(data) == crc32c.extend(crc32c.value(data[:cut]), data[cut:]) == slowly


@given(st.dictionaries(st.binary(max_size=12), st.binary(max_size=40), max_size=60))
@settings(max_examples=50, deadline=None)
def test_pairs_come_back(pairs):
    assert read(written(pairs)) == pairs


def test_blocks_are_found_by_key():
    pairs = {b"%04d" % i: bytes(3000) for i in range(500)}  # six blocks
    reader = TableReader(io.BytesIO(written(pairs)))
    assert reader.get(b"0321") == bytes(3000)
    assert reader.get(b"0321x") is None
    assert reader.get(b"9") is None
    assert [key for key, _ in reader.items(b"0498x")] == [b"0499"]


def test_keys_have_to_come_in_order():
    writer = TableWriter(io.BytesIO())
    writer.add(b"b", b"")
    with pytest.raises(ValueError, match="does not follow"):
        writer.add(b"b", b"")


def test_every_truncation_is_noticed():
    data = written(PAIRS)
    for size in [*range(0, len(data), 97), *range(len(data) - 60, len(data))]:
        with pytest.raises(DataLossError):
            read(data[:size])


def test_every_flipped_bit_is_noticed():
    data = written(PAIRS)
    for position in [*range(0, len(data), 53), *range(len(data) - 48, len(data))]:
        damaged = bytearray(data)
        damaged[position] ^= 1 << position % 8
        with pytest.raises(DataLossError):
            read(bytes(damaged))


@pytest.mark.parametrize(
    "block",
    [
        b"",
        struct.pack("<I", 1 << 31),  # restarts beyond the block
        b"\x05\x01\x00k" + struct.pack("<II", 0, 1),  # shares more of a key than there is
        b"\x00\xff\xff\xff\xff\x0f\x00k" + struct.pack("<II", 0, 1),  # a key of 4 GB
        b"\x00\x01\x02a" + struct.pack("<II", 0, 1),  # a value that runs into the restarts
        b"\x00\x01\x00b\x00\x01\x00a" + struct.pack("<II", 0, 1),  # not in order
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" + struct.pack("<II", 0, 1),  # a number without end
    ],
)
def test_lengths_are_not_believed(block):
    with pytest.raises(DataLossError):
        read(table_of(block))


def test_keys_that_would_fill_the_memory_are_refused():
    key, block = b"k" * 2000, bytearray(b"\x00" + varint.encode(2000) + b"\x00")
    block += key
    for _ in range(5000):  # each four bytes stand for a key one longer than the last
        block += varint.encode(len(key)) + b"\x01\x00k"
        key += b"k"
    with pytest.raises(DataLossError, match="too long"):
        read(table_of(bytes(block) + struct.pack("<II", 0, 1)))


def test_snappy_copies_and_literals():
    assert snappy.uncompress(bytes([4, 3 << 2]) + b"abcd") == b"abcd"
    assert snappy.uncompress(bytes([11, 3 << 2]) + b"abcd" + bytes([(7 - 4) << 2 | 1, 4])) == b"abcdabcdabc"
    assert snappy.uncompress(bytes([70, 0]) + b"x" + bytes([(64 - 1) << 2 | 2, 1, 0, 4 << 2]) + b"12345") == (
        b"x" * 65 + b"12345"
    )


@pytest.mark.parametrize(
    "data", [b"", b"\x04\x0cab", b"\x05\x0cabcd", b"\x03\x0cabcd", b"\xff\xff\xff\x7f\x00a", b"\x08\x00a\x0d\x09"]
)
def test_damaged_snappy_is_noticed(data):
    with pytest.raises(DataLossError):
        snappy.uncompress(data)
