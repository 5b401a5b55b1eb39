"""Sentences by a bidirectional network with attention: tables of words, streaming metrics, a frozen graph."""

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import graph_util

GOOD = ["good", "great", "nice", "happy", "lovely"]
BAD = ["bad", "awful", "sad", "poor", "nasty"]
FILL = ["the", "film", "was", "very", "a", "it", "really"]
rng = np.random.RandomState(31)


def sentence():
    label = rng.randint(2)
    tokens = [FILL[rng.randint(len(FILL))] for _ in range(rng.randint(2, 6))]
    tokens.insert(rng.randint(len(tokens) + 1), (GOOD if label else BAD)[rng.randint(5)])
    return " ".join(tokens), label


tf.set_random_seed(31)
sentences = tf.placeholder(tf.string, [None], name="sentences")
labels = tf.placeholder(tf.int64, [None], name="labels")
keep = tf.placeholder_with_default(1.0, [], name="keep")
table = tf.contrib.lookup.index_table_from_tensor(tf.constant(GOOD + BAD + FILL), num_oov_buckets=1)
split = tf.string_split(sentences)
tokens = tf.sparse_tensor_to_dense(split, default_value="")
lengths = tf.reduce_sum(tf.cast(tf.not_equal(tokens, ""), tf.int32), 1)
codes = table.lookup(tokens)
with tf.variable_scope("classifier", initializer=tf.random_uniform_initializer(-0.3, 0.3)):
    embedding = tf.get_variable("embedding", [len(GOOD + BAD + FILL) + 1, 6])
    inputs = tf.nn.dropout(tf.nn.embedding_lookup(embedding, codes), keep_prob=keep)
    with tf.variable_scope("layers"):
        forwards = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.LSTMCell(n, use_peepholes=True) for n in (6, 5)])
        backwards = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(n) for n in (6, 5)])
        outputs, states = tf.nn.bidirectional_dynamic_rnn(forwards, backwards, inputs, lengths, dtype=tf.float32)
    hidden = tf.concat(outputs, 2)
    with tf.variable_scope("attention"):
        context = tf.get_variable("context", [7])
        projected = tf.layers.dense(hidden, 7, activation=tf.tanh, name="projection")
        scores = tf.tensordot(projected, context, [[2], [0]])
        mask = tf.sequence_mask(lengths, tf.shape(tokens)[1])
        alphas = tf.nn.softmax(tf.where(mask, scores, tf.fill(tf.shape(scores), -1e9)), name="alphas")
        attended = tf.reduce_sum(hidden * tf.expand_dims(alphas, -1), 1)
    last = tf.concat([states[0][-1].h, states[1][-1]], 1)
    logits = tf.layers.dense(tf.concat([attended, last], 1), 2, name="logits")
predictions = tf.argmax(logits, 1, name="predictions")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
train = tf.train.AdamOptimizer(0.02).minimize(loss)
with tf.variable_scope("metrics") as scope:
    accuracy, update = tf.metrics.accuracy(labels, predictions)
    auc, auc_update = tf.metrics.auc(labels, tf.nn.softmax(logits)[:, 1], num_thresholds=20)
    precision = tf.metrics.precision(labels, predictions, name="precision")
    recall = tf.metrics.recall(labels, predictions, name="recall")
    per_class = tf.metrics.mean_per_class_accuracy(labels, predictions, 2)
    reset = tf.variables_initializer(tf.get_collection(tf.GraphKeys.LOCAL_VARIABLES, scope=scope.name))
matrix = tf.confusion_matrix(labels, predictions, 2)
config = tf.ConfigProto(log_device_placement=False)
with tf.Session(config=config) as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer(), tf.tables_initializer()])
    for step in range(30):
        batch, wanted = zip(*[sentence() for _ in range(8)])
        _, value = sess.run([train, loss], {sentences: batch, labels: wanted, keep: 0.9})
        if step % 10 == 9:
            sess.run(reset)
            for _ in range(3):
                batch, wanted = zip(*[sentence() for _ in range(10)])
                feed = {sentences: batch, labels: wanted}
                sess.run([update, auc_update, precision[1], recall[1], per_class[1]], feed)
            shown = sess.run([accuracy, auc, precision[0], recall[0], per_class[0]])
            print("step %d loss %.4f" % (step, value), np.round(shown, 4).tolist())
    print(sess.run(matrix, feed).tolist(), np.round(sess.run(alphas, feed)[0], 4).tolist())
    print(sess.run([codes, lengths], {sentences: ["a good film", "unknown"]}))
    feeds = {split.indices: [[0, 0], [0, 1]], split.values: ["bad", "film"], split.dense_shape: [1, 2]}
    print(sess.run(predictions, feeds))
    nodes = graph_util.convert_variables_to_constants(sess, sess.graph_def, ["predictions"])
    print(sum(n.op == "Const" for n in nodes.node) > 10, any(n.op == "VariableV2" for n in nodes.node))
print([v.op.name for v in tf.trainable_variables()])
