"""Pooling with windows of unequal sizes: FractionalMaxPool, FractionalAvgPool and their gradients.

Source: B. Graham, Fractional Max-Pooling, 2014. The random numbers are TensorFlow's for the same seeds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.registry import NOT_DIFFERENTIABLE, Attr, ShapeError, attr, op, sample
from pyflow.core.tensor import StaticShape
from pyflow.ops.array_shape import shape
from pyflow.ops.constant import constant
from pyflow.ops.conv_rules import given_shape
from pyflow.ops.philox import PhiloxState
from pyflow.ops.random_sampling import unit_float64
from pyflow.ops.shape_rules import with_rank

_TYPES = (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64)


def _attrs() -> dict[str, Attr]:
    return {
        "pooling_ratio": attr("list(float)", minimum=4),
        "pseudo_random": attr("bool", default=False),
        "overlapping": attr("bool", default=False),
        "deterministic": attr("bool", default=False),
        "seed": attr("int", default=0),
        "seed2": attr("int", default=0),
        "T": attr("type", allowed=_TYPES),
    }


def _pooled(value: StaticShape, pooling_ratio: list[float]) -> list[StaticShape]:
    dims = with_rank(value, 4)
    pooled = []
    for size, ratio in zip(dims, pooling_ratio):
        if ratio < 1:
            raise ShapeError(f"pooling_ratio cannot be smaller than 1, got: {ratio:g}")
        pooled.append(None if size is None else int(size / ratio))
    rows, columns = (None if size is None else size + 1 for size in pooled[1:3])
    return [tuple(pooled), (rows,), (columns,)]


def _ends(size: int, count: int, stream: PhiloxState, pseudo_random: bool) -> np.ndarray:
    """Where each of `count` windows over `size` elements begins, and the end of the last."""
    least = size // count
    if pseudo_random:
        alpha = size / count
        most = min((least + 2) / alpha - 1, (size + 1 - least) / alpha - (count - 1))
        first, second = stream.reserve_words(2).words(2).astype(np.uint64)[:, None]
        u = float(unit_float64(first, second)[0]) * most
        return np.array([0, *(math.ceil(alpha * (i + u)) - 1 for i in range(1, count)), size], np.int64)
    lengths = [least + (i < size % count) for i in range(count)]
    words = stream.reserve_words(count).words(count)
    for i in range(count - 1):
        other = i + int(words[i]) % (count - i)
        lengths[i], lengths[other] = lengths[other], lengths[i]
    return np.cumsum([0, *lengths], dtype=np.int64)


def _sequences(
    shape: tuple[int, ...], counts: tuple, pseudo_random: bool, deterministic: bool, seed: int, seed2: int
) -> list[np.ndarray]:
    if not deterministic and (seed or seed2):
        message = "Both seed and seed2 should be 0 if deterministic is false."
        raise errors.InvalidArgumentError(None, None, message)
    stream = PhiloxState(seed, seed2)
    return [_ends(size, count, stream, pseudo_random) for size, count in zip(shape[1:3], counts[1:3])]


def _windows(shape: tuple[int, ...], rows: Any, columns: Any, overlapping: bool) -> Iterator[tuple[int, int, tuple]]:
    """For each window its place and the elements it has; where they overlap, each takes the next one's first too."""
    more = 1 if overlapping else 0
    for i in range(len(rows) - 1):
        for j in range(len(columns) - 1):
            down = slice(int(rows[i]), min(int(rows[i + 1]) + more, shape[1]))
            right = slice(int(columns[j]), min(int(columns[j + 1]) + more, shape[2]))
            yield i, j, (slice(None), down, right)


_X = ((np.arange(24, dtype=float) * 7 % 24) / 4).reshape(1, 4, 6, 1).astype(np.float32)
_ROWS, _COLUMNS = [0, 1, 4], [0, 2, 3, 6]
_DY = np.arange(1.0, 7.0, dtype=np.float32).reshape(1, 2, 3, 1)


def _reduced(reduce: Any, x: np.ndarray, overlapping: bool = False) -> np.ndarray:
    result = np.zeros((1, 2, 3, 1))
    for i, j, window in _windows(x.shape, _ROWS, _COLUMNS, overlapping):
        result[:, i, j] = reduce(x[window], axis=(1, 2))
    return result


_GIVEN = (_X, _reduced(np.max, _X).astype(np.float32), _DY, _ROWS, _COLUMNS)


@op("FractionalMaxPool(value: T) -> (output: T, row_pooling_sequence: int64, col_pooling_sequence: int64)", **_attrs())
class FractionalMaxPool:
    """The greatest element of each of windows of unequal sizes; see `fractional_max_pool`."""

    stateful = True

    def shape(value, pooling_ratio):
        return _pooled(value, pooling_ratio)

    def cpu(value, pseudo_random, overlapping, deterministic, seed, seed2, out):
        y, rows, columns = out
        rows[...], columns[...] = _sequences(value.shape, y.shape, pseudo_random, deterministic, seed, seed2)
        for i, j, window in _windows(value.shape, rows, columns, overlapping):
            np.maximum.reduce(value[window], (1, 2), out=y[:, i, j])

    def grad(op, dy, *_):
        y, rows, columns = op.outputs
        return FractionalMaxPoolGrad(op.inputs[0], y, dy, rows, columns, overlapping=op.get_attr("overlapping"))


@op(
    "FractionalMaxPoolGrad(orig_input: T, orig_output: T, out_backprop: T, row_pooling_sequence: int64, "
    "col_pooling_sequence: int64) -> (output: T)",
    overlapping=False,
    T=_TYPES,
)
class FractionalMaxPoolGrad:
    """The gradient of `FractionalMaxPool`: to the first greatest element of each window."""

    def shape(orig_input, orig_output, out_backprop):
        return with_rank(orig_input, 4)

    def cpu(orig_input, out_backprop, row_pooling_sequence, col_pooling_sequence, overlapping, out):
        out.fill(0)
        images, channels = np.ogrid[: out.shape[0], : out.shape[3]]
        for i, j, window in _windows(out.shape, row_pooling_sequence, col_pooling_sequence, overlapping):
            seen = orig_input[window]
            place = seen.reshape(len(seen), -1, seen.shape[-1]).argmax(1)
            out[window][images, place // seen.shape[2], place % seen.shape[2], channels] += out_backprop[:, i, j]

    grad = NOT_DIFFERENTIABLE
    samples = [sample(*_GIVEN), sample(*_GIVEN, overlapping=True)]


@op("FractionalAvgPool(value: T) -> (output: T, row_pooling_sequence: int64, col_pooling_sequence: int64)", **_attrs())
class FractionalAvgPool:
    """The mean of each of windows of unequal sizes; see `fractional_avg_pool`."""

    stateful = True

    def shape(value, pooling_ratio):
        return _pooled(value, pooling_ratio)

    def cpu(value, pseudo_random, overlapping, deterministic, seed, seed2, out):
        y, rows, columns = out
        rows[...], columns[...] = _sequences(value.shape, y.shape, pseudo_random, deterministic, seed, seed2)
        for i, j, window in _windows(value.shape, rows, columns, overlapping):
            seen = value[window]
            total = seen.sum((1, 2), dtype=value.dtype)
            count = seen.shape[1] * seen.shape[2]
            y[:, i, j] = total / count if value.dtype.kind == "f" else np.trunc(total / count)

    def grad(op, dy, *_):
        _, rows, columns = op.outputs
        x = op.inputs[0]
        static = x.get_shape()
        sizes: Any = constant(static.as_list(), dtypes.int64) if static.is_fully_defined() else None
        if sizes is None:
            sizes = shape(x, out_type=dtypes.int64)
        return FractionalAvgPoolGrad(sizes, dy, rows, columns, overlapping=op.get_attr("overlapping"))


@op(
    "FractionalAvgPoolGrad(orig_input_tensor_shape: int64, out_backprop: T, row_pooling_sequence: int64, "
    "col_pooling_sequence: int64) -> (output: T)",
    overlapping=False,
    T=_TYPES,
)
class FractionalAvgPoolGrad:
    """The gradient of `FractionalAvgPool`: each window's gradient, shared equally."""

    def shape(orig_input_tensor_shape, orig_input_tensor_shape_dims, out_backprop):
        return given_shape(orig_input_tensor_shape, orig_input_tensor_shape_dims, 4)

    def cpu(out_backprop, row_pooling_sequence, col_pooling_sequence, overlapping, out):
        exact = np.zeros(out.shape, np.float64)
        for i, j, window in _windows(out.shape, row_pooling_sequence, col_pooling_sequence, overlapping):
            target = exact[window]
            target += (out_backprop[:, i, j] / (target.shape[1] * target.shape[2]))[:, None, None]
        out[...] = exact

    grad = NOT_DIFFERENTIABLE
    samples = [sample([1, 4, 6, 1], *_GIVEN[2:]), sample([1, 4, 6, 1], *_GIVEN[2:], overlapping=True)]


export("nn.fractional_max_pool")(FractionalMaxPool)
export("nn.fractional_avg_pool")(FractionalAvgPool)
