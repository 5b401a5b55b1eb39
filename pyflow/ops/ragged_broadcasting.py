"""Ragged tensors of different rows brought together: where the values are that meet each other.

Both tensors are gone through from the outermost dimension on. Of each slice of the result it is known which slice of
either tensor it comes from; a dimension of size 1 gives the same one for all. A ragged dimension meets one with the
same row lengths, or one of size 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import fill
from pyflow.ops.array_gather import gather
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant
from pyflow.ops.messages import Assert
from pyflow.ops.ragged_reductions import ragged_range
from pyflow.ops.ragged_tensor import RaggedTensor
from pyflow.ops.reduce_functions import reduce_all

_FAILED = "Unable to broadcast: dimension size mismatch in dimension"


class _Side:
    """One of two tensors, of which each dimension is uniform (and has a size) or ragged (and has row lengths).

    Args:
      rank: how many dimensions it is to have; those that it lacks are put before, of size 1.
    """

    def __init__(self, tensor: Any, rank: int, dtype: Any):
        self._dtype = dtype
        nested = tensor.nested_row_splits if isinstance(tensor, RaggedTensor) else ()
        self._values = tensor.flat_values if nested else tensor
        sizes = shape(self._values, out_type=dtype)
        self.dimensions: list[Any] = [constant(1, dtype)] * (rank - tensor.shape.ndims)
        if nested:
            self.dimensions.append(raw.Size(nested[0], out_type=dtype) - 1)
            self.dimensions += list(nested)
        self.partitioned = len(self.dimensions) if nested else 0
        self.dimensions += [sizes[i] for i in range(bool(nested), self._values.shape.ndims)]
        self.places: Any = constant([0], dtype)  # of the slices so far, in this tensor

    def is_ragged(self, axis: int) -> bool:
        return self.dimensions[axis].shape.ndims == 1

    def sizes(self, axis: int) -> Tensor:
        """The size of a uniform dimension; of a ragged one the lengths of the rows that the slices so far come from."""
        dimension = self.dimensions[axis]
        return gather(dimension[1:] - dimension[:-1], self.places) if self.is_ragged(axis) else dimension

    def advance(self, axis: int, numbers: RaggedTensor) -> None:
        """Goes on to the slices of the next dimension; `numbers` has the place of each in its row."""
        if self.is_ragged(axis):
            starts, step = gather(self.dimensions[axis], self.places), 1
        else:
            size = self.dimensions[axis]
            starts, step = self.places * size, cast(raw.NotEqual(size, cast(1, self._dtype)), self._dtype)
        self.places = gather(starts, numbers.value_rowids()) + numbers.values * step

    def values(self, partitioned: int) -> Tensor:
        """What is left of it behind that many dimensions, for each slice."""
        sizes = self.dimensions[partitioned:]
        whole = concat([[-1], raw.Pack(sizes)], 0) if sizes else constant([-1], self._dtype)
        return gather(reshape(self._values, whole), self.places)


def _check(axis: int, x: _Side, y: _Side, lengths: Tensor, others: Tensor) -> Any:
    ragged = x.is_ragged(axis), y.is_ragged(axis)
    if all(ragged):
        fits = reduce_all(raw.Equal(lengths, others))
    elif any(ragged):
        fits = raw.Equal(others if ragged[0] else lengths, cast(1, lengths.dtype))
    else:
        one = cast(1, lengths.dtype)
        either = raw.LogicalOr(raw.Equal(lengths, one), raw.Equal(others, one))
        fits = raw.LogicalOr(either, raw.Equal(lengths, others))
    return Assert(fits, [_FAILED, axis, "lengths=", others, "dim_size=", lengths], summarize=10)


def _number_of_rows(known: Iterable[int | None]) -> int | None:
    """The number of rows of the result, from those of both, if it is known."""
    sizes = set(known)
    return 1 if sizes == {1} else next(iter(sizes - {1, None}), None)


def broadcast(x: Any, y: Any, dtype: Any) -> tuple[Tensor, Tensor, Callable[[Any], RaggedTensor]]:
    """The values of two tensors that meet each other (their inner dimensions are left to be broadcast), and how to
    make a ragged tensor of what comes of them.

    Args:
      x, y: tensors of which one at least is ragged.
      dtype: that of their splits.

    Raises:
      ValueError: the rank of one is unknown.
      InvalidArgumentError: (in the run) their sizes do not go together.
    """
    if x.shape.ndims is None or y.shape.ndims is None:
        raise ValueError("Unable to broadcast: unknown rank")
    rank = max(x.shape.ndims, y.shape.ndims)
    sides = [_Side(tensor, rank, dtype) for tensor in (x, y)]
    partitioned, count, nested = max(side.partitioned for side in sides), constant(1, dtype), []
    for axis in range(partitioned):
        lengths, others = (side.sizes(axis) for side in sides)
        checks = [check for check in [_check(axis, *sides, lengths, others)] if check is not None]
        with control_dependencies(checks):
            if sides[0].is_ragged(axis):
                chosen = raw.Identity(lengths)
            elif sides[1].is_ragged(axis):
                chosen = raw.Identity(others)
            else:
                chosen = fill([count], where(raw.Equal(lengths, cast(1, dtype)), others, lengths))
        numbers = ragged_range(chosen, row_splits_dtype=dtype)
        if axis:
            nested.append(numbers.row_splits)
        count = raw.Size(numbers.values, out_type=dtype)
        for side in sides:
            side.advance(axis, numbers)
    rows = _number_of_rows(1 if tensor.shape.ndims < rank else tensor.shape.as_list()[0] for tensor in (x, y))
    if rows is not None:
        nested[0].set_shape([rows + 1])
    values = [side.values(partitioned) for side in sides]

    def ragged(result: Any) -> RaggedTensor:
        return RaggedTensor.from_nested_row_splits(result, nested, validate=False)  # type: ignore[attr-defined]

    return values[0], values[1], ragged
