"""Section 3.3: four ways to run a graph, and what a session can be told."""

import pyflow as tf

total = tf.add(tf.constant(1, name="a"), tf.constant(2, name="b"))

# Opened and closed by hand: nothing closes it if the program fails in between.
sess = tf.Session()
print("run:", sess.run(total), "eval:", total.eval(session=sess))
sess.close()

# A context manager closes it in any case, and makes it the default one.
with tf.Session():
    print("with:", total.eval())

# Made the default one without being closed at the end.
sess = tf.Session()
with sess.as_default():
    print("as_default:", total.eval())
sess.close()

# For shells and notebooks: the default one from the start.
sess = tf.InteractiveSession()
print("interactive:", total.eval())
sess.close()

# Operations asked for a device there is not run on one there is, and each placement is logged (to stderr).
with tf.device("/gpu:7"):
    elsewhere = tf.multiply(total, total, name="square")
config = tf.ConfigProto(allow_soft_placement=True, log_device_placement=True)
with tf.Session(config=config) as sess:
    print("soft placement:", sess.run(elsewhere))
