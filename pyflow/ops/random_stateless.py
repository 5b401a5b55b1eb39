"""Random numbers that are a function of a seed tensor: the same seed gives the same numbers at every run."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import bfloat16, float16, float32, int32, int64
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor, brackets
from pyflow.ops.gpu_random import INTEGERS, NORMAL, TRUNCATED, UNIFORM, stateless
from pyflow.ops.math_binary import add
from pyflow.ops.philox import Philox, stateless_philox
from pyflow.ops.random import shape_tensor, uniform_arguments
from pyflow.ops.random_ops import FLOAT_TYPES, check_bounds, choice_shape, choose, sizes_from, uniform_int_shape
from pyflow.ops.random_sampling import fill_standard_normal, fill_truncated_normal, fill_uniform, fill_uniform_int

_SEED_TYPE = one_of(dtypes.INDEX, default=int64)
_SHAPE_TYPE = one_of(dtypes.INDEX, default=int32)
_FLOAT_TYPE = one_of(FLOAT_TYPES, default=float32)


def _check_seed(seed) -> None:
    if seed is not None and len(seed) != 1:
        words = f"Shape must be rank 1 but is rank {len(seed)}"
    elif seed is not None and seed[0] not in (2, None):
        words = f"Dimension must be 2 but is {seed[0]}"
    else:
        return
    raise ShapeError(words, f"seed must have shape [2], not {brackets(seed)}")


def _filled(shape, shape_value, shape_dims, seed):
    _check_seed(seed)
    return sizes_from(shape, shape_value, shape_dims)


def _stream(seed: np.ndarray) -> Philox:
    first, second = seed.tolist()
    return stateless_philox(first, second)


@op(
    "StatelessRandomUniform(shape: T, seed: Tseed) -> (output: dtype)",
    dtype=_FLOAT_TYPE,
    T=_SHAPE_TYPE,
    Tseed=_SEED_TYPE,
)
class StatelessRandomUniform:
    """Uniform in [0, 1)."""

    shape = _filled

    def cpu(shape, seed, ctx, out):
        fill_uniform(_stream(seed), out, ctx.op.attrs["dtype"] is bfloat16)

    grad = NOT_DIFFERENTIABLE
    gpu = stateless(UNIFORM)
    samples = [sample([2, 3], [1, -2], grad=False)]


@op(
    "StatelessRandomUniformInt(shape: T, seed: Tseed, minval: dtype, maxval: dtype) -> (output: dtype)",
    dtype=dtypes.INDEX,
    T=dtypes.INDEX,
    Tseed=_SEED_TYPE,
)
class StatelessRandomUniformInt:
    """Integers in [minval, maxval)."""

    def shape(shape, shape_value, shape_dims, seed, minval, maxval):
        _check_seed(seed)
        return uniform_int_shape(shape, shape_value, shape_dims, minval, maxval)

    def cpu(shape, seed, minval, maxval, out):
        if out.size:
            fill_uniform_int(_stream(seed), out, *check_bounds(minval, maxval))

    grad = NOT_DIFFERENTIABLE
    gpu = stateless(INTEGERS)
    samples = [sample([2, 3], [1, -2], np.array(-3), np.array(9))]


@op(
    "StatelessRandomNormal(shape: T, seed: Tseed) -> (output: dtype)",
    dtype=_FLOAT_TYPE,
    T=_SHAPE_TYPE,
    Tseed=_SEED_TYPE,
)
class StatelessRandomNormal:
    """Normal with mean 0 and standard deviation 1."""

    shape = _filled

    def cpu(shape, seed, out):
        fill_standard_normal(_stream(seed), out)

    grad = NOT_DIFFERENTIABLE
    gpu = stateless(NORMAL)
    samples = [sample([2, 3], [1, -2], grad=False), sample([5], [1, -2], dtype=float16, grad=False)]


@op(
    "StatelessTruncatedNormal(shape: T, seed: Tseed) -> (output: dtype)",
    dtype=_FLOAT_TYPE,
    T=_SHAPE_TYPE,
    Tseed=_SEED_TYPE,
)
class StatelessTruncatedNormal:
    """Normal with mean 0 and standard deviation 1, drawn again until its magnitude is below 2."""

    shape = _filled

    def cpu(shape, seed, out):
        fill_truncated_normal(_stream(seed), out)

    grad = NOT_DIFFERENTIABLE
    gpu = stateless(TRUNCATED)
    samples = [sample([2, 3], [1, -2], grad=False)]


@op(
    "StatelessMultinomial(logits: T, num_samples: int32, seed: Tseed) -> (output: output_dtype)",
    T=dtypes.REAL,
    Tseed=_SEED_TYPE,
    output_dtype=one_of(dtypes.INDEX, default=int64),
)
class StatelessMultinomial:
    """Classes by their unnormalised log-probabilities, for each row of `logits` [batch, classes]."""

    def shape(logits, num_samples, num_samples_value, seed):
        _check_seed(seed)
        return choice_shape(logits, num_samples, num_samples_value)

    def cpu(logits, num_samples, seed, out):
        choose(lambda outputs: _stream(seed), logits, out)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[0.5, 1.0, -1.0]], np.array(4, np.int32), [1, -2], grad=False)]


# ---- the functions ----


@export("random.stateless_uniform")
def stateless_random_uniform(
    shape: Any, seed: Any, minval: Any = 0, maxval: Any = None, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """Uniform random numbers in [minval, maxval), float or int, determined by `seed`.

    Args:
      seed: two integers.
      maxval: 1 by default; integers need it.

    Raises:
      ValueError: the dtype has no random numbers, or `maxval` is missing for integers.
    """
    maxval, dtype = uniform_arguments(maxval, dtype)
    with name_scope(name, "stateless_random_uniform", [shape, seed, minval, maxval]) as name:
        sizes = shape_tensor(shape)
        minval = convert_to_tensor(minval, dtype=dtype, name="min")
        maxval = convert_to_tensor(maxval, dtype=dtype, name="max")
        if dtype.is_integer:
            return StatelessRandomUniformInt(sizes, seed, minval, maxval, name=name)
        return add(StatelessRandomUniform(sizes, seed, dtype=dtype) * (maxval - minval), minval, name=name)


@export("random.stateless_normal")
def stateless_random_normal(
    shape: Any, seed: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """Normal random numbers determined by `seed`, two integers."""
    with name_scope(name, "stateless_random_normal", [shape, seed, mean, stddev]) as name:
        sizes = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype=dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
        return add(StatelessRandomNormal(sizes, seed, dtype=dtype) * stddev, mean, name=name)


@export("random.stateless_truncated_normal")
def stateless_truncated_normal(
    shape: Any, seed: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """Normal random numbers less than two standard deviations from the mean, determined by `seed`, two integers."""
    with name_scope(name, "stateless_truncated_normal", [shape, seed, mean, stddev]) as name:
        sizes = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype=dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
        return add(StatelessTruncatedNormal(sizes, seed, dtype=dtype) * stddev, mean, name=name)


@export("random.stateless_multinomial")
def stateless_multinomial(
    logits: Any, num_samples: Any, seed: Any, output_dtype: Any = int64, name: str | None = None
) -> Tensor:
    """`random.stateless_categorical` under its older name."""
    with name_scope(name, "stateless_multinomial", [logits, seed]):
        logits = convert_to_tensor(logits, name="logits")
        return StatelessMultinomial(logits, num_samples, seed, output_dtype=output_dtype)


@export("random.stateless_categorical")
def stateless_categorical(
    logits: Any, num_samples: Any, seed: Any, dtype: Any = int64, name: str | None = None
) -> Tensor:
    """Classes by their unnormalised log-probabilities, [batch, num_samples], determined by `seed`, two integers."""
    with name_scope(name, "stateless_categorical", [logits, seed]):
        logits = convert_to_tensor(logits, name="logits")
        return StatelessMultinomial(logits, num_samples, seed, output_dtype=dtype)
