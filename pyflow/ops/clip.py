"""Keeping tensors within limits: of their values, or of their norms."""

from __future__ import annotations

import collections.abc
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import NUMERIC, float32
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import op, raw, sample
from pyflow.core.scopes import colocate_with, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import ones_like, zeros
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import stack
from pyflow.ops.array_shape import rank, size
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.broadcast_gradients import sum_to
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant
from pyflow.ops.gpu import elementwise
from pyflow.ops.math_binary import maximum, minimum
from pyflow.ops.math_unary import rsqrt, sqrt
from pyflow.ops.ranges import range
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.shape_rules import same_as, text


def _clipped(node: Any) -> str | None:
    if any(limit.shape not in ((), node.outputs[0].shape) for limit in node.inputs[1:]):
        return None  # the CPU has the error
    if node.outputs[0].dtype.is_floating:
        return "larger(smaller(t, clip_value_max), clip_value_min)"
    return "max(min(t, clip_value_max), clip_value_min)"


@op("ClipByValue(t: T, clip_value_min: T, clip_value_max: T) -> (output: T)", T=NUMERIC)
class ClipByValue:
    """t, but at least `clip_value_min` and at most `clip_value_max`, each a scalar or in the shape of t."""

    shape = same_as("t")

    def cpu(t, clip_value_min, clip_value_max, out):
        if any(np.shape(limit) not in ((), out.shape) for limit in (clip_value_min, clip_value_max)):
            raise InvalidArgumentError(
                None,
                None,
                "clip_value_min and clip_value_max must be either of the same shape as input, or a scalar. "
                f"input shape: {text(out.shape)}clip_value_min shape: {text(np.shape(clip_value_min))}"
                f"clip_value_max shape: {text(np.shape(clip_value_max))}",
            )
        np.minimum(t, clip_value_max, out=out)
        np.maximum(out, clip_value_min, out=out)

    def grad(op, grad):
        x, low, high = op.inputs
        sx, sy, sz = shape_of(x), shape_of(low), shape_of(high)
        nothing = zeros(shape_of(grad), grad.dtype)
        below, above = raw.Less(x, low), raw.Greater(x, high)
        rx, ry = raw.BroadcastGradientArgs(sx, sy)
        rx, rz = raw.BroadcastGradientArgs(sx, sz)
        x_grad = raw.Select(raw.LogicalOr(below, above), nothing, grad)
        low_grad = raw.Select(below, grad, nothing)
        high_grad = raw.Select(above, grad, nothing)
        gx, gy = sum_to(x_grad, rx, sx), sum_to(low_grad, ry, sy)
        return gx, gy, sum_to(high_grad, rz, sz)

    gpu = elementwise(_clipped)
    samples = [sample([-3.0, -0.5, 0.5, 4.0], -1.0, 2.0), sample([1, 5], [2, 2], 4)]


def _values(t: Any, name: str) -> Tensor:
    return convert_to_tensor(t.values if isinstance(t, IndexedSlices) else t, name=name)


def _like(clipped: Tensor, t: Any) -> Any:
    return IndexedSlices(clipped, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else clipped


@export("clip_by_value")
def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """`t`, but at least `clip_value_min` and at most `clip_value_max`, which broadcast to its shape.

    Args:
      t: a tensor or `IndexedSlices`, of which the values are clipped.

    Raises:
      ValueError: a limit would change the shape.
    """
    with name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as scope:
        values = _values(t, "t")
        t_min = minimum(values, clip_value_max)
        values.shape.merge_with(t_min.shape)
        t_max = maximum(t_min, clip_value_min, name=scope)
        values.shape.merge_with(t_max.shape)
        return _like(t_max, t)


@export("clip_by_norm")
def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """`t`, scaled down to the L2 norm `clip_norm` if its own is larger.

    Args:
      t: a tensor or `IndexedSlices`.
      clip_norm: a positive scalar.
      axes: the dimensions the norm is taken over; None for all.
    """
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        values = _values(t, "t")
        l2sum = reduce_sum(values * values, axes, keepdims=True)
        # The root of 0 has no finite gradient.
        positive = l2sum > 0
        safe = raw.Select(positive, l2sum, ones_like(l2sum))
        l2norm = raw.Select(positive, sqrt(safe), l2sum)
        scaled = values * clip_norm
        values.shape.merge_with(scaled.shape)
        clipped = identity(scaled / maximum(l2norm, clip_norm), name=scope)
        return _like(clipped, t)


def _as_list(t_list: Any) -> list:
    if not isinstance(t_list, collections.abc.Sequence) or isinstance(t_list, (str, bytes)):
        raise TypeError("t_list should be a sequence")
    return list(t_list)


@export("global_norm", "linalg.global_norm")
def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """The L2 norm of several tensors as one: the root of the sum of all squares.

    Args:
      t_list: tensors, `IndexedSlices` (of which the values count) and None.

    Raises:
      TypeError: `t_list` is no sequence.
    """
    t_list = _as_list(t_list)
    with name_scope(name, "global_norm", t_list):
        half_squares = []
        for value in [None if t is None else _values(t, f"t_{i}") for i, t in enumerate(t_list)]:
            if value is not None:
                with colocate_with(value):
                    half_squares.append(raw.L2Loss(value))
        half = reduce_sum(stack(half_squares))
        return sqrt(half * constant(2.0, dtype=half.dtype), name="global_norm")


@export("clip_by_global_norm")
def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list, Tensor]:
    """Scales tensors so that their `global_norm` is at most `clip_norm`; an infinite norm makes them NaN.

    Args:
      t_list: tensors, `IndexedSlices` and None.
      clip_norm: a positive scalar.
      use_norm: the global norm, if it is known.

    Returns:
      (list of the clipped tensors, the global norm before).

    Raises:
      TypeError: `t_list` is no sequence.
    """
    t_list = _as_list(t_list)
    if use_norm is None:
        use_norm = global_norm(t_list, name)
    with name_scope(name, "clip_by_global_norm", [*t_list, clip_norm]) as scope:
        finite_scale = clip_norm * minimum(1.0 / use_norm, constant(1.0, dtype=use_norm.dtype) / clip_norm)
        finite = raw.IsFinite(use_norm)
        scale = raw.Select(finite, finite_scale, constant(float("nan"), dtype=use_norm.dtype))
        clipped: list = []
        values = [None if t is None else _values(t, f"t_{i}") for i, t in enumerate(t_list)]
        for i, value in enumerate(values):
            if value is None:
                clipped.append(None)
                continue
            with colocate_with(value):
                clipped.append(_like(identity(value * scale, name=f"{scope}_{i}"), t_list[i]))
    return clipped, use_norm


@export("clip_by_average_norm")
def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """`t`, scaled down to the L2 norm per element `clip_norm` if its own is larger."""
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as scope:
        t = convert_to_tensor(t, name="t")
        count = cast(size(t), float32)
        inverse = rsqrt(reduce_sum(t * t, range(rank(t))))
        clipped = t * clip_norm * minimum(inverse * count, constant(1.0) / clip_norm)
        return identity(clipped, name=scope)
