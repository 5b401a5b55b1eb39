"""The generator behind the random ops, and the functions that turn its bits into numbers.

tests/ops/test_random.py compares the distributions with TensorFlow's numbers; here is what they are made of.
"""

from __future__ import annotations

import ctypes
import math
import platform

import numpy as np
import pytest

from pyflow.ops.float_functions import log_float32, sin_cos_float32
from pyflow.ops.philox import TILE, Philox, PhiloxState, stateless_philox
from pyflow.ops.random_sampling import (
    fill_standard_normal,
    fill_truncated_normal,
    fill_uniform,
    fill_uniform_int,
    permutation,
)
from pyflow.ops.rejection_sampling import gamma, poisson

# counter words, key words, block: the test vectors that the paper's authors publish
KNOWN_BLOCKS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def philox(counter: tuple[int, ...], key: tuple[int, ...]) -> Philox:
    return Philox(key[0] | key[1] << 32, sum(word << 32 * i for i, word in enumerate(counter)))


@pytest.mark.parametrize("counter, key, block", KNOWN_BLOCKS)
@pytest.mark.parametrize("blocks", [1, 100])  # computed as Python integers and as arrays
def test_block_has_the_published_words(counter, key, block, blocks):
    assert tuple(philox(counter, key).words(4 * blocks)[:4]) == block


def test_skipping_is_what_drawing_passes_over():
    place = Philox(77, 1 << 40)
    assert np.array_equal(place.words(4 * TILE + 40)[4 * 13 :], place.skip(13).words(4 * TILE + 40 - 52))


def test_counter_carries_over_64_bits():
    place = Philox(5, (9 << 64) | (1 << 64) - 20)
    one_by_one = np.concatenate([place.skip(i).words(4) for i in range(40)])
    assert np.array_equal(place.words(160), one_by_one)
    assert np.array_equal(place.skip(20).words(4), Philox(5, 10 << 64).words(4))


def test_words64_puts_the_first_word_low():
    place = Philox(1, 2)
    low, high = place.words(10).reshape(5, 2).astype(np.uint64).T
    assert np.array_equal(place.words64(5), low | high << np.uint64(32))


def test_state_hands_out_each_part_once():
    state = PhiloxState(3, 4)
    first, second, third = state.reserve_outputs(2), state.reserve_words(9), state.reserve(1)
    assert first.counter == 4 << 64
    assert second.counter == first.counter + 512
    assert third.counter == second.counter + 3


@pytest.mark.parametrize("seed2", [7, -1])  # the counter of the second one is about to carry over
def test_first_words_are_those_of_reserved_outputs_whatever_is_reserved_between(seed2):
    one, other = PhiloxState(3, seed2), PhiloxState(3, seed2)
    for i in range(300):
        if i in (1, 90, 91, 200):
            one.reserve(i), other.reserve(i)
        assert one.first_word() == other.reserve_outputs(1).block()[0]


def test_seeds_may_be_negative():
    assert PhiloxState(-1, -2).reserve(1).key == 2**64 - 1
    assert PhiloxState(-1, -2).reserve(1).counter == 2**64 - 2 << 64


def test_without_seeds_every_state_is_another():
    assert PhiloxState().reserve(1).key != PhiloxState().reserve(1).key


def test_stateless_streams_differ_in_both_seeds():
    keys = {stateless_philox(a, b).key for a in range(3) for b in range(3)}
    assert len(keys) == 9


# ---- float32 functions ----


def units(step: int) -> np.ndarray:
    return (np.arange(1, 2**23, step) * 2.0**-23).astype(np.float32)


def test_log_is_within_a_unit_in_the_last_place():
    x = units(101)
    exact = np.log(x.astype(np.float64))
    assert np.all(np.abs(log_float32(x) - exact) <= 0.85 * np.spacing(np.abs(exact).astype(np.float32)))


def test_sin_and_cos_are_within_a_unit_in_the_last_place():
    x = (units(101) * 2 * math.pi).astype(np.float32)
    for got, exact in zip(sin_cos_float32(x), (np.sin(x.astype(np.float64)), np.cos(x.astype(np.float64)))):
        assert np.all(np.abs(got - exact) <= 0.57 * np.spacing(np.abs(exact).astype(np.float32)))


@pytest.mark.native
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="compares with the functions of glibc")
def test_functions_have_the_bits_of_glibc():
    libm = ctypes.CDLL("libm.so.6")
    x = units(997)
    angles = (x * 2 * math.pi).astype(np.float32)
    sine, cosine = sin_cos_float32(angles)
    for name, inputs, got in (("logf", x, log_float32(x)), ("sinf", angles, sine), ("cosf", angles, cosine)):
        function = getattr(libm, name)
        function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
        assert np.array_equal(got, np.array([function(v) for v in inputs.tolist()], np.float32)), name


# ---- distributions ----

SIZE = 100_000
PLACE = PhiloxState(42, 1).reserve(1)


def drawn(fill, dtype=np.float32, size: int = SIZE, *arguments) -> np.ndarray:
    out = np.full(size, 77, dtype)
    fill(PLACE, out, *arguments)
    return out


def test_first_normals_of_seed_1_are_tensorflow_s():
    out = np.empty(2, np.float32)
    fill_standard_normal(PhiloxState(87654321, 1).reserve_outputs(2), out)
    assert out.tolist() == [np.float32(-0.8113182), np.float32(1.4845988)]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("fill", [fill_uniform, fill_standard_normal, fill_truncated_normal])
def test_shorter_draws_are_beginnings_of_longer_ones(fill, dtype):
    longest = drawn(fill, dtype, 3 * TILE * 4 + 3)
    for size in (0, 1, 2, 3, 4, 5, 47, 48, 49, TILE * 2, TILE * 4 - 1, TILE * 4 + 1):
        assert np.array_equal(drawn(fill, dtype, size), longest[:size])


@pytest.mark.parametrize("dtype, step", [(np.float16, 2.0**-10), (np.float32, 2.0**-23), (np.float64, 2.0**-52)])
def test_uniform_fills_the_unit_interval_evenly(dtype, step):
    values = drawn(fill_uniform, dtype).astype(np.float64)
    assert 0 <= values.min() and values.max() <= 1 - step and np.all(values % step == 0)
    counts = np.histogram(values, 64, (0, 1))[0]
    assert ((counts - SIZE / 64) ** 2 / (SIZE / 64)).sum() < 120  # chi-squared, 63 degrees: 1e-5


def test_bfloat16_uniform_has_seven_bits():
    assert np.array_equal(np.unique(drawn(fill_uniform, np.float32, SIZE, True)), np.arange(128) / 128)


def test_uniform_int_covers_its_range():
    for dtype in (np.int32, np.int64):
        counts = np.bincount(drawn(fill_uniform_int, dtype, SIZE, -3, 5) + 3, minlength=8)
        assert len(counts) == 8 and abs(counts - SIZE / 8).max() < 600


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_normal_has_its_moments(dtype):
    values = drawn(fill_standard_normal, dtype).astype(np.float64)
    moments = [np.mean(values**k) for k in (1, 2, 3, 4)]
    assert np.allclose(moments, [0, 1, 0, 3], atol=0.1)
    assert abs(np.corrcoef(values[0::2], values[1::2])[0, 1]) < 0.02


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_truncated_normal_stays_inside(dtype):
    values = drawn(fill_truncated_normal, dtype).astype(np.float64)
    assert abs(values).max() <= 2 and abs(values.mean()) < 0.02
    assert values.std() == pytest.approx(0.8796, abs=0.01)


@pytest.mark.parametrize("size", [0, 1, 2, 299, 300, 5000])
def test_permutation_has_everything_once(size):
    assert np.array_equal(np.sort(permutation(PLACE, size)), np.arange(size))


def test_permutations_by_swapping_and_by_following_chains_are_the_same(monkeypatch):
    expected = permutation(PLACE, 5000)
    monkeypatch.setattr("pyflow.ops.random_sampling._MANY_SWAPS", 10_000)
    assert np.array_equal(permutation(PLACE, 5000), expected)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.5, 200.0])
def test_gamma_has_its_moments(alpha):
    values = gamma(PLACE, np.array([alpha]), 40_000)
    assert values.mean() == pytest.approx(alpha, rel=0.05)
    assert values.var() == pytest.approx(alpha, rel=0.08)


@pytest.mark.parametrize("rate", [0.5, 9.0, 11.0, 500.0])
def test_poisson_has_its_moments(rate):
    values = poisson(PLACE, np.array([rate]), 40_000, np.float64)
    assert values.mean() == pytest.approx(rate, rel=0.03)
    assert values.var() == pytest.approx(rate, rel=0.05)


def test_poisson_of_nothing_and_of_no_number():
    with np.errstate(all="ignore"):
        values = poisson(PLACE, np.array([0.0, math.inf, math.nan]), 2, np.float64)
    assert values[:, 0].tolist() == [0, 0] and np.isposinf(values[:, 1]).all() and np.isnan(values[:, 2]).all()
