"""Datasets that call functions on elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.ops.dataset_batches import BatchedDataset
from pyflow.ops.dataset_mapping import mapped
from pyflow.ops.dataset_values import (
    FUNCTION,
    TYPE_LIST,
    TYPED,
    Call,
    DatasetValue,
    Elements,
    Run,
    dataset_op,
    kept,
    refuse,
)

_CALLED = {"f": FUNCTION, "Targuments": TYPE_LIST, **TYPED}
_PREDICATE = {"predicate": FUNCTION, "Targuments": TYPE_LIST, **TYPED}


class MappedDataset(DatasetValue):
    """A function's results for each element."""

    def __init__(self, source: DatasetValue, call: Call, calls: int, preserve: bool):
        self.source, self._call, self._calls, self._preserve = source, call, calls, preserve

    def iterator(self, run: Run) -> Elements:
        return mapped(self.source.iterator(run), self._call.bound(run), self._calls, run)

    def cardinality(self) -> int:
        return self.source.cardinality()


@dataset_op(
    "MapDataset(input_dataset: variant, other_arguments: Targuments)",
    **_CALLED,
    use_inter_op_parallelism=True,
    preserve_cardinality=False,
)
def MapDataset(input_dataset, other_arguments, f, preserve_cardinality, ctx):
    """What `f` makes of each element."""
    return MappedDataset(input_dataset, Call(ctx, f, other_arguments), 1, preserve_cardinality)


@dataset_op(
    "ParallelMapDataset(input_dataset: variant, other_arguments: Targuments, num_parallel_calls: int32)",
    **_CALLED,
    use_inter_op_parallelism=True,
    sloppy=False,
    preserve_cardinality=False,
)
def ParallelMapDataset(input_dataset, other_arguments, num_parallel_calls, f, preserve_cardinality, ctx):
    """What `f` makes of each element, several at a time."""
    calls = int(num_parallel_calls)
    refuse(calls <= 0 and calls != -1, "num_parallel_calls must be greater than zero.")
    return MappedDataset(input_dataset, Call(ctx, f, other_arguments), calls, preserve_cardinality)


class MappedBatchesDataset(BatchedDataset):
    """Results stacked; they have to agree in the number of their numbers."""

    def iterator(self, run: Run) -> Elements:
        return _MappedBatches(super().iterator(run))


class _MappedBatches(Elements):
    def __init__(self, batches: Elements):
        self._batches = batches

    def __next__(self) -> list:
        try:
            return next(self._batches)
        except errors.InvalidArgumentError as error:
            words = error.message.split(" ")
            if not error.message.startswith("Cannot batch tensors"):
                raise
            first, other = words[words.index("shape") + 1], words[-1].rstrip(".")
            raise errors.InvalidArgumentError(
                None,
                None,
                "Cannot add tensor to the batch: number of elements does not match. Shapes are: "
                f"[tensor]: {other}, [batch]: {first}",
            ) from None


def _map_and_batch(input_dataset, other_arguments, batch_size, calls, drop_remainder, f, preserve, ctx) -> DatasetValue:
    refuse(batch_size <= 0, "batch_size must be greater than zero.")
    refuse(calls <= 0 and calls != -1, "num_parallel_calls must be greater than zero.")
    results = MappedDataset(input_dataset, Call(ctx, f, other_arguments), int(calls), preserve)
    return MappedBatchesDataset(results, int(batch_size), bool(drop_remainder))


@dataset_op(
    "MapAndBatchDataset(input_dataset: variant, other_arguments: Targuments, batch_size: int64, "
    "num_parallel_calls: int64, drop_remainder: bool)",
    **_CALLED,
    preserve_cardinality=False,
)
def MapAndBatchDataset(
    input_dataset, other_arguments, batch_size, num_parallel_calls, drop_remainder, f, preserve_cardinality, ctx
):
    """What `f` makes of the elements, stacked."""
    return _map_and_batch(
        input_dataset, other_arguments, batch_size, num_parallel_calls, drop_remainder, f, preserve_cardinality, ctx
    )


def truth(results: list) -> bool:
    """What a predicate says.

    Raises:
      InvalidArgumentError: it isn't one bool.
    """
    refuse(
        len(results) != 1 or np.shape(results[0]) != () or np.asarray(results[0]).dtype != bool,
        "Filter predicate `f` must return a scalar bool.",
    )
    return bool(results[0])


class _Filtered(Elements):
    def __init__(self, elements: Elements, call: Any):
        self._elements, self._call = elements, call

    def __next__(self) -> list:
        while True:
            element = next(self._elements)
            if truth(self._call(element)):
                return element


class _FilterDataset(DatasetValue):
    def __init__(self, source: DatasetValue, call: Call):
        self.source, self._call = source, call

    def iterator(self, run: Run) -> Elements:
        return _Filtered(self.source.iterator(run), self._call.bound(run))


@dataset_op("FilterDataset(input_dataset: variant, other_arguments: Targuments)", **_PREDICATE)
def FilterDataset(input_dataset, other_arguments, predicate, ctx):
    """The elements for which `predicate` gives true."""
    return _FilterDataset(input_dataset, Call(ctx, predicate, other_arguments))


class _TakenWhile(Elements):
    def __init__(self, elements: Elements, call: Any):
        self._elements: Elements | None = elements
        self._call = call

    def __next__(self) -> list:
        if self._elements is None:
            raise StopIteration
        element = next(self._elements)
        if truth(self._call(element)):
            return element
        self._elements = None
        raise StopIteration


class _TakeWhileDataset(_FilterDataset):
    def iterator(self, run: Run) -> Elements:
        return _TakenWhile(self.source.iterator(run), self._call.bound(run))


@dataset_op("TakeWhileDataset(input_dataset: variant, other_arguments: Targuments)", **_PREDICATE)
def TakeWhileDataset(input_dataset, other_arguments, predicate, ctx):
    """The elements before the first for which `predicate` gives false."""
    return _TakeWhileDataset(input_dataset, Call(ctx, predicate, other_arguments))


class _Scanned(Elements):
    def __init__(self, elements: Elements, call: Any, state: list):
        self._elements, self._call, self._state = elements, call, state

    def __next__(self) -> list:
        try:
            results = self._call([*self._state, *next(self._elements)])
        except errors.OutOfRangeError:
            raise StopIteration from None
        count = len(self._state)
        self._state = results[:count]
        return results[count:]


class _ScanDataset(DatasetValue):
    def __init__(self, source: DatasetValue, call: Call, state: list):
        self.source, self._call, self._state = source, call, state

    def iterator(self, run: Run) -> Elements:
        return _Scanned(self.source.iterator(run), self._call.bound(run), self._state)

    def cardinality(self) -> int:
        return self.source.cardinality()


@dataset_op(
    "ScanDataset(input_dataset: variant, initial_state: Tstate, other_arguments: Targuments)",
    f=FUNCTION,
    Tstate=TYPE_LIST,
    Targuments=TYPE_LIST,
    **TYPED,
    preserve_cardinality=False,
)
def ScanDataset(input_dataset, initial_state, other_arguments, f, ctx):
    """What `f` makes of a state and each element, besides the next state."""
    return _ScanDataset(input_dataset, Call(ctx, f, other_arguments), [kept(x) for x in initial_state])


class _WithoutErrors(Elements):
    def __init__(self, elements: Elements):
        self._elements = elements

    def __next__(self) -> list:
        while True:
            try:
                return next(self._elements)
            except (StopIteration, NotImplementedError, errors.CancelledError):
                raise
            except Exception:
                continue


class _IgnoreErrorsDataset(DatasetValue):
    def __init__(self, source: DatasetValue):
        self.source = source

    def iterator(self, run: Run) -> Elements:
        return _WithoutErrors(self.source.iterator(run))


@dataset_op("IgnoreErrorsDataset(input_dataset: variant)", **TYPED)
def IgnoreErrorsDataset(input_dataset):
    """The elements that can be made without an error."""
    return _IgnoreErrorsDataset(input_dataset)


class _Distinct(Elements):
    def __init__(self, elements: Elements):
        self._elements = elements
        self._seen: set = set()

    def __next__(self) -> list:
        while True:
            element = next(self._elements)
            value = np.asarray(element[0]).item()
            if value not in self._seen:
                self._seen.add(value)
                return element


class _UniqueDataset(DatasetValue):
    def __init__(self, source: DatasetValue):
        self.source = source

    def iterator(self, run: Run) -> Elements:
        return _Distinct(self.source.iterator(run))


@dataset_op("UniqueDataset(input_dataset: variant)", **TYPED)
def UniqueDataset(input_dataset):
    """The elements, scalars, that differ from all before them."""
    return _UniqueDataset(input_dataset)
