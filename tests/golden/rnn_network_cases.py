"""Recurrent networks over time under TensorFlow 1.15.5: variables, names, values, gradients, errors.

The results are kept in rnn_networks.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import functools

import numpy as np
from rnn_cell_cases import error

BATCH, TIME, DEPTH = 2, 4, 3
INPUTS = np.sin(np.arange(BATCH * TIME * DEPTH) * 1.3).reshape(BATCH, TIME, DEPTH).astype(np.float32)


def steps(tf):
    return tf.unstack(tf.constant(INPUTS), axis=1)


def ids(tf):
    return [tf.constant([i, 2]) for i in range(3)]


class Saver:
    """Keeps states in variables."""

    def __init__(self, tf, units):
        self._tf = tf
        self._values = {
            name: tf.get_variable("saved_" + name, [BATCH, units], trainable=False, initializer=tf.ones_initializer())
            for name in ("c", "h")
        }

    def state(self, name):
        return self._values[name].read_value()

    def save_state(self, name, value):
        return self._tf.assign(self._values[name], value)


def networks(tf):
    """Networks by name, each built when it is wanted."""
    nn, contrib, core = tf.nn, tf.contrib.rnn, tf.nn.rnn_cell
    legacy = tf.contrib.legacy_seq2seq
    gru, lstm = core.GRUCell, core.BasicLSTMCell
    x = functools.partial(tf.constant, INPUTS)
    float32 = tf.float32

    def time_major():
        return tf.transpose(x(), [1, 0, 2])

    def stack():
        return core.MultiRNNCell([gru(5), core.LSTMCell(4, num_proj=2)])

    def fused(dynamic):
        return contrib.TimeReversedFusedRNN(contrib.FusedRNNCellAdaptor(gru(5), dynamic))

    def either(value):
        return tf.placeholder_with_default(value, [])

    return {
        "dynamic": lambda: nn.dynamic_rnn(lstm(5), x(), dtype=float32),
        "dynamic_lengths": lambda: nn.dynamic_rnn(stack(), x(), sequence_length=[2, 4], dtype=float32),
        "dynamic_time_major": lambda: nn.dynamic_rnn(
            gru(5), time_major(), tf.constant([0, 3], tf.int64), initial_state=tf.ones([2, 5]), time_major=True
        ),
        "dynamic_unknown": lambda: nn.dynamic_rnn(
            gru(5), tf.placeholder_with_default(INPUTS, [None, None, DEPTH]), dtype=float32, scope="mine"
        ),
        "dynamic_dropout": lambda: nn.dynamic_rnn(
            core.DropoutWrapper(lstm(5), 0.5, 0.5, 0.5, True, DEPTH, float32, seed=3), x(), dtype=float32
        ),
        "dynamic_picture": lambda: nn.dynamic_rnn(
            contrib.Conv2DLSTMCell(input_shape=[2, 3, 1], output_channels=2, kernel_shape=[2, 2]),
            tf.reshape(time_major(), [2, 2, 2, 3, 1]),
            dtype=float32,
        ),
        "dynamic_attention": lambda: nn.dynamic_rnn(
            contrib.AttentionCellWrapper(gru(3), 2), x(), sequence_length=[1, 3], dtype=float32
        ),
        "bidirectional": lambda: nn.bidirectional_dynamic_rnn(gru(5), gru(3), x(), dtype=float32),
        "bidirectional_lengths": lambda: nn.bidirectional_dynamic_rnn(
            lstm(5), lstm(3), time_major(), [2, 4], dtype=float32, time_major=True, swap_memory=True
        ),
        "static": lambda: nn.static_rnn(gru(5), steps(tf), dtype=float32),
        "static_lengths": lambda: nn.static_rnn(lstm(5), steps(tf), dtype=float32, sequence_length=[1, 3]),
        "static_bidirectional": lambda: nn.static_bidirectional_rnn(gru(5), gru(3), steps(tf), dtype=float32),
        "static_bidirectional_lengths": lambda: nn.static_bidirectional_rnn(
            gru(5), gru(3), steps(tf), dtype=float32, sequence_length=[1, 3]
        ),
        "static_saving": lambda: nn.static_state_saving_rnn(
            lstm(5), steps(tf), Saver(tf, 5), core.LSTMStateTuple("c", "h")
        ),
        "stack": lambda: contrib.stack_bidirectional_rnn([gru(5), gru(2)], [gru(5), gru(2)], steps(tf), dtype=float32),
        "stack_dynamic": lambda: contrib.stack_bidirectional_dynamic_rnn(
            [gru(5), gru(2)], [gru(5), gru(2)], x(), dtype=float32, sequence_length=[2, 4]
        ),
        "raw": lambda: raw(tf, None),
        "raw_emitting": lambda: raw(tf, tf.zeros([2])),
        "fused": lambda: fused(True)(time_major(), dtype=float32, sequence_length=[1, 3]),
        "fused_static": lambda: fused(False)(time_major(), dtype=float32),
        "fused_block": lambda: contrib.TimeReversedFusedRNN(contrib.LSTMBlockFusedCell(4))(
            time_major(), dtype=float32, sequence_length=[1, 3]
        ),
        "basic_seq2seq": lambda: legacy.basic_rnn_seq2seq(steps(tf), steps(tf)[:2], gru(5)),
        "tied_seq2seq": lambda: legacy.tied_rnn_seq2seq(steps(tf), steps(tf)[:2], lstm(5)),
        "embedding_seq2seq": lambda: legacy.embedding_rnn_seq2seq(ids(tf), ids(tf)[:2], lstm(4), 5, 6, 3),
        "embedding_seq2seq_either": lambda: legacy.embedding_rnn_seq2seq(
            ids(tf), ids(tf)[:2], lstm(4), 5, 6, 3, feed_previous=either(True)
        ),
        "embedding_tied": lambda: legacy.embedding_tied_rnn_seq2seq(
            ids(tf), ids(tf)[:2], gru(4), 5, 3, feed_previous=True
        ),
        "embedding_tied_either": lambda: legacy.embedding_tied_rnn_seq2seq(
            ids(tf), ids(tf)[:2], gru(4), 5, 3, feed_previous=either(False)
        ),
        "attention_seq2seq": lambda: legacy.embedding_attention_seq2seq(
            ids(tf), ids(tf)[:2], gru(4), 5, 6, 3, num_heads=2, initial_state_attention=True
        ),
        "attention_seq2seq_either": lambda: legacy.embedding_attention_seq2seq(
            ids(tf), ids(tf)[:2], lstm(4), 5, 6, 3, feed_previous=either(True)
        ),
        "attention_decoder": lambda: legacy.attention_decoder(
            steps(tf)[:2], tf.zeros([2, 5]), x(), gru(5), output_size=2
        ),
        "one2many": lambda: legacy.one2many_rnn_seq2seq(
            ids(tf), {"a": ids(tf)[:1]}, gru(4), {"a": gru(4)}, 5, {"a": 6}, 3, feed_previous=True
        ),
    }


def raw(tf, emitted):
    steps_of = tf.TensorArray(tf.float32, size=TIME).unstack(tf.transpose(tf.constant(INPUTS), [1, 0, 2]))
    cell, lengths = tf.nn.rnn_cell.LSTMCell(5), tf.constant([2, TIME])

    def loop_fn(time, output, state, loop_state):
        finished = time >= lengths
        following = tf.cond(
            tf.reduce_all(finished), lambda: tf.zeros([BATCH, DEPTH]), lambda: steps_of.read(tf.minimum(time, TIME - 1))
        )
        if output is None:
            return finished, following, cell.zero_state(BATCH, tf.float32), emitted, tf.constant(1.0)
        emit = output if emitted is None else output[:, :2]
        return finished, following, state, emit, loop_state * 2.0

    arrays, state, loop_state = tf.nn.raw_rnn(cell, loop_fn)
    return arrays.stack(), state, loop_state


def values_of(tf, name):
    """What a network gives, with seeded weights, and the gradients of a loss."""
    flatten = tf.contrib.framework.nest.flatten
    tf.set_random_seed(2)
    with tf.variable_scope("model", initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=2)):
        results = flatten(networks(tf)[name]())
    variables = tf.trainable_variables()
    loss = tf.add_n([tf.reduce_sum(tf.square(t)) for t in results])
    gradients = [g if g is None else tf.convert_to_tensor(g) for g in tf.gradients(loss, variables)]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values, slopes = session.run([results, [g for g in gradients if g is not None]])
    return {
        "names": [[t.name, str(t.shape)] for t in results],
        "variables": [[v.name, v.shape.as_list()] for v in tf.global_variables()],
        "without_gradient": [v.name for v, g in zip(variables, gradients) if g is None],
        "values": [np.asarray(v).tolist() for v in values],
        "gradients": [np.asarray(g).tolist() for g in slopes],
    }


def losses(tf):
    """Losses of sequences by name."""
    logits = tf.constant(np.cos(np.arange(2 * 3 * 4)).reshape(2, 3, 4).astype(np.float32))
    targets, weights = tf.constant([[0, 1, 2], [3, 2, 1]]), tf.constant([[1.0, 1.0, 0.0], [2.0, 0.5, 0.0]])
    modern = functools.partial(tf.contrib.seq2seq.sequence_loss, logits, targets, weights)
    legacy = tf.contrib.legacy_seq2seq
    lists = [tf.unstack(t, axis=1) for t in (logits, targets, weights)]

    def other(labels, logits):
        return tf.cast(labels, tf.float32) - tf.reduce_max(logits, 1)

    return [
        modern(),
        modern(average_across_timesteps=False),
        modern(average_across_batch=False),
        modern(False, False),
        modern(False, False, True, True),
        modern(False, False, True, False),
        modern(False, False, False, True),
        modern(softmax_loss_function=other),
        legacy.sequence_loss_by_example(*lists),
        legacy.sequence_loss_by_example(*lists, average_across_timesteps=False),
        legacy.sequence_loss(*lists),
        legacy.sequence_loss(*lists, average_across_batch=False, softmax_loss_function=other),
    ]


def case_losses(tf):
    results = losses(tf)
    with tf.Session() as session:
        values = session.run(results)
    return [[t.name for t in results], [np.asarray(v).tolist() for v in values]]


def case_buckets(tf):
    legacy = tf.contrib.legacy_seq2seq
    tokens = [tf.constant([1, 2]) for _ in range(4)]
    weights = [tf.ones([2])] * 4

    def model(encoder, decoder):
        return legacy.embedding_rnn_seq2seq(encoder, decoder, tf.nn.rnn_cell.GRUCell(3), 5, 5, 2)

    with tf.variable_scope("model", initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=2)):
        outputs, costs = legacy.model_with_buckets(tokens, tokens, tokens, weights, [(1, 2), (3, 4)], model)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run(costs)
    names = [v.name for v in tf.global_variables()]
    return [[names, [len(o) for o in outputs], [c.name for c in costs]], [float(v) for v in values]]


def case_errors(tf):
    nn, core, contrib = tf.nn, tf.nn.rnn_cell, tf.contrib.rnn
    legacy, loss = tf.contrib.legacy_seq2seq, tf.contrib.seq2seq.sequence_loss
    x = tf.constant(INPUTS)
    unknown = tf.placeholder(tf.float32, [2, 3, None])
    gru = core.GRUCell(2)
    pair = (tf.zeros([2, 3, 4]), tf.zeros([2, 4, 4]))
    return [
        error(nn.dynamic_rnn, None, x),
        error(nn.dynamic_rnn, gru, x),
        error(nn.dynamic_rnn, gru, unknown, dtype=tf.float32),
        error(nn.dynamic_rnn, gru, tf.zeros([2, 3]), dtype=tf.float32),
        error(nn.dynamic_rnn, gru, x, sequence_length=3, dtype=tf.float32),
        error(nn.dynamic_rnn, gru, pair, dtype=tf.float32),
        error(nn.raw_rnn, gru, None),
        error(nn.static_rnn, gru, x, dtype=tf.float32),
        error(nn.static_rnn, gru, [], dtype=tf.float32),
        error(nn.static_rnn, gru, steps(tf)),
        error(nn.static_rnn, gru, steps(tf), dtype=tf.float32, sequence_length=3),
        error(nn.static_rnn, gru, [unknown[0]], dtype=tf.float32),
        error(nn.static_rnn, gru, [tf.zeros([2, 3]), tf.zeros([4, 3])], dtype=tf.float32),
        error(nn.static_state_saving_rnn, gru, steps(tf), None, ("a",)),
        error(nn.static_bidirectional_rnn, gru, gru, x),
        error(nn.static_bidirectional_rnn, gru, gru, []),
        error(contrib.stack_bidirectional_rnn, [], [gru], x),
        error(contrib.stack_bidirectional_rnn, [gru], (gru,), x),
        error(contrib.stack_bidirectional_dynamic_rnn, [gru], [gru, gru], x),
        error(contrib.stack_bidirectional_dynamic_rnn, [gru], [gru], x, initial_states_fw=[1, 2]),
        error(legacy.attention_decoder, [], None, x, gru),
        error(legacy.attention_decoder, steps(tf), None, x, gru, num_heads=0),
        error(legacy.attention_decoder, steps(tf), None, unknown, gru),
        error(legacy.sequence_loss_by_example, [1], [1], [1, 2]),
        error(legacy.model_with_buckets, [1], [1], [1], [1], [(2, 1)], None),
        error(loss, x[0], x[0], x[0]),
        error(loss, x, x, x[0]),
        error(loss, x, x[0], x[0], sum_over_batch=True),
    ]


class _NoModule:
    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


CASES = {name[5:]: value for name, value in dict(globals()).items() if name.startswith("case_")}
CASES.update({"network_" + name: functools.partial(values_of, name=name) for name in networks(_NoModule())})
