"""Encoders and decoders of tf.contrib.seq2seq; what they give under TensorFlow 1.15.5 is kept in decoders.json.

A case gives the number of nodes (as random ops' seeds tell it), names of variables, and values. Python 3.7 runs
them too.
"""

import numpy as np

TARGETS = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def _encoded(tf):
    """(embedding, encoder's outputs, its state, lengths, feeds)."""
    source, lengths = tf.placeholder(tf.int32, [3, None]), tf.placeholder(tf.int32, [3])
    table = tf.get_variable("table", [11, 5])
    cell = tf.nn.rnn_cell.LSTMCell(6)
    outputs, state = tf.nn.dynamic_rnn(cell, tf.nn.embedding_lookup(table, source), lengths, dtype=tf.float32)
    return table, outputs, state, lengths, {source: [[1, 2, 3, 4], [5, 6, 7, 0], [8, 9, 0, 0]], lengths: [4, 3, 2]}


def _projection(tf):
    return tf.layers.Dense(11, name="projection")


def _given(tf, fetches, feeds):
    nodes = tf.get_seed(None)[1]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run(fetches, feeds)
    names = [v.name for v in tf.trainable_variables()]
    return [nodes, names, [np.round(np.asarray(value, np.float64), 4).tolist() for value in values]]


def _size(tf, x):
    return tf.reduce_sum(tf.abs(tf.convert_to_tensor(x)))


def _attention(kind, size=7, history=False, also="", output_attention=True, **options):
    def case(tf):
        lib = tf.contrib.seq2seq
        table, outputs, state, lengths, feeds = _encoded(tf)
        mechanism = getattr(lib, kind)(6, outputs, memory_sequence_length=lengths, **options)
        if also:
            mechanism, sizes = [mechanism, getattr(lib, also)(6, outputs, lengths)], [size, 4]
        cell = lib.AttentionWrapper(
            tf.nn.rnn_cell.LSTMCell(6),
            mechanism,
            attention_layer_size=sizes if also else size,
            alignment_history=history,
            output_attention=output_attention,
        )
        targets = tf.constant(TARGETS)
        helper = lib.TrainingHelper(tf.nn.embedding_lookup(table, targets), [3, 2, 3])
        start = cell.zero_state(3, tf.float32).clone(cell_state=state)
        decoder = lib.BasicDecoder(cell, helper, start, _projection(tf))
        output, final, ends = lib.dynamic_decode(decoder)
        weights = tf.sequence_mask([3, 2, 3], 3, dtype=tf.float32)
        loss = lib.sequence_loss(output.rnn_output, targets, weights)
        fetches = [loss, output.sample_id, ends, final.time]
        if history and not also:
            fetches.append(final.alignment_history.stack())
        nodes = tf.get_seed(None)[1]
        fetches += [_size(tf, g) for g in tf.gradients(loss, tf.trainable_variables())]
        return [nodes, str(output.rnn_output.shape)] + _given(tf, fetches, feeds)[1:]

    return case


def _without_gradient(kind, **options):
    def case(tf):
        lib = tf.contrib.seq2seq
        table, outputs, state, lengths, feeds = _encoded(tf)
        options_here = {k: v(tf) if callable(v) else v for k, v in options.items()}
        mechanism = getattr(lib, kind)(6, outputs, lengths, **options_here)
        cell = lib.AttentionWrapper(tf.nn.rnn_cell.GRUCell(6), mechanism, initial_cell_state=state.h)
        helper = lib.TrainingHelper(tf.nn.embedding_lookup(table, TARGETS), [3, 2, 3])
        decoder = lib.BasicDecoder(cell, helper, cell.zero_state(3, tf.float32))
        output, final, ends = lib.dynamic_decode(decoder, impute_finished=True)
        return _given(tf, [output.rnn_output, output.sample_id, ends, final.alignments], feeds)

    return case


def _inference(make_helper, maximum=6, **options):
    def case(tf):
        table, _, state, _, feeds = _encoded(tf)
        helper = make_helper(tf, table)
        decoder = tf.contrib.seq2seq.BasicDecoder(tf.nn.rnn_cell.LSTMCell(6), helper, state, _projection(tf))
        output, final, ends = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=maximum, **options)
        return _given(tf, [output.sample_id, ends, _size(tf, output.rnn_output), final.h], feeds)

    return case


def _greedy(tf, table):
    return tf.contrib.seq2seq.GreedyEmbeddingHelper(table, [1, 1, 1], 2)


def _greedy_to_seven(tf, table):
    return tf.contrib.seq2seq.GreedyEmbeddingHelper(lambda ids: tf.gather(table, ids), tf.fill([3], 1), 7)


def _sampling(tf, table):
    return tf.contrib.seq2seq.SampleEmbeddingHelper(table, [1, 1, 1], 2, seed=4)


def _sampling_at_temperature(tf, table):
    return tf.contrib.seq2seq.SampleEmbeddingHelper(table, [1, 1, 1], 2, softmax_temperature=0.5)


def _scheduled_outputs(tf, table):
    return tf.contrib.seq2seq.ScheduledOutputTrainingHelper(
        tf.nn.embedding_lookup(table, TARGETS), [3, 2, 3], 0.5, seed=5, next_inputs_fn=tf.layers.Dense(5, name="next")
    )


def _scheduled_outputs_with_auxiliary(tf, table):
    return tf.contrib.seq2seq.ScheduledOutputTrainingHelper(
        tf.nn.embedding_lookup(table, TARGETS),
        [3, 2, 3],
        0.5,
        seed=5,
        next_inputs_fn=lambda x: x[:, :5],
        auxiliary_inputs=tf.ones([3, 3, 2]),
    )


def _custom(tf, table):
    return tf.contrib.seq2seq.CustomHelper(
        lambda: (tf.tile([False], [3]), tf.zeros([3, 5])),
        lambda time, outputs, state: tf.cast(tf.argmax(outputs, -1), tf.int32),
        lambda time, outputs, state, sample_ids: (time >= [2, 3, 4], tf.nn.embedding_lookup(table, sample_ids), state),
    )


def _continuous(tf, table):
    lib = tf.contrib.seq2seq
    return lib.InferenceHelper(lambda x: x[:, :5], [5], tf.float32, tf.zeros([3, 5]), lambda x: x[:, 0] > 10.0)


def _beam(width=3, attention=True, history=False, **options):
    def case(tf):
        lib = tf.contrib.seq2seq
        table, outputs, state, lengths, feeds = _encoded(tf)
        state, cell = lib.tile_batch(state, width), tf.nn.rnn_cell.LSTMCell(6)
        if attention:
            mechanism = lib.LuongAttention(6, lib.tile_batch(outputs, width), lib.tile_batch(lengths, width))
            cell = lib.AttentionWrapper(cell, mechanism, attention_layer_size=7, alignment_history=history)
            state = cell.zero_state(3 * width, tf.float32).clone(cell_state=state)
        decoder = lib.BeamSearchDecoder(cell, table, tf.fill([3], 1), 2, state, width, _projection(tf), **options)
        output, final, ends = lib.dynamic_decode(decoder, maximum_iterations=6)
        steps = output.beam_search_decoder_output
        fetches = [output.predicted_ids, steps.scores, steps.predicted_ids, steps.parent_ids]
        fetches += [final.log_probs, final.lengths, ends]
        if history:
            fetches.append(final.cell_state.alignment_history)
        return [str(output.predicted_ids.shape)] + _given(tf, fetches, feeds)

    return case


def _small_functions(tf):
    lib = tf.contrib.seq2seq
    tokens, parents = [[[1, 2, 3]], [[4, 5, 10]], [[7, 8, 9]]], [[[0, 0, 0]], [[0, 1, 1]], [[2, 1, 2]]]
    fetches = [lib.gather_tree(tokens, parents, [3], 10), lib.safe_cumprod([0.5, 0.2, 0.0, 0.3], exclusive=True)]
    fetches += [lib.hardmax([[1.0, 3.0, 2.0]]), lib.tile_batch(tf.constant([[1, 2], [3, 4]]), 2)]
    for mode in ("recursive", "parallel", "hard"):
        fetches.append(lib.monotonic_attention([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]], [[0.5, 0.5, 0.0]] * 2, mode))
    return _given(tf, fetches, {})


CASES = {
    "luong": _attention("LuongAttention"),
    "luong_scaled": _attention("LuongAttention", scale=True, history=True),
    "bahdanau": _attention("BahdanauAttention"),
    "bahdanau_normalized": _attention("BahdanauAttention", normalize=True, history=True),
    "two_mechanisms": _attention("BahdanauAttention", also="LuongAttention", history=True),
    "luong_monotonic": _attention("LuongMonotonicAttention", sigmoid_noise=1.0, sigmoid_noise_seed=3),
    "bahdanau_monotonic": _attention("BahdanauMonotonicAttention", mode="recursive", normalize=True),
    "output_of_cell": _attention("LuongAttention", size=None, output_attention=False),
    "hard_monotonic": _without_gradient("BahdanauMonotonicAttention", mode="hard", score_bias_init=1.0),
    "hardmax": _without_gradient("LuongAttention", probability_fn=lambda tf: tf.contrib.seq2seq.hardmax),
    "greedy": _inference(_greedy),
    "greedy_imputed": _inference(_greedy_to_seven, impute_finished=True, output_time_major=True),
    "sampling": _inference(_sampling),
    "sampling_at_temperature": _inference(_sampling_at_temperature),
    "scheduled_outputs": _inference(_scheduled_outputs, None),
    "scheduled_outputs_with_auxiliary": _inference(_scheduled_outputs_with_auxiliary, None),
    "custom": _inference(_custom, None),
    "continuous": _inference(_continuous, 3),
    "beams": _beam(),
    "beams_of_plain_cell": _beam(2, attention=False),
    "beams_with_penalties": _beam(length_penalty_weight=0.7, coverage_penalty_weight=0.3, history=True),
    "small_functions": _small_functions,
}


def run(tf, name):
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        return CASES[name](tf)
