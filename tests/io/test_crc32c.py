"""CRC-32C: the vectors of RFC 3720, and long data against a loop over its bits."""

from __future__ import annotations

import numpy as np
import pytest

from pyflow.io import crc32c as module
from pyflow.io.crc32c import crc32c, mask, masked_crc32c, unmask


def bit_by_bit(data: bytes) -> int:
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


@pytest.fixture(autouse=True)
def without_native_library(monkeypatch):
    monkeypatch.setattr(module, "_native", lambda: None)


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
    assert crc32c(data) == expected


@pytest.mark.parametrize("size", [1, 63, 4095, 4096, 4097, 5001, 65_536, 70_001])
def test_long_data_gives_what_a_loop_over_its_bits_gives(size):
    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    assert crc32c(data) == bit_by_bit(data)


def test_blocks_are_joined():
    data = np.random.default_rng(0).integers(0, 256, (1 << 22) + 9000, np.uint8)
    whole = crc32c(data)
    assert whole == crc32c(data[12_345:], crc32c(data[:12_345]))
    data[4_000_000] ^= 1
    assert crc32c(data) != whole


def test_any_contiguous_buffer_is_taken():
    array = np.arange(3000, dtype="<f4").reshape(30, 100)
    assert crc32c(array) == crc32c(array.tobytes()) == crc32c(bytearray(array.tobytes()))


def test_mask_is_undone():
    assert masked_crc32c(b"123456789") == mask(0xE3069283) != 0xE3069283
    assert unmask(masked_crc32c(b"123456789")) == 0xE3069283
