"""What is timed of the way from files to batches."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[], Any]


def parsed_records(tf: Any, config: Any) -> Step:
    """A batch of 128 digits of 784 bytes and their labels, read from a file of records and parsed."""
    random = np.random.default_rng(0)
    folder = tempfile.mkdtemp(prefix="pyflow-bench-")
    atexit.register(shutil.rmtree, folder)
    path = os.path.join(folder, "digits.tfrecords")
    with tf.python_io.TFRecordWriter(path) as writer:
        for pixels in random.integers(0, 256, (4096, 784), np.uint8):
            image = tf.train.Feature(bytes_list=tf.train.BytesList(value=[pixels.tobytes()]))
            label, size = (tf.train.Feature(int64_list=tf.train.Int64List(value=[n])) for n in (pixels[0] % 10, 784))
            features = tf.train.Features(feature={"image_raw": image, "label": label, "pixels": size})
            writer.write(tf.train.Example(features=features).SerializeToString())

    def parse(records: Any) -> Any:
        whole = tf.FixedLenFeature([], tf.int64)
        kinds = {"image_raw": tf.FixedLenFeature([], tf.string), "label": whole, "pixels": whole}
        features = tf.parse_example(records, kinds)
        return tf.decode_raw(features["image_raw"], tf.uint8), features["label"], features["pixels"]

    return _batches(tf, config, tf.data.TFRecordDataset(path).repeat().batch(128).map(parse).prefetch(1))


def distorted_photos(tf: Any, config: Any) -> Step:
    """A batch of 16 JPEG files of 256 x 256 pixels, decoded, made 224 x 224 and mirrored by chance."""
    from PIL import Image

    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:256, :256]
    files = []
    for waves in random.uniform(5, 50, (16, 6)):
        shapes = [np.sin(rows / waves[2 * i] + columns / waves[2 * i + 1]) for i in range(3)]
        pixels = 128 + 60 * np.stack(shapes, axis=-1) + random.normal(0, 8, (256, 256, 3))
        file = io.BytesIO()
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
        files.append(file.getvalue())

    def distort(content: Any) -> Any:
        image = tf.image.resize_images(tf.image.decode_jpeg(content, channels=3), [224, 224])
        return tf.image.random_flip_left_right(image)

    dataset = tf.data.Dataset.from_tensor_slices(files).repeat().map(distort, num_parallel_calls=2)
    return _batches(tf, config, dataset.batch(16).prefetch(1))


def _batches(tf: Any, config: Any, dataset: Any) -> Step:
    following = tf.data.make_one_shot_iterator(dataset).get_next()
    sess = tf.Session(config=config)
    return lambda: sess.run(following)
