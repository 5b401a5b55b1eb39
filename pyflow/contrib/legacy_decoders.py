"""tf.contrib.legacy_seq2seq: decoders over lists of steps, without and with attention."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.contrib.rnn_core import _Linear
from pyflow.core import nest
from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float32
from pyflow.ops.arg_extremes import argmax
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.nn_embedding import embedding_lookup
from pyflow.ops.nn_softmax import softmax
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import get_variable_scope, variable_scope

stop_gradient, tanh, xw_plus_b = PUBLIC["stop_gradient"], PUBLIC["tanh"], PUBLIC["nn.xw_plus_b"]


def _extract_argmax_and_embed(embedding: Any, output_projection: Any = None, update_embedding: bool = True) -> Callable:
    """A loop function that gives the embedding of the likeliest symbol of the previous step."""

    def loop_function(prev: Any, _: int) -> Any:
        if output_projection is not None:
            prev = xw_plus_b(prev, output_projection[0], output_projection[1])
        embedded = embedding_lookup(embedding, argmax(prev, 1))
        return embedded if update_embedding else stop_gradient(embedded)

    return loop_function


def check_projection(output_projection: Any, num_symbols: int, dtype: Any) -> None:
    """Raises ValueError unless it is a pair of weights [size, num_symbols] and biases [num_symbols], or None."""
    if output_projection is not None:
        weights, biases = (convert_to_tensor(part, dtype=dtype) for part in output_projection)
        weights.get_shape().assert_is_compatible_with([None, num_symbols])
        biases.get_shape().assert_is_compatible_with([num_symbols])


@export("contrib.legacy_seq2seq.rnn_decoder")
def rnn_decoder(
    decoder_inputs: Any, initial_state: Any, cell: Any, loop_function: Callable | None = None, scope: Any = None
) -> tuple[list, Any]:
    """Runs a cell from a state.

    Args:
      decoder_inputs: one [batch, input size] for each step.
      initial_state: the state before the first step.
      cell: an `RNNCell`.
      loop_function: gives the input of the next step from (previous output, step); the decoder's other inputs but the
        first are then ignored.
      scope: the variable scope, "rnn_decoder" by default.

    Returns:
      the outputs, one for each step, and the final state.
    """
    with variable_scope(scope or "rnn_decoder"):
        state, outputs, prev = initial_state, [], None
        for i, given in enumerate(decoder_inputs):
            if loop_function is not None and prev is not None:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(prev, i)
            if i > 0:
                get_variable_scope().reuse_variables()
            output, state = cell(given, state)
            outputs.append(output)
            if loop_function is not None:
                prev = output
    return outputs, state


@export("contrib.legacy_seq2seq.embedding_rnn_decoder")
def embedding_rnn_decoder(
    decoder_inputs: Any,
    initial_state: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    scope: Any = None,
) -> tuple[list, Any]:
    """`rnn_decoder` on the embeddings of ids.

    Args:
      decoder_inputs: one [batch], ids, for each step.
      initial_state, cell: see `rnn_decoder`.
      num_symbols, embedding_size: the rows and columns of the table.
      output_projection: weights and biases that make logits of outputs, for `feed_previous`.
      feed_previous: whether each step but the first is given the likeliest symbol of the step before.
      update_embedding_for_previous: whether the table learns from those too.
      scope: the variable scope, "embedding_rnn_decoder" by default.

    Returns:
      the outputs, one for each step, and the final state.
    """
    with variable_scope(scope or "embedding_rnn_decoder") as opened:
        check_projection(output_projection, num_symbols, opened.dtype)
        embedding = get_variable("embedding", [num_symbols, embedding_size])
        loop_function = None
        if feed_previous:
            loop_function = _extract_argmax_and_embed(embedding, output_projection, update_embedding_for_previous)
        embedded = (embedding_lookup(embedding, i) for i in decoder_inputs)
        return rnn_decoder(embedded, initial_state, cell, loop_function=loop_function)


class _Attention:
    """Heads that look at states [batch, length, size]: each gives their mean, weighted by how they fit a query."""

    def __init__(self, attention_states: Any, num_heads: int, dtype: Any):
        _, length, self._size = attention_states.get_shape().as_list()
        self._length = shape(attention_states)[1] if length is None else length
        self._dtype = dtype
        self._hidden = reshape(attention_states, [-1, self._length, 1, self._size])
        self._features, self._v = [], []
        for a in range(num_heads):
            k = get_variable(f"AttnW_{a}", [1, 1, self._size, self._size], dtype=dtype)
            self._features.append(PUBLIC["nn.conv2d"](self._hidden, k, [1, 1, 1, 1], "SAME"))
            self._v.append(get_variable(f"AttnV_{a}", [self._size], dtype=dtype))

    def __call__(self, query: Any) -> list:
        if nest.is_sequence(query):
            query = concat(nest.flatten(query), 1)
        means = []
        for a, (features, v) in enumerate(zip(self._features, self._v)):
            with variable_scope(f"Attention_{a}"):
                y = _Linear(query, self._size, True)(query)
                y = cast(reshape(y, [-1, 1, 1, self._size]), self._dtype)
                fits = reduce_sum(v * tanh(features + y), [2, 3])
                weights = cast(softmax(cast(fits, dtype=float32)), self._dtype)
                mean = reduce_sum(reshape(weights, [-1, self._length, 1, 1]) * self._hidden, [1, 2])
                means.append(reshape(mean, [-1, self._size]))
        return means


@export("contrib.legacy_seq2seq.attention_decoder")
def attention_decoder(
    decoder_inputs: Any,
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    output_size: int | None = None,
    num_heads: int = 1,
    loop_function: Callable | None = None,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> tuple[list, Any]:
    """`rnn_decoder` that looks at states of an encoder in each step (http://arxiv.org/abs/1412.7449).

    Args:
      decoder_inputs, initial_state, cell, loop_function: see `rnn_decoder`.
      attention_states: [batch, length, size], what to look at.
      output_size: the columns of the outputs; the cell's by default.
      num_heads: how many different looks there are in a step.
      dtype: that of the computation; the scope's by default.
      scope: the variable scope, "attention_decoder" by default.
      initial_state_attention: whether the first step looks too, from the initial state, or else sees zeros.

    Returns:
      the outputs, one for each step, and the final state.

    Raises:
      ValueError: there is no input, no head, or the size of `attention_states` isn't known.
    """
    if not decoder_inputs:
        raise ValueError("Must provide at least 1 input to attention decoder.")
    if num_heads < 1:
        raise ValueError("With less than 1 heads, use a non-attention decoder.")
    attn_size = attention_states.get_shape().as_list()[2]
    if attn_size is None:
        raise ValueError(f"Shape[2] of attention_states must be known: {attention_states.get_shape()}")
    width: int = cell.output_size if output_size is None else output_size
    with variable_scope(scope or "attention_decoder", dtype=dtype) as opened:
        dtype = opened.dtype
        batch_size = shape(decoder_inputs[0])[0]
        attention = _Attention(attention_states, num_heads, dtype)
        state, outputs, prev = initial_state, [], None
        sizes = stack([batch_size, attn_size])
        attns = [zeros(sizes, dtype=dtype) for _ in range(num_heads)]
        for attn in attns:
            attn.set_shape([None, attn_size])
        if initial_state_attention:
            attns = attention(initial_state)
        for i, given in enumerate(decoder_inputs):
            if i > 0:
                get_variable_scope().reuse_variables()
            if loop_function is not None and prev is not None:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(prev, i)
            input_size = given.get_shape().with_rank(2).as_list()[1]
            if input_size is None:
                raise ValueError(f"Could not infer input size from input: {given.name}")
            inputs = [cast(part, dtype) for part in [given, *attns]]
            cell_output, state = cell(_Linear(inputs, input_size, True)(inputs), state)
            if i == 0 and initial_state_attention:
                with variable_scope(get_variable_scope(), reuse=True):
                    attns = attention(state)
            else:
                attns = attention(state)
            with variable_scope("AttnOutputProjection"):
                inputs = [cast(cell_output, dtype), *attns]
                output = _Linear(inputs, width, True)(inputs)
            if loop_function is not None:
                prev = output
            outputs.append(output)
    return outputs, state


@export("contrib.legacy_seq2seq.embedding_attention_decoder")
def embedding_attention_decoder(
    decoder_inputs: Any,
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_size: int | None = None,
    output_projection: Any = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> tuple[list, Any]:
    """`attention_decoder` on the embeddings of ids.

    Args:
      decoder_inputs: one [batch], ids, for each step.
      initial_state, attention_states, cell, num_heads, output_size, dtype, initial_state_attention: see
        `attention_decoder`.
      num_symbols, embedding_size, output_projection, feed_previous, update_embedding_for_previous: see
        `embedding_rnn_decoder`.
      scope: the variable scope, "embedding_attention_decoder" by default.

    Returns:
      the outputs, one for each step, and the final state.
    """
    output_size = cell.output_size if output_size is None else output_size
    if output_projection is not None:
        biases = convert_to_tensor(output_projection[1], dtype=dtype)
        biases.get_shape().assert_is_compatible_with([num_symbols])
    with variable_scope(scope or "embedding_attention_decoder", dtype=dtype):
        embedding = get_variable("embedding", [num_symbols, embedding_size])
        loop_function = None
        if feed_previous:
            loop_function = _extract_argmax_and_embed(embedding, output_projection, update_embedding_for_previous)
        embedded = [embedding_lookup(embedding, i) for i in decoder_inputs]
        return attention_decoder(
            embedded,
            initial_state,
            attention_states,
            cell,
            output_size=output_size,
            num_heads=num_heads,
            loop_function=loop_function,
            initial_state_attention=initial_state_attention,
        )
