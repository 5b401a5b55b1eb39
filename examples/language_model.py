"""A language model in the manner of the Penn Treebank tutorial: two LSTM layers learn which word comes next.

    python examples/language_model.py

It reads a small tale that lies beside it. Each epoch prints the perplexity: among how many words, equally likely, the
model is in doubt. A model that knows nothing is in doubt among all of the vocabulary. In the end it tells a tale.
"""

import os

import numpy as np

import pyflow as tf

TEXT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "the_mill_and_the_winds.txt")
HIDDEN = 64
LAYERS = 2
BATCH = 4
STEPS = 12  # how many words back the gradients go
LEARNING_RATE = 1.0
KEEP_PROBABILITY = 0.8
LARGEST_GRADIENT = 5.0

tf.flags.DEFINE_string("text", TEXT, "The text to learn from: words and points, parted by blanks.")
tf.flags.DEFINE_integer("epochs", 20, "How many times to read the text.")
tf.flags.DEFINE_integer("seed", 1, "The same seed gives the same model.")
FLAGS = tf.flags.FLAGS


def read_words(path):
    """The text as ids, the end of a line as a word of its own; and the words by id, the most frequent first."""
    with open(path, encoding="utf-8") as f:
        words = f.read().replace("\n", " <eos> ").split()
    counts = {word: words.count(word) for word in sorted(set(words))}
    vocabulary = sorted(counts, key=lambda word: -counts[word])
    ids = {word: i for i, word in enumerate(vocabulary)}
    return np.array([ids[word] for word in words], np.int32), vocabulary


def batches(ids, batch, steps):
    """Inputs and targets [batch, steps]: each row reads on where it stopped in the batch before."""
    columns = (len(ids) - 1) // batch
    inputs = ids[: batch * columns].reshape(batch, columns)
    targets = ids[1 : batch * columns + 1].reshape(batch, columns)
    for start in range(0, columns - steps + 1, steps):
        yield inputs[:, start : start + steps], targets[:, start : start + steps]


class Model:
    """The network for batches of one size; all models share their variables."""

    def __init__(self, vocabulary_size, batch, steps, keep_probability=1.0):
        self.batch, self.steps = batch, steps
        self.inputs = tf.placeholder(tf.int32, [batch, steps], name="inputs")
        self.targets = tf.placeholder(tf.int32, [batch, steps], name="targets")
        embedding = tf.get_variable("embedding", [vocabulary_size, HIDDEN])
        words = tf.nn.embedding_lookup(embedding, self.inputs)

        def layer():
            cell = tf.contrib.rnn.BasicLSTMCell(HIDDEN, forget_bias=0.0)
            return tf.contrib.rnn.DropoutWrapper(cell, output_keep_prob=keep_probability, seed=FLAGS.seed)

        cell = tf.contrib.rnn.MultiRNNCell([layer() for _ in range(LAYERS)])
        self.initial_state = cell.zero_state(batch, tf.float32)
        words = tf.nn.dropout(words, rate=1 - keep_probability, seed=FLAGS.seed)
        outputs, self.final_state = tf.nn.dynamic_rnn(cell, words, initial_state=self.initial_state)
        weights = tf.get_variable("softmax_w", [HIDDEN, vocabulary_size])
        biases = tf.get_variable("softmax_b", [vocabulary_size])
        logits = tf.matmul(tf.reshape(outputs, [-1, HIDDEN]), weights) + biases
        self.logits = tf.reshape(logits, [batch, steps, vocabulary_size])
        # Summed over the steps, averaged over the batch: the learning rate doesn't depend on how many rows there are.
        loss = tf.contrib.seq2seq.sequence_loss(
            self.logits, self.targets, tf.ones([batch, steps]), average_across_timesteps=False
        )
        self.cost = tf.reduce_sum(loss)

    def add_training(self):
        self.rate = tf.placeholder(tf.float32, [], name="rate")
        variables = tf.trainable_variables()
        gradients, _ = tf.clip_by_global_norm(tf.gradients(self.cost, variables), LARGEST_GRADIENT)
        optimizer = tf.train.GradientDescentOptimizer(self.rate)
        self.learn = optimizer.apply_gradients(
            zip(gradients, variables), global_step=tf.train.get_or_create_global_step()
        )

    def read(self, sess, ids, rate=None):
        """Reads a text, learning from it if a rate is given. Gives the perplexity."""
        state, cost, words = sess.run(self.initial_state), 0.0, 0
        fetches = [self.cost, self.final_state] + ([] if rate is None else [self.learn])
        for inputs, targets in batches(ids, self.batch, self.steps):
            feeds = {self.inputs: inputs, self.targets: targets, self.initial_state: state}
            if rate is not None:
                feeds[self.rate] = rate
            step_cost, state, *_ = sess.run(fetches, feeds)
            cost += step_cost
            words += self.steps
        return np.exp(cost / words)

    def tell(self, sess, vocabulary, count):
        """The words that the model holds likeliest, one after the other, for a batch of one and one step."""
        state, word, told = sess.run(self.initial_state), vocabulary.index("<eos>"), []
        for _ in range(count):
            feeds = {self.inputs: [[word]], self.initial_state: state}
            scores, state = sess.run([self.logits, self.final_state], feeds)
            word = int(scores[0, 0].argmax())
            told.append(vocabulary[word])
        return "\n".join(line.strip() for line in " ".join(told).split("<eos>"))


def main(_):
    tf.set_random_seed(FLAGS.seed)
    ids, vocabulary = read_words(FLAGS.text)
    end = len(ids) * 9 // 10
    training, held_back = ids[:end], ids[end:]
    print(f"{len(ids)} words, {len(vocabulary)} different")
    with tf.variable_scope("model", initializer=tf.random_uniform_initializer(-0.1, 0.1)) as scope:
        learner = Model(len(vocabulary), BATCH, STEPS, KEEP_PROBABILITY)
        learner.add_training()
        scope.reuse_variables()
        reader = Model(len(vocabulary), 1, 1)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for epoch in range(FLAGS.epochs):
            rate = LEARNING_RATE * 0.9 ** max(epoch - 12, 0)
            perplexity = learner.read(sess, training, rate)
            if (epoch + 1) % 4 == 0:
                print(
                    f"epoch {epoch + 1}: rate {rate:.2f}, perplexity {perplexity:.1f} in training, "
                    f"{reader.read(sess, held_back):.1f} on what was held back",
                    flush=True,
                )
        print(reader.tell(sess, vocabulary, 60))


if __name__ == "__main__":
    tf.app.run()
