import numpy as np
import tensorflow as tf

tf.logging.set_verbosity(tf.logging.INFO)
tf.set_random_seed(3)


def model(features, mode_train):
    net = tf.reshape(features, [-1, 14, 14, 1])
    net = tf.layers.conv2d(inputs=net, filters=8, kernel_size=[5, 5], padding="same", activation=tf.nn.relu)
    net = tf.layers.max_pooling2d(inputs=net, pool_size=[2, 2], strides=2)
    net = tf.layers.conv2d(
        net,
        12,
        3,
        strides=(2, 1),
        padding="valid",
        use_bias=False,
        kernel_initializer=tf.variance_scaling_initializer(),
        kernel_regularizer=tf.contrib.layers.l2_regularizer(1e-3),
        name="c2",
    )
    net = tf.layers.batch_normalization(net, training=mode_train, momentum=0.9, name="bn")
    net = tf.nn.elu(net)
    net = tf.layers.separable_conv2d(net, 10, 2, depth_multiplier=2, name="sep")
    net = tf.layers.conv2d_transpose(net, 6, 3, strides=2, name="up")
    net = tf.layers.average_pooling2d(net, 2, 1)
    print(net.shape)
    net = tf.layers.flatten(net)
    net = tf.layers.dense(net, 16, activation=tf.nn.selu, kernel_initializer=tf.glorot_normal_initializer())
    net = tf.layers.dropout(net, rate=0.4, training=False)
    return tf.layers.dense(net, 5)


feat = tf.placeholder(tf.float32, [None, 196], "feat")
lab = tf.placeholder(tf.int32, [None], "lab")
logits = model(feat, True)
loss = tf.losses.sparse_softmax_cross_entropy(labels=lab, logits=logits)
total = tf.losses.get_total_loss()
gs = tf.train.get_or_create_global_step()
update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
with tf.control_dependencies(update_ops):
    train_op = tf.train.MomentumOptimizer(0.05, 0.9).minimize(total, gs)
pred = {"classes": tf.argmax(logits, axis=1), "probabilities": tf.nn.softmax(logits, name="softmax_tensor")}
acc, acc_up = tf.metrics.accuracy(lab, pred["classes"])
print([u.name for u in update_ops])
for v in tf.global_variables():
    print(v.name, v.shape)
r = np.random.RandomState(0)
X = r.rand(60, 196)
L = r.randint(0, 5, 60)
X[np.arange(60), L * 3] += 3
with tf.Session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    for i in range(10):
        _, l, t = sess.run([train_op, loss, total], {feat: X, lab: L})
        print(i, l, t)
    sess.run(acc_up, {feat: X, lab: L})
    print(sess.run(acc), sess.run(gs))
    print(sess.run("bn/moving_mean:0"), sess.run(tf.global_variables("bn")[1]) if False else "")
    p = sess.run(pred, {feat: X[:3], lab: L[:3]})
    print(sorted(p), p["classes"], p["probabilities"][0])
