"""tf.contrib.legacy_seq2seq: an encoder and a decoder, unrolled over lists of steps."""

from __future__ import annotations

import copy
from typing import Any, Callable

from pyflow.contrib.legacy_decoders import (
    _extract_argmax_and_embed,
    attention_decoder,
    check_projection,
    embedding_attention_decoder,
    embedding_rnn_decoder,
    rnn_decoder,
)
from pyflow.contrib.rnn_core import EmbeddingWrapper, OutputProjectionWrapper
from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.dtypes import float32
from pyflow.nn.cell_base import RNNCell
from pyflow.nn.static_rnn import static_rnn
from pyflow.ops.array import reshape
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.cond import cond
from pyflow.ops.nn_embedding import embedding_lookup
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import get_variable_scope, variable_scope

__all__ = ["attention_decoder", "embedding_attention_seq2seq", "embedding_rnn_seq2seq", "one2many_rnn_seq2seq"]


def _decode_either_way(feed_previous: Any, decode: Callable, state_like: Callable) -> tuple[list, Any]:
    """Outputs and state of `decode(feed_previous)`, where a run decides on `feed_previous`, a scalar bool tensor.

    `state_like()` gives a state, for its structure.
    """
    counts = []

    def branch(feed: bool) -> list:
        with variable_scope(get_variable_scope(), reuse=None if feed else True):
            outputs, state = decode(feed)
        counts.append(len(outputs))
        return outputs + nest.flatten(state)

    results = list(cond(feed_previous, lambda: branch(True), lambda: branch(False)))
    states = results[counts[0] :]
    like = state_like()
    return results[: counts[0]], nest.pack_sequence_as(like, states) if nest.is_sequence(like) else states[0]


@export("contrib.legacy_seq2seq.basic_rnn_seq2seq")
def basic_rnn_seq2seq(
    encoder_inputs: Any, decoder_inputs: Any, cell: Any, dtype: Any = float32, scope: Any = None
) -> tuple[list, Any]:
    """A cell encodes, a copy of it with variables of its own decodes from the encoder's final state.

    Args:
      encoder_inputs, decoder_inputs: one [batch, input size] for each step.
      cell: an `RNNCell`.
      dtype: that of the initial state.
      scope: the variable scope, "basic_rnn_seq2seq" by default.

    Returns:
      the decoder's outputs, one for each step, and its final state.
    """
    with variable_scope(scope or "basic_rnn_seq2seq"):
        _, encoder_state = static_rnn(copy.deepcopy(cell), encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, encoder_state, cell)


@export("contrib.legacy_seq2seq.tied_rnn_seq2seq")
def tied_rnn_seq2seq(
    encoder_inputs: Any,
    decoder_inputs: Any,
    cell: Any,
    loop_function: Callable | None = None,
    dtype: Any = float32,
    scope: Any = None,
) -> tuple[list, Any]:
    """One cell encodes and decodes.

    Args:
      encoder_inputs, decoder_inputs, cell, dtype: see `basic_rnn_seq2seq`.
      loop_function: see `rnn_decoder`.
      scope: the variable scope, "tied_rnn_seq2seq" by default, in "combined_tied_rnn_seq2seq".

    Returns:
      the decoder's outputs, one for each step, and its final state.
    """
    with variable_scope("combined_tied_rnn_seq2seq"):
        scope = scope or "tied_rnn_seq2seq"
        _, encoder_state = static_rnn(cell, encoder_inputs, dtype=dtype, scope=scope)
        get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, encoder_state, cell, loop_function=loop_function, scope=scope)


@export("contrib.legacy_seq2seq.embedding_rnn_seq2seq")
def embedding_rnn_seq2seq(
    encoder_inputs: Any,
    decoder_inputs: Any,
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> tuple[list, Any]:
    """An encoder of ids and a decoder of ids, each with a table of embeddings.

    Args:
      encoder_inputs, decoder_inputs: one [batch], ids, for each step.
      cell: an `RNNCell`; the encoder has a copy.
      num_encoder_symbols, num_decoder_symbols, embedding_size: the sizes of the tables.
      output_projection: weights and biases that make logits of outputs; without, the outputs are logits.
      feed_previous: whether each step but the first is given the likeliest symbol of the step before: a bool or a
        scalar bool tensor.
      dtype: that of the initial state; the scope's by default.
      scope: the variable scope, "embedding_rnn_seq2seq" by default.

    Returns:
      the outputs, one for each step, and the final state.
    """
    with variable_scope(scope or "embedding_rnn_seq2seq") as opened:
        if dtype is not None:
            opened.set_dtype(dtype)
        else:
            dtype = opened.dtype
        encoder_cell = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        _, encoder_state = static_rnn(encoder_cell, encoder_inputs, dtype=dtype)
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)

        def decode(feed: bool, **options: Any) -> tuple[list, Any]:
            return embedding_rnn_decoder(
                decoder_inputs,
                encoder_state,
                cell,
                num_decoder_symbols,
                embedding_size,
                output_projection=output_projection,
                feed_previous=feed,
                **options,
            )

        if isinstance(feed_previous, bool):
            return decode(feed_previous)
        return _decode_either_way(
            feed_previous, lambda feed: decode(feed, update_embedding_for_previous=False), lambda: encoder_state
        )


@export("contrib.legacy_seq2seq.embedding_tied_rnn_seq2seq")
def embedding_tied_rnn_seq2seq(
    encoder_inputs: Any,
    decoder_inputs: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_decoder_symbols: int | None = None,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> tuple[list, Any]:
    """One cell and one table for encoder and decoder.

    Args:
      encoder_inputs, decoder_inputs, cell, output_projection, feed_previous, dtype: see `embedding_rnn_seq2seq`.
      num_symbols, embedding_size: the size of the table.
      num_decoder_symbols: the number of logits, `num_symbols` by default.
      scope: the variable scope, "embedding_tied_rnn_seq2seq" by default.

    Returns:
      the outputs, one for each step, and the final state.
    """
    with variable_scope(scope or "embedding_tied_rnn_seq2seq", dtype=dtype) as opened:
        dtype = opened.dtype
        check_projection(output_projection, num_symbols, dtype)
        embedding = get_variable("embedding", [num_symbols, embedding_size], dtype=dtype)
        encoded, decoded = (
            [embedding_lookup(embedding, x) for x in inputs] for inputs in (encoder_inputs, decoder_inputs)
        )
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_symbols if num_decoder_symbols is None else num_decoder_symbols)

        def decode(feed: bool, update_embedding: bool) -> tuple[list, Any]:
            loop_function = None
            if feed:
                loop_function = _extract_argmax_and_embed(embedding, output_projection, update_embedding)
            return tied_rnn_seq2seq(encoded, decoded, cell, loop_function=loop_function, dtype=dtype)

        if isinstance(feed_previous, bool):
            return decode(feed_previous, True)

        def zero_state() -> Any:
            known = [x.get_shape().as_list()[0] for x in encoder_inputs]
            batch_size = next((size for size in known if size is not None), None)
            return cell.zero_state(shape(encoder_inputs[0])[0] if batch_size is None else batch_size, dtype)

        return _decode_either_way(feed_previous, lambda feed: decode(feed, False), zero_state)


@export("contrib.legacy_seq2seq.embedding_attention_seq2seq")
def embedding_attention_seq2seq(
    encoder_inputs: Any,
    decoder_inputs: Any,
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> tuple[list, Any]:
    """`embedding_rnn_seq2seq` whose decoder looks at the encoder's outputs.

    Args:
      encoder_inputs, decoder_inputs, cell, num_encoder_symbols, num_decoder_symbols, embedding_size,
        output_projection, feed_previous: see `embedding_rnn_seq2seq`.
      num_heads, initial_state_attention: see `attention_decoder`.
      dtype: that of the initial state; the scope's by default.
      scope: the variable scope, "embedding_attention_seq2seq" by default.

    Returns:
      the outputs, one for each step, and the final state.
    """
    with variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype) as opened:
        dtype = opened.dtype
        encoder_cell = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        encoder_outputs, encoder_state = static_rnn(encoder_cell, encoder_inputs, dtype=dtype)
        attention_states = concat([reshape(e, [-1, 1, cell.output_size]) for e in encoder_outputs], 1)
        output_size = None
        if output_projection is None:
            cell, output_size = OutputProjectionWrapper(cell, num_decoder_symbols), num_decoder_symbols

        def decode(feed: bool, **options: Any) -> tuple[list, Any]:
            return embedding_attention_decoder(
                decoder_inputs,
                encoder_state,
                attention_states,
                cell,
                num_decoder_symbols,
                embedding_size,
                num_heads=num_heads,
                output_size=output_size,
                output_projection=output_projection,
                feed_previous=feed,
                initial_state_attention=initial_state_attention,
                **options,
            )

        if isinstance(feed_previous, bool):
            return decode(feed_previous)
        return _decode_either_way(
            feed_previous, lambda feed: decode(feed, update_embedding_for_previous=False), lambda: encoder_state
        )


@export("contrib.legacy_seq2seq.one2many_rnn_seq2seq")
def one2many_rnn_seq2seq(
    encoder_inputs: Any,
    decoder_inputs_dict: dict,
    enc_cell: Any,
    dec_cells_dict: dict,
    num_encoder_symbols: int,
    num_decoder_symbols_dict: dict,
    embedding_size: int,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> tuple[dict, dict]:
    """One encoder of ids, and a decoder of ids for each key.

    Args:
      encoder_inputs: one [batch], ids, for each step.
      decoder_inputs_dict, dec_cells_dict, num_decoder_symbols_dict: inputs, cell and number of symbols by key.
      enc_cell: the encoder's `RNNCell`.
      num_encoder_symbols, embedding_size, feed_previous, dtype: see `embedding_rnn_seq2seq`.
      scope: the variable scope, "one2many_rnn_seq2seq" by default.

    Returns:
      the outputs and the final states by key.

    Raises:
      TypeError: a cell is no `RNNCell`.
      ValueError: the keys differ.
    """
    if not isinstance(enc_cell, RNNCell):
        raise TypeError(f"enc_cell is not an RNNCell: {type(enc_cell)}")
    if set(dec_cells_dict) != set(decoder_inputs_dict):
        raise ValueError("keys of dec_cells_dict != keys of decodre_inputs_dict")
    for cell in dec_cells_dict.values():
        if not isinstance(cell, RNNCell):
            raise TypeError(f"dec_cell is not an RNNCell: {type(cell)}")
    outputs, states = {}, {}
    with variable_scope(scope or "one2many_rnn_seq2seq", dtype=dtype) as opened:
        dtype = opened.dtype
        enc_cell = EmbeddingWrapper(enc_cell, num_encoder_symbols, embedding_size)
        _, encoder_state = static_rnn(enc_cell, encoder_inputs, dtype=dtype)
        for key, decoder_inputs in decoder_inputs_dict.items():
            with variable_scope(f"one2many_decoder_{key}"):
                symbols = num_decoder_symbols_dict[key]
                cell = OutputProjectionWrapper(dec_cells_dict[key], symbols)

                def decode(feed: bool, cell: Any = cell, inputs: Any = decoder_inputs, symbols: int = symbols) -> Any:
                    return embedding_rnn_decoder(
                        inputs, encoder_state, cell, symbols, embedding_size, feed_previous=feed
                    )

                if isinstance(feed_previous, bool):
                    outputs[key], states[key] = decode(feed_previous)
                else:
                    outputs[key], states[key] = _decode_either_way(feed_previous, decode, lambda: encoder_state)
    return outputs, states
