"""Random numbers: uniform, normal, shuffled, chosen by weight.

A random op keeps its place in its stream from run to run of a session, node by node; what it draws is in
random_sampling.py and rejection_sampling.py. The functions that make these ops are in random.py, gamma and
Poisson in random_gamma_poisson.py, ops that are given their seeds as a tensor in random_stateless.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import bfloat16, float16, float32, float64, int64
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op
from pyflow.core.tensor import StaticShape, brackets
from pyflow.ops.gpu_random import INTEGERS, NORMAL, TRUNCATED, UNIFORM, drawn
from pyflow.ops.philox import PhiloxState
from pyflow.ops.random_sampling import (
    categorical,
    fill_standard_normal,
    fill_truncated_normal,
    fill_uniform,
    fill_uniform_int,
    permutation,
    uniform_of,
)
from pyflow.ops.rejection_sampling import parameterized_truncated_normal as fill_within_bounds
from pyflow.ops.rejection_sampling import truncated_normal_blocks
from pyflow.ops.shape_rules import same_as, with_rank

FLOAT_TYPES = (float16, bfloat16, float32, float64)


def stream(ctx: Any, seed: int, seed2: int) -> PhiloxState:
    """The node's stream in this session."""
    return ctx.state(lambda: PhiloxState(seed, seed2))


def sizes_from(shape: StaticShape, value: Any, dims: StaticShape) -> StaticShape:
    """Rule of an output whose shape is the value of an int vector.

    Raises:
      ShapeError: it is no vector, or has an entry below -1 (which no dimension can have, not even an unknown one).
    """
    if shape is not None and len(shape) != 1:
        words = f"shape must be a vector of {{int32,int64}}, got shape {brackets(shape)}"
        raise ShapeError(f"Shape must be rank 1 but is rank {len(shape)}", at_run=words)
    for size in () if value is None else np.asarray(value).reshape(-1).tolist():
        if size < -1:
            raise ShapeError(f"Invalid value in tensor used for shape: {size}", f"Dimension {size} must be >= 0")
    return dims


def require_scalar(shape: StaticShape, name: str) -> None:
    """Raises ShapeError when an input of that name cannot be a scalar."""
    if shape is not None and len(shape):
        raise ShapeError(
            f"Shape must be rank 0 but is rank {len(shape)}", f"{name} must be 0-D, got shape {brackets(shape)}"
        )


def _filled(shape, shape_value, shape_dims):
    return sizes_from(shape, shape_value, shape_dims)


@op("RandomUniform(shape: T) -> (output: dtype)", seed=0, seed2=0, dtype=FLOAT_TYPES, T=dtypes.INDEX)
class RandomUniform:
    """Uniform in [0, 1)."""

    stateful = True
    shape = _filled

    def cpu(shape, seed, seed2, ctx, out):
        state, narrow = stream(ctx, seed, seed2), ctx.op.attrs["dtype"] is bfloat16
        if out.ndim == 0 and out.dtype == np.float32 and not narrow:
            out[()] = uniform_of(state.first_word())
        else:
            fill_uniform(state.reserve_outputs(out.size), out, narrow)

    grad = NOT_DIFFERENTIABLE
    gpu = drawn(UNIFORM, stream)


def uniform_int_shape(shape, shape_value, shape_dims, minval, maxval):
    """Rule of the ops that draw integers between two scalars."""
    require_scalar(minval, "minval")
    require_scalar(maxval, "maxval")
    return sizes_from(shape, shape_value, shape_dims)


def check_bounds(minval: Any, maxval: Any) -> tuple[int, int]:
    """Both as ints.

    Raises:
      InvalidArgumentError: there is no integer from minval to below maxval.
    """
    if not minval < maxval:
        raise InvalidArgumentError(None, None, f"Need minval < maxval, got {minval} >= {maxval}")
    return int(minval), int(maxval)


@op(
    "RandomUniformInt(shape: T, minval: Tout, maxval: Tout) -> (output: Tout)",
    seed=0,
    seed2=0,
    Tout=dtypes.INDEX,
    T=dtypes.INDEX,
)
class RandomUniformInt:
    """Integers in [minval, maxval), by remainder: slightly uneven unless their number is a power of two."""

    stateful = True
    shape = uniform_int_shape

    def cpu(shape, minval, maxval, seed, seed2, ctx, out):
        if out.size:
            low, high = check_bounds(minval, maxval)
            fill_uniform_int(stream(ctx, seed, seed2).reserve_outputs(out.size), out, low, high)

    grad = NOT_DIFFERENTIABLE
    gpu = drawn(INTEGERS, stream)


@op("RandomStandardNormal(shape: T) -> (output: dtype)", seed=0, seed2=0, dtype=FLOAT_TYPES, T=dtypes.INDEX)
class RandomStandardNormal:
    """Normal with mean 0 and standard deviation 1."""

    stateful = True
    shape = _filled

    def cpu(shape, seed, seed2, ctx, out):
        fill_standard_normal(stream(ctx, seed, seed2).reserve_outputs(out.size), out)

    grad = NOT_DIFFERENTIABLE
    gpu = drawn(NORMAL, stream)


@op("TruncatedNormal(shape: T) -> (output: dtype)", seed=0, seed2=0, dtype=FLOAT_TYPES, T=dtypes.INDEX)
class TruncatedNormal:
    """Normal with mean 0 and standard deviation 1, drawn again until its magnitude is below 2."""

    stateful = True
    shape = _filled

    def cpu(shape, seed, seed2, ctx, out):
        fill_truncated_normal(stream(ctx, seed, seed2).reserve_outputs(out.size), out)

    grad = NOT_DIFFERENTIABLE
    gpu = drawn(TRUNCATED, stream)


def _check_parameter(name: str, values: np.ndarray, rows: int) -> None:
    if values.ndim and len(values) not in (1, rows):
        shape = brackets(values.shape)
        raise InvalidArgumentError(None, None, f"Input {name} should have length 1 or shape[0], got shape: {shape}")


@op(
    "ParameterizedTruncatedNormal(shape: T, means: dtype, stdevs: dtype, minvals: dtype, maxvals: dtype)"
    " -> (output: dtype)",
    seed=0,
    seed2=0,
    dtype=FLOAT_TYPES,
    T=dtypes.INDEX,
)
class ParameterizedTruncatedNormal:
    """Normal within bounds; each parameter is a scalar, or a vector with an entry for each row of the output."""

    stateful = True

    def shape(shape, shape_value, shape_dims, means, stdevs, minvals, maxvals):
        for name, given in (("means", means), ("stddevs", stdevs), ("minvals", minvals), ("maxvals", maxvals)):
            if given is not None and len(given) > 1:
                raise ShapeError(
                    f"Shape must be at most rank 1 but is rank {len(given)}",
                    f"Input {name} should be a scalar or vector, got shape: {brackets(given)}",
                )
        if shape is not None and len(shape) != 1:
            raise ShapeError(
                f"Shape must be rank 1 but is rank {len(shape)}",
                f"Input shape should be a vector, got shape: {brackets(shape)}",
            )
        return sizes_from(shape, shape_value, shape_dims)

    def cpu(shape, means, stdevs, minvals, maxvals, seed, seed2, ctx, out):
        given = {"means": means, "stddevs": stdevs, "minvals": minvals, "maxvals": maxvals}
        given = {name: np.asarray(values) for name, values in given.items()}
        shared = given["means"].size == given["stddevs"].size == 1
        shared = shared and given["minvals"].ndim == given["maxvals"].ndim == 0
        rows = out.shape[0] if out.ndim else 1
        if not shared:
            for name, values in given.items():
                _check_parameter(name, values, rows)
        place = stream(ctx, seed, seed2).reserve(truncated_normal_blocks(out.size, rows, shared))
        if out.size:
            parameters = [values.reshape(-1) for values in given.values()]
            fill_within_bounds(place, out.reshape(rows, -1), *parameters, shared=shared)

    grad = NOT_DIFFERENTIABLE


@op("RandomShuffle(value: T) -> (output: T)", seed=0, seed2=0, T=dtypes.ANY)
class RandomShuffle:
    """The same rows in random order."""

    stateful = True
    shape = same_as("value")

    def cpu(value, seed, seed2, ctx, out):
        if out.ndim == 0 or out.size <= 1 or len(out) <= 1:
            out[...] = value
        else:
            order = permutation(stream(ctx, seed, seed2).reserve_words(len(out) - 1), len(out))
            np.take(value, order, axis=0, out=out, mode="clip")

    grad = NOT_DIFFERENTIABLE


def choice_shape(logits, num_samples, num_samples_value):
    """Rule of the ops that choose classes."""
    if logits is not None and len(logits) != 2:
        words = f"logits should be a matrix, got shape {brackets(logits)}"
        raise ShapeError(f"Shape must be rank 2 but is rank {len(logits)}", words)
    if num_samples is not None and len(num_samples):
        words = f"num_samples should be a scalar, got shape {brackets(num_samples)}"
        raise ShapeError(f"Shape must be rank 0 but is rank {len(num_samples)}", words)
    samples = None if num_samples_value is None else int(num_samples_value)
    if samples is not None and samples < 0:
        raise ShapeError(
            f"Dimension size, given by scalar input 1, must be non-negative but is {samples}",
            f"num_samples should be nonnegative, got {samples}",
        )
    return with_rank(logits, 2)[0], samples


def choose(reserve: Any, logits: np.ndarray, out: np.ndarray) -> None:
    """Fills `out` [batch, samples] with classes; `reserve(outputs)` gives the stream.

    Raises:
      InvalidArgumentError: there are no classes.
    """
    if not logits.shape[1]:
        raise InvalidArgumentError(None, None, "num_classes should be positive, got 0")
    if out.size:
        batch, samples = out.shape
        # Two outputs for each number, since the numbers are float64, and the samples rounded up to whole blocks.
        out[...] = categorical(reserve(2 * batch * -(-samples // 4) * 4), logits, samples)


@op(
    "Multinomial(logits: T, num_samples: int32) -> (output: output_dtype)",
    seed=0,
    seed2=0,
    T=dtypes.REAL,
    output_dtype=one_of(dtypes.INDEX, default=int64),
)
class Multinomial:
    """Classes by their unnormalised log-probabilities, for each row of `logits` [batch, classes]."""

    stateful = True
    shape = choice_shape

    def cpu(logits, num_samples, seed, seed2, ctx, out):
        choose(stream(ctx, seed, seed2).reserve_outputs, logits, out)

    grad = NOT_DIFFERENTIABLE
