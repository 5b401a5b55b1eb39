"""Models with everything that makes control flow, to be trained, saved and trained on elsewhere.

`python resumed_cases.py start NAME PREFIX` trains and saves one with TensorFlow, `resume PREFIX` goes on training it;
both print the losses.
"""

import json
import sys
import warnings

import numpy as np


def _inputs(tf):
    return tf.placeholder(tf.float32, [16, 6], "x"), tf.placeholder(tf.int64, [16], "y")


def _loss(tf, y, logits):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))


def _weights(tf, name, shape):
    return tf.get_variable(name, shape, initializer=tf.glorot_uniform_initializer(seed=4))


def recurrence(tf):
    x, y = _inputs(tf)
    with tf.variable_scope("net", initializer=tf.glorot_uniform_initializer(seed=3)):
        cell = tf.nn.rnn_cell.LSTMCell(5, use_peepholes=True, num_proj=3)
        lengths = tf.constant([1, 4, 3, 2])
        outputs, _ = tf.nn.dynamic_rnn(cell, tf.reshape(x, [4, 4, 6]), sequence_length=lengths, dtype=tf.float32)
    loss = _loss(tf, y, tf.reshape(outputs, [16, 3]))
    return loss, tf.train.RMSPropOptimizer(0.01, momentum=0.5).minimize(loss)


def loops(tf):
    x, y = _inputs(tf)
    w = _weights(tf, "w", [6, 3])

    def body(i, v):
        v = tf.cond(tf.equal(i % 2, 0), lambda: tf.tanh(v), lambda: v * tf.reduce_mean(w))
        return i + 1, tf.while_loop(lambda j, u: j < i, lambda j, u: (j + 1, u + 0.1 * w[0]), [0, v])[1]

    rows = tf.map_fn(lambda row: tf.squeeze(tf.matmul(row[None], w), 0), x)
    logits = tf.while_loop(lambda i, v: i < 3, body, [tf.constant(0), rows])[1]
    loss = _loss(tf, y, logits)
    return loss, tf.train.AdamOptimizer(0.1).minimize(loss)


def batch_norm(tf):
    x, y = _inputs(tf)
    training = tf.placeholder_with_default(True, [], "training")
    start = tf.glorot_uniform_initializer(seed=1)
    hidden = tf.layers.dense(x, 5, kernel_initializer=start)
    hidden = tf.layers.batch_normalization(hidden, training=training)
    logits = tf.layers.dense(tf.layers.dropout(hidden, 0.4, training=training, seed=7), 3, kernel_initializer=start)
    loss = _loss(tf, y, logits)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        step = tf.train.AdamOptimizer(0.05).minimize(loss)
    average = tf.train.ExponentialMovingAverage(0.9)
    with tf.control_dependencies([step]):
        return loss, average.apply(tf.trainable_variables())


def assignment(tf):
    x, y = _inputs(tf)
    w = _weights(tf, "w", [6, 3])
    total = tf.get_variable("total", [], initializer=tf.zeros_initializer(), trainable=False)
    loss = _loss(tf, y, tf.matmul(x, w))
    count = tf.train.get_or_create_global_step()
    with tf.control_dependencies([tf.train.GradientDescentOptimizer(0.1).minimize(loss, count)]):
        odd = tf.equal(count % 2, 1)
        large = tf.greater(loss, 1.0)

        def added():
            return tf.cond(large, lambda: tf.assign(total, 2 * loss), lambda: tf.assign_add(total, loss))

        seen = tf.cond(odd, added, lambda: tf.identity(total))
    return loss + seen, seen


PROGRAMS = [recurrence, loops, batch_norm, assignment]


def _train(sess, loss, step, number, seed):
    random = np.random.RandomState(seed)
    losses = []
    for _ in range(number):
        feed = {"x:0": random.randn(16, 6), "y:0": random.randint(0, 3, 16)}
        losses.append(float(sess.run([loss, step], feed)[0]))
    return losses


def start(tf, program, prefix):
    """Trains a model for four steps and saves it under `prefix`; gives its variables."""
    with tf.Graph().as_default():
        tf.set_random_seed(42)
        loss, step = program(tf)
        tf.add_to_collection("loss", loss)
        tf.add_to_collection("step", step)
        saver = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            _train(sess, loss, step, 4, 1)
            saver.save(sess, prefix)
            return {v.op.name: sess.run(v).tolist() for v in tf.global_variables()}


def resume(tf, prefix, variables=None):
    """The losses of the next 20 steps; `variables` are the values to start from if there is no checkpoint."""
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph(prefix + ".meta")
        loss, step = tf.get_collection("loss")[0], tf.get_collection("step")[0]
        with tf.Session() as sess:
            if variables is None:
                saver.restore(sess, prefix)
            else:
                for variable in tf.global_variables():
                    variable.load(variables[variable.op.name], sess)
            return _train(sess, loss, step, 20, 2)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    import tensorflow

    if sys.argv[1] == "start":
        start(tensorflow, globals()[sys.argv[2]], sys.argv[3])
    print(json.dumps(resume(tensorflow, sys.argv[-1])))
