"""Sampling some of many classes, for losses that don't look at all of them: sampled softmax, NCE."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import numpy as np

from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError, NotFoundError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op, sample
from pyflow.core.seeds import get_seed
from pyflow.ops.philox import PhiloxState
from pyflow.ops.range_samplers import (
    AllSampler,
    FixedUnigramSampler,
    LearnedUnigramSampler,
    LogUniformSampler,
    RangeSampler,
    UniformSampler,
    sample_classes,
)

_OUTPUTS = "(sampled_candidates: int64, true_expected_count: float32, sampled_expected_count: float32)"
_COUNTS = {"num_true": attr("int", minimum=1), "num_sampled": attr("int", minimum=1), "unique": attr("bool")}
_WORDS_PER_SAMPLE = 2048


def _shape(true_classes, num_true, num_sampled):
    if true_classes is not None and len(true_classes) != 2:
        raise ShapeError(f"Shape must be rank 2 but is rank {len(true_classes)}", "true_classes must be a matrix")
    return [(num_sampled,), (None if true_classes is None else true_classes[0], num_true), (num_sampled,)]


def _sample(
    ctx: Any, make: Callable[[], RangeSampler], true_classes: np.ndarray, num_true: int, num_sampled: int, unique: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One run of a node; `make` gives it its sampler at the first."""
    seed, seed2 = ctx.op.attrs["seed"], ctx.op.attrs["seed2"]
    sampler, stream = ctx.state(lambda: (make(), PhiloxState(seed, seed2)))
    columns = true_classes.shape[1]
    if columns != num_true:
        words = f"true_classes must have num_true columns, expected: {columns} was: {num_true}"
        raise InvalidArgumentError(None, None, words)
    if unique and num_sampled > sampler.range_max:
        raise InvalidArgumentError(None, None, "Sampler's range is too small.")
    place = stream.reserve_words(_WORDS_PER_SAMPLE * num_sampled)
    result = sample_classes(sampler, place, true_classes, num_sampled, unique)
    sampler.update(true_classes)
    return result


@op(
    f"UniformCandidateSampler(true_classes: int64) -> {_OUTPUTS}",
    **_COUNTS,
    range_max=attr("int", minimum=1),
    seed=0,
    seed2=0,
)
class UniformCandidateSampler:
    """Every class with the same probability."""

    stateful = True
    shape = _shape

    def cpu(true_classes, num_true, num_sampled, unique, range_max, ctx):
        return _sample(ctx, lambda: UniformSampler(range_max), true_classes, num_true, num_sampled, unique)

    grad = NOT_DIFFERENTIABLE


@op(
    f"LogUniformCandidateSampler(true_classes: int64) -> {_OUTPUTS}",
    **_COUNTS,
    range_max=attr("int", minimum=1),
    seed=0,
    seed2=0,
)
class LogUniformCandidateSampler:
    """Classes by Zipf's law, the most frequent first."""

    stateful = True
    shape = _shape

    def cpu(true_classes, num_true, num_sampled, unique, range_max, ctx):
        return _sample(ctx, lambda: LogUniformSampler(range_max), true_classes, num_true, num_sampled, unique)

    grad = NOT_DIFFERENTIABLE


@op(
    f"LearnedUnigramCandidateSampler(true_classes: int64) -> {_OUTPUTS}",
    **_COUNTS,
    range_max=attr("int", minimum=1),
    seed=0,
    seed2=0,
)
class LearnedUnigramCandidateSampler:
    """Classes as often as they have been true ones, in this session, plus one."""

    stateful = True
    shape = _shape

    def cpu(true_classes, num_true, num_sampled, unique, range_max, ctx):
        return _sample(ctx, lambda: LearnedUnigramSampler(range_max), true_classes, num_true, num_sampled, unique)

    grad = NOT_DIFFERENTIABLE


@op(
    f"ThreadUnsafeUnigramCandidateSampler(true_classes: int64) -> {_OUTPUTS}",
    **_COUNTS,
    range_max=attr("int", minimum=1),
    seed=0,
    seed2=0,
)
class ThreadUnsafeUnigramCandidateSampler:
    """The same as LearnedUnigramCandidateSampler."""

    stateful = True
    shape = _shape

    def cpu(true_classes, num_true, num_sampled, unique, range_max, ctx):
        return _sample(ctx, lambda: LearnedUnigramSampler(range_max), true_classes, num_true, num_sampled, unique)

    grad = NOT_DIFFERENTIABLE


@op(f"AllCandidateSampler(true_classes: int64) -> {_OUTPUTS}", **_COUNTS, seed=0, seed2=0)
class AllCandidateSampler:
    """Every class once."""

    stateful = True
    shape = _shape

    def cpu(true_classes, num_true, num_sampled, unique, ctx):
        return _sample(ctx, lambda: AllSampler(num_sampled), true_classes, num_true, num_sampled, unique)

    grad = NOT_DIFFERENTIABLE


@op(
    f"FixedUnigramCandidateSampler(true_classes: int64) -> {_OUTPUTS}",
    **_COUNTS,
    range_max=attr("int", minimum=1),
    vocab_file="",
    distortion=1.0,
    num_reserved_ids=0,
    num_shards=attr("int", default=1, minimum=1),
    shard=attr("int", default=0, minimum=0),
    unigrams=attr("list(float)", default=[]),
    seed=0,
    seed2=0,
)
class FixedUnigramCandidateSampler:
    """Classes by given weights, or those in the last column of a file of comma-separated values."""

    stateful = True
    shape = _shape

    def cpu(
        true_classes,
        num_true,
        num_sampled,
        unique,
        range_max,
        vocab_file,
        distortion,
        num_reserved_ids,
        num_shards,
        shard,
        unigrams,
        ctx,
    ):
        def make() -> FixedUnigramSampler:
            weights = _weights(vocab_file, unigrams)
            return FixedUnigramSampler(range_max, weights, distortion, num_reserved_ids, num_shards, shard)

        return _sample(ctx, make, true_classes, num_true, num_sampled, unique)

    grad = NOT_DIFFERENTIABLE


def _weights(vocab_file: str, unigrams: Sequence[float]) -> np.ndarray:
    if not vocab_file and not unigrams:
        raise InvalidArgumentError(None, None, "Must provide either vocab_file or unigrams.")
    if vocab_file and unigrams:
        raise InvalidArgumentError(None, None, "Must only provide one of vocab_file and unigrams.")
    return _read_weights(vocab_file) if vocab_file else np.array(unigrams, np.float32)


def _read_weights(vocab_file: str) -> np.ndarray:
    weights = []
    try:
        with open(vocab_file, encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                line = line.rstrip("\n")
                if line:
                    weights.append(_last_column(line))
    except FileNotFoundError:
        raise NotFoundError(None, None, f"{vocab_file}; No such file or directory") from None
    return np.array(weights, np.float32)


def _last_column(line: str) -> float:
    try:
        return float(line.rpartition(",")[2])
    except ValueError:
        raise InvalidArgumentError(None, None, f"Wrong vocabulary format at line: {line}") from None


@op(
    "ComputeAccidentalHits(true_classes: int64, sampled_candidates: int64)"
    " -> (indices: int32, ids: int64, weights: float32)",
    num_true=attr("int"),
    seed=0,
    seed2=0,
)
class ComputeAccidentalHits:
    """Where a true class is also among the sampled ones: its row, its place there, and the lowest float32."""

    def shape(true_classes, sampled_candidates, num_true):
        matrix = "true_candidates must be a batch_size * num_true matrix"
        if true_classes is not None and len(true_classes) != 2:
            raise ShapeError(f"Shape must be rank 2 but is rank {len(true_classes)}", matrix)
        if true_classes is not None and true_classes[1] not in (None, num_true):
            raise ShapeError(f"Dimension must be {num_true} but is {true_classes[1]}", matrix)
        if sampled_candidates is not None and len(sampled_candidates) != 1:
            raise ShapeError(
                f"Shape must be rank 1 but is rank {len(sampled_candidates)}",
                "sampled_candidates must be a vector, which is typically an output from CandidateSampler",
            )
        return [(None,), (None,), (None,)]

    def cpu(true_classes, sampled_candidates):
        if not sampled_candidates.size:
            return np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float32)
        order = np.argsort(sampled_candidates, kind="stable")
        by_class = sampled_candidates[order]
        # Of a class that was sampled several times the last place counts.
        nearest = np.maximum(by_class.searchsorted(true_classes, side="right") - 1, 0)
        rows, columns = np.nonzero(by_class[nearest] == true_classes)
        places = order[nearest[rows, columns]].astype(np.int64)
        return rows.astype(np.int32), places, np.full(len(rows), np.finfo(np.float32).min, np.float32)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[1, 3], [2, 9]], [3, 2, 3, 7], num_true=2)]


# ---- the functions ----

# All but the last take true_classes (int64 [batch, num_true]) and sample `num_sampled` classes below `range_max` for
# the whole batch, none twice if `unique`. They return (sampled_candidates int64 [num_sampled], true_expected_count
# float32 [batch, num_true], sampled_expected_count float32 [num_sampled]): how often to expect each class in a sample.


@export("random.uniform_candidate_sampler", "nn.uniform_candidate_sampler")
def uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Samples classes, all with the same probability."""
    seed1, seed2 = get_seed(seed)
    return UniformCandidateSampler(
        true_classes, num_true, num_sampled, unique, range_max, seed=seed1, seed2=seed2, name=name
    )


@export("random.log_uniform_candidate_sampler", "nn.log_uniform_candidate_sampler")
def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Samples classes that are numbered by falling frequency, by Zipf's law."""
    seed1, seed2 = get_seed(seed)
    return LogUniformCandidateSampler(
        true_classes, num_true, num_sampled, unique, range_max, seed=seed1, seed2=seed2, name=name
    )


@export("random.learned_unigram_candidate_sampler", "nn.learned_unigram_candidate_sampler")
def learned_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Samples classes as often as they have been true ones so far, plus one."""
    seed1, seed2 = get_seed(seed)
    return LearnedUnigramCandidateSampler(
        true_classes, num_true, num_sampled, unique, range_max, seed=seed1, seed2=seed2, name=name
    )


@export("random.fixed_unigram_candidate_sampler", "nn.fixed_unigram_candidate_sampler")
def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Sequence[float] = (),
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Samples classes by weights that are given as a list or in a file.

    Args:
      vocab_file: a file with a line per class, whose last comma-separated field is the weight.
      distortion: the weights are raised to this power.
      num_reserved_ids: so many classes come before those that have weights, and are never drawn.
      num_shards, shard: every num_shards-th class belongs to this sampler, from `shard` on.
      unigrams: the weights, if there is no file.
    """
    seed1, seed2 = get_seed(seed)
    return FixedUnigramCandidateSampler(
        true_classes,
        num_true,
        num_sampled,
        unique,
        range_max,
        vocab_file=vocab_file,
        distortion=distortion,
        num_reserved_ids=num_reserved_ids,
        num_shards=num_shards,
        shard=shard,
        unigrams=list(unigrams),
        seed=seed1,
        seed2=seed2,
        name=name,
    )


@export("random.all_candidate_sampler", "nn.all_candidate_sampler")
def all_candidate_sampler(
    true_classes: Any, num_true: int, num_sampled: int, unique: bool, seed: int | None = None, name: str | None = None
) -> Any:
    """All `num_sampled` classes, each once."""
    seed1, seed2 = get_seed(seed)
    return AllCandidateSampler(true_classes, num_true, num_sampled, unique, seed=seed1, seed2=seed2, name=name)


@export("nn.compute_accidental_hits")
def compute_accidental_hits(
    true_classes: Any, sampled_candidates: Any, num_true: int, seed: int | None = None, name: str | None = None
) -> Any:
    """Where true classes are among the sampled ones, so that they can be taken out of the negatives.

    Returns:
      (indices int32, ids int64, weights float32), each with an entry for each hit: the row in `true_classes`, the place
      in `sampled_candidates`, and the lowest float, to be added to that logit.
    """
    seed1, seed2 = get_seed(seed)
    return ComputeAccidentalHits(true_classes, sampled_candidates, num_true, seed=seed1, seed2=seed2, name=name)
