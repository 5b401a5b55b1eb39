"""Section 3.2: a tensor says how a value is computed (its name, shape and type); a session computes it."""

import pyflow as tf

a = tf.constant([1, 2], name="a")
b = tf.constant([2, 3], name="b")
total = tf.add(a, b, name="add")
print(total)

try:
    tf.add(a, tf.constant([2.0, 3.0]))
except TypeError as error:
    print("types must agree:", error)

with tf.Session() as sess:
    print("its value:", sess.run(total))
