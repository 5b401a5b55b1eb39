"""What is known of a tensor's value before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import INTEGRAL
from pyflow.core.evaluation import evaluator
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import UNSEEN as _UNSEEN
from pyflow.core.tensor import StaticShape, Tensor

_LARGEST_FOLDED = 4096


@export("get_static_value")
def constant_value(tensor: Any, partial: bool = False) -> Any:
    """The value of a tensor as a numpy array if it can be told from the graph by TF's short list of ops, else None.

    A `Shape` op of a fully known static shape counts, and so do casts, packs, concatenations and comparisons of such.
    With `partial`, a `Pack` of partly known scalars gives an object array with None in the unknown places.
    """
    if not isinstance(tensor, Tensor):
        return np.asarray(tensor) if isinstance(tensor, (np.ndarray, np.generic)) else None
    value = _listed_value(tensor, partial)
    if value is not None:
        # From here on the value cannot be fed any more without contradicting shapes that relied on it.
        tensor.graph.prevent_feeding(tensor)
    return value


def _listed_value(tensor: Tensor, partial: bool) -> Any:
    op = tensor.op
    kind = op.type
    if kind == "Const":
        return op.attrs["value"]
    if kind in ("Shape", "Size", "Rank"):
        shape = op.inputs[0]._static_shape
        if shape is None or (kind != "Rank" and None in shape):
            return None
        dtype = tensor.dtype.as_numpy_dtype
        return np.array(
            shape if kind == "Shape" else len(shape) if kind == "Rank" else int(np.prod(shape, dtype=np.int64)), dtype
        )
    if kind == "Pack" and not op.inputs:
        return None
    if kind == "Pack":
        values = [constant_value(x, partial) for x in op.inputs]
        if partial and any(v is None for v in values) and not any(v is not None and np.ndim(v) for v in values):
            return np.array([v if v is None else v[()] for v in values], dtype=object)
        return None if any(v is None for v in values) else np.stack(values, op.attrs["axis"])
    if kind in ("Range", "Cast", "Concat", "ConcatV2", "Fill", "Equal", "NotEqual"):
        values = [constant_value(x) for x in op.inputs]
        if any(v is None for v in values):
            return None
        return np.asarray(evaluator(op.definition, op.attrs)(*values)[0])
    if kind == "ConcatOffset":
        return None
    return None


def static_value(tensor: Tensor) -> Any:
    """The value of a tensor that depends on constants and known shapes only, computed by the ops' own kernels.

    Shape rules use this. None when the value depends on anything fed, random or stateful, or is large.
    """
    if not tensor.op._is_static:
        return None
    pending = [tensor]
    while pending:
        t = pending[-1]
        if t._static_value is _UNSEEN:
            value = _listed_value_or_none(t)
            unseen = [x for x in t.op.inputs if x._static_value is _UNSEEN] if value is None else []
            if unseen:
                pending += unseen
                continue
            t._static_value = _folded_value(t) if value is None else value
        pending.pop()
    return tensor._static_value


def is_static(op: Any) -> bool:
    """Whether the outputs of a new node depend on constants and known shapes only."""
    kind, definition = op.type, op.definition
    if kind == "Const":
        return True
    if kind in ("Shape", "Size", "Rank"):
        return _listed_value(op.outputs[0], False) is not None
    if definition.stateful or definition.calls or not op.inputs or kind.startswith("Placeholder"):
        return False
    if kind == "StopGradient":
        return False
    return all(x.op._is_static and not x.dtype._is_ref_dtype for x in op.inputs)


def _folded_value(tensor: Tensor) -> Any:
    op = tensor.op
    if _too_large(tensor._static_shape) or tensor.dtype._is_ref_dtype:
        return None
    values = [x._static_value for x in op.inputs]
    if any(v is None for v in values):
        return None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(evaluator(op.definition, op.attrs)(*values)[tensor.value_index])
    except Exception:  # a kernel that fails here fails again, with the node's name, when it is run
        return None


def _too_large(shape: StaticShape) -> bool:
    # Dimensions that depend on the values (of the axes in BroadcastGradientArgs, say) are no larger than those.
    size = 1
    for d in shape or ():
        size *= 1 if d is None else d
    return size > _LARGEST_FOLDED


def _listed_value_or_none(tensor: Tensor) -> Any:
    return _listed_value(tensor, False) if tensor.op.type in ("Const", "Shape", "Size", "Rank") else None


def constant_value_as_shape(tensor: Any) -> TensorShape:
    """What is known of an int vector that will serve as a shape; unknown entries become unknown dimensions.

    Raises:
      ValueError: it is no vector of whole numbers.
    """
    if isinstance(tensor, Tensor) and tensor._static_shape != ():
        tensor.shape.with_rank(1)
        value = None if tensor.dtype in INTEGRAL else constant_value(tensor)
        if value is not None:
            return TensorShape([d if d >= 0 else None for d in value.tolist()])
    return TensorShape(_dims(tensor, constant_value))


def static_dims(tensor: Any) -> StaticShape:
    """As `constant_value_as_shape`, in tuple form, of all that `static_value` can tell."""
    return _dims(tensor, static_value)


def _dims(tensor: Any, value_of: Callable[[Tensor], Any]) -> StaticShape:
    if not isinstance(tensor, Tensor):
        return tuple(None if d < 0 else int(d) for d in np.asarray(tensor).reshape(-1))
    shape = tensor._static_shape
    if shape is not None and len(shape) == 0:
        value = value_of(tensor)
        if value is None or value != -1:
            raise ValueError(
                "Received a scalar with unknown value as shape; require a statically known scalar with value '-1' to "
                "describe an unknown shape."
                if value is None
                else f"Received a scalar value '{value}' as shape; require a statically known scalar with value '-1' "
                "to "
                "describe an unknown shape."
            )
        return None
    op = tensor.op
    kind = op.type
    if kind == "Shape":
        return op.inputs[0]._static_shape
    if kind == "Pack" and tensor._static_shape is not None and len(tensor._static_shape) == 1:
        return tuple(_known_dim(value_of(x)) for x in op.inputs)
    if kind in ("ConcatV2", "Concat"):
        parts = op.inputs[:-1] if kind == "ConcatV2" else op.inputs[1:]
        dims: list[int | None] = []
        for part in parts:
            known = _dims(part, value_of)
            if known is None:
                return None
            dims += known
        return tuple(dims)
    if kind == "StridedSlice":
        sliced = _sliced_dims(op, value_of)
        if sliced is not None:
            return sliced
    if value_of is static_value and (kind == "Identity" or (kind == "Cast" and op.inputs[0].dtype in INTEGRAL)):
        return static_dims(op.inputs[0])
    value = value_of(tensor)
    if value is not None:
        return tuple(_known_dim(v) for v in value.reshape(-1))
    return None if shape is None or None in shape else (None,) * shape[0]  # type: ignore[operator]


def _known_dim(value: Any) -> int | None:
    return None if value is None or value < 0 else int(value)


def _sliced_dims(op: Any, value_of: Callable[[Tensor], Any]) -> StaticShape:
    attrs = op.attrs
    bounds = [value_of(x) for x in op.inputs[1:]]
    if any(b is None for b in bounds) or attrs["ellipsis_mask"] or attrs["new_axis_mask"] or attrs["shrink_axis_mask"]:
        return None
    begin, end, stride = (int(b[0]) for b in bounds)
    source = _dims(op.inputs[0], value_of)
    if source is None:
        return None
    return source[slice(None if attrs["begin_mask"] & 1 else begin, None if attrs["end_mask"] & 1 else end, stride)]
