"""Functions of single values on ragged tensors, broadcast to each other."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies
from pyflow.ops.checks import assert_equal
from pyflow.ops.ragged_broadcasting import broadcast
from pyflow.ops.ragged_tensor import (
    RaggedTensor,
    convert_to_tensor_or_ragged_tensor,
    is_ragged,
    match_row_splits_dtypes,
)

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
    """`function(x, y, ...)` of which one or both are ragged; they are broadcast to each other's rows.

    Raises:
      ValueError: they have splits of different dtypes, or one has an unknown rank.
      InvalidArgumentError: (in the run) their rows do not go together.
    """
    x = convert_to_tensor_or_ragged_tensor(x) if is_ragged(x) else x
    y = convert_to_tensor_or_ragged_tensor(y) if is_ragged(y) else y
    if not isinstance(x, RaggedTensor):
        x = convert_to_tensor(x, preferred_dtype=y.dtype, name="x")
    elif not isinstance(y, RaggedTensor):
        y = convert_to_tensor(y, preferred_dtype=x.dtype, name="y")
    else:
        x, y = match_row_splits_dtypes(x, y)
    if isinstance(x, RaggedTensor) and isinstance(y, RaggedTensor):
        if len(x.nested_row_splits) == len(y.nested_row_splits) and all(
            a is b for a, b in zip(x.nested_row_splits, y.nested_row_splits)
        ):
            return x.with_flat_values(function(x.flat_values, y.flat_values, *args, **kwargs))
    else:
        ragged, dense = (x, y) if isinstance(x, RaggedTensor) else (y, x)
        inner = ragged.flat_values.shape.ndims
        if dense.shape.ndims == 0 or inner is not None and dense.shape.ndims is not None and dense.shape.ndims < inner:
            values = (t.flat_values if isinstance(t, RaggedTensor) else t for t in (x, y))
            return ragged.with_flat_values(function(*values, *args, **kwargs))
    dtype = (x if isinstance(x, RaggedTensor) else y).row_splits.dtype
    first, second, ragged = broadcast(x, y, dtype)
    return ragged(function(first, second, *args, **kwargs))
