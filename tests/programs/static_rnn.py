import numpy as np
import tensorflow as tf
from tensorflow.contrib import rnn

tf.set_random_seed(2)
timesteps, num_input, num_hidden, num_classes = 6, 5, 8, 3
X = tf.placeholder("float", [None, timesteps, num_input])
Y = tf.placeholder("float", [None, num_classes])
weights = {"out": tf.Variable(tf.random_normal([num_hidden, num_classes]))}
biases = {"out": tf.Variable(tf.random_normal([num_classes]))}


def RNN(x, weights, biases):
    x = tf.unstack(x, timesteps, 1)
    lstm_cell = rnn.BasicLSTMCell(num_hidden, forget_bias=1.0)
    outputs, states = rnn.static_rnn(lstm_cell, x, dtype=tf.float32)
    return tf.matmul(outputs[-1], weights["out"]) + biases["out"], states


def BiRNN(x):
    x = tf.unstack(x, timesteps, 1)
    fw = rnn.GRUCell(4)
    bw = rnn.LSTMCell(4, use_peepholes=True)
    try:
        outputs, _, _ = rnn.static_bidirectional_rnn(fw, bw, x, dtype=tf.float32)
    except Exception:
        outputs = rnn.static_bidirectional_rnn(fw, bw, x, dtype=tf.float32)
    return outputs


logits, states = RNN(X, weights, biases)
with tf.variable_scope("bi"):
    bi = BiRNN(X)
loss_op = tf.reduce_mean(
    tf.nn.softmax_cross_entropy_with_logits(logits=logits + tf.layers.dense(bi[-1], num_classes), labels=Y)
)
opt = tf.train.GradientDescentOptimizer(0.1)
gv = opt.compute_gradients(loss_op)
gv = [(tf.clip_by_norm(g, 1.0), v) for g, v in gv]
train_op = opt.apply_gradients(gv)
print(states)
for v in tf.trainable_variables():
    print(v.name, v.shape)
r = np.random.RandomState(0)
x = r.randn(20, timesteps, num_input)
y = np.eye(3)[r.randint(0, 3, 20)]
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(10):
        _, l = sess.run([train_op, loss_op], {X: x, Y: y})
        print(l)
    print(sess.run(states, {X: x[:1]}))
