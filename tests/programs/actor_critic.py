import numpy as np
import tensorflow as tf

np.random.seed(2)
tf.set_random_seed(2)


class Actor:
    def __init__(self, sess, n_features, action_bound, lr=0.01):
        self.sess = sess
        self.s = tf.placeholder(tf.float32, [1, n_features], "state")
        self.a = tf.placeholder(tf.float32, None, name="act")
        self.td_error = tf.placeholder(tf.float32, None, name="td_error")
        with tf.variable_scope("Actor"):
            l1 = tf.layers.dense(
                self.s,
                30,
                tf.nn.relu,
                kernel_initializer=tf.random_normal_initializer(0.0, 0.1),
                bias_initializer=tf.constant_initializer(0.1),
                name="l1",
            )
            mu = tf.layers.dense(
                l1, 1, tf.nn.tanh, kernel_initializer=tf.random_normal_initializer(0.0, 0.1), name="mu"
            )
            sigma = tf.layers.dense(
                l1,
                1,
                tf.nn.softplus,
                kernel_initializer=tf.random_normal_initializer(0.0, 0.1),
                bias_initializer=tf.constant_initializer(1.0),
                name="sigma",
            )
        global_step = tf.Variable(0, trainable=False)
        self.mu, self.sigma = tf.squeeze(mu * 2), tf.squeeze(sigma + 0.1)
        self.normal_dist = tf.distributions.Normal(self.mu, self.sigma)
        self.action = tf.clip_by_value(self.normal_dist.sample(1, seed=5), action_bound[0], action_bound[1])
        with tf.name_scope("exp_v"):
            log_prob = self.normal_dist.log_prob(self.a)
            self.exp_v = log_prob * self.td_error + 0.01 * self.normal_dist.entropy()
        with tf.name_scope("train"):
            self.train_op = tf.train.AdamOptimizer(lr).minimize(-self.exp_v, global_step)

    def learn(self, s, a, td):
        return self.sess.run([self.train_op, self.exp_v], {self.s: s[None], self.a: a, self.td_error: td})[1]

    def act(self, s):
        return self.sess.run(self.action, {self.s: s[None]})


class Critic:
    def __init__(self, sess, n):
        self.sess = sess
        self.s = tf.placeholder(tf.float32, [1, n], "state")
        self.v_ = tf.placeholder(tf.float32, [1, 1], "v_next")
        self.r = tf.placeholder(tf.float32, name="r")
        with tf.variable_scope("Critic"):
            l1 = tf.layers.dense(self.s, 20, tf.nn.relu, name="l1")
            self.v = tf.layers.dense(l1, 1, None, name="V")
        with tf.variable_scope("squared_TD_error"):
            self.td_error = tf.reduce_mean(self.r + 0.9 * self.v_ - self.v)
            self.loss = tf.square(self.td_error)
        with tf.variable_scope("train"):
            self.train_op = tf.train.AdamOptimizer(0.02).minimize(self.loss)

    def learn(self, s, r, s_):
        v_ = self.sess.run(self.v, {self.s: s_[None]})
        return self.sess.run([self.td_error, self.train_op], {self.s: s[None], self.v_: v_, self.r: r})[0]


sess = tf.Session()
actor, critic = Actor(sess, 3, [-2, 2]), Critic(sess, 3)
sess.run(tf.global_variables_initializer())
s = np.random.randn(3)
for i in range(15):
    a = actor.act(s)
    s_ = s * 0.9 + 0.1 * a + 0.01 * np.random.randn(3)
    r = -float((s_**2).sum())
    td = critic.learn(s, r, s_)
    e = actor.learn(s, a, td)
    if i % 3 == 0:
        print(i, a, td, e)
    s = s_
# PPO style ratio with Categorical
lg = tf.constant([[1.0, 2.0, 0.5], [0.1, 0.1, 3.0]])
d = tf.distributions.Categorical(logits=lg)
print(sess.run([d.log_prob([1, 2]), d.entropy(), d.sample(4, seed=1), d.mode()]))
b = tf.distributions.Beta(2.0, 3.0)
g = tf.distributions.Gamma(2.0, 1.5)
u = tf.distributions.Uniform(-1.0, 2.0)
print(
    sess.run(
        [
            b.mean(),
            b.log_prob(0.4),
            g.log_prob(1.2),
            g.entropy(),
            u.prob(0.5),
            b.sample(2, seed=1),
            g.sample(2, seed=3),
            u.sample(2, seed=2),
        ]
    )
)
n2 = tf.distributions.Normal(1.0, 2.0)
print(sess.run(tf.distributions.kl_divergence(actor.normal_dist, n2), {actor.s: np.ones((1, 3))}), n2)
