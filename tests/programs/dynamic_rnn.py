import numpy as np
import tensorflow as tf

r = np.random.RandomState(0)
seq_max, n_hidden = 7, 6
xs = r.randn(12, seq_max, 2).astype("f")
lens = r.randint(2, seq_max + 1, 12)
ys = np.eye(2)[(xs.sum((1, 2)) > 0).astype(int)]
x = tf.placeholder("float", [None, seq_max, 2])
y = tf.placeholder("float", [None, 2])
seqlen = tf.placeholder(tf.int32, [None])
init = tf.random_uniform_initializer(-0.4, 0.4, seed=17)
with tf.variable_scope("model", initializer=init):
    cell = tf.nn.rnn_cell.BasicLSTMCell(n_hidden)
    outputs, states = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, sequence_length=seqlen)
    batch_size = tf.shape(outputs)[0]
    index = tf.range(0, batch_size) * seq_max + (seqlen - 1)
    last = tf.gather(tf.reshape(outputs, [-1, n_hidden]), index)
    w = tf.get_variable("w", [n_hidden, 2])
    b = tf.get_variable("b", [2])
    pred = tf.matmul(last, w) + b
    multi = tf.nn.rnn_cell.MultiRNNCell(
        [tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(k), output_keep_prob=1.0) for k in (5, 4)],
        state_is_tuple=True,
    )
    o2, s2 = tf.nn.dynamic_rnn(
        multi, tf.transpose(x, [1, 0, 2]), dtype=tf.float32, time_major=True, scope="multi", initial_state=None
    )
    (of, ob), (sf, sb) = tf.nn.bidirectional_dynamic_rnn(
        tf.nn.rnn_cell.LSTMCell(3), tf.nn.rnn_cell.LSTMCell(3), x, sequence_length=seqlen, dtype=tf.float32
    )
    bi = tf.concat([of, ob], 2)
cost = (
    tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=pred, labels=y))
    + 0.01 * tf.reduce_sum(tf.square(o2))
    + 0.01 * tf.reduce_mean(tf.square(bi))
)
tvars = tf.trainable_variables()
grads, gnorm = tf.clip_by_global_norm(tf.gradients(cost, tvars), 0.5)
train = tf.train.AdamOptimizer(0.02).apply_gradients(zip(grads, tvars))
for v in tvars:
    print(v.name, v.shape)
print(outputs, states, s2, bi)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    f = {x: xs, y: ys, seqlen: lens}
    for i in range(12):
        c, g, _ = sess.run([cost, gnorm, train], f)
        print(i, c, g)
    print(sess.run(states, f).h[0], sess.run(bi, f)[0, -1])
