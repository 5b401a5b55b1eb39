"""Max pooling that tells where the greatest elements are: MaxPoolWithArgmax and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.dtypes import INDEX, REAL, int32, int64
from pyflow.core.registry import NOT_DIFFERENTIABLE, Attr, attr, one_of, op, sample
from pyflow.ops.gpu import FLOATS, dispatches
from pyflow.ops.gpu_conv import greatest_with_places, to_places
from pyflow.ops.pool_kernels import first_greatest, max_pool
from pyflow.ops.pool_rules import check_spatial, pool_windows, pooled_shape, window_attrs
from pyflow.ops.shape_rules import merge, with_rank

_ON_GPU = (*FLOATS, int32, int64)


def _gradient_attrs() -> dict[str, Attr]:
    return {
        **window_attrs(4, None),
        "include_batch_in_index": attr("bool", default=False),
        "Targmax": attr("type", allowed=INDEX),
        "T": attr("type", allowed=REAL),
    }


def _first_of_image(images: int, size: int) -> np.ndarray:
    """What is added to an index within an image to make it one within the batch."""
    return (np.arange(images) * size)[:, None]


@op(
    "MaxPoolWithArgmax(input: T) -> (output: T, argmax: Targmax)",
    ksize=attr("list(int)", minimum=4),
    strides=attr("list(int)", minimum=4),
    Targmax=one_of(INDEX, default=int64),
    padding=attr("string", allowed=("SAME", "VALID")),
    include_batch_in_index=False,
    T=REAL,
)
class MaxPoolWithArgmax:
    """The greatest element of each window of images, and its flat index; of equal ones the first."""

    def shape(input, ksize, strides, padding):
        pooled = pooled_shape("MaxPoolWithArgmax", input, ksize, strides, padding, "NHWC")
        return pooled, pooled

    def cpu(input, ksize, strides, padding, include_batch_in_index, out):
        check_spatial(ksize, strides, "NHWC")
        greatest, indices = out
        windows = pool_windows(input.shape, ksize, strides, padding, "NHWC")
        max_pool(input, windows, greatest)
        first_greatest(input, greatest, windows, indices)
        if include_batch_in_index and indices.size:
            size = int(np.prod(input.shape[1:]))
            indices.reshape(len(input), -1)[...] += _first_of_image(len(input), size).astype(indices.dtype)

    def grad(op, dy, _):
        names = ("ksize", "strides", "padding", "include_batch_in_index")
        attrs = {name: op.get_attr(name) for name in names}
        return MaxPoolGradWithArgmax(op.inputs[0], dy, op.outputs[1], **attrs)

    gpu = dispatches(greatest_with_places, types=_ON_GPU)
    samples = [
        sample(
            [[[[1.0], [2.0], [7.0]], [[4.0], [3.0], [5.0]]]],
            ksize=[1, 2, 2, 1],
            strides=[1, 1, 1, 1],
            padding="SAME",
            reference=lambda x: ([[[[4], [7], [7]], [[4], [5], [5]]]], [[[[3], [2], [2]], [[3], [5], [5]]]]),
        )
    ]


_ARGMAX: Any = np.array([[[[3], [2]]], [[[0], [3]]]], np.int64)
_WINDOWS: dict[str, Any] = {"ksize": [1, 2, 1, 1], "strides": [1, 2, 1, 1], "padding": "VALID"}
_X = np.arange(8, dtype=np.float32).reshape(2, 2, 2, 1)
_DY = np.array([[[[1.5], [2.0]]], [[[0.5], [3.0]]]], np.float32)


def _within_batch(argmax: np.ndarray, image: int, include_batch_in_index: bool) -> np.ndarray:
    rows = argmax.reshape(len(argmax), -1)
    return rows if include_batch_in_index else rows + _first_of_image(len(rows), image)


@op("MaxPoolGradWithArgmax(input: T, grad: T, argmax: Targmax) -> (output: T)", **_gradient_attrs())
class MaxPoolGradWithArgmax:
    """The gradient of `MaxPoolWithArgmax`: each window's gradient is added where the index says."""

    def shape(input, grad, argmax):
        return with_rank(input, 4)

    def cpu(input, grad, argmax, include_batch_in_index, out):
        out.fill(0)
        if argmax.size:
            places = _within_batch(argmax, int(np.prod(out.shape[1:])), include_batch_in_index)
            np.add.at(out.reshape(-1), places.reshape(-1), grad.reshape(-1))

    grad = NOT_DIFFERENTIABLE
    gpu = dispatches(to_places, types=_ON_GPU)
    samples = [
        sample(_X, _DY, _ARGMAX, **_WINDOWS,
               reference=lambda x, dy, i: np.reshape([0, 0, 2, 1.5, 0.5, 0, 0, 3], (2, 2, 2, 1)))
    ]  # fmt: skip


@op("MaxPoolGradGradWithArgmax(input: T, grad: T, argmax: Targmax) -> (output: T)", **_gradient_attrs())
class MaxPoolGradGradWithArgmax:
    """What stands in the gradient where the index of each window says."""

    def shape(input, grad, argmax, ksize, strides, padding):
        return merge(pooled_shape("MaxPoolGradGradWithArgmax", input, ksize, strides, padding, "NHWC"), argmax)

    def cpu(input, grad, argmax, include_batch_in_index, out):
        if argmax.size:
            places = _within_batch(argmax, int(np.prod(grad.shape[1:])), include_batch_in_index)
            np.take(grad.reshape(-1), places, out=out.reshape(places.shape), mode="clip")

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(_X, _X + 1, _ARGMAX, **_WINDOWS, reference=lambda x, g, i: np.reshape([4, 3, 5, 8], (2, 1, 2, 1)))
    ]
