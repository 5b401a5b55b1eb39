import numpy as np
import tensorflow as tf

np.random.seed(0)
tf.set_random_seed(1)


def weight_variable(shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))


def bias_variable(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))


def conv2d(x, W):
    return tf.nn.conv2d(x, W, strides=[1, 1, 1, 1], padding="SAME")


def max_pool_2x2(x):
    return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")


x = tf.placeholder("float", shape=[None, 144])
y_ = tf.placeholder("float", shape=[None, 10])
x_image = tf.reshape(x, [-1, 12, 12, 1])
h1 = tf.nn.relu(conv2d(x_image, weight_variable([5, 5, 1, 8])) + bias_variable([8]))
p1 = max_pool_2x2(h1)
h2 = tf.nn.relu(conv2d(p1, weight_variable([5, 5, 8, 16])) + bias_variable([16]))
p2 = max_pool_2x2(h2)
n1 = tf.nn.local_response_normalization(p2, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75, name="norm1")
flat = tf.reshape(n1, [-1, 3 * 3 * 16])
fc1 = tf.nn.relu(tf.matmul(flat, weight_variable([144, 32])) + bias_variable([32]))
keep_prob = tf.placeholder("float")
drop = tf.nn.dropout(fc1, keep_prob)
y_conv = tf.nn.softmax(tf.matmul(drop, weight_variable([32, 10])) + bias_variable([10]))
cross_entropy = -tf.reduce_sum(y_ * tf.log(tf.clip_by_value(y_conv, 1e-10, 1.0)))
train_step = tf.train.AdamOptimizer(1e-3).minimize(cross_entropy)
acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(y_conv, 1), tf.argmax(y_, 1)), "float"))
lab = np.random.randint(0, 10, 100)
base = np.random.rand(10, 144)
xs = (base[lab] + np.random.rand(100, 144) * 0.5).astype("f")
ys = np.eye(10)[lab]
sess = tf.InteractiveSession()
sess.run(tf.initialize_all_variables())
for i in range(20):
    b = slice((i % 4) * 25, (i % 4) * 25 + 25)
    if i % 5 == 0:
        print(
            "step %d, training accuracy %g" % (i, acc.eval(feed_dict={x: xs, y_: ys, keep_prob: 1.0})),
            cross_entropy.eval({x: xs, y_: ys, keep_prob: 1.0}),
        )
    train_step.run(feed_dict={x: xs[b], y_: ys[b], keep_prob: 0.5})
