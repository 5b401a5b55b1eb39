"""tf.contrib.seq2seq: what attention mechanisms have in common: the memory they look at, masks, and scores."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import as_dtype, int32
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.layers.core_layer import CoreLayer
from pyflow.nn.cell_sizes import _zero_state_tensors
from pyflow.ops.arg_extremes import argmax
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import ones, ones_like
from pyflow.ops.array_grid import one_hot, sequence_mask
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.checks import assert_positive


@export("contrib.seq2seq.hardmax")
def hardmax(logits: Any, name: str | None = None) -> Tensor:
    """1 where the last dimension has its largest element, else 0."""
    with name_scope(name, "Hardmax", [logits]):
        logits = convert_to_tensor(logits, name="logits")
        depth = logits.get_shape().as_list()[-1]
        if depth is None:
            depth = shape(logits)[-1]
        return one_hot(argmax(logits, -1), depth, dtype=logits.dtype)


@export("contrib.seq2seq.AttentionMechanism")
class AttentionMechanism:
    """Tells where in a memory to look, given a query."""

    @property
    def alignments_size(self) -> Any:
        """The length of the memory."""
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        """The size of the mechanism's state."""
        raise NotImplementedError


class MemoryAttention(AttentionMechanism):
    """An attention mechanism that compares queries with the rows of a memory.

    Args:
      query_layer, memory_layer: layers that queries and memory go through before they are compared, or None.
      memory: [batch, time, ...], usually the outputs of an encoder.
      probability_fn: from scores [batch, time] and the previous state to alignments.
      memory_sequence_length: [batch], how many rows of each memory count.
      check_inner_dims_defined: whether the memory's dimensions from the third on must be known.
      score_mask_value: the score of what doesn't count, minus infinity by default.
      custom_key_value_fn: from keys and values to keys and values, in the place of which those go.

    Raises:
      TypeError: a layer is none, or `probability_fn` no function.
      ValueError: the memory's inner dimensions are not known.
    """

    def __init__(
        self,
        query_layer: Any,
        memory: Any,
        probability_fn: Callable,
        memory_sequence_length: Any = None,
        memory_layer: Any = None,
        check_inner_dims_defined: bool = True,
        score_mask_value: Any = None,
        custom_key_value_fn: Callable | None = None,
        name: str | None = None,
    ):
        for words, layer in (("query_layer", query_layer), ("memory_layer", memory_layer)):
            if layer is not None and not isinstance(layer, CoreLayer):
                raise TypeError(f"{words} is not a Layer: {type(layer).__name__}")
        if not callable(probability_fn):
            raise TypeError(f"probability_fn must be callable, saw type: {type(probability_fn).__name__}")
        self._query_layer, self._memory_layer = query_layer, memory_layer
        self.dtype = memory_layer.dtype
        if score_mask_value is None:
            score_mask_value = as_dtype(self.dtype).as_numpy_dtype(-np.inf)
        self._probability_fn = lambda score, state: probability_fn(
            _masked_score(score, memory_sequence_length, score_mask_value), state
        )
        with name_scope(name, "BaseAttentionMechanismInit", nest.flatten(memory)):
            self._values = _masked_memory(memory, memory_sequence_length, check_inner_dims_defined)
            self._keys = memory_layer(self._values) if memory_layer else self._values
            if custom_key_value_fn is not None:
                self._keys, self._values = custom_key_value_fn(self._keys, self._values)
            batch_size, length = self._keys.shape.as_list()[:2]
            self._batch_size = batch_size or shape(self._keys)[0]
            self._alignments_size = length or shape(self._keys)[1]

    memory_layer: Any = property(lambda self: self._memory_layer)
    query_layer: Any = property(lambda self: self._query_layer)
    values: Any = property(lambda self: self._values, doc="The memory, zeros where it doesn't count.")
    keys: Any = property(lambda self: self._keys, doc="The memory behind its layer.")
    batch_size: Any = property(lambda self: self._batch_size, doc="The number of memories.")
    alignments_size: Any = property(lambda self: self._alignments_size, doc="The length of the memory.")
    state_size: Any = property(lambda self: self._alignments_size, doc="The size of the state, which are alignments.")

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Tensor:
        """The alignments before the first step: zeros, [batch, alignments size]."""
        return _zero_state_tensors(self._alignments_size, batch_size, dtype)

    def initial_state(self, batch_size: Any, dtype: Any) -> Tensor:
        """The state before the first step: the alignments."""
        return self.initial_alignments(batch_size, dtype)


def _masked_memory(memory: Any, lengths: Any, check_inner_dims: bool) -> Any:
    """The memory with zeros behind the lengths."""
    memory = nest.map_structure(lambda m: convert_to_tensor(m, name="memory"), memory)
    if lengths is not None:
        lengths = convert_to_tensor(lengths, name="memory_sequence_length")
    if check_inner_dims:
        for m in nest.flatten(memory):
            if not m.get_shape()[2:].is_fully_defined():
                raise ValueError(
                    f"Expected memory {m.name} to have fully defined inner dims, but saw shape: {m.get_shape()}"
                )
    if lengths is None:
        return memory
    first = nest.flatten(memory)[0]
    mask = sequence_mask(lengths, maxlen=shape(first)[1], dtype=first.dtype)

    def masked(m: Tensor) -> Tensor:
        known = m.get_shape().ndims
        dims = rank(m) if known is None else known
        further = ones(dims - 2, dtype=int32)
        return m * reshape(mask, concat((shape(mask), further), 0))

    return nest.map_structure(masked, memory)


def _masked_score(score: Tensor, lengths: Any, value: Any) -> Tensor:
    if lengths is None:
        return score
    message = "All values in memory_sequence_length must be greater than zero."
    with control_dependencies([assert_positive(lengths, message=message)]):
        mask = sequence_mask(lengths, maxlen=shape(score)[1])
    return where(mask, score, value * ones_like(score))
