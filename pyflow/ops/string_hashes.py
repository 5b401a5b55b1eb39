"""Hashes of bytes, 64 bits each, with TensorFlow's numbers: FarmHash's fingerprint, SipHash-2-4, and a MurmurHash 2.

See https://github.com/google/farmhash; J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF" (2012);
https://github.com/aappleby/smhasher/wiki/MurmurHash2 (64 bits, there called 64A).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

_ALL = 0xFFFFFFFFFFFFFFFF
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_MURMUR, _MURMUR_SEED = 0xC6A4A7935BD1E995, 0xDECAFCAFFE


def fingerprint64(data: bytes) -> int:
    """FarmHash's Fingerprint64."""
    size = len(data)
    if size <= 16:
        return _upto_16(data, size)
    if size <= 32:
        return _upto_32(data, size)
    return _upto_64(data, size) if size <= 64 else _longer(data, size)


def _word(data: bytes, start: int) -> int:
    return int.from_bytes(data[start : start + 8], "little")


def _rotated(x: int, count: int) -> int:
    """`x` turned right; only its lowest 64 bits count."""
    x &= _ALL
    return (x >> count | x << 64 - count) & _ALL


def _mixed(x: int) -> int:
    x &= _ALL
    return x ^ x >> 47


def _joined(u: int, v: int, factor: int) -> int:
    """One word of two."""
    a = _mixed((u ^ v) * factor)
    return _mixed((v ^ a) * factor) * factor & _ALL


def _upto_16(data: bytes, size: int) -> int:
    if size >= 8:
        factor = _K2 + size * 2
        a, b = _word(data, 0) + _K2, _word(data, size - 8)
        return _joined(_low(_rotated(b, 37) * factor + a), _low((_rotated(a, 25) + b) * factor), _low(factor))
    if size >= 4:
        first, last = int.from_bytes(data[:4], "little"), int.from_bytes(data[size - 4 :], "little")
        return _joined(size + (first << 3), last, _K2 + size * 2)
    if size:
        y, z = data[0] + (data[size >> 1] << 8), size + (data[size - 1] << 2)
        return _mixed(y * _K2 ^ z * _K0) * _K2 & _ALL
    return _K2


def _low(x: int) -> int:
    return x & _ALL


def _upto_32(data: bytes, size: int) -> int:
    factor = _K2 + size * 2
    a, b = _word(data, 0) * _K1, _word(data, 8)
    c, d = _word(data, size - 8) * factor, _word(data, size - 16) * _K2
    return _joined(_low(_rotated(a + b, 43) + _rotated(c, 30) + d), _low(a + _rotated(b + _K2, 18) + c), _low(factor))


def _upto_64(data: bytes, size: int) -> int:
    factor = _K2 + size * 2
    a, b = _word(data, 0) * _K2, _word(data, 8)
    c, d = _word(data, size - 8) * factor, _word(data, size - 16) * _K2
    y = _low(_rotated(a + b, 43) + _rotated(c, 30) + d)
    z = _joined(y, _low(a + _rotated(b + _K2, 18) + c), _low(factor))
    e, f = _word(data, 16) * factor, _word(data, 24)
    g, h = (y + _word(data, size - 32)) * factor, (z + _word(data, size - 24)) * factor
    return _joined(_low(_rotated(e + f, 43) + _rotated(g, 30) + h), _low(e + _rotated(f + a, 18) + g), _low(factor))


def _weak(words: Sequence[int], a: int, b: int) -> tuple[int, int]:
    """Two words of the state of `_longer`, from four of the data and two before."""
    a += words[0]
    b = _rotated(b + a + words[3], 21)
    c = a
    a += words[1] + words[2]
    b += _rotated(a, 44)
    return _low(a + words[3]), _low(b + c)


def _longer(data: bytes, size: int) -> int:
    y = _low(81 * _K1 + 113)
    z = _mixed(y * _K2 + 113) * _K2 & _ALL
    v = w = (0, 0)
    x = _low(81 * _K2 + _word(data, 0))
    blocks = (size - 1) // 64
    for words in struct.iter_unpack("<8Q", data[: blocks * 64]):
        x, y, z, v, w = _round(words, x, y, z, v, w, _K1, 1)
    factor = _low(_K1 + ((z & 0xFF) << 1))
    words = struct.unpack("<8Q", data[size - 64 :])
    first = w[0] + (size - 1 & 63)
    v = v[0] + first, v[1]
    w = first + v[0], w[1]
    x, y, z, v, w = _round(words, x, y, z, v, w, factor, 9)
    return _joined(
        _low(_joined(v[0], w[0], factor) + _mixed(y) * _K0 + z), _low(_joined(v[1], w[1], factor) + x), factor
    )


def _round(
    words: Sequence[int], x: int, y: int, z: int, v: tuple, w: tuple, factor: int, weight: int
) -> tuple[int, int, int, tuple, tuple]:
    x = _rotated(x + y + v[0] + words[1], 37) * factor
    y = _rotated(y + v[1] + words[6], 42) * factor
    x = _low(x) ^ _low(w[1] * weight)
    y += v[0] * weight + words[5]
    z = _rotated(z + w[0], 33) * factor
    v = _weak(words[:4], v[1] * factor, x + w[0])
    w = _weak(words[4:], z + w[1], y + words[2])
    return _low(z), _low(y), x, v, w


def murmur64(data: bytes) -> int:
    """MurmurHash 2 with the seed of TensorFlow's Hash64."""
    size = len(data)
    h = _MURMUR_SEED ^ size * _MURMUR & _ALL
    whole = size // 8 * 8
    for (k,) in struct.iter_unpack("<Q", data[:whole]):
        h = (h ^ _mixed(k * _MURMUR) * _MURMUR & _ALL) * _MURMUR & _ALL
    if size > whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _MURMUR & _ALL
    return _mixed(_mixed(h) * _MURMUR)


def joined_fingerprints(first: int, second: int) -> int:
    """One fingerprint of two, as TensorFlow's FingerprintCat64 makes it."""
    h = first ^ _MURMUR
    h = (h ^ _mixed(second * _MURMUR) * _MURMUR) * _MURMUR
    return _mixed(_mixed(h) * _MURMUR)


def siphash64(data: bytes, key: Sequence[int]) -> int:
    """SipHash-2-4 under a key of two words."""
    k0, k1 = key
    state = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    size = len(data)
    padded = data + bytes(7 - size % 8) + bytes([size & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        state[3] ^= word
        _sip(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    _sip(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _sip(state: list[int], rounds: int) -> None:
    a, b, c, d = state
    for _ in range(rounds):
        a = a + b & _ALL
        b = (b << 13 | b >> 51) & _ALL ^ a
        a = (a << 32 | a >> 32) & _ALL
        c = c + d & _ALL
        d = (d << 16 | d >> 48) & _ALL ^ c
        a = a + d & _ALL
        d = (d << 21 | d >> 43) & _ALL ^ a
        c = c + b & _ALL
        b = (b << 17 | b >> 47) & _ALL ^ c
        c = (c << 32 | c >> 32) & _ALL
    state[:] = a, b, c, d
