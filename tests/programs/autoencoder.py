import numpy as np
import tensorflow as tf

tf.set_random_seed(7)
np.random.seed(7)
data = np.random.binomial(1, 0.3, (128, 30)).astype(np.float32)


class Autoencoder:
    def __init__(self, n_input, n_hidden, transfer_function=tf.nn.softplus, optimizer=tf.train.AdamOptimizer()):
        self.n_input = n_input
        self.n_hidden = n_hidden
        self.transfer = transfer_function
        self.weights = self._initialize_weights()
        self.x = tf.placeholder(tf.float32, [None, self.n_input])
        self.scale = tf.placeholder(tf.float32)
        self.hidden = self.transfer(
            tf.add(
                tf.matmul(self.x + self.scale * tf.random_normal((n_input,)), self.weights["w1"]), self.weights["b1"]
            )
        )
        self.reconstruction = tf.add(tf.matmul(self.hidden, self.weights["w2"]), self.weights["b2"])
        self.cost = 0.5 * tf.reduce_sum(tf.pow(tf.subtract(self.reconstruction, self.x), 2.0))
        self.optimizer = optimizer.minimize(self.cost)
        self.sess = tf.Session()
        self.sess.run(tf.global_variables_initializer())

    def _initialize_weights(self):
        return dict(
            w1=tf.get_variable(
                "w1", shape=[self.n_input, self.n_hidden], initializer=tf.contrib.layers.xavier_initializer()
            ),
            b1=tf.Variable(tf.zeros([self.n_hidden], dtype=tf.float32)),
            w2=tf.Variable(tf.zeros([self.n_hidden, self.n_input], dtype=tf.float32)),
            b2=tf.Variable(tf.zeros([self.n_input], dtype=tf.float32)),
        )

    def partial_fit(self, X):
        cost, opt = self.sess.run((self.cost, self.optimizer), feed_dict={self.x: X, self.scale: 0.1})
        return cost

    def generate(self, hidden=None):
        return self.sess.run(self.reconstruction, feed_dict={self.hidden: hidden})


ae = Autoencoder(30, 12, optimizer=tf.train.AdamOptimizer(learning_rate=0.01))
for epoch in range(10):
    avg = 0.0
    for i in range(4):
        avg += ae.partial_fit(data[i * 32 : (i + 1) * 32]) / 128
    print("Epoch:", "%d," % (epoch + 1), "Cost:", "{:.5f}".format(avg))
print(ae.generate(np.ones((1, 12)))[0, :6])
print(ae.sess.run(ae.weights["w1"])[0])
