"""Biases: one number for each channel, which is an index of the last dimension, or in NCHW of the second."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import NUMERIC
from pyflow.core.registry import ShapeError, attr, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.gpu import REALS, dispatches, elementwise
from pyflow.ops.gpu_reductions import reduced
from pyflow.ops.primitives import primitives
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.shape_rules import merge_dim, text, with_rank, with_rank_at_least

_DATA_FORMAT = attr("string", default="NHWC", allowed=("NHWC", "NCHW"))


def _biased(value: StaticShape, bias: StaticShape, data_format: str) -> StaticShape:
    channels_first = data_format == "NCHW"
    try:
        value = with_rank_at_least(value, 3 if channels_first else 2)
    except ShapeError as error:
        raise ShapeError(str(error), at_run=f"Input tensor must be at least 2D: {text(value)}") from None
    try:
        (size,) = with_rank(bias, 1)
    except ShapeError as error:
        raise ShapeError(str(error), at_run=f"Biases must be 1D: {text(bias)}") from None
    if value is None:
        return None
    channel = 1 if channels_first else len(value) - 1
    try:
        size = merge_dim(value[channel], size)
    except ShapeError as error:
        words = f"Must provide as many biases as the last dimension of the input tensor: {text(bias)} vs. {text(value)}"
        raise ShapeError(str(error), at_run=words) from None
    return (*value[:channel], size, *value[channel + 1 :])


# numpy works row by row, so it is slow where rows are short: several are taken for one of about this length.
_ROW = 2048


def _add_to_rows(value: np.ndarray, bias: np.ndarray, out: np.ndarray) -> None:
    size = bias.shape[0]
    if size > 64 or out.size < 1 << 16 or not (value.flags.c_contiguous and out.flags.c_contiguous):
        np.add(value, bias, out=out)
        return
    count = _ROW // size
    whole = out.size // (count * size) * count * size
    flat, result = value.reshape(-1), out.reshape(-1)
    wide = np.tile(bias, count)
    np.add(flat[:whole].reshape(-1, wide.size), wide, out=result[:whole].reshape(-1, wide.size))
    np.add(flat[whole:].reshape(-1, size), bias, out=result[whole:].reshape(-1, size))


def _sum_of_rows(rows: np.ndarray, accumulator: Any, out: np.ndarray) -> None:
    size = rows.shape[1]
    if primitives.column_sums is not None and out.dtype == np.float32:
        primitives.column_sums(rows, out)
        return
    if size > 512 or rows.size < 1 << 14:
        np.add.reduce(rows, 0, accumulator, out)
        return
    count = _ROW // size
    whole = len(rows) // count * count
    wide = np.add.reduce(rows[:whole].reshape(-1, count * size), 0, accumulator).reshape(count, size)
    total = np.add.reduce(wide, 0, accumulator)
    if whole < len(rows):
        total += np.add.reduce(rows[whole:], 0, accumulator)
    np.copyto(out, total, casting="unsafe")


def _along_channels(step: Any) -> list[tuple[int, ...]]:
    value, bias = (v.shape for v in step.inputs)
    return [value, (*bias, *(1,) * (len(value) - 2)) if step.attrs["data_format"] == "NCHW" else bias]


@op("BiasAdd(value: T, bias: T) -> (output: T)", T=NUMERIC, data_format=_DATA_FORMAT)
class BiasAdd:
    """value + bias, where the bias goes along the channels."""

    shape = _biased
    inplace = True

    def cpu(value, bias, data_format, out):
        if data_format == "NCHW":
            np.add(value, bias.reshape(-1, *[1] * (value.ndim - 2)), out=out)
        else:
            _add_to_rows(value, bias, out)

    def grad(op, grad):
        return grad, BiasAddGrad(grad, data_format=op.get_attr("data_format"))

    gpu = elementwise("value + bias", layout=_along_channels)
    samples = [
        sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.5, -1.0, 2.0], reference=np.add),
        sample(
            [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]],
            [0.5, -1.0, 2.0],
            data_format="NCHW",
            reference=lambda value, bias: value + bias[:, None],
        ),
    ]


@op("BiasAddV1(value: T, bias: T) -> (output: T)", T=NUMERIC)
class BiasAddV1:
    """value + bias, where the bias goes along the last dimension; kept for graphs of old."""

    inplace = True

    def shape(value, bias):
        return _biased(value, bias, "NHWC")

    def cpu(value, bias, out):
        np.add(value, bias, out=out)

    def grad(op, grad):
        from pyflow.ops.array_shape import rank
        from pyflow.ops.ranges import range

        axes = range(rank(grad) - 1)
        return grad, reduce_sum(grad, axes)

    gpu = elementwise("value + bias")
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.5, -1.0, 2.0], reference=np.add)]


def _summed(node: Any) -> list:
    rank = len(node.inputs[0].shape)
    channel = 1 if node.attrs["data_format"] in ("NCHW", b"NCHW") else rank - 1
    return reduced(node, "Sum", [axis for axis in range(rank) if axis != channel])


@op("BiasAddGrad(out_backprop: T) -> (output: T)", T=NUMERIC, data_format=_DATA_FORMAT)
class BiasAddGrad:
    """The sum over everything but the channels."""

    def shape(out_backprop, data_format):
        channels_first = data_format == "NCHW"
        value = with_rank_at_least(out_backprop, 3 if channels_first else 2)
        return (None,) if value is None else (value[1 if channels_first else -1],)

    def cpu(out_backprop, data_format, out):
        if not out.size:
            return
        accumulator = np.float32 if out.dtype == np.float16 else None
        if data_format == "NCHW":
            np.add.reduce(out_backprop, (0, *range(2, out_backprop.ndim)), accumulator, out)
        else:
            _sum_of_rows(out_backprop.reshape(-1, out.shape[0]), accumulator, out)

    def grad(op, grad):
        from pyflow.ops.array import reshape
        from pyflow.ops.array_filling import ones_like
        from pyflow.ops.array_joining import concat
        from pyflow.ops.array_shape import shape
        from pyflow.ops.array_tiling import tile

        data_format = op.get_attr("data_format")
        data_format = data_format.decode() if isinstance(data_format, bytes) else data_format
        sizes, bias_sizes = shape(op.inputs[0]), shape(grad)
        if data_format == "NCHW":
            expanded = concat([ones_like(sizes[:1]), bias_sizes, ones_like(sizes[2:])], 0)
            multiples = concat([sizes[:1], [1], sizes[2:]], 0)
        else:
            expanded = concat([ones_like(sizes[:-1]), bias_sizes], 0)
            multiples = concat([sizes[:-1], [1]], 0)
        return tile(reshape(grad, expanded), multiples)

    gpu = dispatches(_summed, types=REALS)
    samples = [
        sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], reference=lambda g: g.sum(0)),
        sample([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]], data_format="NCHW", reference=lambda g: g.sum((0, 2))),
    ]


@export("nn.bias_add")
def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Tensor:
    """value + bias, the bias along the channels.

    Args:
      value: shape [..., channels], or [batch, channels, ...] if `data_format` begins with "NC".
      bias: shape [channels].
      data_format: "N...C", "NC..." or None, which is the former.

    Raises:
      ValueError: `data_format` is another, or the number of channels differs.
    """
    with name_scope(name, "BiasAdd", [value, bias]) as name:
        if data_format is not None:
            if data_format.startswith("NC"):
                data_format = "NCHW"
            elif data_format.startswith("N") and data_format.endswith("C"):
                data_format = "NHWC"
            else:
                raise ValueError("data_format must be of the form `N...C` or `NC...`")
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, dtype=value.dtype, name="bias")
        return BiasAdd(value, bias, data_format=data_format, name=name)


def bias_add_v1(value: Any, bias: Any, name: str | None = None) -> Tensor:
    """value + bias by the op that graphs of the first versions have."""
    with name_scope(name, "BiasAddV1", [value, bias]) as name:
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, dtype=value.dtype, name="bias")
        return BiasAddV1(value, bias, name=name)


def _layer_arguments(x: Any, weights: Any, biases: Any) -> tuple[Tensor, Tensor, Tensor]:
    return (
        convert_to_tensor(x, name="x"),
        convert_to_tensor(weights, name="weights"),
        convert_to_tensor(biases, name="biases"),
    )


@export("nn.xw_plus_b")
def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """x · weights + biases; shapes [batch, in], [in, out] and [out] give [batch, out]."""
    from pyflow.ops.matmul import matmul

    with name_scope(name, "xw_plus_b", [x, weights, biases]) as name:
        x, weights, biases = _layer_arguments(x, weights, biases)
        return bias_add(matmul(x, weights), biases, name=name)


def xw_plus_b_v1(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """`xw_plus_b` by the op `BiasAddV1`."""
    from pyflow.ops.matmul import matmul

    with name_scope(name, "xw_plus_b_v1", [x, weights, biases]) as name:
        x, weights, biases = _layer_arguments(x, weights, biases)
        return bias_add_v1(matmul(x, weights), biases, name=name)


@export("nn.relu_layer")
def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """relu(x · weights + biases); shapes [batch, in], [in, out] and [out] give [batch, out]."""
    from pyflow.ops.matmul import matmul
    from pyflow.ops.nn_relu import relu

    with name_scope(name, "relu_layer", [x, weights, biases]) as name:
        x, weights, biases = _layer_arguments(x, weights, biases)
        return relu(bias_add(matmul(x, weights), biases), name=name)
