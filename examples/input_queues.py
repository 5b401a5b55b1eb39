"""Section 7.3: examples from several files, through a queue of their names and a queue of batches."""

import os
import tempfile

import pyflow as tf


def int64_feature(value):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


folder = tempfile.mkdtemp()
for i in range(2):
    with tf.python_io.TFRecordWriter(os.path.join(folder, f"data.tfrecords-{i:05}-of-00002")) as writer:
        for j in range(2):
            features = tf.train.Features(feature={"i": int64_feature(i), "j": int64_feature(j)})
            writer.write(tf.train.Example(features=features).SerializeToString())

files = tf.train.match_filenames_once(os.path.join(folder, "data.tfrecords-*"))
names = tf.train.string_input_producer(files, shuffle=False)
_, serialized = tf.TFRecordReader().read(names)
features = tf.parse_single_example(
    serialized, features={"i": tf.FixedLenFeature([], tf.int64), "j": tf.FixedLenFeature([], tf.int64)}
)
example, label = features["i"], features["j"]
batch = tf.train.batch([example, label], batch_size=3, capacity=1009)
shuffled = tf.train.shuffle_batch([example, label], batch_size=3, capacity=1009, min_after_dequeue=30)

with tf.Session() as sess:
    tf.local_variables_initializer().run()
    print("files:", [os.path.basename(name.decode()) for name in sess.run(files)])
    coord = tf.train.Coordinator()
    runners = tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)
    # One pipeline after the other: both read from the same queue of names.
    threads = [thread for runner in runners[:2] for thread in runner.create_threads(sess, coord, start=True)]
    for _ in range(2):
        print("batch:", *(values.tolist() for values in sess.run(batch)))
    threads += tf.train.start_queue_runners(sess=sess, coord=coord)
    examples, labels = sess.run(shuffled)
    print("shuffled:", examples.shape, set(examples) | set(labels) <= {0, 1})
    coord.request_stop()
    coord.join(threads)
