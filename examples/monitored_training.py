"""A session that initialises, logs, saves and stops by itself, and goes on where it was interrupted.

python examples/monitored_training.py [FOLDER]
"""

import sys

import pyflow as tf

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "line_model"


def make_line(x):
    """slope · x + offset."""
    slope = tf.get_variable("slope", [], initializer=tf.zeros_initializer())
    offset = tf.get_variable("offset", [], initializer=tf.zeros_initializer())
    return slope * x + offset, slope, offset


class CountRuns(tf.train.SessionRunHook):
    """A hook sees each run before and after, and may ask for more than the program does."""

    def begin(self):
        self.runs = 0

    def after_run(self, run_context, run_values):
        self.runs += 1

    def end(self, session):
        print("runs of this session:", self.runs)


def train(last_step):
    """Learns the line y = 3x - 1 from noisy points, up to a step."""
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        x = tf.random_uniform([64], -1.0, 1.0)
        y = 3.0 * x - 1.0 + tf.random_normal([64], stddev=0.01)
        predicted, _, _ = make_line(x)
        loss = tf.losses.mean_squared_error(y, predicted)
        tf.summary.scalar("loss", loss)
        step = tf.train.get_or_create_global_step()
        learn = tf.train.GradientDescentOptimizer(0.3).minimize(loss, global_step=step)
        hooks = [
            tf.train.StopAtStepHook(last_step=last_step),
            tf.train.LoggingTensorHook({"loss": loss, "step": step}, every_n_iter=40),
            tf.train.NanTensorHook(loss),
            CountRuns(),
        ]
        with tf.train.MonitoredTrainingSession(
            checkpoint_dir=FOLDER, hooks=hooks, save_checkpoint_steps=50, save_summaries_steps=20
        ) as sess:
            while not sess.should_stop():
                sess.run(learn)


def evaluate():
    """What the newest checkpoint says."""
    with tf.Graph().as_default():
        tf.train.get_or_create_global_step()
        predicted, slope, offset = make_line(tf.constant([2.0]))
        return tf.contrib.training.evaluate_once(
            tf.train.latest_checkpoint(FOLDER), final_ops=[slope, offset, predicted]
        )


tf.logging.set_verbosity(tf.logging.INFO)
train(100)
print("newest:", tf.train.latest_checkpoint(FOLDER))
train(150)  # goes on from step 100
print("newest:", tf.train.latest_checkpoint(FOLDER))
slope, offset, predicted = evaluate()
print(f"slope {slope:.2f}, offset {offset:.2f}, at 2 it is {predicted[0]:.1f}")
