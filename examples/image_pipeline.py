"""Section 7.3 to its end: files -> queue -> decode -> distort -> shuffle_batch -> train.

Half of the pictures are red above and dark below, half the other way round; a network learns which is which.
"""

import io
import os
import tempfile

import numpy as np
from PIL import Image

import pyflow as tf

SIZE, BATCH_SIZE, STEPS = 12, 16, 60
np.random.seed(1)
tf.set_random_seed(1)


def jpeg(label):
    """A JPEG file of 24 x 30 pixels with noise."""
    pixels = np.random.randint(0, 90, (24, 30, 3))
    half = pixels[:12] if label else pixels[12:]
    half[..., 0] += 150
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def int64_feature(value):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


folder = tempfile.mkdtemp()
for shard in range(2):
    with tf.python_io.TFRecordWriter(os.path.join(folder, f"data.tfrecords-{shard:05}-of-00002")) as writer:
        for i in range(40):
            image = tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg(i % 2)]))
            features = tf.train.Features(feature={"image": image, "label": int64_feature(i % 2)})
            writer.write(tf.train.Example(features=features).SerializeToString())

files = tf.train.match_filenames_once(os.path.join(folder, "data.tfrecords-*"))
filename_queue = tf.train.string_input_producer(files, shuffle=True)
_, serialized = tf.TFRecordReader().read(filename_queue)
features = tf.parse_single_example(
    serialized, features={"image": tf.FixedLenFeature([], tf.string), "label": tf.FixedLenFeature([], tf.int64)}
)
decoded = tf.image.convert_image_dtype(tf.image.decode_jpeg(features["image"], channels=3), tf.float32)
begin, size, _ = tf.image.sample_distorted_bounding_box(
    tf.shape(decoded), tf.zeros([1, 0, 4]), area_range=[0.6, 1.0], use_image_if_no_bounding_boxes=True
)
image = tf.image.resize_images(tf.slice(decoded, begin, size), [SIZE, SIZE])
image = tf.image.random_flip_left_right(image)
image = tf.image.random_brightness(image, max_delta=0.1)
image = tf.image.random_contrast(image, lower=0.8, upper=1.2)
image = tf.reshape(tf.clip_by_value(image, 0.0, 1.0), [SIZE, SIZE, 3])
images, labels = tf.train.shuffle_batch(
    [image, features["label"]], batch_size=BATCH_SIZE, capacity=100, min_after_dequeue=40, num_threads=2
)

hidden = tf.layers.dense(tf.layers.flatten(images), 16, activation=tf.nn.relu)
logits = tf.layers.dense(hidden, 2)
loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32))
train = tf.train.AdamOptimizer(0.01).minimize(loss)

with tf.Session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess=sess, coord=coord)
    for step in range(STEPS):
        _, cost = sess.run([train, loss])
        if step % 20 == 0:
            print(f"after {step} steps: loss {cost:.3f}")
    print("images:", images.shape, f"accuracy {np.mean([sess.run(accuracy) for _ in range(5)]):.2f}")
    coord.request_stop()
    coord.join(threads)
