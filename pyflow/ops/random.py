"""tf.random_normal, tf.random_uniform and their kin: the random ops, scaled and moved."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import dimension_value
from pyflow.core.dtypes import float32, int32, int64
from pyflow.core.scopes import name_scope
from pyflow.core.seeds import get_seed
from pyflow.core.tensor import Tensor
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_slicing import slice_ as slice_of
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.math_binary import add
from pyflow.ops.messages import Assert
from pyflow.ops.random_ops import (
    FLOAT_TYPES,
    Multinomial,
    ParameterizedTruncatedNormal,
    RandomShuffle,
    RandomStandardNormal,
    RandomUniform,
    RandomUniformInt,
    TruncatedNormal,
)
from pyflow.ops.reduce_functions import reduce_all

_UNIFORM_TYPES = (*FLOAT_TYPES, int32, int64)


def shape_tensor(shape: Any) -> Tensor:
    """A shape argument as an int32 or int64 vector."""
    if isinstance(shape, (tuple, list)):
        sizes = tuple(dimension_value(size) for size in shape)
        return convert_to_tensor(sizes, dtype=None if sizes else int32, name="shape")
    return convert_to_tensor(shape, name="shape")


@export("random.normal", "random_normal")
def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal random numbers of the given mean and standard deviation.

    Args:
      shape: list of sizes, `TensorShape` or int vector.
      seed: see `set_random_seed`.
    """
    with name_scope(name, "random_normal", [shape, mean, stddev]) as name:
        sizes = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype=dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
        seed1, seed2 = get_seed(seed)
        return add(RandomStandardNormal(sizes, dtype, seed=seed1, seed2=seed2) * stddev, mean, name=name)


@export("random.truncated_normal", "truncated_normal")
def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal random numbers; those two or more standard deviations from the mean are drawn again.

    Args:
      shape: list of sizes, `TensorShape` or int vector.
      stddev: the standard deviation before truncation; afterwards it is 0.88 of that.
      seed: see `set_random_seed`.
    """
    with name_scope(name, "truncated_normal", [shape, mean, stddev]) as name:
        sizes = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype=dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
        seed1, seed2 = get_seed(seed)
        return add(TruncatedNormal(sizes, dtype, seed=seed1, seed2=seed2) * stddev, mean, name=name)


def parameterized_truncated_normal(
    shape: Any,
    means: Any = 0.0,
    stddevs: Any = 1.0,
    minvals: Any = -2.0,
    maxvals: Any = 2.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal random numbers within [minvals, maxvals]; each parameter is a scalar or has an entry for each row.

    Raises:
      InvalidArgumentError: at the run, for a standard deviation that isn't positive, or bounds that leave no room or
        are both infinite.
    """
    with name_scope(name, "parameterized_truncated_normal", [shape, means, stddevs, minvals, maxvals]) as name:
        sizes = shape_tensor(shape)
        means = convert_to_tensor(means, dtype=dtype, name="means")
        stddevs = convert_to_tensor(stddevs, dtype=dtype, name="stddevs")
        minvals = convert_to_tensor(minvals, dtype=dtype, name="minvals")
        maxvals = convert_to_tensor(maxvals, dtype=dtype, name="maxvals")
        seed1, seed2 = get_seed(seed)
        return ParameterizedTruncatedNormal(sizes, means, stddevs, minvals, maxvals, seed=seed1, seed2=seed2)


def uniform_arguments(maxval: Any, dtype: Any) -> tuple[Any, dtypes.DType]:
    """`maxval`, which is 1 by default for floats, and the dtype.

    Raises:
      ValueError: numbers of that dtype cannot be drawn, or `maxval` is missing for integers.
    """
    dtype = dtypes.as_dtype(dtype)
    if dtype not in _UNIFORM_TYPES:
        raise ValueError(f"Invalid dtype {dtype!r}")
    if maxval is None:
        if dtype.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
        maxval = 1
    return maxval, dtype


@export("random.uniform", "random_uniform")
def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Uniform random numbers in [minval, maxval), float or int.

    Args:
      shape: list of sizes, `TensorShape` or int vector.
      maxval: 1 by default; integers need it.
      seed: see `set_random_seed`.

    Raises:
      ValueError: the dtype has no random numbers, or `maxval` is missing for integers.
      InvalidArgumentError: at the run, for integers with minval >= maxval.
    """
    maxval, dtype = uniform_arguments(maxval, dtype)
    with name_scope(name, "random_uniform", [shape, minval, maxval]) as name:
        sizes = shape_tensor(shape)
        minval = convert_to_tensor(minval, dtype=dtype, name="min")
        maxval = convert_to_tensor(maxval, dtype=dtype, name="max")
        seed1, seed2 = get_seed(seed)
        if dtype.is_integer:
            return RandomUniformInt(sizes, minval, maxval, seed=seed1, seed2=seed2, name=name)
        return add(RandomUniform(sizes, dtype, seed=seed1, seed2=seed2) * (maxval - minval), minval, name=name)


@export("random.shuffle", "random_shuffle")
def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """`value` with its first dimension in random order."""
    seed1, seed2 = get_seed(seed)
    return RandomShuffle(value, seed=seed1, seed2=seed2, name=name)


@export("image.random_crop", "random_crop")
def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """A piece of shape `size` of `value`, from a random place.

    Raises:
      InvalidArgumentError: at the run, if `value` is smaller than `size` in any dimension.
    """
    with name_scope(name, "random_crop", [value, size]) as name:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, dtype=int32, name="size")
        shape = shape_of(value)
        fits = Assert(reduce_all(shape >= size), ["Need value.shape >= size, got ", shape, size], summarize=1000)
        shape = with_dependencies([fits], shape)
        limit = shape - size + 1
        anywhere = random_uniform(shape_of(shape), dtype=size.dtype, maxval=size.dtype.max, seed=seed)
        return slice_of(value, anywhere % limit, size, name=name)


@export("random.multinomial", "multinomial")
def multinomial(
    logits: Any, num_samples: Any, seed: int | None = None, name: str | None = None, output_dtype: Any = None
) -> Tensor:
    """`random.categorical` under its older name."""
    with name_scope(name, "multinomial", [logits]):
        return _categorical(logits, num_samples, output_dtype, seed)


@export("random.categorical")
def categorical(
    logits: Any, num_samples: Any, dtype: Any = None, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Classes by their unnormalised log-probabilities: [batch, num_samples] for `logits` [batch, classes].

    Args:
      dtype: int32 or int64, which is the default.
    """
    with name_scope(name, "categorical", [logits]):
        return _categorical(logits, num_samples, dtype, seed)


def _categorical(logits: Any, num_samples: Any, dtype: Any, seed: int | None) -> Tensor:
    logits = convert_to_tensor(logits, name="logits")
    seed1, seed2 = get_seed(seed)
    return Multinomial(logits, num_samples, seed=seed1, seed2=seed2, output_dtype=int64 if dtype is None else dtype)
