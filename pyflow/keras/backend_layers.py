"""tf.keras.backend: products, convolutions, padding, random numbers, cross entropies."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.keras import backend
from pyflow.keras.backend_math import expand_dims, repeat_elements
from pyflow.layers.pooling import AveragePooling2D, AveragePooling3D, MaxPooling2D, MaxPooling3D
from pyflow.layers.window_arguments import convert_data_format, normalize_tuple
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_filling import ones as tf_ones
from pyflow.ops.array_filling import zeros as tf_zeros
from pyflow.ops.array_joining import stack as tf_stack
from pyflow.ops.array_padding import pad
from pyflow.ops.array_selection import where as tf_where
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.bias import bias_add as nn_bias_add
from pyflow.ops.cast import cast
from pyflow.ops.clip import clip_by_value
from pyflow.ops.constant import constant_v1 as tf_constant
from pyflow.ops.image_resize import resize_bilinear, resize_nearest_neighbor
from pyflow.ops.math_unary import Log as log
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_convolution import convolution
from pyflow.ops.nn_cross_entropy import softmax_cross_entropy_with_logits_v2, sparse_softmax_cross_entropy_with_logits
from pyflow.ops.nn_dropout import dropout as nn_dropout
from pyflow.ops.nn_losses import sigmoid_cross_entropy_with_logits
from pyflow.ops.nn_normalization import batch_normalization as nn_batch_normalization
from pyflow.ops.random import random_normal as tf_random_normal
from pyflow.ops.random import random_uniform as tf_random_uniform
from pyflow.ops.random import truncated_normal as tf_truncated_normal
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.sparse_matmul import sparse_tensor_dense_matmul
from pyflow.ops.state import assign_sub
from pyflow.ops.tensordot import tensordot


@export("keras.backend.dot")
def dot(x: Any, y: Any) -> Any:
    """The product of the last dimension of x and the last but one of y, of any ranks."""
    if x.shape.ndims is not None and (x.shape.ndims > 2 or y.shape.ndims > 2):
        return tensordot(x, y, [[x.shape.ndims - 1], [max(y.shape.ndims - 2, 0)]])
    if isinstance(x, SparseTensor):
        return sparse_tensor_dense_matmul(x, y)
    return matmul(x, y)


@export("keras.backend.batch_dot")
def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """For each example the product along an axis of x and one of y; what is left of y comes last.

    Args:
      axes: an int for both, or a pair; by default the last of x and the last but one of y.
    """
    ranks = x.shape.ndims, y.shape.ndims
    if min(ranks) < 2:
        raise ValueError(
            f"Cannot do batch_dot on inputs with rank < 2. Received inputs with shapes {x.shape} and {y.shape}."
        )
    if isinstance(axes, int):
        axes = axes, axes
    if axes is None:
        axes = (ranks[0] - 1, ranks[1] - 1) if ranks[1] == 2 else (ranks[0] - 1, ranks[1] - 2)
    of_x, of_y = (axis + rank if axis < 0 else axis for axis, rank in zip(axes, ranks))
    if of_x == 0 or of_y == 0:
        raise ValueError("Cannot perform batch_dot over axis 0. If your inputs are not batched, add a dummy batch "
                         "dimension to your inputs using K.expand_dims(x, 0)")  # fmt: skip
    sizes = x.shape.as_list()[of_x], y.shape.as_list()[of_y]
    if None not in sizes and sizes[0] != sizes[1]:
        raise ValueError(
            f"Cannot do batch_dot on inputs with shapes {tuple(x.shape.as_list())} and {tuple(y.shape.as_list())} with "
            f"axes={list(axes)}. x.shape[{axes[0]}] != y.shape[{axes[1]}] ({sizes[0]} != {sizes[1]})."
        )
    left = [i for i in range(1, ranks[0]) if i != of_x]
    right = [i for i in range(1, ranks[1]) if i != of_y]
    x_shape, y_shape = tf_shape(x), tf_shape(y)
    kept = [x_shape[i] for i in left], [y_shape[i] for i in right]
    static = [a or b for a, b in zip(x.shape.as_list()[:1], y.shape.as_list()[:1])]
    static += [x.shape.as_list()[i] for i in left] + [y.shape.as_list()[i] for i in right]
    x = x if of_x == ranks[0] - 1 else transpose(x, [0, *left, of_x])
    y = y if of_y == 1 else transpose(y, [0, of_y, *right])
    if len(left) != 1:
        x = reshape(x, tf_stack([x_shape[0], -1, x_shape[of_x]]))
    if len(right) != 1:
        y = reshape(y, tf_stack([y_shape[0], y_shape[of_y], -1]))
    result = matmul(x, y)
    if len(left) != 1 or len(right) != 1:
        result = reshape(result, tf_stack([x_shape[0], *kept[0], *kept[1]]))
    result.set_shape(static)
    return expand_dims(result, 1) if ranks == (2, 2) else result


@export("keras.backend.bias_add")
def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """x + bias along the channels."""
    data_format = _format(data_format)
    if len(bias.shape) > 1:
        if len(bias.shape) != x.shape.ndims - 1:
            raise ValueError(
                f"Unexpected bias dimensions {len(bias.shape)}, expect to be 1 or {x.shape.ndims - 1} dimensions"
            )
        order = list(range(len(bias.shape)))
        first = data_format == "channels_first"
        return x + expand_dims(transpose(bias, [order[-1], *order[:-1]]) if first else bias, 0)
    if data_format == "channels_first" and x.shape.ndims == 5:
        return x + reshape(bias, (1, -1, 1, 1, 1))
    rank_4 = x.shape.ndims in (3, 4) and data_format == "channels_first"
    return nn_bias_add(x, bias, data_format="NCHW" if rank_4 else "NHWC")


def _format(data_format: str | None) -> str:
    data_format = backend.image_data_format() if data_format is None else data_format
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError("Unknown data_format: " + str(data_format))
    return data_format


def _convolution(rank: int, doc: str) -> Any:
    one: Any = 1 if rank == 1 else (1,) * rank

    def conv(
        x: Any,
        kernel: Any,
        strides: Any = one,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = one,
    ) -> Any:
        data_format = _format(data_format)
        strides, dilation_rate = (normalize_tuple(v, rank, "strides") for v in (strides, dilation_rate))
        if padding == "causal":
            x = temporal_padding(x, (dilation_rate[0] * (kernel.shape.as_list()[0] - 1), 0))
            padding = "valid"
        return convolution(
            x, kernel, padding.upper(), strides=strides, dilation_rate=dilation_rate,
            data_format=convert_data_format(data_format, rank + 2),
        )  # fmt: skip

    conv.__name__ = conv.__qualname__ = f"conv{rank}d"
    conv.__doc__ = doc
    return export(f"keras.backend.conv{rank}d")(conv)


conv1d = _convolution(1, "The convolution of sequences.")
conv2d = _convolution(2, "The convolution of images.")
conv3d = _convolution(3, "The convolution of volumes.")


def _pool(rank: int) -> Any:
    def pool(
        x: Any,
        pool_size: Any,
        strides: Any = (1,) * rank,
        padding: str = "valid",
        data_format: str | None = None,
        pool_mode: str = "max",
    ) -> Any:
        if pool_mode not in ("max", "avg"):
            raise ValueError("Invalid pooling mode: " + str(pool_mode))
        kind = {(2, "max"): MaxPooling2D, (2, "avg"): AveragePooling2D, (3, "max"): MaxPooling3D}
        layer = kind.get((rank, pool_mode), AveragePooling3D)
        return layer(pool_size, strides, padding, _format(data_format)).call(x)

    pool.__name__ = pool.__qualname__ = f"pool{rank}d"
    pool.__doc__ = "The largest of each window, or the mean."
    return export(f"keras.backend.pool{rank}d")(pool)


pool2d, pool3d = _pool(2), _pool(3)


@export("keras.backend.temporal_padding")
def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """Sequences with zeros before and behind."""
    return pad(x, [[0, 0], list(padding), [0, 0]])


def _padding(name: str, rank: int) -> Any:
    def padded(x: Any, padding: Any = ((1, 1),) * rank, data_format: str | None = None) -> Any:
        sizes = [list(p) for p in padding]
        first = _format(data_format) == "channels_first"
        return pad(x, [[0, 0], [0, 0], *sizes] if first else [[0, 0], *sizes, [0, 0]])

    padded.__name__ = padded.__qualname__ = name
    padded.__doc__ = "Zeros around the spatial dimensions."
    return export(f"keras.backend.{name}")(padded)


spatial_2d_padding = _padding("spatial_2d_padding", 2)
spatial_3d_padding = _padding("spatial_3d_padding", 3)


@export("keras.backend.resize_images")
def resize_images(
    x: Any, height_factor: int, width_factor: int, data_format: str, interpolation: str = "nearest"
) -> Any:
    """Images larger by whole factors."""
    methods = {"nearest": resize_nearest_neighbor, "bilinear": resize_bilinear}
    if interpolation not in methods:
        raise ValueError('interpolation should be one of "nearest" or "bilinear".')
    first = _format(data_format) == "channels_first"
    rows = 2 if first else 1
    static = x.shape.as_list()[rows : rows + 2]
    factors = np.array([height_factor, width_factor], np.int32)
    sizes = (
        tf_constant(np.array(static, np.int32) * factors)
        if None not in static
        else tf_shape(x)[rows : rows + 2] * factors
    )
    x = transpose(x, [0, 2, 3, 1]) if first else x
    x = methods[interpolation](x, sizes, half_pixel_centers=True)
    x = transpose(x, [0, 3, 1, 2]) if first else x
    new = [None if n is None else int(n * f) for n, f in zip(static, factors)]
    x.set_shape([None, None, *new] if first else [None, *new, None])
    return x


@export("keras.backend.resize_volumes")
def resize_volumes(x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str) -> Any:
    """Volumes larger by whole factors."""
    axis = 2 if _format(data_format) == "channels_first" else 1
    for i, factor in enumerate((depth_factor, height_factor, width_factor)):
        x = repeat_elements(x, factor, axis + i)
    return x


# ---------------------------------------------------------------- random numbers


def _seed(seed: Any) -> int:
    return np.random.randint(10000000) if seed is None else seed


@export("keras.backend.random_normal")
def random_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers."""
    return tf_random_normal(shape, mean=mean, stddev=stddev, dtype=dtype or backend.floatx(), seed=_seed(seed))


@export("keras.backend.random_uniform")
def random_uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Uniformly distributed numbers."""
    return tf_random_uniform(shape, minval=minval, maxval=maxval, dtype=dtype or backend.floatx(), seed=_seed(seed))


@export("keras.backend.truncated_normal")
def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers, none farther from the mean than two standard deviations."""
    return tf_truncated_normal(shape, mean, stddev, dtype=dtype or backend.floatx(), seed=_seed(seed))


@export("keras.backend.random_binomial")
def random_binomial(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """Ones with probability p, else zeros."""
    dtype = dtype or backend.floatx()
    chosen = tf_random_uniform(shape, dtype=dtype, seed=_seed(seed)) <= p
    return tf_where(chosen, tf_ones(shape, dtype=dtype), tf_zeros(shape, dtype=dtype))


@export("keras.backend.dropout")
def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """A part `level` of x set to 0, and the rest made larger in turn."""
    return nn_dropout(x, rate=level, noise_shape=noise_shape, seed=_seed(seed))


@export("keras.backend.moving_average_update")
def moving_average_update(x: Any, value: Any, momentum: Any) -> Any:
    """x · momentum + value · (1 - momentum), as the variable's new value."""
    return assign_sub(x, (x - cast(value, x.dtype)) * cast(1.0 - momentum, x.dtype))


@export("keras.backend.batch_normalization")
def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """gamma · (x - mean) / √(var + epsilon) + beta."""
    if axis not in (-1, x.shape.ndims - 1):
        sizes = [1] * x.shape.ndims
        sizes[axis] = -1
        mean, var, beta, gamma = (None if v is None else reshape(v, sizes) for v in (mean, var, beta, gamma))
    return nn_batch_normalization(x, mean, var, beta, gamma, epsilon)


# ---------------------------------------------------------------- cross entropies


def _before(output: Any, op_type: str) -> Any:
    """What an activation was computed from, if that op made the output directly."""
    while output.op.type == "Identity":
        output = output.op.inputs[0]
    return output.op.inputs[0] if output.op.type == op_type else None


def _clipped(output: Any) -> Any:
    margin = tf_constant(backend.epsilon(), output.dtype.base_dtype)
    return clip_by_value(output, margin, 1 - margin)


@export("keras.backend.categorical_crossentropy")
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-Σ target · log(output) along an axis, computed from the logits where they are known."""
    logits = output if from_logits else _before(output, "Softmax")
    if logits is not None:
        return softmax_cross_entropy_with_logits_v2(labels=target, logits=logits, axis=axis)
    output = output / reduce_sum(output, axis, True)
    return -reduce_sum(target * log(_clipped(output)), axis)


@export("keras.backend.sparse_categorical_crossentropy")
def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log(output[target]) along an axis, computed from the logits where they are known."""
    logits = output if from_logits else _before(output, "Softmax")
    if logits is None:
        logits = log(_clipped(output))
    rank = logits.shape.ndims
    if axis not in (-1, rank - 1):
        axis %= rank
        logits = transpose(logits, [*(i for i in range(rank) if i != axis), axis])
    target = cast(target, "int64")
    if target.shape.ndims is not None and target.shape.ndims == rank - 1:
        return sparse_softmax_cross_entropy_with_logits(labels=target, logits=logits)
    sizes = tf_shape(logits)
    flat = reshape(logits, [-1, logits.shape.as_list()[-1] or sizes[-1]])
    losses = sparse_softmax_cross_entropy_with_logits(labels=reshape(target, [-1]), logits=flat)
    if len(logits.shape) < 3:
        return losses
    shaped = reshape(losses, sizes[:-1])
    shaped.set_shape(logits.shape[:-1])
    return shaped


@export("keras.backend.binary_crossentropy")
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-target · log(output) - (1 - target) · log(1 - output), computed from the logits where they are known."""
    logits = output if from_logits else _before(output, "Sigmoid")
    if logits is not None:
        return sigmoid_cross_entropy_with_logits(labels=target, logits=logits)
    output = _clipped(output)
    small = backend.epsilon()
    return -(target * log(output + small) + (1 - target) * log(1 - output + small))
