"""Section 3.4: two layers without activation, computed forwards: from constants, from variables and a placeholder."""

import pyflow as tf


def from_constants():
    w1 = tf.constant([[0.2, 0.1, 0.4], [0.3, -0.5, 0.2]])
    w2 = tf.constant([[0.6], [0.1], [-0.2]])
    x = tf.constant([[0.7, 0.9]])
    with tf.Session() as sess:
        print("constants:", sess.run(tf.matmul(tf.matmul(x, w1), w2)))


def from_variables():
    """Weights drawn with seeds, as TensorFlow draws them; the input is fed when the graph runs."""
    w1 = tf.Variable(tf.random_normal([2, 3], stddev=1, seed=1))
    w2 = tf.Variable(tf.random_normal([3, 1], stddev=1, seed=2))
    twice = tf.Variable(w1.initialized_value() * 2.0)
    x = tf.placeholder(tf.float32, shape=(3, 2), name="input")
    y = tf.matmul(tf.matmul(x, w1), w2)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        print("variables:", sess.run(y, feed_dict={x: [[0.7, 0.9], [0.1, 0.4], [0.5, 0.8]]}).ravel())
        print("twice:", sess.run(tf.reduce_all(tf.equal(twice, w1 * 2.0))))


def changing_shape():
    """A variable keeps its type; its shape may change where that is not checked."""
    v = tf.Variable(0)
    longer = tf.assign(v, [5, 2], validate_shape=False)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        print("shape:", sess.run(v), sess.run(longer), sess.run(v))


if __name__ == "__main__":
    from_constants()
    from_variables()
    changing_shape()
