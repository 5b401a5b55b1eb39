"""Queues that are filled from arrays, tables and generators in memory."""

from __future__ import annotations

import itertools
import random
import sys
import types
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.scopes import name_scope
from pyflow.ops.cast import cast
from pyflow.ops.math_binary import maximum
from pyflow.ops.placeholder import placeholder
from pyflow.ops.queue import FIFOQueue, PaddingFIFOQueue, RandomShuffleQueue
from pyflow.platform import logging
from pyflow.summary.functions import scalar
from pyflow.train.queue_runner import QueueRunner, add_queue_runner


class _FeedingQueueRunner(QueueRunner):
    """A queue runner whose enqueue operations are fed by functions.

    Raises:
      ValueError: there are not as many functions as operations.
    """

    def __init__(
        self,
        queue: Any = None,
        enqueue_ops: Any = None,
        close_op: Any = None,
        cancel_op: Any = None,
        feed_fns: Any = None,
        queue_closed_exception_types: Any = None,
    ):
        closed = queue_closed_exception_types or (errors.OutOfRangeError, errors.CancelledError)
        super().__init__(queue, enqueue_ops, close_op, cancel_op, queue_closed_exception_types=closed)
        if feed_fns is None:
            feed_fns = [None for _ in enqueue_ops]
        elif len(feed_fns) != len(enqueue_ops):
            raise ValueError("If feed_fns is not None, it must have the same length as enqueue_ops.")
        self._feed_fns = feed_fns

    def _enqueuing(self, sess: Any, number: int) -> Callable[[], Any]:
        feed_fn, op = self._feed_fns[number], self._enqueue_ops[number]
        if feed_fn is None:
            return super()._enqueuing(sess, number)
        return lambda: sess.run(op, feed_dict=feed_fn())

    def _init_from_proto(self, definition: Any, import_scope: str | None = None) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not support initialization from proto.")

    def to_proto(self, export_scope: str | None = None) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not support serialization to proto.")


def next_batch(
    start: int, batch_size: int, epoch_end: int, array_length: int, epoch: int, total_epochs: int | None
) -> tuple[list[int], int]:
    """The numbers of the next batch's examples, and how many epochs are over then.

    Args:
      start: the number of the first.
      batch_size: how many; fewer in the last batch.
      epoch_end: the number of the example that ends an epoch.
      array_length: how many examples there are.
      epoch: how many epochs are over now.
      total_epochs: after how many to end; None: never.

    Raises:
      OutOfRangeError: all epochs are over.
    """
    if total_epochs is not None and epoch >= total_epochs:
        raise errors.OutOfRangeError(None, None, f"Already emitted {epoch} epochs.")
    numbers = [number % array_length for number in range(start, start + batch_size)]
    ends = [place for place, number in enumerate(numbers) if number == epoch_end]
    epoch += len(ends)
    if total_epochs is None or epoch < total_epochs:
        return numbers, epoch
    return numbers[: ends[total_epochs - epoch - 1] + 1], total_epochs


_get_integer_indices_for_next_batch = next_batch


class _RowsFeedFn:
    """Feeds batches of rows; subclasses say how these are taken out."""

    _expectation = "Expected {} placeholders; got {}."

    def __init__(
        self,
        placeholders: list,
        data: Any,
        batch_size: int,
        random_start: bool = False,
        seed: Any = None,
        num_epochs: int | None = None,
    ):
        expected = self._column_count(data) + 1
        if len(placeholders) != expected:
            raise ValueError(self._expectation.format(expected, len(placeholders)))
        self._placeholders = placeholders
        self._data = data
        self._max = self._length(data)
        self._batch_size = batch_size
        self._num_epochs = num_epochs
        self._epoch = 0
        random.seed(seed)
        self._trav = random.randrange(self._max) if random_start else 0
        self._epoch_end = (self._trav - 1) % self._max

    def __call__(self) -> dict[Any, Any]:
        numbers, self._epoch = next_batch(
            self._trav, self._batch_size, self._epoch_end, self._max, self._epoch, self._num_epochs
        )
        self._trav = (numbers[-1] + 1) % self._max
        return dict(zip(self._placeholders, self._rows(numbers)))

    def _column_count(self, data: Any) -> int:
        raise NotImplementedError

    def _length(self, data: Any) -> int:
        return len(data)

    def _rows(self, numbers: list[int]) -> list[Any]:
        raise NotImplementedError


class _ArrayFeedFn(_RowsFeedFn):
    """Feeds rows of one array."""

    _expectation = "_array_feed_fn expects {} placeholders; got {}."

    def _column_count(self, data: Any) -> int:
        return 1

    def _rows(self, numbers: list[int]) -> list[Any]:
        return [numbers, self._data[numbers]]


class _OrderedDictNumpyFeedFn(_RowsFeedFn):
    """Feeds rows of several arrays."""

    def _column_count(self, data: Any) -> int:
        return len(data)

    def _length(self, data: Any) -> int:
        lengths = [len(column) for column in data.values()]
        if any(length != lengths[0] for length in lengths):
            raise ValueError("Array lengths must match.")
        return lengths[0]

    def _rows(self, numbers: list[int]) -> list[Any]:
        return [numbers, *(column[numbers] for column in self._data.values())]


class _PandasFeedFn(_RowsFeedFn):
    """Feeds rows of a table."""

    def _column_count(self, data: Any) -> int:
        return len(data.columns)

    def _rows(self, numbers: list[int]) -> list[Any]:
        rows = self._data.iloc[numbers]
        return [rows.index.values, *(rows[column].values for column in rows.columns)]


class _GeneratorFeedFn:
    """Feeds batches of the dicts that a generator gives."""

    def __init__(
        self,
        placeholders: list,
        generator: Callable,
        batch_size: int,
        random_start: bool = False,
        seed: Any = None,
        num_epochs: int | None = None,
        pad_value: Any = None,
    ):
        first = next(generator())
        if len(placeholders) != len(first):
            raise ValueError(f"Expected {len(first)} placeholders; got {len(placeholders)}.")
        self._keys = sorted(first)
        self._col_placeholders = placeholders
        self._generator_function = generator
        self._iterator = generator()
        self._batch_size = batch_size
        self._num_epochs = num_epochs
        self._epoch = 0
        self._pad_value = pad_value
        random.seed(seed)

    def __call__(self) -> dict[Any, Any]:
        if self._num_epochs and self._epoch >= self._num_epochs:
            raise errors.OutOfRangeError(None, None, f"Already emitted {self._epoch} epochs.")
        columns: dict[Any, list] = {}
        size = 0
        # Values are counted, not rows, as in TensorFlow.
        while size < self._batch_size:
            try:
                row = next(self._iterator)
            except StopIteration:
                self._epoch += 1
                self._iterator = self._generator_function()
                row = next(self._iterator)
            for key, fed in zip(self._keys, self._col_placeholders):
                if key not in row:
                    raise KeyError(
                        f"key mismatch between dicts emitted by GenFun Expected {self._keys} keys; got {row.keys()}"
                    )
                columns.setdefault(fed, []).append(row[key])
                size += 1
        if self._pad_value is None:
            return {fed: np.asarray(values) for fed, values in columns.items()}
        return {fed: np.asarray(pad_if_needed(values, self._pad_value)) for fed, values in columns.items()}


def pad_if_needed(arrays: list[np.ndarray], fillvalue: Any = 0) -> Any:
    """Arrays that differ in their last dimension only, as one padded there.

    Raises:
      ValueError: they differ elsewhere.
    """
    shapes = [array.shape[:-1] if array.ndim else -1 for array in arrays]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("Array shapes must match.")
    lengths = [array.shape[-1] if array.ndim else 0 for array in arrays]
    if all(length == lengths[0] for length in lengths):
        return arrays
    padded = np.full((len(arrays), *arrays[0].shape[:-1], max(lengths)), fillvalue, arrays[0].dtype)
    for row, array, length in zip(padded, arrays, lengths):
        row[..., :length] = array
    return padded


def enqueue_data(
    data: Any,
    capacity: int,
    shuffle: bool = False,
    min_after_dequeue: Any = None,
    num_threads: int = 1,
    seed: Any = None,
    name: str = "enqueue_input",
    enqueue_size: int = 1,
    num_epochs: int | None = None,
    pad_value: Any = None,
) -> Any:
    """A queue of the rows of some data, and the runner that fills it.

    Args:
      data: an array, an OrderedDict of arrays, a DataFrame, or a function that gives a generator of dicts.
      capacity: how many rows the queue holds.
      shuffle: whether rows come in random order; `min_after_dequeue` of them are left to choose from.
      num_threads: how many threads fill it, each with the whole data `num_epochs` times.
      enqueue_size: rows put in at once.
      pad_value: what shorter arrays of a generator are filled up with.

    Raises:
      TypeError: the data is something else.
      NotImplementedError: padding of arrays, or with shuffling.
    """
    with name_scope(name):
        types_, shapes, make_feed_fn = _kind_of(data)
        if pad_value is not None and make_feed_fn is not _GeneratorFeedFn:
            raise NotImplementedError("padding is only available with generator usage")
        if shuffle and pad_value is not None:
            raise NotImplementedError("padding and shuffling data at the same time is not implemented")
        _warn_of_threads(num_threads, num_epochs, shuffle)
        left = 0
        if shuffle:
            left = int(capacity / 4 if min_after_dequeue is None else min_after_dequeue)
            queue: Any = RandomShuffleQueue(capacity, left, dtypes=types_, shapes=shapes, seed=seed)
        elif pad_value is not None:
            padded = [(*shape[:-1], None) if len(shape) else shape for shape in shapes]
            queue = PaddingFIFOQueue(capacity, dtypes=types_, shapes=padded)
        else:
            queue = FIFOQueue(capacity, dtypes=types_, shapes=shapes)
        enqueue_ops, feed_fns = [], []
        for number in range(num_threads):
            placeholders = [placeholder(dtype) for dtype in types_]
            enqueue_ops.append(queue.enqueue_many(placeholders))
            options: dict[str, Any] = {} if pad_value is None else {"pad_value": pad_value}
            options["seed"] = None if seed is None else (number + 1) * seed
            feed_fns.append(
                make_feed_fn(placeholders, data, enqueue_size, random_start=shuffle, num_epochs=num_epochs, **options)
            )
        add_queue_runner(_FeedingQueueRunner(queue=queue, enqueue_ops=enqueue_ops, feed_fns=feed_fns))
        full = cast(maximum(0, queue.size() - left), dtypes.float32) * (1.0 / (capacity - left))
        scalar(f"queue/{queue.name}fraction_over_{left}_of_{capacity - left}_full", full)
        return queue


_enqueue_data = enqueue_data


def _kind_of(data: Any) -> tuple[list, list, Callable]:
    """Dtypes and shapes of a row, and what feeds rows."""
    pandas = sys.modules.get("pandas")
    if isinstance(data, np.ndarray):
        return [dtypes.int64, dtypes.as_dtype(data.dtype)], [(), data.shape[1:]], _ArrayFeedFn
    if isinstance(data, OrderedDict):
        columns = list(data.values())
        types_ = [dtypes.int64, *(dtypes.as_dtype(column.dtype) for column in columns)]
        return types_, [(), *(column.shape[1:] for column in columns)], _OrderedDictNumpyFeedFn
    if isinstance(data, types.FunctionType):
        first = next(data())
        values = [first[key] for key in sorted(first)]
        return [dtypes.as_dtype(v.dtype) for v in values], [v.shape for v in values], _GeneratorFeedFn
    if pandas is not None and isinstance(data, pandas.DataFrame):
        types_ = [dtypes.as_dtype(dtype) for dtype in itertools.chain([data.index.dtype], data.dtypes)]
        return types_, [()] * len(types_), _PandasFeedFn
    raise TypeError(
        f"data must be either a numpy array or pandas DataFrame if pandas is installed; got {type(data).__name__}"
    )


def _warn_of_threads(num_threads: int, num_epochs: int | None, shuffle: bool) -> None:
    if num_threads <= 1:
        return
    if num_epochs is not None:
        logging.warning(
            "enqueue_data was called with num_epochs and num_threads > 1. num_epochs is applied per thread, so this "
            "will produce more epochs than you probably intend. If you want to limit epochs, use one thread."
        )
    if shuffle and num_epochs is not None:
        logging.warning(
            "enqueue_data was called with shuffle=True, num_threads > 1, and num_epochs. This will create multiple "
            "threads, all reading the array/dataframe in order adding to the same shuffling queue; the results will "
            "likely not be sufficiently shuffled."
        )
    if not shuffle:
        logging.warning(
            "enqueue_data was called with shuffle=False and num_threads > 1. This will create multiple threads, all "
            "reading the array/dataframe in order. If you want examples read in order, use one thread; if you want "
            "multiple threads, enable shuffling."
        )
