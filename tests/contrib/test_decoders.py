"""tf.contrib.seq2seq: attention, decoders and beam search give what they give under TensorFlow 1.15.5."""

from __future__ import annotations

import json

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("decoder_cases", "decoders.json")
SEQ2SEQ = tf.contrib.seq2seq


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_case_gives_what_it_gives_under_tensorflow(name):
    import decoder_cases

    *given, values = json.loads(json.dumps(decoder_cases.run(tf, name)))
    *expected, expected_values = GOLDEN.expected[name]
    assert given == expected
    for value, wanted in zip(values, expected_values, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-3, atol=2e-4)


def test_memory_and_cell_must_have_the_same_batch_size():
    mechanism = SEQ2SEQ.LuongAttention(4, tf.ones([2, 3, 4]))
    cell = SEQ2SEQ.AttentionWrapper(tf.nn.rnn_cell.GRUCell(4), mechanism)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="zero_state of AttentionWrapper attention_wrapper: Non-ma"
    ):
        cell.zero_state(3, tf.float32)


def test_query_and_keys_must_be_of_the_same_size():
    mechanism = SEQ2SEQ.LuongAttention(4, tf.ones([2, 3, 4]))
    with pytest.raises(ValueError, match="Incompatible or unknown inner dimensions between query and keys"):
        mechanism(tf.ones([2, 5]), None)


def test_arguments_are_checked():
    cell = tf.nn.rnn_cell.GRUCell(4)
    with pytest.raises(TypeError, match="helper must be a Helper, received"):
        SEQ2SEQ.BasicDecoder(cell, None, None)
    with pytest.raises(TypeError, match="Expected decoder to be type Decoder, but saw"):
        SEQ2SEQ.dynamic_decode(cell)
    with pytest.raises(ValueError, match="start_tokens must be a vector"):
        SEQ2SEQ.GreedyEmbeddingHelper(tf.ones([3, 2]), 1, 2)
    with pytest.raises(ValueError, match="Only one of attention_layer_size and attention_layer should be set"):
        mechanism = SEQ2SEQ.LuongAttention(4, tf.ones([2, 3, 4]))
        SEQ2SEQ.AttentionWrapper(cell, mechanism, attention_layer_size=3, attention_layer=tf.layers.Dense(3))


def test_parents_of_a_beam_search_must_exist():
    tree = SEQ2SEQ.gather_tree([[[1, 2]], [[3, 4]]], [[[0, 0]], [[0, 5]]], [2], 9)
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="Saw invalid parent id 5"):
        session.run(tree)


def test_shapes_are_asserted_in_the_run():
    x = tf.placeholder(tf.float32, [None, 2])
    checked = tf.contrib.framework.with_shape([3, 2], x)
    assert checked.shape.as_list() == [3, 2]
    with tf.Session() as session:
        assert session.run(checked, {x: np.ones([3, 2])}).shape == (3, 2)
        with pytest.raises(tf.errors.InvalidArgumentError, match="Wrong shape for Placeholder:0"):
            session.run(checked, {x: np.ones([4, 2])})
    with pytest.raises(ValueError, match="Invalid shape for tensor"):
        tf.contrib.framework.with_shape([3], tf.ones([4]))
