"""Distributions drawn by rejection: gamma, Poisson, and normal truncated to given bounds.

Gamma and Poisson give each output 256 blocks of the stream; outputs are numbered with the parameter as the slow index,
although they are stored with it as the fast one. All outputs advance together, one attempt a pass, and leave when they
are accepted. As in TensorFlow, numbers of a block are used up from its end.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

import numpy as np

from pyflow.core import errors
from pyflow.ops.float_functions import log_float32
from pyflow.ops.philox import TILE, Philox
from pyflow.ops.random_sampling import fill_standard_normal, fill_uniform, normal_float64, unit_float64

_BLOCKS_PER_OUTPUT = 256
# Outputs that advance together: bounds the memory, and keeps the arrays of a pass in cache.
_TOGETHER = 4 * TILE


def _uniform_float64(even: np.ndarray, odd: np.ndarray) -> np.ndarray:
    return unit_float64(even, odd).T


class _Draws:
    """The numbers of one distribution that each output draws from its own part of the stream, block by block."""

    def __init__(self, place: Philox, blocks: np.ndarray, transform: Callable, per_block: int):
        self._place, self._blocks, self._transform = place, blocks, transform
        self._numbers = np.empty((len(blocks), per_block))
        self._remaining = np.zeros(len(blocks), np.int64)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """One number for each of the outputs `rows`."""
        empty = rows[self._remaining[rows] == 0]
        for start in range(0, len(empty), TILE):
            part = empty[start : start + TILE]
            self._numbers[part] = self._transform(*self._place.word_rows(self._blocks[part]))
        self._blocks[empty] += np.uint64(1)
        self._remaining[empty] = self._numbers.shape[1]
        self._remaining[rows] -= 1
        return self._numbers[rows, self._remaining[rows]]


def _libm(function: Callable[..., float], *arguments: np.ndarray) -> np.ndarray:
    """A float64 function of the C library; numpy's vector versions differ from it in the last bit in 5 % of cases.

    Where Python's version raises, the value is beyond the largest float or that of a pole.
    """
    results = np.full(len(arguments[0]), np.inf)
    lists = [a.tolist() for a in arguments]
    try:
        results[:] = list(map(function, *lists))
    except (OverflowError, ValueError):
        for i, numbers in enumerate(zip(*lists)):
            with contextlib.suppress(OverflowError, ValueError):
                results[i] = function(*numbers)
    return results


def _flushed(positive: np.ndarray) -> np.ndarray:
    """With denormal numbers set to zero in place: TensorFlow's kernels run that way."""
    positive[positive < np.finfo(positive.dtype).tiny] = 0
    return positive


def _in_parts(parameters: np.ndarray, samples: int, dtype: type, sample: Callable) -> np.ndarray:
    """Calls sample(first blocks, parameter of each output) for part after part; the result is [samples, parameters].

    Its float64 numbers become half precision by way of float32, that is, rounded twice, as in TensorFlow.
    """
    if dtype is np.float16:
        return _in_parts(parameters, samples, np.float32, sample).astype(dtype)
    count = parameters.size * samples
    result = np.empty(count, dtype)
    for start in range(0, count, _TOGETHER):
        outputs = np.arange(start, min(start + _TOGETHER, count))
        blocks = outputs.astype(np.uint64) * np.uint64(_BLOCKS_PER_OUTPUT)
        result[outputs] = sample(blocks, parameters.reshape(-1)[outputs // samples])
    return result.reshape(parameters.size, samples).T


# ---- gamma ----


def gamma(place: Philox, alpha: np.ndarray, samples: int) -> np.ndarray:
    """`samples` draws from Gamma(alpha, 1) for each alpha, in alpha's dtype, shape [samples, alpha.size].

    Source: Marsaglia, Tsang, "A simple method for generating gamma variables" (2000), computed in float64.
    """

    def sample(blocks: np.ndarray, shapes: np.ndarray) -> np.ndarray:
        shapes = shapes.astype(np.float64)
        normals = _Draws(place, blocks, normal_float64, 2)
        uniforms = _Draws(place, blocks, _uniform_float64, 2)
        result = np.empty(len(blocks))
        exponential = np.flatnonzero(shapes == 1.0)
        result[exponential] = -_libm(math.log, 1.0 - uniforms.take(exponential))
        below_one = shapes < 1.0
        d = shapes + np.where(below_one, 2.0 / 3, -1.0 / 3)
        c = 1.0 / 3 / np.sqrt(d)
        active = np.flatnonzero(shapes != 1.0)
        while len(active):
            x = normals.take(active)
            v = 1.0 + c[active] * x
            tried = np.flatnonzero(~(v <= 0.0))
            x, v, rows = x[tried], v[tried], active[tried]
            v = v * v * v
            u = uniforms.take(rows)
            accepted = u < 1.0 - 0.0331 * (x * x) * (x * x)
            accepted |= np.log(u) < 0.5 * x * x + d[rows] * (1.0 - v + np.log(v))
            done = rows[accepted]
            result[done] = d[done] * v[accepted]
            small = done[below_one[done]]
            result[small] *= _flushed(_libm(math.pow, uniforms.take(small), 1.0 / shapes[small]))
            keep = np.ones(len(active), np.bool_)
            keep[tried[accepted]] = False
            active = active[keep]
        return result

    result = _in_parts(alpha, samples, alpha.dtype.type, sample)
    return result if alpha.dtype == np.float16 else _flushed(result)


# ---- Poisson ----


def poisson(place: Philox, rate: np.ndarray, samples: int, dtype: type) -> np.ndarray:
    """`samples` draws from Poisson(rate) for each rate, shape [samples, rate.size].

    Below a rate of 10 the number of uniforms whose product stays above exp(-rate) (Knuth); from there transformed
    rejection (Hoermann, "The transformed rejection method for generating Poisson random variables", 1993).
    """

    def sample(blocks: np.ndarray, rates: np.ndarray) -> np.ndarray:
        uniforms = _Draws(place, blocks, _uniform_float64, 2)
        rates = rates.astype(np.float64)
        result = np.where(np.isnan(rates), rates, np.inf)
        _count_arrivals(uniforms, rates, np.flatnonzero(rates < 10), result)
        _transformed_rejection(uniforms, rates, np.flatnonzero((rates >= 10) & np.isfinite(rates)), result)
        return result

    with np.errstate(all="ignore"):
        return _in_parts(rate, samples, dtype, sample)


def _count_arrivals(uniforms: _Draws, rates: np.ndarray, active: np.ndarray, result: np.ndarray) -> None:
    limit = np.exp(-rates)
    product = np.ones_like(rates)
    result[active] = 0
    while len(active):
        product[active] *= uniforms.take(active)
        active = active[product[active] > limit[active]]
        result[active] += 1


def _transformed_rejection(uniforms: _Draws, rates: np.ndarray, active: np.ndarray, result: np.ndarray) -> None:
    log_rate = np.log(rates)
    b = 0.931 + 2.53 * np.sqrt(rates)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    sure = 0.9277 - 3.6224 / (b - 2)
    while len(active):
        u = uniforms.take(active) - 0.5
        v = uniforms.take(active)
        shifted = 0.5 - np.abs(u)
        k = np.floor((2 * a[active] / shifted + b[active]) * u + rates[active] + 0.43)
        accepted = (shifted >= 0.07) & (v <= sure[active])
        unsure = np.flatnonzero(~accepted & ~((k < 0) | ((shifted < 0.013) & (v > shifted))))
        rows, k_, shifted = active[unsure], k[unsure], shifted[unsure]
        s = np.log(v[unsure] * inverse_alpha[rows] / (a[rows] / (shifted * shifted) + b[rows]))
        accepted[unsure] = s <= -rates[rows] + k_ * log_rate[rows] - _libm(math.lgamma, k_ + 1)
        result[active[accepted]] = k[accepted]
        active = active[~accepted]


# ---- normal within bounds ----

_BATCH = 100
_ATTEMPTS = 1000
# With this many standard deviations between mean and one bound, plain normals are accepted often enough.
_ROOMY = 1.3


def truncated_normal_blocks(size: int, rows: int, shared: bool) -> int:
    """How many blocks a run of parameterized_truncated_normal reserves; see there for the arguments."""
    batches, width = (-(-size // _BATCH), _BATCH) if shared else (rows, size // max(rows, 1))
    return batches * 2 * _ATTEMPTS * (width + 3) // 4


def parameterized_truncated_normal(
    place: Philox,
    out: np.ndarray,
    means: np.ndarray,
    stddevs: np.ndarray,
    minimums: np.ndarray,
    maximums: np.ndarray,
    shared: bool,
) -> None:
    """Fills `out` with normals between bounds; the parameters have one entry, or one for each row of `out`.

    When all rows share their parameters, the outputs are drawn in batches of 100, otherwise row by row; each batch
    begins with a new block where the one before stopped. (With several threads TensorFlow divides many batches among
    them and starts each share elsewhere in the stream; this is what it gives with one.)

    Source: Robert, "Simulation of truncated normal variables" (1995).
    """
    flat = out.reshape(-1)
    width = _BATCH if shared else max(flat.size // max(len(out), 1), 1)
    block = 0
    for row, start in enumerate(range(0, flat.size, width)):
        target = flat[start : start + width]
        mean, stddev, low, high = (p[row if len(p) > 1 else 0] for p in (means, stddevs, minimums, maximums))
        if not (stddev > 0 and low < high and (np.isfinite(low) or np.isfinite(high))):
            raise errors.InvalidArgumentError(None, None, "Invalid parameters")
        block += _fill_bounded(place.skip(block), target, mean, stddev, low, high)


def _fill_bounded(place: Philox, target: np.ndarray, mean, stddev, low, high) -> int:
    """Fills one batch; returns how many blocks it took. All arithmetic is in the dtype of `target`."""
    real = target.dtype.type
    # A bound on one side only becomes the lower one, and bounds below the mean are mirrored.
    if (np.isinf(low) and low < 0) or high < mean:
        low, high, stddev = high, low, -stddev
    low, high = (low - mean) / stddev, (high - mean) / stddev
    root = np.sqrt(low * low + real(4))
    cutoff = real(2) * _exp(real(0.5) + low * (low - root) / real(4)) / (low + root)
    width = high - low
    if (low < -real(_ROOMY) and high >= 0) or (high > real(_ROOMY) and low <= 0):
        name, attempt, blocks = "randn", _normal_attempts(low, high), 1
    elif width < cutoff:
        name, attempt, blocks = "uniform", _uniform_attempts(low, width), 2
    else:
        name, attempt, blocks = "exponential distribution", _exponential_attempts(low, high, root), 1
    per_block = 16 // max(target.itemsize, 4)
    filled = used = rejected = 0
    while filled < len(target):
        rounds = min(-(-2 * (len(target) - filled) // per_block) + 2, TILE)
        numbers, accepted = attempt(place.skip(used), rounds)
        taken = np.flatnonzero(accepted)[: len(target) - filled]
        rejected = _longest_rejection(taken, rejected, len(numbers), name)
        target[filled : filled + len(taken)] = numbers[taken] * stddev + mean
        filled += len(taken)
        if filled == len(target):
            rounds = int(taken[-1]) // (len(numbers) // rounds) + 1
        used += rounds * blocks
    return used


def _longest_rejection(taken: np.ndarray, rejected: int, tried: int, name: str) -> int:
    """Raises after too many rejections in a row; returns how many there are at the end of this round."""
    gaps = np.diff(taken, prepend=-1 - rejected, append=tried)
    if gaps[:-1].max(initial=0) > _ATTEMPTS or (not len(taken) and gaps[-1] > _ATTEMPTS):
        raise errors.InternalError(None, None, f"TruncatedNormal {name} rejection sampler failed to accept a sample.")
    return int(gaps[-1]) - 1


def _normal_attempts(low, high) -> Callable:
    def attempt(place: Philox, blocks: int) -> tuple[np.ndarray, np.ndarray]:
        numbers = _numbers(fill_standard_normal, place, blocks, type(low))
        return numbers, (numbers >= low) & (numbers <= high)

    return attempt


def _uniform_attempts(low, width) -> Callable:
    real = type(low)
    plus = low * low if low >= 0 else real(0)

    def attempt(place: Philox, rounds: int) -> tuple[np.ndarray, np.ndarray]:
        pairs = _numbers(fill_uniform, place, 2 * rounds, real).reshape(rounds, 2, -1)
        z = pairs[:, 0] * width + low
        accepted = pairs[:, 1] <= _exp((plus - z * z) / real(2))
        return z.reshape(-1), accepted.reshape(-1)

    return attempt


def _exponential_attempts(low, high, root) -> Callable:
    real = type(low)
    alpha = (low + root) / real(2)

    def attempt(place: Philox, blocks: int) -> tuple[np.ndarray, np.ndarray]:
        pairs = _numbers(fill_uniform, place, blocks, real).reshape(-1, 2)
        z = -_log(pairs[:, 0]) / alpha + low
        x = alpha - z if low < alpha else low - alpha
        return z, (pairs[:, 1] <= _exp(-x * x / real(2))) & (z < high)

    return attempt


def _exp(x):
    return np.exp(x) if x.dtype == np.float64 else np.exp(x.astype(np.float64)).astype(np.float32).astype(x.dtype)


def _log(x: np.ndarray) -> np.ndarray:
    if x.dtype == np.float64:
        return np.log(x)
    logarithm = log_float32(np.maximum(x, 1e-7, dtype=np.float32))
    return np.where(x > 0, logarithm, -np.inf).astype(x.dtype)


def _numbers(fill: Callable, place: Philox, blocks: int, real: type) -> np.ndarray:
    numbers = np.empty(blocks * (2 if real is np.float64 else 4), real)
    fill(place, numbers)
    return numbers
