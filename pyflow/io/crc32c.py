"""CRC-32C (Castagnoli; RFC 3720, B.4): the checksum of records and of checkpoints.

Long data is cut into lanes that numpy advances side by side, two bytes a table lookup; the lanes' checksums are then
joined in pairs. That is some hundred times faster than a loop over bytes, and needs no native extension. Where
`google_crc32c` is installed with its native part, that does the work.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

_POLYNOMIAL = 0x82F63B78
_ALL_ONES = 0xFFFFFFFF
_MASK_DELTA = 0xA282EAD8
_LOOPED = 4096  # bytes; below, a Python loop is as fast
_BLOCK = 1 << 22
_LANE = 64  # bytes at least
_MOST_LANES = 1 << 13


def value(data: Any) -> int:
    """The checksum of bytes, or of anything with a contiguous buffer."""
    return extend(0, data)


def extend(crc: int, data: Any) -> int:
    """The checksum of something with the checksum `crc` and then `data`."""
    view = memoryview(data)
    view = view if view.nbytes == 0 else view.cast("B")
    native = _native()
    if native is not None:
        return native(crc, view.tobytes() if view.nbytes < _LOOPED else view)
    register, start = crc ^ _ALL_ONES, 0
    while view.nbytes - start >= _LOOPED:
        size = min(view.nbytes - start, _BLOCK)
        lanes = min(_MOST_LANES, 1 << (size // _LANE).bit_length() - 1)
        width = size // lanes // 4 * 4
        block = np.frombuffer(view, "<u4", lanes * width // 4, start).reshape(lanes, width // 4)
        register = _advance_lanes(block, register)
        start += lanes * width
    table = _byte_table()
    for byte in view[start:].tobytes() if view.nbytes else b"":
        register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register ^ _ALL_ONES


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
def _byte_table() -> list[int]:
    return _tables()[0].tolist()


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a byte, the low half and the high half of a word do to the register while it takes in one byte, or four."""
    byte = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        byte = byte >> 1 ^ np.where(byte & 1, np.uint32(_POLYNOMIAL), np.uint32(0))
    low = np.arange(1 << 16, dtype=np.uint32)
    high = low << np.uint32(16)
    for _ in range(4):
        low, high = byte[low & 0xFF] ^ low >> 8, byte[high & 0xFF] ^ high >> 8
    return byte, low, high


def _advance_lanes(block: np.ndarray, register: int) -> int:
    """The register after all words of `block` [lanes, words]; the number of lanes is a power of two."""
    _, low, high = _tables()
    state = np.zeros(len(block), np.uint32)
    state[0] = register
    for column in np.ascontiguousarray(block.T):
        state ^= column
        state = low[state & 0xFFFF] ^ high[state >> 16]
    size = block.shape[1] * 4
    while len(state) > 1:
        state = _times(_zeros(size), state[::2]) ^ state[1::2]
        size *= 2
    return int(state[0])


def _times(matrix: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The products of a 32 by 32 matrix over GF(2), one number a column, with vectors given as numbers."""
    result = np.zeros_like(vectors)
    for bit, column in enumerate(matrix):
        result ^= (vectors >> np.uint32(bit) & np.uint32(1)) * column
    return result


@functools.lru_cache(maxsize=256)
def _zeros(count: int) -> np.ndarray:
    """The matrix that takes a register over `count` zero bytes."""
    if count == 1:
        unit = np.uint32(1) << np.arange(32, dtype=np.uint32)
        return _tables()[0][unit & 0xFF] ^ unit >> 8
    half = _zeros(count // 2)
    matrix = _times(half, half)
    return _times(_zeros(1), matrix) if count % 2 else matrix
