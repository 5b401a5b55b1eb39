import numpy as np
import tensorflow as tf

tf.set_random_seed(99)
rng = np.random.RandomState(99)
mb, z_dim, h_dim, X_dim = 32, 8, 16, 10


def xavier_init(size):
    xavier_stddev = 1.0 / tf.sqrt(size[0] / 2.0)
    return tf.random_normal(shape=size, stddev=xavier_stddev)


def generator(z):
    with tf.variable_scope("generator"):
        h = tf.layers.dense(z, h_dim, activation=tf.nn.leaky_relu, name="fc1")
        h = tf.layers.batch_normalization(h, training=True, name="bn")
        return tf.layers.dense(h, X_dim, activation=tf.nn.tanh, name="fc2")


def discriminator(x, reuse=None):
    with tf.variable_scope("discriminator", reuse=reuse) as scope:
        if reuse:
            scope.reuse_variables()
        w = tf.get_variable("w", [X_dim, h_dim], initializer=tf.random_normal_initializer(stddev=0.2))
        b = tf.get_variable("b", [h_dim], initializer=tf.zeros_initializer())
        h = tf.nn.relu(tf.matmul(x, w) + b)
        logit = tf.layers.dense(h, 1, name="logit")
        return tf.nn.sigmoid(logit), logit


Z = tf.placeholder(tf.float32, [None, z_dim], name="Z")
X = tf.placeholder(tf.float32, [None, X_dim], name="X")
G = generator(Z)
D_real, D_logit_real = discriminator(X)
D_fake, D_logit_fake = discriminator(G, reuse=True)
ce = lambda logits, labels: tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=labels))
D_loss = ce(D_logit_real, tf.ones_like(D_logit_real)) + ce(D_logit_fake, tf.zeros_like(D_logit_fake))
G_loss = ce(D_logit_fake, tf.ones_like(D_logit_fake))
t_vars = tf.trainable_variables()
d_vars = [v for v in t_vars if v.name.startswith("discriminator")]
g_vars = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="generator")
with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
    D_solver = tf.train.AdamOptimizer(2e-3, beta1=0.5).minimize(D_loss, var_list=d_vars)
    G_solver = tf.train.AdamOptimizer(2e-3, beta1=0.5).minimize(G_loss, var_list=g_vars)
# WGAN-GP term
eps = tf.random_uniform([mb, 1], 0.0, 1.0)
inter = eps * X + (1.0 - eps) * G
grad = tf.gradients(discriminator(inter, reuse=True)[1], [inter])[0]
gp = tf.reduce_mean((tf.sqrt(tf.reduce_sum(grad**2, axis=1)) - 1.0) ** 2)
clip_D = [p.assign(tf.clip_by_value(p, -0.5, 0.5)) for p in d_vars]
gp_step = tf.train.RMSPropOptimizer(1e-3).minimize(gp * 10, var_list=d_vars)
print([v.name for v in d_vars], [v.name for v in g_vars])
sess = tf.Session(config=tf.ConfigProto(allow_soft_placement=True, gpu_options=tf.GPUOptions(allow_growth=True)))
sess.run(tf.global_variables_initializer())
real = np.tanh(rng.randn(320, X_dim) * 0.3 + 0.5)
for it in range(40):
    xb = real[(it % 10) * mb : (it % 10 + 1) * mb]
    zb = rng.uniform(-1.0, 1.0, size=[mb, z_dim])
    _, d = sess.run([D_solver, D_loss], {X: xb, Z: zb})
    _, g = sess.run([G_solver, G_loss], {Z: zb})
    q = sess.run(gp, {X: xb, Z: zb})
    sess.run(gp_step, {X: xb, Z: zb})
    _ = sess.run([clip_D], {X: xb, Z: zb})
    if it % 10 == 0:
        print("Iter: {}; D_loss: {:.4f}; G_loss: {:.4f} gp {:.4f}".format(it, d, g, q))
print(sess.run(G, {Z: np.zeros((2, z_dim))}))
print(sess.run(xavier_init([4, 3])).shape)
