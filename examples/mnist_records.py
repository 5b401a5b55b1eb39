"""Section 7.1: MNIST as a file of records, and read from it, one image and many at a time.

python examples/mnist_records.py --data_dir=/tmp/mnist
"""

import os
import tempfile

import numpy as np

import pyflow as tf
from pyflow.examples.tutorials.mnist import input_data

tf.flags.DEFINE_string("data_dir", "/tmp/mnist", "Where the four files of MNIST are, or are put.")
tf.flags.DEFINE_integer("images", 2000, "How many images to write.")


def int64_feature(value):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


def bytes_feature(value):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))


def write(path):
    mnist = input_data.read_data_sets(tf.flags.FLAGS.data_dir, dtype=tf.uint8, one_hot=True)
    images, labels = mnist.train.images, mnist.train.labels
    with tf.python_io.TFRecordWriter(path) as writer:
        for index in range(tf.flags.FLAGS.images):
            features = {
                "pixels": int64_feature(images.shape[1]),
                "label": int64_feature(np.argmax(labels[index])),
                "image_raw": bytes_feature(images[index].tobytes()),
            }
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    print("written:", os.path.getsize(path), "bytes")
    return images, labels


def main(_):
    path = os.path.join(tempfile.mkdtemp(), "output.tfrecords")
    images, labels = write(path)
    features = {
        "image_raw": tf.FixedLenFeature([], tf.string),
        "pixels": tf.FixedLenFeature([], tf.int64),
        "label": tf.FixedLenFeature([], tf.int64),
    }
    filename_queue = tf.train.string_input_producer([path])
    reader = tf.TFRecordReader()
    _, serialized = reader.read(filename_queue)
    parsed = tf.parse_single_example(serialized, features=features)
    image = tf.decode_raw(parsed["image_raw"], tf.uint8)
    label = tf.cast(parsed["label"], tf.int32)
    pixels = tf.cast(parsed["pixels"], tf.int32)

    _, several = reader.read_up_to(filename_queue, 100)
    batch = tf.parse_example(several, features=features)
    batch_images = tf.decode_raw(batch["image_raw"], tf.uint8)

    with tf.Session() as sess:
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess=sess, coord=coord)
        for i in range(3):
            found, digit, size = sess.run([image, label, pixels])
            print("image", i, found.shape, "digit", digit, "of", size, "pixels:", np.array_equal(found, images[i]))
        found, digits = sess.run([batch_images, batch["label"]])
        print("the next", found.shape, "are right:", np.array_equal(digits, labels[3:103].argmax(1)))
        coord.request_stop()
        coord.join(threads)


if __name__ == "__main__":
    tf.app.run()
