"""Training steps that are done on the device as a whole: one segment, few dispatches, and the CPU's numbers."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import cpu_session, dispatches, segments

pytestmark = pytest.mark.native


def on_host(session):
    """(names, size of the largest output) of the steps that the CPU does in the program made last."""
    steps = [s for s in list(session._executables.values())[-1].steps if s.definition and s.type != "FakeParam"]
    sizes = {s.op.name: max((int(np.prod(v.shape)) for v in s.outputs), default=1) for s in steps}
    return set(sizes), max(sizes.values(), default=0)


def last_segments(session):
    return [s.kernel for s in list(session._executables.values())[-1].steps if s.kernel in segments(session)]


def digits(count):
    """A network of two layers with L2, a learning rate that decays, and moving averages of the weights."""
    images, labels = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    layers = []
    for size, outputs in ((784, 500), (500, 10)):
        weights = tf.Variable(tf.truncated_normal([size, outputs], stddev=0.1, seed=size), name="weights")
        layers.append((weights, tf.Variable(tf.constant(0.1, shape=[outputs]), name="biases")))

    def scores(read=lambda v: v):
        (w1, b1), (w2, b2) = layers
        return tf.matmul(tf.nn.relu(tf.matmul(images, read(w1)) + read(b1)), read(w2)) + read(b2)

    step = tf.train.get_or_create_global_step()
    errors = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=scores(), labels=tf.argmax(labels, 1))
    loss = tf.reduce_mean(errors) + sum(tf.contrib.layers.l2_regularizer(1e-4)(w) for w, _ in layers)
    rate = tf.train.exponential_decay(0.8, step, 5, 0.99)
    descend = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)
    averages = tf.train.ExponentialMovingAverage(0.99, step)
    learn = tf.group(descend, averages.apply(tf.trainable_variables()))
    right = tf.equal(tf.argmax(scores(averages.average), 1), tf.argmax(labels, 1))
    random = np.random.RandomState(0)
    feeds = {images: random.rand(count, 784), labels: np.eye(10)[random.randint(10, size=count)]}
    return learn, loss, tf.reduce_mean(tf.cast(right, tf.float32)), feeds


def test_the_network_for_digits_is_one_segment(adapter):
    with tf.Graph().as_default():
        learn, loss, accuracy, feeds = digits(100)
        histories = []
        for session in (tf.Session(), cpu_session()):
            with session as sess:
                sess.run(tf.global_variables_initializer())
                history = [sess.run([loss, learn], feeds)[0] for _ in range(4)]
                history.append(sess.run(accuracy, feeds))
                histories.append(history)
                if len(histories) == 1:
                    assert len(last_segments(sess)) == 1 and on_host(sess)[0] == set()  # the accuracy
                    sess.run(learn, feeds)
                    assert len(last_segments(sess)) == 1
                    assert dispatches(sess) <= 10
                    names, largest = on_host(sess)
                    assert largest == 1  # the step's number, and what is computed from it
                    assert {name.split("/")[0] for name in names} == {
                        "ExponentialDecay", "ExponentialMovingAverage", "GradientDescent"
                    }  # fmt: skip
    np.testing.assert_allclose(*histories, rtol=1e-4)


def test_whether_it_trains_is_part_of_the_plan(adapter):
    """The branches of conditions that depend on a fed truth value are steps like others."""
    random = np.random.RandomState(0)
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        x, labels = tf.placeholder(tf.float32, [None, 100]), tf.placeholder(tf.int64, [None])
        training = tf.placeholder_with_default(True, [])
        hidden = tf.layers.dropout(tf.layers.dense(x, 200, tf.nn.relu), 0.5, training=training)
        loss = tf.losses.sparse_softmax_cross_entropy(labels, tf.layers.dense(hidden, 5))
        learn = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
        data, histories = {x: random.rand(32, 100), labels: random.randint(5, size=32)}, []
        for session in (tf.Session(), cpu_session()):
            with session as sess:
                sess.run(tf.global_variables_initializer())
                history = []
                for flags in ({}, {training: True}, {training: False}, {training: True}):
                    history.append(sess.run([loss, learn], {**data, **flags})[0])
                    if not histories:
                        assert len(last_segments(sess)) == 1 and not on_host(sess)[0]
                history += [sess.run(loss, {**data, training: False}), sess.run(loss, {**data, training: np.True_})]
                histories.append(history)
    np.testing.assert_allclose(*histories, rtol=1e-4)


OPTIMISERS = {
    "descent": lambda: tf.train.GradientDescentOptimizer(0.5),
    "momentum": lambda: tf.train.MomentumOptimizer(0.5, 0.9, use_nesterov=True),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.5),
    "adam": lambda: tf.train.AdamOptimizer(0.05),
    "rms": lambda: tf.train.RMSPropOptimizer(0.05, momentum=0.5),
    "ftrl": lambda: tf.train.FtrlOptimizer(0.5, l1_regularization_strength=0.01),
    "proximal": lambda: tf.train.ProximalAdagradOptimizer(0.5, l2_regularization_strength=0.01),
}


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_embeddings_learn_on_the_device(name, use_resource, adapter):
    """Gradients of the rows that are looked up, some of them several times, go to the rows and nowhere else."""
    random = np.random.RandomState(0)
    words, classes = random.randint(300, size=(64, 20)) ** 2 // 300, random.randint(5, size=64)
    with tf.Graph().as_default():
        ids, labels = tf.placeholder(tf.int32, [None, 20]), tf.placeholder(tf.int64, [None])
        with tf.variable_scope("model", use_resource=use_resource):
            table = tf.get_variable("table", initializer=random.normal(size=(300, 32)).astype(np.float32))
            weights = tf.get_variable("weights", initializer=random.normal(size=(32, 5)).astype(np.float32))
            biases = tf.get_variable("biases", [5], initializer=tf.zeros_initializer())
        scores = tf.matmul(tf.reduce_mean(tf.nn.embedding_lookup(table, ids), 1), weights) + biases
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=scores))
        learn = OPTIMISERS[name]().minimize(loss)
        feeds, results = {ids: words, labels: classes}, []
        for session in (tf.Session(), cpu_session()):
            with session as sess:
                sess.run(tf.global_variables_initializer())
                losses = [sess.run([loss, learn], feeds)[0] for _ in range(5)]
                if not results:
                    assert len(last_segments(sess)) == 1 and dispatches(sess) <= 24
                    assert on_host(sess)[1] <= 1
                results.append((losses, sess.run(table)))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-4)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-3, atol=1e-4)


def test_sums_of_equal_rows_can_be_looked_at(adapter):
    """What depends on the number of unique indices keeps its shape where somebody wants to see it."""
    with tf.Graph().as_default(), tf.device("/gpu:0"):
        table = tf.get_variable("table", initializer=np.zeros((100, 4), np.float32))
        ids = tf.placeholder(tf.int32, [6])
        unique, places = tf.unique(ids)
        sums = tf.unsorted_segment_sum(tf.ones([6, 4]), places, tf.shape(unique)[0])
        changed = tf.scatter_add(table, unique, sums)
        with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
            sess.run(tf.global_variables_initializer())
            feeds = {ids: [3, 5, 3, 3, 7, 5]}
            assert sess.run([sums, changed.op], feeds)[0][:, 0].tolist() == [3, 2, 1]
            sess.run(changed.op, feeds)
            assert sess.run(table)[[3, 5, 7, 0], 0].tolist() == [6, 4, 2, 0]
