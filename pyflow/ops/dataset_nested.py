"""Datasets made of the datasets that functions give, and of several datasets by turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.registry import attr
from pyflow.ops.dataset_stacking import joined
from pyflow.ops.dataset_threads import prefetched
from pyflow.ops.dataset_values import (
    FUNCTION,
    TYPE_LIST,
    TYPED,
    Call,
    DatasetValue,
    Elements,
    ListedDataset,
    Run,
    dataset_op,
    refuse,
)

_CALLED = {"f": FUNCTION, "Targuments": TYPE_LIST, **TYPED}


def _dataset_of(results: list) -> DatasetValue:
    value = results[0]
    return value.item() if isinstance(value, np.ndarray) else value


class _FlatMapped(Elements):
    def __init__(self, elements: Elements, call: Any, run: Run):
        self._outer, self._call, self._run = elements, call, run
        self._inner: Elements | None = None

    def __next__(self) -> list:
        while True:
            current = self._current()
            try:
                return next(current)
            except StopIteration:
                self._inner = None

    def take(self, count: int) -> list:
        found = self._inner.take(count) if self._inner is not None else []
        return found or super().take(count)

    def rows(self, count: int) -> tuple[list, int]:
        parts = []
        while count:
            try:
                current = self._current()
            except StopIteration:
                break
            part = current.rows(count)
            if part[1]:
                parts.append(part)
                count -= part[1]
            if count:
                self._inner = None
        return joined(parts)

    def _current(self) -> Elements:
        if self._inner is None:
            self._inner = _dataset_of(self._call(next(self._outer))).iterator(self._run)
        return self._inner


class _FlatMapDataset(DatasetValue):
    def __init__(self, source: DatasetValue, call: Call):
        self.source, self._call = source, call

    def iterator(self, run: Run) -> Elements:
        return _FlatMapped(self.source.iterator(run), self._call.bound(run), run)


@dataset_op("FlatMapDataset(input_dataset: variant, other_arguments: Targuments)", **_CALLED)
def FlatMapDataset(input_dataset, other_arguments, f, ctx):
    """The elements of the datasets that `f` gives, one dataset after the other."""
    return _FlatMapDataset(input_dataset, Call(ctx, f, other_arguments))


class _Interleaved(Elements):
    """Elements by turns from the datasets of `cycle` elements at a time, `block` from each."""

    def __init__(self, elements: Elements, start: Callable[[list], Elements], cycle: int, block: int):
        self._outer: Elements | None = elements
        self._start, self._block = start, block
        self._open: list[Elements | None] = [None] * cycle
        self._turn = self._given = 0

    def __next__(self) -> list:
        while self._outer is not None or any(e is not None for e in self._open):
            current = self._open[self._turn]
            if current is not None:
                try:
                    element = next(current)
                except StopIteration:
                    self._open[self._turn] = None
                    self._advance()
                    continue
                self._given += 1
                if self._given == self._block:
                    self._advance()
                return element
            if self._outer is None:
                self._advance()
                continue
            try:
                self._open[self._turn] = self._start(next(self._outer))
            except StopIteration:
                self._outer = None
        raise StopIteration

    def _advance(self) -> None:
        self._given, self._turn = 0, (self._turn + 1) % len(self._open)


class _InterleaveDataset(DatasetValue):
    def __init__(self, source: DatasetValue, call: Call, cycle: int, block: int, ahead: int = 0):
        self.source, self._call = source, call
        self._cycle, self._block, self._ahead = cycle, block, ahead

    def iterator(self, run: Run) -> Elements:
        call, ahead = self._call.bound(run), self._ahead

        def start(element: list) -> Elements:
            return prefetched(_dataset_of(call(element)).iterator(run), ahead, run)

        return _Interleaved(self.source.iterator(run), start, self._cycle, self._block)


def _interleaved(input_dataset, other_arguments, cycle_length, block_length, f, ctx, ahead: int = 0) -> DatasetValue:
    return _InterleaveDataset(input_dataset, Call(ctx, f, other_arguments), int(cycle_length), int(block_length), ahead)


@dataset_op(
    "InterleaveDataset(input_dataset: variant, other_arguments: Targuments, cycle_length: int64, block_length: int64)",
    **_CALLED,
)
def InterleaveDataset(input_dataset, other_arguments, cycle_length, block_length, f, ctx):
    """The elements of the datasets that `f` gives, by turns."""
    cycle = int(cycle_length)
    refuse(cycle <= 0 and cycle != -1, "cycle_length must be greater than zero.")
    refuse(block_length <= 0, "block_length must be greater than zero.")
    return _interleaved(input_dataset, other_arguments, 2 if cycle == -1 else cycle, block_length, f, ctx)


@dataset_op(
    "ParallelInterleaveDatasetV2(input_dataset: variant, other_arguments: Targuments, cycle_length: int64, "
    "block_length: int64, num_parallel_calls: int64)",
    **_CALLED,
    sloppy=False,
)
def ParallelInterleaveDatasetV2(input_dataset, other_arguments, cycle_length, block_length, num_parallel_calls, f, ctx):
    """As `InterleaveDataset`, with elements made ahead of time."""
    calls, cycle = int(num_parallel_calls), int(cycle_length)
    refuse(cycle <= 0 and cycle != -1, "`cycle_length` must be > 0")
    refuse(block_length <= 0, "`block_length` must be > 0")
    refuse(calls <= 0 and calls != -1, "num_parallel_calls must be greater than zero.")
    cycle = max(calls, 2) if cycle == -1 else cycle
    refuse(calls > cycle, "num_parallel_calls must less than or equal to cycle_length.")
    ahead = 0 if calls == 1 else int(block_length)
    return _interleaved(input_dataset, other_arguments, cycle, block_length, f, ctx, ahead)


@dataset_op(
    "ParallelInterleaveDataset(input_dataset: variant, other_arguments: Targuments, cycle_length: int64, "
    "block_length: int64, sloppy: bool, buffer_output_elements: int64, prefetch_input_elements: int64)",
    **_CALLED,
)
def ParallelInterleaveDataset(
    input_dataset,
    other_arguments,
    cycle_length,
    block_length,
    sloppy,
    buffer_output_elements,
    prefetch_input_elements,
    f,
    ctx,
):
    """As `InterleaveDataset`, with elements made ahead of time; in the same order, which `sloppy` doesn't ask for."""
    refuse(cycle_length <= 0, "`cycle_length` must be > 0")
    refuse(block_length <= 0, "`block_length` must be > 0")
    refuse(buffer_output_elements <= 0, "`buffer_output_elements` must be > 0")
    refuse(prefetch_input_elements < 0, "`prefetch_input_elements` must be >= 0")
    ahead = int(buffer_output_elements)
    return _interleaved(input_dataset, other_arguments, cycle_length, block_length, f, ctx, ahead)


class _Directed(Elements):
    def __init__(self, choices: Elements, parts: list[Elements]):
        self._choices = choices
        self._parts: list[Elements | None] = list(parts)

    def __next__(self) -> list:
        while any(part is not None for part in self._parts):
            index = int(np.asarray(next(self._choices)[0]))
            if not 0 <= index < len(self._parts):
                raise errors.InvalidArgumentError(
                    None, None, f"Selector index out of range: {index} >= {len(self._parts)}"
                )
            part = self._parts[index]
            if part is None:
                continue
            try:
                return next(part)
            except StopIteration:
                self._parts[index] = None
        raise StopIteration


class _DirectedDataset(DatasetValue):
    def __init__(self, choices: DatasetValue, parts: list[DatasetValue]):
        self._choices, self._parts = choices, parts

    def iterator(self, run: Run) -> Elements:
        return _Directed(self._choices.iterator(run), [part.iterator(run) for part in self._parts])


@dataset_op(
    "DirectedInterleaveDataset(selector_input_dataset: variant, data_input_datasets: N*variant)",
    **TYPED,
    N=attr("int", minimum=1),
)
def DirectedInterleaveDataset(selector_input_dataset, data_input_datasets):
    """Elements of the datasets that the numbers of the first one name."""
    return _DirectedDataset(selector_input_dataset, list(data_input_datasets))


class _Groups(Elements):
    """Elements of the datasets that are made of groups of elements with one key, once there are enough of them."""

    def __init__(self, elements: Elements, key: Any, size: Any, reduce: Any, run: Run):
        self._elements: Elements | None = elements
        self._key, self._size, self._reduce, self._run = key, size, reduce, run
        self._groups: dict[int, list] = {}
        self._sizes: dict[int, int] = {}
        self._current: Elements | None = None

    def __next__(self) -> list:
        while True:
            if self._current is not None:
                try:
                    return next(self._current)
                except StopIteration:
                    self._current = None
            while self._elements is not None and self._current is None:
                try:
                    self._add(next(self._elements))
                except StopIteration:
                    self._elements = None
            if self._current is None:
                if not self._groups:
                    raise StopIteration
                self._flush(min(self._groups))

    def _add(self, element: list) -> None:
        results = self._key(element)
        refuse(
            len(results) != 1 or np.shape(results[0]) != () or np.asarray(results[0]).dtype != np.int64,
            "`key_func` must return a scalar int64.",
        )
        key = int(results[0])
        if key not in self._sizes:
            size = int(self._size([np.int64(key)])[0])
            refuse(size <= 0, f"Window size must be greater than zero, but got {size}.")
            self._sizes[key] = size
        group = self._groups.setdefault(key, [])
        group.append(element)
        if len(group) == self._sizes[key]:
            self._flush(key)

    def _flush(self, key: int) -> None:
        group = ListedDataset(self._groups.pop(key))
        self._current = _dataset_of(self._reduce([np.int64(key), group])).iterator(self._run)


class _GroupsDataset(DatasetValue):
    def __init__(self, source: DatasetValue, key: Call, size: Call, reduce: Call):
        self.source, self._calls = source, (key, size, reduce)

    def iterator(self, run: Run) -> Elements:
        key, size, reduce = (call.bound(run) for call in self._calls)
        return _Groups(self.source.iterator(run), key, size, reduce, run)


@dataset_op(
    "GroupByWindowDataset(input_dataset: variant, key_func_other_arguments: Tkey_func_other_arguments, "
    "reduce_func_other_arguments: Treduce_func_other_arguments, "
    "window_size_func_other_arguments: Twindow_size_func_other_arguments)",
    key_func=FUNCTION,
    reduce_func=FUNCTION,
    window_size_func=FUNCTION,
    Tkey_func_other_arguments=TYPE_LIST,
    Treduce_func_other_arguments=TYPE_LIST,
    Twindow_size_func_other_arguments=TYPE_LIST,
    **TYPED,
)
def GroupByWindowDataset(
    input_dataset,
    key_func_other_arguments,
    reduce_func_other_arguments,
    window_size_func_other_arguments,
    key_func,
    reduce_func,
    window_size_func,
    ctx,
):
    """What `reduce_func` makes of so many elements with the same key as `window_size_func` says."""
    return _GroupsDataset(
        input_dataset,
        Call(ctx, key_func, key_func_other_arguments),
        Call(ctx, window_size_func, window_size_func_other_arguments),
        Call(ctx, reduce_func, reduce_func_other_arguments),
    )


class _Reduced(Elements):
    def __init__(self, elements: Elements, key: Any, init: Any, reduce: Any, finalize: Any):
        self._elements: Elements | None = elements
        self._key, self._init, self._reduce, self._finalize = key, init, reduce, finalize
        self._states: list[list] = []

    def __next__(self) -> list:
        if self._elements is not None:
            states: dict[int, list] = {}
            for element in self._elements:
                results = self._key(element)
                refuse(
                    len(results) != 1 or np.shape(results[0]) != () or np.asarray(results[0]).dtype != np.int64,
                    "`key_func` must return a scalar int64.",
                )
                key = int(results[0])
                state = states[key] if key in states else self._init([np.int64(key)])
                states[key] = self._reduce([*state, *element])
            self._elements = None
            self._states = list(states.values())
        if not self._states:
            raise StopIteration
        return self._finalize(self._states.pop(0))


class _ReducedDataset(DatasetValue):
    def __init__(self, source: DatasetValue, *calls: Call):
        self.source, self._calls = source, calls

    def iterator(self, run: Run) -> Elements:
        return _Reduced(self.source.iterator(run), *(call.bound(run) for call in self._calls))


@dataset_op(
    "GroupByReducerDataset(input_dataset: variant, key_func_other_arguments: Tkey_func_other_arguments, "
    "init_func_other_arguments: Tinit_func_other_arguments, "
    "reduce_func_other_arguments: Treduce_func_other_arguments, "
    "finalize_func_other_arguments: Tfinalize_func_other_arguments)",
    key_func=FUNCTION,
    init_func=FUNCTION,
    reduce_func=FUNCTION,
    finalize_func=FUNCTION,
    Tkey_func_other_arguments=TYPE_LIST,
    Tinit_func_other_arguments=TYPE_LIST,
    Treduce_func_other_arguments=TYPE_LIST,
    Tfinalize_func_other_arguments=TYPE_LIST,
    **TYPED,
)
def GroupByReducerDataset(
    input_dataset,
    key_func_other_arguments,
    init_func_other_arguments,
    reduce_func_other_arguments,
    finalize_func_other_arguments,
    key_func,
    init_func,
    reduce_func,
    finalize_func,
    ctx,
):
    """For each key a state that all elements with this key have been put into."""
    return _ReducedDataset(
        input_dataset,
        Call(ctx, key_func, key_func_other_arguments),
        Call(ctx, init_func, init_func_other_arguments),
        Call(ctx, reduce_func, reduce_func_other_arguments),
        Call(ctx, finalize_func, finalize_func_other_arguments),
    )
