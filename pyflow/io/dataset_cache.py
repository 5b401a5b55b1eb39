"""Datasets that are kept, in memory or in files, once they have been gone through.

The files are a tensor bundle, with the keys that TensorFlow gives: number of the element, number of the component.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.io.bundle_reader import BundleReader
from pyflow.io.bundle_writer import BundleWriter
from pyflow.io.dataset_files import text
from pyflow.io.dataset_variants import read_variants, writable_variants
from pyflow.io.file_errors import errors_about
from pyflow.ops.dataset_values import TYPED, DatasetValue, Elements, ListedDataset, Run, dataset_op, object_scalar

_ITEM_DIGITS = 7  # of the largest number of elements


class _Remembered(Elements):
    def __init__(self, elements: Elements, dataset: _MemoryDataset):
        self._elements, self._dataset = elements, dataset
        self._kept: list = []

    def __next__(self) -> list:
        try:
            element = next(self._elements)
        except StopIteration:
            self._dataset.complete = ListedDataset(self._kept)
            raise
        self._kept.append(element)
        return element


class _MemoryDataset(DatasetValue):
    """Elements that are gone through in memory from the second time on."""

    def __init__(self, source: DatasetValue):
        self.source = source
        self.complete: ListedDataset | None = None

    def iterator(self, run: Run) -> Elements:
        if self.complete is not None:
            return self.complete.iterator(run)
        return _Remembered(self.source.iterator(run), self)

    def cardinality(self) -> int:
        return self.source.cardinality()


def _key(item: int, component: int, digits: int) -> bytes:
    return f"{item:{_ITEM_DIGITS}d}_{component:{digits}d}".encode()


def _contents(path: str) -> str:
    with errors_about(path), open(path, encoding="utf-8") as file:
        return file.read()


class _Written(Elements):
    """Elements that are written to files on the way; the files are complete when the last one has been asked for."""

    def __init__(self, elements: Elements, prefix: str, types: list, run: Run):
        self._elements, self._prefix, self._digits = elements, prefix, len(str(len(types) - 1))
        self._types = types
        self._lock_path = f"{prefix}_0.lockfile"
        self._writer: BundleWriter | None = None
        self._item = 0
        self._ended = False
        run.ends(self)

    def _begin(self) -> BundleWriter:
        if os.path.exists(self._lock_path):
            raise errors.AlreadyExistsError(
                None,
                None,
                f"There appears to be a concurrent caching iterator running - cache lockfile already exists "
                f"('{self._lock_path}'). If you are sure no other running TF computations are using this cache prefix, "
                f"delete the lockfile and re-initialize the iterator. Lockfile contents: {_contents(self._lock_path)}",
            )
        with errors_about(self._lock_path), open(self._lock_path, "w", encoding="utf-8") as file:
            file.write(f"Created at: {int(time.time())}")
        return BundleWriter(self._prefix)

    def __next__(self) -> list:
        if self._ended:
            raise StopIteration
        if self._writer is None:
            self._writer = self._begin()
        try:
            element = next(self._elements)
        except StopIteration:
            self._ended = True
            self._writer.finish()
            os.remove(self._lock_path)
            raise
        for i, component in enumerate(element):
            array = np.asarray(component)
            if self._types[i] is dtypes.variant:
                array = writable_variants(array)
            self._writer.add(_key(self._item, i, self._digits), array, self._types[i])
        self._item += 1
        return element

    def cancel(self) -> None:
        """There is no thread to end."""

    def close(self) -> None:
        """Gives up what is not complete."""
        if self._writer is not None and not self._ended:
            self._ended = True
            self._writer.abandon()
            with contextlib.suppress(OSError):
                os.remove(self._lock_path)

    __del__ = close


class _Read(Elements):
    def __init__(self, prefix: str, types: list):
        self._reader = BundleReader(prefix)
        self._types, self._digits = types, len(str(len(types) - 1))
        self._item = 0

    def __next__(self) -> list:
        if not self._reader.has(_key(self._item, 0, self._digits)):
            raise StopIteration
        arrays = [self._reader.read(_key(self._item, i, self._digits)) for i in range(len(self._types))]
        self._item += 1
        return [self._component(array, dtype) for array, dtype in zip(arrays, self._types)]

    def _component(self, value: Any, dtype: dtypes.DType) -> Any:
        array = value if isinstance(value, np.ndarray) else object_scalar(value)
        return read_variants(array) if dtype is dtypes.variant else array


class _FileDataset(DatasetValue):
    def __init__(self, source: DatasetValue, prefix: str, types: list):
        self.source, self._prefix, self._types = source, prefix, types

    def iterator(self, run: Run) -> Elements:
        if os.path.exists(f"{self._prefix}.index"):
            return _Read(self._prefix, self._types)
        return _Written(self.source.iterator(run), self._prefix, self._types, run)

    def cardinality(self) -> int:
        return self.source.cardinality()


@dataset_op("CacheDataset(input_dataset: variant, filename: string)", **TYPED)
def CacheDataset(input_dataset: Any, filename: Any, output_types: list):
    """The elements, kept once they have been gone through."""
    path = text(filename)
    return _FileDataset(input_dataset, path, output_types) if path else _MemoryDataset(input_dataset)
