"""Ops on rows of different lengths, which stand one after the other and are told apart by where they split."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, one_of, op, raw, sample
from pyflow.ops.shape_rules import with_rank, with_rank_at_least

SPLITS = one_of(dtypes.INDEX, default=dtypes.int64)


def splits_of(lengths: np.ndarray, dtype: Any) -> np.ndarray:
    """[rows + 1] of the lengths of rows."""
    splits = np.zeros(len(lengths) + 1, dtype)
    np.cumsum(lengths, out=splits[1:])
    return splits


def places_of(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Where the values of rows are that start there."""
    lengths = lengths.astype(np.intp, copy=False)  # what numpy repeats by: 32 bits in a browser's tab
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total)


def _refuse(message: str) -> None:
    raise InvalidArgumentError(None, None, message)


def _broadcast_rows(*shapes: Any) -> int | None:
    sizes = []
    for shape in shapes:
        if shape is not None and len(shape) > 1:
            raise ShapeError(f"Shape must be at most rank 1 but is rank {len(shape)}")
        if shape is None:
            return None
        sizes += list(shape)
    known = {size for size in sizes if size is not None}
    if len(known) > 1:
        raise ShapeError("Dimensions must be equal, but are " + " and ".join(map(str, sorted(known))))
    return (known.pop() if known else None) if sizes else 1


@op(
    "RaggedRange(starts: T, limits: T, deltas: T) -> (rt_nested_splits: Tsplits, rt_dense_values: T)",
    T=one_of((dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64), default=dtypes.int32),
    Tsplits=SPLITS,
)
class RaggedRange:
    """A row of evenly spaced numbers for each start, limit and delta, of which any may be a single number."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample([0, 5], [3, 5], np.int32(1)), sample(np.float32(1), [2.0, 0.5], np.float32(0.5))]

    def shape(starts, limits, deltas):
        rows = _broadcast_rows(starts, limits, deltas)
        return (None if rows is None else rows + 1,), (None,)

    def cpu(starts, limits, deltas, Tsplits):
        dtype = np.result_type(starts)
        rows = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x)) for x in (starts, limits, deltas)))
        starts, limits, deltas = rows
        if (deltas == 0).any():
            _refuse("Requires delta != 0")
        wide = np.float64 if dtype.kind == "f" else np.int64
        span, step = limits.astype(wide) - starts.astype(wide), deltas.astype(wide)
        counts = np.ceil(span / step) if dtype.kind == "f" else -(-span // step)
        counts = np.maximum(counts, 0).astype(np.intp)
        within = places_of(np.zeros(len(counts), np.int64), counts)
        values = np.repeat(starts, counts) + within.astype(dtype) * np.repeat(deltas, counts)
        return splits_of(counts, Tsplits.as_numpy_dtype), values.astype(dtype, copy=False)


@op(
    "RaggedGather(params_nested_splits: PARAMS_RAGGED_RANK*Tsplits, params_dense_values: Tvalues, "
    "indices: Tindices) -> (output_nested_splits: OUTPUT_RAGGED_RANK*Tsplits, output_dense_values: Tvalues)",
    Tvalues=attr("type"),
    Tindices=dtypes.INDEX,
    Tsplits=SPLITS,
    PARAMS_RAGGED_RANK=attr("int", minimum=1),
    OUTPUT_RAGGED_RANK=attr("int", minimum=0),
)
class RaggedGather:
    """Rows of a ragged tensor, in the shape of their indices."""

    samples = [
        sample([np.array([0, 2, 3])], [1.0, 2.0, 3.0], [1, 0, 1], OUTPUT_RAGGED_RANK=1),
        sample([np.array([0, 2, 3])], [1.0, 2.0, 3.0], [[1, 0]], OUTPUT_RAGGED_RANK=2),
    ]

    def shape(params_nested_splits, params_dense_values, indices, OUTPUT_RAGGED_RANK):
        for splits in params_nested_splits:
            with_rank(splits, 1)
        values = None
        if params_dense_values is not None:
            values = (None, *with_rank_at_least(params_dense_values, 1)[1:])  # type: ignore
        return [*[(None,)] * OUTPUT_RAGGED_RANK, values]

    def cpu(params_nested_splits, params_dense_values, indices):
        indices = np.asarray(indices)
        count = len(params_nested_splits[0]) - 1
        wrong = (indices < 0) | (indices >= count)
        if wrong.any():
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            shown = "".join(f"[{','.join(map(str, place))}]") if place else ""
            _refuse(f"indices{shown} = {indices[place]} is not in [0, {count})")
        dtype, results, rows = params_nested_splits[0].dtype, [], 1
        for size, inner in zip(indices.shape, indices.shape[1:]):
            rows *= size
            results.append(np.arange(rows + 1, dtype=dtype) * dtype.type(inner))
        chosen = indices.reshape(-1).astype(np.int64)
        for splits in params_nested_splits:
            lengths = splits[chosen + 1] - splits[chosen]
            results.append(splits_of(lengths, dtype))
            chosen = places_of(splits[chosen], lengths)
        return (*results, np.asarray(params_dense_values)[chosen])

    def grad(op, *grads):
        *splits, values, indices = op.inputs
        places = raw.Range(0, raw.Shape(values)[0], 1)
        outputs = op.get_attr("OUTPUT_RAGGED_RANK")
        chosen = RaggedGather(splits, places, indices, OUTPUT_RAGGED_RANK=outputs)[-1]
        return [*[None] * len(splits), IndexedSlices(grads[-1], chosen, raw.Shape(values)), None]


@op(
    "RaggedTensorToSparse(rt_nested_splits: RAGGED_RANK*Tsplits, rt_dense_values: T) -> (sparse_indices: int64, "
    "sparse_values: T, sparse_dense_shape: int64)",
    RAGGED_RANK=attr("int", minimum=1),
    T=attr("type"),
    Tsplits=SPLITS,
)
class RaggedTensorToSparse:
    """A ragged tensor as a sparse one: coordinates, values and the shape that holds all rows."""

    samples = [sample([np.array([0, 2, 3])], [1.0, 2.0, 3.0]), sample([np.array([0, 1])], [[1.0, 2.0]])]

    def shape(rt_nested_splits, rt_dense_values):
        if rt_dense_values is None:
            return (None, None), (None,), (None,)
        rank = len(rt_nested_splits) + len(with_rank_at_least(rt_dense_values, 1))
        sizes = list(rt_dense_values)
        count = None if None in sizes else int(np.prod(sizes))
        return (count, rank), (count,), (rank,)

    def cpu(rt_nested_splits, rt_dense_values):
        values = np.asarray(rt_dense_values)
        for above, splits in enumerate(rt_nested_splits):
            if not len(splits) or splits[0] != 0:
                _refuse("First value of ragged splits must be 0.")
            if (np.diff(splits) < 0).any():
                _refuse("Ragged splits should be non decreasing.")
            below = [*(len(s) - 1 for s in rt_nested_splits[1:]), len(values)][above]
            if splits[-1] != below:
                words = "Final value of ragged splits must match the length the corresponding ragged values."
                _refuse(words)
        rows, columns, shape = np.arange(len(rt_nested_splits[0]) - 1)[:, None], [], [len(rt_nested_splits[0]) - 1]
        for splits in rt_nested_splits:
            lengths = np.diff(splits).astype(np.intp, copy=False)
            within = places_of(np.zeros(len(lengths), np.int64), lengths)
            rows = np.concatenate([np.repeat(rows, lengths, axis=0), within[:, None]], axis=1)
            shape.append(int(lengths.max(initial=0)))
        inner = values.shape[1:]
        each = int(np.prod(inner, dtype=np.int64))
        columns = np.indices(inner).reshape(len(inner), each).T if inner else np.zeros((1, 0), np.int64)
        indices = np.concatenate([np.repeat(rows, each, axis=0), np.tile(columns, (len(rows), 1))], axis=1)
        return indices.astype(np.int64), values.reshape(-1), np.array([*shape, *inner], np.int64)

    def grad(op, d_indices, d_values, d_shape):
        return [*[None] * (len(op.inputs) - 1), raw.Reshape(d_values, raw.Shape(op.inputs[-1]))]
