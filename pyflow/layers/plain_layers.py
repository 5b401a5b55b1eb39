"""Dropout, and flattening: layers without variables."""

from __future__ import annotations

import math
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.layers.call_context import learning_phase
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.layer import Layer
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_identity import identity
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.nn_dropout import dropout as nn_dropout
from pyflow.ops.smart_cond import smart_cond


@export("layers.Dropout")
class Dropout(Layer):
    """Sets a random part of the inputs to 0 in training, and multiplies the others by 1 / (1 - rate).

    Args:
      rate: the part that is dropped, from 0 to 1; a number or tensor.
      noise_shape: shape in which it is chosen anew what is dropped, with None for the inputs' own dimensions and 1
        where all share the choice.
      seed: as in `tf.set_random_seed`.
    """

    _config_names = ("rate", "noise_shape", "seed")

    def __init__(
        self, rate: Any = 0.5, noise_shape: Any = None, seed: int | None = None, name: str | None = None, **kwargs: Any
    ):
        super().__init__(name=name, **kwargs)
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed
        self.supports_masking = True

    def _get_noise_shape(self, inputs: Tensor) -> Any:
        if self.noise_shape is None:
            return None
        shape = shape_of(inputs)
        return convert_to_tensor([shape[i] if size is None else size for i, size in enumerate(self.noise_shape)])

    def call(self, inputs: Tensor, training: Any = False) -> Tensor:
        def dropped() -> Tensor:
            return nn_dropout(inputs, noise_shape=self._get_noise_shape(inputs), seed=self.seed, rate=self.rate)

        training = learning_phase() if training is None else training
        return smart_cond(training, dropped, lambda: identity(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@export("layers.dropout")
def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Tensor:
    """Applies a new `tf.layers.Dropout` to `inputs`.

    Args:
      training: whether anything is dropped; a bool or a tensor of shape ().
    """
    return Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)(inputs, training=training)


@export("layers.Flatten")
class Flatten(Layer):
    """The inputs as [batch_size, n], with all other dimensions in one.

    Args:
      data_format: "channels_last", or "channels_first", which moves dimension 1 to the end before.
    """

    _config_names = ("data_format",)

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = "channels_last" if data_format is None else data_format.lower()
        if self.data_format not in ("channels_first", "channels_last"):
            raise ValueError(
                f'The `data_format` argument must be one of "channels_first", "channels_last". Received: {data_format}'
            )
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Tensor) -> Tensor:
        ndims = inputs.shape.ndims
        if self.data_format == "channels_first" and ndims is not None and ndims > 1:
            inputs = transpose(inputs, perm=[0, *range(2, ndims), 1])
        outputs = reshape(inputs, (inputs.shape.as_list()[0] or shape_of(inputs)[0], -1))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        batch, *others = TensorShape(input_shape).as_list()
        return TensorShape([batch, math.prod(s for s in others if s) if all(others) else None])


@export("layers.flatten")
def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Tensor:
    """Applies a new `tf.layers.Flatten` to `inputs`."""
    return Flatten(name=name, data_format=data_format)(inputs)
