"""tf.contrib.metrics: all values seen so far, and areas under curves computed from them or from histograms."""

from __future__ import annotations

import collections
import statistics
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import PUBLIC, export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import add_to_collections, control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.metrics.streaming import matched, metric_variable, published
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_filling import ones_like, zeros, zeros_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_joining import stack
from pyflow.ops.array_padding import pad
from pyflow.ops.array_selection import boolean_mask, where
from pyflow.ops.array_shape import rank, shape, shape_internal, size
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_greater_equal, assert_less_equal
from pyflow.ops.comparison import equal, greater, greater_equal, less, logical_and, logical_not, logical_or
from pyflow.ops.cond import cond
from pyflow.ops.confusion_matrix import remove_squeezable_dimensions
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import group, no_op
from pyflow.ops.cumulative import cumsum
from pyflow.ops.division import truediv
from pyflow.ops.initializers import Zeros
from pyflow.ops.math_binary import minimum
from pyflow.ops.math_rounding import ceil
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import exp, log, sqrt, square
from pyflow.ops.messages import Assert
from pyflow.ops.nn_top_k import top_k
from pyflow.ops.reduce_functions import reduce_max, reduce_min, reduce_sum
from pyflow.ops.state import assign
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import variable_scope

histogram_fixed_width, reverse = PUBLIC["histogram_fixed_width"], PUBLIC["reverse"]
segment_sum, unique, unique_with_counts = (PUBLIC[n] for n in ("segment_sum", "unique", "unique_with_counts"))
_TINY = 1e-7


def _finished(value: Any, update: Any, metrics_collections: Any, updates_collections: Any) -> tuple[Any, Any]:
    if metrics_collections:
        add_to_collections(metrics_collections, value)
    return published(value, update, updates_collections)


@export("contrib.metrics.streaming_concat")
def streaming_concat(
    values: Any, axis: int = 0, max_size: int | None = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """All values of all batches, joined along an axis.

    Args:
      max_size: how many to keep at most, the first ones.

    Raises:
      ValueError: the rank, or a dimension other than that of `axis`, is not known; or there is no such axis.
    """
    with variable_scope(name, "streaming_concat", (values,)):
        known = values.get_shape()
        if known.dims is None:
            raise ValueError("`values` must have known statically known rank")
        dims = known.as_list()
        axis = axis + len(dims) if axis < 0 else axis
        if not 0 <= axis < len(dims):
            raise ValueError(f"axis = {axis!r} not in [0, {len(dims)!r})")
        others = [dim for i, dim in enumerate(dims) if i != axis]
        if None in others:
            raise ValueError(
                "all dimensions of `values` other than the dimension to concatenate along must have statically known "
                "size"
            )
        array = metric_variable([max_size or 0, *others], values.dtype, validate_shape=False, name="array")
        filled = metric_variable([], dtypes.int32, name="size")
        order = [0 if i == axis else i + 1 if i < axis else i for i in range(len(dims))]
        valid = array[:filled]
        valid.set_shape([None, *others])
        value = transpose(valid, order, name="concat")
        added: Any = shape(values)[axis]
        if max_size is not None:
            added = minimum(added, max_size - filled)
        rows = transpose(values, [axis] + [i for i in range(len(dims)) if i != axis])[:added]
        new_size = filled + added

        def reallocate() -> Any:
            larger = zeros(stack([_next_size(new_size), *others]), dtype=values.dtype)
            old = array.value()
            with control_dependencies([old]):
                resized = assign(array, larger, validate_shape=False)
            with control_dependencies([resized]):
                copied = array[:filled].assign(old[:filled])
            with control_dependencies([copied]):
                return no_op()

        with control_dependencies([cond(new_size > shape_internal(array, optimize=False)[0], reallocate, no_op)]):
            appended = array[filled:new_size].assign(rows)
        with control_dependencies([appended]):
            update = filled.assign(new_size)
        return _finished(value, update, metrics_collections, updates_collections)


def _next_size(required: Any) -> Tensor:
    """The next power of 1.5, so that an array seldom grows."""
    exponent = ceil(log(cast(required, dtypes.float32)) / log(cast(1.5, dtypes.float32)))
    return cast(ceil(1.5**exponent), dtypes.int32)


def _zero_or_one(labels: Tensor) -> list:
    return [
        assert_greater_equal(
            labels, zeros_like(labels, dtypes.int64), message="labels must be 0 or 1, at least one is <0"
        ),
        assert_less_equal(labels, ones_like(labels, dtypes.int64), message="labels must be 0 or 1, at least one is >1"),
    ]


@export("contrib.metrics.streaming_dynamic_auc")
def streaming_dynamic_auc(
    labels: Any, predictions: Any, curve: str = "ROC", metrics_collections: Any = (), updates_collections: Any = (),
    name: str | None = None, weights: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The area under a curve ("ROC" or "PR"), from all values so far: exact, but it keeps them.

    Raises:
      ValueError: there is no such curve.
      InvalidArgumentError: a label is neither 0 nor 1.
    """
    if curve not in ("PR", "ROC"):
        raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
    with variable_scope(name, "dynamic_auc"):
        labels.get_shape().assert_is_compatible_with(predictions.get_shape())
        predictions = reshape(cast(predictions, dtypes.float64), [-1])
        labels = reshape(cast(labels, dtypes.int64), [-1])
        with control_dependencies(_zero_or_one(labels)):
            all_predictions, add_predictions = streaming_concat(predictions, name="concat_preds")
            all_labels, add_labels = streaming_concat(labels, name="concat_labels")
            all_weights, updates = None, [add_labels, add_predictions]
            if weights is not None:
                weights = reshape(cast(weights, dtypes.float64), [-1])
                all_weights, add_weights = streaming_concat(weights, name="concat_weights")
                updates.append(add_weights)
            value = _dynamic_auc(all_labels, all_predictions, curve, all_weights)
            return _finished(value, group(*updates), metrics_collections, updates_collections)


def _dynamic_auc(labels: Tensor, predictions: Tensor, curve: str, weights: Any) -> Any:
    wide = dtypes.float64
    if weights is None:
        weights = ones_like(labels, dtype=wide)
    total, nothing = reduce_sum(weights), zeros_like(labels, dtype=wide)
    positive = reduce_sum(where(greater(labels, 0), weights, nothing))

    def area() -> Tensor:
        ordered, indices = top_k(predictions, k=size(predictions))
        own_labels, own_weights = gather(labels, indices), gather(weights, indices)
        _, _, counts = unique_with_counts(ordered)
        splits = cast(pad(cumsum(counts), paddings=[[1, 0]]), dtypes.int32)
        zero = zeros_like(own_labels, dtype=wide)

        def up_to_splits(terms: Tensor) -> Tensor:
            return gather(pad(cumsum(terms), paddings=[[1, 0]]), splits)

        true = up_to_splits(where(greater(own_labels, 0), own_weights, zero))
        if curve == "ROC":
            false = up_to_splits(where(less(own_labels, 1), own_weights, zero))
            x, y = truediv(false, total - positive), truediv(true, positive)
        else:
            precision = truediv(true, up_to_splits(own_weights))
            x, y = truediv(true, positive), where(greater(splits, 0), precision, ones_like(true, dtype=wide))
        return reduce_sum((y[1:] + y[:-1]) / 2.0 * absolute(x[1:] - x[:-1]))

    one_sided = logical_or(equal(positive, 0), equal(positive, total))
    return cond(one_sided, lambda: constant(0, wide), area)


AucData = collections.namedtuple("AucData", ["auc", "lower", "upper"])


@export("contrib.metrics.auc_with_confidence_intervals")
def auc_with_confidence_intervals(
    labels: Any, predictions: Any, weights: Any = None, alpha: float = 0.95, logit_transformation: bool = True,
    metrics_collections: Any = (), updates_collections: Any = (), name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The area under the ROC curve of all values so far, with bounds that it lies within with probability `alpha`.

    Args:
      logit_transformation: whether the bounds are those of the area's logit, so that they stay within (0, 1).

    Returns:
      (`AucData` of float32 scalars, update).

    Raises:
      ValueError: alpha is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1; currently {alpha:.02f}")
    if weights is None:
        weights = ones_like(predictions)
    with variable_scope(name, "auc_with_confidence_intervals", [labels, predictions, weights]):
        predictions, labels, weights = matched(predictions, labels, weights)
        total = reduce_sum(weights)
        weights = reshape(weights, [-1])
        predictions = reshape(cast(predictions, dtypes.float64), [-1])
        labels = reshape(cast(labels, dtypes.int64), [-1])
        with control_dependencies(_zero_or_one(labels)):
            all_predictions, add_predictions = streaming_concat(predictions, name="concat_preds")
            all_labels, add_labels = streaming_concat(labels, name="concat_labels")
            all_weights, add_weights = streaming_concat(weights, name="concat_weights")
            adding = group(add_labels, add_predictions, add_weights)
            both = logical_and(equal(reduce_min(labels), 0), equal(reduce_max(labels), 1))
            enough = greater_equal(total, 1.0)
            update = cond(enough, lambda: adding, no_op)
            bounds = _placement_auc(all_labels, all_predictions, all_weights, alpha, logit_transformation)
            value = AucData(
                *cond(logical_and(both, enough), lambda: list(bounds), lambda: [constant(0.0) for _ in bounds])
            )
            return _finished(value, update, metrics_collections, updates_collections)


def _placement_auc(labels: Tensor, predictions: Tensor, weights: Tensor, alpha: float, logit: bool) -> tuple:
    """(area, lower, upper bound), by the placements of each side's values among those of the other.

    Hanley and Hajian-Tilaki, Academic Radiology 4 (1997).
    """
    dtype = weights.dtype
    totals = [reduce_sum(cast(side, dtype) * weights) for side in (1 - labels, labels)]
    ordered, indices = top_k(predictions, k=size(predictions, out_type=dtypes.int32), sorted=True)
    first = zeros(1, dtypes.int32)
    ordered, indices = reverse(ordered, axis=first), reverse(indices, axis=first)
    labels, weights = gather(labels, indices), gather(weights, indices)
    _, segments = unique(ordered)
    true = cast(labels, dtypes.float32)
    false = 1.0 - true
    placements = []
    for other in (weights * false, weights * true):
        sums = segment_sum(other, segments)
        placed = (cumsum(sums, exclusive=True) + sums / 2.0) / (reduce_sum(sums) + _TINY)
        placements.append(gather(placed, segments))
    placement = placements[0] * true + placements[1] * false
    sides = [(cast(side, dtype) * placement, weights * cast(side, dtype)) for side in (1 - labels, labels)]
    (values_0, weights_0), (values_1, weights_1) = sides
    auc_0 = reduce_sum(weights_0 * (1.0 - values_0)) / (totals[0] + _TINY)
    auc_1 = reduce_sum(weights_1 * values_1) / (totals[1] + _TINY)
    auc = where(less(totals[0], totals[1]), auc_1, auc_0)
    var_0 = reduce_sum(weights_0 * square(1.0 - values_0 - auc_0)) / (totals[0] - 1.0 + _TINY)
    var_1 = reduce_sum(weights_1 * square(values_1 - auc_1)) / (totals[1] - 1.0 + _TINY)
    deviation = sqrt(var_0 / (totals[0] + _TINY) + var_1 / (totals[1] + _TINY))
    z = statistics.NormalDist().inv_cdf((1.0 - alpha) / 2.0)
    if logit:
        estimate = log(auc / (1.0 - auc + _TINY))
        deviation = deviation / (auc * (1.0 - auc + _TINY))
        bounds = [1.0 / (1.0 + exp(-x) + _TINY) for x in (estimate + z * deviation, estimate - z * deviation)]
    else:
        bounds = [auc + z * deviation, auc - z * deviation]
    certain = logical_or(equal(auc, ones_like(auc)), equal(auc, zeros_like(auc)))
    return auc, *[where(certain, auc, bound) for bound in bounds]


@export("contrib.metrics.auc_using_histogram")
def auc_using_histogram(
    boolean_labels: Any, scores: Any, score_range: Any, nbins: int = 100, collections: Any = None,
    check_shape: bool = True, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The area under the ROC curve, from histograms of the scores of either label over all batches.

    Args:
      boolean_labels: bools [batch].
      scores: [batch].
      score_range: two numbers, the range of the histograms.
      nbins: how many bins they have.
      collections: where their variables go, the local ones by default.
      check_shape: whether labels and scores are asserted to be vectors.
    """
    collections = [GraphKeys.LOCAL_VARIABLES] if collections is None else collections
    with variable_scope(name, "auc_using_histogram", [boolean_labels, scores, score_range]):
        boolean_labels, scores = remove_squeezable_dimensions(
            convert_to_tensor(boolean_labels), convert_to_tensor(scores)
        )
        score_range = convert_to_tensor(score_range, name="score_range")
        if boolean_labels.dtype != dtypes.bool:
            raise ValueError("Argument boolean_labels should have dtype bool.  Found: %s", boolean_labels.dtype)
        checks = []
        if check_shape:
            for words, tensor in (("boolean_labels", boolean_labels), ("scores", scores)):
                found = [f"Argument {words} should have rank 1.  Found: ", tensor.name, shape(tensor)]
                checks.append(Assert(equal(1, rank(tensor)), found))
        with variable_scope(None, "make_auc_histograms", [boolean_labels, scores]), control_dependencies(checks):
            masks = {"hist_true": boolean_labels, "hist_false": logical_not(boolean_labels)}
            histograms = {
                part: histogram_fixed_width(boolean_mask(scores, mask), score_range, nbins, dtypes.int64, name=part)
                for part, mask in masks.items()
            }
        with variable_scope(None, "hist_accumulate", list(histograms.values())):
            sums = [
                get_variable(
                    f"{part}_acc", [nbins], dtypes.int64, initializer=Zeros(), collections=collections, trainable=False
                )
                for part in histograms
            ]
            adding = [total.assign_add(term) for total, term in zip(sums, histograms.values())]
            update = group(*adding, name="update_op")
        true, false = (cast(reverse(truediv(s, reduce_sum(s)), [0]), dtypes.float32) for s in sums)
        with name_scope("strict_1d_cumsum"):
            y = cumsum(true)
        first = false[0] * y[0] / 2.0
        return PUBLIC["add"](first, reduce_sum(false[1:] * (y[1:] + y[: nbins - 1]) / 2.0), name="auc"), update
