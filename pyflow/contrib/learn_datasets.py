"""tf.contrib.learn.datasets: tables in CSV files, downloads, MNIST."""

from __future__ import annotations

import collections
import csv
import os
import time
import urllib.error
import urllib.request
from typing import Any, Callable

import numpy as np

from pyflow.core.api import export
from pyflow.examples.tutorials.mnist import input_data
from pyflow.platform import gfile

Dataset = collections.namedtuple("Dataset", ["data", "target"])
Datasets = input_data.Datasets

for _name in ("DataSet", "dense_to_one_hot", "extract_images", "extract_labels", "load_mnist", "read_data_sets"):
    export(f"contrib.learn.datasets.mnist.{_name}")(getattr(input_data, _name))
export("contrib.learn.datasets.mnist.DEFAULT_SOURCE_URL")(input_data.DEFAULT_SOURCE_URL)
export("contrib.learn.datasets.base.Dataset")(Dataset)
export("contrib.learn.datasets.base.Datasets")(Datasets)


@export("contrib.learn.ModeKeys")
class ModeKeys:
    """What a model function of tf.contrib.learn is called for."""

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"


@export("contrib.learn.datasets.base.load_csv_with_header")
def load_csv_with_header(filename: str, target_dtype: Any, features_dtype: Any, target_column: int = -1) -> Dataset:
    """A table whose first row says how many rows and feature columns it has.

    Returns:
      `data` [rows, features] of `features_dtype`, `target` [rows] of `target_dtype`: the column `target_column`.
    """
    with gfile.Open(filename) as file:
        rows = csv.reader(file)
        header = next(rows)
        data = np.zeros((int(header[0]), int(header[1])), dtype=features_dtype)
        target = np.zeros((int(header[0]),), dtype=target_dtype)
        for i, row in enumerate(rows):
            target[i] = np.asarray(row.pop(target_column), dtype=target_dtype)
            data[i] = np.asarray(row, dtype=features_dtype)
    return Dataset(data=data, target=target)


@export("contrib.learn.datasets.base.load_csv_without_header")
def load_csv_without_header(filename: str, target_dtype: Any, features_dtype: Any, target_column: int = -1) -> Dataset:
    """A table of nothing but rows; otherwise as `load_csv_with_header`."""
    with gfile.Open(filename) as file:
        rows = list(csv.reader(file))
    target = np.array([row.pop(target_column) for row in rows], dtype=target_dtype)
    return Dataset(data=np.array([np.asarray(row, dtype=features_dtype) for row in rows]), target=target)


@export("contrib.learn.datasets.base.shrink_csv")
def shrink_csv(filename: str, ratio: int) -> None:
    """Writes every `ratio`th line of x.csv, from the first, to x_small.csv."""
    with gfile.Open(filename) as file, gfile.Open(filename.replace(".", "_small."), "w") as small:
        for i, row in enumerate(csv.reader(file)):
            if i % ratio == 0:
                csv.writer(small).writerow(row)


def _table_of(name: str, data_path: str | None) -> str:
    if data_path is None:
        raise NotImplementedError(
            f"PyFlow does not come with the data set '{name}'. Pass data_path, the path of its CSV file."
        )
    return data_path


@export("contrib.learn.datasets.base.load_iris", "contrib.learn.datasets.load_iris")
def load_iris(data_path: str | None = None) -> Dataset:
    """Fisher's irises, from a CSV file with a header as `load_csv_with_header` reads it.

    Raises:
      NotImplementedError: without `data_path`.
    """
    return load_csv_with_header(_table_of("iris", data_path), target_dtype=int, features_dtype=float)


@export("contrib.learn.datasets.base.load_boston", "contrib.learn.datasets.load_boston")
def load_boston(data_path: str | None = None) -> Dataset:
    """House prices in Boston, from a CSV file with two header rows.

    Raises:
      NotImplementedError: without `data_path`.
    """
    with gfile.Open(_table_of("boston", data_path)) as file:
        rows = list(csv.reader(file))
    table = np.asarray(rows[2:], dtype=float)
    return Dataset(data=table[:, :-1], target=table[:, -1])


@export("contrib.learn.datasets.load_dataset")
def load_dataset(name: str, size: str = "small", test_with_fake_data: bool = False) -> Any:
    """A data set by its name: "iris", "boston", "mnist" or "dbpedia".

    Raises:
      ValueError: no data set has that name.
      NotImplementedError: it is not one that can be had without a path ("mnist" can).
    """
    loaders: dict[str, Any] = {"boston": load_boston, "iris": load_iris, "mnist": input_data.load_mnist}
    if name == "dbpedia":
        raise NotImplementedError(f"PyFlow does not download the data set '{name}'.")
    if name not in loaders:
        raise ValueError(f"Name of dataset is not found: {name}")
    return loaders[name]()


@export("contrib.learn.datasets.base.retry")
def retry(
    initial_delay: float,
    max_delay: float,
    factor: float = 2.0,
    jitter: float = 0.25,
    is_retriable: Callable[[Exception], bool] | None = None,
) -> Callable[[Callable], Callable]:
    """A decorator that calls a function again after errors, until the delays (in seconds) are used up.

    Args:
      initial_delay, factor, max_delay: the first delay, what each is multiplied by, and which are too long.
      jitter: by up to which share a delay is made longer or shorter at random.
      is_retriable: which errors are worth it; all by default.

    Raises:
      ValueError: factor < 1 or jitter >= 1.
    """
    if factor < 1:
        raise ValueError(f"factor must be >= 1; was {factor:f}")
    if jitter >= 1:
        raise ValueError(f"jitter must be < 1; was {jitter:f}")

    def decorate(function: Callable) -> Callable:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            delay = initial_delay
            while delay <= max_delay:
                try:
                    return function(*args, **kwargs)
                except Exception as error:
                    if is_retriable is not None and not is_retriable(error):
                        raise
                time.sleep(delay * (1 + jitter * np.random.uniform(-1, 1)))
                delay *= factor
            return function(*args, **kwargs)

        return wrapped

    return decorate


def _is_passing(error: Exception) -> bool:
    return isinstance(error, OSError) and not isinstance(error, urllib.error.HTTPError)


@export("contrib.learn.datasets.base.urlretrieve_with_retry")
@retry(initial_delay=1.0, max_delay=16.0, is_retriable=_is_passing)
def urlretrieve_with_retry(url: str, filename: str | None = None) -> Any:
    """urllib's `urlretrieve`, tried again while the network fails."""
    return urllib.request.urlretrieve(url, filename)


@export("contrib.learn.datasets.base.maybe_download")
def maybe_download(filename: str, work_directory: str, source_url: str) -> str:
    """The path of `filename` in `work_directory`, after a download from `source_url` if it was not there."""
    if not gfile.Exists(work_directory):
        gfile.MakeDirs(work_directory)
    path = os.path.join(work_directory, filename)
    if not gfile.Exists(path):
        temporary, _ = urlretrieve_with_retry(source_url)
        gfile.Copy(temporary, path)
        with gfile.GFile(path) as file:
            size = file.size()
        print("Successfully downloaded", filename, size, "bytes.")
    return path
