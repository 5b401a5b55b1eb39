"""Strings joined along axes and within segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import INDEX
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, one_of, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.constant import constant
from pyflow.ops.ranges import range
from pyflow.ops.shape_rules import without_prefix

_TEXTS = np.array([[b"a", b"b"], [b"c", b"d"]], object)


def _reduced(inputs, reduction_indices_value, keep_dims):
    if inputs is None or reduction_indices_value is None:
        return None
    axes = set()
    for axis in np.asarray(reduction_indices_value).reshape(-1).tolist():
        if not -len(inputs) <= axis < len(inputs):
            raise ShapeError(f"Invalid reduction dimension {axis} for input with {len(inputs)} dimensions.")
        axes.add(axis % len(inputs))
    return tuple(1 if i in axes else size for i, size in enumerate(inputs) if keep_dims or i not in axes)


@op("ReduceJoin(inputs: string, reduction_indices: int32) -> (output: string)", keep_dims=False, separator="")
class ReduceJoin:
    """The strings joined along axes, the first of which varies fastest."""

    shape = _reduced
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TEXTS, 0), sample(_TEXTS, [1, 0], separator=", ")]

    def cpu(inputs, reduction_indices, keep_dims, separator):
        texts = np.asarray(inputs, object)
        axes = []
        for axis in np.asarray(reduction_indices).reshape(-1).tolist():
            if not -texts.ndim <= axis < texts.ndim:
                words = f"Invalid reduction dimension {axis} for input with {texts.ndim} dimension(s)"
                raise InvalidArgumentError(None, None, words)
            if axis % texts.ndim in axes:
                raise InvalidArgumentError(None, None, f"Duplicate reduction dimension {axis}")
            axes.append(axis % texts.ndim)
        kept = [i for i, _ in enumerate(texts.shape) if i not in axes]
        shape = tuple(texts.shape[i] for i in kept)
        rows = texts.transpose(kept + axes[::-1]).reshape(int(np.prod(shape)), -1)
        out = np.empty(len(rows), object)
        out[:] = [separator.encode().join(row) for row in rows.tolist()]
        return out.reshape([1 if i in axes else n for i, n in enumerate(texts.shape)] if keep_dims else shape)


@op(
    "UnsortedSegmentJoin(inputs: string, segment_ids: Tindices, num_segments: Tnumsegments) -> (output: string)",
    separator="",
    Tindices=attr("type", allowed=INDEX),
    Tnumsegments=one_of(INDEX, default=dtypes.int32),
)
class UnsortedSegmentJoin:
    """The strings of each segment joined; an empty string where there are none."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_TEXTS, [1, 1], 3, separator=",")]

    def shape(inputs, segment_ids, num_segments_value):
        if inputs is None or segment_ids is None:
            return None
        rest = without_prefix(inputs, segment_ids)
        return (None if num_segments_value is None else int(num_segments_value), *(rest or ()))

    def cpu(inputs, segment_ids, num_segments, separator):
        texts, ids, count = np.asarray(inputs, object), np.asarray(segment_ids), int(num_segments)
        if ids.size and (ids.min() < 0 or ids.max() >= count):
            words = "segment_ids are not allowed to exceed num_segments or to have negative values."
            raise InvalidArgumentError(None, None, words)
        rest = texts.shape[ids.ndim :]
        rows = texts.reshape(ids.size, int(np.prod(rest)))
        parts: list[list[list[bytes]]] = [[[] for _ in rows[0]] if len(rows) else [] for _ in np.arange(count)]
        for row, segment in zip(rows.tolist(), ids.reshape(-1).tolist()):
            for joined, text in zip(parts[segment], row):
                joined.append(text)
        out = np.empty((count, rows.shape[1]), object)
        out[...] = b""
        for i, segment in enumerate(parts):
            for j, joined in enumerate(segment):
                out[i, j] = separator.encode().join(joined)
        return out.reshape(count, *rest)


@export("reduce_join", "strings.reduce_join")
def reduce_join(
    inputs: Any, axis: Any = None, keep_dims: Any = None, separator: str = "", name: str | None = None,
    reduction_indices: Any = None, keepdims: Any = None,
) -> Tensor:  # fmt: skip
    """The strings joined along axes.

    Args:
      inputs: strings.
      axis: one axis or several, in the order in which they are joined; all from the last if None.
      keepdims: whether the axes stay, with size 1; `keep_dims` is its old name.
      separator: goes between.
    """
    keep = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
    axis = renamed_argument("axis", axis, "reduction_indices", reduction_indices)
    with name_scope(None, "ReduceJoin", [inputs, axis]):
        inputs = convert_to_tensor(inputs)
        if axis is None:
            rank = inputs.shape.ndims
            if rank is None:
                axis = range(raw.Rank(inputs) - 1, -1, -1)
            else:
                axis = constant(np.arange(rank - 1, -1, -1), dtype=dtypes.int32)
        return ReduceJoin(inputs, axis, keep_dims=bool(keep), separator=separator, name=name)


@export("strings.unsorted_segment_join")
def unsorted_segment_join(
    inputs: Any, segment_ids: Any, num_segments: Any, separator: str = "", name: str | None = None
) -> Tensor:
    """The strings of each segment joined.

    Args:
      inputs: strings whose shape starts with that of `segment_ids`.
      segment_ids: ints from 0 to num_segments - 1.
    """
    return UnsortedSegmentJoin(inputs, segment_ids, num_segments, separator=separator, name=name)
