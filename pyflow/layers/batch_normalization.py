"""Batch normalization (Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167): the layer and its variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.layers.batch_statistics import (
    broadcaster,
    compose,
    new_average,
    new_value,
    renorm_correction,
    smart_constant,
    with_virtual_batches,
)
from pyflow.layers.call_context import learning_phase
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.layer import Layer
from pyflow.layers.named_functions import ONES, ZEROS, get_initializer
from pyflow.ops.array_filling import ones_like, zeros_like
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.batch_norm import fused_batch_norm
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant
from pyflow.ops.math_unary import sqrt
from pyflow.ops.nn_moments import moments
from pyflow.ops.nn_normalization import batch_normalization as normalize
from pyflow.ops.nn_relu import relu
from pyflow.ops.reduce_functions import reduce_mean
from pyflow.ops.smart_cond import smart_cond
from pyflow.ops.variable_base import VariableAggregation, VariableSynchronization


@export("layers.BatchNormalization")
class BatchNormalization(Layer):
    """gamma · (inputs - mean) / √(variance + epsilon) + beta, for each index along `axis`.

    In training mean and variance are those of the batch, and the variables `moving_mean` and `moving_variance` are
    moved towards them by operations in `updates` and `GraphKeys.UPDATE_OPS`, which a training step has to run;
    otherwise they are the variables.

    Args:
      axis: the axis of the features, or a list of such.
      momentum: how much of a moving average stays in an update.
      epsilon: added to the variance.
      center, scale: whether there are `beta` and `gamma`.
      renorm: batch renormalization (Ioffe, 2017, https://arxiv.org/abs/1702.03275), with bounds `rmax`, `rmin`, `dmax`
        in `renorm_clipping` and averages of momentum `renorm_momentum`.
      fused: None or True for the one op that does it all, where it can: inputs of rank 4, and nothing out of the way.
      virtual_batch_size: normalizes parts of the batch of that size, each by itself.
      adjustment: function from the inputs' shape to (scale, bias) that are applied in training.

    Raises:
      TypeError: `axis` is neither int nor list.
      ValueError: `renorm_clipping` has other keys.
    """

    _config_names = (
        "axis",
        "momentum",
        "epsilon",
        "center",
        "scale",
        "beta_initializer",
        "gamma_initializer",
        "moving_mean_initializer",
        "moving_variance_initializer",
        "beta_regularizer",
        "gamma_regularizer",
        "beta_constraint",
        "gamma_constraint",
    )

    def __init__(
        self,
        axis: Any = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = ZEROS,
        gamma_initializer: Any = ONES,
        moving_mean_initializer: Any = ZEROS,
        moving_variance_initializer: Any = ONES,
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict | None = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Callable | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, trainable=trainable, **kwargs)
        if not isinstance(axis, (int, list)):
            raise TypeError(f"axis must be int or list, type given: {type(axis)}")
        self.axis: Any = axis[:] if isinstance(axis, list) else axis
        self.momentum, self.epsilon = momentum, epsilon
        self.center, self.scale = center, scale
        self.beta_initializer, self.gamma_initializer = (
            get_initializer(beta_initializer),
            get_initializer(gamma_initializer),
        )
        self.moving_mean_initializer = get_initializer(moving_mean_initializer)
        self.moving_variance_initializer = get_initializer(moving_variance_initializer)
        self.beta_regularizer, self.gamma_regularizer = beta_regularizer, gamma_regularizer
        self.beta_constraint, self.gamma_constraint = beta_constraint, gamma_constraint
        self.renorm, self.virtual_batch_size, self.adjustment = renorm, virtual_batch_size, adjustment
        self.fused: Any = True if fused is None else fused
        self.supports_masking = True
        self._gamma_const: Any = None
        self._beta_const: Any = None
        if renorm:
            clipping, keys = renorm_clipping or {}, ["rmax", "rmin", "dmax"]
            if set(clipping) - set(keys):
                raise ValueError(f"renorm_clipping {clipping} contains keys not in {keys}")
            self.renorm_clipping, self.renorm_momentum = clipping, renorm_momentum

    @property
    def _param_dtype(self) -> Any:
        small = self.dtype in ("float16", "bfloat16")
        return dtypes.float32 if small else self.dtype or dtypes.float32

    def _can_be_fused(self) -> bool:
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        plain = not self.renorm and self.virtual_batch_size is None and self.adjustment is None
        return plain and len(axes) == 1 and axes[0] in (-3, -1, 1, 3)

    # ---------------------------------------------------------------- variables

    def build(self, input_shape: Any) -> None:
        shape = TensorShape(input_shape)
        ndims = shape.ndims
        if not ndims:
            raise ValueError("Input has undefined rank:", shape)
        self._resolve_axes(ndims)
        self.fused = bool(self.fused) and ndims == 4 and self._can_be_fused()
        if self.fused:
            if self.axis not in ([1], [3]):
                raise ValueError("Unsupported axis, fused batch norm only supports axis == [1] or axis == [3]")
            self._data_format = "NCHW" if self.axis == [1] else "NHWC"
        sizes = {x: shape.as_list()[x] for x in self.axis}
        if None in sizes.values():
            raise ValueError("Input has undefined `axis` dimension. Input shape: ", shape)
        self.input_spec = InputSpec(ndim=ndims, axes=sizes)
        self._make_variables(self._param_shape(sizes, ndims))
        self.built = True

    def _resolve_axes(self, ndims: int) -> None:
        """Makes `axis` a list of axes from 0 on, and checks it."""
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        self.axis = [ndims + x if x < 0 else x for x in axes]
        for x in self.axis:
            if x < 0 or x >= ndims:
                raise ValueError(f"Invalid axis: {x}")
        if len(self.axis) != len(set(self.axis)):
            raise ValueError(f"Duplicate axis: {self.axis}")
        if self.virtual_batch_size is not None:
            if self.virtual_batch_size <= 0:
                raise ValueError(
                    "virtual_batch_size must be a positive integer that divides the true batch size of the input Tensor"
                )
            if 0 in self.axis:
                raise ValueError(
                    "When using virtual_batch_size, the batch dimension must be 0 and thus axis cannot include 0"
                )
            if self.adjustment is not None:
                raise ValueError("When using virtual_batch_size, adjustment cannot be specified")

    def _param_shape(self, sizes: dict[int, Any], ndims: int) -> Any:
        if len(sizes) == 1 and self.virtual_batch_size is None:
            return (next(iter(sizes.values())),)
        shape = [sizes.get(i, 1) for i in range(ndims)]
        if self.virtual_batch_size is not None:
            shape.insert(1, 1)
            self.axis = [x + 1 for x in self.axis]
        return shape

    def _make_variables(self, shape: Any) -> None:
        def parameter(name: str, wanted: bool, initializer: Any, regularizer: Any, constraint: Any) -> Any:
            if not wanted:
                if self.fused:
                    neutral = 1.0 if name == "gamma" else 0.0
                    setattr(self, f"_{name}_const", constant(neutral, dtype=self._param_dtype, shape=shape))
                return None
            return self.add_weight(
                name,
                shape,
                dtype=self._param_dtype,
                initializer=initializer,
                regularizer=regularizer,
                constraint=constraint,
                trainable=True,
                experimental_autocast=False,
            )

        def statistic(name: str, initializer: Any) -> Any:
            return self.add_weight(
                name,
                shape,
                dtype=self._param_dtype,
                initializer=initializer,
                synchronization=VariableSynchronization.ON_READ,
                trainable=False,
                aggregation=VariableAggregation.MEAN,
                experimental_autocast=False,
            )

        def deviation(*args: Any, **kwargs: Any) -> Tensor:
            return sqrt(self.moving_variance_initializer(*args, **kwargs))

        self.gamma = parameter(
            "gamma", self.scale, self.gamma_initializer, self.gamma_regularizer, self.gamma_constraint
        )
        self.beta = parameter("beta", self.center, self.beta_initializer, self.beta_regularizer, self.beta_constraint)
        partitioner = self._scope.partitioner if self._scope else None
        if self._scope:
            self._scope.set_partitioner(None)
        try:
            self.moving_mean = statistic("moving_mean", self.moving_mean_initializer)
            self.moving_variance = statistic("moving_variance", self.moving_variance_initializer)
            if self.renorm:
                self.moving_stddev = statistic("moving_stddev", deviation)
                self.renorm_mean = statistic("renorm_mean", self.moving_mean_initializer)
                self.renorm_stddev = statistic("renorm_stddev", deviation)
        finally:
            if partitioner and self._scope:
                self._scope.set_partitioner(partitioner)

    # ---------------------------------------------------------------- outputs

    def call(self, inputs: Tensor, training: Any = False) -> Tensor:
        training = learning_phase() if training is None else training
        if self.fused:
            return self._fused(inputs, training)
        if self.virtual_batch_size is not None:
            return with_virtual_batches(inputs, self.virtual_batch_size, lambda x: self._plain(x, training))
        return self._plain(inputs, training)

    def _move(self, variable: Any, value: Any, momentum: Any) -> Any:
        return new_average(variable, value, momentum)

    def _fused(self, inputs: Tensor, training: Any) -> Tensor:
        beta = self.beta if self.center else self._beta_const
        gamma = self.gamma if self.scale else self._gamma_const
        settings = {"epsilon": self.epsilon, "data_format": self._data_format}

        def of_batch() -> tuple:
            return fused_batch_norm(inputs, gamma, beta, **settings)

        def of_averages() -> tuple:
            averages = {"mean": self.moving_mean, "variance": self.moving_variance, "is_training": False}
            return fused_batch_norm(inputs, gamma, beta, **averages, **settings)

        outputs, mean, variance = smart_cond(training, of_batch, of_averages)
        known = smart_constant(training)
        if known is None:
            momentum = smart_cond(training, lambda: self.momentum, lambda: 1.0)
        else:
            momentum = convert_to_tensor(self.momentum)
        if known is not False:
            self.add_update(lambda: self._move(self.moving_mean, mean, momentum))
            self.add_update(lambda: self._move(self.moving_variance, variance, momentum))
        return outputs

    def _plain(self, inputs: Tensor, training: Any) -> Tensor:
        shape = inputs.shape
        ndims = len(shape)
        reduced = [i for i in range(ndims) if i not in self.axis]
        if self.virtual_batch_size is not None:
            del reduced[1]
        broadcast = broadcaster(shape, self.axis, reduced)
        scale, offset = broadcast(self.gamma), broadcast(self.beta)
        if smart_constant(training) is False:
            mean, variance = self.moving_mean, self.moving_variance
        else:
            if self.adjustment:
                extra_scale, extra_bias = self.adjustment(shape_of(inputs))
                extra_scale = smart_cond(training, lambda: extra_scale, lambda: ones_like(extra_scale))
                extra_bias = smart_cond(training, lambda: extra_bias, lambda: zeros_like(extra_bias))
                scale, offset = compose(extra_scale, extra_bias, scale, offset)
            keep_dims = self.virtual_batch_size is not None or len(self.axis) > 1
            batch = moments(cast(inputs, self._param_dtype), reduced, keep_dims=keep_dims)
            mean = smart_cond(training, lambda: batch[0], lambda: convert_to_tensor(self.moving_mean))
            variance = smart_cond(training, lambda: batch[1], lambda: convert_to_tensor(self.moving_variance))
            new_mean, new_variance = mean, variance
            if self.virtual_batch_size is not None:
                new_mean = reduce_mean(mean, axis=1, keepdims=True)
                new_variance = reduce_mean(variance, axis=1, keepdims=True)
            if self.renorm:
                r, d, new_mean, new_variance = renorm_correction(self, new_mean, new_variance, training)
                scale, offset = compose(broadcast(r), broadcast(d), scale, offset)
            self._add_updates(new_mean, new_variance, training)
        mean, variance = cast(mean, inputs.dtype), cast(variance, inputs.dtype)
        offset = None if offset is None else cast(offset, inputs.dtype)
        scale = None if scale is None else cast(scale, inputs.dtype)
        outputs = normalize(inputs, broadcast(mean), broadcast(variance), offset, scale, self.epsilon)
        outputs.set_shape(shape)
        return outputs

    def _add_updates(self, mean: Tensor, variance: Tensor, training: Any) -> None:
        def moved_variance() -> Any:
            if not self.renorm:
                return self._move(self.moving_variance, variance, self.momentum)
            moved = self._move(self.moving_stddev, sqrt(variance + self.epsilon), self.momentum)
            return new_value(self.moving_variance, relu(moved * moved - self.epsilon))

        self.add_update(
            lambda: smart_cond(
                training, lambda: self._move(self.moving_mean, mean, self.momentum), lambda: self.moving_mean
            )
        )
        self.add_update(lambda: smart_cond(training, moved_variance, lambda: self.moving_variance))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@export("layers.batch_normalization")
def batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = ZEROS,
    gamma_initializer: Any = ONES,
    moving_mean_initializer: Any = ZEROS,
    moving_variance_initializer: Any = ONES,
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: bool | None = None,
    renorm: bool = False,
    renorm_clipping: dict | None = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Callable | None = None,
) -> Tensor:
    """Applies a new `tf.layers.BatchNormalization` to `inputs`.

    Args:
      training: whether the batch's own mean and variance are used; a bool or a tensor of shape ().
    """
    arguments = dict(locals())
    for key in ("inputs", "training", "reuse"):
        del arguments[key]
    return BatchNormalization(**arguments, _reuse=reuse, _scope=name)(inputs, training=training)
