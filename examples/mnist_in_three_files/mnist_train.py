"""Trains the network of mnist_inference.py, and saves it now and then.

    python examples/mnist_in_three_files/mnist_train.py --data_dir=/tmp/mnist --model_dir=/tmp/mnist_model

Started again, it goes on from the last checkpoint.
"""

import os

import mnist_inference

import pyflow as tf
from pyflow.examples.tutorials.mnist import input_data

BATCH = 100
MOVING_AVERAGE_DECAY = 0.99

tf.flags.DEFINE_string("data_dir", "/tmp/mnist", "Where the four files of MNIST are, or are put.")
tf.flags.DEFINE_string("model_dir", "/tmp/mnist_model", "Where the checkpoints go.")
tf.flags.DEFINE_integer("steps", 30000, "The step at which the training ends.")
tf.flags.DEFINE_integer("save_every", 1000, "How many steps lie between two checkpoints.")
FLAGS = tf.flags.FLAGS


def make_training(images, labels, batches_per_epoch):
    """An operation that learns from one batch, the loss, and the step."""
    scores = mnist_inference.inference(images, tf.contrib.layers.l2_regularizer(0.0001))
    step = tf.train.get_or_create_global_step()
    averages = tf.train.ExponentialMovingAverage(MOVING_AVERAGE_DECAY, step)
    follow = averages.apply(tf.trainable_variables())
    errors = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=scores, labels=tf.argmax(labels, 1))
    loss = tf.reduce_mean(errors) + tf.add_n(tf.get_collection("losses"))
    rate = tf.train.exponential_decay(0.8, step, batches_per_epoch, 0.99)
    descend = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)
    with tf.control_dependencies([descend, follow]):
        return tf.no_op(name="train"), loss, step


def main(_):
    mnist = input_data.read_data_sets(FLAGS.data_dir, one_hot=True)
    images = tf.placeholder(tf.float32, [None, mnist_inference.PIXELS], name="images")
    labels = tf.placeholder(tf.float32, [None, mnist_inference.DIGITS], name="labels")
    train, loss, step = make_training(images, labels, mnist.train.num_examples / BATCH)
    saver = tf.train.Saver()
    tf.gfile.MakeDirs(FLAGS.model_dir)
    path = os.path.join(FLAGS.model_dir, "model.ckpt")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        latest = tf.train.latest_checkpoint(FLAGS.model_dir)
        if latest:
            saver.restore(sess, latest)
        done = sess.run(step)
        while done < FLAGS.steps:
            batch, answers = mnist.train.next_batch(BATCH)
            _, cost, done = sess.run([train, loss, step], {images: batch, labels: answers})
            if done % FLAGS.save_every == 0 or done == FLAGS.steps:
                saver.save(sess, path, global_step=done)
                print(f"step {done}: loss on the batch {cost:.4f}", flush=True)


if __name__ == "__main__":
    tf.app.run()
