"""tf.contrib.layers' normalisation within each entry of the batch: of layers, groups, instances, to length 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.contrib.layer_collections import get_variable_collections
from pyflow.contrib.layer_variables import check_data_format, completed
from pyflow.contrib.variables import model_variable
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.tensor import Tensor
from pyflow.layers.named_functions import ONES, ZEROS
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import ones
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_slicing import strided_slice
from pyflow.ops.array_tiling import tile
from pyflow.ops.division import div
from pyflow.ops.math_unary import rsqrt, sqrt, square
from pyflow.ops.nn_moments import moments, normalize_moments, sufficient_statistics
from pyflow.ops.nn_normalization import batch_normalization
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.variable_scope import variable_scope


class _Parameters:
    """Makes beta and gamma of a normalisation in the current variable scope."""

    def __init__(self, shape: Any, dtype: Any, initializers: dict | None, collections: Any, trainable: bool):
        self._shape, self._dtype, self._initializers = shape, dtype, initializers or {}
        self._collections, self._trainable = collections, trainable

    def make(self, name: str, default: Any) -> Any:
        return model_variable(
            name,
            shape=self._shape,
            dtype=self._dtype,
            initializer=self._initializers.get(name, default),
            collections=get_variable_collections(self._collections, name),
            trainable=self._trainable,
        )

    def both(self, center: bool, scale: bool, broadcast_shape: Any = None) -> tuple[Any, Any]:
        """(beta, gamma), each None where it isn't wanted."""
        made = []
        for name, wanted, default in (("beta", center, ZEROS), ("gamma", scale, ONES)):
            parameter = self.make(name, default) if wanted else None
            if parameter is not None and broadcast_shape:
                parameter = reshape(parameter, broadcast_shape)
            made.append(parameter)
        return made[0], made[1]


@export("contrib.layers.layer_norm")
@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Callable | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> Tensor:
    """Inputs of mean 0 and variance 1 over all dimensions from `begin_norm_axis` on (Ba et al., 2016).

    https://arxiv.org/abs/1607.06450. They are multiplied by `gamma` and moved by `beta`, of the inputs' shape from
    `begin_params_axis` on.

    Raises:
      ValueError: an axis is beyond the rank, or the shape of the variables isn't known.
    """
    with variable_scope(scope, "LayerNorm", [inputs], reuse=reuse) as sc:
        inputs = convert_to_tensor(inputs)
        shape, rank, dtype = inputs.shape, inputs.shape.ndims, inputs.dtype.base_dtype
        if rank is None:
            raise ValueError(f"Inputs {inputs.name} has undefined rank.")
        if begin_norm_axis < 0:
            begin_norm_axis += rank
        if begin_params_axis >= rank or begin_norm_axis >= rank:
            raise ValueError(
                f"begin_params_axis ({begin_params_axis}) and begin_norm_axis ({begin_norm_axis}) must be < "
                f"rank(inputs) ({rank})"
            )
        params_shape = shape[begin_params_axis:]
        if not params_shape.is_fully_defined():
            raise ValueError(f"Inputs {inputs.name}: shape(inputs)[{begin_params_axis}:] is not fully defined: {shape}")
        parameters = _Parameters(params_shape, dtype, None, variables_collections, trainable)
        beta, gamma = parameters.both(center, scale)
        mean, variance = moments(inputs, list(range(begin_norm_axis, rank)), keep_dims=True)
        epsilon = 1e-12 if dtype != dtypes.float16 else 1e-3
        outputs = batch_normalization(inputs, mean, variance, offset=beta, scale=gamma, variance_epsilon=epsilon)
        outputs.set_shape(shape)
        return completed(outputs, sc.name, outputs_collections, activation_fn)


@export("contrib.layers.instance_norm")
@add_arg_scope
def instance_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Callable | None = None,
    param_initializers: dict | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Any = None,
) -> Tensor:
    """Inputs of mean 0 and variance 1 in each channel of each entry of the batch (Ulyanov et al., 2016).

    https://arxiv.org/abs/1607.08022.

    Args:
      inputs: of rank 2 or more, with a known number of channels.
      param_initializers: dict of initializers for "beta" and "gamma".
      data_format: "NHWC", or "NCHW" for channels in dimension 1.
    """
    inputs = convert_to_tensor(inputs)
    rank = inputs.shape.ndims
    if rank is None:
        raise ValueError(f"Inputs {inputs.name} has undefined rank.")
    check_data_format(data_format)
    with variable_scope(scope, "InstanceNorm", [inputs], reuse=reuse) as sc:
        axis = 1 if data_format == "NCHW" else rank - 1
        params_shape = inputs.shape[axis : axis + 1]
        if not params_shape.is_fully_defined():
            raise ValueError(f"Inputs {inputs.name} has undefined channels dimension {params_shape}.")
        broadcast = [1, params_shape.as_list()[0], *[1] * (rank - 2)] if data_format == "NCHW" else None
        dtype = inputs.dtype.base_dtype
        parameters = _Parameters(params_shape, dtype, param_initializers, variables_collections, trainable)
        beta, gamma = parameters.both(center, scale, broadcast)
        axes = [i for i in range(1, rank) if i != axis]
        mean, variance = moments(inputs, axes, keep_dims=True)
        outputs = batch_normalization(inputs, mean, variance, beta, gamma, epsilon, name="instancenorm")
        return completed(outputs, sc.name, outputs_collections, activation_fn)


@export("contrib.layers.group_norm")
@add_arg_scope
def group_norm(
    inputs: Any,
    groups: int = 32,
    channels_axis: int = -1,
    reduction_axes: Any = (-3, -2),
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Callable | None = None,
    param_initializers: dict | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
    mean_close_to_zero: bool = False,
) -> Tensor:
    """Inputs of mean 0 and variance 1 in each group of channels of each entry of the batch (Wu and He, 2018).

    https://arxiv.org/abs/1803.08494.

    Args:
      groups: how many; a divisor of the number of channels.
      reduction_axes: the other axes over which mean and variance are taken, of known size.
      param_initializers: dict of initializers for "beta" and "gamma".
      mean_close_to_zero: computes the variance in one pass, which is exact enough for means near 0.
    """
    inputs = convert_to_tensor(inputs)
    ndims = inputs.shape.ndims
    if ndims is None:
        raise ValueError(f"Inputs {inputs.name} has undefined rank.")
    if channels_axis > ndims - 1:
        raise ValueError("Axis is out of bounds.")
    dynamic, static = shape_of(inputs), inputs.shape.as_list()
    full_shape = [dynamic[i] if size is None else size for i, size in enumerate(static)]
    channels_axis = channels_axis + ndims if channels_axis < 0 else channels_axis
    channels = static[channels_axis]
    if channels is None:
        raise ValueError(f"Inputs {inputs.name} has undefined channel dimension: {channels_axis}.")
    axes = [a + ndims if a < 0 else a for a in reduction_axes]
    for a in axes:
        if a > ndims:
            raise ValueError("Axis is out of bounds.")
        if static[a] is None:
            raise ValueError(f"Inputs {inputs.name} has undefined dimensions {a}.")
        if channels_axis == a:
            raise ValueError("reduction_axis must be mutually exclusive with channels_axis")
    if groups > channels:
        raise ValueError(f"Invalid groups {groups} for {channels} channels.")
    if channels % groups != 0:
        raise ValueError(f"{channels} channels is not commensurate with {groups} groups.")
    before, after = full_shape[:channels_axis], full_shape[channels_axis + 1 :]
    parted = [groups, channels // groups]
    inputs = reshape(inputs, before + parted + after)
    axes = [channels_axis + 1, *(a + 1 if a > channels_axis else a for a in axes)]
    with variable_scope(scope, "GroupNorm", [inputs], reuse=reuse) as sc:
        dtype = inputs.dtype.base_dtype
        parameters = _Parameters([channels], dtype, param_initializers, variables_collections, trainable)
        beta, gamma = parameters.both(center, scale, [1] * len(before) + parted + [1] * len(after))
        if mean_close_to_zero:
            counts, means, variances, _ = sufficient_statistics(inputs, axes, keep_dims=True)
            mean, variance = normalize_moments(counts, means, variances, shift=None)
        else:
            mean, variance = moments(inputs, axes, keep_dims=True)
        gain = rsqrt(variance + epsilon)
        offset = -mean * gain
        if gamma is not None:
            gain *= gamma
            offset *= gamma
        if beta is not None:
            offset += beta
        outputs = reshape(inputs * gain + offset, full_shape)
        return completed(outputs, sc.name, outputs_collections, activation_fn)


@export("contrib.layers.unit_norm")
@add_arg_scope
def unit_norm(inputs: Tensor, dim: int, epsilon: float = 1e-7, scope: Any = None) -> Tensor:
    """Inputs divided by √(epsilon + Σ inputs²) along dimension `dim`.

    Raises:
      ValueError: the rank is not known, or `dim` not within it.
    """
    with variable_scope(scope, "UnitNorm", [inputs]):
        if not inputs.get_shape():
            raise ValueError("The input rank must be known.")
        rank = len(inputs.get_shape().as_list())
        if dim < 0 or dim >= rank:
            raise ValueError("dim must be positive but smaller than the input rank.")
        lengths = sqrt(epsilon + reduce_sum(square(inputs), dim, True))
        multiples = [ones([dim], dtypes.int32)] if dim > 0 else []
        multiples.append(strided_slice(shape_of(inputs), [dim], [dim + 1]))
        if dim < rank - 1:
            multiples.append(ones([rank - 1 - dim], dtypes.int32))
        return div(inputs, tile(lengths, concat(multiples, 0)))
