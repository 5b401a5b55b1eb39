"""Functions of single values on ragged tensors, with broadcasting between ragged and dense ones."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_gather import gather
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal
from pyflow.ops.ragged_reductions import ragged_range
from pyflow.ops.ragged_tensor import (
    RaggedTensor,
    convert_to_tensor_or_ragged_tensor,
    is_ragged,
    match_row_splits_dtypes,
)
from pyflow.ops.ranges import range as number_range

_DIFFERENT = "Inputs must have identical ragged splits"


def _same_splits(nested: list[tuple]) -> list:
    """Checks that ragged tensors have the same rows."""
    first = nested[0]
    if any(len(other) != len(first) for other in nested):
        raise ValueError(_DIFFERENT)
    pairs = [(a, b) for other in nested[1:] for a, b in zip(first, other) if a is not b]
    checks = [assert_equal(a, b, message=_DIFFERENT) for a, b in pairs]
    return [check for check in checks if check is not None]


@export("ragged.map_flat_values")
def map_flat_values(op: Callable, *args: Any, **kwargs: Any) -> Any:
    """A ragged tensor of what `op` makes of the innermost values of all ragged arguments (also those in lists).

    Raises:
      ValueError: they have different numbers of ragged dimensions, or splits of different dtypes.
    """
    found: list[RaggedTensor] = []

    def flat(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [flat(item) for item in value]
        if is_ragged(value):
            value = convert_to_tensor_or_ragged_tensor(value)
            found.append(value)
            return value.flat_values
        return value

    inner_args = [flat(arg) for arg in args]
    inner_kwargs = {key: flat(value) for key, value in kwargs.items()}
    if not found:
        return op(*args, **kwargs)
    match_row_splits_dtypes(*found)
    with control_dependencies(_same_splits([ragged.nested_row_splits for ragged in found])):
        return found[0].with_flat_values(op(*inner_args, **inner_kwargs))


def unary(function: Callable, x: Any, args: tuple, kwargs: dict) -> Any:
    """`function(x, ...)` of a ragged x."""
    x = convert_to_tensor_or_ragged_tensor(x)
    return x.with_flat_values(function(x.flat_values, *args, **kwargs))


def unary_of_list(function: Callable, tensors: Any, args: tuple, kwargs: dict) -> Any:
    """`function([...], ...)` of tensors of which some are ragged."""
    tensors = match_row_splits_dtypes(*(convert_to_tensor_or_ragged_tensor(t) if is_ragged(t) else t for t in tensors))
    ragged = [t for t in tensors if isinstance(t, RaggedTensor)]
    flat = [t.flat_values if isinstance(t, RaggedTensor) else t for t in tensors]
    with control_dependencies(_same_splits([t.nested_row_splits for t in ragged])):
        return ragged[0].with_flat_values(function(flat, *args, **kwargs))


def binary(function: Callable, x: Any, y: Any, args: tuple, kwargs: dict) -> Any:
    """`function(x, y, ...)` of which one or both are ragged; a dense one is broadcast to the rows of the other.

    Raises:
      ValueError: they have different ragged ranks or splits of different dtypes.
      InvalidArgumentError: (in the run) their rows differ.
    """
    x = convert_to_tensor_or_ragged_tensor(x) if is_ragged(x) else x
    y = convert_to_tensor_or_ragged_tensor(y) if is_ragged(y) else y
    if not isinstance(x, RaggedTensor):
        x = convert_to_tensor(x, preferred_dtype=y.dtype, name="x")
        return y.with_flat_values(function(_spread(x, y), y.flat_values, *args, **kwargs))
    if not isinstance(y, RaggedTensor):
        y = convert_to_tensor(y, preferred_dtype=x.dtype, name="y")
        return x.with_flat_values(function(x.flat_values, _spread(y, x), *args, **kwargs))
    x, y = match_row_splits_dtypes(x, y)
    x, y = _of_one_rank(x, y), _of_one_rank(y, x)
    with control_dependencies(_same_splits([x.nested_row_splits, y.nested_row_splits])):
        values = [raw.Identity(t.flat_values) for t in (x, y)] if x.row_splits is not y.row_splits else None
        a, b = values or (x.flat_values, y.flat_values)
        return x.with_flat_values(function(a, b, *args, **kwargs))


def _of_one_rank(x: RaggedTensor, other: RaggedTensor) -> RaggedTensor:
    """x with inner dimensions made ragged, if the other has more ragged ones."""
    more = other.ragged_rank - x.ragged_rank
    if more <= 0:
        return x
    inner = RaggedTensor.from_tensor(  # type: ignore[attr-defined]
        x.flat_values, ragged_rank=more, row_splits_dtype=x.row_splits.dtype
    )
    return x.with_flat_values(inner)


def _spread(dense: Tensor, ragged: RaggedTensor) -> Tensor:
    """A dense tensor with a value (or a slice) for each of the ragged one's innermost values."""
    rank, inner = dense.shape.ndims, ragged.flat_values.shape.ndims
    if rank == 0:
        return dense
    if rank is None or inner is None:
        raise ValueError("The ranks of a ragged tensor and of what is broadcast to it must be known.")
    if rank < inner:
        return dense
    whole = ragged.ragged_rank + inner
    if rank > whole:
        raise ValueError(f"A tensor of rank {rank} cannot be broadcast to a ragged tensor of rank {whole}.")
    for _ in range(whole - rank):
        dense = expand_dims(dense, 0)
    # Where in the dense tensor each row is; then where each of the values of a row is.
    dtype = ragged.row_splits.dtype
    sizes = shape(dense, out_type=dtype)
    places = number_range(ragged.nrows()) * _unless_one(sizes[0], dtype)
    checks = [_fitting(sizes[0], expand_dims(ragged.nrows(), 0))]
    part: Any = ragged
    for level in range(1, ragged.ragged_rank + 1):
        lengths = part.row_splits[1:] - part.row_splits[:-1]
        checks.append(_fitting(sizes[level], lengths))
        within = ragged_range(lengths, row_splits_dtype=dtype).values
        places = gather(places, part.value_rowids()) * sizes[level] + within * _unless_one(sizes[level], dtype)
        part = part.values
    rows = reshape(dense, concat([[-1], shape(dense)[ragged.ragged_rank + 1 :]], 0))
    with control_dependencies([check for check in checks if check is not None]):
        return gather(rows, raw.Identity(places))


def _unless_one(size: Tensor, dtype: Any) -> Tensor:
    return cast(raw.NotEqual(size, cast(1, dtype)), dtype)


def _fitting(size: Tensor, lengths: Tensor) -> Any:
    """That all lengths are the size, unless that is 1."""
    wanted = size + (lengths - size) * cast(raw.Equal(size, raw.OnesLike(size)), size.dtype)
    return assert_equal(lengths, wanted, message="Unable to broadcast: dimension size mismatch in dimension")
