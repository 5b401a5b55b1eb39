"""Changing parts of a variable: rows by index (`Scatter*`), and slices by multi-dimensional index (`ScatterNd*`)."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import INDEX, NUMERIC
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, op, raw
from pyflow.core.resources import VariableCell
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, brackets
from pyflow.ops.array_joining import concat
from pyflow.ops.gpu import INDEXED, dispatches
from pyflow.ops.gpu_scatter import LARGER, SMALLER, Expression, changed_rows
from pyflow.ops.shape_rules import element_count, merge, text, with_rank_at_least
from pyflow.ops.state import widened

# So many rows take as long one by one as together.
_FEW_ROWS = 12
ORDERED = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64)


# ---------------------------------------------------------------- rows


def check_rows(ref: StaticShape, indices: StaticShape, updates: StaticShape) -> None:
    """Raises ShapeError unless `updates` is a scalar or of shape `indices.shape + ref.shape[1:]`."""
    rows = with_rank_at_least(ref, 1)
    if updates is None or len(updates) == 0:
        return
    if rows is not None and indices is not None:
        try:
            merge(updates, (*indices, *rows[1:]))
        except ShapeError as error:
            raise ShapeError(str(error), at_run=_rows_mismatch(rows, indices, updates)) from None


def _rows_mismatch(ref: StaticShape, indices: StaticShape, updates: StaticShape) -> str:
    return (
        "Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got updates.shape "
        f"{brackets(updates)}, indices.shape {brackets(indices)}, params.shape {brackets(ref)}"
    )


def truncated_quotient(x: Any, y: Any) -> Any:
    """x / y; for integers rounded towards zero."""
    if x.dtype.kind not in "iu":
        return np.divide(x, y)
    quotient, remainder = np.divmod(x, y)
    return quotient + ((remainder != 0) & ((x < 0) != (y < 0))).astype(x.dtype)


def scatter_rows(cell: VariableCell, indices: Any, updates: Any, combine: Callable | None) -> None:
    """`variable[i] = combine(variable[i], update)` for each index in turn; without `combine` just the update.

    Raises:
      InvalidArgumentError: an index is outside of the variable, or the shapes don't fit.
    """
    target = cell.writable()
    indices, updates = np.asarray(indices), np.asarray(updates)
    if target.ndim < 1:
        raise errors.InvalidArgumentError(
            None, None, f"params must be at least 1-D, got shape {brackets(target.shape)}"
        )
    if updates.ndim and updates.shape != indices.shape + target.shape[1:]:
        words = _rows_mismatch(target.shape, indices.shape, updates.shape)
        raise errors.InvalidArgumentError(None, None, words)
    check_indices(indices, target.shape[0])
    flat = indices.reshape(-1)
    if updates.ndim:
        updates = updates.reshape(flat.shape + target.shape[1:])
    _scatter(target, flat, updates, combine)


def check_indices(indices: np.ndarray, limit: int) -> None:
    """Raises InvalidArgumentError when an index is not in [0, limit)."""
    wrong = (indices < 0) | (indices >= limit)
    if wrong.any():
        where = np.argwhere(wrong)[0]
        position = brackets(tuple(where.tolist())) if indices.ndim else ""
        raise errors.InvalidArgumentError(
            None, None, f"indices{position} = {indices[tuple(where)]} is not in [0, {limit})"
        )


def _scatter(target: np.ndarray, indices: np.ndarray, updates: np.ndarray, combine: Callable | None) -> None:
    if combine is None:
        target[indices] = updates
        return
    if target.dtype == dtypes.bfloat16.as_numpy_dtype:
        wide = dtypes.bfloat16_to_float32(target)
        _scatter(wide, indices, widened(updates), combine)
        np.copyto(target, dtypes.float32_to_bfloat16(wide))
        return
    if isinstance(combine, np.ufunc) and target.ndim == 1 and updates.ndim:
        combine.at(target, indices.astype(np.intp, copy=False), updates)
        return
    groups = _rounds(indices)
    for number, chosen in enumerate(groups):
        if number and len(chosen) <= _FEW_ROWS and isinstance(combine, np.ufunc):
            _scatter_one_by_one(target, indices, updates, combine, np.concatenate(groups[number:]))
            return
        rows = indices[chosen]
        target[rows] = combine(target[rows], updates[chosen] if updates.ndim else updates)


def _scatter_one_by_one(
    target: np.ndarray, indices: np.ndarray, updates: np.ndarray, combine: np.ufunc, positions: np.ndarray
) -> None:
    """What is left when every row but a few has had its updates: one index, say, that comes many times."""
    for position, index in zip(positions.tolist(), indices[positions].tolist()):
        row = target[index, ...]
        combine(row, updates[position] if updates.ndim else updates, out=row)


def _rounds(indices: np.ndarray) -> list[Any]:
    """Positions in `indices`, in groups within which no index occurs twice: first all first occurrences, and so on."""
    order = np.argsort(indices, kind="stable")
    ordered = indices[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if len(ordered) else ordered
    if len(starts) == len(indices):
        return [slice(None)]
    occurrence = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.append(starts, len(ordered))))
    by_occurrence = order[np.argsort(occurrence, kind="stable")]
    return np.split(by_occurrence, np.cumsum(np.bincount(occurrence))[:-1])


def _row_shape(ref: StaticShape, indices: StaticShape, updates: StaticShape) -> StaticShape:
    check_rows(ref, indices, updates)
    return ref


def _define_rows(
    kind: str, types: tuple, combine: Callable | None, what: str, locking: bool, gpu: Expression
) -> Any:
    def cpu(ref, indices, updates):
        scatter_rows(ref, indices, updates, combine)
        return ref

    body = {"__doc__": what, "shape": _row_shape, "cpu": cpu, "grad": NOT_DIFFERENTIABLE, "__module__": __name__}
    body["gpu"] = dispatches(changed_rows(gpu, check_indices), types=INDEXED)
    signature = f"Scatter{kind}(ref: Ref(T), indices: Tindices, updates: T) -> (output_ref: Ref(T))"
    return op(signature, T=types, Tindices=INDEX, use_locking=locking)(type(f"Scatter{kind}", (), body))


ScatterUpdate = _define_rows("Update", dtypes.ANY, None, "Replaces rows.", True, "b")
ScatterAdd = _define_rows("Add", NUMERIC, np.add, "Adds to rows.", False, "a + b")
ScatterSub = _define_rows("Sub", NUMERIC, np.subtract, "Subtracts from rows.", False, "a - b")
ScatterMul = _define_rows("Mul", NUMERIC, np.multiply, "Multiplies rows.", False, "a * b")
ScatterDiv = _define_rows("Div", NUMERIC, truncated_quotient, "Divides rows.", False, "a / b")
ScatterMin = _define_rows("Min", ORDERED, np.minimum, "The smaller of rows and updates.", False, SMALLER)
ScatterMax = _define_rows("Max", ORDERED, np.maximum, "The larger of rows and updates.", False, LARGER)


# ---------------------------------------------------------------- slices


def check_slices(ref: StaticShape, indices: StaticShape, updates: StaticShape) -> None:
    """The shape rule of ScatterNd: `updates.shape = indices.shape[:-1] + ref.shape[indices.shape[-1]:]`.

    Raises:
      ShapeError: they cannot be so.
    """
    indices, updates = with_rank_at_least(indices, 1), with_rank_at_least(updates, 1)
    if element_count(ref) == 0 and any((element_count(s) or 0) > 0 for s in (indices, updates)):
        raise ShapeError("Indices and updates specified for empty output shape")
    if indices is None or updates is None or indices[-1] is None:
        return
    outer, depth = len(indices) - 1, indices[-1]
    try:
        merge(indices[:-1], updates[:outer])
    except ShapeError as error:
        raise ShapeError(
            f"The outer {outer} dimensions of indices.shape={text(indices)} must match the outer {outer} dimensions of "
            f"updates.shape={text(updates)}: {error}",
            _slices_mismatch(ref, indices, updates),
        ) from None
    if ref is None:
        return
    try:
        merge(ref[depth:], updates[outer:])
    except ShapeError as error:
        raise ShapeError(
            f"The inner {len(ref) - depth} dimensions of input.shape={text(ref)} must match the inner "
            f"{len(updates) - outer} dimensions of updates.shape={text(updates)}: {error}",
            _slices_mismatch(ref, indices, updates),
        ) from None


def _slices_mismatch(ref: StaticShape, indices: StaticShape, updates: StaticShape) -> str:
    """The words of TensorFlow's kernel for shapes that don't fit."""
    if indices is None or updates is None or ref is None:
        return ""
    if updates[:1] != indices[:1] and len(indices) > 1:
        return (
            "The outermost dimension of updates and indices must match. Got indices.shape "
            f"{brackets(indices)}, updates.shape {brackets(updates)}"
        )
    return (
        "Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got updates.shape: "
        f"{brackets(updates)}, indices.shape: {brackets(indices)}, params_shape: {brackets(ref)}, "
        f"slice_dim: {indices[-1]}, and batch_dim: {len(indices) - 1}"
    )


def scatter_slices(cell: VariableCell, indices: Any, updates: Any, combine: Callable | None) -> None:
    """`scatter_rows` for indices [..., depth] into the first `depth` dimensions.

    Raises:
      InvalidArgumentError: an index is outside of the variable, or the shapes don't fit.
    """
    target = cell.writable()
    indices, updates = np.asarray(indices), np.asarray(updates)
    depth, outer = indices.shape[-1], indices.shape[:-1]
    if depth > target.ndim or updates.shape != outer + target.shape[depth:]:
        words = _slices_mismatch(target.shape, indices.shape, updates.shape)
        raise errors.InvalidArgumentError(None, None, words)
    sizes = target.shape[:depth]
    check_nd_indices(indices, target.shape, "shape")
    table = target.reshape(int(np.prod(sizes, dtype=np.int64)), *target.shape[depth:])
    flat = indices.reshape(-1, depth)
    rows = np.ravel_multi_index(tuple(flat.T), sizes) if depth else np.zeros(len(flat), np.int64)
    _scatter(table, rows, updates.reshape(len(flat), *target.shape[depth:]), combine)


def check_nd_indices(indices: np.ndarray, shape: tuple[int, ...], noun: str) -> None:
    """Raises InvalidArgumentError when an index vector of `indices` [..., depth] lies outside of `shape`."""
    wrong = ((indices < 0) | (indices >= np.array(shape[: indices.shape[-1]], np.int64))).any(axis=-1)
    if wrong.any():
        where = tuple(np.argwhere(wrong)[0].tolist())
        position = brackets(where) if where else ""
        index = ", ".join(str(i) for i in indices[where])
        raise errors.InvalidArgumentError(
            None, None, f"indices{position} = [{index}] does not index into {noun} {brackets(shape)}"
        )


def check_slice_indices(indices: np.ndarray, shape: tuple[int, ...]) -> None:
    check_nd_indices(indices, shape, "shape")


def _slice_shape(ref: StaticShape, indices: StaticShape, updates: StaticShape) -> StaticShape:
    check_slices(ref, indices, updates)
    return ref


def _define_slices(
    kind: str, types: tuple, combine: Callable | None, what: str, locking: bool, gpu: Expression
) -> Any:
    def cpu(ref, indices, updates):
        scatter_slices(ref, indices, updates, combine)
        return ref

    body = {"__doc__": what, "shape": _slice_shape, "cpu": cpu, "grad": NOT_DIFFERENTIABLE, "__module__": __name__}
    body["gpu"] = dispatches(changed_rows(gpu, check_slice_indices, depth=True), types=INDEXED)
    signature = f"ScatterNd{kind}(ref: Ref(T), indices: Tindices, updates: T) -> (output_ref: Ref(T))"
    return op(signature, T=types, Tindices=INDEX, use_locking=locking)(type(f"ScatterNd{kind}", (), body))


ScatterNdUpdate = _define_slices("Update", dtypes.ANY, None, "Replaces slices.", True, "b")
ScatterNdAdd = _define_slices("Add", NUMERIC, np.add, "Adds to slices.", False, "a + b")
ScatterNdSub = _define_slices("Sub", NUMERIC, np.subtract, "Subtracts from slices.", False, "a - b")


# ---------------------------------------------------------------- public functions


def _define_public(name: str, op_type: str, locking: bool) -> Any:
    def scatter(ref: Any, indices: Any, updates: Any, use_locking: bool = locking, name: str | None = None) -> Any:
        if ref.dtype._is_ref_dtype:
            return getattr(raw, op_type)(ref, indices, updates, use_locking=use_locking, name=name)
        updates = convert_to_tensor(updates, ref.dtype)
        return ref._lazy_read(getattr(raw, "Resource" + op_type)(ref.handle, indices, updates, name=name))

    scatter.__name__ = scatter.__qualname__ = name
    scatter.__doc__ = f"`{op_type}` on a variable; gives the variable after that."
    return export(name)(scatter)


scatter_update = _define_public("scatter_update", "ScatterUpdate", True)
scatter_add = _define_public("scatter_add", "ScatterAdd", False)
scatter_sub = _define_public("scatter_sub", "ScatterSub", False)
scatter_mul = _define_public("scatter_mul", "ScatterMul", False)
scatter_div = _define_public("scatter_div", "ScatterDiv", False)
scatter_min = _define_public("scatter_min", "ScatterMin", False)
scatter_max = _define_public("scatter_max", "ScatterMax", False)
scatter_nd_update = _define_public("scatter_nd_update", "ScatterNdUpdate", True)
scatter_nd_add = _define_public("scatter_nd_add", "ScatterNdAdd", False)
scatter_nd_sub = _define_public("scatter_nd_sub", "ScatterNdSub", False)


@export("batch_scatter_update")
def batch_scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Replaces slices of a variable, one index per position of all dimensions but the last of `indices`.

    Args:
      ref: a variable of shape [b1, ..., bn, d, ...].
      indices: int, [b1, ..., bn, k].
      updates: [b1, ..., bn, k, ...].

    Raises:
      ValueError: the rank of `indices` isn't known.
    """
    with name_scope(name):
        indices = convert_to_tensor(indices, name="indices")
        sizes = raw.Shape(indices)
        rank = indices.get_shape().ndims
        if rank is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        last = raw.ExpandDims(indices, -1)
        parts = []
        for dimension in range(rank - 1):
            shape: list[Any] = [1] * (rank + 1)
            shape[dimension] = sizes[dimension]
            positions = raw.Reshape(raw.Range(0, sizes[dimension], 1), shape)
            if positions.dtype.base_dtype != last.dtype:
                positions = raw.Cast(positions, last.dtype)
            parts.append(positions * raw.OnesLike(last))
        parts.append(last)
        return scatter_nd_update(ref, concat(parts, axis=-1), updates, use_locking=use_locking)
