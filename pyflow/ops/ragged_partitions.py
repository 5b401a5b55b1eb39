"""Ragged tensors from values and what tells their rows apart: splits, lengths, starts, limits, row numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import dimension_value
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_repeating import repeat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal, assert_non_negative
from pyflow.ops.cumulative import cumsum
from pyflow.ops.histogram import bincount
from pyflow.ops.ragged_tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor, number_of_rows
from pyflow.ops.ranges import range as number_range
from pyflow.ops.rank_checks import assert_rank


def _check_flag(validate: Any) -> None:
    if not isinstance(validate, bool):
        raise TypeError("validate must have type bool")


def _converted(values: Any, partition: Any, name: str) -> tuple[Any, Tensor]:
    """Values and what tells rows apart as tensors; both have one dtype for splits."""
    values = convert_to_tensor_or_ragged_tensor(values, name="values")
    wanted = values.row_splits.dtype if isinstance(values, RaggedTensor) else None
    preferred = wanted or dtypes.int64
    if not isinstance(partition, Tensor):
        kept = isinstance(partition, (np.ndarray, np.generic)) and partition.dtype in (np.int32, np.int64)
        partition = convert_to_tensor(partition, preferred_dtype=None if kept else preferred, name=name)
    if partition.dtype not in dtypes.INDEX:
        raise ValueError(f"{name} must have dtype int32 or int64")
    if wanted is not None and wanted != partition.dtype:
        raise ValueError(
            f"dtype mismatch: {name} ({partition.dtype!r}) vs values.row_splits ({wanted!r})"
        )
    return values, partition


def _checked(tensor: Tensor, checks: list) -> Tensor:
    with control_dependencies([check for check in checks if check is not None]):
        return identity(tensor, name="control_dependency")


def _words(function: str) -> str:
    return f"Arguments to {function} do not form a valid RaggedTensor"


def from_value_rowids(
    cls: Any, values: Any, value_rowids: Any, nrows: Any = None, name: str | None = None, validate: bool = True
) -> RaggedTensor:
    """Rows of values, by the row of each value, in ascending order.

    Args:
      nrows: how many rows there are; by default, none behind that of the last value.
      validate: whether the run checks the arguments.

    Raises:
      ValueError: `nrows` is negative or too small.
    """
    _check_flag(validate)
    with name_scope(name, "RaggedFromValueRowIds", [values, value_rowids, nrows]):
        values, value_rowids = _converted(values, value_rowids, "value_rowids")
        known = constant_value(value_rowids)
        if nrows is None:
            if known is None:
                nrows = concat([value_rowids[-1:], [-1]], axis=0)[0] + 1
            else:
                nrows = convert_to_tensor(int(known[-1]) + 1 if known.size else 0, value_rowids.dtype, name="nrows")
        else:
            nrows = convert_to_tensor(nrows, value_rowids.dtype, "nrows")
            count = constant_value(nrows)
            if count is not None:
                if count < 0:
                    raise ValueError(f"Expected nrows >= 0; got {count}")
                if known is not None and known.size and count < known[-1] + 1:
                    raise ValueError(
                        f"Expected nrows >= value_rowids[-1] + 1; got nrows={count}, value_rowids[-1]={known[-1]}"
                    )
        value_rowids.shape.assert_has_rank(1)
        nrows.shape.assert_has_rank(0)
        values.shape[:1].assert_is_compatible_with(value_rowids.shape)
        if validate:
            message = _words("from_value_rowids")
            checks = [
                assert_rank(value_rowids, 1, message=message),
                assert_rank(nrows, 0, message=message),
                assert_equal(number_of_rows(values), number_of_rows(value_rowids), message=message),
                assert_non_negative(value_rowids[:1], message=message),
                assert_non_negative(value_rowids[1:] - value_rowids[:-1], message=message),
            ]
            value_rowids = _checked(value_rowids, checks)
        count = cast(nrows, dtypes.int32)
        lengths = bincount(cast(value_rowids, dtypes.int32), minlength=count, maxlength=count, dtype=value_rowids.dtype)
        splits = concat([[0], cumsum(lengths)], axis=0)
        known_rows = constant_value(nrows)
        if known_rows is not None:
            lengths.set_shape([int(known_rows)])
            splits.set_shape([int(known_rows) + 1])
        return cls(values, splits, lengths, value_rowids, nrows, internal=True)


def from_row_splits(
    cls: Any, values: Any, row_splits: Any, name: str | None = None, validate: bool = True
) -> RaggedTensor:
    """Rows of values that split at 0, ..., the number of values.

    Raises:
      ValueError: there are no splits.
    """
    _check_flag(validate)
    if isinstance(row_splits, (list, tuple)) and not row_splits:
        raise ValueError("row_splits tensor may not be empty.")
    with name_scope(name, "RaggedFromRowSplits", [values, row_splits]):
        values, row_splits = _converted(values, row_splits, "row_splits")
        row_splits.shape.assert_has_rank(1)
        if validate:
            message = _words("from_row_splits")
            count = cast(number_of_rows(values), row_splits.dtype)
            checks = [
                assert_rank(row_splits, 1, message=message),
                assert_equal(row_splits[0], cast(0, row_splits.dtype), message=message),
                assert_non_negative(row_splits[1:] - row_splits[:-1], message=message),
                assert_equal(row_splits[-1], count, message=message),
            ]
            row_splits = _checked(row_splits, checks)
        return cls(values=values, row_splits=row_splits, internal=True)


def from_row_lengths(
    cls: Any, values: Any, row_lengths: Any, name: str | None = None, validate: bool = True
) -> RaggedTensor:
    """Rows of values, by their lengths."""
    _check_flag(validate)
    with name_scope(name, "RaggedFromRowLengths", [values, row_lengths]):
        values, row_lengths = _converted(values, row_lengths, "row_lengths")
        row_lengths.shape.assert_has_rank(1)
        if validate:
            message = _words("from_row_lengths")
            total = raw.Sum(row_lengths, [0])
            checks = [
                assert_rank(row_lengths, 1, message=message),
                assert_non_negative(row_lengths, message=message),
                assert_equal(total, number_of_rows(values, row_lengths.dtype), message=message),
            ]
            row_lengths = _checked(row_lengths, checks)
        splits = concat([[0], cumsum(row_lengths)], axis=0)
        return cls(values=values, row_splits=splits, cached_row_lengths=row_lengths, internal=True)


def from_row_starts(
    cls: Any, values: Any, row_starts: Any, name: str | None = None, validate: bool = True
) -> RaggedTensor:
    """Rows of values, by where they start: 0 first."""
    _check_flag(validate)
    with name_scope(name, "RaggedFromRowStarts", [values, row_starts]):
        values, row_starts = _converted(values, row_starts, "row_starts")
        row_starts.shape.assert_has_rank(1)
        count = number_of_rows(values, row_starts.dtype)
        if validate:
            message = _words("from_row_starts")
            checks = [
                assert_rank(row_starts, 1, message=message),
                assert_equal(row_starts[:1], cast(0, row_starts.dtype), message=message),
                assert_non_negative(row_starts[1:] - row_starts[:-1], message=message),
                assert_non_negative(count - row_starts[-1:], message=message),
            ]
            row_starts = _checked(row_starts, checks)
        return cls(values=values, row_splits=concat([row_starts, [count]], axis=0), internal=True)


def from_row_limits(
    cls: Any, values: Any, row_limits: Any, name: str | None = None, validate: bool = True
) -> RaggedTensor:
    """Rows of values, by where they end."""
    _check_flag(validate)
    with name_scope(name, "RaggedFromRowLimits", [values, row_limits]):
        values, row_limits = _converted(values, row_limits, "row_limits")
        row_limits.shape.assert_has_rank(1)
        if validate:
            message = _words("from_row_limits")
            checks = [
                assert_rank(row_limits, 1, message=message),
                assert_non_negative(row_limits[:1], message=message),
                assert_non_negative(row_limits[1:] - row_limits[:-1], message=message),
                assert_equal(row_limits[-1:], number_of_rows(values, row_limits.dtype), message=message),
            ]
            row_limits = _checked(row_limits, checks)
        zero = raw.Fill([1], cast(0, row_limits.dtype))
        return cls(values=values, row_splits=concat([zero, row_limits], axis=0), internal=True)


def _listed(parts: Any, name: str) -> list:
    if isinstance(parts, Tensor):
        raise TypeError(f"{name} must be a list of Tensors")
    return list(parts)


def from_nested_value_rowids(
    cls: Any, flat_values: Any, nested_value_rowids: Any, nested_nrows: Any = None, name: str | None = None,
    validate: bool = True,
) -> RaggedTensor:  # fmt: skip
    """Several ragged dimensions by `from_value_rowids`, the outermost first."""
    _check_flag(validate)
    rowids = _listed(nested_value_rowids, "nested_value_rowids")
    counts = [None] * len(rowids) if nested_nrows is None else _listed(nested_nrows, "nested_nrows")
    if len(counts) != len(rowids):
        raise ValueError("nested_nrows must have the same length as nested_value_rowids")
    with name_scope(name, "RaggedFromNestedValueRowIds", [flat_values, *rowids]):
        result = flat_values
        for ids, count in reversed(list(zip(rowids, counts))):
            result = cls.from_value_rowids(result, ids, count, validate=validate)
        return result


def from_nested_row_splits(
    cls: Any, flat_values: Any, nested_row_splits: Any, name: str | None = None, validate: bool = True
) -> RaggedTensor:
    """Several ragged dimensions by `from_row_splits`, the outermost first."""
    _check_flag(validate)
    nested: Sequence = _listed(nested_row_splits, "nested_row_splits")
    with name_scope(name, "RaggedFromNestedRowSplits", [flat_values, *nested]):
        result = flat_values
        for splits in reversed(nested):
            result = cls.from_row_splits(result, splits, validate=validate)
        return result


def from_nested_row_lengths(
    cls: Any, flat_values: Any, nested_row_lengths: Any, name: str | None = None, validate: bool = True
) -> RaggedTensor:
    """Several ragged dimensions by `from_row_lengths`, the outermost first."""
    _check_flag(validate)
    nested: Sequence = _listed(nested_row_lengths, "nested_row_lengths")
    with name_scope(name, "RaggedFromNestedRowlengths", [flat_values, *nested]):
        result = flat_values
        for lengths in reversed(nested):
            result = cls.from_row_lengths(result, lengths, validate=validate)
        return result


for _factory in (
    from_value_rowids, from_row_splits, from_row_lengths, from_row_starts, from_row_limits, from_nested_value_rowids,
    from_nested_row_splits, from_nested_row_lengths,
):  # fmt: skip
    setattr(RaggedTensor, _factory.__name__, classmethod(_factory))


@export("ragged.row_splits_to_segment_ids")
def row_splits_to_segment_ids(splits: Any, name: str | None = None, out_type: Any = None) -> Tensor:
    """The row of each value, of rows that split there.

    Raises:
      ValueError: there are no splits, or they are no int32 or int64.
    """
    with name_scope(name, "RaggedSplitsToSegmentIds", [splits]):
        if not isinstance(splits, Tensor):
            splits = convert_to_tensor(splits, dtype=getattr(splits, "dtype", dtypes.int64), name="splits")
        if splits.dtype not in dtypes.INDEX:
            raise ValueError("splits must have dtype int32 or int64")
        splits.shape.assert_has_rank(1)
        if dimension_value(splits.shape[0]) == 0:
            raise ValueError("Invalid row_splits: []")
        count = shape_of(splits, out_type=splits.dtype)[0] - 1
        ids = repeat(number_range(count), splits[1:] - splits[:-1], axis=0)
        return ids if out_type is None else cast(ids, out_type)


@export("ragged.segment_ids_to_row_splits")
def segment_ids_to_row_splits(
    segment_ids: Any, num_segments: Any = None, out_type: Any = None, name: str | None = None
) -> Tensor:
    """Where the rows split, of the row of each value in ascending order."""
    out_type = dtypes.int64 if out_type is None else dtypes.as_dtype(out_type)
    with name_scope(name, "SegmentIdsToRaggedSplits", [segment_ids]):
        if not isinstance(segment_ids, Tensor):
            segment_ids = convert_to_tensor(segment_ids, dtype=dtypes.int64, name="segment_ids")
        segment_ids.shape.assert_has_rank(1)
        if num_segments is not None:
            num_segments = cast(convert_to_tensor(num_segments), dtypes.int32)
            num_segments.shape.assert_has_rank(0)
        lengths = bincount(
            cast(segment_ids, dtypes.int32), minlength=num_segments, maxlength=num_segments, dtype=out_type
        )
        splits = concat([[0], cumsum(lengths)], axis=0)
        known = None if num_segments is None else constant_value(num_segments)
        if known is not None:
            splits.set_shape([int(known) + 1])
        return splits
