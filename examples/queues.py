"""Section 7.3: a queue that a program fills itself, threads that stop together, and a queue that threads fill."""

import threading

import numpy as np

import pyflow as tf

queue = tf.FIFOQueue(2, "int32")
init = queue.enqueue_many(([0, 10],))
x = queue.dequeue()
y = x + 1
increment = queue.enqueue([y])

with tf.Session() as sess:
    init.run()
    for _ in range(5):
        value, _ = sess.run([x, increment])
        print(value)


def work(coord, worker_id, done):
    """Goes on until some worker, at random, asks all of them to stop."""
    while not coord.should_stop():
        if np.random.rand() < 0.1:
            coord.request_stop()
        else:
            done[worker_id] += 1
            coord.wait_for_stop(0.01)


coord, done = tf.train.Coordinator(), [0] * 5
threads = [threading.Thread(target=work, args=(coord, i, done)) for i in range(5)]
for thread in threads:
    thread.start()
coord.join(threads)
print("workers at work:", sum(thread.is_alive() for thread in threads))

numbers = tf.FIFOQueue(100, "float")
enqueue = numbers.enqueue([tf.random_normal([1])])
# Five threads that run this operation until they are stopped.
tf.train.add_queue_runner(tf.train.QueueRunner(numbers, [enqueue] * 5))
number = numbers.dequeue()

with tf.Session() as sess:
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess=sess, coord=coord)
    drawn = [sess.run(number)[0] for _ in range(3)]
    print("drawn and different:", len(set(drawn)))
    coord.request_stop()
    coord.join(threads)
