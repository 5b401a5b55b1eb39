"""tf.contrib.layers.batch_norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.contrib.layer_collections import constant_value, get_variable_collections, smart_cond
from pyflow.contrib.layer_variables import check_data_format, collect_variable, completed, model_variable_getter
from pyflow.contrib.variables import model_variable
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import add_to_collections, control_dependencies
from pyflow.core.tensor import Tensor
from pyflow.layers.batch_normalization import BatchNormalization
from pyflow.layers.named_functions import ONES, ZEROS
from pyflow.ops.array import reshape
from pyflow.ops.array_identity import identity
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.batch_norm import fused_batch_norm
from pyflow.ops.constant import constant
from pyflow.ops.nn_moments import moments, weighted_moments
from pyflow.ops.nn_normalization import batch_normalization
from pyflow.ops.variable_scope import get_variable_scope, variable_scope
from pyflow.train.moving_averages import assign_moving_average

_DEFAULTS = {"beta": ZEROS, "gamma": ONES, "moving_mean": ZEROS, "moving_variance": ONES}


@export("contrib.layers.batch_norm")
@add_arg_scope
def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Callable | None = None,
    param_initializers: dict | None = None,
    param_regularizers: dict | None = None,
    updates_collections: Any = GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    batch_weights: Any = None,
    fused: bool | None = None,
    data_format: str = "NHWC",
    zero_debias_moving_mean: bool = False,
    scope: Any = None,
    renorm: bool = False,
    renorm_clipping: dict | None = None,
    renorm_decay: float = 0.99,
    adjustment: Callable | None = None,
) -> Tensor:
    """Batch normalization (Ioffe and Szegedy, 2015); see `tf.layers.BatchNormalization`.

    Args:
      decay: how much of a moving average stays in an update.
      param_initializers, param_regularizers: dicts by "beta", "gamma", "moving_mean", "moving_variance".
      updates_collections: where the updates go that a training step has to run; None runs them with the outputs.
      batch_weights: [batch_size], what each entry counts in mean and variance.
      data_format: "NHWC", or "NCHW" for channels in dimension 1.
      zero_debias_moving_mean: makes up for the moving mean's first value of 0.
      others: as in `tf.layers.BatchNormalization`.

    Raises:
      ValueError: rank or number of channels are not known, or `renorm` goes with what it cannot go with.
    """
    settings = _Settings(
        decay, center, scale, epsilon, activation_fn, param_initializers or {}, param_regularizers or {},
        updates_collections, is_training, variables_collections, outputs_collections, trainable, data_format,
        zero_debias_moving_mean,
    )  # fmt: skip
    inputs = convert_to_tensor(inputs)
    rank = inputs.get_shape().ndims
    fusible = batch_weights is None and not renorm and rank in (2, 4) and adjustment is None
    by_collection = updates_collections is GraphKeys.UPDATE_OPS or updates_collections == GraphKeys.UPDATE_OPS
    if fused is not False and fusible and (zero_debias_moving_mean or rank == 2 or not by_collection):
        check_data_format(data_format)
        with variable_scope(scope, "BatchNorm", [inputs], reuse=reuse) as sc:
            return _fused(inputs, settings, sc.name)
    df = check_data_format(data_format)
    with variable_scope(scope, "BatchNorm", [inputs], reuse=reuse, custom_getter=model_variable_getter()) as sc:
        inputs = convert_to_tensor(inputs)
        if batch_weights is None and by_collection and not zero_debias_moving_mean:
            initializers = {
                f"{name}_initializer": settings.param_initializers.get(name, default)
                for name, default in _DEFAULTS.items()
            }
            layer = BatchNormalization(
                axis=1 if df == "channels_first" else -1,
                momentum=decay,
                epsilon=epsilon,
                center=center,
                scale=scale,
                beta_regularizer=settings.param_regularizers.get("beta"),
                gamma_regularizer=settings.param_regularizers.get("gamma"),
                trainable=trainable,
                renorm=renorm,
                renorm_clipping=renorm_clipping,
                renorm_momentum=renorm_decay,
                adjustment=adjustment,
                name=sc.name,
                _scope=sc,
                _reuse=reuse,
                fused=True if fused is None else fused,
                **initializers,
            )
            outputs = layer.apply(inputs, training=is_training)
            for name in ("moving_mean", "moving_variance", "beta", "gamma"):
                collect_variable(getattr(layer, name), variables_collections, name)
            return completed(outputs, sc.name, outputs_collections, activation_fn)
        if renorm:
            raise ValueError(
                "renorm is not supported with batch_weights, updates_collections or zero_debias_moving_mean"
            )
        return _of_moments(inputs, batch_weights, settings, sc.name)


class _Settings:
    """The arguments of a batch normalization that makes its variables itself."""

    def __init__(
        self,
        decay: float,
        center: bool,
        scale: bool,
        epsilon: float,
        activation_fn: Callable | None,
        param_initializers: dict,
        param_regularizers: dict,
        updates_collections: Any,
        is_training: Any,
        variables_collections: Any,
        outputs_collections: Any,
        trainable: bool,
        data_format: str,
        zero_debias: bool,
    ):
        self.decay, self.center, self.scale, self.epsilon = decay, center, scale, epsilon
        self.activation_fn, self.outputs_collections = activation_fn, outputs_collections
        self.param_initializers, self.param_regularizers = param_initializers, param_regularizers
        self.updates_collections, self.is_training = updates_collections, is_training
        self.variables_collections, self.trainable = variables_collections, trainable
        self.data_format, self.zero_debias = data_format, zero_debias

    def variable(self, name: str, shape: Any, dtype: Any, regularized: bool = False) -> Any:
        return model_variable(
            name,
            shape=shape,
            dtype=dtype,
            initializer=self.param_initializers.get(name, _DEFAULTS[name]),
            regularizer=self.param_regularizers.get(name) if regularized else None,
            collections=get_variable_collections(self.variables_collections, name),
            trainable=self.trainable and not name.startswith("moving"),
        )

    def averages(self, shape: Any, dtype: Any) -> tuple[Any, Any]:
        """The moving mean and variance, which aren't partitioned."""
        with variable_scope(get_variable_scope()) as local:
            local.set_partitioner(None)
            return self.variable("moving_mean", shape, dtype), self.variable("moving_variance", shape, dtype)

    @property
    def may_train(self) -> bool:
        known = constant_value(self.is_training)
        return known is None or bool(known)

    def moved(self, averages: tuple, mean: Tensor, variance: Tensor) -> tuple[Any, Any]:
        """The averages, moved towards a batch's mean and variance."""
        return (
            assign_moving_average(averages[0], mean, self.decay, zero_debias=self.zero_debias),
            assign_moving_average(averages[1], variance, self.decay, zero_debias=False),
        )

    def collect_updates(self, averages: tuple, mean: Tensor, variance: Tensor) -> None:
        for update in smart_cond(self.is_training, lambda: self.moved(averages, mean, variance), lambda: averages):
            add_to_collections(self.updates_collections, update)


def _fused(inputs: Tensor, settings: _Settings, alias: str) -> Tensor:
    """In one op; inputs of rank 2 are taken as images of one pixel."""
    first = settings.data_format == "NCHW"
    inputs = original = convert_to_tensor(inputs)
    rank = original.get_shape().ndims
    if rank == 2:
        channels = original.get_shape().as_list()[-1]
        if channels is None:
            raise ValueError("`C` dimension must be known but is None")
        inputs = reshape(inputs, [-1, channels, 1, 1] if first else [-1, 1, 1, channels])
    shape = inputs.get_shape()
    params_shape = shape[1:2] if first else shape[-1:]
    if not params_shape.is_fully_defined():
        raise ValueError(f"Inputs {inputs.name} has undefined `C` dimension {params_shape}.")

    def parameter(name: str, wanted: bool, neutral: float) -> Any:
        if wanted:
            return settings.variable(name, params_shape, dtypes.float32, regularized=True)
        return constant(neutral, dtype=dtypes.float32, shape=params_shape)

    beta, gamma = parameter("beta", settings.center, 0.0), parameter("gamma", settings.scale, 1.0)
    averages = settings.averages(params_shape, dtypes.float32)
    common = {"epsilon": settings.epsilon, "data_format": settings.data_format}

    def of_batch() -> tuple:
        return fused_batch_norm(inputs, gamma, beta, **common)

    def of_averages() -> tuple:
        return fused_batch_norm(
            inputs, gamma, beta, mean=averages[0], variance=averages[1], is_training=False, **common
        )

    normalized, mean, variance = smart_cond(settings.is_training, of_batch, of_averages)
    outputs = normalized
    if settings.may_train and settings.updates_collections is None:

        def after_updates() -> Tensor:
            with control_dependencies(list(settings.moved(averages, mean, variance))):
                return identity(normalized)

        outputs = smart_cond(settings.is_training, after_updates, lambda: normalized)
    elif settings.may_train:
        settings.collect_updates(averages, mean, variance)
    outputs.set_shape(shape)
    if rank == 2:
        outputs = reshape(outputs, shape_of(original))
    return completed(outputs, alias, settings.outputs_collections, settings.activation_fn)


def _of_moments(inputs: Tensor, batch_weights: Any, settings: _Settings, alias: str) -> Tensor:
    """From mean and variance, which may be weighted."""
    first = settings.data_format == "NCHW"
    shape, rank, dtype = inputs.get_shape(), inputs.get_shape().ndims, inputs.dtype.base_dtype
    if rank is None:
        raise ValueError(f"Inputs {inputs.name} has undefined rank.")
    if batch_weights is not None:
        batch_weights = convert_to_tensor(batch_weights)
        shape[0:1].assert_is_compatible_with(batch_weights.get_shape())
        batch_weights = reshape(batch_weights, [-1, *[1] * (rank - 1)])
    axes = [0, *range(2, rank)] if first else list(range(rank - 1))
    params_shape = shape[1:2] if first else shape[-1:]
    if not params_shape.is_fully_defined():
        raise ValueError(f"Inputs {inputs.name} has undefined channels dimension {params_shape}.")
    broadcast = [1, shape.as_list()[1], *[1] * (rank - 2)]
    beta = settings.variable("beta", params_shape, dtype) if settings.center else None
    gamma = settings.variable("gamma", params_shape, dtype) if settings.scale else None
    averages = settings.averages(params_shape, dtype)
    mean, variance = averages
    if settings.may_train:
        if batch_weights is None:
            batch = moments(inputs, axes, keep_dims=True) if first else moments(inputs, axes)
        else:
            batch = weighted_moments(inputs, axes, batch_weights, keep_dims=first)
        if first:
            batch = reshape(batch[0], [-1]), reshape(batch[1], [-1])
        if settings.updates_collections is None:

            def after_updates() -> tuple[Tensor, Tensor]:
                with control_dependencies(list(settings.moved(averages, *batch))):
                    return identity(batch[0]), identity(batch[1])

            mean, variance = smart_cond(settings.is_training, after_updates, lambda: averages)
        else:
            settings.collect_updates(averages, *batch)
            mean, variance = smart_cond(settings.is_training, lambda: batch, lambda: averages)
    if first:
        mean, variance = reshape(mean, broadcast), reshape(variance, broadcast)
        beta = None if beta is None else reshape(beta, broadcast)
        gamma = None if gamma is None else reshape(gamma, broadcast)
    outputs = batch_normalization(inputs, mean, variance, beta, gamma, settings.epsilon)
    outputs.set_shape(shape)
    return completed(outputs, alias, settings.outputs_collections, settings.activation_fn)
