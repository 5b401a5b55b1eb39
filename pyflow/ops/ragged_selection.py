"""Parts of ragged tensors: by index, slice, mask and condition."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops import array, array_selection
from pyflow.ops.array_batches import batch_gather as dense_batch_gather
from pyflow.ops.array_batches import gather_nd as dense_gather_nd
from pyflow.ops.array_gather import gather as dense_gather
from pyflow.ops.array_joining import concat
from pyflow.ops.array_repeating import repeat
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal
from pyflow.ops.cumulative import cumsum
from pyflow.ops.ragged_joining import gathered_rows, ragged_concat
from pyflow.ops.ragged_reductions import ragged_range, segment_sum
from pyflow.ops.ragged_rows import RaggedTensorToSparse
from pyflow.ops.ragged_tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor, match_row_splits_dtypes
from pyflow.ops.ranges import range as number_range


def ragged_gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: Any = 0, batch_dims: Any = 0, name: Any = None
) -> Any:
    """Rows of (ragged) params by (ragged) indices.

    Raises:
      ValueError: another axis than the first, or `batch_dims`.
    """
    if not isinstance(axis, int) or axis != 0:
        raise ValueError("axis != 0 is not supported for ragged gather yet.")
    if not isinstance(batch_dims, int) or batch_dims != 0:
        raise ValueError("batch_dims != 0 is not supported for ragged gather yet.")
    with name_scope(name, "RaggedGather", [params, indices]):
        params = convert_to_tensor_or_ragged_tensor(params, name="params")
        indices = convert_to_tensor_or_ragged_tensor(indices, name="indices")
        params, indices = match_row_splits_dtypes(params, indices)
        if isinstance(indices, RaggedTensor):
            return indices.with_values(ragged_gather(params, indices.values))
        if not isinstance(params, RaggedTensor):
            return dense_gather(params, indices)
        if indices.shape.ndims is None:
            raise ValueError("indices.shape.ndims must be known statically")
        if indices.shape.ndims == 0:
            return params[indices]
        return gathered_rows(params, indices)


def ragged_batch_gather(params: Any, indices: Any, name: str | None = None) -> Any:
    """Of each row of params those by the same row of indices."""
    with name_scope(name, "RaggedBatchGather", [params, indices]):
        params = convert_to_tensor_or_ragged_tensor(params, name="params")
        indices = convert_to_tensor_or_ragged_tensor(indices, name="indices")
        params, indices = match_row_splits_dtypes(params, indices)
        if not isinstance(params, RaggedTensor) and not isinstance(indices, RaggedTensor):
            return dense_batch_gather(params, indices)
        dtype = (params if isinstance(params, RaggedTensor) else indices).row_splits.dtype
        if not isinstance(params, RaggedTensor):
            params = RaggedTensor.from_tensor(params, row_splits_dtype=dtype)  # type: ignore[attr-defined]
        if not isinstance(indices, RaggedTensor):
            if indices.shape.ndims == 1:
                raise ValueError("batch_gather does not allow indices with unknown shape.")
            indices = RaggedTensor.from_tensor(indices, row_splits_dtype=dtype)  # type: ignore[attr-defined]
        if isinstance(indices.values, RaggedTensor):
            return indices.with_values(ragged_batch_gather(params.values, indices.values))
        offsets = dense_gather(params.row_splits[:-1], indices.value_rowids())
        places = cast(indices.values, dtype) + offsets
        return indices.with_values(ragged_gather(params.values, places))


def ragged_gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Any:
    """Parts of params by vectors of indices, the last dimension of `indices`.

    Raises:
      ValueError: that dimension is ragged or not known.
    """
    if not isinstance(batch_dims, int) or batch_dims != 0:
        raise ValueError("batch_dims != 0 is not supported for ragged gather yet.")
    with name_scope(name, "RaggedGatherNd", [params, indices]):
        params = convert_to_tensor_or_ragged_tensor(params, name="params")
        indices = convert_to_tensor_or_ragged_tensor(indices, name="indices")
        params, indices = match_row_splits_dtypes(params, indices)
        rank = indices.shape.ndims
        if rank is None:
            raise ValueError("indices.rank be statically known.")
        if rank == 0:
            raise ValueError("indices.rank must be at least 1.")
        if isinstance(indices, RaggedTensor) and rank == indices.ragged_rank + 1:
            raise ValueError("The innermost dimension of indices may not be ragged")
        count = indices.shape.as_list()[-1]
        if count is None:
            raise ValueError("indices.shape[-1] must be statically known.")
        if isinstance(indices, RaggedTensor):
            return indices.with_values(ragged_gather_nd(params, indices.values))
        if not isinstance(params, RaggedTensor):
            return dense_gather_nd(params, indices)
        if rank > 2:
            ragged = RaggedTensor.from_tensor(indices, row_splits_dtype=params.row_splits.dtype)  # type: ignore
            return ragged_gather_nd(params, ragged)
        if rank == 1:
            return ragged_gather_nd(params, array.expand_dims(indices, 0))[0]
        if count == 0:
            rows = shape(indices, out_type=params.row_splits.dtype)[0]
            return ragged_gather(array_first(params), raw.Fill(array.reshape(rows, [1]), cast(0, rows.dtype)))
        places, current = cast(indices[:, 0], params.row_splits.dtype), params
        for i in range(1, count):
            if not isinstance(current, RaggedTensor):
                rest = concat([array.expand_dims(places, 1), cast(indices[:, i:], places.dtype)], 1)
                return dense_gather_nd(current, rest)
            places = dense_gather(current.row_splits, places) + cast(indices[:, i], places.dtype)
            current = current.values
        return ragged_gather(current, places)


def array_first(params: RaggedTensor) -> Any:
    """The whole as the only row of a ragged tensor."""
    from pyflow.ops.ragged_joining import ragged_expand_dims

    return ragged_expand_dims(params, 0)


@export("ragged.boolean_mask")
def ragged_boolean_mask(data: Any, mask: Any, name: str | None = None) -> Any:
    """What of (ragged) data the (ragged) mask has True for; a mask of several dimensions keeps the rows apart.

    Raises:
      ValueError: the mask is a scalar, or its rank isn't known.
    """
    with name_scope(name, "RaggedMask", [data, mask]):
        data = convert_to_tensor_or_ragged_tensor(data, name="data")
        mask = convert_to_tensor_or_ragged_tensor(mask, dtypes.bool, name="mask")
        data, mask = match_row_splits_dtypes(data, mask)
        dtype = next((t.row_splits.dtype for t in (data, mask) if isinstance(t, RaggedTensor)), dtypes.int64)
        if mask.shape.ndims is None:
            raise ValueError("mask.shape.ndims must be known statically.")
        if mask.shape.ndims == 0:
            raise ValueError("mask cannot be scalar.")
        if not isinstance(mask, RaggedTensor) and mask.shape.ndims == 1:
            if not isinstance(data, RaggedTensor):
                return array_selection.boolean_mask(data, mask)
            lengths = data.row_splits[1:] - data.row_splits[:-1]
            kept = array_selection.boolean_mask(lengths, mask)
            values = ragged_boolean_mask(data.values, repeat(mask, lengths, axis=0))
            return RaggedTensor.from_row_splits(  # type: ignore[attr-defined]
                values, concat([[0], cumsum(kept)], 0), validate=False
            )
        if not isinstance(mask, RaggedTensor):
            rank = mask.shape.ndims - 1
            mask = RaggedTensor.from_tensor(mask, ragged_rank=rank, row_splits_dtype=dtype)  # type: ignore[attr-defined]
        if not isinstance(data, RaggedTensor):
            rank = mask.ragged_rank
            data = RaggedTensor.from_tensor(data, ragged_rank=rank, row_splits_dtype=dtype)  # type: ignore[attr-defined]
        check = assert_equal(mask.row_splits, data.row_splits, message="The shapes of data and mask must match")
        with control_dependencies([] if check is None else [check]):
            if isinstance(mask.values, RaggedTensor):
                return data.with_values(ragged_boolean_mask(data.values, mask.values))
            values = ragged_boolean_mask(data.values, mask.values)
            counts = segment_sum(cast(mask.values, dtype), mask.value_rowids(), mask.nrows())
            splits = concat([[0], cumsum(counts)], 0)
            splits.set_shape(mask.row_splits.shape)
            return RaggedTensor.from_row_splits(values, splits, validate=False)  # type: ignore[attr-defined]


def ragged_where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """The places where a ragged condition holds, or values of x and y by it; rows of these by a vector.

    Raises:
      ValueError: only one of x and y is given, or their shapes differ.
    """
    if (x is None) != (y is None):
        raise ValueError("x and y must be either both None or both non-None")
    with name_scope(name, "RaggedWhere", [condition, x, y]):
        condition = convert_to_tensor_or_ragged_tensor(condition, name="condition")
        if x is None:
            if not isinstance(condition, RaggedTensor):
                return raw.Where(condition)
            places = RaggedTensorToSparse(list(condition.nested_row_splits), condition.flat_values)[0]
            flags = array.reshape(condition.flat_values, [-1])
            return array_selection.boolean_mask(places, flags)
        x = convert_to_tensor_or_ragged_tensor(x, name="x")
        y = convert_to_tensor_or_ragged_tensor(y, name="y")
        condition, x, y = match_row_splits_dtypes(condition, x, y)
        ragged = [isinstance(t, RaggedTensor) for t in (condition, x, y)]
        if all(ragged):
            checks = [
                assert_equal(a, b, message="Input shapes do not match.")
                for t in (x, y)
                for a, b in zip(t.nested_row_splits, condition.nested_row_splits)
            ]
            with control_dependencies([check for check in checks if check is not None]):
                flat = array_selection.where(condition.flat_values, x.flat_values, y.flat_values)
                return condition.with_flat_values(flat)
        if not ragged[0]:
            condition.shape.assert_has_rank(1)
            # The rows of x, and behind them those of y.
            rows = shape(condition, out_type=dtypes.int64)[0]
            places = number_range(rows)
            count = x.nrows(dtypes.int64) if ragged[1] else shape(x, out_type=dtypes.int64)[0]
            return ragged_gather(ragged_concat([x, y], 0), array_selection.where(condition, places, places + count))
        raise ValueError("Input shapes do not match.")


@export("ragged.stack_dynamic_partitions")
def stack_dynamic_partitions(data: Any, partitions: Any, num_partitions: Any, name: str | None = None) -> Any:
    """A ragged tensor whose row `i` has what of the data `partitions` puts into partition `i`.

    Raises:
      ValueError: the rank of `partitions` isn't known.
    """
    with name_scope(name, "SegmentStack", [data, partitions, num_partitions]):
        data = convert_to_tensor_or_ragged_tensor(data, name="data")
        dtype = data.row_splits.dtype if isinstance(data, RaggedTensor) else None
        partitions = convert_to_tensor_or_ragged_tensor(partitions, preferred_dtype=dtype, name="partitions")
        count = convert_to_tensor(num_partitions, preferred_dtype=partitions.dtype, name="num_partitions")
        rank = partitions.shape.ndims
        if rank is None:
            raise ValueError("partitions must have known rank.")
        count.shape.assert_has_rank(0)
        count = cast(count, partitions.dtype)
        if rank == 0:
            partitions, data = array.expand_dims(partitions, 0), _in_front(data)
        while (rank or 1) > 1:
            if isinstance(data, RaggedTensor) and isinstance(partitions, RaggedTensor):
                data, partitions = data.values, partitions.values
            elif isinstance(partitions, RaggedTensor):
                kept = RaggedTensor.from_tensor(data, row_splits_dtype=partitions.row_splits.dtype)  # type: ignore
                data, partitions = kept.values, partitions.values
            elif isinstance(data, RaggedTensor):
                data, partitions = data.values, array.reshape(partitions, concat([[-1], shape(partitions)[2:]], 0))
            else:
                data = array.reshape(data, concat([[-1], shape(data)[2:]], 0))
                partitions = array.reshape(partitions, concat([[-1], shape(partitions)[2:]], 0))
            rank -= 1
        order = raw.TopKV2(-cast(partitions, dtypes.int32), shape(partitions)[0], sorted=True).indices
        values = ragged_gather(data, order)
        return RaggedTensor.from_value_rowids(  # type: ignore[attr-defined]
            values, dense_gather(partitions, order), count, validate=True
        )


def _in_front(data: Any) -> Any:
    return array_first(data) if isinstance(data, RaggedTensor) else array.expand_dims(data, 0)


# Subscripts.


def ragged_getitem(self: RaggedTensor, key: Any) -> Any:
    """A row, or rows; columns by slices alone, as rows may have no such column.

    Raises:
      ValueError: a ragged inner dimension is to be indexed.
      IndexError: there are more indices than dimensions, or an index is out of bounds.
    """
    with name_scope(None, "RaggedGetItem", [self]):
        return _rows(self, list(key) if isinstance(key, (list, tuple)) else [key])


def _rows(ragged: Any, keys: list) -> Any:
    if not keys:
        return ragged
    if not isinstance(ragged, RaggedTensor):
        return ragged[tuple(keys)]
    key, rest = keys[0], keys[1:]
    if key is Ellipsis:
        return _rows(ragged, _spelled_out(keys, ragged.shape.ndims))
    if key is None:
        from pyflow.ops.ragged_joining import ragged_expand_dims

        inner = _rows(ragged, rest)
        return ragged_expand_dims(inner, 0) if isinstance(inner, RaggedTensor) else array.expand_dims(inner, 0)
    if isinstance(key, slice):
        return _columns(_sliced_rows(ragged, key), rest)
    starts, limits = ragged.row_splits[:-1], ragged.row_splits[1:]
    return _rows(ragged.values[starts[key] : limits[key]], rest)


def _spelled_out(keys: list, rank: int | None) -> list:
    """The keys with one slice for all that their ellipsis stands for, one at a time."""
    if rank is None:
        raise ValueError("Ellipsis not supported for unknown shape RaggedTensors")
    count = sum(1 for key in keys if key is not None)
    if count > rank + 1:
        raise IndexError("Too many indices for RaggedTensor")
    return keys[1:] if count == rank + 1 else [slice(None), *keys]


def _check_slice(key: slice) -> None:
    for part in (key.start, key.stop):
        if not (part is None or isinstance(part, int) or (isinstance(part, Tensor) and part.dtype.is_integer)):
            raise TypeError("slice offsets must be integers or None")
    if not (key.step is None or isinstance(key.step, (int, Tensor))):
        raise TypeError("slice strides must be integers or None")


def _sliced_rows(ragged: RaggedTensor, key: slice) -> RaggedTensor:
    _check_slice(key)
    if key == slice(None):
        return ragged
    starts, limits = ragged.row_splits[:-1][key], ragged.row_splits[1:][key]
    if key.step is None:
        # The rows stand together: what is between the first start and the last end.
        none = ragged.row_splits[: 1 - raw.Minimum(shape(starts)[0], 1)]
        splits = concat([starts[:1], limits, none], 0)
        first = splits[0]
        values = ragged.values[first : splits[-1]]
        return RaggedTensor.from_row_splits(values, splits - first, validate=False)  # type: ignore[attr-defined]
    return _chosen(ragged, starts, limits, None)


def _chosen(ragged: RaggedTensor, starts: Tensor, limits: Tensor, step: Any) -> RaggedTensor:
    """Rows of the values from starts to limits."""
    places = ragged_range(starts, limits, 1 if step is None else step, row_splits_dtype=starts.dtype)
    return places.with_values(ragged_gather(ragged.values, places.values))


def _columns(ragged: Any, keys: list) -> Any:
    """`ragged[:, keys]`."""
    if not keys:
        return ragged
    if not isinstance(ragged, RaggedTensor):
        return ragged[(slice(None), *keys)]
    key, rest = keys[0], keys[1:]
    if key is Ellipsis:
        rank = ragged.shape.ndims
        return _columns(ragged, _spelled_out(keys, None if rank is None else rank - 1))
    if key is None:
        inner = _columns(ragged, rest)
        count = shape(inner.row_splits, out_type=inner.row_splits.dtype)[0] if isinstance(inner, RaggedTensor) else None
        if count is None:
            return array.expand_dims(inner, 1)
        return RaggedTensor.from_row_splits(inner, number_range(count), validate=False)  # type: ignore[attr-defined]
    if not isinstance(key, slice):
        raise ValueError("Cannot index into an inner ragged dimension.")
    _check_slice(key)
    if rest:
        ragged = ragged.with_values(_columns(ragged.values, rest))
    return ragged if key == slice(None) else _sliced_columns(ragged, key)


def _sliced_columns(ragged: RaggedTensor, key: slice) -> RaggedTensor:
    """Python's slice of each row; but of a negative step, start and end are those of a positive one if not given."""
    starts, limits = ragged.row_splits[:-1], ragged.row_splits[1:]

    def place(offset: Any) -> Tensor:
        offset = cast(convert_to_tensor(offset), starts.dtype)
        from_end = raw.Less(offset, raw.ZerosLike(offset))
        return array_selection.where(
            raw.Fill(shape(starts), from_end), limits + offset, starts + offset
        )

    first = starts if key.start is None else raw.Minimum(raw.Maximum(place(key.start), starts), limits)
    last = limits if key.stop is None else raw.Maximum(raw.Minimum(place(key.stop), limits), first)
    return _chosen(ragged, first, last, key.step)


RaggedTensor._override_operator("__getitem__", ragged_getitem)
