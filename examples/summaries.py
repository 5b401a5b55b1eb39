"""Trains a line while writing summaries for TensorBoard, then reads them back: `python summaries.py LOGDIR`."""

import os
import sys

import numpy as np

import pyflow as tf

logdir = sys.argv[1]
rng = np.random.default_rng(0)

x = tf.placeholder(tf.float32, [None, 2], name="x")
y = tf.placeholder(tf.float32, [None], name="y")
weights = tf.Variable(tf.zeros([2]), name="weights")
with tf.name_scope("train"):
    loss = tf.reduce_mean(tf.square(tf.reduce_sum(x * weights, axis=1) - y))
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    tf.summary.scalar("loss", loss)
tf.summary.histogram("weights", weights)
summaries = tf.summary.merge_all()

with tf.Session() as sess, tf.summary.FileWriter(logdir, sess.graph) as writer:
    sess.run(tf.global_variables_initializer())
    for i in range(20):
        points = rng.standard_normal([32, 2])
        summary, _ = sess.run([summaries, step], {x: points, y: points @ [3.0, -1.0]})
        writer.add_summary(summary, global_step=i)

newest = max((os.path.join(logdir, name) for name in os.listdir(logdir)), key=os.path.getmtime)
events = list(tf.train.summary_iterator(newest))
losses = [value.simple_value for event in events for value in event.summary.value if value.tag == "train/loss"]
print("events read back:", len(events))
print(f"loss at first: {losses[0]:.4f}")
print(f"loss at last: {losses[-1]:.4f}")
print(f"See them with: tensorboard --logdir {logdir}")
