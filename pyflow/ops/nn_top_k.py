"""The largest elements of rows, whether a class is among them, and sorting."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.dtypes import INDEX, REAL, int32, int64
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops import gpu_search
from pyflow.ops.gpu import INDEXED, dispatches
from pyflow.ops.shape_rules import merge_dim, text, with_rank


def _with_columns(shape: StaticShape, words: str) -> StaticShape:
    if shape == ():
        raise ShapeError("Shape must be at least rank 1 but is rank 0", at_run=f"{words} must be >= 1-D, got shape []")
    return shape


def _count(value: Any, shape: StaticShape, at_run: str) -> int | None:
    if shape is not None and len(shape):
        raise ShapeError(
            f"Input must be scalar but has rank {len(shape)}",
            at_run=f"{at_run} must be scalar, got shape {text(shape)}",
        )
    if value is None:
        return None
    if value < 0:
        raise ShapeError(
            f"Dimension size, given by scalar input 1, must be non-negative but is {value}",
            at_run=f"Need {at_run.lower()} >= 0, got {value}",
        )
    return int(value)


def _top_shapes(input: StaticShape, k: int | None) -> list[StaticShape]:
    if input is None:
        return [None, None]
    last = input[-1]
    if last is not None and k is not None and last < k:
        raise ShapeError(
            f"input must have last dimension >= k = {k} but is {last}",
            at_run=f"input must have at least k columns. Had {last}, needed {k}",
        )
    return [(*input[:-1], k)] * 2


def _ranks(rows: np.ndarray) -> np.ndarray:
    """Numbers that grow with the elements of `rows` and can be negated without overflow; NaN is the lowest but -inf."""
    kind = rows.dtype.kind
    if kind == "f":
        return np.where(np.isnan(rows), -np.finfo(rows.dtype).max, rows) if np.isnan(rows).any() else rows
    if rows.dtype == np.uint64:
        return (rows ^ np.uint64(1 << 63)).view(np.int64)
    return rows.astype(np.int64)


def _top(rows: np.ndarray, k: int) -> np.ndarray:
    """The indices of the k largest elements along the last dimension, largest first, of equals the earlier first."""
    ranks = _ranks(rows)
    # Bitwise complement reverses the order of integers, where negation would overflow.
    ranks = -ranks if ranks.dtype.kind == "f" else ~ranks
    columns = rows.shape[-1]
    if k == 1 and columns:
        return np.argmin(ranks, -1)[..., None]
    if 8 * k >= columns or ranks.ndim != 2:
        return np.argsort(ranks, -1, kind="stable")[..., :k]
    # Only what is no larger than the k-th smallest can be among the first k; a partition finds that in linear time.
    bounds = np.partition(ranks, k - 1, -1)[:, k - 1 : k]
    result = np.empty((len(rows), k), np.int64)
    for i, candidates in enumerate(ranks <= bounds):
        places = np.flatnonzero(candidates)
        result[i] = places[np.argsort(ranks[i, places], kind="stable")[:k]]
    return result


def _top_values(input: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    if input.ndim == 0:
        raise InvalidArgumentError(None, None, "input must be >= 1-D, got shape []")
    if k < 0:
        raise InvalidArgumentError(None, None, f"Need k >= 0, got {k}")
    columns = input.shape[-1]
    if columns < k:
        raise InvalidArgumentError(None, None, f"input must have at least k columns. Had {columns}, needed {k}")
    rows = input.reshape(int(np.prod(input.shape[:-1])), columns)
    indices = _top(rows, k) if k and rows.size else np.zeros((len(rows), k), np.int64)
    shape = (*input.shape[:-1], k)
    return np.take_along_axis(rows, indices, -1).reshape(shape), indices.astype(np.int32).reshape(shape)


def _top_gradient(op: Any, grad: Tensor, _: Any) -> list:
    """Each gradient goes to the place that its value came from."""
    from pyflow.ops.array import expand_dims, reshape
    from pyflow.ops.array_filling import zeros
    from pyflow.ops.array_gather import gather
    from pyflow.ops.array_joining import stack
    from pyflow.ops.array_scatter import scatter_nd
    from pyflow.ops.array_shape import shape, size
    from pyflow.ops.cast import cast
    from pyflow.ops.ranges import range
    from pyflow.ops.reduce_functions import reduce_prod

    in_shape, ind_shape = shape(op.inputs[0]), shape(op.outputs[1])
    width = gather(cast(ind_shape, int64), size(ind_shape) - 1)
    rows = reshape(op.outputs[1], stack([-1, width]))
    columns = gather(cast(in_shape, int64), size(in_shape) - 1)
    count = shape(rows)[0]
    starts = cast(expand_dims(range(0, cast(count, int64) * columns, columns), -1), int32)
    places = reshape(rows + starts, [-1])
    scattered = scatter_nd(expand_dims(places, -1), reshape(grad, [-1]), [reduce_prod(in_shape)])
    gradients = [reshape(scattered, in_shape), zeros([], dtype=int32)]
    return gradients[: len(op.inputs)]


def _top_reference(x: np.ndarray, k: Any = 2) -> tuple[np.ndarray, np.ndarray]:
    indices = np.argsort(-x, -1, kind="stable")[..., : int(k)]
    return np.take_along_axis(x, indices, -1), indices


@op("TopK(input: T) -> (values: T, indices: int32)", k=attr("int", minimum=0), sorted=True, T=REAL)
class TopK:
    """The k largest elements along the last dimension and their places; kept for graphs of old."""

    def shape(input, k):
        return _top_shapes(_with_columns(input, "input"), k)

    def cpu(input, k):
        return _top_values(input, k)

    grad = _top_gradient
    gpu = dispatches(gpu_search.top_k, types=INDEXED)
    samples = [sample([[1.0, 5.0, 3.0], [6.0, 2.0, 4.0]], k=2, reference=_top_reference)]


@op("TopKV2(input: T, k: int32) -> (values: T, indices: int32)", sorted=True, T=REAL)
class TopKV2:
    """The k largest elements along the last dimension and their places, largest first, of equals the earlier first."""

    def shape(input, k, k_value):
        return _top_shapes(_with_columns(input, "input"), _count(k_value, k, "k"))

    def cpu(input, k):
        if k.ndim:
            raise InvalidArgumentError(None, None, f"k must be scalar, got shape {text(k.shape)}")
        return _top_values(input, int(k))

    grad = _top_gradient
    gpu = dispatches(gpu_search.top_k, types=INDEXED)
    samples = [sample([[1.0, 5.0, 3.0], [6.0, 2.0, 4.0]], np.int32(2), reference=_top_reference)]


@export("nn.top_k", "math.top_k")
def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> Any:
    """The k largest elements along the last dimension.

    Args:
      input: real numbers; shape [..., n] with n >= k.
      k: a number or scalar int32 tensor.
      sorted: whether the order of the result matters; it is from large to small in any case.

    Returns:
      (values, indices), both of shape [..., k], indices int32; of equal elements the earlier comes first.
    """
    return TopKV2(input, k=k, sorted=sorted, name=name)


def _check_in_top_k(predictions: StaticShape, targets: StaticShape) -> StaticShape:
    try:
        rows, _ = with_rank(predictions, 2)
    except ShapeError as error:
        raise ShapeError(str(error), at_run="predictions must be 2-dimensional") from None
    try:
        (count,) = with_rank(targets, 1)
    except ShapeError as error:
        raise ShapeError(str(error), at_run="targets must be 1-dimensional") from None
    try:
        return (merge_dim(rows, count),)
    except ShapeError as error:
        words = f"First dimension of predictions {rows} must match length of targets {count}"
        raise ShapeError(str(error), at_run=words) from None


def _in_top_k(predictions: np.ndarray, targets: np.ndarray, k: int, out: np.ndarray) -> None:
    classes = predictions.shape[1]
    valid = (targets >= 0) & (targets < classes)
    if not classes:
        out.fill(False)
        return
    scores = predictions[np.arange(len(targets)), np.where(valid, targets, 0)]
    # Infinities and NaN have no place in an order by size: a row with one above the target's score is out.
    larger = (predictions > scores[:, None]).sum(1)
    strange = (~np.isfinite(predictions)).any(1)
    np.copyto(out, valid & ~strange & (larger < k))


def _in_top_reference(predictions: np.ndarray, targets: np.ndarray, k: Any = 2) -> np.ndarray:
    return np.array([t in np.argsort(-row, kind="stable")[: int(k)] for row, t in zip(predictions, targets)])


@op("InTopK(predictions: float, targets: T) -> (precision: bool)", k=attr("int"), T=one_of(INDEX, default=int32))
class InTopK:
    """Whether the target class [batch] is among the k best of predictions [batch, classes], ties included."""

    def shape(predictions, targets):
        return _check_in_top_k(predictions, targets)

    def cpu(predictions, targets, k, out):
        _in_top_k(predictions, targets, k, out)

    grad = NOT_DIFFERENTIABLE
    gpu = dispatches(gpu_search.in_top_k, types=INDEXED)
    samples = [
        sample(
            np.array([[0.1, 0.5, 0.2], [0.3, 0.2, 0.7]], np.float32),
            [2, 1],
            k=2,
            grad=False,
            reference=_in_top_reference,
        )
    ]


@op("InTopKV2(predictions: float, targets: T, k: T) -> (precision: bool)", T=one_of(INDEX, default=int32))
class InTopKV2:
    """Whether the target class [batch] is among the k best of predictions [batch, classes], ties included."""

    def shape(predictions, targets, k):
        with_rank(k, 0)
        return _check_in_top_k(predictions, targets)

    def cpu(predictions, targets, k, out):
        _in_top_k(predictions, targets, int(k), out)

    grad = NOT_DIFFERENTIABLE
    gpu = dispatches(gpu_search.in_top_k, types=INDEXED)
    samples = [
        sample(
            np.array([[0.1, 0.5, 0.2], [0.3, 0.2, 0.7]], np.float32),
            np.array([2, 1], np.int32),
            np.int32(2),
            grad=False,
            reference=_in_top_reference,
        )
    ]


@export("nn.in_top_k", "math.in_top_k")
def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Whether the target class is among the k with the best predictions; classes that tie with the k-th all are.

    Args:
      predictions: float32, shape [batch, classes].
      targets: class numbers, int32 or int64, shape [batch].
      k: a number.

    Returns:
      bool, shape [batch]; False where the target is no class or the predictions of the row are not all finite.
    """
    with name_scope(name, "in_top_k"):
        return InTopKV2(predictions, targets, k, name=name)


@op("NthElement(input: T, n: int32) -> (values: T)", reverse=False, T=REAL)
class NthElement:
    """The element that would stand at place n, were the last dimension sorted (downwards, if `reverse`)."""

    def shape(input, n, n_value):
        input = _with_columns(input, "Input")
        place = _count(n_value, n, "N")
        if input is None:
            return None
        if place is not None and input[-1] is not None and input[-1] <= place:
            raise ShapeError(
                f"Input must have last dimension > n = {place} but is {input[-1]}",
                at_run="Input must have at least n+1 columns",
            )
        return input[:-1]

    def cpu(input, n, reverse):
        if n.ndim:
            raise InvalidArgumentError(None, None, f"N must be scalar, got shape {text(n.shape)}")
        if n < 0:
            raise InvalidArgumentError(None, None, f"Need n >= 0, got {n}")
        if not input.ndim:
            raise InvalidArgumentError(None, None, "Input must be >= 1-D, got shape []")
        columns = input.shape[-1]
        if columns <= n:
            raise InvalidArgumentError(None, None, "Input must have at least n+1 columns")
        place = columns - 1 - int(n) if reverse else int(n)
        return np.asarray(np.partition(input, place, -1)[..., place])

    def grad(op, grad):
        """Shared in equal parts among all elements of that value."""
        from pyflow.ops.array import expand_dims
        from pyflow.ops.cast import cast
        from pyflow.ops.comparison import equal
        from pyflow.ops.division import div
        from pyflow.ops.reduce_functions import reduce_sum

        indicators = cast(equal(expand_dims(op.outputs[0], -1), op.inputs[0]), grad.dtype)
        grad = expand_dims(grad, -1)
        selected = expand_dims(reduce_sum(indicators, -1), -1)
        return [div(indicators, selected) * grad, None]

    samples = [
        sample([[1.0, 5.0, 3.0], [6.0, 2.0, 4.0]], np.int32(1), reference=lambda x, n: np.sort(x, -1)[..., int(n)])
    ]


def nth_element(input: Any, n: Any, reverse: bool = False, name: str | None = None) -> Tensor:
    """The n-th smallest (or largest, if `reverse`) element along the last dimension, counted from 0."""
    return NthElement(input, n, reverse=reverse, name=name)


@export("sort")
def sort(values: Any, axis: Any = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """The values sorted along an axis.

    Args:
      axis: a constant int.
      direction: "ASCENDING" or "DESCENDING".

    Raises:
      ValueError: `axis` is no constant scalar, or the direction another word.
    """
    with name_scope(name, "sort"):
        return _sorted(values, axis, direction, False)


@export("argsort")
def argsort(
    values: Any, axis: Any = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Tensor:
    """The int32 indices that sort the values along an axis; of equal values the earlier comes first in any case.

    Args:
      axis: a constant int.
      direction: "ASCENDING" or "DESCENDING".

    Raises:
      ValueError: `axis` is no constant scalar, or the direction another word.
    """
    with name_scope(name, "argsort"):
        return _sorted(values, axis, direction, True)


def _sorted(values: Any, axis: Any, direction: str, indices: bool) -> Tensor:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"{direction} should be one of ASCENDING, DESCENDING")
    axis = convert_to_tensor(axis, name="axis")
    static_axis = constant_value(axis)
    if axis.shape.ndims != 0 or static_axis is None:
        raise ValueError("axis must be a constant scalar")
    values = convert_to_tensor(values, name="values")
    if direction == "DESCENDING":
        return _sorted_down(values, int(static_axis), indices)
    result = _sorted_down(-values, int(static_axis), indices)
    return result if indices else -result


def _sorted_down(values: Tensor, axis: int, indices: bool) -> Tensor:
    from pyflow.ops.array import transpose
    from pyflow.ops.array_shape import rank, shape

    size = shape(values)[axis]
    ndims = rank(values)
    last = axis == -1 or (values._rank is not None and axis + 1 == values._rank)
    swap = None if last else _swap_with_last(values._rank, ndims, axis)
    top = top_k(values if swap is None else transpose(values, swap), size)
    result = top.indices if indices else top.values
    return result if swap is None else transpose(result, swap)


def _swap_with_last(static_rank: int | None, ndims: Tensor, axis: Any) -> Tensor:
    from pyflow.ops.array_joining import concat
    from pyflow.ops.constant import constant
    from pyflow.ops.ranges import range

    if axis < 0:
        axis += ndims if static_rank is None else static_rank
    if static_rank is None:
        return concat([range(axis), [ndims - 1], range(axis + 1, ndims - 1), [axis]], 0)
    order = np.arange(static_rank)
    order[[axis, -1]] = order[[-1, axis]]
    return constant(order, name="transposition")
