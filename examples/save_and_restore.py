"""Section 5.4: variables outlive the program: saving, restoring, renaming, averages, looking into files."""

import os
import tempfile

import pyflow as tf

folder = tempfile.mkdtemp()
path = os.path.join(folder, "model.ckpt")

# Save.
v1 = tf.Variable(tf.constant(1.0, shape=[1]), name="v1")
v2 = tf.Variable(tf.constant(2.0, shape=[1]), name="v2")
result = v1 + v2
saver = tf.train.Saver()
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    saver.save(sess, path)
print("files:", *sorted(os.listdir(folder)))

# Restore, with the same graph built again; nothing needs to be initialised.
tf.reset_default_graph()
v1 = tf.Variable(tf.constant(0.0, shape=[1]), name="v1")
v2 = tf.Variable(tf.constant(0.0, shape=[1]), name="v2")
result = v1 + v2
saver = tf.train.Saver()
with tf.Session() as sess:
    saver.restore(sess, path)
    print("result:", sess.run(result))

# The variables may have other names here than in the file.
tf.reset_default_graph()
other1 = tf.Variable(tf.constant(0.0, shape=[1]), name="other-v1")
other2 = tf.Variable(tf.constant(0.0, shape=[1]), name="other-v2")
result = other1 + other2
saver = tf.train.Saver({"v1": other1, "v2": other2})
with tf.Session() as sess:
    saver.restore(sess, path)
    print("renamed:", sess.run(result))

# A moving average is saved beside its variable, and can be restored in its place.
tf.reset_default_graph()
v = tf.Variable(0, dtype=tf.float32, name="v")
average = tf.train.ExponentialMovingAverage(0.99)
follow = average.apply(tf.global_variables())
saver = tf.train.Saver()
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(tf.assign(v, 10))
    sess.run(follow)
    saver.save(sess, path)
    print("saved:", *(f"{value:g}" for value in sess.run([v, average.average(v)])))

tf.reset_default_graph()
v = tf.Variable(0, dtype=tf.float32, name="v")
average = tf.train.ExponentialMovingAverage(0.99)
names = average.variables_to_restore()
print("in the place of:", {name: variable.name for name, variable in names.items()})
saver = tf.train.Saver(names)
with tf.Session() as sess:
    saver.restore(sess, path)
    print(f"restored: {sess.run(v):g}")

# What is in the files can be read without a graph.
reader = tf.train.NewCheckpointReader(path)
for name, shape in reader.get_variable_to_shape_map().items():
    print(f"{name} {shape}: {reader.get_tensor(name):g}")
