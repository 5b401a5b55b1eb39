"""Examples gathered to batches by a queue: `tf.train.batch`, `tf.train.shuffle_batch`, ...

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/batch

What these functions share:

Args:
  tensors: the components of an example, a list or a dict of tensors; the result has the same form.
  tensors_list: a list of those, each of which gets a thread of its own.
  keep_input: bool, of shape () or with `enqueue_many` [examples]: which examples are let in.
  batch_size: int, or int32 of shape ().
  num_threads: how many threads fill the queue.
  capacity: how many examples the queue holds at most.
  enqueue_many: whether the tensors hold many examples, [examples, ...].
  shapes: of the components of an example, where they aren't known.
  dynamic_pad: whether examples of different shapes are padded with zeros to the largest of the batch.
  allow_smaller_final_batch: whether what is left at the end makes a smaller batch; the size is not static then.
  shared_name: of the queue.
  min_after_dequeue: how many examples stay in the queue, for the shuffling.
  seed: of the shuffling.

Returns:
  A batch, [batch_size, ...] each. It fails with `OutOfRangeError` at the end of the input. A queue runner is added to
  the graph, and a summary of how full the queue is.

Raises:
  ValueError: there are no tensors, their shapes or ranks are not known or differ, or capacities don't go together.
  TypeError: the dtypes of what goes into one queue differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_n_to_tensor_or_indexed_slices, convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import as_shape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import no_op
from pyflow.ops.dynamic_stitch import dynamic_partition
from pyflow.ops.math_binary import maximum
from pyflow.ops.queue import FIFOQueue, PaddingFIFOQueue, QueueBase, RandomShuffleQueue
from pyflow.ops.smart_cond import smart_cond
from pyflow.summary.functions import scalar
from pyflow.train.input_sparse import restore_sparse, store_sparse_of_each
from pyflow.train.queue_runner import QueueRunner, add_queue_runner

_MakeQueue = Callable[[list, list], QueueBase]  # from dtypes and shapes


class _Fifo:
    """The queue that batches in the order of the input."""

    def __init__(self, capacity: int, dynamic_pad: bool, shared_name: str | None):
        self._capacity, self._shared_name = capacity, shared_name
        self._kind: Any = PaddingFIFOQueue if dynamic_pad else FIFOQueue

    def check(self) -> None:
        pass

    def make(self, types: list, shapes: Any) -> QueueBase:
        return self._kind(capacity=self._capacity, dtypes=types, shapes=shapes, shared_name=self._shared_name)

    def summarize(self, queue: QueueBase) -> None:
        full = cast(queue.size(), dtypes.float32) * (1.0 / self._capacity)
        scalar(f"fraction_of_{self._capacity}_full", full)


class _Shuffled:
    """The queue that batches in random order."""

    def __init__(self, capacity: int, min_after_dequeue: int, seed: int | None, shared_name: str | None):
        self._capacity, self._least, self._seed, self._shared_name = capacity, min_after_dequeue, seed, shared_name

    def check(self) -> None:
        if self._capacity <= self._least:
            raise ValueError(f"capacity {self._capacity} must be bigger than min_after_dequeue {self._least}.")

    def make(self, types: list, shapes: Any) -> QueueBase:
        return RandomShuffleQueue(
            capacity=self._capacity,
            min_after_dequeue=self._least,
            seed=self._seed,
            dtypes=types,
            shapes=shapes,
            shared_name=self._shared_name,
        )

    def summarize(self, queue: QueueBase) -> None:
        room = self._capacity - self._least
        full = cast(maximum(0, queue.size() - self._least), dtypes.float32) * (1.0 / room)
        scalar(f"fraction_over_{self._least}_of_{room}_full", full)


def _batched(
    tensors_list: Any,
    keep_input: Any,
    kind: _Fifo | _Shuffled,
    batch_size: Any,
    enqueue_many: bool,
    shapes: Any,
    allow_smaller_final_batch: bool,
    name: str | None,
    default_name: str,
    num_threads: int = 1,
) -> Any:
    """What all the functions do; those without "join" in their name give one list of tensors."""
    lists = _as_tensor_lists(tensors_list)
    with name_scope(name, default_name, [*(t for tensors in lists for t in tensors), keep_input]) as scope:
        kind.check()
        lists = [as_tensors(tensors) for tensors in lists]
        if not lists[0] and not default_name.endswith("join"):
            raise ValueError("Expected at least one tensor in batch().")
        keep = checked_keep_input(keep_input, enqueue_many)
        lists, infos = store_sparse_of_each(lists, enqueue_many, keep)
        types = common_dtypes(lists)
        queue = kind.make(types, common_shapes(lists, enqueue_many) if shapes is None else shapes)
        enqueue_ops = [_enqueue(queue, tensors, enqueue_many, keep) for tensors in lists] * num_threads
        add_queue_runner(QueueRunner(queue, enqueue_ops))
        kind.summarize(queue)
        take = queue.dequeue_up_to if allow_smaller_final_batch else queue.dequeue_many
        dequeued = restore_sparse(take(batch_size, name=scope), infos)
        return in_form_of(tensors_list[0], dequeued)


def _as_tensor_lists(tensors_list: Any) -> list[list]:
    if not tensors_list:
        raise ValueError("Expected at least one set of tensors")
    first = tensors_list[0]
    if not isinstance(first, dict):
        return tensors_list
    if any(set(tensors) != set(first) for tensors in tensors_list[1:]):
        raise ValueError("All dictionaries in tensors_list must have the same keys")
    return [as_list(tensors) for tensors in tensors_list]


def as_list(tensors: Any) -> Any:
    """The tensors of a dict in the order of their keys; others as they are."""
    return [tensors[key] for key in sorted(tensors, key=str)] if isinstance(tensors, dict) else tensors


def as_tensors(tensors: Any) -> list:
    """What is no tensor, dense or sparse, becomes one."""
    return [t if isinstance(t, SparseTensor) else convert_n_to_tensor_or_indexed_slices([t])[0] for t in tensors]


def in_form_of(tensors: Any, dequeued: Any) -> Any:
    """What was dequeued, a dict if the tensors were."""
    if not isinstance(tensors, dict):
        return dequeued
    return dict(zip(sorted(tensors, key=str), [dequeued] if len(tensors) == 1 else dequeued))


def checked_keep_input(keep_input: Any, enqueue_many: bool) -> Tensor:
    """
    Raises:
      ValueError: it has another number of dimensions than it may have.
    """
    keep = convert_to_tensor(keep_input)
    if keep.shape.ndims is None:
        raise ValueError("`keep_input` dimensions must be known at graph construction.")
    if not enqueue_many and keep.shape.ndims == 1:
        raise ValueError("`keep_input` cannot be a vector when `enqueue_many=False`.")
    if keep.shape.ndims > 1:
        raise ValueError("`keep_input` must be 0 or 1 dimensions.")
    return keep


def common_dtypes(lists: list[list]) -> list:
    """The dtypes that all the lists have."""
    first, *others = [[t.dtype for t in tensors] for tensors in lists]
    for types in others:
        if types != first:
            names = [", ".join(t.name for t in types) for types in (first, types)]
            raise TypeError(f"Expected types to be consistent: {names[0]} vs. {names[1]}.")
    return first


def common_shapes(lists: list[list], enqueue_many: bool) -> list:
    """The shapes of the components of an example."""
    for tensors in lists:
        for i, _ in enumerate(lists[0]):
            if tensors[i].shape.ndims is None:
                raise ValueError(f"Cannot infer Tensor's rank: {tensors[i]}")
    return [
        _element_shape([tensors[i].shape.as_list() for tensors in lists], enqueue_many) for i in range(len(lists[0]))
    ]


def _element_shape(given: list, enqueue_many: bool) -> list:
    shapes = [as_shape(s) for s in given]
    if enqueue_many:
        shapes = [s.with_rank_at_least(1)[1:] for s in shapes]
    for shape in shapes[1:]:
        shapes[0].merge_with(shape)
    return shapes[0].as_list()


def _enqueue(queue: QueueBase, tensors: list[Tensor], enqueue_many: bool, keep_input: Tensor) -> Any:
    put = queue.enqueue_many if enqueue_many else queue.enqueue
    if keep_input.shape.ndims == 1:
        part = cast(keep_input, dtypes.int32)
        return put([dynamic_partition(t, part, num_partitions=2)[1] for t in tensors])
    return smart_cond(keep_input, lambda: put(tensors), no_op)


@export("train.batch")
def batch(
    tensors: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of examples in their order (with one thread); see the top of this module."""
    return maybe_batch(
        tensors,
        True,
        batch_size,
        num_threads,
        capacity,
        enqueue_many,
        shapes,
        dynamic_pad,
        allow_smaller_final_batch,
        shared_name,
        name,
    )


@export("train.maybe_batch")
def maybe_batch(
    tensors: Any,
    keep_input: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of the examples that `keep_input` lets in; see the top of this module."""
    kind = _Fifo(capacity, dynamic_pad, shared_name)
    arguments = batch_size, enqueue_many, shapes, allow_smaller_final_batch, name, "batch", num_threads
    return _batched([tensors], keep_input, kind, *arguments)


@export("train.batch_join")
def batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of examples from several sources; see the top of this module."""
    kind = _Fifo(capacity, dynamic_pad, shared_name)
    arguments = batch_size, enqueue_many, shapes, allow_smaller_final_batch, name, "batch_join"
    return _batched(tensors_list, True, kind, *arguments)


@export("train.maybe_batch_join")
def maybe_batch_join(
    tensors_list: Any,
    keep_input: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of the examples from several sources that `keep_input` lets in; see the top of this module."""
    kind = _Fifo(capacity, dynamic_pad, shared_name)
    arguments = batch_size, enqueue_many, shapes, allow_smaller_final_batch, name, "batch_join"
    return _batched(tensors_list, keep_input, kind, *arguments)


@export("train.shuffle_batch")
def shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of examples in random order; see the top of this module."""
    kind = _Shuffled(capacity, min_after_dequeue, seed, shared_name)
    arguments = batch_size, enqueue_many, shapes, allow_smaller_final_batch, name, "shuffle_batch", num_threads
    return _batched([tensors], True, kind, *arguments)


@export("train.maybe_shuffle_batch")
def maybe_shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches in random order of the examples that `keep_input` lets in; see the top of this module."""
    kind = _Shuffled(capacity, min_after_dequeue, seed, shared_name)
    arguments = batch_size, enqueue_many, shapes, allow_smaller_final_batch, name, "shuffle_batch", num_threads
    return _batched([tensors], keep_input, kind, *arguments)


@export("train.shuffle_batch_join")
def shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches in random order of examples from several sources; see the top of this module."""
    kind = _Shuffled(capacity, min_after_dequeue, seed, shared_name)
    arguments = batch_size, enqueue_many, shapes, allow_smaller_final_batch, name, "shuffle_batch_join"
    return _batched(tensors_list, True, kind, *arguments)


@export("train.maybe_shuffle_batch_join")
def maybe_shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches in random order of the examples from several sources that `keep_input` lets in; see the top."""
    kind = _Shuffled(capacity, min_after_dequeue, seed, shared_name)
    arguments = batch_size, enqueue_many, shapes, allow_smaller_final_batch, name, "shuffle_batch_join"
    return _batched(tensors_list, keep_input, kind, *arguments)
