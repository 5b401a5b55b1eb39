"""Section 4.3: a shadow that follows a variable, quickly in the first steps and slowly later."""

import pyflow as tf

variable = tf.Variable(0.0)
step = tf.Variable(0, trainable=False)
average = tf.train.ExponentialMovingAverage(0.99, step)
follow = average.apply([variable])

with tf.Session() as sess:

    def show(when):
        value, shadow = sess.run([variable, average.average(variable)])
        print(f"{when}: {value:g} {shadow:.7g}")

    sess.run(tf.global_variables_initializer())
    show("at first")
    sess.run(tf.assign(variable, 5.0))
    sess.run(follow)  # the decay is min(0.99, (1 + 0) / (10 + 0)) = 0.1
    show("step 0")
    sess.run([tf.assign(step, 10000), tf.assign(variable, 100.0)])
    sess.run(follow)  # now it is 0.99
    show("step 10000")
    sess.run(follow)
    show("step 10001")
