"""Records of many files read at the same time into one queue, and batches that are made ahead of their use."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.io.readers import ReaderBase
from pyflow.ops.cast import cast
from pyflow.ops.math_sums import add_n
from pyflow.ops.queue import FIFOQueue, PaddingFIFOQueue, QueueBase, RandomShuffleQueue
from pyflow.platform import gfile
from pyflow.summary.functions import scalar
from pyflow.train.input_producers import string_input_producer
from pyflow.train.queue_runner import QueueRunner, add_queue_runner


@export("contrib.slim.parallel_reader.ParallelReader")
class ParallelReader(ReaderBase):
    """Several readers that fill one queue, each from a file of its own.

    Args:
      reader_class: what makes a reader, such as `tf.TFRecordReader`.
      common_queue: a queue of (key, value) pairs of strings.
      num_readers: how many readers there are.
      reader_kwargs: arguments for each of them.

    Raises:
      TypeError: the queue holds something else.
    """

    def __init__(self, reader_class: Any, common_queue: QueueBase, num_readers: int = 4, reader_kwargs: Any = None):
        types = common_queue.dtypes
        if len(types) != 2 or not all(t.is_compatible_with(dtypes.string) for t in types):
            raise TypeError("common_queue.dtypes must be [tf.string, tf.string]")
        self._readers = [reader_class(**(reader_kwargs or {})) for _ in range(num_readers)]
        self._common_queue = common_queue

    num_readers: Any = property(lambda self: len(self._readers), doc="How many readers there are.")
    common_queue: Any = property(lambda self: self._common_queue, doc="The queue that they fill.")

    def read(self, queue: Any, name: str | None = None) -> Any:
        """The next (key, value) pair of the files named in `queue`; adds the queue runner that fills the queue."""
        self._fill_from(queue)
        return self._common_queue.dequeue(name=name)

    def read_up_to(self, queue: Any, num_records: Any, name: str | None = None) -> Any:
        """As `read`, as many as there are but no more than `num_records`: two vectors of strings."""
        self._fill_from(queue)
        return self._common_queue.dequeue_up_to(num_records, name)

    def _fill_from(self, queue: Any) -> None:
        enqueues = [self._common_queue.enqueue(reader.read(queue)) for reader in self._readers]
        add_queue_runner(QueueRunner(self._common_queue, enqueues))

    def num_records_produced(self, name: str | None = None) -> Tensor:
        """How many records all readers have produced, an int64 scalar."""
        return add_n([reader.num_records_produced() for reader in self._readers], name=name)

    def num_work_units_completed(self, name: str | None = None) -> Tensor:
        """How many files all readers have finished, an int64 scalar."""
        return add_n([reader.num_work_units_completed() for reader in self._readers], name=name)


def _summarize_fullness(queue: QueueBase, capacity: int) -> None:
    scalar(f"fraction_of_{capacity}_full", cast(queue.size(), dtypes.float32) * (1.0 / capacity))


@export("contrib.slim.parallel_reader.parallel_read")
def parallel_read(
    data_sources: Any,
    reader_class: Any,
    num_epochs: int | None = None,
    num_readers: int = 4,
    reader_kwargs: Any = None,
    shuffle: bool = True,
    dtypes: Any = None,
    capacity: int = 256,
    min_after_dequeue: int = 128,
    seed: int | None = None,
    scope: str | None = None,
) -> Any:
    """The next record of many files, a (key, value) pair of string scalars.

    Args:
      data_sources: files, or patterns of their names.
      reader_class: what makes a reader.
      num_epochs: how often each file is read; None stands for without end.
      num_readers, reader_kwargs: as for `ParallelReader`.
      shuffle: whether files and records come in random order.
      dtypes: those of the queue, strings by default.
      capacity: how many records wait at most.
      min_after_dequeue: how many of them stay for the shuffling.
      seed: of the shuffling.
      scope: the name scope of the nodes.

    Raises:
      ValueError: there are no files.
    """
    files = get_data_files(data_sources)
    with name_scope(scope, "parallel_read"):
        names = string_input_producer(files, num_epochs=num_epochs, shuffle=shuffle, seed=seed, name="filenames")
        types = dtypes or _STRINGS
        queue: QueueBase
        if shuffle:
            queue = RandomShuffleQueue(capacity, min_after_dequeue, dtypes=types, seed=seed, name="common_queue")
        else:
            queue = FIFOQueue(capacity, dtypes=types, name="common_queue")
        _summarize_fullness(queue, capacity)
        reader = ParallelReader(reader_class, queue, num_readers=num_readers, reader_kwargs=reader_kwargs)
        return reader.read(names)


_STRINGS = [dtypes.string, dtypes.string]


@export("contrib.slim.parallel_reader.single_pass_read")
def single_pass_read(data_sources: Any, reader_class: Any, reader_kwargs: Any = None, scope: str | None = None) -> Any:
    """The next record of files that are read once, in order: a (key, value) pair of string scalars.

    Raises:
      ValueError: there are no files.
    """
    files = get_data_files(data_sources)
    with name_scope(scope, "single_pass_read"):
        names = string_input_producer(files, num_epochs=1, shuffle=False, capacity=1, name="filenames")
        return reader_class(**(reader_kwargs or {})).read(names)


@export("contrib.slim.parallel_reader.get_data_files")
def get_data_files(data_sources: Any) -> list[str]:
    """The files that a name, a pattern with `*`, `?` or `[`, or a list of those stands for.

    Raises:
      ValueError: there are none.
    """
    if isinstance(data_sources, (list, tuple)):
        files = [file for source in data_sources for file in get_data_files(source)]
    elif any(sign in data_sources for sign in "*?["):
        files = gfile.Glob(data_sources)
    else:
        files = [data_sources]
    if not files:
        raise ValueError(f"No data files found in {data_sources}")
    return files


@export("contrib.slim.prefetch_queue.prefetch_queue")
def prefetch_queue(
    tensors: Any,
    capacity: int = 8,
    num_threads: int = 1,
    dynamic_pad: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> QueueBase:
    """A queue that is filled with values of tensors ahead of their use; a queue runner for it joins the graph's.

    Args:
      tensors: a list or a dict of tensors; what is dequeued has the same form.
      capacity: how many of them wait at most.
      num_threads: how many threads fill it.
      dynamic_pad: whether dimensions may be unknown.
      shared_name: of the queue.
    """
    names = sorted(tensors) if isinstance(tensors, dict) else None
    values = tensors if names is None else [tensors[n] for n in names]
    with name_scope(name, "prefetch_queue", values):
        kind = PaddingFIFOQueue if dynamic_pad else FIFOQueue
        queue = kind(
            capacity=capacity,
            dtypes=[t.dtype for t in values],
            shapes=[t.get_shape() for t in values],
            names=names,
            shared_name=shared_name,
        )
        add_queue_runner(QueueRunner(queue, [queue.enqueue(tensors)] * num_threads))
        _summarize_fullness(queue, capacity)
        return queue
