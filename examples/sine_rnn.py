"""Section 8.4: two LSTM layers learn to continue a sine: from ten points, the next.

    python examples/sine_rnn.py

The whole training, 11000 batches, brings the error of the predictions (RMSE) below 0.005.
"""

import numpy as np

import pyflow as tf

HIDDEN = 30
LAYERS = 2
POINTS = 10
BATCH = 32
TRAINING_EXAMPLES = 10000
TEST_EXAMPLES = 1000
GAP = 0.01  # between the points of the curve

tf.flags.DEFINE_integer("steps", 11000, "How many batches of 32 examples to learn from.")
tf.flags.DEFINE_bool("point_by_point", False, "Whether the network sees one point a step, or all ten in one step.")
tf.flags.DEFINE_integer("seed", 1, "The same seed gives the same network.")
tf.flags.DEFINE_enum("device", "", ["", "cpu", "gpu"], "Where to compute; by default on the GPU if there is one.")
FLAGS = tf.flags.FLAGS


def make_examples(curve):
    """Windows [examples, time, features] of the curve, and the point [examples, 1] after each."""
    windows = np.lib.stride_tricks.sliding_window_view(curve[:-1], POINTS)
    shape = [-1, POINTS, 1] if FLAGS.point_by_point else [-1, 1, POINTS]
    return windows.reshape(shape), curve[POINTS:, np.newaxis]


def predict(windows):
    """The next point [batch, 1] for each window."""
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(HIDDEN) for _ in range(LAYERS)])
    outputs, _ = tf.nn.dynamic_rnn(cell, windows, dtype=tf.float32)
    return tf.contrib.layers.fully_connected(outputs[:, -1, :], 1, activation_fn=None)


def train(sess, windows, answers):
    x = tf.placeholder(tf.float32, [None, *windows.shape[1:]], name="windows")
    y = tf.placeholder(tf.float32, [None, 1], name="answers")
    with tf.variable_scope("model"):
        loss = tf.losses.mean_squared_error(labels=y, predictions=predict(x))
    learn = tf.contrib.layers.optimize_loss(
        loss, tf.train.get_or_create_global_step(), optimizer="Adagrad", learning_rate=0.1
    )
    sess.run(tf.global_variables_initializer())
    choose = np.random.RandomState(FLAGS.seed)
    for step in range(FLAGS.steps):
        chosen = choose.randint(len(windows), size=BATCH)
        _, error = sess.run([learn, loss], {x: windows[chosen], y: answers[chosen]})
        if step % 1000 == 0:
            print(f"step {step}: loss {error:.3g}", flush=True)


def evaluate(sess, windows, answers):
    """The root of the mean squared error of all predictions."""
    with tf.variable_scope("model", reuse=True):
        predictions = predict(tf.constant(windows))
    return np.sqrt(np.mean(np.square(sess.run(predictions) - answers)))


def main(_):
    tf.set_random_seed(FLAGS.seed)
    count = TRAINING_EXAMPLES + POINTS
    end = count * GAP
    training = make_examples(np.sin(np.linspace(0, end, count, dtype=np.float32)))
    count = TEST_EXAMPLES + POINTS
    test = make_examples(np.sin(np.linspace(end, end + count * GAP, count, dtype=np.float32)))
    device = tf.device(f"/{FLAGS.device}:0" if FLAGS.device else None)
    with device, tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
        train(sess, *training)
        print(f"Root Mean Square Error: {evaluate(sess, *test):.6f}")


if __name__ == "__main__":
    tf.app.run()
