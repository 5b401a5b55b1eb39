import numpy as np
import tensorflow as tf

# beam search like
V, B, T = 6, 3, 5
r = np.random.RandomState(0)
trans = tf.constant(np.log(r.dirichlet(np.ones(V), V)).astype("f"))


def cond(step, seqs, scores, fin):
    return tf.logical_and(tf.less(step, T), tf.logical_not(tf.reduce_all(fin)))


def body(step, seqs, scores, fin):
    last = seqs[:, -1]
    lp = tf.gather(trans, last)
    mask = tf.cast(tf.expand_dims(fin, 1), tf.float32)
    eos = tf.one_hot(tf.zeros_like(last), V, on_value=0.0, off_value=-1e9)
    lp = lp * (1 - mask) + eos * mask
    total = tf.reshape(tf.expand_dims(scores, 1) + lp, [-1])
    top, idx = tf.nn.top_k(total, B)
    beam, tok = idx // V, idx % V
    seqs = tf.concat([tf.gather(seqs, beam), tf.expand_dims(tok, 1)], 1)
    fin = tf.logical_or(tf.gather(fin, beam), tf.equal(tok, 0))
    return step + 1, seqs, top, fin


init = [tf.constant(0), tf.fill([B, 1], 2), tf.constant([0.0, -1e9, -1e9]), tf.fill([B], False)]
out = tf.while_loop(
    cond,
    body,
    init,
    shape_invariants=[tf.TensorShape([]), tf.TensorShape([B, None]), tf.TensorShape([B]), tf.TensorShape([B])],
    back_prop=False,
)
print(out)
i = tf.constant(0)
ta = tf.TensorArray(tf.float32, size=0, dynamic_size=True, clear_after_read=False)


def b2(i, ta):
    return i + 1, ta.write(i, tf.cast(i, tf.float32) ** 2)


_, ta = tf.while_loop(lambda i, ta: i < 5, b2, [i, ta])
fib = tf.while_loop(lambda i, a, b: i < 20, lambda i, a, b: (i + 1, b, a + b), (0, 0, 1), parallel_iterations=1)
x = tf.Variable(2.0)
newton = tf.while_loop(
    lambda v, n: tf.abs(v * v - x) > 1e-5, lambda v, n: [0.5 * (v + x / v), n + 1], [tf.constant(1.0), 0]
)
dnewton = tf.gradients(newton[0], x)
collatz = tf.while_loop(
    lambda n, c: tf.not_equal(n, 1),
    lambda n, c: (tf.cond(tf.equal(n % 2, 0), lambda: n // 2, lambda: 3 * n + 1), c + 1),
    [tf.constant(27), tf.constant(0)],
)
nested = tf.while_loop(
    lambda i, s: i < 3,
    lambda i, s: (i + 1, tf.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, t + tf.to_float(j) * x), [0, s])[1]),
    [0, 0.0],
)
dn = tf.gradients(nested[1], x)
mx = tf.while_loop(lambda i: True, lambda i: i + 1, [0], maximum_iterations=7)
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    for o in s.run(out):
        print(o)
    print(s.run([ta.stack(), ta.size()]), s.run(ta.read(3)))
    print(s.run(fib), s.run(newton), s.run(dnewton), s.run(collatz))
    print(s.run(nested), s.run(dn), s.run(mx))
    print(
        s.run(tf.foldl(lambda a, e: a * 2 + e, tf.constant([1, 2, 3]))),
        s.run(tf.foldr(lambda a, e: a * 2 + e, tf.constant([1, 2, 3]))),
    )
    print(
        s.run(tf.map_fn(lambda t: (t[0] + t[1], t[0] * 2), (tf.range(3), tf.range(3, 6)), dtype=(tf.int32, tf.int32)))
    )
    print(s.run(tf.scan(lambda a, e: (a[1], a[0] + a[1]), tf.range(8), initializer=(0, 1))))
