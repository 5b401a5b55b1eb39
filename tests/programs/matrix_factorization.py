"""Ratings by factors and biases: sparse inputs, regularisers, alternating optimizers, early stopping by a saver."""

import os
import tempfile

import numpy as np
import tensorflow as tf

USERS, ITEMS, RANK = 15, 12, 4
rng = np.random.RandomState(23)
truth = rng.randn(USERS, RANK).dot(rng.randn(RANK, ITEMS)) * 0.5 + 3
rows, columns = np.nonzero(rng.uniform(size=truth.shape) < 0.5)
ratings = np.clip(truth[rows, columns] + 0.1 * rng.randn(len(rows)), 1, 5).astype(np.float32)
held = rng.uniform(size=len(rows)) < 0.2
graph = tf.Graph()
with graph.as_default():
    tf.set_random_seed(23)
    with tf.name_scope("inputs"):
        indices = tf.placeholder(tf.int64, [None, 2], name="indices")
        values = tf.placeholder(tf.float32, [None], name="values")
        observed = tf.SparseTensor(indices, values, tf.constant([USERS, ITEMS], tf.int64))
    regularizer = tf.contrib.layers.l2_regularizer(scale=0.02)
    with tf.variable_scope("factors", regularizer=regularizer, initializer=tf.truncated_normal_initializer(stddev=0.3)):
        users = tf.get_variable("users", [USERS, RANK])
        items = tf.get_variable("items", [ITEMS, RANK])
        user_bias = tf.get_variable("user_bias", [USERS], initializer=tf.zeros_initializer())
        item_bias = tf.get_variable(
            "item_bias", [ITEMS], initializer=tf.zeros_initializer(), regularizer=tf.no_regularizer
        )
    mean = tf.get_variable("mean", [], initializer=tf.constant_initializer(ratings[~held].mean()), trainable=False)
    u, i = tf.unstack(indices, axis=1)
    product = tf.reduce_sum(tf.nn.embedding_lookup(users, u) * tf.nn.embedding_lookup(items, i), axis=1)
    predicted = tf.add_n([product, tf.gather(user_bias, u), tf.gather(item_bias, i)]) + mean
    predicted = tf.clip_by_value(predicted, 1.0, 5.0, name="predicted")
    error = tf.losses.mean_squared_error(values, predicted)
    rmse = tf.sqrt(tf.reduce_mean(tf.squared_difference(values, predicted)), name="rmse")
    penalty = tf.contrib.layers.apply_regularization(tf.contrib.layers.l1_regularizer(1e-3), [users, items])
    cost = error + penalty + tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
    step = tf.Variable(0, trainable=False, name="step")
    user_step = tf.train.MomentumOptimizer(0.3, 0.8).minimize(cost, var_list=[users, user_bias])
    item_step = tf.train.AdagradOptimizer(0.3).minimize(cost, global_step=step, var_list=[items, item_bias])
    average = tf.train.ExponentialMovingAverage(0.9, num_updates=step)
    with tf.control_dependencies([user_step, item_step]):
        train = average.apply([users, items])
    dense = tf.sparse_tensor_to_dense(tf.sparse_reorder(observed))
    seen = tf.sparse_reduce_sum(observed, 1)
    count = tf.reduce_sum(tf.cast(tf.not_equal(dense, 0), tf.int32))
    most = tf.nn.top_k(tf.sparse_tensor_dense_matmul(observed, items)[:, 0], 2)
    saver = tf.train.Saver({"u": users, "i": items, "ub": user_bias, "ib": item_bias}, max_to_keep=1)
    init = tf.global_variables_initializer()
    print([v.op.name for v in tf.global_variables()])
    print([t.op.name for t in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)])


def feed(chosen):
    return {indices: np.stack([rows, columns], 1)[chosen], values: ratings[chosen]}


directory = tempfile.mkdtemp()
with tf.Session(graph=graph) as sess:
    sess.run(init)
    best, patience = np.inf, 0
    for epoch in range(40):
        order = rng.permutation(np.flatnonzero(~held))
        for part in np.array_split(order, 3):
            sess.run(train, feed(part))
        now = sess.run(rmse, feed(held))
        if now < best - 1e-3:
            best, patience = now, 0
            path = saver.save(sess, os.path.join(directory, "best"), global_step=step, write_meta_graph=False)
        else:
            patience += 1
        if epoch % 8 == 0:
            print("epoch %d cost %.4f rmse %.4f" % (epoch, sess.run(cost, feed(~held)), now))
        if patience == 6:
            break
    print("stopped", epoch, sess.run(step), os.path.basename(path))
    saver.restore(sess, path)
    print(sess.run([rmse, count, seen[:3], most.indices], feed(held)))
    print(np.round(sess.run(average.average(users))[0], 4), average.average_name(items))
