"""Models that TensorFlow 1.15.5 trains and saves: kept in models.json (written by make_models.py).

Runs under Python 3.7 as well.
"""

import numpy as np

RNG = np.random.RandomState(7)
FEED = {
    "x:0": RNG.randn(16, 5).astype(np.float32),
    "labels:0": RNG.randint(0, 3, 16).astype(np.int64),
}
SEQUENCES = RNG.randn(2, 4, 3).astype(np.float32)
IMAGES = RNG.randn(2, 6, 6, 1).astype(np.float32)


def classifier(tf, use_resource):
    """Two layers under Adam, with a moving average; 'train' makes a step, 'loss' is its loss."""
    x = tf.placeholder(tf.float32, [None, 5], name="x")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    start = tf.random_normal_initializer(stddev=0.3, seed=3)
    with tf.variable_scope("net", use_resource=use_resource):
        w = tf.get_variable("w", [5, 8], initializer=start)
        v = tf.get_variable("v", [8, 3], initializer=start)
    logits = tf.matmul(tf.nn.relu(tf.matmul(x, w)), v)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(0.05).minimize(loss, step)
    with tf.control_dependencies([train]):
        averaged = tf.train.ExponentialMovingAverage(0.9).apply([w])
    tf.identity(loss, name="loss")
    tf.group(averaged, name="train")


def train(sess, steps):
    return [float(sess.run(["loss:0", "train"], FEED)[0]) for _ in range(steps)]


def recurrent(tf):
    """An LSTM over time beside a convolution with batch normalisation, for inference."""
    sequences = tf.placeholder(tf.float32, [None, 4, 3], name="sequences")
    images = tf.placeholder(tf.float32, [None, 6, 6, 1], name="images")
    start = tf.random_normal_initializer(stddev=0.5, seed=5)
    with tf.variable_scope("net", initializer=start):
        outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(6), sequences, dtype=tf.float32)
        hidden = tf.layers.conv2d(images, 3, 3, padding="same", activation=tf.nn.relu)
        training = tf.placeholder_with_default(False, [], name="training")
        hidden = tf.layers.max_pooling2d(tf.layers.batch_normalization(hidden, training=training), 2, 2)
        hidden = tf.layers.dense(tf.layers.flatten(hidden), 6)
    tf.nn.softmax(outputs[:, -1] + hidden, name="y")
