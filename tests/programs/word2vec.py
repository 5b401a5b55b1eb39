import collections
import math
import random

import numpy as np
import tensorflow as tf

text = (
    "the quick brown fox jumps over the lazy dog and the dog sleeps while the fox runs in the deep brown forest "
    "where a quick rabbit hides from the lazy fox under the old tree "
).split() * 8
vocabulary_size = 20


def build_dataset(words):
    count = [["UNK", -1]]
    count.extend(collections.Counter(words).most_common(vocabulary_size - 1))
    dictionary = {w: i for i, (w, _) in enumerate(count)}
    data = [dictionary.get(w, 0) for w in words]
    return data, count, dictionary, dict(zip(dictionary.values(), dictionary.keys()))


data, count, dictionary, reverse_dictionary = build_dataset(text)
data_index = 0


def generate_batch(batch_size, num_skips, skip_window):
    global data_index
    batch = np.ndarray(shape=(batch_size), dtype=np.int32)
    labels = np.ndarray(shape=(batch_size, 1), dtype=np.int32)
    span = 2 * skip_window + 1
    buffer = collections.deque(maxlen=span)
    for _ in range(span):
        buffer.append(data[data_index])
        data_index = (data_index + 1) % len(data)
    for i in range(batch_size // num_skips):
        target = skip_window
        avoid = [skip_window]
        for j in range(num_skips):
            while target in avoid:
                target = random.randint(0, span - 1)
            avoid.append(target)
            batch[i * num_skips + j] = buffer[skip_window]
            labels[i * num_skips + j, 0] = buffer[target]
        buffer.append(data[data_index])
        data_index = (data_index + 1) % len(data)
    return batch, labels


random.seed(1)
graph = tf.Graph()
with graph.as_default():
    tf.set_random_seed(8)
    train_inputs = tf.placeholder(tf.int32, shape=[16])
    train_labels = tf.placeholder(tf.int32, shape=[16, 1])
    valid = tf.constant(np.array([1, 3, 5]), dtype=tf.int32)
    with tf.device("/cpu:0"):
        embeddings = tf.Variable(tf.random_uniform([vocabulary_size, 12], -1.0, 1.0))
        embed = tf.nn.embedding_lookup(embeddings, train_inputs)
        nce_weights = tf.Variable(tf.truncated_normal([vocabulary_size, 12], stddev=1.0 / math.sqrt(12)))
        nce_biases = tf.Variable(tf.zeros([vocabulary_size]))
    loss = tf.reduce_mean(
        tf.nn.nce_loss(
            weights=nce_weights,
            biases=nce_biases,
            labels=train_labels,
            inputs=embed,
            num_sampled=5,
            num_classes=vocabulary_size,
        )
    )
    sloss = tf.reduce_mean(
        tf.nn.sampled_softmax_loss(nce_weights, nce_biases, train_labels, embed, 6, vocabulary_size, seed=3)
    )
    optimizer = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    sopt = tf.train.AdagradOptimizer(0.5).minimize(sloss)
    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keep_dims=True))
    normalized = embeddings / norm
    similarity = tf.matmul(tf.nn.embedding_lookup(normalized, valid), normalized, transpose_b=True)
    init = tf.global_variables_initializer()
with tf.Session(graph=graph) as session:
    init.run()
    avg = 0
    for step in range(31):
        b, l = generate_batch(16, 2, 1)
        _, lv = session.run([optimizer, loss], feed_dict={train_inputs: b, train_labels: l})
        _, sv = session.run([sopt, sloss], feed_dict={train_inputs: b, train_labels: l})
        if step % 10 == 0:
            print("step", step, "loss %.4f sampled %.4f" % (lv, sv))
    sim = similarity.eval()
    for i in range(3):
        nearest = (-sim[i, :]).argsort()[1:4]
        print(reverse_dictionary[[1, 3, 5][i]], [reverse_dictionary[k] for k in nearest])
    print(normalized.eval()[0])
