import numpy as np
import tensorflow as tf
import tensorflow.contrib.slim as slim

np.random.seed(0)
tf.set_random_seed(0)
X = (np.random.rand(200, 36) < np.linspace(0.1, 0.9, 36)).astype("f")


def encoder(x):
    with slim.arg_scope([slim.fully_connected], activation_fn=tf.nn.elu, weights_regularizer=slim.l2_regularizer(1e-4)):
        net = slim.fully_connected(x, 24, scope="enc1")
        net = slim.fully_connected(net, 24, scope="enc2")
        mu = slim.fully_connected(net, 4, activation_fn=None, scope="mu")
        log_sigma_sq = slim.fully_connected(net, 4, activation_fn=None, scope="ls")
    return mu, log_sigma_sq


def decoder(z, reuse=False):
    with tf.variable_scope("dec", reuse=reuse):
        h = slim.stack(z, slim.fully_connected, [24, 24], activation_fn=tf.nn.softplus, scope="fc")
        return slim.fully_connected(h, 36, activation_fn=tf.sigmoid, scope="out")


x = tf.placeholder(tf.float32, [None, 36])
mu, ls = encoder(x)
eps = tf.random_normal(tf.shape(mu), 0, 1, dtype=tf.float32)
z = tf.add(mu, tf.multiply(tf.sqrt(tf.exp(ls)), eps))
xr = decoder(z)
gen = decoder(tf.zeros([1, 4]), reuse=True)
rec = -tf.reduce_sum(x * tf.log(1e-10 + xr) + (1 - x) * tf.log(1e-10 + 1 - xr), 1)
kl = -0.5 * tf.reduce_sum(1 + ls - tf.square(mu) - tf.exp(ls), 1)
cost = tf.reduce_mean(rec + kl)
total = cost + tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
opt = tf.train.AdamOptimizer(0.003)
train = opt.minimize(total)
for v in tf.trainable_variables():
    print(v.op.name, v.get_shape().as_list())
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    for ep in range(8):
        for i in range(0, 200, 50):
            _, c = s.run([train, cost], {x: X[i : i + 50]})
        print(ep, "cost", c)
    print(s.run([tf.reduce_mean(kl), tf.reduce_mean(rec)], {x: X}))
    print(s.run(gen)[0, ::6])
    print(s.run(slim.losses.get_total_loss()) if tf.get_collection(tf.GraphKeys.LOSSES) else "none")
