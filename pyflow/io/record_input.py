"""`RecordInput`: the records of files in random order, epoch after epoch."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pyflow.core.errors import NotFoundError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, raw
from pyflow.core.scopes import name_scope
from pyflow.io.file_patterns import matching_paths
from pyflow.io.record import read_records
from pyflow.io.tf_record import TFRecordCompressionType, TFRecordOptions
from pyflow.ops.array import reshape
from pyflow.ops.array_splitting import split


class RecordYielder:
    """Gives each record once in an epoch; it is chosen at random from a buffer.

    Args:
      buffer_size: how many records there are to choose from.
      shift_ratio: which part of the files an epoch starts later than the one before it.
    """

    def __init__(self, pattern: str, seed: int, shift_ratio: float, buffer_size: int, compression: str):
        self._pattern, self._shift_ratio, self._compression = pattern, shift_ratio, compression
        self._buffer_size = max(1, buffer_size)
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._records = self._all_epochs()

    def take(self, count: int) -> list[bytes]:
        with self._lock:
            try:
                return list(itertools.islice(self._records, count))
            except Exception:
                self._records = self._all_epochs()
                raise

    def _all_epochs(self) -> Iterator[bytes]:
        for epoch in itertools.count():
            paths = matching_paths(self._pattern)
            if not paths:
                raise NotFoundError(None, None, f"Found no files at {self._pattern}")
            self._random.shuffle(paths)
            shift = int(self._shift_ratio * epoch * len(paths)) % len(paths)
            yield from self._one_epoch(paths[shift:] + paths[:shift])

    def _one_epoch(self, paths: list[str]) -> Iterator[bytes]:
        buffer: list[bytes] = []
        for record in itertools.chain.from_iterable(read_records(path, self._compression) for path in paths):
            buffer.append(record)
            if len(buffer) >= self._buffer_size:
                yield self._any_of(buffer)
        while buffer:
            yield self._any_of(buffer)

    def _any_of(self, buffer: list[bytes]) -> bytes:
        place = self._random.randrange(len(buffer))
        buffer[place], buffer[-1] = buffer[-1], buffer[place]
        return buffer.pop()


def _node_state(ctx: Any, make: Callable[[], RecordYielder]) -> RecordYielder:
    return ctx.state(make)


@op(
    "RecordInput() -> (records: string)",
    file_pattern=attr("string"),
    file_random_seed=301,
    file_shuffle_shift_ratio=0.0,
    file_buffer_size=10000,
    file_parallelism=16,
    batch_size=32,
    compression_type="",
)
class RecordInputOp:
    """Records, [batch_size], each once in an epoch, in random order; `file_parallelism` makes no difference."""

    stateful = True

    def shape(batch_size):
        return (batch_size,)

    def cpu(
        ctx,
        file_pattern,
        file_random_seed,
        file_shuffle_shift_ratio,
        file_buffer_size,
        batch_size,
        compression_type,
    ):
        arguments = file_pattern, file_random_seed, file_shuffle_shift_ratio, file_buffer_size, compression_type
        yielder = _node_state(ctx, lambda: RecordYielder(*arguments))
        records = np.empty(batch_size, object)
        records[:] = yielder.take(batch_size)
        return records

    grad = NOT_DIFFERENTIABLE


class RecordInput:
    """The records of TFRecord files in random order, without end.

    Args:
      file_pattern: the names of the files, with wildcards.
      batch_size: how many records a run gives.
      buffer_size: how many records there are to choose from.
      parallelism: makes no difference.
      shift_ratio: which part of the files an epoch starts later than the one before it.
      seed: of the order.
      batches: how many batches a run gives; they are lists of records then.
      compression_type: as `tf.python_io.TFRecordCompressionType` has it.
    """

    def __init__(
        self,
        file_pattern: str,
        batch_size: int = 1,
        buffer_size: int = 1,
        parallelism: int = 1,
        shift_ratio: float = 0,
        seed: int = 0,
        name: str | None = None,
        batches: int | None = None,
        compression_type: Any = None,
    ):
        self._batch_size, self._batches = batch_size * (1 if batches is None else batches), batches
        self._name = name
        compression = TFRecordCompressionType.NONE if compression_type is None else compression_type
        self._attrs = {
            "file_pattern": file_pattern,
            "file_buffer_size": buffer_size,
            "file_parallelism": parallelism,
            "file_shuffle_shift_ratio": shift_ratio,
            "file_random_seed": seed,
            "compression_type": TFRecordOptions.get_compression_type_string(TFRecordOptions(compression)),
        }

    def get_yield_op(self) -> Any:
        """The records of a run, [batch_size]; with `batches`, that many lists of records of shape ()."""
        records = raw.RecordInput(batch_size=self._batch_size, name=self._name, **self._attrs)
        if self._batches is None:
            return records
        with name_scope(self._name):
            found: list[list] = [[] for _ in range(self._batches)]
            for i, record in enumerate(split(records, self._batch_size, 0)):
                found[i % self._batches].append(reshape(record, []))
            return found
