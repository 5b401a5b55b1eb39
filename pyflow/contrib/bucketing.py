"""tf.contrib.training.bucket: batches of examples that belong together, by length for example."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import PUBLIC, export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import group, no_op
from pyflow.ops.queue import FIFOQueue, PaddingFIFOQueue
from pyflow.ops.smart_cond import cond, smart_cond
from pyflow.summary.functions import scalar
from pyflow.train.input_batching import (
    as_list,
    as_tensors,
    checked_keep_input,
    common_dtypes,
    common_shapes,
    in_form_of,
)
from pyflow.train.input_sparse import restore_sparse, store_sparse
from pyflow.train.queue_runner import QueueRunner, add_queue_runner

_ENDS = (errors.OutOfRangeError, errors.CancelledError)


@export("contrib.training.bucket")
def bucket(
    tensors: Any,
    which_bucket: Any,
    batch_size: Any,
    num_buckets: int,
    num_threads: int = 1,
    capacity: int = 32,
    bucket_capacities: Any = None,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    keep_input: Any = True,
    shared_name: str | None = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Batches of examples of the same bucket: each has a queue, and each full batch goes into a queue of batches.

    Args:
      tensors: the components of an example, a list or dict.
      which_bucket: the bucket of the example, int32 of shape () below `num_buckets`.
      batch_size: examples in a batch, or a list with a number for each bucket.
      num_threads: how many threads fill the buckets.
      capacity: how many batches the last queue holds at most, and how many examples a bucket.
      bucket_capacities: a list, if the buckets' capacities differ.
      shapes: of the components, where they aren't known.
      dynamic_pad: whether examples of different shapes are padded with zeros to the largest of the batch.
      allow_smaller_final_batch: whether what is left at the end makes smaller batches.
      keep_input: bool of shape (): whether the example is let in.
      shared_name: of the queues.

    Returns:
      The bucket, int32 of shape (), and a batch of it.

    Raises:
      ValueError: there are no tensors, their shapes are not known, or a list has not one number for each bucket.
    """
    per_bucket = isinstance(batch_size, (list, tuple))
    if per_bucket and len(batch_size) != num_buckets:
        raise ValueError("If batch_size is a list it must have num_buckets elements")
    sizes: list = list(batch_size) if per_bucket else [batch_size] * num_buckets
    if bucket_capacities is None:
        bucket_capacities = [capacity] * num_buckets
    if len(bucket_capacities) != num_buckets:
        raise ValueError(
            f"The list bucket_capacities ({bucket_capacities}) must have exactly num_buckets ({num_buckets}) elements."
        )
    tensor_list = as_list(tensors)
    with name_scope(name, "bucket", tensor_list):
        tensor_list = as_tensors(tensor_list)
        if not tensor_list:
            raise ValueError("Expected at least one tensor in bucket().")
        keep = checked_keep_input(keep_input, enqueue_many=False)
        tensor_list, infos = store_sparse(tensor_list, enqueue_many=False, keep_input=keep)
        for i, size in enumerate(sizes):
            size = convert_to_tensor(size, dtype=dtypes.int32, name="batch_size")
            known = constant_value(size)
            sizes[i] = size if known is None else known
        types = common_dtypes([tensor_list])
        if shapes is None:
            shapes = common_shapes([tensor_list], enqueue_many=False)
        which_bucket = convert_to_tensor(which_bucket, dtype=dtypes.int32, name="which_bucket")
        kind: Any = PaddingFIFOQueue if dynamic_pad else FIFOQueue
        queues = [
            kind(
                capacity=bucket_capacities[i],
                dtypes=types,
                shapes=shapes,
                shared_name=None if shared_name is None else f"{shared_name}_{i}",
                name=f"bucket_queue_{i}",
            )
            for i in range(num_buckets)
        ]
        static = (
            not allow_smaller_final_batch and not per_bucket and isinstance(sizes[-1], (int, np.ndarray, np.generic))
        )
        leading = TensorShape([int(sizes[-1]) if static else None])
        # Padding, because the size of a batch may vary.
        top = PaddingFIFOQueue(
            capacity,
            [dtypes.int32, *types],
            [TensorShape([]), *(leading.concatenate(s) for s in queues[0].shapes)],
            shared_name=shared_name,
            name="top_queue",
        )

        def enqueue_in_bucket() -> Any:
            branches = [
                cond(PUBLIC["equal"](which_bucket, i), functools.partial(queue.enqueue, tensor_list), no_op)
                for i, queue in enumerate(queues)
            ]
            return group(*branches, name="group_enqueues")

        to_buckets = [smart_cond(keep, enqueue_in_bucket, no_op)] * num_threads
        to_top = [
            _pass_on(i, queue, size, top, allow_smaller_final_batch)
            for i, (queue, size) in enumerate(zip(queues, sizes))
        ]
        close, cancel = top.close(), top.close(cancel_pending_enqueues=True)
        add_queue_runner(QueueRunner(queues[0], to_top, close, cancel, _ENDS))
        close = group(*[queue.close() for queue in queues])
        cancel = group(*[queue.close(cancel_pending_enqueues=True) for queue in queues])
        add_queue_runner(QueueRunner(top, to_buckets, close, cancel, _ENDS))
        for queue in queues:
            scalar(f"bucket/{queue.name}/size", cast(top.size(), dtypes.float32))
        full = cast(top.size(), dtypes.float32) * (1.0 / capacity)
        scalar(f"bucket/{top.name}/fraction_of_{capacity}_full", full)
        chosen, *dequeued = top.dequeue(name="dequeue_top")
        restored = restore_sparse(dequeued[0] if len(dequeued) == 1 else dequeued, infos)
        return chosen, in_form_of(tensors, restored)


def _pass_on(i: int, queue: Any, size: Any, top: PaddingFIFOQueue, allow_smaller: bool) -> Any:
    """The operation that moves a batch from a bucket to the queue of batches."""
    take = queue.dequeue_up_to if allow_smaller else queue.dequeue_many
    number = constant(i)
    taken = take(size, name=f"read_bucket_{i}")
    batch = taken if isinstance(taken, (list, tuple)) else [taken]
    return top.enqueue([number, *batch], name=f"enqueue_from_bucket_{i}")


@export("contrib.training.bucket_by_sequence_length")
def bucket_by_sequence_length(
    input_length: Any,
    tensors: Any,
    batch_size: Any,
    bucket_boundaries: Any,
    num_threads: int = 1,
    capacity: int = 32,
    bucket_capacities: Any = None,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    keep_input: Any = True,
    shared_name: str | None = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Batches of sequences of similar lengths; see `bucket` for the other arguments.

    Args:
      input_length: the length of the example, int32 of shape ().
      bucket_boundaries: increasing ints; a bucket reaches from one up to the next, and there is one before the first
        and one from the last on.

    Returns:
      The lengths, int32 [batch], and a batch.

    Raises:
      TypeError: the boundaries are no list of ints.
      ValueError: there are none, or they don't increase.
    """
    tensor_list = as_list(tensors)
    if not isinstance(bucket_boundaries, (list, tuple)):
        raise TypeError(f"bucket_boundaries must be a list or tuple, but received: {bucket_boundaries}")
    if not bucket_boundaries:
        raise ValueError("bucket_boundaries must not be empty")
    for low, high in zip(bucket_boundaries, bucket_boundaries[1:]):
        if not isinstance(low, int) or not isinstance(high, int):
            raise TypeError(f"bucket boundaries must be integers, but saw: {low} and {high}")
        if low >= high:
            raise ValueError(f"Buckets must contain sequential increasing lengths, but saw: {low} before {high}")
    with name_scope(name, "bucket_by_sequence_length", [input_length, *tensor_list]):
        input_length = convert_to_tensor(input_length, dtype=dtypes.int32, name="input_length")
        limits = np.iinfo(np.int32)
        lows, highs = [int(limits.min), *bucket_boundaries], [*bucket_boundaries, int(limits.max)]
        within = PUBLIC["logical_and"](PUBLIC["less_equal"](lows, input_length), PUBLIC["less"](input_length, highs))
        which_bucket = cast(PUBLIC["reduce_min"](PUBLIC["where_v2"](within)), dtypes.int32)
        _, dequeued = bucket(
            tensors=[input_length, *tensor_list],
            which_bucket=which_bucket,
            batch_size=batch_size,
            num_buckets=len(bucket_boundaries) + 1,
            num_threads=num_threads,
            capacity=capacity,
            bucket_capacities=bucket_capacities,
            shapes=None if shapes is None else [TensorShape([]), *shapes],
            dynamic_pad=dynamic_pad,
            allow_smaller_final_batch=allow_smaller_final_batch,
            keep_input=keep_input,
            shared_name=shared_name,
        )
        lengths, *batch = dequeued
        # A dict takes its values from a list, a single tensor stays alone in it.
        return lengths, dict(zip(sorted(tensors, key=str), batch)) if isinstance(tensors, dict) else batch
