"""Section 7.4: datasets in place of queues, of a list, of lines, and of TFRecord files that are named now or later."""

import os
import tempfile

import pyflow as tf

dataset = tf.data.Dataset.from_tensor_slices([1, 2, 3, 5, 8])
x = dataset.make_one_shot_iterator().get_next()
square = x * x

with tf.Session() as sess:
    print("squares:", *[sess.run(square) for _ in range(5)])


def number(value):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


def parser(record):
    """Two numbers of a serialized `Example`, each an int64 scalar."""
    features = tf.parse_single_example(
        record, features={"fea1": tf.FixedLenFeature([], tf.int64), "fea2": tf.FixedLenFeature([], tf.int64)}
    )
    return features["fea1"], features["fea2"]


with tempfile.TemporaryDirectory() as folder:
    paths = [os.path.join(folder, name) for name in ("path1", "path2")]
    for i, path in enumerate(paths):
        with tf.python_io.TFRecordWriter(path) as writer:
            for j in range(3):
                features = tf.train.Features(feature={"fea1": number(i), "fea2": number(j)})
                writer.write(tf.train.Example(features=features).SerializeToString())

    text = os.path.join(folder, "text")
    with tf.gfile.GFile(text, "w") as f:
        f.write("to be\nor not\n")
    line = tf.data.TextLineDataset([text]).make_one_shot_iterator().get_next()
    pair = tf.data.TFRecordDataset(paths).map(parser).make_one_shot_iterator().get_next()

    with tf.Session() as sess:
        print("lines:", *[sess.run(line).decode() for _ in range(2)], sep=" / ")
        print("pairs:", *[f"{i}{j}" for i, j in (sess.run(pair) for _ in range(6))])

    input_files = tf.placeholder(tf.string)
    dataset = tf.data.TFRecordDataset(input_files).map(parser).shuffle(4).batch(4).repeat(2)
    iterator = dataset.make_initializable_iterator()
    fea1, fea2 = iterator.get_next()

    with tf.Session() as sess:
        sess.run(iterator.initializer, feed_dict={input_files: paths})
        seen = []
        while True:
            try:
                batch = sess.run([fea1, fea2])
            except tf.errors.OutOfRangeError:
                break
            print("batch of", len(batch[0]))
            seen += zip(*map(list, batch), strict=True)
        print("each of", len(set(seen)), "twice:", all(seen.count(pair) == 2 for pair in seen))
