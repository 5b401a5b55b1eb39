"""Max pooling whose windows are tensors: MaxPoolV2 and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.dtypes import REAL, float32
from pyflow.core.registry import attr, one_of, op, sample
from pyflow.core.tensor import StaticShape
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.pool import MAX_POOL_TYPES, max_pool_gradient_in_format, max_pool_in_format
from pyflow.ops.pool_kernels import max_pool_gradient, max_pool_second_gradient
from pyflow.ops.pool_rules import pooled_shape
from pyflow.ops.shape_rules import merge, with_rank

_PADDING = attr("string", allowed=("SAME", "VALID"))
_FORMAT = attr("string", default="NHWC", allowed=("NHWC", "NCHW"))


def _pooled(op: str, x: StaticShape, ksize: Any, strides: Any, padding: str, data_format: str) -> StaticShape:
    if ksize is None or strides is None:
        with_rank(x, 4)
        return (None,) * 4
    ksize, strides = ([int(n) for n in np.ravel(numbers)] for numbers in (ksize, strides))
    return pooled_shape(op, x, ksize, strides, padding, "NHWC" if len(data_format) > 4 else data_format)


def _attrs_of(op: Any) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in ("padding", "data_format")}


@op(
    "MaxPoolV2(input: T, ksize: int32, strides: int32) -> (output: T)",
    T=one_of(MAX_POOL_TYPES, default=float32),
    padding=_PADDING,
    data_format=attr("string", default="NHWC", allowed=("NHWC", "NCHW", "NCHW_VECT_C")),
)
class MaxPoolV2:
    """`MaxPool` with windows and strides that are tensors."""

    def shape(input, ksize_value, strides_value, padding, data_format):
        return _pooled("MaxPool", input, ksize_value, strides_value, padding, data_format)

    def cpu(input, ksize, strides, padding, data_format, out):
        max_pool_in_format(input, ksize, strides, padding, data_format, out)

    def grad(op, dy):
        x, ksize, strides = op.inputs
        return MaxPoolGradV2(x, op.outputs[0], dy, ksize, strides, **_attrs_of(op)), None, None

    samples = [sample([[[[1.0], [2.0]], [[4.0], [3.0]]]], [1, 2, 2, 1], [1, 1, 1, 1], padding="SAME")]


def _zeros(op: Any) -> tuple:
    return zeros_like(op.inputs[0]), zeros_like(op.inputs[1])


_WINDOWS = ([1, 2, 2, 1], [1, 1, 1, 1])
_X, _Y = [[[[1.0], [2.0]], [[4.0], [3.0]]]], [[[[4.0], [3.0]], [[4.0], [3.0]]]]
_DY = [[[[1.0], [2.0]], [[5.0], [7.0]]]]


@op(
    "MaxPoolGradV2(orig_input: T, orig_output: T, grad: T, ksize: int32, strides: int32) -> (output: T)",
    padding=_PADDING,
    data_format=_FORMAT,
    T=one_of(REAL, default=float32),
)
class MaxPoolGradV2:
    """The gradient of `MaxPoolV2`."""

    def shape(orig_input, orig_output, grad):
        return with_rank(orig_input, 4)

    def cpu(orig_input, orig_output, grad, ksize, strides, padding, data_format, out):
        arrays = (orig_input, orig_output, grad)
        max_pool_gradient_in_format(max_pool_gradient, *arrays, ksize, strides, padding, data_format, out)

    def grad(op, dy):
        x, y, _, ksize, strides = op.inputs
        return (*_zeros(op), MaxPoolGradGradV2(x, y, dy, ksize, strides, **_attrs_of(op)), None, None)

    samples = [sample(_X, _Y, _DY, *_WINDOWS, padding="SAME", grad=False,
                      reference=lambda x, y, g, k, s: np.reshape([0, 0, 6, 9], (1, 2, 2, 1)))]  # fmt: skip


@op(
    "MaxPoolGradGradV2(orig_input: T, orig_output: T, grad: T, ksize: int32, strides: int32) -> (output: T)",
    padding=_PADDING,
    data_format=_FORMAT,
    T=REAL,
)
class MaxPoolGradGradV2:
    """The gradient of `MaxPoolGradV2` to its gradient."""

    def shape(orig_input, orig_output, grad, ksize_value, strides_value, padding, data_format):
        return merge(
            _pooled("MaxPoolGradGrad", orig_input, ksize_value, strides_value, padding, data_format), orig_output
        )

    def cpu(orig_input, orig_output, grad, ksize, strides, padding, data_format, out):
        arrays = (orig_input, orig_output, grad)
        max_pool_gradient_in_format(max_pool_second_gradient, *arrays, ksize, strides, padding, data_format, out)

    def grad(op, dy):
        x, y, _, ksize, strides = op.inputs
        return (*_zeros(op), MaxPoolGradV2(x, y, dy, ksize, strides, **_attrs_of(op)), None, None)

    samples = [sample(_X, _Y, _DY, *_WINDOWS, padding="SAME", grad=False,
                      reference=lambda x, y, g, k, s: np.reshape([5, 7, 5, 7], (1, 2, 2, 1)))]  # fmt: skip
