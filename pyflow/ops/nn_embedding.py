"""Looking up rows of embedding tables, whole or in partitions."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import convert_n_to_tensor_or_indexed_slices, convert_to_tensor
from pyflow.core.dtypes import int32
from pyflow.core.registry import raw
from pyflow.core.scopes import colocate_with, name_scope
from pyflow.core.shapes import Dimension
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_gather import gather
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import rank, shape, size
from pyflow.ops.cast import cast
from pyflow.ops.clip import clip_by_norm
from pyflow.ops.constant import constant
from pyflow.ops.math_binary import maximum
from pyflow.ops.partitioned_variable import PartitionedVariable
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.resource_variable_base import is_resource_variable

_int_range = range


def partitions_of(params: Any) -> list:
    """The parts of a table: those of a partitioned variable or list, or the one that `params` is."""
    if isinstance(params, PartitionedVariable):
        return list(params)
    return params if isinstance(params, list) else [params]


def _rank(x: Any) -> tuple[Any, bool]:
    """The rank, and whether it is a number rather than a tensor."""
    static = convert_to_tensor(x).get_shape().ndims
    return (static, True) if static else (rank(x), False)


def _clipped(embeddings: Tensor, ids: Any, max_norm: Any) -> Tensor:
    if max_norm is None:
        return embeddings
    ids_rank, ids_known = _rank(ids)
    full_rank, full_known = _rank(embeddings)
    known = ids_known and full_known
    axes = list(_int_range(ids_rank, full_rank)) if known else PUBLIC["range"](ids_rank, full_rank)
    return clip_by_norm(embeddings, max_norm, axes=axes)


@export("nn.embedding_lookup")
def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Tensor:
    """The rows of a table with the given numbers.

    Args:
      params: the table, shape [rows, ...]; or a list of its parts, or a `PartitionedVariable`.
      ids: row numbers, int32 or int64 of any shape.
      partition_strategy: "mod": row i is in part i % parts; "div": each part has consecutive rows, the first ones one
        more than the others where they don't come out even.
      validate_indices: has no effect.
      max_norm: rows with a larger Euclidean norm are scaled down to it.

    Returns:
      Shape ids.shape + params.shape[1:].

    Raises:
      ValueError: there are no params, or the strategy is another word.
      InvalidArgumentError: (in a run) a row number is out of range.
    """
    return _embedding_lookup_and_transform(params, ids, partition_strategy, name, max_norm)


def _embedding_lookup_and_transform(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    max_norm: Any = None,
    transform_fn: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """`embedding_lookup`, with `transform_fn` applied to the rows of each part where that part is."""
    if params is None:
        raise ValueError("params must be specified")
    if isinstance(params, (list, tuple)) and not params:
        raise ValueError("Need at least one param")
    params = partitions_of(params)
    with name_scope(name, "embedding_lookup", params + [ids]) as name:
        # A resource variable stays one, so that only the rows asked for are read.
        if not any(map(is_resource_variable, params)):
            params = convert_n_to_tensor_or_indexed_slices(params, name="params")
        ids = convert_to_tensor(ids, name="ids")
        if len(params) == 1 and (transform_fn is None or ids.get_shape().ndims == 1):
            with colocate_with(params[0]):
                result = _clipped(gather(params[0], ids, name=name), ids, max_norm)
                if transform_fn is not None:
                    result = transform_fn(result)
            # The result itself need not be where the table is.
            return identity(result)
        return _partitioned_lookup(params, ids, partition_strategy, name, max_norm, transform_fn)


def _partitioned_lookup(
    params: list, ids: Tensor, strategy: str, name: str | None, max_norm: Any, transform_fn: Any
) -> Tensor:
    count = len(params)
    flat_ids = reshape(ids, [-1])
    positions = PUBLIC["range"](size(flat_ids))
    if strategy == "mod":
        parts, rows = flat_ids % count, flat_ids // count
    elif strategy == "div":
        parts, rows = _consecutive_rows(params, flat_ids)
    else:
        raise ValueError(f"Unrecognized partition strategy: {strategy}")
    parts = cast(parts, int32)
    rows_by_part = raw.DynamicPartition(rows, parts, count)
    positions_by_part = raw.DynamicPartition(positions, parts, count)
    found = []
    for part, part_rows in zip(params, rows_by_part):
        with colocate_with(part):
            result = gather(part, part_rows)
            if transform_fn is not None:
                result = transform_fn(_clipped(result, part_rows, max_norm))
        found.append(result)
    stitched = raw.ParallelDynamicStitch(positions_by_part, found, name=name)
    static = stitched.get_shape()[1:]
    if transform_fn is None:
        static = params[0].get_shape()[1:]
        for part in params[1:]:
            static = static.merge_with(part.get_shape()[1:])
    if static.is_fully_defined():
        row_shape: Any = static
    elif transform_fn is None:
        with colocate_with(params[0]):
            table_shape = shape(params[0])
        row_shape = table_shape[1:]
    else:
        row_shape = shape(stitched)[1:]
    result = reshape(stitched, concat([shape(ids), row_shape], 0))
    result.set_shape(ids.get_shape().concatenate(static))
    return result if transform_fn is not None else _clipped(result, ids, max_norm)


def _first_dimension(part: Any) -> int | None:
    dimension = part.get_shape()[0]
    return dimension.value if isinstance(dimension, Dimension) else dimension


def _consecutive_rows(params: list, ids: Tensor) -> tuple[Tensor, Tensor]:
    """(part, row within it) of each id, for parts that hold consecutive rows."""
    count = len(params)
    sizes: list[Any] = [_first_dimension(part) for part in params]
    if None not in sizes and sum(sizes):
        total = constant(sum(sizes), ids.dtype)
    else:
        for i, part in enumerate(params):
            if sizes[i] is None:
                with colocate_with(part):
                    sizes[i] = shape(part)[0]
        total = reduce_sum(cast(stack(sizes), ids.dtype))
    least = total // count
    extras = total % count
    parts = maximum(ids // (least + 1), (ids - extras) // least)
    return parts, where(parts < extras, ids % (least + 1), (ids - extras) % least)
