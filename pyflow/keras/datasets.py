"""tf.keras.datasets: read from `~/.keras/datasets`, where they are fetched to once."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.keras.backend import image_data_format
from pyflow.keras.files import get_file

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@export("keras.datasets.mnist.load_data")
def load_mnist(path: str = "mnist.npz") -> tuple:
    """(images, digits) of 60000 and 10000 handwritten digits: uint8 [n, 28, 28] and [n]."""
    file = get_file(path, origin=_ORIGIN + "mnist.npz", file_hash="8a61469f7ea1b51cbae51d4f78837e45")
    with np.load(file, allow_pickle=True) as f:
        return (f["x_train"], f["y_train"]), (f["x_test"], f["y_test"])


@export("keras.datasets.fashion_mnist.load_data")
def load_fashion_mnist() -> tuple:
    """(images, kinds) of 60000 and 10000 pieces of clothing: uint8 [n, 28, 28] and [n]."""
    names = ["train-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz",
             "t10k-images-idx3-ubyte.gz"]  # fmt: skip
    folder = os.path.join("datasets", "fashion-mnist")
    arrays = []
    for name in names:
        with gzip.open(get_file(name, origin=_ORIGIN + name, cache_subdir=folder), "rb") as file:
            data = file.read()
        if "labels" in name:
            arrays.append(np.frombuffer(data, np.uint8, offset=8))
        else:
            arrays.append(np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28))
    y_train, x_train, y_test, x_test = arrays
    return (x_train, y_train), (x_test, y_test)


def _cifar_batch(path: str, label_key: str = "labels") -> tuple[np.ndarray, list]:
    with open(path, "rb") as file:
        found = {k.decode(): v for k, v in pickle.load(file, encoding="bytes").items()}
    return found["data"].reshape(-1, 3, 32, 32), found[label_key]


def _channels(x: np.ndarray) -> np.ndarray:
    return x.transpose(0, 2, 3, 1) if image_data_format() == "channels_last" else x


@export("keras.datasets.cifar10.load_data")
def load_cifar10() -> tuple:
    """(images, classes) of 50000 and 10000 photographs: uint8 [n, 32, 32, 3] and [n, 1]."""
    origin = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    path = get_file("cifar-10-batches-py", origin=origin, untar=True)
    parts = [_cifar_batch(os.path.join(path, f"data_batch_{i}")) for i in range(1, 6)]
    x_test, y_test = _cifar_batch(os.path.join(path, "test_batch"))
    x_train = np.concatenate([x for x, _ in parts])
    y_train = np.concatenate([np.asarray(y, np.uint8) for _, y in parts]).reshape(-1, 1)
    return (_channels(x_train), y_train), (_channels(x_test), np.reshape(y_test, (-1, 1)))


@export("keras.datasets.cifar100.load_data")
def load_cifar100(label_mode: str = "fine") -> tuple:
    """(images, classes) of 50000 and 10000 photographs, of 100 classes, or 20 with `label_mode` "coarse"."""
    if label_mode not in ("fine", "coarse"):
        raise ValueError('`label_mode` must be one of `"fine"`, `"coarse"`.')
    origin = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    path = get_file("cifar-100-python", origin=origin, untar=True)
    found = []
    for part in ("train", "test"):
        x, y = _cifar_batch(os.path.join(path, part), label_key=label_mode + "_labels")
        found.append((_channels(x), np.reshape(y, (-1, 1))))
    return tuple(found)


@export("keras.datasets.boston_housing.load_data")
def load_boston_housing(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> tuple:
    """(features, prices) of houses in Boston: float64 [n, 13] and [n]."""
    assert 0 <= test_split < 1
    digest = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"
    with np.load(get_file(path, origin=_ORIGIN + "boston_housing.npz", file_hash=digest), allow_pickle=True) as f:
        x, y = f["x"], f["y"]
    order = np.arange(len(x))
    np.random.seed(seed)
    np.random.shuffle(order)
    x, y, at = x[order], y[order], int(len(x) * (1 - test_split))
    return (np.array(x[:at]), np.array(y[:at])), (np.array(x[at:]), np.array(y[at:]))


def _shuffled(x: Any, y: Any) -> tuple:
    order = np.arange(len(x))
    np.random.shuffle(order)
    return x[order], y[order]


def _words(xs: Any, start_char: Any, index_from: Any) -> list:
    if start_char is not None:
        return [[start_char] + [w + index_from for w in x] for x in xs]
    return [[w + index_from for w in x] for x in xs] if index_from else list(xs)


def _limited(xs: list, num_words: int, skip_top: int, oov_char: Any) -> list:
    """Sequences in which rare (or the commonest) words are replaced, or left out."""
    if oov_char is not None:
        return [[w if skip_top <= w < num_words else oov_char for w in x] for x in xs]
    return [[w for w in x if skip_top <= w < num_words] for x in xs]


def _too_long(xs: list, labels: Any, maxlen: int) -> tuple[list, list]:
    pairs = [(x, y) for x, y in zip(xs, labels) if len(x) < maxlen]
    return [x for x, _ in pairs], [y for _, y in pairs]


@export("keras.datasets.imdb.load_data")
def load_imdb(
    path: str = "imdb.npz", num_words: Any = None, skip_top: int = 0, maxlen: Any = None, seed: int = 113,
    start_char: Any = 1, oov_char: Any = 2, index_from: int = 3, **kwargs: Any,
) -> tuple:  # fmt: skip
    """(reviews, whether they like it) of films, 25000 and 25000: lists of words by how common they are."""
    num_words = kwargs.pop("nb_words", num_words)
    if kwargs:
        raise TypeError("Unrecognized keyword arguments: " + str(kwargs))
    file = get_file(path, origin=_ORIGIN + "imdb.npz", file_hash="599dadb1135973df5b59232a0e9a887c")
    with np.load(file, allow_pickle=True) as f:
        parts = [(f["x_train"], f["y_train"]), (f["x_test"], f["y_test"])]
    np.random.seed(seed)
    parts = [_shuffled(*part) for part in parts]
    split_at = len(parts[0][0])
    xs = _words(np.concatenate([x for x, _ in parts]), start_char, index_from)
    labels: Any = np.concatenate([y for _, y in parts])
    if maxlen:
        xs, labels = _too_long(xs, labels, maxlen)
        if not xs:
            raise ValueError(f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was kept. "
                             "Increase maxlen.")  # fmt: skip
    xs = _limited(xs, num_words or max(max(x) for x in xs), skip_top, oov_char)
    made = np.empty(len(xs), object)
    made[:] = xs
    labels = np.array(labels)
    return (made[:split_at], labels[:split_at]), (made[split_at:], labels[split_at:])


@export("keras.datasets.reuters.load_data")
def load_reuters(
    path: str = "reuters.npz", num_words: Any = None, skip_top: int = 0, maxlen: Any = None, test_split: float = 0.2,
    seed: int = 113, start_char: Any = 1, oov_char: Any = 2, index_from: int = 3, **kwargs: Any,
) -> tuple:  # fmt: skip
    """(newswires, topics): lists of words by how common they are, and numbers from 0 to 45."""
    num_words = kwargs.pop("nb_words", num_words)
    if kwargs:
        raise TypeError("Unrecognized keyword arguments: " + str(kwargs))
    file = get_file(path, origin=_ORIGIN + "reuters.npz", file_hash="87aedbeb0cb229e378797a632c1997b6")
    with np.load(file, allow_pickle=True) as f:
        xs, labels = f["x"], f["y"]
    np.random.seed(seed)
    xs, labels = _shuffled(xs, labels)
    xs = _words(xs, start_char, index_from)
    if maxlen:
        xs, labels = _too_long(xs, labels, maxlen)
    xs = _limited(xs, num_words or max(max(x) for x in xs), skip_top, oov_char)
    at = int(len(xs) * (1 - test_split))
    made = np.empty(len(xs), object)
    made[:] = xs
    labels = np.array(labels)
    return (made[:at], labels[:at]), (made[at:], labels[at:])


def _word_index(name: str, digest: str) -> Callable:
    def get_word_index(path: str = f"{name}_word_index.json") -> dict[str, int]:
        with open(
            get_file(path, origin=f"{_ORIGIN}{name}_word_index.json", file_hash=digest), encoding="utf-8"
        ) as file:
            return json.load(file)

    get_word_index.__doc__ = "How common each word is: 1 for the commonest."
    return export(f"keras.datasets.{name}.get_word_index")(get_word_index)


_word_index("imdb", "bfafd718b763782e994055a2d397834f")
_word_index("reuters", "4d44cc38712099c9e383dc6e5f11a921")
