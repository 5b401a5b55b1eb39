"""tf.contrib.layers.GDN: generalized divisive normalization (Ballé et al., 2016, https://arxiv.org/abs/1511.06281)."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.gradient_registry import RegisterGradient
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.layer import Layer
from pyflow.ops.array import expand_dims, reshape, squeeze
from pyflow.ops.array_filling import ones
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.bias import bias_add
from pyflow.ops.cast import cast
from pyflow.ops.comparison import logical_or
from pyflow.ops.constant import constant
from pyflow.ops.linalg_basics import eye
from pyflow.ops.math_binary import maximum
from pyflow.ops.math_unary import sqrt, square
from pyflow.ops.nn_convolution import convolution


@RegisterGradient("GDNLowerBound")
def _lower_bound_grad(op: Any, grad: Tensor) -> list:
    """As of the identity where the input is above the bound, or would be moved towards it."""
    inputs, bound = op.inputs
    return [cast(logical_or(inputs >= bound, grad < 0), grad.dtype) * grad, None]


def _lower_bound(inputs: Any, bound: Any, name: str | None = None) -> Tensor:
    with name_scope(name, "GDNLowerBound", [inputs, bound]) as scope:
        inputs = convert_to_tensor(inputs, name="inputs")
        bound = convert_to_tensor(bound, name="bound")
        with get_default_graph().gradient_override_map({"Maximum": "GDNLowerBound"}):
            return maximum(inputs, bound, name=scope)


@export("contrib.layers.GDN")
class GDN(Layer):
    """x_i / √(beta_i + Σ_j gamma_ij · x_j²), over the channels of inputs of rank 3 to 5; or, inverse, times the root.

    Args:
      inverse: whether to multiply by the root (to undo the normalization, about) rather than to divide.
      beta_min: a lower bound of beta.
      gamma_init: the first values of gamma's diagonal.
      reparam_offset: keeps the variables, square roots of beta and gamma, away from 0.
      data_format: "channels_last" or "channels_first".
    """

    def __init__(
        self,
        inverse: bool = False,
        beta_min: float = 1e-6,
        gamma_init: float = 0.1,
        reparam_offset: float = 2**-18,
        data_format: str = "channels_last",
        activity_regularizer: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        self.inverse, self.data_format = inverse, data_format
        self._beta_min, self._gamma_init, self._reparam_offset = beta_min, gamma_init, reparam_offset
        self._channel_axis()
        self.input_spec = InputSpec(min_ndim=3, max_ndim=5)

    def _channel_axis(self) -> int:
        try:
            return {"channels_first": 1, "channels_last": -1}[self.data_format]
        except KeyError:
            raise ValueError(f"Unsupported `data_format` for GDN layer: {self.data_format}.") from None

    def build(self, input_shape: Any) -> None:
        axis, shape = self._channel_axis(), TensorShape(input_shape)
        channels = shape.as_list()[axis]
        if channels is None:
            raise ValueError("The channel dimension of the inputs to `GDN` must be defined.")
        self._input_rank = len(shape)
        self.input_spec = InputSpec(ndim=shape.ndims, axes={axis: channels})
        offset = self._reparam_offset**2
        pedestal = constant(offset, dtype=self.dtype)
        beta_bound = constant((self._beta_min + offset) ** 0.5, dtype=self.dtype)
        gamma_bound = constant(self._reparam_offset, dtype=self.dtype)

        def beta_initializer(shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
            return sqrt(ones(shape, dtype=dtype) + constant(offset, dtype=self.dtype))

        def gamma_initializer(shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
            diagonal = eye(shape[0], dtype=dtype)
            return sqrt(self._gamma_init * diagonal + constant(offset, dtype=self.dtype))

        def bounded(name: str, shape: list[int], initializer: Any, bound: Tensor) -> Tensor:
            variable = self.add_variable(name, shape=shape, initializer=initializer, dtype=self.dtype, trainable=True)
            return square(_lower_bound(variable, bound)) - pedestal

        self.beta = bounded("reparam_beta", [channels], beta_initializer, beta_bound)
        self.gamma = bounded("reparam_gamma", [channels, channels], gamma_initializer, gamma_bound)
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        inputs = convert_to_tensor(inputs, dtype=self.dtype)
        rank = self._input_rank
        gamma = reshape(self.gamma, (rank - 2) * [1] + self.gamma.get_shape().as_list())
        if self.data_format == "channels_first":
            pool = convolution(square(inputs), gamma, "VALID", data_format="NC" + "DHW"[-(rank - 2) :])
            pool = self._with_beta(pool, rank)
        else:
            pool = convolution(square(inputs), gamma, "VALID")
            pool = bias_add(pool, self.beta, data_format="NHWC")
        pool = sqrt(pool)
        outputs = inputs * pool if self.inverse else inputs / pool
        outputs.set_shape(inputs.get_shape())
        return outputs

    def _with_beta(self, pool: Tensor, rank: int) -> Tensor:
        """Beta added to channels in dimension 1."""
        if rank == 3:
            return squeeze(bias_add(expand_dims(pool, 2), self.beta, data_format="NCHW"), [2])
        if rank == 4:
            return bias_add(pool, self.beta, data_format="NCHW")
        shape = shape_of(pool)
        flat = reshape(pool, [shape[0], shape[1], shape[2], -1])
        return reshape(bias_add(flat, self.beta, data_format="NCHW"), shape)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


@export("contrib.layers.gdn")
def gdn(
    inputs: Tensor,
    inverse: bool = False,
    beta_min: float = 1e-6,
    gamma_init: float = 0.1,
    reparam_offset: float = 2**-18,
    data_format: str = "channels_last",
    activity_regularizer: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: bool | None = None,
) -> Tensor:
    """Applies a new `GDN` to `inputs`."""
    layer = GDN(
        inverse, beta_min, gamma_init, reparam_offset, data_format, activity_regularizer, trainable, name,
        dtype=inputs.dtype.base_dtype, _scope=name, _reuse=reuse,
    )  # fmt: skip
    return layer.apply(inputs)
