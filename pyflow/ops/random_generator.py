"""tf.random.experimental.Generator: a stream of random numbers that is kept in a variable.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/random/experimental/Generator
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops import random_stateful
from pyflow.ops.array_joining import stack
from pyflow.ops.random_stateful import PHILOX, PHILOX_STATE_SIZE, THREEFRY, THREEFRY_STATE_SIZE
from pyflow.ops.variable_v2 import Variable

RNG_ALG_PHILOX, RNG_ALG_THREEFRY, DEFAULT_ALGORITHM = PHILOX, THREEFRY, PHILOX

_MASK = (1 << 64) - 1


def _state_size(alg: int) -> int:
    sizes = {PHILOX: PHILOX_STATE_SIZE, THREEFRY: THREEFRY_STATE_SIZE}
    if alg not in sizes:
        raise ValueError(f"Unsupported algorithm id: {alg}")
    return sizes[alg]


def _signed(number: int) -> int:
    return number - (1 << 64) if number > _MASK >> 1 else number


@export("random.experimental.create_rng_state")
def create_rng_state(seed: Any, algorithm: int) -> np.ndarray:
    """The state, int64 [size], that a seed stands for.

    Args:
      seed: an int of any size, taken apart into words of 64 bits, or a vector of such words.
      algorithm: 1 for Philox (3 words), 2 for ThreeFry (2 words).

    Raises:
      ValueError: the algorithm is another, or the seed no vector.
    """
    size = _state_size(algorithm)
    words = [seed >> 64 * i & _MASK for i in range(size)] if isinstance(seed, int) else seed
    state = np.asarray([_signed(word) for word in words], np.int64)
    if state.ndim != 1:
        raise ValueError(f"seed should only have one dimension; got shape: {state.shape}")
    state = state[:size]
    return np.pad(state, [(size - len(state), 0)])  # at the left: a small seed is to be the key


def _as_state(state: Any) -> Tensor:
    words = [_signed(word) for word in state] if isinstance(state, list) else state
    return convert_to_tensor(words, dtype=dtypes.int64)


def _as_shape(shape: Any) -> Tensor:
    empty = isinstance(shape, (tuple, list)) and not shape
    return convert_to_tensor(shape, dtype=dtypes.int64 if empty else None, name="shape")


@export("random.experimental.Generator")
class Generator:
    """A stream of random numbers. Each use of a method's result in a run takes the next numbers of it.

    Args:
      copy_from: a generator whose state this one begins with, or
      state: the state to begin with, int64 [3] for Philox: the counter, low half first, and the key.
      alg: the algorithm: 1 for Philox, the one that there are kernels for.
    """

    def __init__(self, copy_from: Generator | None = None, state: Any = None, alg: Any = None):
        if copy_from is not None:
            assert (alg or state) is None
            self._state_var = Variable(copy_from.state, dtype=dtypes.int64, trainable=False)
            self._alg_var = copy_from.algorithm
            return
        assert alg is not None and state is not None
        state = _as_state(state)
        state.shape.assert_is_compatible_with([_state_size(alg)])
        self._state_var = Variable(state, dtype=dtypes.int64, trainable=False)
        self._alg_var = alg

    @classmethod
    def from_state(cls, state: Any, alg: Any) -> Generator:
        """A generator with that state."""
        return cls(alg=alg, state=state)

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> Generator:
        """A generator with the state of `create_rng_state`."""
        alg = DEFAULT_ALGORITHM if alg is None else alg
        return cls(state=create_rng_state(seed, alg), alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """A generator that begins anywhere."""
        alg = DEFAULT_ALGORITHM if alg is None else alg
        return cls(state=random_stateful.NonDeterministicInts([_state_size(alg)], dtype=dtypes.int64), alg=alg)

    @classmethod
    def from_key_counter(cls, key: Any, counter: Any, alg: Any) -> Generator:
        """A generator with that key, of shape (), and counter, [2] for Philox."""
        return cls(state=_joined(key, counter, alg), alg=alg)

    def reset(self, state: Any) -> None:
        """Adds the node that assigns a state."""
        state = _as_state(state)
        state.shape.assert_is_compatible_with([_state_size(self.algorithm)])
        self._state_var.assign(state)

    def reset_from_seed(self, seed: Any) -> None:
        """Adds the node that assigns the state of a seed."""
        self._state_var.assign(create_rng_state(seed, self.algorithm))

    def reset_from_key_counter(self, key: Any, counter: Any) -> None:
        """Adds the node that assigns a key and a counter."""
        self._state_var.assign(_joined(key, counter, self.algorithm))

    @property
    def state(self) -> Any:
        """The variable."""
        return self._state_var

    @property
    def algorithm(self) -> Any:
        """The algorithm's number."""
        return self._alg_var

    @property
    def key(self) -> Tensor:
        """The key, of shape ()."""
        _state_size(self.algorithm)
        return self._state_var[-1]

    def skip(self, delta: Any) -> None:
        """Adds the node that leaves out `delta` outputs."""
        random_stateful.RngSkip(self.state.handle, self.algorithm, delta)

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32, name: str | None = None
    ) -> Tensor:
        """Normally distributed numbers of that shape."""
        with name_scope(name, "stateful_normal", [shape, mean, stddev]) as scope:
            return self._scaled(random_stateful.StatefulStandardNormalV2, shape, mean, stddev, dtype, scope)

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32, name: str | None = None
    ) -> Tensor:
        """As `normal`, without numbers further than two standard deviations from the mean."""
        with name_scope(name, "truncated_normal", [shape, mean, stddev]) as scope:
            return self._scaled(random_stateful.StatefulTruncatedNormal, shape, mean, stddev, dtype, scope)

    def _scaled(self, kind: Any, shape: Any, mean: Any, stddev: Any, dtype: Any, scope: str) -> Tensor:
        size = _as_shape(shape)
        mean = convert_to_tensor(mean, dtype=dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
        drawn = kind(self.state.handle, self.algorithm, size, dtype=dtype)
        return raw.Add(drawn * stddev, mean, name=scope)

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = dtypes.float32, name: str | None = None
    ) -> Tensor:
        """Uniformly distributed numbers from minval to below maxval (1 if None), floats or integers.

        Raises:
          ValueError: there is no maxval for integers.
        """
        dtype = dtypes.as_dtype(dtype)
        if maxval is None:
            if dtype.is_integer:
                raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
            maxval = 1
        with name_scope(name, "stateful_uniform", [shape, minval, maxval]) as scope:
            size = _as_shape(shape)
            low = convert_to_tensor(minval, dtype=dtype, name="min")
            high = convert_to_tensor(maxval, dtype=dtype, name="max")
            handle, alg = self.state.handle, self.algorithm
            if dtype.is_integer:
                return random_stateful.StatefulUniformInt(handle, alg, size, low, high, name=scope)
            drawn = random_stateful.StatefulUniform(handle, alg, size, dtype=dtype)
            return raw.Add(drawn * (high - low), low, name=scope)

    def uniform_full_int(self, shape: Any, dtype: Any = dtypes.uint64, name: str | None = None) -> Tensor:
        """Integers of all that there are of the dtype."""
        with name_scope(name, "stateful_uniform_full_int", [shape]) as scope:
            handle, alg, size = self.state.handle, self.algorithm, _as_shape(shape)
            return random_stateful.StatefulUniformFullInt(handle, alg, size, dtype=dtypes.as_dtype(dtype), name=scope)

    def binomial(
        self, shape: Any, counts: Any, probs: Any, dtype: Any = dtypes.int32, name: str | None = None
    ) -> Tensor:
        """Binomially distributed numbers."""
        raise NotImplementedError("Generator.binomial")

    def make_seeds(self, count: int = 1) -> Tensor:
        """Seeds for stateless random ops, int64 [2, count]."""
        _state_size(self.algorithm)
        keys = self.uniform_full_int([count], dtype=dtypes.int64)
        return stack([keys, raw.ZerosLike(keys)])

    def split(self, count: int = 1) -> list[Generator]:
        """Independent generators.

        Raises:
          NotImplementedError: there is no eager execution, which it needs to see the keys.
        """
        raise NotImplementedError("Generator.split without eager execution")


def _joined(key: Any, counter: Any, alg: Any) -> Tensor:
    counter, key = _as_state(counter), _as_state(key)
    counter.shape.assert_is_compatible_with([_state_size(alg) - 1])
    key.shape.assert_is_compatible_with([])
    return raw.ConcatV2([counter, raw.Reshape(key, [1])], 0)


_global: list[Generator] = []


@export("random.experimental.get_global_generator")
def get_global_generator() -> Generator:
    """The generator of the process; the first call makes one."""
    if not _global:
        _global.append(Generator.from_non_deterministic_state())
    return _global[0]


@export("random.experimental.set_global_generator")
def set_global_generator(generator: Generator) -> None:
    """Makes a generator that of the process."""
    _global[:] = [generator]
