"""A variational autoencoder given labels: slim layers, batch normalisation with a switch, distributions, summaries."""

import numpy as np
import tensorflow as tf

slim = tf.contrib.slim
ds = tf.distributions
tf.set_random_seed(11)


def arg_scope(is_training):
    normalizer = {"is_training": is_training, "decay": 0.9, "updates_collections": tf.GraphKeys.UPDATE_OPS}
    return slim.arg_scope(
        [slim.fully_connected],
        activation_fn=tf.nn.elu,
        normalizer_fn=slim.batch_norm,
        normalizer_params=normalizer,
        weights_regularizer=slim.l2_regularizer(1e-4),
    )


x = tf.placeholder(tf.float32, [None, 12], "x")
labels = tf.placeholder(tf.int32, [None], "labels")
is_training = tf.placeholder_with_default(False, [], "is_training")
y = slim.one_hot_encoding(labels, 3)
with arg_scope(is_training):
    with tf.variable_scope("encoder"):
        h = slim.stack(tf.concat([x, y], 1), slim.fully_connected, [16, 8], scope="fc")
        h = slim.dropout(h, 0.9, is_training=is_training)
        mu = slim.fully_connected(h, 2, activation_fn=None, normalizer_fn=None, scope="mu")
        sigma = tf.nn.softplus(slim.fully_connected(h, 2, activation_fn=None, normalizer_fn=None, scope="sigma"))
    q = ds.Normal(mu, sigma + 1e-6)
    z = q.sample()
    with tf.variable_scope("decoder") as decoder:
        h = slim.repeat(tf.concat([z, y], 1), 2, slim.fully_connected, 16, scope="fc")
        logits = slim.fully_connected(h, 12, activation_fn=None, normalizer_fn=None, scope="logits")
    update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.variable_scope(decoder, reuse=True):
        given = tf.constant(np.random.RandomState(0).randn(3, 2), tf.float32)
        h = slim.repeat(tf.concat([given, tf.eye(3)], 1), 2, slim.fully_connected, 16, scope="fc")
        samples = tf.sigmoid(slim.fully_connected(h, 12, activation_fn=None, normalizer_fn=None, scope="logits"))
likelihood = tf.reduce_sum(ds.Bernoulli(logits=logits).log_prob(x), 1)
kl = tf.reduce_sum(ds.kl_divergence(q, ds.Normal(tf.zeros_like(mu), tf.ones_like(sigma))), 1)
elbo = tf.reduce_mean(likelihood - kl, name="elbo")
tf.losses.add_loss(-elbo)
loss = tf.losses.get_total_loss()
global_step = tf.train.create_global_step()
print(len(update_ops), len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)), len(tf.losses.get_regularization_losses()))
optimizer = tf.train.RMSPropOptimizer(tf.train.natural_exp_decay(0.01, global_step, 10, 0.1))
with tf.control_dependencies(update_ops):
    grads = optimizer.compute_gradients(loss)
    grads = [(tf.clip_by_norm(g, 5.0), v) for g, v in grads if g is not None]
    train = optimizer.apply_gradients(grads, global_step)
tf.summary.scalar("elbo", elbo)
for g, v in grads[:2]:
    tf.summary.histogram(v.op.name, g)
merged = tf.summary.merge_all()
rng = np.random.RandomState(5)
data_labels = rng.randint(0, 3, 60)
data = (rng.uniform(size=[60, 12]) < 0.2 + 0.6 * (np.arange(12) // 4 == data_labels[:, None])).astype(np.float32)
with tf.Session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    for epoch in range(3):
        for start in range(0, 60, 20):
            feed = {x: data[start : start + 20], labels: data_labels[start : start + 20], is_training: True}
            _, value, k, summary = sess.run([train, loss, kl, merged], feed)
        print("epoch %d loss %.4f kl %.4f" % (epoch, value, k.mean()), len(tf.Summary.FromString(summary).value))
    print(np.round(sess.run(samples), 3))
    feed = {x: data, labels: data_labels}
    print(sess.run([tf.reduce_mean(mu, 0), tf.reduce_mean(sigma, 0)], feed))
    print([v.name for v in slim.get_model_variables() if "moving" in v.name])
    for v in slim.get_variables_by_suffix("moving_mean"):
        print(v.op.name, float(np.abs(sess.run(v)).sum()))
