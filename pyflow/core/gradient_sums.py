"""The sum of the gradients that reach a tensor by several paths."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.node_count import count_nodes
from pyflow.core.operation import Operation
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor


def aggregate(parts: Any, op: Operation) -> Any:
    """The sum of the gradients that reached one output; None if there are none."""
    if not isinstance(parts, list):
        return parts
    present = [g for g in parts if g is not None]
    if not all(isinstance(g, (Tensor, IndexedSlices)) for g in present):
        raise TypeError("gradients have to be either all Tensors or all IndexedSlices")
    if len(present) < 2:
        # What several branches gave, TensorFlow sums here, together with what else there is.
        if present and present[0].__dict__.pop("_summands", 1) > 1:
            count_nodes(get_default_graph(), "AddN")
        return present[0] if present else None
    if all(isinstance(g, Tensor) for g in present):
        with get_default_graph().colocate_with(present[0].op, ignore_existing=True):
            return raw.AddN(present, name="AddN")
    if any(isinstance(g, Tensor) for g in present):
        return raw.AddN(present, name="AddN")
    if len({s.indices.dtype for s in present}) > 1:
        present = [IndexedSlices(s.values, _as_int64(s.indices), s.dense_shape) for s in present]
    return IndexedSlices(
        raw.ConcatV2([s.values for s in present], 0, name="concat"),
        raw.ConcatV2([s.indices for s in present], 0, name="concat"),
        present[0].dense_shape,
    )


def _as_int64(indices: Tensor) -> Tensor:
    return indices if indices.dtype == dtypes.int64 else raw.Cast(indices, dtypes.int64)
