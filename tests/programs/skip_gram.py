"""Word vectors with noise contrastive estimation, in a monitored session with hooks, from a tf.data pipeline."""

import collections
import os
import tempfile

import numpy as np
import tensorflow as tf

TEXT = """the quick brown fox jumps over the lazy dog while the other dog sleeps and the fox runs away over the hill
the king and the queen walk with the dog to the hill where the fox and the lazy cat sleep near the brown barn""".split()
VOCABULARY, DIMENSION, WINDOW, SAMPLED = 20, 8, 2, 5
counts = [("UNK", -1)] + collections.Counter(TEXT).most_common(VOCABULARY - 1)
ids = {word: i for i, (word, _) in enumerate(sorted(counts, key=lambda pair: (-pair[1], pair[0])))}
words = [ids.get(word, 0) for word in TEXT]
pairs = [
    (words[i], words[j])
    for i in range(len(words))
    for j in range(i - WINDOW, i + WINDOW + 1)
    if i != j and 0 <= j < len(words)
]


def input_fn(batch_size):
    dataset = tf.data.Dataset.from_tensor_slices(np.array(pairs, np.int64))
    dataset = dataset.map(lambda pair: (pair[0], pair[1:])).shuffle(64, seed=2).repeat()
    return dataset.batch(batch_size, drop_remainder=True).prefetch(1).make_one_shot_iterator().get_next()


class Printer(tf.train.SessionRunHook):
    def __init__(self, loss):
        self.loss = loss

    def begin(self):
        self.total, self.count = 0.0, 0

    def before_run(self, context):
        return tf.train.SessionRunArgs(self.loss)

    def after_run(self, context, values):
        self.total += values.results
        self.count += 1

    def end(self, session):
        print("mean loss %.4f of %d" % (self.total / self.count, self.count))


def run(directory, last):
    with tf.Graph().as_default():
        tf.set_random_seed(21)
        with tf.device("/cpu:0"):
            inputs, labels = input_fn(16)
            embeddings = tf.get_variable(
                "embeddings",
                [VOCABULARY, DIMENSION],
                initializer=tf.random_uniform_initializer(-1.0, 1.0),
                partitioner=tf.fixed_size_partitioner(2),
            )
            embed = tf.nn.embedding_lookup(embeddings, inputs, partition_strategy="div")
            nce_weights = tf.Variable(tf.truncated_normal([VOCABULARY, DIMENSION], stddev=1.0 / np.sqrt(DIMENSION)))
            nce_biases = tf.Variable(tf.zeros([VOCABULARY]))
        loss = tf.reduce_mean(
            tf.nn.nce_loss(
                nce_weights, nce_biases, labels=labels, inputs=embed, num_sampled=SAMPLED, num_classes=VOCABULARY
            )
        )
        global_step = tf.train.get_or_create_global_step()
        optimizer = tf.train.AdagradOptimizer(tf.train.polynomial_decay(1.0, global_step, 60, 0.1))
        train = optimizer.minimize(loss, global_step=global_step)
        normalized = tf.nn.l2_normalize(tf.convert_to_tensor(embeddings), 1)
        similarity = tf.matmul(tf.gather(normalized, [0, 3]), normalized, transpose_b=True)
        nearest = tf.nn.top_k(similarity, 3)
        tf.summary.scalar("loss", loss)
        hooks = [Printer(loss), tf.train.StopAtStepHook(last_step=last), tf.train.NanTensorHook(loss)]
        saver = tf.train.CheckpointSaverHook(directory, save_steps=20)
        with tf.train.MonitoredTrainingSession(
            checkpoint_dir=directory,
            hooks=hooks,
            chief_only_hooks=[saver],
            save_checkpoint_secs=None,
            log_step_count_steps=None,
            save_summaries_steps=10,
        ) as session:
            print("begins at", session.run(global_step))
            while not session.should_stop():
                best = session.run_step_fn(lambda step_context: step_context.session.run(nearest))
                step, value, _ = session.run([global_step, loss, train])
        print(step, value, best.indices.tolist(), np.round(best.values, 4).tolist())


directory = tempfile.mkdtemp()
run(directory, 30)
run(directory, 50)
reader = tf.train.NewCheckpointReader(tf.train.latest_checkpoint(directory))
shapes = reader.get_variable_to_shape_map()
print(os.path.basename(tf.train.latest_checkpoint(directory)), sorted(shapes.items()))
print(np.abs(reader.get_tensor("embeddings")).sum())
