"""Learns to reverse and shift sequences of tokens: encoder, attention, greedy and beam search decoding."""

import numpy as np
import tensorflow as tf
from tensorflow.contrib.seq2seq.python.ops import attention_wrapper
from tensorflow.python.layers.core import Dense

flags = tf.app.flags
flags.DEFINE_integer("vocab", 12, "tokens, with padding, start and end")
flags.DEFINE_integer("units", 16, "size of cells")
flags.DEFINE_integer("beam", 3, "width of the beam search")
flags.DEFINE_float("clip", 1.0, "largest norm of gradients")
FLAGS = flags.FLAGS
PAD, GO, EOS = 0, 1, 2


class Model(object):
    def __init__(self, mode):
        self.mode = mode
        self.source = tf.placeholder(tf.int32, [None, None], name="source")
        self.source_length = tf.placeholder(tf.int32, [None], name="source_length")
        self.target = tf.placeholder(tf.int32, [None, None], name="target")
        self.target_length = tf.placeholder(tf.int32, [None], name="target_length")
        self.keep = 0.8 if mode == "train" else 1.0
        self.batch = tf.shape(self.source)[0]
        with tf.variable_scope("model", reuse=mode != "train"):
            self.embedding = tf.get_variable("embedding", [FLAGS.vocab, 8])
            outputs, state = self.encode()
            self.decode(outputs, state)

    def cell(self, units):
        cell = tf.contrib.rnn.GRUCell(units, kernel_initializer=tf.orthogonal_initializer())
        return tf.contrib.rnn.DropoutWrapper(cell, output_keep_prob=self.keep)

    def encode(self):
        with tf.variable_scope("encoder"):
            inputs = tf.nn.embedding_lookup(self.embedding, self.source)
            half = FLAGS.units // 2
            outputs, states = tf.nn.bidirectional_dynamic_rnn(
                self.cell(half), self.cell(half), inputs, self.source_length, dtype=tf.float32
            )
            return tf.concat(outputs, 2), tf.concat(states, 1)

    def decode(self, outputs, state):
        lengths, batch = self.source_length, self.batch
        if self.mode == "beam":
            outputs, state, lengths = tf.contrib.seq2seq.tile_batch([outputs, state, lengths], multiplier=FLAGS.beam)
            batch = batch * FLAGS.beam
        with tf.variable_scope("decoder"):
            mechanism = tf.contrib.seq2seq.BahdanauAttention(FLAGS.units, outputs, lengths)
            cell = attention_wrapper.AttentionWrapper(
                self.cell(FLAGS.units), mechanism, attention_layer_size=FLAGS.units, name="attention"
            )
            start = cell.zero_state(batch, tf.float32).clone(cell_state=state)
            layer = Dense(FLAGS.vocab, use_bias=False, name="output")
            go = tf.fill([self.batch], GO)
            if self.mode == "beam":
                decoder = tf.contrib.seq2seq.BeamSearchDecoder(cell, self.embedding, go, EOS, start, FLAGS.beam, layer)
            else:
                if self.mode == "train":
                    given = tf.concat([go[:, tf.newaxis], self.target[:, :-1]], 1)
                    inputs = tf.nn.embedding_lookup(self.embedding, given)
                    helper = tf.contrib.seq2seq.TrainingHelper(inputs, self.target_length)
                else:
                    helper = tf.contrib.seq2seq.GreedyEmbeddingHelper(self.embedding, go, EOS)
                decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, start, layer)
            result, _, ends = tf.contrib.seq2seq.dynamic_decode(
                decoder,
                maximum_iterations=None if self.mode == "train" else 9,
                impute_finished=self.mode != "beam",
                scope="decode",
            )
        if self.mode == "beam":
            self.predicted = result.predicted_ids[:, :, 0]
        else:
            self.predicted = result.sample_id
        if self.mode == "train":
            weights = tf.sequence_mask(self.target_length, tf.reduce_max(self.target_length), dtype=tf.float32)
            self.loss = tf.contrib.seq2seq.sequence_loss(result.rnn_output, self.target, weights)
            variables = tf.trainable_variables()
            gradients, self.norm = tf.clip_by_global_norm(tf.gradients(self.loss, variables), FLAGS.clip)
            self.step = tf.train.get_or_create_global_step()
            rate = tf.train.exponential_decay(0.02, self.step, 20, 0.9, staircase=True)
            self.train = tf.train.AdamOptimizer(rate).apply_gradients(zip(gradients, variables), self.step)


def batch(rng, size=16):
    lengths = rng.randint(2, 6, size)
    source, target = np.zeros([size, 5], np.int32), np.zeros([size, 6], np.int32)
    for row, n in enumerate(lengths):
        tokens = rng.randint(3, FLAGS.vocab, n)
        source[row, :n], target[row, :n], target[row, n] = tokens, tokens[::-1], EOS
    return source, lengths, target, lengths + 1


def main(_):
    tf.set_random_seed(7)
    rng = np.random.RandomState(7)
    train, greedy, beam = Model("train"), Model("greedy"), Model("beam")
    print(sum(int(np.prod(v.shape.as_list())) for v in tf.trainable_variables()))
    for v in tf.trainable_variables():
        print(v.op.name, v.shape)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for i in range(30):
            source, n, target, m = batch(rng)
            m_max = m.max()
            feed = {
                train.source: source,
                train.source_length: n,
                train.target: target[:, :m_max],
                train.target_length: m,
            }
            loss, norm, step, _ = sess.run([train.loss, train.norm, train.step, train.train], feed)
            if i % 10 == 0:
                print("step %d loss %.4f norm %.4f" % (step, loss, norm))
        source, n, target, m = batch(rng, 3)
        for model in (greedy, beam):
            print(sess.run(model.predicted, {model.source: source, model.source_length: n})[:, :2].tolist())


if __name__ == "__main__":
    main(None)
