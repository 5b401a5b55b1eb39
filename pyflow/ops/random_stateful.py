"""Random numbers whose stream stands in a variable: an int64 vector of the counter, low half first, and the key."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import bfloat16, float16, float32, float64, int32, int64, uint32, uint64
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, one_of, op
from pyflow.ops.philox import Philox
from pyflow.ops.random_ops import check_bounds, sizes_from, uniform_int_shape
from pyflow.ops.random_sampling import fill_standard_normal, fill_truncated_normal, fill_uniform, fill_uniform_int
from pyflow.ops.shape_rules import no_outputs

PHILOX, THREEFRY = 1, 2
PHILOX_STATE_SIZE, THREEFRY_STATE_SIZE = 3, 2

_BLOCKS_PER_OUTPUT = 256
_SHAPE_TYPE = one_of((int32, int64), default=int64)
_FLOATS = one_of((float16, bfloat16, float32, float64), default=float32)
_WHOLE = (int32, int64, uint32, uint64)


def _shape(shape, shape_value, shape_dims):
    return sizes_from(shape, shape_value, shape_dims)


def _reserve(variable: Any, algorithm: Any, outputs: int, blocks: int | None = None) -> Philox:
    """Where the stream in a variable stands, which moves on by as many outputs, or exactly by so many blocks.

    Raises:
      InvalidArgumentError: the algorithm is not known here, or the variable holds no such state.
    """
    if int(algorithm) != PHILOX:
        raise InvalidArgumentError(None, None, f"Unsupported algorithm id: {int(algorithm)}")
    state = variable.changing()
    if variable.dtype is not int64:
        raise InvalidArgumentError(None, None, f"dtype of RNG state variable must be int64, not {variable.dtype.name}")
    if state.ndim != 1:
        raise InvalidArgumentError(None, None, f"RNG state must have one and only one dimension, not {state.ndim}")
    if len(state) < PHILOX_STATE_SIZE:
        words = f"For the Philox algorithm, the size of state must be at least {PHILOX_STATE_SIZE}; got {len(state)}"
        raise InvalidArgumentError(None, None, words)
    low, high, key = state[:PHILOX_STATE_SIZE].view(np.uint64).tolist()
    place = Philox(key, low | high << 64)
    moved = place.skip(outputs * _BLOCKS_PER_OUTPUT if blocks is None else blocks).counter
    state[:2].view(np.uint64)[:] = moved & 0xFFFFFFFFFFFFFFFF, moved >> 64
    return place


@op(
    "StatefulStandardNormalV2(resource: resource, algorithm: int64, shape: shape_dtype) -> (output: dtype)",
    dtype=_FLOATS,
    shape_dtype=_SHAPE_TYPE,
)
class StatefulStandardNormalV2:
    """Normal with mean 0 and standard deviation 1."""

    stateful = True
    shape = _shape
    grad = NOT_DIFFERENTIABLE

    def cpu(resource, algorithm, shape, out):
        fill_standard_normal(_reserve(resource, algorithm, out.size), out)


@op(
    "StatefulTruncatedNormal(resource: resource, algorithm: int64, shape: shape_dtype) -> (output: dtype)",
    dtype=_FLOATS,
    shape_dtype=_SHAPE_TYPE,
)
class StatefulTruncatedNormal:
    """Normal with mean 0 and standard deviation 1, without what is further than 2 from the mean."""

    stateful = True
    shape = _shape
    grad = NOT_DIFFERENTIABLE

    def cpu(resource, algorithm, shape, out):
        fill_truncated_normal(_reserve(resource, algorithm, out.size), out)


@op(
    "StatefulUniform(resource: resource, algorithm: int64, shape: shape_dtype) -> (output: dtype)",
    dtype=_FLOATS,
    shape_dtype=_SHAPE_TYPE,
)
class StatefulUniform:
    """Uniform in [0, 1)."""

    stateful = True
    shape = _shape
    grad = NOT_DIFFERENTIABLE

    def cpu(resource, algorithm, shape, dtype, out):
        fill_uniform(_reserve(resource, algorithm, out.size), out, dtype is bfloat16)


@op(
    "StatefulUniformInt(resource: resource, algorithm: int64, shape: shape_dtype, minval: dtype, maxval: dtype) -> "
    "(output: dtype)",
    dtype=one_of(_WHOLE, default=int64),
    shape_dtype=_SHAPE_TYPE,
)
class StatefulUniformInt:
    """Integers in [minval, maxval), by remainder."""

    stateful = True
    shape = uniform_int_shape
    grad = NOT_DIFFERENTIABLE

    def cpu(resource, algorithm, shape, minval, maxval, out):
        low, high = check_bounds(minval, maxval)
        # Of unsigned integers no more is passed over than they take.
        blocks = -(-out.nbytes // 16) if out.dtype.kind == "u" else None
        fill_uniform_int(_reserve(resource, algorithm, out.size, blocks), out, low, high)


@op(
    "StatefulUniformFullInt(resource: resource, algorithm: int64, shape: shape_dtype) -> (output: dtype)",
    dtype=one_of(_WHOLE, default=uint64),
    shape_dtype=_SHAPE_TYPE,
)
class StatefulUniformFullInt:
    """Integers of all that there are of the dtype."""

    stateful = True
    shape = _shape
    grad = NOT_DIFFERENTIABLE

    def cpu(resource, algorithm, shape, out):
        place = _reserve(resource, algorithm, out.size)
        words = place.words64(out.size) if out.dtype.itemsize == 8 else place.words(out.size)
        out[...] = words.view(out.dtype).reshape(out.shape)


@op("RngSkip(resource: resource, algorithm: int64, delta: int64) -> ()")
class RngSkip:
    """Moves the stream on by `delta` outputs."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE

    def cpu(resource, algorithm, delta):
        _reserve(resource, algorithm, int(delta))


@op(
    "NonDeterministicInts(shape: shape_dtype) -> (output: dtype)",
    dtype=one_of(_WHOLE, default=int64),
    shape_dtype=_SHAPE_TYPE,
)
class NonDeterministicInts:
    """Integers of all that there are of the dtype, from the system's source of chance."""

    stateful = True
    shape = _shape
    grad = NOT_DIFFERENTIABLE

    def cpu(shape, out):
        out[...] = np.frombuffer(secrets.token_bytes(out.nbytes), out.dtype).reshape(out.shape)


non_deterministic_ints = NonDeterministicInts
STATE_TYPE = SEED_TYPE = dtypes.int64
