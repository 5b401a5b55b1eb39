"""How a variable is cut into parts along one dimension."""

from __future__ import annotations

import collections.abc
import math
from typing import Any, Callable, Iterator

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.shapes import TensorShape

Partitioner = Callable[..., Any]


def _is_sequence(value: Any) -> bool:
    return isinstance(value, collections.abc.Sequence) and not isinstance(value, (str, bytes))


class PartitionInfo:
    """Which part of the whole an initializer is asked for.

    Attributes:
      full_shape: the shape of the whole.
      var_offset: where the part begins in each dimension.
    """

    def __init__(self, full_shape: Any, var_offset: Any):
        for name, value in (("full_shape", full_shape), ("var_offset", var_offset)):
            if not _is_sequence(value):
                raise TypeError(f"`{name}` must be a sequence (like tuple or list) instead of {type(value).__name__}")
        if len(var_offset) != len(full_shape):
            raise ValueError(
                f"Expected equal length, but `var_offset` is of length {len(var_offset)} while full_shape is of length "
                f"{len(full_shape)}."
            )
        for offset, size in zip(var_offset, full_shape):
            if offset < 0 or offset >= size:
                raise ValueError(
                    f"Expected 0 <= offset < shape but found offset={offset}, shape={size} for "
                    f"var_offset={var_offset}, full_shape={full_shape}"
                )
        self._full_shape, self._var_offset = full_shape, var_offset

    full_shape = property(lambda self: self._full_shape)
    var_offset = property(lambda self: self._var_offset)

    def single_offset(self, shape: Any) -> int:
        """Where a part of that shape begins in the only dimension it is cut along; 0 for the whole."""
        dimension = self.single_slice_dim(shape)
        return 0 if dimension is None else self.var_offset[dimension]

    def single_slice_dim(self, shape: Any) -> int | None:
        """The only dimension that a part of that shape is cut along; None for the whole.

        Raises:
          TypeError: `shape` is no sequence.
          ValueError: it is of another rank, exceeds the whole, or is cut along several dimensions.
        """
        if not _is_sequence(shape):
            raise TypeError(f"`shape` must be a sequence (like tuple or list) instead of {type(shape).__name__}")
        if len(shape) != len(self.full_shape):
            raise ValueError(
                f"Expected equal length, but received shape={shape} of length {len(shape)} while "
                f"self.full_shape={self.full_shape} is of length {len(self.full_shape)}."
            )
        for i, size in enumerate(shape):
            if self.var_offset[i] + size > self.full_shape[i]:
                raise ValueError(
                    f"With self.var_offset={self.var_offset}, a partition of shape={shape} would exceed "
                    f"self.full_shape={self.full_shape} in dimension {i}."
                )
        cut = [i for i, size in enumerate(shape) if size != self.full_shape[i]]
        if len(cut) > 1:
            raise ValueError(
                f"Cannot use single_slice_dim() with shape={shape} and self.full_shape={self.full_shape} since slice "
                f"dim could be either dimension {cut[1]} or {cut[0]}."
            )
        return cut[0] if cut else None


def call_partitioner(partitioner: Partitioner, shape: TensorShape, dtype: Any) -> Any:
    """What a partitioner says about a variable, checked: the number of parts along each dimension.

    Raises:
      ValueError: the shape is not known, or the answer is not for it.
    """
    if not shape.is_fully_defined():
        raise ValueError(f"Shape of a new partitioned variable must be fully defined, but instead was {shape}.")
    if len(shape) < 1:
        raise ValueError(f"A partitioned Variable must have rank at least 1, shape: {shape}")
    slicing = partitioner(shape=shape, dtype=dtype)
    if not isinstance(slicing, collections.abc.Sequence):
        raise ValueError(f"Partitioner must return a sequence, but saw: {slicing}")
    if len(slicing) != shape.ndims:
        raise ValueError(
            f"Partitioner returned a partition list that does not match the Variable's rank: {slicing} vs. {shape}"
        )
    if any(p < 1 for p in slicing):
        raise ValueError(f"Partitioner returned zero partitions for some axes: {slicing}")
    if sum(p > 1 for p in slicing) > 1:
        raise ValueError(f"Can only slice a variable along one dimension: shape: {shape}, partitioning: {slicing}")
    return slicing


def slice_dim_and_count(slicing: Any) -> tuple[int, int]:
    """The dimension that is cut, and into how many parts."""
    return next(((i, count) for i, count in enumerate(slicing) if count > 1), (0, 1))


def iterate_slices(full_shape: list[int], count: int, dimension: int) -> Iterator[tuple[list[int], list[int]]]:
    """(offset, shape) of each part; the first ones are larger by one where it doesn't come out even."""
    smallest, larger = divmod(full_shape[dimension], count)
    offset = [0] * len(full_shape)
    for i in range(count):
        shape = list(full_shape)
        shape[dimension] = smallest + (i < larger)
        yield list(offset), shape
        offset[dimension] += shape[dimension]


def _element_size(dtype: Any, bytes_per_string_element: int) -> int:
    return bytes_per_string_element if dtype.base_dtype == dtypes.string else dtype.size


@export("variable_axis_size_partitioner")
def variable_axis_size_partitioner(
    max_shard_bytes: int, axis: int = 0, bytes_per_string_element: int = 16, max_shards: int | None = None
) -> Partitioner:
    """A partitioner that cuts along `axis` into as few parts as keep each below `max_shard_bytes`.

    Raises:
      ValueError: an argument is not positive.
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError("Both max_shard_bytes and bytes_per_string_element must be positive.")
    if max_shards and max_shards < 1:
        raise ValueError("max_shards must be positive.")

    def partitioner(shape: Any, dtype: Any) -> list[int]:
        if not isinstance(shape, TensorShape):
            raise ValueError(f"shape is not a TensorShape: {shape}")
        if not shape.is_fully_defined():
            raise ValueError(f"shape is not fully defined: {shape}")
        if not isinstance(dtype, dtypes.DType):
            raise ValueError(f"dtype is not a DType: {dtype}")
        sizes: Any = shape.as_list()
        row_bytes = (shape.num_elements() or 0) / sizes[axis] * _element_size(dtype, bytes_per_string_element)
        rows_per_part = max(1, math.floor(max_shard_bytes / row_bytes))
        count = math.ceil(sizes[axis] / rows_per_part)
        partitions = [1] * len(sizes)
        partitions[axis] = min(max_shards, count) if max_shards else count
        return partitions

    return partitioner


@export("min_max_variable_partitioner")
def min_max_variable_partitioner(
    max_partitions: int = 1, axis: int = 0, min_slice_size: int = 256 << 10, bytes_per_string_element: int = 16
) -> Partitioner:
    """A partitioner that cuts along `axis` into at most `max_partitions` parts of at least `min_slice_size` bytes."""

    def partitioner(shape: Any, dtype: Any) -> list[int]:
        if axis >= len(shape):
            raise ValueError(f"Can not partition variable along axis {axis} when shape is only {shape}")
        total = shape.num_elements() * _element_size(dtype, bytes_per_string_element)
        partitions = [1] * len(shape)
        partitions[axis] = max(1, min(shape.dims[axis].value, max_partitions, math.ceil(total / min_slice_size)))
        return partitions

    return partitioner


@export("fixed_size_partitioner")
def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """A partitioner that cuts along `axis` into `num_shards` parts."""

    def partitioner(shape: Any, **unused: Any) -> list[int]:
        partitions = [1] * len(shape)
        partitions[axis] = min(num_shards, shape.dims[axis].value)
        return partitions

    return partitioner
