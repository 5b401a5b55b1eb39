import numpy as np
import tensorflow as tf

tf.set_random_seed(5)
r = np.random.RandomState(5)
# Neural ODE, rk4 in while_loop
W1 = tf.get_variable("W1", [2, 8], initializer=tf.random_normal_initializer(stddev=0.3, seed=1))
W2 = tf.get_variable("W2", [8, 2], initializer=tf.random_normal_initializer(stddev=0.3, seed=2))


def f(y, t):
    return tf.matmul(tf.tanh(tf.matmul(y**3, W1)), W2)


def rk4(y0, t, h):
    k1 = f(y0, t)
    k2 = f(y0 + h / 2 * k1, t + h / 2)
    k3 = f(y0 + h / 2 * k2, t + h / 2)
    k4 = f(y0 + h * k3, t + h)
    return y0 + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


y0 = tf.constant([[2.0, 0.0]])
_, _, yT = tf.while_loop(lambda i, t, y: i < 10, lambda i, t, y: (i + 1, t + 0.1, rk4(y, t, 0.1)), [0, 0.0, y0])
ys = tf.scan(lambda y, t: rk4(y, t, 0.1), tf.linspace(0.0, 1.0, 11)[:-1], initializer=y0)
ode_loss = tf.reduce_sum(tf.square(yT - [[1.0, 1.0]]))
ode_train = tf.train.AdamOptimizer(0.01).minimize(ode_loss, var_list=[W1, W2])


# MAML
def weights():
    return {
        "w1": tf.Variable(tf.truncated_normal([1, 10], stddev=0.5, seed=3)),
        "b1": tf.Variable(tf.zeros([10])),
        "w2": tf.Variable(tf.truncated_normal([10, 1], stddev=0.5, seed=4)),
        "b2": tf.Variable(tf.zeros([1])),
    }


w = weights()


def forward(x, w):
    return tf.matmul(tf.nn.relu(tf.matmul(x, w["w1"]) + w["b1"]), w["w2"]) + w["b2"]


xa, ya, xb, yb = [tf.placeholder(tf.float32, [4, 5, 1]) for _ in range(4)]


def mse(p, y):
    return tf.reduce_mean(tf.square(p - y))


def task(inp):
    xa, ya, xb, yb = inp
    fast = w
    losses = []
    for j in range(2):
        loss = mse(forward(xa, fast), ya)
        grads = dict(zip(sorted(w), tf.gradients(loss, [fast[k] for k in sorted(w)])))
        fast = {k: fast[k] - 0.1 * grads[k] for k in w}
        losses.append(mse(forward(xb, fast), yb))
    return losses[0], losses[1]


l1, l2 = tf.map_fn(task, elems=(xa, ya, xb, yb), dtype=(tf.float32, tf.float32), parallel_iterations=4)
meta = tf.reduce_mean(l2)
gv = tf.train.AdamOptimizer(0.01).compute_gradients(meta, list(w.values()))
maml = tf.train.GradientDescentOptimizer(0.01).apply_gradients([(tf.clip_by_value(g, -10, 10), v) for g, v in gv])
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    for i in range(6):
        print(s.run([ode_loss, ode_train])[0])
    print(s.run(ys)[::3, 0], s.run(yT))
    for i in range(6):
        a = r.uniform(0.5, 2, (4, 1, 1))
        A = r.uniform(-2, 2, (4, 5, 1))
        B = r.uniform(-2, 2, (4, 5, 1))
        m, _ = s.run([meta, maml], {xa: A, ya: a * np.sin(A), xb: B, yb: a * np.sin(B)})
        print(m)
