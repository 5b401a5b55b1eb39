import numpy as np
import tensorflow as tf


class CartLike:
    def __init__(self):
        self.r = np.random.RandomState(0)

    def reset(self):
        self.s = self.r.uniform(-0.05, 0.05, 4)
        self.t = 0
        return self.s

    def step(self, a):
        self.s = self.s * 1.02 + np.array([0.02, 0.1, -0.02, -0.1]) * (1 if a else -1)
        self.t += 1
        done = abs(self.s[2]) > 0.3 or self.t >= 30
        return self.s, 1.0, done, {}


class PolicyGradient:
    def __init__(self, n_actions, n_features, lr=0.01, gamma=0.95):
        self.n_actions, self.n_features, self.gamma = n_actions, n_features, gamma
        self.ep_obs, self.ep_as, self.ep_rs = [], [], []
        self._build_net(lr)
        self.sess = tf.Session()
        self.sess.run(tf.global_variables_initializer())

    def _build_net(self, lr):
        with tf.name_scope("inputs"):
            self.tf_obs = tf.placeholder(tf.float32, [None, self.n_features], name="observations")
            self.tf_acts = tf.placeholder(
                tf.int32,
                [
                    None,
                ],
                name="actions_num",
            )
            self.tf_vt = tf.placeholder(
                tf.float32,
                [
                    None,
                ],
                name="actions_value",
            )
        layer = tf.layers.dense(
            self.tf_obs,
            10,
            tf.nn.tanh,
            kernel_initializer=tf.random_normal_initializer(mean=0, stddev=0.3),
            bias_initializer=tf.constant_initializer(0.1),
            name="fc1",
        )
        all_act = tf.layers.dense(
            layer,
            self.n_actions,
            None,
            kernel_initializer=tf.random_normal_initializer(mean=0, stddev=0.3),
            bias_initializer=tf.constant_initializer(0.1),
            name="fc2",
        )
        self.all_act_prob = tf.nn.softmax(all_act, name="act_prob")
        with tf.name_scope("loss"):
            neg_log_prob = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=all_act, labels=self.tf_acts)
            alt = tf.reduce_sum(-tf.log(self.all_act_prob) * tf.one_hot(self.tf_acts, self.n_actions), axis=1)
            self.diff = tf.reduce_max(tf.abs(alt - neg_log_prob))
            self.loss = tf.reduce_mean(neg_log_prob * self.tf_vt)
        with tf.name_scope("train"):
            self.train_op = tf.train.AdamOptimizer(lr).minimize(self.loss)

    def choose_action(self, obs):
        p = self.sess.run(self.all_act_prob, feed_dict={self.tf_obs: obs[np.newaxis, :]})
        return np.random.choice(range(p.shape[1]), p=np.float64(p.ravel()) / np.float64(p.ravel()).sum())

    def learn(self):
        d = np.zeros_like(self.ep_rs)
        run = 0
        for t in reversed(range(len(self.ep_rs))):
            run = run * self.gamma + self.ep_rs[t]
            d[t] = run
        d -= np.mean(d)
        d /= np.std(d)
        _, l, df = self.sess.run(
            [self.train_op, self.loss, self.diff],
            feed_dict={self.tf_obs: np.vstack(self.ep_obs), self.tf_acts: np.array(self.ep_as), self.tf_vt: d},
        )
        self.ep_obs, self.ep_as, self.ep_rs = [], [], []
        return l, df < 1e-5


np.random.seed(1)
tf.set_random_seed(1)
env = CartLike()
RL = PolicyGradient(2, 4)
for ep in range(6):
    s = env.reset()
    while True:
        a = RL.choose_action(s)
        s_, r, done, _ = env.step(a)
        RL.ep_obs.append(s)
        RL.ep_as.append(a)
        RL.ep_rs.append(r)
        s = s_
        if done:
            break
    n = len(RL.ep_rs)
    print(ep, n, RL.learn())
with tf.Session() as s2:
    acts = tf.multinomial(tf.log([[0.1, 0.9], [0.5, 0.5]]), 6, seed=4)
    print(s2.run(acts))
