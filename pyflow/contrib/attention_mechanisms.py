"""tf.contrib.seq2seq: attention by products (Luong, https://arxiv.org/abs/1508.04025) and by sums (Bahdanau,
https://arxiv.org/abs/1409.0473), plain and monotonic (https://arxiv.org/abs/1704.00784)."""

from __future__ import annotations

import functools
import math
from typing import Any, Callable

import numpy as np

from pyflow.contrib.attention_memory import MemoryAttention
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float32, int32
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.layers.dense_layer import Dense
from pyflow.ops.array import expand_dims, reshape, squeeze, transpose
from pyflow.ops.array_filling import ones, zeros
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.clip import clip_by_value
from pyflow.ops.cumulative import cumprod, cumsum
from pyflow.ops.initializers import Constant, Ones, Zeros
from pyflow.ops.math_sigmoid import sigmoid, tanh
from pyflow.ops.math_unary import exp, log, rsqrt, square
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_softmax import softmax
from pyflow.ops.random import random_normal
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.sequence_loops import scan
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import variable_scope


def _by_products(query: Tensor, keys: Tensor, scale: Any) -> Tensor:
    """The scores of the keys [batch, time, units], their products with the query [batch, units].

    Raises:
      ValueError: query and keys are of different sizes.
    """
    depth, units = query.get_shape()[-1], keys.get_shape()[-1]
    if depth != units:
        raise ValueError(
            f"Incompatible or unknown inner dimensions between query and keys.  Query ({query}) has units: {depth}.  "
            f"Keys ({keys}) have units: {units}.  Perhaps you need to set num_units to the keys' dimension ({units})?"
        )
    score = squeeze(matmul(expand_dims(query, 1), keys, transpose_b=True), [1])
    return score if scale is None else scale * score


def _by_sums(query: Tensor, keys: Tensor, v: Tensor, g: Any = None, b: Any = None) -> Tensor:
    """The scores of the keys: v · tanh(key + query), with a `v` of length `g` and a bias `b` where they are given."""
    query = expand_dims(query, 1)
    if g is None:
        return reduce_sum(v * tanh(keys + query), [2])
    normed = g * v * rsqrt(reduce_sum(square(v)))
    return reduce_sum(normed * tanh(keys + query + b), [2])


class _Products(MemoryAttention):
    """Attention by products, in whose scope "luong_attention" there may be a scale."""

    _scope = "luong_attention"
    _is_biased = False
    _scale: bool
    _score_bias_init: float

    def __call__(self, query: Tensor, state: Any) -> tuple[Tensor, Tensor]:
        """(alignments, next state) for a query [batch, units]; both are the same."""
        with variable_scope(None, self._scope, [query]):
            scale = None
            if self._scale:
                scale = get_variable("attention_g", dtype=query.dtype, initializer=Ones, shape=())
            score = _by_products(query, self._keys, scale)
            if self._is_biased:
                score += get_variable("attention_score_bias", dtype=query.dtype, initializer=self._score_bias_init)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


class _Sums(MemoryAttention):
    """Attention by sums, with the variable "attention_v" in a scope "bahdanau_attention"."""

    _scope = "bahdanau_attention"
    _is_biased = False
    _num_units: int
    _normalize: bool
    _score_bias_init: float

    def __call__(self, query: Tensor, state: Any) -> tuple[Tensor, Tensor]:
        """(alignments, next state) for a query [batch, size]; both are the same."""
        with variable_scope(None, self._scope, [query]):
            processed = self.query_layer(query) if self.query_layer else query
            v = get_variable("attention_v", [self._num_units], dtype=query.dtype)
            g = b = None
            if self._normalize:
                length = Constant(math.sqrt(1.0 / self._num_units))
                g = get_variable("attention_g", dtype=query.dtype, initializer=length, shape=())
                b = get_variable("attention_b", [self._num_units], dtype=query.dtype, initializer=Zeros())
            score = _by_sums(processed, self._keys, v, g, b)
            if self._is_biased:
                score += get_variable("attention_score_bias", dtype=processed.dtype, initializer=self._score_bias_init)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


def _layer(num_units: int, name: str, dtype: Any) -> Dense:
    return Dense(num_units, name=name, use_bias=False, dtype=dtype or float32)


def _without_state(probability_fn: Callable | None) -> Callable:
    return lambda score, _: (softmax if probability_fn is None else probability_fn)(score)


@export("contrib.seq2seq.LuongAttention")
class LuongAttention(_Products):
    """Attention by the products of query and keys.

    Args:
      num_units: the size of the keys, which must be that of the queries.
      memory: [batch, time, size].
      memory_sequence_length: [batch], how many rows of each memory count.
      scale: whether products are multiplied by a variable.
      probability_fn: from scores to alignments, `tf.nn.softmax` by default.
      score_mask_value: the score of what doesn't count, minus infinity by default.
      dtype: of the layers, float32 by default.
      custom_key_value_fn: changes keys and values.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        probability_fn: Callable | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        custom_key_value_fn: Callable | None = None,
        name: str = "LuongAttention",
    ):
        super().__init__(
            query_layer=None,
            memory_layer=_layer(num_units, "memory_layer", dtype),
            memory=memory,
            probability_fn=_without_state(probability_fn),
            memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value,
            custom_key_value_fn=custom_key_value_fn,
            name=name,
        )
        self._num_units, self._scale, self._name = num_units, scale, name


@export("contrib.seq2seq.BahdanauAttention")
class BahdanauAttention(_Sums):
    """Attention by the sums of query and keys.

    Args:
      num_units: the size that queries and keys are brought to.
      normalize: whether the vector that sums are multiplied by has a length and a bias of its own.
      memory, memory_sequence_length, probability_fn, score_mask_value, dtype, custom_key_value_fn: as for
        `LuongAttention`.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        probability_fn: Callable | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        custom_key_value_fn: Callable | None = None,
        name: str = "BahdanauAttention",
    ):
        super().__init__(
            query_layer=_layer(num_units, "query_layer", dtype),
            memory_layer=_layer(num_units, "memory_layer", dtype),
            memory=memory,
            probability_fn=_without_state(probability_fn),
            custom_key_value_fn=custom_key_value_fn,
            memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value,
            name=name,
        )
        self._num_units, self._normalize, self._name = num_units, normalize, name


# ---------------------------------------------------------------- monotonic


@export("contrib.seq2seq.safe_cumprod")
def safe_cumprod(x: Any, *args: Any, **kwargs: Any) -> Tensor:
    """The cumulative product of numbers in [0, 1], by a sum of logarithms; arguments as for `tf.cumsum`."""
    with name_scope(None, "SafeCumprod", [x]):
        x = convert_to_tensor(x, name="x")
        tiny = np.finfo(x.dtype.as_numpy_dtype).tiny
        return exp(cumsum(log(clip_by_value(x, tiny, 1)), *args, **kwargs))


@export("contrib.seq2seq.monotonic_attention")
def monotonic_attention(p_choose_i: Any, previous_attention: Any, mode: str) -> Tensor:
    """The attention [batch, time] of one that goes through the memory forwards only, from where it was.

    Args:
      p_choose_i: [batch, time], the probability of stopping at each place.
      previous_attention: [batch, time].
      mode: "recursive" (a loop over time), "parallel" (products; less exact), or "hard" for probabilities of 0 and 1.

    Raises:
      ValueError: there is no such mode.
    """
    p = convert_to_tensor(p_choose_i, name="p_choose_i")
    previous = convert_to_tensor(previous_attention, name="previous_attention")
    if mode == "recursive":
        batch_size = p.shape.as_list()[0] or shape(p)[0]
        shifted = concat([ones((batch_size, 1)), 1 - p[:, :-1]], 1)
        steps = [transpose(shifted), transpose(previous)]
        first = zeros((batch_size,))
        return p * transpose(scan(lambda x, yz: reshape(yz[0] * x + yz[1], (batch_size,)), steps, first))
    if mode == "parallel":
        passed = safe_cumprod(1 - p, axis=1, exclusive=True)
        return p * passed * cumsum(previous / clip_by_value(passed, 1e-10, 1.0), axis=1)
    if mode == "hard":
        p = p * cumsum(previous, axis=1)
        return p * cumprod(1 - p, axis=1, exclusive=True)
    raise ValueError("mode must be 'recursive', 'parallel', or 'hard'.")


def _monotonic(score: Tensor, previous: Tensor, sigmoid_noise: float, mode: str, seed: int | None) -> Tensor:
    if sigmoid_noise > 0:
        score += sigmoid_noise * random_normal(shape(score), dtype=score.dtype, seed=seed)
    p = cast(score > 0, score.dtype) if mode == "hard" else sigmoid(score)
    return monotonic_attention(p, previous, mode)


class _AtFirst(MemoryAttention):
    """A mechanism that looks at the memory's first row before the first step."""

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Tensor:
        """1 for the first row of each memory."""
        return one_hot(zeros((batch_size,), dtype=int32), self._alignments_size, dtype=dtype)


@export("contrib.seq2seq.BahdanauMonotonicAttention")
class BahdanauMonotonicAttention(_AtFirst, _Sums):
    """Monotonic attention by sums.

    Args:
      sigmoid_noise: the standard deviation of what is added to scores in training, which makes choices clearer.
      sigmoid_noise_seed: of that noise.
      score_bias_init: what the scores' bias begins with.
      mode: as for `monotonic_attention`.
      num_units, memory, memory_sequence_length, normalize, score_mask_value, dtype: as for `BahdanauAttention`.
    """

    _scope, _is_biased = "bahdanau_monotonic_attention", True

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: Any = None,
        name: str = "BahdanauMonotonicAttention",
    ):
        super().__init__(
            query_layer=_layer(num_units, "query_layer", dtype),
            memory_layer=_layer(num_units, "memory_layer", dtype),
            memory=memory,
            probability_fn=functools.partial(
                _monotonic, sigmoid_noise=sigmoid_noise, mode=mode, seed=sigmoid_noise_seed
            ),
            memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value,
            name=name,
        )
        self._num_units, self._normalize, self._name = num_units, normalize, name
        self._score_bias_init = score_bias_init


@export("contrib.seq2seq.LuongMonotonicAttention")
class LuongMonotonicAttention(_AtFirst, _Products):
    """Monotonic attention by products; arguments as for `LuongAttention` and `BahdanauMonotonicAttention`."""

    _scope, _is_biased = "luong_monotonic_attention", True

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: Any = None,
        name: str = "LuongMonotonicAttention",
    ):
        super().__init__(
            query_layer=None,
            memory_layer=_layer(num_units, "memory_layer", dtype),
            memory=memory,
            probability_fn=functools.partial(
                _monotonic, sigmoid_noise=sigmoid_noise, mode=mode, seed=sigmoid_noise_seed
            ),
            memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value,
            name=name,
        )
        self._num_units, self._scale, self._name = num_units, scale, name
        self._score_bias_init = score_bias_init
