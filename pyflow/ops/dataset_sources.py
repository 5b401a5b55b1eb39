"""Datasets made of tensors, numbers and functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.registry import attr
from pyflow.ops.dataset_stacking import brackets
from pyflow.ops.dataset_values import (
    FUNCTION,
    INFINITE,
    SHAPES,
    TYPE_LIST,
    TYPED,
    TYPES,
    Call,
    DatasetValue,
    Elements,
    FormedElements,
    Items,
    ListedDataset,
    Rows,
    Run,
    Words,
    dataset_op,
    kept_inputs,
    object_scalar,
    refuse,
)


class _SlicePositions(Items):
    def __init__(self, count: int):
        self._next, self._count = 0, count

    def take(self, count: int) -> Any:
        start = self._next
        self._next = min(start + count, self._count)
        return range(start, self._next)


class SliceDataset(DatasetValue):
    """The rows of arrays that have equally many."""

    def __init__(self, columns: list):
        self.columns = columns
        self.form = Rows(columns)
        self._count = len(columns[0])

    def iterator(self, run: Run) -> Elements:
        return FormedElements(self.form, self.items(run))

    def items(self, run: Run) -> Items:
        return _SlicePositions(self._count)

    def cardinality(self) -> int:
        return self._count


@dataset_op("TensorDataset(components: Toutput_types)", Toutput_types=TYPES, output_shapes=SHAPES)
def TensorDataset(components, ctx):
    """One element: these tensors."""
    return ListedDataset([kept_inputs(ctx, components)])


@dataset_op("TensorSliceDataset(components: Toutput_types)", Toutput_types=TYPES, output_shapes=SHAPES)
def TensorSliceDataset(components, ctx):
    """The rows of tensors that have equally many."""
    columns = [c if isinstance(c, np.ndarray) else np.asarray(c) for c in kept_inputs(ctx, components)]
    refuse(any(c.ndim == 0 for c in columns), "All components must be at least 1-dimensional")
    refuse(
        any(len(c) != len(columns[0]) for c in columns),
        "All components must have the same size in the 0th dimension",
    )
    return SliceDataset(columns)


class _RangeElements(Elements):
    def __init__(self, start: int, stop: int, step: int):
        self._start, self._stop, self._step = start, stop, step

    def _left(self) -> int:
        return len(range(self._start, self._stop, self._step))

    def __next__(self) -> list:
        value = self._start
        if value >= self._stop if self._step > 0 else value <= self._stop:
            raise StopIteration
        self._start = value + self._step
        return [np.int64(value)]

    def rows(self, count: int) -> tuple[list, int]:
        count = min(count, self._left())
        values = self._start + self._step * np.arange(count, dtype=np.int64)
        self._start += count * self._step
        return [values], count


class _RangeDataset(DatasetValue):
    def __init__(self, *limits: int):
        self._limits = limits

    def iterator(self, run: Run) -> Elements:
        return _RangeElements(*self._limits)

    def cardinality(self) -> int:
        start, stop, step = self._limits
        return max(0, -((start - stop) // step))


@dataset_op("RangeDataset(start: int64, stop: int64, step: int64)", **TYPED)
def RangeDataset(start, stop, step):
    """The numbers from `start` to before `stop`."""
    refuse(step == 0, "step must be a non-zero integer.")
    return _RangeDataset(int(start), int(stop), int(step))


class _SparseSlices(Elements):
    def __init__(self, indices: np.ndarray, values: np.ndarray, shape: np.ndarray):
        self._indices, self._values, self._shape = indices, values, shape
        self._row = 0
        self._starts = np.searchsorted(indices[:, 0], np.arange(shape[0] + 1))

    def __next__(self) -> list:
        if self._row == self._shape[0]:
            raise StopIteration
        begin, end = self._starts[self._row], self._starts[self._row + 1]
        self._row += 1
        return [self._indices[begin:end, 1:], self._values[begin:end], self._shape[1:]]


class _SparseSliceDataset(DatasetValue):
    def __init__(self, *parts: Any):
        self._parts = parts

    def iterator(self, run: Run) -> Elements:
        return _SparseSlices(*self._parts)

    def cardinality(self) -> int:
        return int(self._parts[2][0])


@dataset_op("SparseTensorSliceDataset(indices: int64, values: Tvalues, dense_shape: int64)", Tvalues=attr("type"))
def SparseTensorSliceDataset(indices, values, dense_shape, ctx):
    """The rows of a sparse tensor whose indices are in order: indices, values and shape of each."""
    refuse(indices.ndim != 2, f"Input indices should be a matrix but received shape {brackets(np.shape(indices))}")
    if (np.diff(indices[:, 0]) < 0).any():
        words = "The SparseTensor must be ordered in the batch dimension; handling arbitrarily ordered input is not "
        raise errors.UnimplementedError(None, None, words + "currently supported.")
    return _SparseSliceDataset(*kept_inputs(ctx, [indices, values, dense_shape]))


class _Generated(Elements):
    def __init__(self, dataset: _GeneratorDataset, run: Run):
        self._first, self._arguments = dataset.init.bound(run), dataset.arguments
        self._next, self._last = dataset.next.bound(run), dataset.finalize.bound(run)
        self._state: list | None = None
        self._over = False

    def __next__(self) -> list:
        if self._over:
            raise StopIteration
        if self._state is None:
            self._state = self._first(self._arguments)
        try:
            return self._next(self._state)
        except errors.OutOfRangeError:
            self._end()
            raise StopIteration from None

    def _end(self) -> None:
        self._over = True
        if self._state is not None:
            self._last(self._state)

    def __del__(self) -> None:
        if not self._over and self._state is not None:
            try:
                self._end()
            except Exception:
                pass


class _GeneratorDataset(DatasetValue):
    def __init__(self, init: Call, arguments: list, next_: Call, finalize: Call):
        self.init, self.arguments, self.next, self.finalize = init, arguments, next_, finalize

    def iterator(self, run: Run) -> Elements:
        return _Generated(self, run)


@dataset_op(
    "GeneratorDataset(init_func_other_args: Tinit_func_args, next_func_other_args: Tnext_func_args, "
    "finalize_func_other_args: Tfinalize_func_args)",
    init_func=FUNCTION,
    next_func=FUNCTION,
    finalize_func=FUNCTION,
    Tinit_func_args=TYPE_LIST,
    Tnext_func_args=TYPE_LIST,
    Tfinalize_func_args=TYPE_LIST,
    **TYPED,
)
def GeneratorDataset(
    init_func_other_args, next_func_other_args, finalize_func_other_args, init_func, next_func, finalize_func, ctx
):
    """What `next_func` gives of the state that `init_func` made, until it raises OutOfRangeError."""
    arguments = [object_scalar(x) if isinstance(x, bytes) else x for x in kept_inputs(ctx, init_func_other_args)]
    return _GeneratorDataset(
        Call(ctx, init_func, []),
        arguments,
        Call(ctx, next_func, next_func_other_args),
        Call(ctx, finalize_func, finalize_func_other_args),
    )


class _RandomElements(Elements):
    def __init__(self, words: Words):
        self._words = words

    def __next__(self) -> list:
        return [np.int64(self._words.one())]

    def rows(self, count: int) -> tuple[list, int]:
        return [self._words.take(count).astype(np.int64)], count


class _RandomDataset(DatasetValue):
    def __init__(self, seed: int, seed2: int):
        self._seeds = seed, seed2

    def iterator(self, run: Run) -> Elements:
        with run.lock:
            words = Words(*self._seeds) if any(self._seeds) else Words(*run.fresh_seeds())
        return _RandomElements(words)

    def cardinality(self) -> int:
        return INFINITE


def _random(seed, seed2):
    return _RandomDataset(int(seed), int(seed2))


@dataset_op("RandomDataset(seed: int64, seed2: int64)", **TYPED)
def RandomDataset(seed, seed2):
    """Random numbers of 32 bits, without end."""
    return _random(seed, seed2)


@dataset_op("ExperimentalRandomDataset(seed: int64, seed2: int64)", **TYPED)
def ExperimentalRandomDataset(seed, seed2):
    """As `RandomDataset`."""
    return _random(seed, seed2)
