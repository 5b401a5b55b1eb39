"""A dueling double Q network with a target network, Huber loss, weights of samples and clipped gradients."""

import numpy as np
import tensorflow as tf
import tensorflow.contrib.layers as layers

tf.set_random_seed(13)
rng = np.random.RandomState(13)
STATES, ACTIONS = 6, 3


class Network:
    def __init__(self, scope, noisy=False):
        with tf.variable_scope(scope):
            self.inputs = tf.placeholder(shape=[None, STATES], dtype=tf.float32)
            h = layers.fully_connected(
                self.inputs,
                16,
                biases_initializer=tf.constant_initializer(0.1),
                weights_initializer=layers.xavier_initializer(),
            )
            h = layers.layer_norm(h, center=True, scale=True)
            advantage_stream, value_stream = tf.split(h, 2, axis=1)
            w = tf.get_variable("AW", [8, ACTIONS], initializer=layers.variance_scaling_initializer())
            self.advantage = tf.matmul(advantage_stream, w)
            self.value = layers.linear(value_stream, 1)
            mean = tf.reduce_mean(self.advantage, axis=1, keep_dims=True)
            self.q = self.value + tf.subtract(self.advantage, mean)
            self.predict = tf.argmax(self.q, 1)
        self.variables = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope)


main, target = Network("main"), Network("target")
actions = tf.placeholder(shape=[None], dtype=tf.int32)
targets = tf.placeholder(shape=[None], dtype=tf.float32)
importance = tf.placeholder_with_default(tf.ones_like(targets), [None])
chosen = tf.reduce_sum(main.q * tf.one_hot(actions, ACTIONS, dtype=tf.float32), axis=1)
by_index = tf.gather_nd(main.q, tf.stack([tf.range(tf.shape(actions)[0]), actions], axis=1))
td_error = tf.stop_gradient(targets) - chosen
loss = tf.losses.huber_loss(targets, chosen, weights=importance, delta=1.0)
optimizer = tf.train.AdamOptimizer(learning_rate=0.005)
gradients = optimizer.compute_gradients(loss, var_list=main.variables)
for i, (g, v) in enumerate(gradients):
    if g is not None:
        gradients[i] = (tf.clip_by_norm(g, 10), v)
train = optimizer.apply_gradients(gradients)
tau = tf.constant(0.1)
soft = tf.group(*[t.assign(t * (1 - tau) + m * tau) for m, t in zip(main.variables, target.variables)], name="soft")
hard = [tf.assign(t, m) for m, t in zip(main.variables, target.variables)]
epsilon = tf.Variable(1.0, trainable=False)
decay = tf.cond(epsilon > 0.2, lambda: epsilon.assign(epsilon * 0.9), lambda: epsilon.assign(0.2))
explore = tf.random_uniform([1], maxval=ACTIONS, dtype=tf.int64, seed=3)
act = tf.where(tf.random_uniform([1], seed=4) < epsilon, explore, main.predict)
sess = tf.Session()
sess.run(tf.global_variables_initializer())
sess.run(hard)
world = rng.randn(ACTIONS, STATES, STATES) * 0.4
goal = rng.randn(STATES)
replay = []
state = rng.randn(STATES)
for step in range(60):
    a = int(sess.run(act, {main.inputs: [state]})[0])
    following = np.tanh(world[a].dot(state))
    reward = float(following.dot(goal))
    replay.append((state, a, reward, following, float(step % 15 == 14)))
    state = rng.randn(STATES) if step % 15 == 14 else following
    if step >= 20:
        picked = [replay[i] for i in rng.choice(len(replay), 8, replace=False)]
        s, a, r, n, done = [np.array(column) for column in zip(*picked)]
        best = sess.run(main.predict, {main.inputs: n})
        doubled = sess.run(target.q, {target.inputs: n})[range(8), best]
        feed = {main.inputs: s, actions: a, targets: r + 0.9 * (1 - done) * doubled}
        if step % 2:
            feed[importance] = np.linspace(0.5, 1.5, 8)
        value, error, same, _ = sess.run([loss, td_error, chosen - by_index, train], feed)
        sess.run(soft)
    if step % 5 == 4:
        eps = sess.run(decay)
        if step >= 20 and step % 10 == 9:
            print("step %d loss %.4f error %.4f epsilon %.4f" % (step, value, np.abs(error).mean(), eps), same.max())
print([v.op.name for v in main.variables])
print(np.round(sess.run(target.q, {target.inputs: s[:2]}), 4).tolist())
