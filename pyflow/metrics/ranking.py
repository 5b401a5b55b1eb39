"""How good the k highest predictions are: precision, recall and average precision at k."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.dtypes import float64, int64
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.sparse_tensor import SparseTensor, SparseTensorValue, convert_to_tensor_or_sparse_tensor
from pyflow.metrics.streaming import metric_variable, published, value_of
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_filling import fill, ones_like, zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import rank, size
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_slicing import slice_ as sliced
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, greater_equal
from pyflow.ops.cond import cond
from pyflow.ops.cumulative import cumsum
from pyflow.ops.division import div, div_no_nan
from pyflow.ops.math_binary import add, minimum, multiply
from pyflow.ops.nn_top_k import top_k
from pyflow.ops.reduce import reduced_shape
from pyflow.ops.reduce_functions import reduce_max, reduce_sum
from pyflow.ops.sets import set_difference, set_intersection, set_size
from pyflow.ops.sparse_reordering import sparse_reshape
from pyflow.ops.sparse_rows import sparse_retain
from pyflow.ops.sparse_slicing import sparse_concat
from pyflow.ops.state import assign_add
from pyflow.ops.weights_broadcasting import assert_broadcastable, broadcast_weights


def _at_k(name: str, k: Any = None, class_id: Any = None) -> str:
    name = f"{name}_at_k" if k is None else f"{name}_at_{int(k)}"
    return name if class_id is None else f"{name}_class{int(class_id)}"


def _with_label_sets(labels: Any, predictions: Any) -> Any:
    """Labels as sets along a last dimension, as predictions are."""
    with name_scope(None, "expand_labels", (labels, predictions)) as scope:
        labels = convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, SparseTensor):
            return cond(
                equal(rank(predictions), size(labels.dense_shape) + 1),
                lambda: sparse_reshape(labels, shape=concat((labels.dense_shape, (1,)), 0), name=scope),
                lambda: labels,
            )
        own, other = labels.get_shape().ndims, predictions.get_shape().ndims
        if own is not None and other is not None:
            if other == own:
                return labels
            if other == own + 1:
                return expand_dims(labels, -1, name=scope)
            raise ValueError(
                f"Unexpected labels shape {labels.get_shape()} for predictions shape {predictions.get_shape()}."
            )
        is_one_less = equal(rank(predictions), rank(labels) + 1)
        return cond(is_one_less, lambda: expand_dims(labels, -1, name=scope), lambda: labels)


def _only_class(ids: Any, class_id: int) -> Any:
    ids = convert_to_tensor_or_sparse_tensor(ids)
    if isinstance(ids, SparseTensor):
        return sparse_retain(ids, equal(ids.values, class_id))
    shape = shape_of(ids, out_type=int64)
    last = size(shape) - 1
    filled = fill(reduced_shape(shape, reshape(last, [1])), cast(class_id, int64))
    found = set_intersection(filled, ids)
    return SparseTensor(indices=found.indices, values=found.values, dense_shape=shape)


# The counts, by the sets they are the sizes of.
_SETS: dict[str, Callable[[Any, Any], Any]] = {
    "true_positive": lambda predicted, labels: set_intersection(predicted, labels),
    "false_negative": lambda predicted, labels: set_difference(predicted, labels, aminusb=False),
    "false_positive": lambda predicted, labels: set_difference(predicted, labels, aminusb=True),
}


def _sizes(kind: str, labels: Any, ids: Any, class_id: Any = None, weights: Any = None, name: Any = None) -> Any:
    """How many ids are in both, or in one of, the labels and predictions of each example: float64."""
    with name_scope(name, f"{kind}s", (ids, labels, weights)):
        if class_id is not None:
            labels, ids = _only_class(labels, class_id), _only_class(ids, class_id)
        sizes = cast(set_size(_SETS[kind](ids, labels)), float64)
        if weights is not None:
            with control_dependencies((assert_broadcastable(weights, sizes),)):
                weights = cast(weights, float64)
                sizes = multiply(sizes, weights)
        return sizes


def _counted(kind: str, labels: Any, ids: Any, k: Any, class_id: Any, weights: Any) -> tuple[Any, Any]:
    with name_scope(None, _at_k(kind, k, class_id), (ids, labels, weights)) as scope:
        sizes = _sizes(kind, labels, ids, class_id, weights)
        total = cast(reduce_sum(sizes), float64)
        variable = metric_variable([], float64, name=scope)
        return variable, assign_add(variable, total, name="update")


def _part_at_top_k(
    what: str, other: str, labels: Any, ids: Any, k: Any, class_id: Any, weights: Any, metrics_collections: Any,
    updates_collections: Any, name: Any,
) -> tuple[Any, Any]:  # fmt: skip
    with name_scope(name, _at_k(what, k, class_id), (ids, labels, weights)) as scope:
        labels = _with_label_sets(labels, ids)
        ids = cast(ids, int64)
        hits, add_hits = _counted("true_positive", labels, ids, k, class_id, weights)
        misses, add_misses = _counted(other, labels, ids, k, class_id, weights)
        value = value_of(metrics_collections, lambda: div(hits, add(hits, misses), name=scope))
        return published(value, div(add_hits, add(add_hits, add_misses), name="update"), updates_collections)


@export("metrics.precision_at_top_k")
def precision_at_top_k(
    labels: Any, predictions_idx: Any, k: int | None = None, class_id: int | None = None, weights: Any = None,
    metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """As `precision_at_k`, of the numbers of the predicted classes, [..., k]."""
    return _part_at_top_k(
        "precision", "false_positive", labels, predictions_idx, k, class_id, weights, metrics_collections,
        updates_collections, name,
    )  # fmt: skip


@export("metrics.recall_at_top_k")
def recall_at_top_k(
    labels: Any, predictions_idx: Any, k: int | None = None, class_id: int | None = None, weights: Any = None,
    metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """As `recall_at_k`, of the numbers of the predicted classes, [..., k]."""
    return _part_at_top_k(
        "recall", "false_negative", labels, predictions_idx, k, class_id, weights, metrics_collections,
        updates_collections, name,
    )  # fmt: skip


@export("metrics.precision_at_k")
def precision_at_k(
    labels: Any, predictions: Any, k: int, class_id: int | None = None, weights: Any = None,
    metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the k classes with the highest predictions that are among the labels.

    Args:
      labels: int64 tensor or SparseTensor [..., labels of an example], or [...] for one label each.
      predictions: [..., classes].
      class_id: the only class that is looked at.

    Returns:
      (value, update), as of `mean`.
    """
    with name_scope(name, _at_k("precision", k, class_id), (predictions, labels, weights)) as scope:
        _, ids = top_k(predictions, k)
        return precision_at_top_k(labels, ids, k, class_id, weights, metrics_collections, updates_collections, scope)


@export("metrics.recall_at_k")
def recall_at_k(
    labels: Any, predictions: Any, k: int, class_id: int | None = None, weights: Any = None,
    metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the labels that are among the k classes with the highest predictions; as `precision_at_k`."""
    with name_scope(name, _at_k("recall", k, class_id), (predictions, labels, weights)) as scope:
        _, ids = top_k(predictions, k)
        return recall_at_top_k(labels, ids, k, class_id, weights, metrics_collections, updates_collections, scope)


@export("metrics.sparse_precision_at_k")
def sparse_precision_at_k(
    labels: Any, predictions: Any, k: int, class_id: int | None = None, weights: Any = None,
    metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The old name of `precision_at_k`."""
    return precision_at_k(labels, predictions, k, class_id, weights, metrics_collections, updates_collections, name)


def _repeated(tensor: Any, multiple: int, dim: int, name: str) -> Any:
    """The tensor with a new dimension `dim`, negative, along which it is repeated."""
    with name_scope(name, "expand_and_tile", (tensor, multiple, dim)) as scope:
        tensor = convert_to_tensor_or_sparse_tensor(tensor)
        if isinstance(tensor, SparseTensor):
            place = reshape(size(tensor.dense_shape) + dim, [1])
            before, after = sliced(tensor.dense_shape, [0], place), sliced(tensor.dense_shape, place, [-1])
            shape = concat((before, [1], after), 0, name="expanded_shape")
            expanded = sparse_reshape(tensor, shape=shape, name="expand")
            return expanded if multiple == 1 else sparse_concat(dim - 1, [expanded] * multiple, name=scope)
        expanded = expand_dims(tensor, dim - 1, name="expand")
        if multiple == 1:
            return expanded
        single = ones_like(shape_of(tensor))
        multiples = concat((single[:dim], (multiple,), single[dim:]), 0, name="multiples")
        return tile(expanded, multiples, name=scope)


def _most_hits(labels: Any, k: int) -> Any:
    if k < 1:
        raise ValueError(f"Invalid k={k}.")
    with name_scope(None, "num_relevant", (labels,)) as scope:
        labels = convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, SparseTensor):
            return minimum(set_size(labels), k, name=scope)
        present = where_v2(greater_equal(labels, 0), ones_like(labels), zeros_like(labels))
        return minimum(reduce_sum(present, axis=-1), k, name=scope)


def _average_precisions(labels: Any, ids: Any) -> Any:
    """The average precision of each example: the mean, over its labels, of the precision at their ranks."""
    with name_scope(None, "average_precision", (ids, labels)) as scope:
        ids = cast(ids, int64, name="predictions_idx")
        if ids.get_shape().ndims == 0:
            raise ValueError("The rank of predictions_idx must be at least 1.")
        k = ids.get_shape().as_list()[-1]
        if k is None:
            raise ValueError("The last dimension of predictions_idx must be set.")
        labels = _with_label_sets(labels, ids)
        ids_per_k = expand_dims(ids, -1, name="predictions_idx_per_k")
        labels_per_k = _repeated(labels, k, -1, "labels_per_k")
        hits = _sizes("true_positive", labels_per_k, ids_per_k, name="relevant_per_k")
        hits_so_far = cumsum(hits, axis=-1, name="tp_per_k")
        ranks = cumsum(ones_like(hits), axis=-1, name="retrieved_per_k")
        precisions = div(cast(hits_so_far, float64), cast(ranks, float64), name="precision_per_k")
        precisions_of_hits = multiply(precisions, cast(hits, float64), name="relevant_precision_per_k")
        total = reduce_sum(precisions_of_hits, axis=(-1,), name="precision_sum")
        return div(total, cast(_most_hits(labels, k), float64), name=scope)


def average_precision_at_top_k(
    labels: Any, predictions_idx: Any, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """As `average_precision_at_k`, of the numbers of the predicted classes, [..., k]."""
    with name_scope(name, "average_precision_at_top_k", (predictions_idx, labels, weights)) as scope:
        precisions = _average_precisions(labels, predictions_idx)
        if weights is not None:
            weights = broadcast_weights(cast(weights, float64), precisions)
            precisions = multiply(precisions, weights)
        with name_scope(None, "max", (precisions,)) as max_scope:
            count = metric_variable([], float64, name=max_scope)
            if weights is None:
                batch_max = cast(size(precisions, name="batch_max"), float64)
            else:
                batch_max = reduce_sum(weights, name="batch_max")
            add_count = assign_add(count, batch_max, name="update")
        with name_scope(None, "total", (precisions,)) as total_scope:
            total = metric_variable([], float64, name=total_scope)
            add_total = assign_add(total, reduce_sum(precisions, name="batch_total"), name="update")
        value = value_of(metrics_collections, lambda: div_no_nan(total, count, name="mean"))
        return published(value, div_no_nan(add_total, add_count, name=scope), updates_collections)


def _in_range(labels: Any, num_classes: Any) -> Any:
    """The labels, with -1 for those that are no class."""

    def cleaned(values: Any) -> Any:
        return where_v2(greater_equal(values, num_classes), -1 * ones_like(values), values)

    def all_cleaned() -> Any:
        if isinstance(labels, (SparseTensor, SparseTensorValue)):
            return type(labels)(indices=labels.indices, values=cleaned(labels.values), dense_shape=labels.dense_shape)
        return cleaned(labels)

    largest = reduce_max(labels.values if isinstance(labels, (SparseTensor, SparseTensorValue)) else labels)
    return cond(greater_equal(largest, num_classes), all_cleaned, lambda: labels)


@export("metrics.average_precision_at_k")
def average_precision_at_k(
    labels: Any, predictions: Any, k: int, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The mean of the average precisions of the k classes with the highest predictions; as `precision_at_k`."""
    if k < 1:
        raise ValueError(f"Invalid k={k}.")
    with name_scope(name, _at_k("average_precision", k), (predictions, labels, weights)) as scope:
        _, ids = top_k(predictions, k)
        labels = _in_range(labels, cast(shape_of(predictions)[-1], int64))
        return average_precision_at_top_k(labels, ids, weights, metrics_collections, updates_collections, scope)


@export("metrics.sparse_average_precision_at_k")
def sparse_average_precision_at_k(
    labels: Any, predictions: Any, k: int, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The old name of `average_precision_at_k`."""
    return average_precision_at_k(labels, predictions, k, weights, metrics_collections, updates_collections, name)
