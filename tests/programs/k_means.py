import numpy as np
import tensorflow as tf

np.random.seed(3)
n, k, dim = 200, 3, 2
points_np = np.concatenate([np.random.randn(n, dim) + c for c in ([0, 0], [5, 5], [0, 6])]).astype(np.float32)
points = tf.constant(points_np)
centroids = tf.Variable(tf.slice(tf.random_shuffle(points, seed=7), [0, 0], [k, -1]))
exp_p = tf.expand_dims(points, 0)
exp_c = tf.expand_dims(centroids, 1)
distances = tf.reduce_sum(tf.square(tf.subtract(exp_p, exp_c)), 2)
assignments = tf.argmin(distances, 0)
means = []
for c in range(k):
    means.append(
        tf.reduce_mean(
            tf.gather(points, tf.reshape(tf.where(tf.equal(assignments, c)), [1, -1])), reduction_indices=[1]
        )
    )
new_centroids = tf.concat(means, 0)
update = tf.assign(centroids, new_centroids)


# a second version: unsorted_segment_sum
def bucket_mean(data, ids, num):
    total = tf.unsorted_segment_sum(data, ids, num)
    count = tf.unsorted_segment_sum(tf.ones_like(data), ids, num)
    return total / count


means2 = bucket_mean(points, assignments, k)
old = tf.Variable(tf.zeros([points_np.shape[0]], dtype=tf.int64))
did_change = tf.reduce_any(tf.not_equal(assignments, old))
with tf.control_dependencies([did_change]):
    do_updates = tf.group(centroids.assign(means2), old.assign(assignments))
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    print(sess.run(centroids))
    for step in range(3):
        _, c, a = sess.run([update, centroids, assignments])
        print(step, np.bincount(a))
    print(sess.run(centroids))
    changed, iters = True, 0
    while changed and iters < 50:
        iters += 1
        changed, _ = sess.run([did_change, do_updates])
    print(iters, sess.run(centroids))
    print(sess.run(tf.unique_with_counts(assignments)))
