"""Section 5.3: variables found by name, so that functions that build layers need not be handed any."""

import pyflow as tf


def layer(inputs, units, name, reuse=False):
    """A dense layer; with `reuse`, of the variables made by an earlier call."""
    with tf.variable_scope(name, reuse=reuse):
        size = inputs.get_shape().as_list()[1]
        weights = tf.get_variable("weights", [size, units], initializer=tf.truncated_normal_initializer(stddev=0.1))
        biases = tf.get_variable("biases", [units], initializer=tf.constant_initializer(0.0))
        return tf.matmul(inputs, weights) + biases


def network(inputs, reuse=False):
    return layer(tf.nn.relu(layer(inputs, 5, "layer1", reuse)), 2, "layer2", reuse)


def nesting():
    """Reuse is handed down from scope to scope."""
    with tf.variable_scope("root"):
        reuse = [tf.get_variable_scope().reuse]
        with tf.variable_scope("son", reuse=True):
            reuse.append(tf.get_variable_scope().reuse)
            with tf.variable_scope("grandson"):
                reuse.append(tf.get_variable_scope().reuse)
    return reuse


if __name__ == "__main__":
    first = tf.placeholder(tf.float32, [None, 3], name="first")
    second = tf.placeholder(tf.float32, [None, 3], name="second")
    a, b = network(first), network(second, reuse=True)
    print([v.name for v in tf.trainable_variables()])
    try:
        network(first)
    except ValueError as error:
        print(str(error).splitlines()[0])
    print("reuse:", *nesting())
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        feed = {first: [[1, 2, 3]], second: [[1, 2, 3]]}
        print("one network:", sess.run(tf.reduce_all(tf.equal(a, b)), feed))
