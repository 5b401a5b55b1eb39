import numpy as np
import tensorflow as tf

rs = np.random.RandomState(0)
X = rs.randn(64, 8).astype(np.float32)
Y = np.sin(X[:, :1] * 2) + X[:, 1:2]


def make(kind, step):
    lr = tf.train.exponential_decay(0.05, step, 5, 0.9, staircase=True)
    return {
        "sgd": lambda: tf.train.GradientDescentOptimizer(lr),
        "mom": lambda: tf.train.MomentumOptimizer(lr, 0.9),
        "nag": lambda: tf.train.MomentumOptimizer(lr, 0.9, use_nesterov=True),
        "adam": lambda: tf.train.AdamOptimizer(lr),
        "adagrad": lambda: tf.train.AdagradOptimizer(lr),
        "adadelta": lambda: tf.train.AdadeltaOptimizer(1.0, rho=0.9),
        "rms": lambda: tf.train.RMSPropOptimizer(lr, decay=0.9, momentum=0.5),
        "rmsc": lambda: tf.train.RMSPropOptimizer(lr, centered=True),
        "ftrl": lambda: tf.train.FtrlOptimizer(lr, l1_regularization_strength=0.001),
        "pgd": lambda: tf.train.ProximalGradientDescentOptimizer(lr, l2_regularization_strength=0.01),
        "padagrad": lambda: tf.train.ProximalAdagradOptimizer(lr, l1_regularization_strength=0.001),
        "adagradda": lambda: tf.train.AdagradDAOptimizer(lr, step, l2_regularization_strength=0.001),
        "sync": lambda: tf.train.SyncReplicasOptimizer,
    }[kind]()


for kind in ["sgd", "mom", "nag", "adam", "adagrad", "adadelta", "rms", "rmsc", "ftrl", "pgd", "padagrad", "adagradda"][
    :11
]:
    tf.reset_default_graph()
    tf.set_random_seed(1234)
    x = tf.placeholder(tf.float32, [None, 8])
    y = tf.placeholder(tf.float32, [None, 1])
    step = tf.Variable(0, trainable=False, name="global_step")
    h = x
    for i, n in enumerate([16, 8]):
        with tf.variable_scope("layer%d" % i):
            w = tf.get_variable(
                "w", [h.get_shape()[1].value, n], initializer=tf.truncated_normal_initializer(stddev=0.3)
            )
            b = tf.get_variable("b", [n], initializer=tf.constant_initializer(0.1))
            h = tf.nn.relu(tf.matmul(h, w) + b)
    out = tf.layers.dense(h, 1, name="out")
    loss = tf.losses.mean_squared_error(y, out)
    opt = make(kind, step)
    train = opt.minimize(loss, global_step=step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for i in range(25):
            l, _, s = sess.run([loss, train, step], {x: X, y: Y})
        print(kind, opt.get_name(), s, l, sess.run(loss, {x: X, y: Y}))
        print("  ", [v.op.name for v in tf.global_variables()][7:], opt.get_slot_names())
