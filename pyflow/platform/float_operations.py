"""How many float operations a node takes, by TensorFlow's count: a multiplication with an addition is two."""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.core.constants import constant_value_as_shape
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor


class _Unknown(Exception):
    """A shape that the count needs is not known."""


def _shape(tensor: Tensor) -> list[int]:
    return _known(tensor.shape)


def _known(shape: Any) -> list[int]:
    if not shape.is_fully_defined():
        raise _Unknown
    return shape.as_list()


def _size(tensor: Tensor) -> int:
    return math.prod(_shape(tensor))


def _elementwise(count: int) -> Callable[[Operation], int]:
    return lambda op: count * _size(op.outputs[0])


def _reduction(each: int, finishing: int) -> Callable[[Operation], int]:
    return lambda op: _size(op.inputs[0]) * each + _size(op.outputs[0]) * (finishing - each)


def _product(op: Operation) -> int:
    shape = _shape(op.inputs[0])
    return 2 * _size(op.outputs[0]) * (shape[0] if op.get_attr("transpose_a") else shape[1])


def _convolution(op: Operation) -> int:
    rows, columns, depth, _ = _shape(op.inputs[1])
    return 2 * _size(op.outputs[0]) * rows * columns * depth


def _depthwise(op: Operation) -> int:
    rows, columns, *_ = _shape(op.inputs[1])
    return 2 * _size(op.outputs[0]) * rows * columns


def _convolution_of_gradient(op: Operation) -> int:
    """Of the gradients: what is multiplied are the elements behind the convolution and the windows before it."""
    _, filters, behind = op.inputs
    shape = _shape(filters) if op.type == "Conv2DBackpropInput" else _value_of_shape(filters)
    return 2 * _size(behind) * math.prod(shape[:3])


def _value_of_shape(sizes: Tensor) -> list[int]:
    if sizes.op.type == "ShapeN":
        return _shape(sizes.op.inputs[sizes.value_index])
    return _known(constant_value_as_shape(sizes))


def _pool(op: Operation) -> int:
    return math.prod(op.get_attr("ksize")) * _size(op.outputs[0])


_ONCE = """Reciprocal Square Log Neg AssignSub AssignAdd Add Sub Mul RealDiv Maximum Minimum Pow RsqrtGrad GreaterEqual
Greater LessEqual Less Equal NotEqual SquaredDifference BiasAdd"""
_COUNTS: dict[str, Callable[[Operation], int]] = {
    **dict.fromkeys(_ONCE.split(), _elementwise(1)),
    "Rsqrt": _elementwise(2),
    "Softmax": _elementwise(5),
    "L2Loss": lambda op: 3 * _size(op.inputs[0]) - 1,
    "AddN": lambda op: (len(op.inputs) - 1) * _size(op.inputs[0]),
    "Mean": _reduction(1, 1),
    **dict.fromkeys(("Sum", "ArgMax", "ArgMin", "BiasAddGrad"), _reduction(1, 0)),
    "MatMul": _product,
    "Conv2D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "Conv2DBackpropInput": _convolution_of_gradient,
    "Conv2DBackpropFilter": _convolution_of_gradient,
    "MaxPool": _pool,
    "AvgPool": _pool,
}


def count_float_operations(op: Any) -> int:
    """0 for ops that are not counted, and where shapes are not known."""
    count = _COUNTS.get(op.type)
    try:
        return 0 if count is None else count(op)
    except _Unknown:
        return 0
