"""A character model after char-rnn: unrolled cells of legacy_seq2seq, a loop function for sampling, a saved model."""

import argparse
import os
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow.contrib import legacy_seq2seq, rnn

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="lstm")
parser.add_argument("--rnn_size", type=int, default=12)
parser.add_argument("--num_layers", type=int, default=2)
parser.add_argument("--batch_size", type=int, default=4)
parser.add_argument("--seq_length", type=int, default=6)
text = "to be or not to be that is the question whether tis nobler in the mind to suffer " * 3
chars = sorted(set(text))
vocab = {c: i for i, c in enumerate(chars)}


class Model:
    def __init__(self, args, training=True):
        if not training:
            args.batch_size, args.seq_length = 1, 1
        kinds = {"rnn": rnn.BasicRNNCell, "gru": rnn.GRUCell, "lstm": rnn.BasicLSTMCell, "nas": rnn.NASCell}
        cells = []
        for _ in range(args.num_layers):
            cell = kinds[args.model](args.rnn_size)
            if training:
                cell = rnn.DropoutWrapper(cell, input_keep_prob=0.9, output_keep_prob=0.9)
            cells.append(cell)
        self.cell = cell = rnn.MultiRNNCell(cells, state_is_tuple=True)
        self.input_data = tf.placeholder(tf.int32, [args.batch_size, args.seq_length])
        self.targets = tf.placeholder(tf.int32, [args.batch_size, args.seq_length])
        self.initial_state = cell.zero_state(args.batch_size, tf.float32)
        with tf.variable_scope("rnnlm"):
            softmax_w = tf.get_variable("softmax_w", [args.rnn_size, len(chars)])
            softmax_b = tf.get_variable("softmax_b", [len(chars)])
        embedding = tf.get_variable("embedding", [len(chars), args.rnn_size])
        inputs = tf.nn.embedding_lookup(embedding, self.input_data)
        if training:
            inputs = tf.nn.dropout(inputs, 0.9)
        inputs = tf.split(inputs, args.seq_length, 1)
        inputs = [tf.squeeze(input_, [1]) for input_ in inputs]

        def loop(prev, _):
            prev = tf.matmul(prev, softmax_w) + softmax_b
            return tf.nn.embedding_lookup(embedding, tf.stop_gradient(tf.argmax(prev, 1)))

        outputs, last_state = legacy_seq2seq.rnn_decoder(
            inputs, self.initial_state, cell, loop_function=loop if not training else None, scope="rnnlm"
        )
        output = tf.reshape(tf.concat(outputs, 1), [-1, args.rnn_size])
        self.logits = tf.matmul(output, softmax_w) + softmax_b
        self.probs = tf.nn.softmax(self.logits)
        loss = legacy_seq2seq.sequence_loss_by_example(
            [self.logits], [tf.reshape(self.targets, [-1])], [tf.ones([args.batch_size * args.seq_length])]
        )
        with tf.name_scope("cost"):
            self.cost = tf.reduce_sum(loss) / args.batch_size / args.seq_length
        self.final_state = last_state
        self.lr = tf.Variable(0.0, trainable=False)
        tvars = tf.trainable_variables()
        grads, _ = tf.clip_by_global_norm(tf.gradients(self.cost, tvars), 5.0)
        with tf.name_scope("optimizer"):
            optimizer = tf.train.AdamOptimizer(self.lr)
        self.train_op = optimizer.apply_gradients(zip(grads, tvars))
        tf.summary.histogram("logits", self.logits)
        tf.summary.scalar("train_loss", self.cost)

    def sample(self, sess, count, prime):
        state = sess.run(self.cell.zero_state(1, tf.float32))
        for char in prime:
            probs, state = sess.run(
                [self.probs, self.final_state], {self.input_data: [[vocab[char]]], self.initial_state: state}
            )
        result = prime
        for _ in range(count):
            char = chars[int(np.argmax(probs[0]))]
            result += char
            feed = {self.input_data: [[vocab[char]]], self.initial_state: state}
            probs, state = sess.run([self.probs, self.final_state], feed)
        return result


for kind in ("lstm", "gru"):
    args = parser.parse_args(["--model", kind])
    tf.reset_default_graph()
    tf.set_random_seed(17)
    model = Model(args)
    codes = np.array([vocab[c] for c in text])
    count = len(codes) // (args.batch_size * args.seq_length)
    xs = codes[: count * args.batch_size * args.seq_length]
    ys = np.append(xs[1:], xs[0])
    x_batches = np.split(xs.reshape(args.batch_size, -1), count, 1)
    y_batches = np.split(ys.reshape(args.batch_size, -1), count, 1)
    path = os.path.join(tempfile.mkdtemp(), "model.ckpt")
    with tf.Session() as sess:
        tf.global_variables_initializer().run()
        saver = tf.train.Saver(tf.global_variables(), max_to_keep=2)
        for epoch in range(2):
            sess.run(tf.assign(model.lr, 0.02 * (0.97**epoch)))
            state = sess.run(model.initial_state)
            for x, y in zip(x_batches, y_batches):
                feed = {model.input_data: x, model.targets: y}
                for i, part in enumerate(model.initial_state):
                    if kind == "lstm":
                        feed[part.c], feed[part.h] = state[i].c, state[i].h
                    else:
                        feed[part] = state[i]
                train_loss, state, _ = sess.run([model.cost, model.final_state, model.train_op], feed)
            print("%s epoch %d loss %.4f" % (kind, epoch, train_loss))
            saver.save(sess, path, global_step=epoch)
    tf.reset_default_graph()
    model = Model(args, training=False)
    with tf.Session() as sess:
        checkpoint = tf.train.get_checkpoint_state(os.path.dirname(path))
        tf.train.Saver(tf.global_variables()).restore(sess, checkpoint.model_checkpoint_path)
        print(repr(model.sample(sess, 6, "to ")), os.path.basename(checkpoint.model_checkpoint_path))
        print([v.name for v in tf.trainable_variables()])
