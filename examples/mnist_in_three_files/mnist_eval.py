"""Follows the checkpoints of mnist_train.py from a process of its own, and prints how good each of them is.

    python examples/mnist_in_three_files/mnist_eval.py --data_dir=/tmp/mnist --model_dir=/tmp/mnist_model

It may be started before the trainer or after it, and ends when no checkpoint has come for a while.
"""

import mnist_inference
import mnist_train

import pyflow as tf
from pyflow.examples.tutorials.mnist import input_data

tf.flags.DEFINE_integer("timeout", 60, "How many seconds to wait for the next checkpoint.")
FLAGS = tf.flags.FLAGS


def main(_):
    mnist = input_data.read_data_sets(FLAGS.data_dir, one_hot=True)
    images = tf.placeholder(tf.float32, [None, mnist_inference.PIXELS], name="images")
    labels = tf.placeholder(tf.float32, [None, mnist_inference.DIGITS], name="labels")
    is_right = tf.equal(tf.argmax(mnist_inference.inference(images), 1), tf.argmax(labels, 1))
    accuracy = tf.reduce_mean(tf.cast(is_right, tf.float32))
    # The variables of this graph get the moving averages that the trainer saved beside its own.
    averages = tf.train.ExponentialMovingAverage(mnist_train.MOVING_AVERAGE_DECAY)
    saver = tf.train.Saver(averages.variables_to_restore())
    feeds = {images: mnist.validation.images, labels: mnist.validation.labels}
    for path in tf.train.checkpoints_iterator(FLAGS.model_dir, timeout=FLAGS.timeout):
        with tf.Session() as sess:
            saver.restore(sess, path)
            step = int(path.rpartition("-")[2])
            print(f"step {step}: accuracy on the validation set {sess.run(accuracy, feeds):.4f}", flush=True)
        if step >= FLAGS.steps:
            break


if __name__ == "__main__":
    tf.app.run()
