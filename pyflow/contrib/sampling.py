"""tf.contrib.training: examples that are let in, or repeated, by chance.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/contrib/training/stratified_sample
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_n_to_tensor_or_indexed_slices, convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.array_gather import gather
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_identity import identity, stop_gradient
from pyflow.ops.array_repeating import repeat
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.checks import (
    assert_equal,
    assert_integer,
    assert_less,
    assert_less_equal,
    assert_non_negative,
    assert_positive,
)
from pyflow.ops.cond import cond
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.division import truediv
from pyflow.ops.math_rounding import IsNan
from pyflow.ops.messages import Assert, Print
from pyflow.ops.random import random_uniform
from pyflow.ops.random_gamma_poisson import random_poisson
from pyflow.ops.ranges import range
from pyflow.ops.reduce_functions import reduce_all, reduce_max, reduce_mean, reduce_sum
from pyflow.ops.variable_getters import get_local_variable
from pyflow.ops.variable_scope import variable_scope
from pyflow.ops.variables import Variable
from pyflow.train.input_batching import batch, maybe_batch
from pyflow.train.moving_averages import assign_moving_average

_SEEN_BEFORE = 10  # how many examples of each class an estimate pretends to have seen
_TOLERANCE = 1e-6  # of the sum of probabilities


@export("contrib.training.rejection_sample")
def rejection_sample(
    tensors: Any,
    accept_prob_fn: Callable[[list], Any],
    batch_size: Any,
    queue_threads: int = 1,
    enqueue_many: bool = False,
    prebatch_capacity: int = 16,
    prebatch_threads: int = 1,
    runtime_checks: bool = False,
    name: str | None = None,
) -> list[Tensor]:
    """Batches of the examples that chance lets in.

    Args:
      tensors: a list of the components of an example, or with `enqueue_many` of examples, [examples, ...].
      accept_prob_fn: from the components of one example to the probability, of shape (), that it is let in.
      batch_size: how many examples a batch has.
      queue_threads: how many threads fill the queue of batches.
      prebatch_capacity, prebatch_threads: of the queue that takes many examples apart.
      runtime_checks: whether it is checked that the probability lies in [0, 1].

    Returns:
      A list of [batch_size, ...].

    Raises:
      ValueError: the components have not the same number of examples.
    """
    with variable_scope(name, "rejection_sample", tensors):
        parts = convert_n_to_tensor_or_indexed_slices(tensors)
        if enqueue_many:
            for part in parts:
                part.get_shape().with_rank_at_least(1)[0].assert_is_compatible_with(parts[0].get_shape()[0])
            parts = _one_by_one(parts, prebatch_threads, prebatch_capacity)
        probability = accept_prob_fn(parts)
        if runtime_checks:
            checks = [assert_less_equal(0.0, probability), assert_less_equal(probability, 1.0)]
            probability = identity(with_dependencies(checks, probability), name="prob_with_checks")
        found = maybe_batch(parts, random_uniform([]) < probability, batch_size, num_threads=queue_threads)
        return [found] if isinstance(found, Tensor) else found


def _one_by_one(parts: list, threads: int, capacity: int) -> list[Tensor]:
    """The components of one example after the other, from those of many."""
    taken = batch(parts, batch_size=1, num_threads=threads, capacity=capacity, enqueue_many=True)
    return [squeeze(part, [0]) for part in ([taken] if isinstance(taken, Tensor) else taken)]


@export("contrib.training.stratified_sample")
def stratified_sample(
    tensors: Any,
    labels: Any,
    target_probs: Any,
    batch_size: Any,
    init_probs: Any = None,
    enqueue_many: bool = False,
    queue_capacity: int = 16,
    threads_per_queue: int = 1,
    name: str | None = None,
) -> tuple[list[Tensor], Tensor]:
    """Batches in which each class has a certain share.

    Args:
      tensors: a list of the components of an example, or with `enqueue_many` of examples, [examples, ...].
      labels: the class of the example, or of each, integers.
      target_probs: the share of each class in the batches, [classes].
      batch_size: how many examples a batch has.
      init_probs: the share of each class in the data, [classes]; if None it is estimated on the way.
      queue_capacity, threads_per_queue: of the queues.

    Returns:
      A list of [batch_size, ...] and the labels [batch_size]. A run fails with `InvalidArgumentError` for shares that
      are none, labels that are no classes, or a class that is wanted but not in the data.

    Raises:
      ValueError: shapes are not known, or don't go together.
    """
    with name_scope(name, "stratified_sample", [*tensors, labels]):
        parts = convert_n_to_tensor_or_indexed_slices(tensors)
        labels = convert_to_tensor(labels)
        target = convert_to_tensor(target_probs, dtype=dtypes.float32)
        if not enqueue_many:
            parts, labels = [expand_dims(part, 0) for part in parts], expand_dims(labels, 0)
        if init_probs is None:
            target.get_shape().assert_is_fully_defined()
            initial = _estimated_shares(labels, target.get_shape().num_elements())
        else:
            initial = convert_to_tensor(init_probs, dtype=dtypes.float32)
        parts, labels, (initial, target) = _checked(parts, labels, [initial, target])
        words = "All classes with zero initial probability must also have zero target probability: "
        possible = Assert(reduce_all((initial > 0) | (target <= 0)), [words, initial, target])
        initial = with_dependencies([possible], initial)
        accepted = _acceptance(initial, target)
        rejected = reduce_sum((1 - accepted) * initial)
        warning = "Proportion of examples rejected by sampler is high."
        accepted = cond(
            rejected < 0.5, lambda: accepted, lambda: Print(accepted, [accepted], message=warning, first_n=10)
        )
        *parts, label = _one_by_one([*parts, labels], threads_per_queue, queue_capacity)
        kept = random_uniform([]) < gather(accepted, label)
        found = maybe_batch([*parts, label], kept, batch_size, num_threads=threads_per_queue)
        return found[:-1], found[-1]


def _estimated_shares(labels: Tensor, classes: Any) -> Tensor:
    """The share of each class among the labels seen so far, float32 [classes]."""
    count = Variable([_SEEN_BEFORE] * classes, trainable=False, name="class_count", dtype=dtypes.int64)
    seen = count.assign_add(reduce_sum(one_hot(labels, classes, dtype=dtypes.int64), 0))
    seen += 0  # a copy, which other threads don't change
    return cast(truediv(seen, reduce_sum(seen)), dtypes.float32)


def _checked(parts: list, labels: Tensor, shares: list[Tensor]) -> tuple[list, Tensor, list[Tensor]]:
    """All of them, with the assertions that they are what they shall be.

    Raises:
      ValueError: their static shapes tell that they aren't.
    """
    checked = []
    for share in shares:
        share.get_shape().assert_is_fully_defined()
        share.get_shape().assert_has_rank(1)
        total = reduce_sum(share)
        checks = [
            assert_non_negative(share),
            assert_less(total, 1.0 + _TOLERANCE),
            assert_less(1.0 - _TOLERANCE, total),
        ]
        checked.append(with_dependencies(checks, share))
    classes = checked[0].get_shape().num_elements()
    if any(share.get_shape().num_elements() != classes for share in checked):
        raise ValueError("Probability parameters must have the same length.")
    labels.get_shape().assert_has_rank(1)
    for part in parts:
        part.get_shape().with_rank_at_least(1)[0].assert_is_compatible_with(labels.get_shape()[0])
    count = shape_of(labels)[0]
    some = assert_positive(count)
    labels = with_dependencies([some], labels)
    parts = [with_dependencies([some, assert_equal(shape_of(part)[0], count)], part) for part in parts]
    known = [
        assert_integer(labels),
        assert_non_negative(labels),
        assert_less(labels, cast(convert_to_tensor(classes), labels.dtype)),
    ]
    return parts, with_dependencies(known, labels), checked


def _acceptance(initial: Tensor, target: Tensor) -> Tensor:
    """The probability with which an example of each class is let in: the class that is missed most always is."""
    ratio = target / initial
    ratio = where_v2(IsNan(ratio), np.float32(0), ratio)
    return ratio / reduce_max(ratio)


@export("contrib.training.resample_at_rate")
def resample_at_rate(
    inputs: Any, rates: Any, scope: str | None = None, seed: int | None = None, back_prop: bool = False
) -> list[Tensor]:
    """Examples, each as many times as chance will have it.

    Args:
      inputs: a list of tensors [examples, ...].
      rates: how many times an example comes on average, [examples].
      seed: a seed; see `tf.set_random_seed`.
      back_prop: whether there are gradients.

    Returns:
      A list of [chosen, ...].
    """
    with name_scope(scope, "resample_at_rate", [*inputs, rates]):
        rates = convert_to_tensor(rates, name="rates")
        counts = cast(random_poisson(rates, (), rates.dtype, seed=seed), dtypes.int32)
        chosen = repeat(range(shape_of(counts)[0]), counts)
        if not back_prop:
            chosen = stop_gradient(chosen)
        return [gather(x, chosen) for x in inputs]


@export("contrib.training.weighted_resample")
def weighted_resample(
    inputs: Any,
    weights: Any,
    overall_rate: Any,
    scope: str | None = None,
    mean_decay: float = 0.999,
    seed: int | None = None,
) -> tuple[list[Tensor], Tensor]:
    """Examples, each as many times as chance and its weight will have it.

    Args:
      inputs: a list of tensors [examples, ...].
      weights: [examples]; an example with twice the weight comes twice as often.
      overall_rate: how many times an example comes on average.
      mean_decay: of the moving average of the weights.
      seed: a seed; see `tf.set_random_seed`.

    Returns:
      A list of [chosen, ...], and the rate [chosen] of each.
    """
    with name_scope(scope, "weighted_resample", inputs) as opscope:
        with variable_scope(scope, "estimate_mean", inputs):
            average = get_local_variable("estimated_mean", initializer=cast(0, weights.dtype), dtype=weights.dtype)
            mean = assign_moving_average(average, reduce_mean(weights), mean_decay)
        rates = weights * overall_rate / mean
        rate, *results = resample_at_rate([rates, *inputs], rates, scope=opscope, seed=seed, back_prop=False)
        return results, rate
