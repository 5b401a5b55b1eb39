"""Gradients of broadcasting ops: what was broadcast forwards is summed backwards."""

from __future__ import annotations

import weakref
from typing import Any

from pyflow.core.node_count import NodeCount
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.ops.array_shape import shape
from pyflow.ops.reduce import Sum

# For each graph (and the bodies of loops and conditionals in it, which share its count), the axes of the pairs of
# static shapes met so far: TensorFlow adds the op once for each pair.
_static_axes: weakref.WeakKeyDictionary[NodeCount, dict] = weakref.WeakKeyDictionary()


def broadcast_gradient_axes(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of the broadcast of two shapes over which the gradient for each is summed.

    An axis that is 1 in both is summed over as well, as TensorFlow does; the sum changes nothing.
    """
    rank = max(len(x), len(y))
    x, y = (1,) * (rank - len(x)) + x, (1,) * (rank - len(y)) + y
    if x == y:
        return (), ()
    return tuple(i for i in range(rank) if x[i] == 1), tuple(i for i in range(rank) if y[i] == 1)


def dynamic_axes(x: Tensor, y: Tensor) -> tuple[Any, Any, Any, Any]:
    """(shape of x, axes to sum for x, shape of y, axes to sum for y), as tensors."""
    sx, sy = shape(x), shape(y)
    rx, ry = raw.BroadcastGradientArgs(sx, sy)
    return sx, rx, sy, ry


def sum_to(grad: Any, axes: Any, shape: Any) -> Tensor:
    """The gradient summed over `axes` and brought to `shape`."""
    return raw.Reshape(Sum(grad, axes), shape)


class BroadcastGradient:
    """How to bring a gradient of the broadcast of `x` and `y` back to the shape of each.

    With fully known shapes the axes are constants, and an input that was not broadcast needs no op at all.
    """

    def __init__(self, x: Tensor, y: Tensor, grad: Any):
        shapes = x._shape_tuple(), y._shape_tuple()
        if not isinstance(grad, Tensor):
            sx, rx, sy, ry = dynamic_axes(x, y)
            self._x, self._y = (rx, sx), (ry, sy)
            self.sums_x = self.sums_y = True
            return
        if any(s is None or None in s for s in shapes):
            sx, sy = raw.Shape(x), raw.Shape(y)
            rx, ry = raw.BroadcastGradientArgs(sx, sy)
            self._x, self._y = (rx, sx), (ry, sy)
            self.sums_x = self.sums_y = True
            return
        known = _static_axes.setdefault(get_default_graph()._node_count, {})
        if shapes not in known:
            raw.BroadcastGradientArgs(*shapes)
            known[shapes] = broadcast_gradient_axes(*shapes)  # type: ignore[arg-type]
        rx, ry = known[shapes]
        self._x, self._y = (rx, shapes[0]), (ry, shapes[1])
        self.sums_x, self.sums_y = (s != grad._shape_tuple() for s in shapes)

    def to_x(self, grad: Any) -> Any:
        return sum_to(grad, *self._x) if self.sums_x else grad

    def to_y(self, grad: Any) -> Any:
        return sum_to(grad, *self._y) if self.sums_y else grad


def same_static_shape(x: Tensor, y: Tensor, grad: Any) -> bool:
    """Whether all three are tensors of one fully known shape."""
    shape = x._shape_tuple()
    return (
        isinstance(grad, Tensor)
        and shape is not None
        and None not in shape
        and shape == y._shape_tuple() == grad._shape_tuple()
    )
