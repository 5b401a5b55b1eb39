"""Philox 4x32-10, the counter-based generator behind every random op, as vectorised numpy.

A stream is a 64-bit key and a 128-bit counter; each counter value gives one block of four 32-bit words, and the next
counter gives the next block. Streams can therefore be entered anywhere at no cost, which is how an op gives each
output (or group of outputs) its own part of the stream.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
"""

from __future__ import annotations

import secrets
import threading

import numpy as np

# Multipliers and key increments of the paper.
_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10

_MASK32 = 0xFFFFFFFF
_MASK64 = 0xFFFFFFFFFFFFFFFF
_MASK128 = (1 << 128) - 1

# Blocks computed at once: six rows of this many 64-bit words stay in the second-level cache.
TILE = 1 << 14
# Of ops that give each output its own blocks: how many, and for how many outputs of one number some are computed ahead.
_PER_OUTPUT, _AHEAD = 256, 64
# Up to here plain Python integers are faster than ten rounds of numpy calls.
_FEW = 12

_INDEX = np.arange(TILE, dtype=np.uint64)
_SHIFT, _LOW = np.uint64(32), np.uint64(_MASK32)
# Row 0 and row 1 exchange roles every round (see _rounds), so the multipliers do too.
_MULTIPLIERS = (np.array([[_M0], [_M1]], np.uint64), np.array([[_M1], [_M0]], np.uint64))


def _python_block(key: int, counter: int) -> tuple[int, int, int, int]:
    c0, c1 = counter & _MASK32, counter >> 32 & _MASK32
    c2, c3 = counter >> 64 & _MASK32, counter >> 96
    k0, k1 = key & _MASK32, key >> 32
    for _ in range(_ROUNDS):
        p0, p1 = c0 * _M0, c2 * _M1
        c0, c1, c2, c3 = p1 >> 32 ^ c1 ^ k0, p1 & _MASK32, p0 >> 32 ^ c3 ^ k1, p0 & _MASK32
        k0, k1 = k0 + _W0 & _MASK32, k1 + _W1 & _MASK32
    return c0, c1, c2, c3


def _round_keys(key: int) -> list[np.ndarray]:
    """The key words of each round, as columns in the order in which _rounds keeps its rows."""
    k0, k1, columns = key & _MASK32, key >> 32, []
    for i in range(_ROUNDS):
        a, b = k0 + i * _W0 & _MASK32, k1 + i * _W1 & _MASK32
        columns.append(np.array([[b], [a]] if i % 2 == 0 else [[a], [b]], np.uint64)[::-1])
    return columns


def _rounds(even: np.ndarray, odd: np.ndarray, keys: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Ten rounds over counters with words (0, 2) in `even` and words (1, 3) in `odd`; both arrays are used up.

    A round multiplies words 0 and 2; the high half of each product goes into the *other* word, the low half into the
    word after that. Leaving both halves in the row of their product, and exchanging the names of the rows instead,
    makes a round five whole-array operations. Returns words (0, 2) and (1, 3), 32 bits in each uint64.
    """
    product = np.empty_like(even)
    for i in range(_ROUNDS):
        np.multiply(even, _MULTIPLIERS[i & 1], out=product)
        np.right_shift(product, _SHIFT, out=even)
        np.bitwise_xor(odd, keys[i], out=odd)
        np.bitwise_xor(even, odd[::-1], out=even)
        np.bitwise_and(product, _LOW, out=odd)
    return even, odd


class Philox:
    """A place in a stream: `key` (64 bits) and `counter` (128 bits), both plain ints."""

    __slots__ = ("_keys", "counter", "key")

    def __init__(self, key: int, counter: int):
        self.key = key & _MASK64
        self.counter = counter & _MASK128
        self._keys: list[np.ndarray] | None = None

    def skip(self, blocks: int) -> Philox:
        """The place `blocks` blocks further on."""
        moved = Philox(self.key, self.counter + blocks)
        moved._keys = self._keys
        return moved

    def block(self) -> tuple[int, int, int, int]:
        """The words of the block at this place."""
        return _python_block(self.key, self.counter)

    def word_rows(self, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Words (0, 2) and words (1, 3) of the blocks `offsets` (uint64[n]) after this place, as two uint64[2, n]."""
        n = len(offsets)
        even, odd = np.empty((2, n), np.uint64), np.empty((2, n), np.uint64)
        if n <= _FEW:
            for i, offset in enumerate(offsets.tolist()):
                even[0, i], odd[0, i], even[1, i], odd[1, i] = _python_block(self.key, self.counter + offset & _MASK128)
            return even, odd
        if self._keys is None:
            self._keys = _round_keys(self.key)
        low, high = self.counter & _MASK64, self.counter >> 64
        counters = offsets + np.uint64(low)
        np.bitwise_and(counters, _LOW, out=even[0])
        np.right_shift(counters, _SHIFT, out=odd[0])
        if low + int(offsets.max()) > _MASK64:
            carried = np.where(counters < offsets, np.uint64(high + 1 & _MASK64), np.uint64(high))
            even[1], odd[1] = carried & _LOW, carried >> _SHIFT
        else:
            even[1], odd[1] = high & _MASK32, high >> 32
        return _rounds(even, odd, self._keys)

    def tile_rows(self, start: int, count: int, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """word_rows of blocks start, start + step, ...; `count` is at most TILE."""
        offsets = _INDEX[:count]
        if step != 1:
            offsets = offsets * np.uint64(step)
        return self.skip(start).word_rows(offsets)

    def words(self, count: int) -> np.ndarray:
        """The next `count` 32-bit words of the stream, uint32[count]."""
        blocks = -(-count // 4)
        result = np.empty((blocks, 4), np.uint32)
        for start in range(0, blocks, TILE):
            part = result[start : start + TILE]
            even, odd = self.tile_rows(start, len(part))
            part[:, ::2], part[:, 1::2] = even.T, odd.T
        return result.reshape(-1)[:count]

    def words64(self, count: int) -> np.ndarray:
        """The next `count` pairs of words as uint64[count], first word low."""
        low_high = self.words(2 * count)
        return low_high[0::2] | low_high[1::2].astype(np.uint64) << _SHIFT


class PhiloxState:
    """What a random op keeps between runs: each run reserves its part of the stream and later runs start behind it.

    Args:
      seed, seed2: the op's seed attributes. The key is `seed`, the upper half of the counter starts as `seed2`. When
        both are 0, both are drawn from the system's entropy.
    """

    def __init__(self, seed: int = 0, seed2: int = 0):
        if seed == 0 and seed2 == 0:
            seed, seed2 = secrets.randbits(64), secrets.randbits(64)
        self._next = Philox(seed, (seed2 & _MASK64) << 64)
        self._lock = threading.Lock()
        # First words of what `reserve_outputs(1)` will give, the last one first, if the place is still the one here.
        self._ahead: list[int] = []
        self._ahead_at = -1

    def reserve(self, blocks: int) -> Philox:
        """Where the next `blocks` blocks start; they are not handed out again."""
        with self._lock:
            place = self._next
            self._next = place.skip(blocks)
        return place

    def reserve_outputs(self, outputs: int) -> Philox:
        """Reserves for ops that give each output 256 blocks, used or not."""
        return self.reserve(_PER_OUTPUT * outputs)

    def first_word(self) -> int:
        """The first word of what `reserve_outputs(1)` gives; for a program that draws one number again and again."""
        with self._lock:
            place = self._next
            if not self._ahead or self._ahead_at != place.counter:
                # Many at once are much faster; but who draws the first may draw no more.
                if self._ahead_at != place.counter:
                    self._ahead = [place.block()[0]]
                else:
                    self._ahead = place.tile_rows(0, _AHEAD, _PER_OUTPUT)[0][0][::-1].tolist()
            self._next = following = place.skip(_PER_OUTPUT)
            self._ahead_at = following.counter
            return self._ahead.pop()

    def reserve_words(self, words: int) -> Philox:
        """Reserves whole blocks for `words` 32-bit words."""
        return self.reserve(-(-words // 4))


def stateless_philox(seed0: int, seed1: int) -> Philox:
    """The stream of a stateless op: one block under a fixed key mixes the two 64-bit seeds into key and counter."""
    mixed = _python_block(0x02461E293EC8F720, (seed1 & _MASK64) << 64 | (seed0 & _MASK64))
    return Philox(mixed[0] | mixed[1] << 32, mixed[2] << 64 | mixed[3] << 96)
