import numpy as np
import tensorflow as tf

r = np.random.RandomState(7)
K, D, N = 3, 2, 150
X = np.concatenate([r.randn(50, D) * s + m for s, m in ((1, [0, 0]), (0.5, [4, 4]), (0.8, [-4, 3]))]).astype(np.float64)
inp = tf.placeholder(tf.float64, [None, D])
means = tf.Variable(X[[0, 70, 120]])
variances = tf.Variable(np.ones((K, D)))
weights = tf.Variable(tf.fill([K], tf.constant(1.0 / K, tf.float64)))
dist = tf.squared_difference(tf.expand_dims(inp, 0), tf.expand_dims(means, 1))
expo = tf.reduce_sum(dist / tf.expand_dims(variances, 1), 2)
logc = tf.reduce_sum(tf.log(variances), 1) + D * np.log(2 * np.pi)
logp = -0.5 * (tf.expand_dims(logc, 1) + expo)
wlog = tf.expand_dims(tf.log(weights), 1) + logp
shift = tf.expand_dims(tf.reduce_max(wlog, 0), 0)
logsum = tf.log(tf.reduce_sum(tf.exp(wlog - shift), 0)) + shift
resp = tf.exp(wlog - logsum)
same = tf.reduce_max(tf.abs(tf.reduce_logsumexp(wlog, axis=0, keepdims=True) - logsum))
nk = tf.reduce_sum(resp, 1)
rw = tf.expand_dims(resp / tf.expand_dims(nk, 1), 2)
nm = tf.reduce_sum(tf.expand_dims(inp, 0) * rw, 1)
nv = tf.reduce_sum(rw * tf.squared_difference(tf.expand_dims(inp, 0), tf.expand_dims(nm, 1)), 1)
step = tf.group(means.assign(nm), variances.assign(nv), weights.assign(nk / tf.cast(tf.shape(inp)[0], tf.float64)))
ll = tf.reduce_mean(logsum)
with tf.Session() as s:
    s.run(tf.global_variables_initializer())
    for i in range(15):
        l, d, _ = s.run([ll, same, step], {inp: X})
        if i % 3 == 0:
            print(i, l, d < 1e-12)
    print(s.run([means, variances, weights]))
    # linear algebra on the side
    C = tf.matmul(X, X, transpose_a=True) / N
    L = tf.cholesky(C)
    print(
        s.run(
            [
                C,
                L,
                tf.matrix_inverse(C),
                tf.matrix_determinant(C),
                tf.trace(C),
                tf.matrix_triangular_solve(L, tf.eye(2, dtype=tf.float64)),
                tf.self_adjoint_eig(C)[0],
                tf.svd(C, compute_uv=False),
                tf.matrix_solve_ls(C, tf.ones([2, 1], tf.float64)),
                tf.cholesky_solve(L, tf.ones([2, 1], tf.float64)),
                tf.log(tf.diag_part(L)),
                tf.norm(C),
                tf.qr(C)[1],
            ]
        )
    )
