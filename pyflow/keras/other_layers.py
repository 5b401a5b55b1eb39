"""Embeddings, depthwise convolution, layer normalization, attention."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.keras import shared_layers
from pyflow.keras.backend import floatx
from pyflow.keras.base_layer import Layer
from pyflow.keras.core_layers import Plain
from pyflow.keras.initializer_classes import get as get_initializer
from pyflow.keras.penalties import get_constraint, get_regularizer
from pyflow.layers.window_arguments import around, convert_data_format
from pyflow.ops.array import expand_dims as tf_expand_dims
from pyflow.ops.array import reshape
from pyflow.ops.array_diagonals import MatrixBandPart as matrix_band_part
from pyflow.ops.array_filling import ones_like as tf_ones_like
from pyflow.ops.bias import bias_add as nn_bias_add
from pyflow.ops.cast import cast
from pyflow.ops.comparison import LogicalNot as tf_logical_not
from pyflow.ops.comparison import not_equal as tf_not_equal
from pyflow.ops.math_sigmoid import tanh as nn_tanh
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_convolution import depthwise_conv2d
from pyflow.ops.nn_embedding import embedding_lookup
from pyflow.ops.nn_moments import moments
from pyflow.ops.nn_normalization import batch_normalization as nn_batch_normalization
from pyflow.ops.nn_softmax import softmax as nn_softmax
from pyflow.ops.reduce_functions import reduce_sum


@export("keras.layers.Embedding")
class Embedding(Layer):
    """A vector for each number from 0 to input_dim - 1.

    Args:
      input_dim, output_dim: how many vectors there are, and their size.
      mask_zero: whether 0 stands for steps that are not there.
      input_length: of the sequences, where it is fixed.
    """

    _config_names = (
        "input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer", "activity_regularizer",
        "embeddings_constraint", "mask_zero", "input_length",
    )  # fmt: skip

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        activity_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        input_length: Any = None,
        **kwargs: Any,
    ):
        if "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            kwargs["input_shape"] = tuple(input_length) if isinstance(input_length, (list, tuple)) else (input_length,)
        kwargs["dtype"] = kwargs.pop("dtype", None) or floatx()
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.input_dim, self.output_dim = input_dim, output_dim
        self.embeddings_initializer = get_initializer(embeddings_initializer)
        self.embeddings_regularizer = get_regularizer(embeddings_regularizer)
        self.embeddings_constraint = get_constraint(embeddings_constraint)
        self.mask_zero, self.input_length = mask_zero, input_length
        self.supports_masking = mask_zero

    def build(self, input_shape: Any) -> None:
        self.embeddings = self.add_weight(
            shape=(self.input_dim, self.output_dim), initializer=self.embeddings_initializer, name="embeddings",
            regularizer=self.embeddings_regularizer, constraint=self.embeddings_constraint,
        )  # fmt: skip
        self.built = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return tf_not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        return TensorShape([*TensorShape(input_shape).as_list(), self.output_dim])

    def call(self, inputs: Any) -> Any:
        if inputs.dtype.base_dtype not in (dtypes.int32, dtypes.int64):
            inputs = cast(inputs, "int32")
        return embedding_lookup(self.embeddings, inputs)


@export("keras.layers.DepthwiseConv2D")
class DepthwiseConv2D(shared_layers.Conv2D):
    """A convolution of each channel by itself, which becomes `depth_multiplier` channels."""

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: Any = None,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            filters=None, kernel_size=kernel_size, strides=strides, padding=padding, data_format=data_format,
            activation=activation, use_bias=use_bias, bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = get_initializer(depthwise_initializer)
        self.depthwise_regularizer = get_regularizer(depthwise_regularizer)
        self.depthwise_constraint = get_constraint(depthwise_constraint)

    _config_names = (
        "kernel_size", "strides", "padding", "data_format", "dilation_rate", "activation", "use_bias",
        "bias_initializer", "bias_regularizer", "activity_regularizer", "bias_constraint", "depth_multiplier",
        "depthwise_initializer", "depthwise_regularizer", "depthwise_constraint",
    )  # fmt: skip

    def build(self, input_shape: Any) -> None:
        shape = TensorShape(input_shape)
        if len(shape) < 4:
            raise ValueError("Inputs to `DepthwiseConv2D` should have rank 4. Received input shape:", str(input_shape))
        channels = self._channels(shape)
        self.depthwise_kernel = self._add_kernel(
            (*self.kernel_size, channels, self.depth_multiplier), "depthwise_kernel"
        )
        self.filters = channels * self.depth_multiplier
        self._add_bias()
        self.built = True

    def call(self, inputs: Any) -> Any:
        data_format = convert_data_format(self.data_format, 4)
        outputs = depthwise_conv2d(
            inputs, self.depthwise_kernel, strides=around(self.data_format, self.strides),
            padding=self.padding.upper(), rate=self.dilation_rate, data_format=data_format,
        )  # fmt: skip
        if self.use_bias:
            outputs = nn_bias_add(outputs, self.bias, data_format=data_format)
        return outputs if self.activation is None else self.activation(outputs)


@export("keras.layers.LayerNormalization")
class LayerNormalization(Plain):
    """gamma · (x - mean) / √(variance + epsilon) + beta, with mean and variance of each example along `axis`."""

    _config_names = (
        "axis", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer", "beta_regularizer",
        "gamma_regularizer", "beta_constraint", "gamma_constraint",
    )  # fmt: skip

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        trainable: bool = True,
        name: Any = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, trainable=trainable, **kwargs)
        if not isinstance(axis, (int, list, tuple)):
            raise ValueError(
                f"Expected an int or a list/tuple of ints for the argument 'axis', but received instead: {axis}"
            )
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.beta_initializer, self.gamma_initializer = (
            get_initializer(beta_initializer),
            get_initializer(gamma_initializer),
        )
        self.beta_regularizer, self.gamma_regularizer = (
            get_regularizer(beta_regularizer),
            get_regularizer(gamma_regularizer),
        )
        self.beta_constraint, self.gamma_constraint = get_constraint(beta_constraint), get_constraint(gamma_constraint)

    def build(self, input_shape: Any) -> None:
        shape = TensorShape(input_shape).as_list()
        self.axis = [a % len(shape) for a in ([self.axis] if isinstance(self.axis, int) else self.axis)]
        if len(self.axis) != len(set(self.axis)):
            raise ValueError(f"Duplicate axis: {self.axis}")
        sizes = [shape[a] for a in self.axis]
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight("gamma", sizes, initializer=self.gamma_initializer,
                                         regularizer=self.gamma_regularizer,
                                         constraint=self.gamma_constraint)  # fmt: skip
        if self.center:
            self.beta = self.add_weight("beta", sizes, initializer=self.beta_initializer,
                                        regularizer=self.beta_regularizer, constraint=self.beta_constraint)  # fmt: skip
        self.built = True

    def call(self, inputs: Any) -> Any:
        shape = inputs.shape.as_list()
        mean, variance = moments(inputs, self.axis, keep_dims=True)
        sizes = [n if i in self.axis else 1 for i, n in enumerate(shape)]  # type: ignore[misc]

        def wide(v: Any) -> Any:
            return v if v is None or self.axis == [len(shape) - 1] else reshape(v, sizes)

        return nn_batch_normalization(inputs, mean, variance, wide(self.beta), wide(self.gamma), self.epsilon)


class _Attention(Layer):
    """What attention layers have in common: inputs [query, value] or [query, value, key]."""

    _config_names = ("causal", "use_scale")

    def __init__(self, use_scale: bool, **kwargs: Any):
        self.causal = kwargs.pop("causal", False)
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.supports_masking = True

    def _scores(self, query: Any, key: Any) -> Any:
        raise NotImplementedError

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if not isinstance(inputs, list) or len(inputs) not in (2, 3):
            raise ValueError(f"{type(self).__name__} layer must be called on a list of inputs, namely [query, value] "
                             "or [query, value, key].")  # fmt: skip
        query, value = inputs[0], inputs[1]
        scores = self._scores(query, inputs[2] if len(inputs) > 2 else value)
        masks = mask or [None, None]
        if masks[1] is not None:
            scores -= 1e9 * cast(tf_logical_not(tf_expand_dims(masks[1], -2)), floatx())
        if self.causal:
            before = matrix_band_part(tf_ones_like(scores[:1]), -1, 0)
            scores -= 1e9 * (1.0 - before)
        result = matmul(nn_softmax(scores), value)
        return result if masks[0] is None else result * cast(tf_expand_dims(masks[0], -1), floatx())

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask[0] if mask else None


@export("keras.layers.Attention")
class Attention(_Attention):
    """Means of values, weighted by the products of queries and keys (Luong et al., 2015)."""

    def __init__(self, use_scale: bool = False, **kwargs: Any):
        super().__init__(use_scale, **kwargs)

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight("scale", (), initializer="ones") if self.use_scale else None
        self.built = True

    def _scores(self, query: Any, key: Any) -> Any:
        scores = matmul(query, key, transpose_b=True)
        return scores if self.scale is None else scores * self.scale


@export("keras.layers.AdditiveAttention")
class AdditiveAttention(_Attention):
    """Means of values, weighted by tanh of sums of queries and keys (Bahdanau et al., 2014)."""

    def __init__(self, use_scale: bool = True, **kwargs: Any):
        super().__init__(use_scale, **kwargs)

    def build(self, input_shape: Any) -> None:
        size = TensorShape(input_shape[1]).as_list()[-1]
        self.scale = self.add_weight("scale", [size], initializer="glorot_uniform") if self.use_scale else 1.0
        self.built = True

    def _scores(self, query: Any, key: Any) -> Any:
        return reduce_sum(self.scale * nn_tanh(tf_expand_dims(query, -2) + tf_expand_dims(key, -3)), axis=-1)
