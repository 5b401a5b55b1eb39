"""examples.tutorials.mnist.input_data on small files: reading, damage, and TF 1.15's order of batches."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from pyflow.core import dtypes, errors, seeds
from pyflow.examples.tutorials.mnist import input_data

FILES = {
    "train-images-idx3-ubyte": (12, 3, 2),
    "train-labels-idx1-ubyte": (12,),
    "t10k-images-idx3-ubyte": (5, 3, 2),
    "t10k-labels-idx1-ubyte": (5,),
}


def idx(shape, first=0):
    """An IDX file whose bytes count up (labels stay below ten)."""
    values = (first + np.arange(np.prod(shape))) % (10 if len(shape) == 1 else 256)
    return struct.pack(f">{1 + len(shape)}I", 2048 + len(shape), *shape) + values.astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path):
    for name, shape in FILES.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx(shape)))
    return tmp_path


def test_read_data_sets(folder, capsys):
    mnist = input_data.read_data_sets(str(folder), validation_size=4)
    assert [part.num_examples for part in mnist] == [8, 4, 5]
    assert mnist._fields == ("train", "validation", "test")
    assert mnist.validation.images.shape == (4, 6) and mnist.validation.images.dtype == np.float32
    np.testing.assert_allclose(mnist.validation.images.ravel() * 255, np.arange(24), rtol=1e-6)
    assert mnist.train.labels.tolist() == [4, 5, 6, 7, 8, 9, 0, 1] and mnist.train.labels.dtype == np.uint8
    assert capsys.readouterr().out.splitlines() == [f"Extracting {folder}/{name}.gz" for name in FILES]


def test_pixels_are_those_of_tensorflow():
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    data = input_data.DataSet(images, np.zeros(1))
    assert data.images[0, [1, 7, 100, 255]].tolist() == [
        0.003921568859368563, 0.027450982481241226, 0.3921568989753723, 1.0
    ]  # fmt: skip


def test_options(folder):
    mnist = input_data.read_data_sets(
        str(folder), one_hot=True, dtype=dtypes.uint8, reshape=False, validation_size=0, source_url=""
    )
    assert mnist.train.images.shape == (12, 3, 2, 1) and mnist.train.images.dtype == np.uint8
    assert mnist.train.labels.shape == (12, 10) and mnist.train.labels.dtype == np.float64
    assert mnist.train.labels.argmax(1).tolist() == [*range(10), 0, 1]
    assert mnist.validation.num_examples == 0


def test_files_need_not_be_gzipped(folder, capsys):
    for name, shape in FILES.items():
        (folder / f"{name}.gz").unlink()
        (folder / name).write_bytes(idx(shape))
    mnist = input_data.read_data_sets(str(folder), validation_size=0)
    assert mnist.test.labels.tolist() == [0, 1, 2, 3, 4]
    assert f"Extracting {folder}/t10k-labels-idx1-ubyte\n" in capsys.readouterr().out


@pytest.mark.parametrize("size", [-1, 13])
def test_validation_size_out_of_range(folder, size):
    with pytest.raises(ValueError, match=f"Validation size should be between 0 and 12. Received: {size}."):
        input_data.read_data_sets(str(folder), validation_size=size)


def test_other_dtypes_are_refused(folder):
    with pytest.raises(TypeError, match="Invalid image dtype tf.int32, expected uint8 or float32"):
        input_data.read_data_sets(str(folder), validation_size=0, dtype=dtypes.int32)


DAMAGES = [
    ("train-images", lambda raw: gzip.compress(idx((12,))), ValueError, "Invalid magic number 2049 in MNIST image"),
    ("t10k-labels", lambda raw: gzip.compress(idx((5, 3, 2))), ValueError, "Invalid magic number 2051 in MNIST label"),
    ("train-images", lambda raw: gzip.compress(raw[:-1]), errors.DataLossError, "71 bytes where 72 were expected"),
    ("train-images", lambda raw: gzip.compress(raw[:10]), errors.DataLossError, "6 bytes where 12 were expected"),
    ("train-images", lambda raw: gzip.compress(raw + b"x"), errors.DataLossError, "goes on after the 72 bytes"),
    ("train-images", lambda raw: gzip.compress(raw)[:-20], errors.DataLossError, "is damaged or truncated"),
    ("train-images", lambda raw: gzip.compress(raw)[:-8] + b"\0" * 8, errors.DataLossError, "is damaged or truncated"),
    ("t10k-labels", lambda raw: b"\x1f\x8b" + b"no gzip", errors.DataLossError, "is damaged or truncated"),
    ("t10k-labels", lambda raw: b"", errors.DataLossError, "0 bytes where 4 were expected"),
    ("t10k-images", lambda raw: raw[:4] + b"\xff" * 12 + raw[16:], errors.DataLossError, "30 bytes where"),
]  # fmt: skip


@pytest.mark.parametrize("start, damage, error, words", DAMAGES)
def test_damaged_file_is_named(folder, start, damage, error, words):
    name = next(name for name in FILES if name.startswith(start))
    path = folder / f"{name}.gz"
    path.write_bytes(damage(idx(FILES[name])))
    with pytest.raises(error, match=words) as caught:
        input_data.read_data_sets(str(folder), validation_size=0)
    assert str(path) in str(caught.value)


def test_images_and_labels_of_different_number(folder):
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx((4,))))
    with pytest.raises(AssertionError, match=r"images.shape: \(5, 3, 2, 1\) labels.shape: \(4,\)"):
        input_data.read_data_sets(str(folder), validation_size=0)


def test_one_hot_refuses_labels_out_of_range():
    assert input_data.dense_to_one_hot(np.array([1, 0]), 2).tolist() == [[0, 1], [1, 0]]
    with pytest.raises(ValueError, match=r"labels must be in \[0, 2\), got 0 to 2"):
        input_data.dense_to_one_hot(np.array([2, 0]), 2)


# Batches: the numbers are TensorFlow 1.15.5's (contrib.learn.datasets.mnist.DataSet).


def make(seed=None, n=10):
    return input_data.DataSet(np.zeros((n, 2, 2, 1), np.uint8), np.arange(n), seed=seed)


ORDERS = [
    (7, None, 4, True, [[8, 5, 0, 2], [1, 9, 7, 3], [6, 4, 5, 2], [0, 9, 4, 8], [1, 7, 3, 6], [0, 4, 2, 6]]),
    (0, None, 4, True, [[2, 8, 4, 9], [1, 6, 7, 3], [0, 5, 9, 6], [8, 4, 5, 0]]),
    (None, 3, 5, True, [[5, 4, 1, 2, 9], [6, 7, 0, 3, 8], [2, 3, 1, 4, 8], [9, 5, 7, 0, 6]]),
    (11, 3, 10, True, [[7, 8, 2, 6, 4, 5, 1, 3, 0, 9], [6, 8, 0, 2, 1, 3, 4, 5, 9, 7], [0, 9, 4, 6, 2, 8, 1, 5, 7, 3]]),
    (7, None, 4, False, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 1], [2, 3, 4, 5]]),
]  # fmt: skip


@pytest.mark.parametrize("seed, graph_seed, size, shuffle, batches", ORDERS)
def test_order_of_batches(seed, graph_seed, size, shuffle, batches):
    if graph_seed is not None:
        seeds.set_random_seed(graph_seed)
    data = make(seed)
    assert [data.next_batch(size, shuffle=shuffle)[1].tolist() for _ in batches] == batches


def test_order_follows_numpys_global_generator():
    data = make()
    np.random.seed(7)
    assert data.next_batch(4)[1].tolist() == [8, 5, 0, 2]


def test_epochs_are_counted_when_the_next_one_starts():
    data = make(seed=1)
    completed = []
    for _ in range(6):
        images, labels = data.next_batch(5)
        assert images.shape == (5, 4) and labels.shape == (5,)
        completed.append(data.epochs_completed)
    assert completed == [0, 0, 1, 1, 2, 2]


def test_images_stay_with_their_labels():
    labels = np.arange(10)
    images = np.broadcast_to(labels.astype(np.uint8)[:, None, None, None], (10, 2, 2, 1))
    data = input_data.DataSet(images, labels, dtype=dtypes.uint8)
    for _ in range(7):
        batch = data.next_batch(3)
        assert (batch[0] == batch[1][:, None]).all()


def test_fake_data():
    mnist = input_data.read_data_sets("nowhere", fake_data=True, one_hot=True)
    images, labels = mnist.train.next_batch(3, fake_data=True)
    assert images == [[1] * 784] * 3 and labels == [[1] + [0] * 9] * 3
    assert mnist.test.num_examples == 10000
    assert input_data.read_data_sets("", fake_data=True).train.next_batch(2, fake_data=True)[1] == [0, 0]
