import numpy as np
import tensorflow as tf

np.random.seed(1)
tf.set_random_seed(1)


class DQN:
    def __init__(self, n_actions=3, n_features=4, dueling=True):
        self.n_actions, self.n_features = n_actions, n_features
        self.memory = np.zeros((100, n_features * 2 + 2))
        self._build()
        t = tf.get_collection("target_net_params")
        e = tf.get_collection("eval_net_params")
        with tf.variable_scope("soft_replacement"):
            self.replace = [tf.assign(a, b) for a, b in zip(t, e)]
        self.soft = tf.group(*[tf.assign(a, 0.9 * a + 0.1 * b) for a, b in zip(t, e)], name="soft")
        self.sess = tf.Session()
        self.sess.run(tf.global_variables_initializer())

    def _build(self):
        self.s = tf.placeholder(tf.float32, [None, self.n_features], name="s")
        self.s_ = tf.placeholder(tf.float32, [None, self.n_features], name="s_")
        self.r = tf.placeholder(
            tf.float32,
            [
                None,
            ],
            name="r",
        )
        self.a = tf.placeholder(
            tf.int32,
            [
                None,
            ],
            name="a",
        )

        def layers(s, names, trainable=True):
            wi, bi = tf.random_normal_initializer(0.0, 0.3), tf.constant_initializer(0.1)
            with tf.variable_scope("l1"):
                w1 = tf.get_variable(
                    "w1", [self.n_features, 10], initializer=wi, collections=names, trainable=trainable
                )
                b1 = tf.get_variable("b1", [1, 10], initializer=bi, collections=names)
                l1 = tf.nn.relu(tf.matmul(s, w1) + b1)
            with tf.variable_scope("Value"):
                w2 = tf.get_variable("w2", [10, 1], initializer=wi, collections=names)
                self.V = tf.matmul(l1, w2)
            with tf.variable_scope("Advantage"):
                w2 = tf.get_variable("w2", [10, self.n_actions], initializer=wi, collections=names)
                A = tf.matmul(l1, w2)
            with tf.variable_scope("Q"):
                return self.V + (A - tf.reduce_mean(A, axis=1, keep_dims=True))

        with tf.variable_scope("eval_net"):
            self.q_eval = layers(self.s, ["eval_net_params", tf.GraphKeys.GLOBAL_VARIABLES])
        with tf.variable_scope("target_net"):
            self.q_next = layers(self.s_, ["target_net_params", tf.GraphKeys.GLOBAL_VARIABLES], False)
        with tf.variable_scope("q_target"):
            self.q_target = tf.stop_gradient(self.r + 0.9 * tf.reduce_max(self.q_next, axis=1, name="Qmax_s_"))
        with tf.variable_scope("q_eval"):
            idx = tf.stack([tf.range(tf.shape(self.a)[0], dtype=tf.int32), self.a], axis=1)
            self.q_wrt_a = tf.gather_nd(params=self.q_eval, indices=idx)
        with tf.variable_scope("loss"):
            self.loss = tf.reduce_mean(tf.squared_difference(self.q_target, self.q_wrt_a, name="TD_error"))
            self.huber = tf.losses.huber_loss(self.q_target, self.q_wrt_a)
        with tf.variable_scope("train"):
            self.train_op = tf.train.RMSPropOptimizer(0.01).minimize(
                self.loss, var_list=tf.get_collection("eval_net_params")
            )


d = DQN()
mem = np.random.randn(100, 10)
mem[:, 4] = np.random.randint(0, 3, 100)
for i in range(20):
    b = mem[np.random.choice(100, 16)]
    if i % 7 == 0:
        d.sess.run(d.replace)
    _, c, h = d.sess.run([d.train_op, d.loss, d.huber], {d.s: b[:, :4], d.a: b[:, 4], d.r: b[:, 5], d.s_: b[:, -4:]})
    d.sess.run(d.soft)
    if i % 4 == 0:
        print(i, c, h)
print(d.sess.run(d.q_eval, {d.s: mem[:2, :4]}))
print(tf.trainable_variables(), len(tf.global_variables()))
