"""Datasets that say how others are to be iterated over, and what can be asked of a dataset as a whole."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.ops.dataset_batches import BatchedDataset
from pyflow.ops.dataset_functions import MappedBatchesDataset, MappedDataset
from pyflow.ops.dataset_order import _RepeatDataset, passed
from pyflow.ops.dataset_shuffle import ShuffledDataset
from pyflow.ops.dataset_threads import AUTOTUNE, prefetched
from pyflow.ops.dataset_values import (
    FUNCTION,
    SHAPES,
    TYPE_LIST,
    TYPED,
    TYPES,
    Call,
    DatasetValue,
    Elements,
    Run,
    dataset_op,
    kept,
    refuse,
)
from pyflow.ops.shape_rules import scalar


def optimized(dataset: DatasetValue) -> DatasetValue:
    """The dataset with a shuffling and a repetition, or a map and a batch, made one, as TensorFlow does by default.

    It changes the order in which a shuffled dataset is repeated, and the words of an error.
    """
    source = getattr(dataset, "source", None)
    if source is None:
        return dataset
    dataset.source = source = optimized(source)  # type: ignore[attr-defined]
    if type(dataset) is _RepeatDataset and isinstance(source, ShuffledDataset):
        return source.repeated(dataset.count) or dataset
    if type(dataset) is BatchedDataset and isinstance(source, MappedDataset):
        return MappedBatchesDataset(source, dataset.size, dataset.drop_remainder)
    return dataset


@dataset_op(
    "OptimizeDataset(input_dataset: variant, optimizations: string)",
    **TYPED,
    optimization_configs=attr("list(string)", default=[]),
)
def OptimizeDataset(input_dataset, optimizations):
    """The dataset, made faster."""
    wanted = {name.decode() if isinstance(name, bytes) else name for name in np.asarray(optimizations).tolist()}
    return optimized(input_dataset) if "shuffle_and_repeat_fusion" in wanted else input_dataset


@dataset_op("ModelDataset(input_dataset: variant)", algorithm=0, cpu_budget=0, **TYPED)
def ModelDataset(input_dataset):
    """The dataset."""
    return input_dataset


@dataset_op("MaxIntraOpParallelismDataset(input_dataset: variant, max_intra_op_parallelism: int64)", **TYPED)
def MaxIntraOpParallelismDataset(input_dataset):
    """The dataset."""
    return passed(input_dataset)


@dataset_op("PrivateThreadPoolDataset(input_dataset: variant, num_threads: int64)", **TYPED)
def PrivateThreadPoolDataset(input_dataset, num_threads):
    """The dataset."""
    refuse(num_threads < 0, "`num_threads` must be >= 0")
    return passed(input_dataset)


@op(
    "ThreadPoolHandle() -> (handle: resource)",
    num_threads=attr("int"),
    max_intra_op_parallelism=1,
    display_name=attr("string"),
    container="",
    shared_name="",
)
class ThreadPoolHandle:
    """What stands for threads that datasets may be told to use; they have their own anyway."""

    stateful = True
    shape = scalar
    grad = NOT_DIFFERENTIABLE

    def cpu(ctx, num_threads):
        refuse(num_threads <= 0, "`num_threads` must be greater than zero.")
        return ctx.state(object)


@dataset_op("ThreadPoolDataset(input_dataset: variant, thread_pool: resource)", **TYPED)
def ThreadPoolDataset(input_dataset):
    """The dataset."""
    return passed(input_dataset)


@dataset_op("NonSerializableDataset(input_dataset: variant)", **TYPED)
def NonSerializableDataset(input_dataset):
    """The dataset."""
    return passed(input_dataset)


class _Slow(Elements):
    def __init__(self, elements: Elements, seconds: float):
        self._elements, self._seconds = elements, seconds

    def __next__(self) -> list:
        time.sleep(self._seconds)
        return next(self._elements)


class _SleepDataset(DatasetValue):
    def __init__(self, source: DatasetValue, seconds: float):
        self.source, self._seconds = source, seconds

    def iterator(self, run: Run) -> Elements:
        return _Slow(self.source.iterator(run), self._seconds)

    def cardinality(self) -> int:
        return self.source.cardinality()


@dataset_op("SleepDataset(input_dataset: variant, sleep_microseconds: int64)", **TYPED)
def SleepDataset(input_dataset, sleep_microseconds):
    """The elements, each after a pause."""
    return _SleepDataset(input_dataset, int(sleep_microseconds) / 1e6)


class _PrefetchDataset(DatasetValue):
    def __init__(self, source: DatasetValue, size: int):
        self.source, self._size = source, size

    def iterator(self, run: Run) -> Elements:
        return prefetched(self.source.iterator(run), self._size, run)

    def cardinality(self) -> int:
        return self.source.cardinality()


@dataset_op(
    "PrefetchDataset(input_dataset: variant, buffer_size: int64)", **TYPED, slack_period=0, legacy_autotune=True
)
def PrefetchDataset(input_dataset, buffer_size):
    """The elements, the next ones made ready while one is at work."""
    refuse(buffer_size < 0 and buffer_size != AUTOTUNE, "buffer_size must be >= 0 or set buffer_size to be "
           f"{AUTOTUNE} for auto-tuning")  # fmt: skip
    return _PrefetchDataset(input_dataset, int(buffer_size))


def whole_run(ctx: Any) -> Run:
    """A run for a node that goes through a dataset by itself."""
    return Run(ctx.state(ctx.surroundings))


class _Kernel:
    """Shape rule of nodes that give an element."""

    def shape(output_shapes):
        return [s.as_tuple() for s in output_shapes]


@op(
    "ReduceDataset(input_dataset: variant, initial_state: Tstate, other_arguments: Targuments) "
    "-> (components: output_types)",
    f=FUNCTION,
    Tstate=attr("list(type)", minimum=1),
    Targuments=TYPE_LIST,
    output_types=TYPES,
    output_shapes=SHAPES,
    use_inter_op_parallelism=True,
)
class ReduceDataset:
    """The state after `f` has put all elements into it."""

    stateful = True
    shape = _Kernel.shape

    def cpu(input_dataset, initial_state, other_arguments, f, ctx):
        run = whole_run(ctx)
        try:
            call, state = Call(ctx, f, other_arguments).bound(run), [kept(x) for x in initial_state]
            for element in input_dataset.iterator(run):
                state = call([*state, *element])
            return state
        finally:
            run.close()

    grad = NOT_DIFFERENTIABLE


@op("DatasetToSingleElement(dataset: variant) -> (components: output_types)", **TYPED)
class DatasetToSingleElement:
    """The element of a dataset that has one."""

    stateful = True
    shape = _Kernel.shape

    def cpu(dataset, ctx):
        run = whole_run(ctx)
        try:
            elements = dataset.iterator(run)
            element = next(elements, None)
            if element is None:
                raise errors.InvalidArgumentError(None, None, "Dataset was empty.")
            refuse(next(elements, None) is not None, "Dataset had more than one element.")
            return element
        finally:
            run.close()

    grad = NOT_DIFFERENTIABLE


class _CardinalityBody:
    """How many elements a dataset has: -1 for infinitely many, -2 if that cannot be told."""

    stateful = True
    shape = scalar

    def cpu(input_dataset):
        return np.int64(input_dataset.cardinality())

    grad = NOT_DIFFERENTIABLE


DatasetCardinality = op("DatasetCardinality(input_dataset: variant) -> (cardinality: int64)")(_CardinalityBody)
ExperimentalDatasetCardinality = op("ExperimentalDatasetCardinality(input_dataset: variant) -> (cardinality: int64)")(
    _CardinalityBody
)
