"""Strings in ragged tensors: joined along a dimension, and windows of neighbours (n-grams)."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.ragged_reductions import reduced
from pyflow.ops.ragged_rows import SPLITS, splits_of
from pyflow.ops.ragged_tensor import RaggedTensor, convert_to_tensor_or_ragged_tensor
from pyflow.ops.shape_rules import with_rank
from pyflow.ops.string_reduction import reduce_join as dense_reduce_join
from pyflow.ops.string_reduction import unsorted_segment_join


@op(
    "StringNGrams(data: string, data_splits: Tsplits) -> (ngrams: string, ngrams_splits: Tsplits)",
    separator=attr("string"),
    ngram_widths=attr("list(int)", minimum=0),
    left_pad=attr("string"),
    right_pad=attr("string"),
    pad_width=attr("int"),
    preserve_short_sequences=attr("bool"),
    Tsplits=SPLITS,
)
class StringNGrams:
    """Of each row of strings all windows of some widths, each joined to one string.

    `pad_width` strings stand before and behind each row, one less than the width if it is -1.
    """

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            np.array([b"a", b"b", b"c", b"d"], object), np.array([0, 3, 4]), separator=" ", ngram_widths=[1, 2],
            left_pad="<", right_pad=">", pad_width=-1, preserve_short_sequences=False,
        )
    ]  # fmt: skip

    def shape(data, data_splits):
        with_rank(data, 1)
        return (None,), with_rank(data_splits, 1)

    def cpu(data, data_splits, separator, ngram_widths, left_pad, right_pad, pad_width, preserve_short_sequences):
        texts, splits = np.asarray(data, object).tolist(), np.asarray(data_splits).tolist()
        if splits and (splits[0] != 0 or splits[-1] != len(texts) or any(a > b for a, b in zip(splits, splits[1:]))):
            raise InvalidArgumentError(None, None, f"Invalid split value {splits[-1]}, must be in [0, {len(texts)}]")
        joined: list[bytes] = []
        counts = []
        between, left, right = (text.encode() for text in (separator, left_pad, right_pad))
        for start, end in zip(splits, splits[1:]):
            row, before = texts[start:end], len(joined)
            for width in ngram_widths:
                pads = min(width - 1 if pad_width < 0 else pad_width, width - 1)
                padded = [left] * pads + row + [right] * pads
                joined += [between.join(padded[i : i + width]) for i in range(len(padded) - width + 1)]
            if preserve_short_sequences and len(joined) == before and row:
                # Whole, with all its padding: that of the first width.
                pads = max(pad_width, 0)
                joined.append(between.join([left] * pads + row + [right] * pads))
            counts.append(len(joined) - before)
        values = np.empty(len(joined), object)
        values[:] = joined
        return values, splits_of(np.array(counts, np.int64), np.asarray(data_splits).dtype)


@export("strings.ngrams")
def ngrams(
    data: Any, ngram_width: Any, separator: str = " ", pad_values: Any = None, padding_width: int | None = None,
    preserve_short_sequences: bool = False, name: str | None = None,
) -> Any:  # fmt: skip
    """Neighbouring strings along the innermost dimension, joined.

    Args:
      data: strings, which may be ragged.
      ngram_width: how many strings make one, or several such numbers.
      pad_values: a string that is put before and behind each row, or one for before and one for behind; None for none.
      padding_width: how many of them; by default, one less than the width.
      preserve_short_sequences: whether a row that is too short gives one string, of all it has.

    Returns:
      Ragged for ragged data, else dense.

    Raises:
      TypeError: `pad_values` are no strings.
      ValueError: a width isn't positive, there is a width of padding and none to take, or data is a scalar.
    """
    with name_scope(name, "StringNGrams", [data]):
        pads = pad_values if isinstance(pad_values, (list, tuple)) else (pad_values, pad_values)
        if pad_values is None:
            pads = ("", "")
        if not all(isinstance(pad, (str, bytes)) for pad in pads[:2]):
            raise TypeError("pad_values must be a string, tuple of strings, or None.")
        if padding_width is not None and padding_width < 1:
            raise ValueError("padding_width must be greater than 0.")
        if padding_width is not None and pad_values is None:
            raise ValueError("pad_values must be provided if padding_width is set.")
        data = convert_to_tensor_or_ragged_tensor(data, name="data", dtype=dtypes.string)
        widths = ngram_width if isinstance(ngram_width, (list, tuple)) else [ngram_width]
        rest: dict[str, Any] = {
            "separator": separator,
            "ngram_widths": list(widths),
            "left_pad": pads[0],
            "right_pad": pads[1],
            "pad_width": 0 if pad_values is None else -1 if padding_width is None else padding_width,
            "preserve_short_sequences": preserve_short_sequences,
        }
        if isinstance(data, Tensor):
            rank = data.shape.ndims
            if rank is None:
                raise ValueError("Rank of data must be known.")
            if rank == 0:
                raise ValueError("Data must have rank>0")
        if any(width < 1 for width in widths):
            raise ValueError(f"All ngram_widths must be greater than 0. Got {ngram_width}")
        if isinstance(data, RaggedTensor):
            return _of_innermost(data, rest)
        if data.shape.ndims == 1:
            row = RaggedTensor.from_row_starts(data, [0], validate=False)  # type: ignore[attr-defined]
            return _of_innermost(row, rest)[0]
        ragged = RaggedTensor.from_tensor(data, ragged_rank=data.shape.ndims - 1)  # type: ignore[attr-defined]
        result = _of_innermost(ragged, rest).flat_values
        return reshape(result, concat([shape_of(data)[:-1], [-1]], axis=0))


def _of_innermost(data: RaggedTensor, options: dict[str, Any]) -> RaggedTensor:
    if isinstance(data.values, RaggedTensor):
        return data.with_values(_of_innermost(data.values, options))
    values, splits = StringNGrams(data.values, data.row_splits, **options)
    return RaggedTensor.from_row_splits(values, splits, validate=False)  # type: ignore[attr-defined]


def reduce_join(
    inputs: Any, axis: Any = None, keepdims: Any = None, separator: str = "", name: str | None = None
) -> Any:
    """The strings of a ragged tensor joined along dimensions."""

    def dense(x: Any, axis: Any) -> Tensor:
        return dense_reduce_join(x, axis, separator=separator)

    def segments(data: Any, ids: Any, count: Any) -> Tensor:
        return unsorted_segment_join(data, ids, count, separator=separator)

    x = convert_to_tensor_or_ragged_tensor(inputs)
    with name_scope(name, "RaggedSegmentJoin", [x, axis]):
        return reduced(dense, segments, x, axis, keepdims)
