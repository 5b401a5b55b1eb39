"""Section 7.4 to its end: image_pipeline.py with datasets in place of queues, and a test of what was learnt."""

import io
import os
import tempfile

import numpy as np
from PIL import Image

import pyflow as tf

SIZE, BATCH_SIZE, EPOCHS = 12, 16, 12
np.random.seed(1)
tf.set_random_seed(1)


def jpeg(label):
    """A JPEG file of 24 x 30 pixels: red above or below, and noise."""
    pixels = np.random.randint(0, 90, (24, 30, 3))
    half = pixels[:12] if label else pixels[12:]
    half[..., 0] += 150
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def write(path, count):
    with tf.python_io.TFRecordWriter(path) as writer:
        for i in range(count):
            features = {
                "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg(i % 2)])),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[i % 2])),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def parser(record):
    features = tf.parse_single_example(
        record, features={"image": tf.FixedLenFeature([], tf.string), "label": tf.FixedLenFeature([], tf.int64)}
    )
    return tf.image.decode_jpeg(features["image"], channels=3), features["label"]


def preprocess_for_train(image, height, width, bbox):
    """A random part of the image at a given size, mirrored or not, with random brightness and contrast."""
    if bbox is None:
        bbox = tf.constant([0.0, 0.0, 1.0, 1.0], dtype=tf.float32, shape=[1, 1, 4])
    image = tf.image.convert_image_dtype(image, dtype=tf.float32)
    begin, size, _ = tf.image.sample_distorted_bounding_box(
        tf.shape(image), bounding_boxes=bbox, min_object_covered=0.6
    )
    image = tf.image.resize_images(tf.slice(image, begin, size), [height, width])
    image = tf.image.random_flip_left_right(image)
    image = tf.image.random_contrast(tf.image.random_brightness(image, 0.1), 0.8, 1.2)
    return tf.reshape(tf.clip_by_value(image, 0.0, 1.0), [height, width, 3])


def preprocess_for_test(image, height, width):
    image = tf.image.convert_image_dtype(image, dtype=tf.float32)
    return tf.reshape(tf.image.resize_images(image, [height, width]), [height, width, 3])


folder = tempfile.mkdtemp()
for name, count in (("train-0", 40), ("train-1", 40), ("test-0", 40)):
    write(os.path.join(folder, name), count)

train_files = tf.train.match_filenames_once(os.path.join(folder, "train-*"))
test_files = tf.train.match_filenames_once(os.path.join(folder, "test-*"))

dataset = tf.data.TFRecordDataset(train_files).map(parser, num_parallel_calls=2)
dataset = dataset.map(lambda image, label: (preprocess_for_train(image, SIZE, SIZE, None), label))
dataset = dataset.shuffle(80).batch(BATCH_SIZE).repeat(EPOCHS).prefetch(1)
iterator = dataset.make_initializable_iterator()
images, labels = iterator.get_next()

test_dataset = tf.data.TFRecordDataset(test_files).map(parser)
test_dataset = test_dataset.map(lambda image, label: (preprocess_for_test(image, SIZE, SIZE), label)).batch(BATCH_SIZE)
test_iterator = test_dataset.make_initializable_iterator()
test_images, test_labels = test_iterator.get_next()


def scores(images):
    """[batch, 2] of images; one network, however often it is called."""
    with tf.variable_scope("network", reuse=tf.AUTO_REUSE):
        hidden = tf.layers.dense(tf.layers.flatten(images), 16, activation=tf.nn.relu)
        return tf.layers.dense(hidden, 2)


loss = tf.losses.sparse_softmax_cross_entropy(labels, scores(images))
train = tf.train.AdamOptimizer(0.01).minimize(loss)
predictions = tf.argmax(scores(test_images), axis=-1)

with tf.Session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    sess.run(iterator.initializer)
    step = 0
    while True:
        try:
            _, cost = sess.run([train, loss])
        except tf.errors.OutOfRangeError:
            break
        if step % 20 == 0:
            print(f"after {step} steps: loss {cost:.3f}")
        step += 1
    print("steps in all:", step)

    sess.run(test_iterator.initializer)
    right = []
    while True:
        try:
            found, given = sess.run([predictions, test_labels])
        except tf.errors.OutOfRangeError:
            break
        right += (found == given).tolist()
    print("tested:", len(right), f"accuracy {np.mean(right):.2f}")
