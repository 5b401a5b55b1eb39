"""An encoder and a decoder whose every step is decided by a loop function, as tutorials of 2016 had it."""

import numpy as np
import tensorflow as tf

tf.reset_default_graph()
tf.set_random_seed(3)
sess = tf.InteractiveSession()
PAD, EOS, vocab, size, hidden = 0, 1, 8, 6, 10
encoder_inputs = tf.placeholder(shape=(None, None), dtype=tf.int32, name="encoder_inputs")
encoder_lengths = tf.placeholder(shape=(None,), dtype=tf.int32, name="encoder_lengths")
decoder_targets = tf.placeholder(shape=(None, None), dtype=tf.int32, name="decoder_targets")
embeddings = tf.Variable(tf.random_uniform([vocab, size], -1.0, 1.0), dtype=tf.float32)
embedded = tf.nn.embedding_lookup(embeddings, encoder_inputs)
encoder_cell = tf.nn.rnn_cell.LSTMCell(hidden // 2, state_is_tuple=True)
(fw, bw), (fw_state, bw_state) = tf.nn.bidirectional_dynamic_rnn(
    cell_fw=encoder_cell,
    cell_bw=encoder_cell,
    inputs=embedded,
    sequence_length=encoder_lengths,
    dtype=tf.float32,
    time_major=True,
)
state = tf.nn.rnn_cell.LSTMStateTuple(
    c=tf.concat((fw_state.c, bw_state.c), 1), h=tf.concat((fw_state.h, bw_state.h), 1)
)
decoder_cell = tf.nn.rnn_cell.LSTMCell(hidden)
encoder_max_time, batch_size = tf.unstack(tf.shape(encoder_inputs))
decoder_lengths = encoder_lengths + 3
W = tf.Variable(tf.random_uniform([hidden, vocab], -1, 1), dtype=tf.float32)
b = tf.Variable(tf.zeros([vocab]), dtype=tf.float32)
eos = tf.nn.embedding_lookup(embeddings, tf.ones([batch_size], dtype=tf.int32, name="EOS"))
pad = tf.nn.embedding_lookup(embeddings, tf.zeros([batch_size], dtype=tf.int32, name="PAD"))


def loop_fn_transition(time, previous_output, previous_state, previous_loop_state):
    def next_input():
        logits = tf.add(tf.matmul(previous_output, W), b)
        prediction = tf.argmax(logits, axis=1)
        return tf.nn.embedding_lookup(embeddings, prediction)

    finished = time >= decoder_lengths
    return (
        finished,
        tf.cond(tf.reduce_all(finished), lambda: pad, next_input),
        previous_state,
        previous_output,
        previous_loop_state + 1,
    )


def loop_fn(time, output, previous_state, loop_state):
    if previous_state is None:
        assert output is None
        return 0 >= decoder_lengths, eos, state, None, tf.constant(0)
    return loop_fn_transition(time, output, previous_state, loop_state)


outputs_ta, final_state, loop_state = tf.nn.raw_rnn(decoder_cell, loop_fn)
outputs = outputs_ta.stack()
max_steps, dim_batch, dim = tf.unstack(tf.shape(outputs))
flat = tf.reshape(outputs, (-1, dim))
logits = tf.reshape(tf.add(tf.matmul(flat, W), b), (max_steps, dim_batch, vocab))
prediction = tf.argmax(logits, 2)
crossent = tf.nn.softmax_cross_entropy_with_logits(labels=tf.one_hot(decoder_targets, vocab), logits=logits)
loss = tf.reduce_mean(crossent)
train_op = tf.train.AdamOptimizer().minimize(loss)
sess.run(tf.global_variables_initializer())
rng = np.random.RandomState(1)


def feed():
    sequences = [rng.randint(2, vocab, rng.randint(3, 6)).tolist() for _ in range(10)]
    n = max(map(len, sequences))
    inputs = np.zeros([n, 10], np.int32)
    targets = np.zeros([n + 3, 10], np.int32)
    for i, s in enumerate(sequences):
        inputs[: len(s), i] = s
        targets[: len(s) + 1, i] = s + [EOS]
    return {encoder_inputs: inputs, encoder_lengths: [len(s) for s in sequences], decoder_targets: targets}


for step in range(41):
    fd = feed()
    _, l = sess.run([train_op, loss], fd)
    if step % 20 == 0:
        print("batch %d" % step, "loss", sess.run(loss, fd), sess.run(loop_state, fd), l)
        print(sess.run(prediction, fd).T[0])
print([v.name for v in tf.trainable_variables()])
print(final_state.h.eval(fd).sum())
