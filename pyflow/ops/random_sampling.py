"""The basic random distributions on top of Philox: uniform, uniform integers, normal, truncated normal, categorical,
permutations. Bit for bit what TensorFlow's CPU kernels give for the same stream.

Every fill_* function overwrites `out`, a C-contiguous array of any shape, from the blocks that start at `place`.
Half precision is computed in float32 and rounded at the end. bfloat16 values come as float32 arrays; only the uniform
distribution has to know (it has 7 random bits then), so it takes the width.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pyflow.ops.float_functions import log_float32, sin_cos_float32
from pyflow.ops.philox import TILE, Philox

Rows = np.ndarray
# From word rows (0, 2) and (1, 3) of n blocks to the n * 4 (or n * 2) numbers that they give.
Transform = Callable[[Rows, Rows], np.ndarray]

# Each group of outputs that may need more than one block starts this many blocks per output behind the one before.
_TRUNCATED_BLOCKS_PER_OUTPUT = 64
_TRUNCATE_AT = 2.0
_SMALLEST_UNIFORM = 1.0e-7

# From this size on following chains of swaps in numpy is faster than swapping.
_MANY_SWAPS = 300


def interleave(even: np.ndarray, odd: np.ndarray, dtype: type) -> np.ndarray:
    numbers = np.empty((even.shape[1], 4), dtype)
    numbers[:, ::2], numbers[:, 1::2] = even.T, odd.T
    return numbers


def _fill(place: Philox, out: np.ndarray, per_block: int, transform: Transform) -> None:
    flat = out.reshape(-1)
    size = flat.size
    whole = size // per_block
    blocks = -(-size // per_block)
    for start in range(0, blocks, TILE):
        count = min(TILE, blocks - start)
        numbers = transform(*place.tile_rows(start, count)).reshape(-1)
        target = flat[start * per_block : (start + count) * per_block]
        target[...] = numbers if start + count <= whole else numbers[: target.size]


# ---- uniform ----


def unit_float32(words: np.ndarray) -> np.ndarray:
    """float32 in [0, 1) from the low 23 bits of each uint32 or uint64 word."""
    bits = (words & 0x7FFFFF).astype(np.uint32)
    bits |= np.uint32(0x3F800000)
    unit = bits.view(np.float32)
    unit -= np.float32(1)
    return unit


def unit_float64(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """float64 in [0, 1) from the low 20 bits of `first` and the 32 of `second` (uint64 arrays)."""
    bits = first & np.uint64(0xFFFFF)
    bits <<= np.uint64(32)
    bits |= second
    bits |= np.uint64(0x3FF0000000000000)
    unit = bits.view(np.float64)
    unit -= 1.0
    return unit


def _uniform_float32(even: Rows, odd: Rows) -> np.ndarray:
    return unit_float32(interleave(even, odd, np.uint32))


def _uniform_float64(even: Rows, odd: Rows) -> np.ndarray:
    return unit_float64(even, odd).T


def _uniform_narrow(bits: int) -> Transform:
    def transform(even: Rows, odd: Rows) -> np.ndarray:
        words = interleave(even, odd, np.uint32)
        words &= np.uint32((1 << bits) - 1)
        return words * np.float32(2.0**-bits)

    return transform


def uniform_of(word: int) -> float:
    """The number that `fill_uniform` makes of a word, in float32."""
    return (word & 0x7FFFFF) * 2.0**-23


def fill_uniform(place: Philox, out: np.ndarray, bfloat16: bool = False) -> None:
    """Uniform in [0, 1): multiples of 2**-10 (half), 2**-7 (bfloat16), 2**-23 (float32) or 2**-52 (float64)."""
    if out.dtype == np.float64:
        _fill(place, out, 2, _uniform_float64)
    elif out.dtype == np.float16:
        _fill(place, out, 4, _uniform_narrow(10))
    elif out.ndim == 0 and not bfloat16:
        out[()] = uniform_of(place.block()[0])  # as below, without an array for it
    else:
        _fill(place, out, 4, _uniform_narrow(7) if bfloat16 else _uniform_float32)


def fill_uniform_int(place: Philox, out: np.ndarray, low: int, high: int) -> None:
    """int32 or int64 in [low, high) by remainder, so biased when high - low does not divide 2**32 (2**64)."""
    unsigned = np.dtype(f"u{out.dtype.itemsize}").type
    span, start = unsigned(high - low), np.array(low, out.dtype).view(unsigned)

    def transform(even: Rows, odd: Rows) -> np.ndarray:
        if unsigned is np.uint64:
            words = (even | odd << np.uint64(32)).T
        else:
            words = interleave(even, odd, np.uint32)
        words = words % span
        words += start
        return words.view(out.dtype) if words.flags.c_contiguous else words.astype(out.dtype)

    _fill(place, out, 16 // out.dtype.itemsize, transform)


# ---- normal ----


def _normal_float32(even: Rows, odd: Rows) -> np.ndarray:
    """Box and Muller: words (0, 1) and (2, 3) of a block each give two normals, the sine one first."""
    radius = unit_float32(even)
    np.maximum(radius, np.float32(_SMALLEST_UNIFORM), out=radius)
    radius = log_float32(radius)
    radius *= np.float32(-2)
    np.sqrt(radius, out=radius)
    angle = (2.0 * math.pi * unit_float32(odd).astype(np.float64)).astype(np.float32)
    sine, cosine = sin_cos_float32(angle)
    sine *= radius
    cosine *= radius
    return interleave(sine, cosine, np.float32)


def normal_float64(even: Rows, odd: Rows) -> np.ndarray:
    unit = unit_float64(even, odd)
    radius, angle = unit[0], unit[1] * (2.0 * math.pi)
    np.maximum(radius, _SMALLEST_UNIFORM, out=radius)
    # numpy's vector log differs from the C library's in the last bit now and then; math.log does not.
    radius = np.fromiter(map(math.log, radius.tolist()), np.float64, len(radius))
    radius *= -2.0
    np.sqrt(radius, out=radius)
    normals = np.empty((len(radius), 2))
    np.multiply(np.sin(angle), radius, out=normals[:, 0])
    np.multiply(np.cos(angle), radius, out=normals[:, 1])
    return normals


def fill_standard_normal(place: Philox, out: np.ndarray) -> None:
    """Normal with mean 0 and variance 1."""
    if out.dtype == np.float64:
        _fill(place, out, 2, normal_float64)
    else:
        _fill(place, out, 4, _normal_float32)


def fill_truncated_normal(place: Philox, out: np.ndarray) -> None:
    """Normal with mean 0 and variance 1, drawn again until it is in (-2, 2).

    Outputs come in groups of one block's worth of normals. A group has a stretch of the stream of its own, and takes
    the first normals there that lie inside, so that one group's rejections don't move the others.
    """
    double = out.dtype == np.float64
    normal, group = (normal_float64, 2) if double else (_normal_float32, 4)
    step = group * _TRUNCATED_BLOCKS_PER_OUTPUT
    flat = out.reshape(-1)
    groups = -(-flat.size // group)
    rejected = []
    for start in range(0, groups, TILE):
        count = min(TILE, groups - start)
        numbers = normal(*place.tile_rows(start * step, count, step))
        target = flat[start * group : (start + count) * group]
        target[...] = numbers.reshape(-1)[: target.size]
        inside = np.abs(numbers) < _TRUNCATE_AT
        if inside.all():
            continue
        short = np.flatnonzero(~inside.all(axis=1))
        inside = inside[short]
        rejected.append((short + start, _packed_left(numbers[short], inside), inside.sum(axis=1)))
    if rejected:
        groups, kept, counts = (np.concatenate(parts) for parts in zip(*rejected))
        _draw_again(place, groups, kept, counts, normal, step)
        _store_groups(flat, groups, kept)


def _packed_left(numbers: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Moves the numbers that are inside to the front of their rows, in order."""
    return np.take_along_axis(numbers, np.argsort(~inside, axis=1, kind="stable"), axis=1)


def _draw_again(
    place: Philox, groups: np.ndarray, kept: np.ndarray, counts: np.ndarray, normal: Transform, step: int
) -> None:
    """Completes `kept`, of whose rows only the first counts[i] numbers are inside so far, with further blocks."""
    width = kept.shape[1]
    offsets = groups.astype(np.uint64) * np.uint64(step)
    active = np.arange(len(groups))
    while len(active):
        offsets[active] += np.uint64(1)
        for start in range(0, len(active), TILE):
            rows = active[start : start + TILE]
            numbers = normal(*place.word_rows(offsets[rows]))
            inside = np.abs(numbers) < _TRUNCATE_AT
            column = counts[rows, None] + np.cumsum(inside, axis=1) - 1
            which, source = np.nonzero(inside & (column < width))
            kept[rows[which], column[which, source]] = numbers[which, source]
            counts[rows] += inside.sum(axis=1)
        active = active[counts[active] < width]


def _store_groups(flat: np.ndarray, groups: np.ndarray, numbers: np.ndarray) -> None:
    """Writes each group's numbers to its place; the last group of all may reach beyond the end."""
    width = numbers.shape[1]
    whole = flat[: flat.size // width * width].reshape(-1, width)
    if groups[-1] == len(whole):
        flat[whole.size :] = numbers[-1, : flat.size - whole.size]
        groups, numbers = groups[:-1], numbers[:-1]
    whole[groups] = numbers


# ---- choices ----


def categorical(place: Philox, logits: np.ndarray, samples: int) -> np.ndarray:
    """For each row of `logits` [batch, classes] `samples` class numbers, int64[batch, samples].

    A class is found by its place in the cumulative sum of exp(logit - largest), in float64; logits that are not
    finite count as probability 0. TensorFlow divides large batches among its threads and starts each share elsewhere
    in the stream; this is what it gives with one.
    """
    batch, classes = logits.shape
    words = place.words64(batch * samples)
    draws = unit_float64(words & np.uint64(0xFFFFFFFF), words >> np.uint64(32)).reshape(batch, samples)
    finite = np.isfinite(logits)
    lowest = np.finfo(logits.dtype).min if logits.dtype.kind == "f" else np.iinfo(logits.dtype).min
    largest = np.where(finite, logits, lowest).max(axis=1, keepdims=True).astype(np.float64)
    cumulative = np.where(finite, np.exp(logits.astype(np.float64) - largest), 0.0).cumsum(axis=1)
    draws *= cumulative[:, -1:]
    chosen = np.empty((batch, samples), np.int64)
    if samples < batch:
        for column in range(samples):
            np.sum(cumulative <= draws[:, column, None], axis=1, out=chosen[:, column])
    else:
        for row in range(batch):
            chosen[row] = cumulative[row].searchsorted(draws[row], side="right")
    return chosen


def permutation(place: Philox, size: int) -> np.ndarray:
    """A random order of range(size), int64[size]; uses size - 1 words."""
    steps = np.arange(max(size - 1, 0), dtype=np.int64)  # the default integer has 32 bits in the browser
    if size < 2:
        return np.arange(size, dtype=np.int64)
    targets = place.words(size - 1) % np.arange(size, 1, -1, dtype=np.uint32) + steps
    if size >= _MANY_SWAPS:
        return _swap_forward(steps, targets)
    order = list(range(size))
    for i, j in enumerate(targets.tolist()):
        order[i], order[j] = order[j], order[i]
    return np.array(order, np.int64)


def _swap_forward(steps: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """What swapping place i with place targets[i] >= i, for i = 0, 1, ..., makes of range(len(targets) + 1).

    When step i begins, a place holds what the last earlier step aiming at it brought there: the content that place k
    had at step k. So the content of place i at step i is found by following such steps down to one that nothing aimed
    at, and the content of the target by one more look at the steps with the same target.
    """
    content = np.arange(len(targets) + 1, dtype=np.int64)
    moving = np.flatnonzero(targets != steps)
    content[targets[moving]] = moving  # of several steps with one target the last remains
    while True:
        further = content[content]
        if np.array_equal(further, content):
            break
        content = further
    by_target = targets << 32 | steps
    by_target.sort()
    target, step = by_target >> 32, by_target & 0xFFFFFFFF
    repeated = np.flatnonzero(target[1:] == target[:-1])
    order = np.append(targets, content[-1])
    order[step[repeated + 1]] = content[step[repeated]]
    return order
