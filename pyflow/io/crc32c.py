"""CRC-32C (Castagnoli; RFC 3720, B.4): the checksum of records and of checkpoints.

The checksum is a remainder of polynomials over GF(2), so data may first be reduced by any multiple of the divisor. Some
multiples have few terms, all of them powers of x^64: reducing by those is a few exclusive ors of long stretches of
words, which numpy does at gigabytes a second. What remains, a few thousand bytes, is looked up in tables. Where
`google_crc32c` is installed with its native part, that does the work.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

_POLYNOMIAL = 0x82F63B78
_ALL_ONES = 0xFFFFFFFF
_MASK_DELTA = 0xA282EAD8
_LOOPED = 64  # bytes; below, a Python loop is faster than numpy's calls
_ROWS = 1024  # bytes that are looked up at once
_FOLDED = 8192  # bytes; from here on, folding comes first
_GROUP = 1 << 20  # bytes of records that are taken together
_FEW = 8  # records; below, nothing is gained by taking them together
_BLOCK = 1 << 17  # words that are folded at once: they stay in the cache
# (c, b, a ...): 1 + y^a + ... + y^b + y^c is a multiple of the polynomial, y = x^64. c - b words can be folded at once.
_MULTIPLES = ((14867, 318, 278), (5685, 1362, 426), (563, 109, 58, 53, 31))
_PIECE = 1 << 18  # bytes that the library is given at once


def value(data: Any) -> int:
    """The checksum of bytes, or of anything with a contiguous buffer."""
    return extend(0, data)


def extend(crc: int, data: Any) -> int:
    """The checksum of something with the checksum `crc` and then `data`."""
    view = memoryview(data)
    view = view if view.nbytes == 0 else view.cast("B")
    native = _native()
    if native is not None:
        for start in range(0, view.nbytes, _PIECE):  # it takes nothing but bytes
            crc = native(crc, view[start : start + _PIECE].tobytes())
        return crc
    register = crc ^ _ALL_ONES
    if view.nbytes >= _FOLDED:
        end = view.nbytes // 8 * 8
        register = _looked_up(_folded(view[:end], register), 0)
        view = view[end:]
    return _looked_up(view, register) ^ _ALL_ONES


def are_right(records: Sequence[bytes], masked: Any) -> np.ndarray:
    """Whether each of many records has the checksum, in its form for files, that is said of it."""
    crcs = _values(records)
    return (crcs >> np.uint32(15) | crcs << np.uint32(17)) + np.uint32(_MASK_DELTA) == np.asarray(masked, np.uint32)


def _values(records: Sequence[bytes]) -> np.ndarray:
    """The checksums of many records."""
    native = _native()
    if native is not None:
        return np.array([native(0, record) for record in records], np.uint32)
    if len(records) < _FEW:
        return np.array([value(record) for record in records], np.uint32)
    sizes = np.array([len(record) for record in records])
    crcs = np.empty(len(records), np.uint32)
    # Rows of similar lengths go together; those under 4 bytes or long enough to be folded go alone.
    kinds = np.where((sizes >= 4) & (sizes < _FOLDED), np.frexp(sizes)[1], 0)
    for kind in np.unique(kinds):
        members = np.flatnonzero(kinds == kind)
        if not kind:
            crcs[members] = [value(records[i]) for i in members.tolist()]
            continue
        count = max(1, _GROUP >> int(kind))
        for start in range(0, len(members), count):
            part = members[start : start + count]
            crcs[part] = _values_of_rows([records[i] for i in part.tolist()])
    return crcs


def _values_of_rows(records: list[bytes]) -> np.ndarray:
    """The checksums of records of at least 4 bytes, all advanced side by side, four bytes at a time."""
    width = -(-max(map(len, records)) // 4) * 4
    # Zeros before a message leave an empty register as it is, and what the register starts with can be put upon the
    # first four bytes instead.
    block = np.frombuffer(bytearray().join([record.rjust(width, b"\0") for record in records]), np.uint8)
    block = block.reshape(len(records), width)
    firsts = (width - np.array([len(record) for record in records]))[:, None] + np.arange(4)
    block[np.arange(len(records))[:, None], firsts] ^= 0xFF
    low, high = _word_tables()
    state = np.zeros(len(records), np.uint32)
    for column in np.ascontiguousarray(block.view("<u4").T):
        state ^= column
        state = low.take(state & 0xFFFF) ^ high.take(state >> 16)
    return state ^ np.uint32(_ALL_ONES)


@functools.cache
def _word_tables() -> tuple[np.ndarray, np.ndarray]:
    """What the low and the high half of four bytes do to the register that takes them in."""
    byte = np.array(_tables()[0], np.uint32)
    low = np.arange(1 << 16, dtype=np.uint32)
    high = low << np.uint32(16)
    for _ in range(4):
        low, high = byte[low & 0xFF] ^ low >> 8, byte[high & 0xFF] ^ high >> 8
    return low, high


def masked_value(data: Any) -> int:
    """The checksum of `data` as files keep it."""
    return mask(value(data))


def mask(crc: int) -> int:
    """A checksum as files keep it: turned and shifted, as checksums of data with their own checksum inside are weak."""
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _ALL_ONES


def unmask(masked: int) -> int:
    """The checksum behind its form for files."""
    turned = (masked - _MASK_DELTA) & _ALL_ONES
    return (turned >> 17 | turned << 15) & _ALL_ONES


@functools.cache
def _native() -> Any:
    try:
        module = importlib.import_module("google_crc32c")
    except ImportError:
        return None
    return module.extend if getattr(module, "implementation", "") == "c" else None


@functools.cache
def _tables() -> tuple[list[int], np.ndarray, np.ndarray]:
    """What a byte does to the register that takes it in; the same at each of `_ROWS` places before the end, one row
    after the other; and where the rows start."""
    byte = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        byte = byte >> 1 ^ np.where(byte & 1, np.uint32(_POLYNOMIAL), np.uint32(0))
    rows = np.empty((_ROWS, 256), np.uint32)
    rows[-1] = row = byte
    for i in range(_ROWS - 2, -1, -1):
        rows[i] = row = byte[row & 0xFF] ^ row >> 8
    return byte.tolist(), rows.reshape(-1), np.arange(_ROWS) * 256


def _looked_up(data: memoryview, register: int) -> int:
    """The register after the data."""
    table, rows, starts = _tables()
    position = 0
    while data.nbytes - position >= _LOOPED:
        taken = np.array(data[position : position + _ROWS])
        taken[:4] ^= np.frombuffer(register.to_bytes(4, "little"), np.uint8)
        register = int(np.bitwise_xor.reduce(rows[starts[_ROWS - taken.size :] + taken]))
        position += taken.size
    for byte in data[position:].tobytes():
        register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register


def _folded(data: memoryview, register: int) -> memoryview:
    """Fewer words that, from a register of zero, lead to the same register as these words do from `register`."""
    words = np.frombuffer(data, np.uint64)
    for multiple in _MULTIPLES:
        if len(words) > 2 * multiple[0]:
            words, register = _folded_by(multiple, words, register), 0
    remainder = np.array(words)
    remainder.view(np.uint8)[:4] ^= np.frombuffer(register.to_bytes(4, "little"), np.uint8)
    return remainder.view(np.uint8).data


def _folded_by(multiple: tuple[int, ...], words: np.ndarray, register: int) -> np.ndarray:
    kept, *others = multiple
    distances = [kept - other for other in others]
    stride = min(distances)
    buffer = np.empty(kept + min(_BLOCK, len(words) - kept), np.uint64)
    buffer[:kept] = words[:kept]
    buffer.view(np.uint8)[:4] ^= np.frombuffer(register.to_bytes(4, "little"), np.uint8)
    for start in range(kept, len(words), _BLOCK):
        block = words[start : start + _BLOCK]
        count = len(block)
        for i in range(0, count, stride):
            end = min(i + stride, count)
            folded = buffer[i:end]
            np.bitwise_xor(block[i:end], folded, out=buffer[i + kept : end + kept])
            for distance in distances:
                target = buffer[i + distance : end + distance]
                np.bitwise_xor(target, folded, out=target)
        buffer[:kept] = buffer[count : count + kept].copy()
    return buffer[:kept]
