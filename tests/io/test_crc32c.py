"""CRC-32C: the vectors of RFC 3720, and long data against a loop over its bits."""

from __future__ import annotations

import functools
import operator

import numpy as np
import pytest

from pyflow.io import crc32c


def bit_by_bit(data: bytes) -> int:
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


@pytest.fixture(autouse=True)
def without_native_library(monkeypatch):
    monkeypatch.setattr(crc32c, "_native", lambda: None)


@pytest.mark.parametrize(
    "data, expected",
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_vectors_of_rfc_3720(data, expected):
    assert crc32c.value(data) == expected


@pytest.mark.parametrize("size", [1, 63, 64, 1023, 1025, 8191, 8192, 9001, 70_001, 240_007])
def test_long_data_gives_what_a_loop_over_its_bits_gives(size):
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    assert crc32c.value(data) == bit_by_bit(data)


def test_what_long_data_are_folded_by_is_a_multiple_of_the_polynomial():
    def power(words: int) -> int:
        """x^(64 words), the remainder, as the register has it: the lowest power in the highest bit."""
        register = 1 << 31
        for _ in range(64 * words):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
        return register

    for multiple in crc32c._MULTIPLES:
        assert functools.reduce(operator.xor, map(power, multiple)) == power(0)


def test_blocks_are_joined():
    data = np.random.default_rng(0).integers(0, 256, (1 << 22) + 9000, np.uint8)
    whole = crc32c.value(data)
    assert whole == crc32c.extend(crc32c.value(data[:12_345]), data[12_345:])
    data[4_000_000] ^= 1
    assert crc32c.value(data) != whole


def test_any_contiguous_buffer_is_taken():
    array = np.arange(3000, dtype="<f4").reshape(30, 100)
    assert crc32c.value(array) == crc32c.value(array.tobytes()) == crc32c.value(bytearray(array.tobytes()))


def test_mask_is_undone():
    assert crc32c.masked_value(b"123456789") == crc32c.mask(0xE3069283) != 0xE3069283
    assert crc32c.unmask(crc32c.masked_value(b"123456789")) == 0xE3069283


def test_many_records_are_checked_together():
    sizes = [0, 3, 4, 5, 63, 64, 850, 851, 853, 1024, 1026, 4095, 8191, 8192, 9000]
    records = [bytes(range(256)) * 40 for _ in sizes]
    records = [record[i : i + size] for i, (record, size) in enumerate(zip(records, sizes))]
    masked = [crc32c.masked_value(record) for record in records]
    assert crc32c.are_right(records, masked).all()
    assert not crc32c.are_right(records, [value ^ 1 << i for i, value in enumerate(masked)]).any()


def test_the_library_gets_bytes_in_pieces(monkeypatch):
    data = np.random.RandomState(0).bytes(700_001)
    pieces: list[bytes] = []

    def extend(crc: int, piece: bytes) -> int:
        assert type(piece) is bytes and crc == len(pieces)
        pieces.append(piece)
        return crc + 1

    monkeypatch.setattr(crc32c, "_native", lambda: extend)
    assert crc32c.value(np.frombuffer(data, np.uint8)) == len(pieces) > 1
    assert b"".join(pieces) == data
