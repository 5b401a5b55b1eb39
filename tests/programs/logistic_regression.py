import numpy as np
import tensorflow as tf

tf.set_random_seed(42)
rng = np.random.RandomState(1)
N, D, K = 256, 20, 4
xs = rng.randn(N, D).astype("float32")
true_w = rng.randn(D, K)
ys = np.eye(K)[np.argmax(xs.dot(true_w), 1)]
x = tf.placeholder(tf.float32, [None, D], name="x")
y = tf.placeholder(tf.float32, [None, K], name="y")
W = tf.Variable(tf.zeros([D, K]))
b = tf.Variable(tf.zeros([K]))
logits = tf.matmul(x, W) + b
pred = tf.nn.softmax(logits)
cost = tf.reduce_mean(-tf.reduce_sum(y * tf.log(pred), reduction_indices=1))
cost2 = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=y))
reg = 0.01 * tf.nn.l2_loss(W)
train = tf.train.GradientDescentOptimizer(0.5).minimize(cost2 + reg)
correct = tf.equal(tf.argmax(pred, 1), tf.argmax(y, 1))
acc = tf.reduce_mean(tf.cast(correct, tf.float32))
sess = tf.InteractiveSession()
tf.global_variables_initializer().run()
for epoch in range(30):
    perm = rng.permutation(N)
    for i in range(0, N, 32):
        idx = perm[i : i + 32]
        train.run({x: xs[idx], y: ys[idx]})
    if epoch % 5 == 0:
        print(epoch, cost.eval({x: xs, y: ys}), cost2.eval({x: xs, y: ys}), acc.eval({x: xs, y: ys}))
print(W.eval())
print(tf.nn.top_k(pred, 2).indices.eval({x: xs[:5]}))
sess.close()
