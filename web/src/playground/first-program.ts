// What a visitor finds in the editor the first time.
export const FIRST_PROGRAM = `import numpy as np
import tensorflow as tf  # PyFlow, under the name that programs know

# A line through noisy points, found by gradient descent.
points = np.random.RandomState(0).rand(200, 1).astype(np.float32)
values = 3 * points + 1 + np.random.RandomState(1).normal(0, 0.1, points.shape)

x = tf.placeholder(tf.float32, [None, 1], name="x")
y = tf.placeholder(tf.float32, [None, 1], name="y")
with tf.variable_scope("line"):
    slope = tf.get_variable("slope", [1, 1])
    offset = tf.get_variable("offset", [1], initializer=tf.zeros_initializer())
    prediction = tf.matmul(x, slope) + offset
loss = tf.reduce_mean(tf.square(prediction - y))
train = tf.train.GradientDescentOptimizer(0.3).minimize(loss)

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(201):
        _, error = sess.run([train, loss], {x: points, y: values})
        if step % 10 == 0:
            print(f"step {step}: loss {error:.5f}")
    print("slope and offset:", sess.run([slope, offset]))
`;
