"""Samplers of class numbers in [0, range_max), for sampled softmax and NCE, with the expected counts of the classes.

A sampler turns a place in a Philox stream into class numbers; `sample_classes` draws a batch and computes the expected
counts the way TensorFlow does, including its approximation for batches without repetition. Probabilities and counts
are float32 with TensorFlow's roundings; the counts of batches without repetition go through log1p and expm1, which are
correctly rounded here and may be off by one unit in the last place in the C library.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from pyflow.core import errors
from pyflow.ops.philox import Philox
from pyflow.ops.random_sampling import unit_float32, unit_float64

_LOW32 = np.uint64(0xFFFFFFFF)
_INT32_MAX = (1 << 31) - 1


class RangeSampler(Protocol):
    """Draws classes in [0, range_max)."""

    range_max: int

    def draw(self, place: Philox, count: int) -> np.ndarray:
        """The first `count` classes that the stream from `place` gives, int64[count]."""
        ...

    def probability(self, classes: np.ndarray) -> np.ndarray:
        """float32 probability of each class."""
        ...

    def update(self, classes: np.ndarray) -> None:
        """Learns from the true classes of a batch."""
        ...


def sample_classes(
    sampler: RangeSampler, place: Philox, true_classes: np.ndarray, count: int, unique: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(sampled int64[count], expected count of each true class, expected count of each sampled class)."""
    tries = count
    if isinstance(sampler, AllSampler) or not unique:
        sampled = sampler.draw(place, count)
    else:
        sampled, tries = _draw_distinct(sampler, place, count)
    true_expected = _expected_count(sampler.probability(true_classes), count, tries)
    return sampled, true_expected, _expected_count(sampler.probability(sampled), count, tries)


def _draw_distinct(sampler: RangeSampler, place: Philox, count: int) -> tuple[np.ndarray, int]:
    tried = count + count // 2 + 8
    while True:
        classes = sampler.draw(place, tried)
        first = np.sort(np.unique(classes, return_index=True)[1])
        if len(first) >= count:
            first = first[:count]
            return classes[first], int(first[-1]) + 1 if count else 0
        tried *= 2


def _expected_count(probability: np.ndarray, count: int, tries: int) -> np.ndarray:
    if tries == count:
        return probability * np.float32(count)
    missed = np.log1p(-probability.astype(np.float64)).astype(np.float32) * np.float32(tries)
    return -np.expm1(missed.astype(np.float64)).astype(np.float32)


def _without_bias(words: np.ndarray, limit: int) -> np.ndarray:
    """Words (uint32 or uint64) to uniform integers below `limit`; words that would skew the remainder are dropped."""
    word = words.dtype.type
    if limit & (limit - 1) == 0:
        return words & word(limit - 1)
    skewed = np.iinfo(word).max % limit + 1
    return words[words >= word(skewed)] % word(limit)


class AllSampler:
    """Each class once."""

    def __init__(self, range_max: int):
        self.range_max = range_max

    def draw(self, place: Philox, count: int) -> np.ndarray:
        return np.arange(count, dtype=np.int64)

    def probability(self, classes: np.ndarray) -> np.ndarray:
        return np.full(classes.shape, 1.0 / self.range_max, np.float32)

    def update(self, classes: np.ndarray) -> None:
        pass


class UniformSampler:
    """All classes alike."""

    def __init__(self, range_max: int):
        self.range_max = range_max

    def draw(self, place: Philox, count: int) -> np.ndarray:
        words = count
        while True:
            classes = _without_bias(place.words64(words), self.range_max)
            if len(classes) >= count:
                return classes[:count].astype(np.int64)
            words += count - len(classes) + 4

    def probability(self, classes: np.ndarray) -> np.ndarray:
        return np.full(classes.shape, 1.0 / self.range_max, np.float32)

    def update(self, classes: np.ndarray) -> None:
        pass


class LogUniformSampler:
    """P(class) = log((class + 2) / (class + 1)) / log(range_max + 1): Zipf's law, for classes sorted by frequency."""

    def __init__(self, range_max: int):
        self.range_max = range_max
        self._log_range = math.log1p(range_max)

    def draw(self, place: Philox, count: int) -> np.ndarray:
        words = place.words64(count)
        unit = unit_float64(words & _LOW32, words >> np.uint64(32))
        return (np.exp(unit * self._log_range).astype(np.int64) - 1) % self.range_max

    def probability(self, classes: np.ndarray) -> np.ndarray:
        return (np.log((classes + 2.0) / (classes + 1.0)) / self._log_range).astype(np.float32)

    def update(self, classes: np.ndarray) -> None:
        pass


class LearnedUnigramSampler:
    """Each class as often as it has been a true class so far, plus one."""

    def __init__(self, range_max: int):
        self.range_max = range_max
        self._weights = np.ones(range_max, np.int64)
        self._total = range_max

    def draw(self, place: Philox, count: int) -> np.ndarray:
        words = count
        while True:
            positions = _without_bias(place.words(words), self._total)
            if len(positions) >= count:
                places = np.cumsum(self._weights).searchsorted(positions[:count], side="right")
                return places.astype(np.int64)
            words += count - len(positions) + 4

    def probability(self, classes: np.ndarray) -> np.ndarray:
        outside = classes[(classes < 0) | (classes >= self.range_max)]
        if outside.size:
            words = f"`true_candidate` out of range [0, {self.range_max}), received {outside[0]}"
            raise errors.InvalidArgumentError(None, None, words)
        return self._weights[classes].astype(np.float32) / np.float32(self._total)

    def update(self, classes: np.ndarray) -> None:
        counted = classes.reshape(-1)[: _INT32_MAX - self._total]
        np.add.at(self._weights, counted, 1)
        self._total += len(counted)


class FixedUnigramSampler:
    """Classes by given weights, each raised to the power `distortion`.

    The first `num_reserved_ids` classes have no weight in `unigrams` and are never drawn. Of classes and weights only
    every num_shards-th, starting at `shard`, belongs to this sampler.

    Raises:
      InvalidArgumentError: the number of classes is not `range_max`.
    """

    def __init__(
        self,
        range_max: int,
        unigrams: np.ndarray,
        distortion: float = 1.0,
        num_reserved_ids: int = 0,
        num_shards: int = 1,
        shard: int = 0,
    ):
        self.range_max = range_max
        reserved = len(range(shard, num_reserved_ids, num_shards))
        # TensorFlow numbers the given weights from the count of reserved classes *of this shard* on.
        numbers = np.arange(reserved, reserved + len(unigrams))
        weights = np.asarray(unigrams, np.float32)[numbers % num_shards == shard]
        weights = np.power(weights.astype(np.float64), float(np.float32(distortion))).astype(np.float32)
        total = np.add.accumulate(weights)
        self._weights = np.concatenate([np.zeros(reserved, np.float32), weights])
        self._total = total[-1] if len(total) else np.float32(0)
        if len(self._weights) != range_max:
            raise errors.InvalidArgumentError(
                None, None, f"range is {range_max} must be equal to weights size  {len(self._weights)}"
            )
        self._keep, self._alias = _alias_table(self._weights)

    def draw(self, place: Philox, count: int) -> np.ndarray:
        size = self.range_max
        skewed = 0 if size & (size - 1) == 0 else ((1 << 32) - 1) % size + 1
        words = place.words(2 * count)
        chances, columns = words[0::2], words[1::2]
        if (columns < skewed).any():
            chances, columns = _pairs_skipping(place, count, skewed)
        columns = (columns % np.uint32(size)).astype(np.int64)
        return np.where(unit_float32(chances) < self._keep[columns], columns, self._alias[columns])

    def probability(self, classes: np.ndarray) -> np.ndarray:
        known = (classes >= 0) & (classes < self.range_max)
        return np.where(known, self._weights[np.where(known, classes, 0)], np.float32(0)) / self._total

    def update(self, classes: np.ndarray) -> None:
        pass


def _pairs_skipping(place: Philox, count: int, skewed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of words of which the second is taken again while it is below `skewed`."""
    chances, columns, available = [], [], 2 * count + 64
    words = iter(place.words(available).tolist())
    while len(columns) < count:
        chances.append(next(words))
        column = next(words)
        while column < skewed:
            column = next(words)
        columns.append(column)
    return np.array(chances, np.uint32), np.array(columns, np.uint32)


def _alias_table(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Walker's table: column i of all, equally likely, columns gives i with chance keep[i] and else alias[i].

    Which column is filled up from which depends on the order of work: last seen first, on both lists.
    """
    size = len(weights)
    total = float(np.add.accumulate(weights, dtype=np.float64)[-1])
    shares = ((weights * np.float32(size)).astype(np.float64) / total).tolist()
    keep, alias = shares[:], list(range(size))
    low = [i for i, share in enumerate(shares) if share < 1.0]
    high = [i for i, share in enumerate(shares) if not share < 1.0]
    while low and high:
        short, donor = low.pop(), high.pop()
        keep[short], alias[short] = shares[short], donor
        shares[donor] -= 1.0 - shares[short]
        (low if shares[donor] < 1.0 else high).append(donor)
    for rest in low + high:
        keep[rest] = 1.0
    return np.array(keep, np.float32), np.array(alias, np.int64)
