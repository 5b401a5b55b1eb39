"""Batches of elements, windows on them, and batches taken apart."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.registry import attr
from pyflow.ops.dataset_stacking import brackets
from pyflow.ops.dataset_values import (
    SHAPES,
    TYPED,
    TYPES,
    DatasetValue,
    Elements,
    ListedDataset,
    Run,
    dataset_op,
    refuse,
)


class _Batches(Elements):
    def __init__(self, elements: Elements, size: int, drop_remainder: bool):
        self._elements, self._size, self._drop = elements, size, drop_remainder

    def __next__(self) -> list:
        components, count = self._elements.rows(self._size)
        if count == 0 or (self._drop and count < self._size):
            raise StopIteration
        return components


class BatchedDataset(DatasetValue):
    """Elements stacked, `size` at a time."""

    def __init__(self, source: DatasetValue, size: int, drop_remainder: bool):
        self.source, self.size, self.drop_remainder = source, size, drop_remainder

    def iterator(self, run: Run) -> Elements:
        return _Batches(self.source.iterator(run), self.size, self.drop_remainder)

    def cardinality(self) -> int:
        inner = self.source.cardinality()
        if inner < 0:
            return inner
        return inner // self.size if self.drop_remainder else -(-inner // self.size)


def _batched(input_dataset: Any, batch_size: Any, drop_remainder: Any = False) -> DatasetValue:
    refuse(batch_size <= 0, "Batch size must be greater than zero.")
    return BatchedDataset(input_dataset, int(batch_size), bool(drop_remainder))


@dataset_op("BatchDataset(input_dataset: variant, batch_size: int64)", **TYPED)
def BatchDataset(input_dataset, batch_size):
    """Elements stacked, `batch_size` at a time; what is left makes a smaller batch."""
    return _batched(input_dataset, batch_size)


@dataset_op(
    "BatchDatasetV2(input_dataset: variant, batch_size: int64, drop_remainder: bool)", parallel_copy=False, **TYPED
)
def BatchDatasetV2(input_dataset, batch_size, drop_remainder):
    """Elements stacked, `batch_size` at a time; what is left is dropped or makes a smaller batch."""
    return _batched(input_dataset, batch_size, drop_remainder)


def _padded(values: tuple, shape: np.ndarray, padding: Any, index: int) -> np.ndarray:
    """A component of several elements, each filled up to the shape; -1 stands for as far as the longest."""
    arrays = [np.asarray(v) for v in values]
    for array in arrays:
        refuse(
            array.ndim != len(shape),
            "All elements in a batch must have the same rank as the padded shape for component"
            f"{index}: expected rank {len(shape)} but got element with rank {array.ndim}",
        )
    longest = np.array([a.shape for a in arrays], np.int64).reshape(len(arrays), len(shape)).max(axis=0)
    target = tuple(int(most) if size < 0 else int(size) for size, most in zip(shape, longest))
    if any(most > size for most, size in zip(longest, target)):
        raise errors.DataLossError(None, None, "Attempted to pad to a smaller size than the input element.")
    result = np.empty((len(arrays), *target), arrays[0].dtype)
    if any(a.shape != target for a in arrays):
        result[...] = padding
    for row, array in zip(result if target else (), arrays):
        row[tuple(map(slice, array.shape))] = array
    if not target:
        result[:] = [a[()] for a in arrays]
    return result


class _PaddedBatches(Elements):
    def __init__(self, elements: Elements, dataset: _PaddedDataset):
        self._elements, self._dataset = elements, dataset

    def __next__(self) -> list:
        dataset, elements = self._dataset, []
        for element in self._elements:
            elements.append(element)
            if len(elements) == dataset.size:
                break
        if not elements or (dataset.drop_remainder and len(elements) < dataset.size):
            raise StopIteration
        columns = zip(zip(*elements), dataset.shapes, dataset.paddings)
        return [_padded(values, shape, padding, i) for i, (values, shape, padding) in enumerate(columns)]


class _PaddedDataset(BatchedDataset):
    def __init__(self, source: DatasetValue, size: int, drop_remainder: bool, shapes: list, paddings: list):
        super().__init__(source, size, drop_remainder)
        self.shapes, self.paddings = shapes, paddings

    def iterator(self, run: Run) -> Elements:
        return _PaddedBatches(self.source.iterator(run), self)


def _padded_batches(input_dataset, batch_size, padded_shapes, padding_values, drop_remainder) -> DatasetValue:
    refuse(batch_size <= 0, "Batch size must be greater than zero.")
    shapes = [np.array(s) for s in padded_shapes]
    paddings = [p[()] if isinstance(p, np.ndarray) else p for p in padding_values]
    return _PaddedDataset(input_dataset, int(batch_size), bool(drop_remainder), shapes, paddings)


@dataset_op(
    "PaddedBatchDataset(input_dataset: variant, batch_size: int64, padded_shapes: N*int64, "
    "padding_values: Toutput_types)",
    Toutput_types=TYPES,
    output_shapes=SHAPES,
    N=attr("int", minimum=1),
)
def PaddedBatchDataset(input_dataset, batch_size, padded_shapes, padding_values):
    """Elements filled up to one shape and stacked."""
    return _padded_batches(input_dataset, batch_size, padded_shapes, padding_values, False)


@dataset_op(
    "PaddedBatchDatasetV2(input_dataset: variant, batch_size: int64, padded_shapes: N*int64, "
    "padding_values: Toutput_types, drop_remainder: bool)",
    parallel_copy=False,
    Toutput_types=TYPES,
    output_shapes=SHAPES,
    N=attr("int", minimum=1),
)
def PaddedBatchDatasetV2(input_dataset, batch_size, padded_shapes, padding_values, drop_remainder):
    """Elements filled up to one shape and stacked; what is left is dropped or makes a smaller batch."""
    return _padded_batches(input_dataset, batch_size, padded_shapes, padding_values, drop_remainder)


class _Windows(Elements):
    def __init__(self, elements: Elements, size: int, shift: int, stride: int, drop_remainder: bool):
        self._elements: Elements | None = elements
        self._shift, self._stride, self._drop = shift, stride, drop_remainder
        self._span = (size - 1) * stride + 1
        self._buffer: collections.deque = collections.deque()

    def _pull(self) -> bool:
        """Gets one more element into the buffer; False at the end."""
        if self._elements is not None:
            try:
                self._buffer.append(next(self._elements))
                return True
            except StopIteration:
                self._elements = None
            except Exception as error:
                self._buffer.append(error)
                return True
        return False

    def __next__(self) -> list:
        while len(self._buffer) < self._span and self._pull():
            pass
        buffer = self._buffer
        if not buffer or (self._drop and len(buffer) < self._span):
            raise StopIteration
        window = [buffer[i] for i in range(0, len(buffer), self._stride)]
        for _ in range(self._shift):
            if not buffer and not self._pull():
                break
            buffer.popleft()
        for element in window:
            if isinstance(element, Exception):
                raise element
        return [ListedDataset([[value] for value in values]) for values in zip(*window)]


class _WindowDataset(DatasetValue):
    def __init__(self, source: DatasetValue, *arguments: Any):
        self.source, self._arguments = source, arguments

    def iterator(self, run: Run) -> Elements:
        return _Windows(self.source.iterator(run), *self._arguments)

    def cardinality(self) -> int:
        inner, (size, shift, stride, drop) = self.source.cardinality(), self._arguments
        if inner < 0:
            return inner
        if not drop:
            return -(-inner // shift)
        span = (size - 1) * stride + 1
        return 0 if inner < span else (inner - span) // shift + 1


@dataset_op(
    "WindowDataset(input_dataset: variant, size: int64, shift: int64, stride: int64, drop_remainder: bool)", **TYPED
)
def WindowDataset(input_dataset, size, shift, stride, drop_remainder):
    """Datasets of `size` elements, one for each component."""
    refuse(size <= 0, "Window size must be greater than zero.")
    refuse(shift <= 0, "Window shift must be greater than zero.")
    refuse(stride <= 0, "Window stride must be greater than zero.")
    return _WindowDataset(input_dataset, int(size), int(shift), int(stride), bool(drop_remainder))


class _Unbatched(Elements):
    def __init__(self, batches: Elements):
        self._batches = batches
        self._components: list = []
        self._next = self._count = 0

    def __next__(self) -> list:
        while self._next == self._count:
            components = [c if isinstance(c, np.ndarray) else np.asarray(c) for c in next(self._batches)]
            self._check(components)
            self._components, self._next, self._count = components, 0, len(components[0])
        row = self._next
        self._next += 1
        return [component[row, ...] for component in self._components]

    def _check(self, components: list) -> None:
        for i, component in enumerate(components):
            refuse(
                component.ndim == 0 or len(component) != len(components[0]),
                "Input element must have the same batch size in each component. Component 0 had size "
                f"{len(components[0]) if components[0].ndim else 0} but component {i} had size, "
                f"{len(component) if component.ndim else 0}.",
            )


class _UnbatchDataset(DatasetValue):
    def __init__(self, source: DatasetValue):
        self.source = source

    def iterator(self, run: Run) -> Elements:
        return _Unbatched(self.source.iterator(run))


@dataset_op("UnbatchDataset(input_dataset: variant)", **TYPED)
def UnbatchDataset(input_dataset):
    """The rows of each element."""
    return _UnbatchDataset(input_dataset)


class _SparseBatches(Elements):
    def __init__(self, elements: Elements, size: int, shape: tuple):
        self._elements, self._size, self._shape = elements, size, shape

    def __next__(self) -> list:
        rows: list = []
        for (value,) in self._elements:
            rows.append(self._checked(np.asarray(value)))
            if len(rows) == self._size:
                break
        if not rows:
            raise StopIteration
        longest = np.array([row.shape for row in rows], np.int64).reshape(len(rows), -1).max(axis=0)
        dense = [int(most) if size < 0 else size for size, most in zip(self._shape, longest)]
        indices = [np.insert(np.argwhere(np.ones(row.shape, bool)), 0, i, axis=1) for i, row in enumerate(rows)]
        parts = np.empty(3, object)
        parts[0] = np.concatenate(indices).astype(np.int64)
        parts[1] = np.concatenate([row.reshape(-1) for row in rows])
        parts[2] = np.array([len(rows), *dense], np.int64)
        return [parts]

    def _checked(self, row: np.ndarray) -> np.ndarray:
        refuse(
            row.ndim != len(self._shape),
            f"Input element had shape ({brackets(row.shape)}) that is incompatible with the row shape "
            f"({brackets(self._shape)}).",
        )
        for size, limit in zip(row.shape, self._shape):
            if 0 <= limit < size:
                raise errors.DataLossError(
                    None,
                    None,
                    f"Input element had shape ({brackets(row.shape)}) that is larger than the row shape "
                    f"({brackets(self._shape)}).",
                )
        return row


class _SparseBatchDataset(DatasetValue):
    def __init__(self, source: DatasetValue, size: int, shape: tuple):
        self.source, self._size, self._shape = source, size, shape

    def iterator(self, run: Run) -> Elements:
        return _SparseBatches(self.source.iterator(run), self._size, self._shape)


@dataset_op("DenseToSparseBatchDataset(input_dataset: variant, batch_size: int64, row_shape: int64)", **TYPED)
def DenseToSparseBatchDataset(input_dataset, batch_size, row_shape):
    """Elements of different shapes as the rows of sparse tensors, serialized."""
    refuse(batch_size <= 0, "Batch size must be greater than zero.")
    return _SparseBatchDataset(input_dataset, int(batch_size), tuple(np.asarray(row_shape).tolist()))
