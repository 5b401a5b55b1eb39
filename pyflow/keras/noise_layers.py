"""Layers that are random in training."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.keras import backend_layers, shared_layers
from pyflow.keras.backend import image_data_format
from pyflow.keras.backend_phases import in_train_phase
from pyflow.keras.core_layers import Plain
from pyflow.layers.input_spec import InputSpec
from pyflow.ops.array_joining import stack as tf_stack
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.cast import cast


class _Noise(Plain):
    _argument = ""

    def _noised(self, inputs: Any) -> Any:
        raise NotImplementedError

    def call(self, inputs: Any, training: Any = None) -> Any:
        return in_train_phase(lambda: self._noised(inputs), inputs, training=training)


@export("keras.layers.GaussianNoise")
class GaussianNoise(_Noise):
    """Adds normally distributed numbers."""

    _config_names = ("stddev",)

    def __init__(self, stddev: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.stddev = stddev

    def _noised(self, inputs: Any) -> Any:
        return inputs + backend_layers.random_normal(tf_shape(inputs), mean=0.0, stddev=self.stddev, dtype=inputs.dtype)


@export("keras.layers.GaussianDropout")
class GaussianDropout(_Noise):
    """Multiplies by numbers around 1, of standard deviation √(rate / (1 - rate))."""

    _config_names = ("rate",)

    def __init__(self, rate: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs: Any, training: Any = None) -> Any:
        return super().call(inputs, training) if 0 < self.rate < 1 else inputs

    def _noised(self, inputs: Any) -> Any:
        stddev = np.sqrt(self.rate / (1.0 - self.rate))
        return inputs * backend_layers.random_normal(tf_shape(inputs), mean=1.0, stddev=stddev, dtype=inputs.dtype)


@export("keras.layers.AlphaDropout")
class AlphaDropout(_Noise):
    """Dropout that keeps mean and variance of what `selu` gives (Klambauer et al., 2017)."""

    _config_names = ("rate",)

    def __init__(self, rate: float, noise_shape: Any = None, seed: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed

    def call(self, inputs: Any, training: Any = None) -> Any:
        return super().call(inputs, training) if 0.0 < self.rate < 1.0 else inputs

    def _noised(self, inputs: Any) -> Any:
        low = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946
        shape = tf_shape(inputs) if self.noise_shape is None else self.noise_shape
        kept = cast(backend_layers.random_uniform(shape, seed=self.seed) >= self.rate, inputs.dtype)
        a = ((1 - self.rate) * (1 + self.rate * low**2)) ** -0.5
        b = -a * low * self.rate
        return a * (inputs * kept + low * (1 - kept)) + b


class _SpatialDropout(shared_layers.Dropout):
    """Drops whole channels."""

    _config_names = ("rate", "noise_shape", "seed")
    _rank = 1

    def __init__(self, rate: float, data_format: Any = None, **kwargs: Any):
        super().__init__(rate, **kwargs)
        self.data_format = image_data_format() if data_format is None else data_format
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError("data_format must be in {'channels_last', 'channels_first'}")
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _get_noise_shape(self, inputs: Any) -> Any:
        sizes = tf_shape(inputs)
        ones = [1] * self._rank
        if self.data_format == "channels_first":
            return tf_stack([sizes[0], sizes[1], *ones])
        return tf_stack([sizes[0], *ones, sizes[self._rank + 1]])


@export("keras.layers.SpatialDropout1D")
class SpatialDropout1D(_SpatialDropout):
    """Drops whole channels of sequences [batch_size, length, channels]."""

    def __init__(self, rate: float, **kwargs: Any):
        super().__init__(rate, "channels_last", **kwargs)


@export("keras.layers.SpatialDropout2D")
class SpatialDropout2D(_SpatialDropout):
    """Drops whole channels of images."""

    _rank = 2


@export("keras.layers.SpatialDropout3D")
class SpatialDropout3D(_SpatialDropout):
    """Drops whole channels of volumes."""

    _rank = 3
