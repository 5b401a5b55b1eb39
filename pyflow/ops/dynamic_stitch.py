"""Dealing the rows of a tensor out to several, and putting them together again."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import ANY
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import ShapeError, attr, op, raw, sample
from pyflow.core.tensor import StaticShape
from pyflow.ops.array import reshape
from pyflow.ops.array_gather import gather
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.gpu import INDEXED, dispatches
from pyflow.ops.gpu_movement import stitched
from pyflow.ops.ranges import range
from pyflow.ops.reduce_functions import reduce_prod
from pyflow.ops.shape_rules import merge, text, without_prefix


def _no_partition(data: StaticShape, partitions: StaticShape) -> str:
    return (
        f"data.shape must start with partitions.shape, got data.shape = {text(data)}, partitions.shape = "
        f"{text(partitions)}"
    )


@op(
    "DynamicPartition(data: T, partitions: int32) -> (outputs: num_partitions*T)",
    num_partitions=attr("int", minimum=1),
    T=ANY,
)
class DynamicPartition:
    """Output i gets the rows (or slices, in the shape of `partitions`) whose entry in `partitions` is i."""

    def shape(data, partitions, num_partitions):
        try:
            rest = without_prefix(data, partitions)
        except ShapeError as error:
            raise ShapeError(str(error), _no_partition(data, partitions)) from None
        return [None if rest is None else (None, *rest)] * num_partitions

    def cpu(data, partitions, num_partitions):
        if np.shape(data)[: np.ndim(partitions)] != np.shape(partitions):
            raise InvalidArgumentError(None, None, _no_partition(np.shape(data), np.shape(partitions)))
        outside = (partitions < 0) | (partitions >= num_partitions)
        if np.any(outside):
            place = np.unravel_index(int(np.argmax(outside)), np.shape(partitions))
            value = np.asarray(partitions)[place]
            words = f"partitions{text(place)} = {value} is not in [0, {num_partitions})"
            raise InvalidArgumentError(None, None, words)
        numbers = np.reshape(partitions, -1)
        rows = np.reshape(data, (numbers.size, *np.shape(data)[np.ndim(partitions) :]))
        order = np.argsort(numbers, kind="stable")
        ends = np.cumsum(np.bincount(numbers, minlength=num_partitions))[:-1]
        return tuple(np.split(rows[order], ends))

    def grad(op, *grads):
        data, indices = op.inputs
        count = op.get_attr("num_partitions")
        prefix = shape_of(indices)
        places = reshape(range(reduce_prod(prefix)), prefix)
        parts = DynamicPartition(places, indices, count)
        merged = DynamicStitch(parts, list(grads))
        return [reshape(merged, shape_of(data)), None]

    samples = [sample([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [1, 0, 1], num_partitions=2)]


def _stitched_shape(indices, data, indices_value) -> StaticShape:
    """[largest index + 1] and what the slices of all `data` agree on."""
    largest: int | None = -1
    rest: StaticShape = None
    for index, values, value in zip(indices, data, indices_value):
        try:
            rest = merge(rest, without_prefix(values, index))
        except ShapeError as error:
            raise ShapeError(str(error), _no_stitch(indices, data)) from None
        if value is None:
            largest = None
        elif largest is not None and np.size(value):
            largest = max(largest, int(np.max(value)))
    return None if rest is None else (None if largest is None else largest + 1, *rest)


def _no_stitch(indices: list, data: list) -> str:
    """What is wrong with the shapes of the inputs, or nothing."""
    for i, (index, values) in enumerate(zip(indices, data)):
        if index is None or values is None:
            continue
        if values[: len(index)] != index:
            return f"data[{i}].shape = {text(values)} does not start with indices[{i}].shape = {text(index)}"
        if indices[0] is not None and data[0] is not None and values[len(index) :] != data[0][len(indices[0]) :]:
            return (
                f"Need data[0].shape[{len(indices[0])}:] = data[{i}].shape[{len(index)}:], got data[0].shape = "
                f"{text(data[0])}, data[{i}].shape = {text(values)}, indices[0].shape = {text(indices[0])}, "
                f"indices[{i}].shape = {text(index)}"
            )
    return ""


def _stitch(indices: list, data: list) -> np.ndarray:
    rows = max((int(np.max(index)) + 1 for index in indices if np.size(index)), default=0)
    rest = np.shape(data[0])[np.ndim(indices[0]) :]
    if words := _no_stitch([np.shape(index) for index in indices], [np.shape(values) for values in data]):
        raise InvalidArgumentError(None, None, words)
    for index in indices:
        if np.size(index) and np.min(index) < 0:
            place = int(np.argmax(np.reshape(index, -1) < 0))
            raise InvalidArgumentError(None, None, f"indices[{place}] is out of range")
    merged = np.zeros((rows, *rest), data[0].dtype)
    for index, values in zip(indices, data):
        # The last of several rows for one index counts, as numpy's assignment has it.
        merged[np.reshape(index, -1)] = np.reshape(values, (-1, *rest))
    return merged


def _stitch_gradient(op: Any, grad: Any) -> list:
    count = len(op.inputs) // 2
    if isinstance(grad, IndexedSlices):
        rows = shape_of(op.outputs[0])[0]
        grad = raw.UnsortedSegmentSum(grad.values, grad.indices, rows)
    indices = op.inputs[:count]
    return [*[None] * count, *(gather(grad, index) for index in indices)]


_PARTS = sample([[0, 2], [1]], [[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0]]])


@op("DynamicStitch(indices: N*int32, data: N*T) -> (merged: T)", N=attr("int", minimum=1), T=ANY)
class DynamicStitch:
    """Row `indices[m][i]` is `data[m][i]`; where an index occurs twice, the last one counts."""

    shape = _stitched_shape
    cpu = _stitch
    grad = _stitch_gradient
    gpu = dispatches(stitched, types=INDEXED)
    samples = [_PARTS]


@op("ParallelDynamicStitch(indices: N*int32, data: N*T) -> (merged: T)", N=attr("int", minimum=1), T=ANY)
class ParallelDynamicStitch:
    """`DynamicStitch` for indices of which none occurs twice."""

    shape = _stitched_shape
    cpu = _stitch
    grad = _stitch_gradient
    gpu = dispatches(stitched, types=INDEXED)
    samples = [_PARTS]


dynamic_partition = export("dynamic_partition")(DynamicPartition)
dynamic_stitch = export("dynamic_stitch")(DynamicStitch)
