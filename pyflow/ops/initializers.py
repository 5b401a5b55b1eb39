"""Initializers: functions from a shape to the initial value of a variable.

An initializer is called as `initializer(shape, dtype=None, partition_info=None)` and gives a tensor. `partition_info`
says which part of a larger variable is wanted; what an initializer computes from the shape, it computes from the whole.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.registry import raw
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import ones, zeros
from pyflow.ops.constant import constant_v1

# The standard deviation of a unit normal that is cut off at ±2.
_TRUNCATED_STDDEV = 0.87962566103423978


class Initializer:
    """Base of the initializers: two with the same `get_config()` do the same."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one, as plain values."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """The initializer that `get_config` came from."""
        return cls(**config)


def _floating(dtype: Any) -> dtypes.DType:
    dtype = dtypes.as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(f"Expected floating point type, got {dtype}.")
    return dtype


def _config(initializer: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(initializer, name) for name in names} | {"dtype": initializer.dtype.name}


@export("zeros_initializer", "initializers.zeros")
class Zeros(Initializer):
    """Zeros (False, or empty strings)."""

    def __init__(self, dtype: Any = dtypes.float32):
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return zeros(shape, self.dtype if dtype is None else dtype)

    def get_config(self) -> dict[str, Any]:
        return _config(self)


@export("ones_initializer", "initializers.ones")
class Ones(Initializer):
    """Ones."""

    def __init__(self, dtype: Any = dtypes.float32):
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return ones(shape, self.dtype if dtype is None else dtype)

    def get_config(self) -> dict[str, Any]:
        return _config(self)


@export("constant_initializer", "initializers.constant")
class Constant(Initializer):
    """The given values; fewer than the shape holds are continued with the last one.

    Args:
      value: a number, (nested) list or numpy array.
      verify_shape: whether a value of another shape is an error.

    Raises:
      TypeError: `value` is none of these.
    """

    def __init__(self, value: Any = 0, dtype: Any = dtypes.float32, verify_shape: bool = False):
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            raise TypeError(
                f"Invalid type for initial value: {type(value)} (expected Python scalar, list or tuple of values, or "
                "numpy.ndarray)."
            )
        self.value = value
        self.dtype = dtypes.as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(
        self, shape: Any, dtype: Any = None, partition_info: Any = None, verify_shape: bool | None = None
    ) -> Tensor:
        verify_shape = self._verify_shape if verify_shape is None else verify_shape
        return constant_v1(self.value, self.dtype if dtype is None else dtype, shape, verify_shape=verify_shape)

    def get_config(self) -> dict[str, Any]:
        # The check of shapes is no part of it, as in TensorFlow.
        return _config(self, "value")


@export("random_uniform_initializer", "initializers.random_uniform")
class RandomUniform(Initializer):
    """Uniform numbers in [minval, maxval)."""

    def __init__(self, minval: Any = 0, maxval: Any = None, seed: int | None = None, dtype: Any = dtypes.float32):
        self.minval, self.maxval, self.seed = minval, maxval, seed
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from pyflow.ops.random import random_uniform

        return random_uniform(shape, self.minval, self.maxval, self.dtype if dtype is None else dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return _config(self, "minval", "maxval", "seed")


class _Normal(Initializer):
    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None, dtype: Any = dtypes.float32):
        self.mean, self.stddev, self.seed = mean, stddev, seed
        self.dtype = _floating(dtype)

    def get_config(self) -> dict[str, Any]:
        return _config(self, "mean", "stddev", "seed")


@export("random_normal_initializer", "initializers.random_normal")
class RandomNormal(_Normal):
    """Normal numbers."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from pyflow.ops.random import random_normal

        return random_normal(shape, self.mean, self.stddev, self.dtype if dtype is None else dtype, seed=self.seed)


@export("truncated_normal_initializer", "initializers.truncated_normal")
class TruncatedNormal(_Normal):
    """Normal numbers; those further than two standard deviations from the mean are drawn again."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from pyflow.ops.random import truncated_normal

        return truncated_normal(shape, self.mean, self.stddev, self.dtype if dtype is None else dtype, seed=self.seed)


@export("uniform_unit_scaling_initializer", "initializers.uniform_unit_scaling")
class UniformUnitScaling(Initializer):
    """Uniform numbers in ±sqrt(3 / inputs) · factor, where `inputs` is the product of all dimensions but the last.

    Sussillo and Abbott, Random Walk Initialization for Training Very Deep Feedforward Networks, 2014 (arXiv:1412.6558).
    """

    def __init__(self, factor: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32):
        self.factor, self.seed = factor, seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from pyflow.ops.random import random_uniform

        whole = shape if partition_info is None else partition_info.full_shape
        inputs = max(math.prod(float(d) for d in whole[:-1]), 1.0)
        limit = math.sqrt(3 / inputs) * self.factor
        return random_uniform(shape, -limit, limit, self.dtype if dtype is None else dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return _config(self, "factor", "seed")


@export("variance_scaling_initializer", "initializers.variance_scaling")
class VarianceScaling(Initializer):
    """Random numbers of variance scale / n, where n is the number of inputs, of outputs, or their mean.

    Args:
      mode: "fan_in", "fan_out" or "fan_avg".
      distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform".

    Raises:
      ValueError: an argument is none of these, or `scale` is not positive.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: Any = dtypes.float32,
    ):
        if scale <= 0.0:
            raise ValueError("`scale` must be positive float.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError("Invalid `mode` argument:", mode)
        distribution = distribution.lower()
        if distribution not in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError("Invalid `distribution` argument:", distribution)
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from pyflow.ops.random import random_normal, random_uniform, truncated_normal

        dtype = self.dtype if dtype is None else dtype
        fan_in, fan_out = fans(shape if partition_info is None else partition_info.full_shape)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, count)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random_uniform(shape, -limit, limit, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(variance), dtype, seed=self.seed)
        return truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return _config(self, "scale", "mode", "distribution", "seed")


def fans(shape: Any) -> tuple[int, int]:
    """How many inputs an output depends on, and how many outputs an input reaches, through weights of that shape."""
    if len(shape) < 1:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    field = math.prod(int(d) for d in shape[:-2])
    return int(shape[-2]) * field, int(shape[-1]) * field


_compute_fans = fans


@export("glorot_uniform_initializer", "initializers.glorot_uniform")
class GlorotUniform(VarianceScaling):
    """Uniform numbers in ±sqrt(6 / (inputs + outputs)).

    Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010.
    """

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32):
        super().__init__(scale=1.0, mode="fan_avg", distribution="uniform", seed=seed)

    def get_config(self) -> dict[str, Any]:
        return _config(self, "seed")


@export("glorot_normal_initializer", "initializers.glorot_normal")
class GlorotNormal(VarianceScaling):
    """Truncated normal numbers of variance 2 / (inputs + outputs); see `GlorotUniform`."""

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32):
        super().__init__(scale=1.0, mode="fan_avg", distribution="truncated_normal", seed=seed)

    def get_config(self) -> dict[str, Any]:
        return _config(self, "seed")


@export("initializers.lecun_normal")
def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal numbers of variance 1 / inputs. LeCun et al., Efficient BackProp, 1998."""
    return VarianceScaling(scale=1.0, mode="fan_in", distribution="truncated_normal", seed=seed)


@export("initializers.lecun_uniform")
def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform numbers in ±sqrt(3 / inputs). LeCun et al., Efficient BackProp, 1998."""
    return VarianceScaling(scale=1.0, mode="fan_in", distribution="uniform", seed=seed)


@export("initializers.he_normal")
def he_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal numbers of variance 2 / inputs. He et al., 2015 (arXiv:1502.01852)."""
    return VarianceScaling(scale=2.0, mode="fan_in", distribution="truncated_normal", seed=seed)


@export("initializers.he_uniform")
def he_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform numbers in ±sqrt(6 / inputs). He et al., 2015 (arXiv:1502.01852)."""
    return VarianceScaling(scale=2.0, mode="fan_in", distribution="uniform", seed=seed)


@export("initializers.identity")
class Identity(Initializer):
    """`gain` on the diagonal of a matrix, zeros beside it."""

    def __init__(self, gain: float = 1.0, dtype: Any = dtypes.float32):
        self.gain = gain
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        from pyflow.ops.linalg_basics import eye

        whole = shape if partition_info is None else partition_info.full_shape
        if len(whole) != 2:
            raise ValueError("Identity matrix initializer can only be used for 2D matrices.")
        whole = whole.as_list() if isinstance(whole, TensorShape) else whole
        matrix = eye(*whole, dtype=self.dtype if dtype is None else dtype)
        if partition_info is not None:
            matrix = raw.Slice(matrix, partition_info.var_offset, shape)
        return self.gain * matrix

    def get_config(self) -> dict[str, Any]:
        return _config(self, "gain")


zeros_initializer = Zeros
ones_initializer = Ones
constant_initializer = Constant
random_uniform_initializer = RandomUniform
random_normal_initializer = RandomNormal
truncated_normal_initializer = TruncatedNormal
uniform_unit_scaling_initializer = UniformUnitScaling
variance_scaling_initializer = VarianceScaling
glorot_uniform_initializer = GlorotUniform
glorot_normal_initializer = GlorotNormal
identity_initializer = Identity
