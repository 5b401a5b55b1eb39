"""MNIST as TF 1.15's tutorials read it: `read_data_sets(dir)`, then `.train.next_batch(100)`.

Any folder with four IDX files of MNIST's names will do, such as Fashion-MNIST's.
"""

from __future__ import annotations

import collections
import os
from typing import Any, BinaryIO

import numpy as np

from pyflow.core import dtypes, seeds
from pyflow.examples.tutorials.mnist import download
from pyflow.examples.tutorials.mnist.idx import IMAGES_MAGIC, LABELS_MAGIC, read_idx
from pyflow.platform import gfile

DEFAULT_SOURCE_URL = download.MIRRORS[0]

TRAIN_IMAGES = "train-images-idx3-ubyte.gz"
TRAIN_LABELS = "train-labels-idx1-ubyte.gz"
TEST_IMAGES = "t10k-images-idx3-ubyte.gz"
TEST_LABELS = "t10k-labels-idx1-ubyte.gz"

Datasets = collections.namedtuple("Datasets", ["train", "validation", "test"])


def extract_images(f: BinaryIO) -> np.ndarray:
    """The images in an open IDX file, gzipped or not: uint8 [index, y, x, 1].

    ValueError when the file does not hold images, DataLossError when it is damaged.
    """
    print("Extracting", f.name)
    return read_idx(f, f.name, IMAGES_MAGIC, "image")[..., np.newaxis]


def extract_labels(f: BinaryIO, one_hot: bool = False, num_classes: int = 10) -> np.ndarray:
    """The labels in an open IDX file, gzipped or not: uint8 [index], or float64 [index, num_classes] if `one_hot`.

    ValueError when the file does not hold labels, DataLossError when it is damaged.
    """
    print("Extracting", f.name)
    labels = read_idx(f, f.name, LABELS_MAGIC, "label")
    return dense_to_one_hot(labels, num_classes) if one_hot else labels


def dense_to_one_hot(labels_dense: np.ndarray, num_classes: int) -> np.ndarray:
    """Integer labels [n] as float64 rows [n, num_classes] with a one each; ValueError for a label out of range."""
    labels = np.ravel(labels_dense)
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        raise ValueError(f"labels must be in [0, {num_classes}), got {labels.min()} to {labels.max()}")
    one_hot = np.zeros((len(labels_dense), num_classes))
    one_hot[np.arange(len(labels)), labels] = 1
    return one_hot


class DataSet:
    """Images with their labels, in batches.

    Args:
      images: uint8 [n, rows, columns, 1].
      labels: [n] or [n, classes].
      fake_data: no images at all; `next_batch(..., fake_data=True)` makes constant ones.
      one_hot: of the fake labels.
      dtype: tf.uint8 leaves the pixels in [0, 255], tf.float32 brings them to [0, 1].
      reshape: flatten the images to [n, rows * columns].
      seed: of numpy's global generator, which shuffles the batches of all data sets. Without one it is taken from
        tf.set_random_seed, and without that from the system.
    """

    def __init__(
        self,
        images: Any,
        labels: Any,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = dtypes.float32,
        reshape: bool = True,
        seed: int | None = None,
    ):
        graph_seed, op_seed = seeds.get_seed(seed)
        np.random.seed(graph_seed if seed is None else op_seed)
        dtype = dtypes.as_dtype(dtype).base_dtype
        if dtype not in (dtypes.uint8, dtypes.float32):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        if fake_data:
            self._num_examples = 10000
            self.one_hot = one_hot
        else:
            assert images.shape[0] == labels.shape[0], f"images.shape: {images.shape} labels.shape: {labels.shape}"
            self._num_examples = images.shape[0]
            if reshape:
                assert images.shape[3] == 1
                images = images.reshape(images.shape[0], images.shape[1] * images.shape[2])
            if dtype == dtypes.float32:
                images = np.multiply(images, np.float32(1.0 / 255.0), dtype=np.float32)
        self._images = images
        self._labels = labels
        self._epochs_completed = 0
        self._index_in_epoch = 0

    @property
    def images(self) -> Any:
        """In the order of the present epoch."""
        return self._images

    @property
    def labels(self) -> Any:
        """In the order of the present epoch."""
        return self._labels

    @property
    def num_examples(self) -> int:
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        return self._epochs_completed

    def next_batch(self, batch_size: int, fake_data: bool = False, shuffle: bool = True) -> tuple[Any, Any]:
        """The next `batch_size` images and labels.

        A batch over the end of an epoch holds the rest of that and the start of the next. `shuffle` puts each epoch in
        a new order, drawn from numpy's global generator when the epoch starts.
        """
        if fake_data:
            label = [1] + [0] * 9 if self.one_hot else 0
            return [[1] * 784 for _ in range(batch_size)], [label for _ in range(batch_size)]
        start = self._index_in_epoch
        if start == 0 and self._epochs_completed == 0 and shuffle:
            self._shuffle()
        if start + batch_size <= self._num_examples:
            self._index_in_epoch += batch_size
            return self._images[start : self._index_in_epoch], self._labels[start : self._index_in_epoch]
        self._epochs_completed += 1
        rest = self._images[start:], self._labels[start:]
        if shuffle:
            self._shuffle()
        self._index_in_epoch = end = batch_size - (self._num_examples - start)
        return np.concatenate((rest[0], self._images[:end])), np.concatenate((rest[1], self._labels[:end]))

    def _shuffle(self) -> None:
        order = np.arange(self._num_examples)
        np.random.shuffle(order)
        self._images = self._images[order]
        self._labels = self._labels[order]


def read_data_sets(
    train_dir: str,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = dtypes.float32,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str | None = DEFAULT_SOURCE_URL,
) -> Datasets:
    """The data sets `train`, `validation` (the first `validation_size` of the training images) and `test`.

    Args:
      train_dir: where the four files are, gzipped or not; those that are missing are downloaded into it.
      fake_data: data sets without images, for tests.
      one_hot: labels as rows with a one each, instead of integers.
      dtype, reshape, seed: see DataSet.
      validation_size: how many of the training images to set apart.
      source_url: another place to download from, ending in "/".

    Raises:
      ValueError: a file holds something else, or `validation_size` is out of range.
      DataLossError: a file is damaged.
      DownloadError: a missing file could not be had.
    """
    if fake_data:
        sets = [DataSet([], [], fake_data=True, one_hot=one_hot, dtype=dtype, seed=seed) for _ in Datasets._fields]
        return Datasets(*sets)

    names = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
    missing = [name for name in names if _find(train_dir, name) is None]
    if missing:
        download.fetch(missing, train_dir, None if source_url in (None, "", DEFAULT_SOURCE_URL) else source_url)
    with _open(train_dir, TRAIN_IMAGES) as file:
        train_images = extract_images(file)
    with _open(train_dir, TRAIN_LABELS) as file:
        train_labels = extract_labels(file, one_hot)
    with _open(train_dir, TEST_IMAGES) as file:
        test_images = extract_images(file)
    with _open(train_dir, TEST_LABELS) as file:
        test_labels = extract_labels(file, one_hot)

    if not 0 <= validation_size <= len(train_images):
        raise ValueError(f"Validation size should be between 0 and {len(train_images)}. Received: {validation_size}.")
    n = validation_size
    options: dict[str, Any] = {"dtype": dtype, "reshape": reshape, "seed": seed}
    train = DataSet(train_images[n:], train_labels[n:], **options)
    validation = DataSet(train_images[:n], train_labels[:n], **options)
    test = DataSet(test_images, test_labels, **options)
    return Datasets(train, validation, test)


def load_mnist(train_dir: str = "MNIST-data") -> Datasets:
    return read_data_sets(train_dir)


def _find(folder: str, name: str) -> str | None:
    """The file of that name, or what it was before it was gzipped."""
    paths = [os.path.join(folder, name), os.path.join(folder, name.removesuffix(".gz"))]
    return next((path for path in paths if gfile.Exists(path)), None)


def _open(folder: str, name: str) -> Any:
    return gfile.Open(_find(folder, name), "rb")
