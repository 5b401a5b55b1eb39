"""Ragged tensors as values of dtype variant, one for each or one for each row: so they pass through datasets."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pyflow.core import dtypes
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.ops.ragged_tensor import RaggedTensor
from pyflow.ops.shape_rules import with_rank


class EncodedRagged:
    """What a variant holds: the row splits, outermost first, and the flat values. It never changes."""

    __slots__ = ("splits", "values")

    def __init__(self, splits: Any, values: np.ndarray):
        self.splits, self.values = tuple(splits), values

    @property
    def rows(self) -> int:
        """How many rows there are; without row splits, how many values."""
        return len(self.splits[0]) - 1 if self.splits else len(self.values)

    def row(self, i: int) -> EncodedRagged:
        """Row `i`, of one ragged dimension less."""
        if not self.splits:
            return EncodedRagged((), self.values[i])
        first, last = int(self.splits[0][i]), int(self.splits[0][i + 1])
        inner = []
        for splits in self.splits[1:]:
            part = splits[first : last + 1]
            inner.append(part - part[0])
            first, last = int(part[0]), int(part[-1])
        return EncodedRagged(inner, self.values[first:last])


class _Kind(NamedTuple):
    ragged_rank: int
    splits: Any
    values: Any


@op(
    "RaggedTensorToVariant(rt_nested_splits: RAGGED_RANK*Tsplits, rt_dense_values: Tvalues) -> "
    "(encoded_ragged: variant)",
    RAGGED_RANK=attr("int", minimum=0),
    Tvalues=attr("type"),
    Tsplits=attr("type", allowed=dtypes.INDEX),
    batched_input=attr("bool"),
)
class RaggedTensorToVariant:
    """A ragged tensor as one variant, or with `batched_input` its rows as a vector of them."""

    grad = NOT_DIFFERENTIABLE

    def shape(rt_nested_splits, rt_dense_values, batched_input):
        for splits in rt_nested_splits:
            with_rank(splits, 1)
        if not batched_input:
            return ()
        rows = rt_nested_splits[0] if rt_nested_splits else rt_dense_values
        return (None,) if not rows or rows[0] is None else (rows[0] - bool(rt_nested_splits),)

    def cpu(rt_nested_splits, rt_dense_values, batched_input):
        whole = EncodedRagged([np.array(splits) for splits in rt_nested_splits], np.array(rt_dense_values))
        if not batched_input:
            return whole
        rows = np.empty(whole.rows, object)
        for i in range(len(rows)):
            rows[i] = whole.row(i)
        return rows


@op(
    "RaggedTensorFromVariant(encoded_ragged: variant) -> (output_nested_splits: output_ragged_rank*Tsplits, "
    "output_dense_values: Tvalues)",
    input_ragged_rank=attr("int", minimum=-1),
    output_ragged_rank=attr("int", minimum=0),
    Tvalues=attr("type"),
    Tsplits=attr("type", allowed=dtypes.INDEX),
)
class RaggedTensorFromVariant:
    """The ragged tensor of one variant, or of a batch of them, whose dimensions become ragged ones."""

    grad = NOT_DIFFERENTIABLE

    def shape(encoded_ragged, output_ragged_rank):
        return [*[(None,)] * output_ragged_rank, None]

    def cpu(encoded_ragged, input_ragged_rank, output_ragged_rank, Tvalues, Tsplits):
        dims = np.shape(encoded_ragged) if isinstance(encoded_ragged, np.ndarray) else ()
        if input_ragged_rank < 0:
            input_ragged_rank = output_ragged_rank - len(dims)
            if input_ragged_rank < 0:
                _refuse(
                    "Inferred input_ragged_rank (output_ragged_rank - encoded_variant.dims()) must be >= 0, found "
                    f"output_ragged_rank: {output_ragged_rank}, encoded_variant.dims(): {len(dims)}, "
                    f"inferred input_ragged_rank: {input_ragged_rank}"
                )
        if output_ragged_rank != len(dims) + input_ragged_rank:
            _refuse(
                "output_ragged_rank must be equal to input_ragged_rank + encoded_ragged.dims(); output_ragged_rank: "
                f"{output_ragged_rank}, input_ragged_rank: {input_ragged_rank}, encoded_variant.dims(): {len(dims)}"
            )
        kind = _Kind(input_ragged_rank, Tsplits, Tvalues)
        if not dims:
            one = encoded_ragged.item() if isinstance(encoded_ragged, np.ndarray) else encoded_ragged
            _check(one, kind)
            return (*one.splits, one.values)
        splits, values = _joined(encoded_ragged.reshape(-1).tolist(), kind)
        count = 1
        outer = []
        for size, inner in zip(dims, dims[1:]):
            count *= size
            outer.append(np.arange(count + 1, dtype=Tsplits.as_numpy_dtype) * inner)
        return (*outer, *splits, values)


def _joined(parts: list, kind: _Kind) -> tuple[list[np.ndarray], np.ndarray]:
    """The splits and values of the ragged tensor that has these as rows."""
    for part in parts:
        _check(part, kind)
    dtype = kind.splits.as_numpy_dtype
    splits = [_splits([part.rows for part in parts], dtype)]
    for level in range(kind.ragged_rank):
        lengths = [np.diff(part.splits[level]) for part in parts]
        splits.append(_splits(np.concatenate(lengths) if lengths else [], dtype))
    if parts:
        return splits, np.concatenate([part.values for part in parts])
    return splits, np.empty(0, kind.values.as_numpy_dtype)


def _splits(lengths: Any, dtype: Any) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths, dtype=dtype)]).astype(dtype)


def _check(part: Any, kind: _Kind) -> None:
    if not isinstance(part, EncodedRagged):
        _refuse("Input Variant element at index: 0 doesn't hold a Tensor")
    if len(part.splits) != kind.ragged_rank:
        _refuse(f"Encoded input RaggedTensor variant has ragged_rank: {len(part.splits)}, expected: {kind.ragged_rank}")
    found = dtypes.as_dtype(part.values.dtype)
    if found != kind.values:
        _refuse(f"Expected values Tensor dtype: {kind.values.name}, found: {found.name}")


def _refuse(words: str) -> None:
    raise InvalidArgumentError(None, None, words)


def ragged_to_variant(value: Any, batched_input: bool, name: str | None = None) -> Any:
    """A ragged tensor, or a tensor of no ragged dimension, as one variant or as one for each row."""
    if isinstance(value, RaggedTensor):
        splits, flat, kind = value.nested_row_splits, value.flat_values, value.row_splits.dtype
    else:
        splits, flat, kind = [], value, dtypes.int64
    return RaggedTensorToVariant(splits, flat, Tsplits=kind, batched_input=batched_input, name=name)


def ragged_from_variant(
    variant: Any, dtype: Any, output_ragged_rank: int, row_splits_dtype: Any = dtypes.int64, name: str | None = None
) -> Any:
    """The ragged tensor that variants stand for; of no ragged dimension, a tensor."""
    splits, flat = RaggedTensorFromVariant(
        variant, -1, output_ragged_rank, dtypes.as_dtype(dtype), dtypes.as_dtype(row_splits_dtype), name=name
    )
    if not splits:
        return flat
    return RaggedTensor.from_nested_row_splits(flat, splits, validate=False)  # type: ignore[attr-defined]
