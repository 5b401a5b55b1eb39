"""The lookup tables of a session: from keys to values."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import numpy as np

from pyflow.core.dtypes import DType, string
from pyflow.core.errors import FailedPreconditionError, InvalidArgumentError
from pyflow.core.tensor import StaticShape
from pyflow.ops.shape_rules import text
from pyflow.ops.string_hashes import murmur64


class Table:
    """What all tables share.

    Args:
      key_dtype, value_dtype: of keys and values.
      key_shape, value_shape: of one key and one value.
    """

    def __init__(self, key_dtype: DType, value_dtype: DType, value_shape: Any = (), key_shape: Any = ()):
        self.key_dtype, self.value_dtype = key_dtype, value_dtype
        self.key_shape, self.value_shape = tuple(key_shape), tuple(value_shape)
        self._lock = threading.Lock()
        self._values: dict[Any, Any] = {}

    def _keys(self, keys: Any) -> tuple[list, tuple[int, ...]]:
        """The keys in an array, as things that can be hashed, and the shape they are in."""
        array = np.asarray(keys)
        if not self.key_shape:
            return array.reshape(-1).tolist(), array.shape
        shape = array.shape[: array.ndim - len(self.key_shape)]
        return [tuple(row) for row in array.reshape(int(np.prod(shape)), -1).tolist()], shape

    def _pairs(self, keys: Any, values: Any) -> tuple[list, np.ndarray]:
        """Keys and the rows of their values.

        Raises:
          InvalidArgumentError: they do not fit together.
        """
        given, shape = self._keys(keys)
        expected = (*shape, *self.value_shape)
        array = np.asarray(values)
        if array.shape != expected:
            words = f"Expected shape {text(expected)} for value, got {text(array.shape)}"
            raise InvalidArgumentError(None, None, words)
        return given, array.reshape(len(given), *self.value_shape)

    def find(self, keys: Any, default: Any) -> np.ndarray:
        """The values of the keys, and `default` for those that the table does not have."""
        given, shape = self._keys(keys)
        get, default = self._values.get, _element(default)
        out = np.empty((len(given), *self.value_shape), self.value_dtype.as_numpy_dtype)
        with self._lock:
            for i, key in enumerate(given):
                out[i] = get(key, default)
        return out.reshape((*shape, *self.value_shape))

    def insert(self, keys: Any, values: Any) -> None:
        """Sets the values of keys."""
        given, rows = self._pairs(keys, values)
        with self._lock:
            for key, row in zip(given, _elements(rows)):
                self._values[key] = row

    def remove(self, keys: Any) -> None:
        """Takes keys out, as far as they are there."""
        with self._lock:
            for key in self._keys(keys)[0]:
                self._values.pop(key, None)

    def fill(self, keys: Any, values: Any) -> None:
        """Makes these all that the table has."""
        given, rows = self._pairs(keys, values)
        with self._lock:
            self._values = dict(zip(given, _elements(rows)))

    def size(self) -> int:
        """How many keys there are."""
        return len(self._values)

    def export(self) -> tuple[np.ndarray, np.ndarray]:
        """All keys and their values."""
        with self._lock:
            items = list(self._values.items())
        keys = np.empty((len(items), *self.key_shape), self.key_dtype.as_numpy_dtype)
        values = np.empty((len(items), *self.value_shape), self.value_dtype.as_numpy_dtype)
        for i, (key, value) in enumerate(items):
            keys[i], values[i] = key, value
        return keys, values


def _element(value: Any) -> Any:
    array = np.asarray(value)
    return array if array.ndim else array.item()


def _elements(rows: np.ndarray) -> Iterable[Any]:
    return rows.tolist() if rows.ndim == 1 else rows


class StaticTable(Table):
    """A table that is filled once."""

    def __init__(self, key_dtype: DType, value_dtype: DType):
        super().__init__(key_dtype, value_dtype)
        self.is_initialized = False

    def _check(self) -> None:
        if not self.is_initialized:
            raise FailedPreconditionError(None, None, "Table not initialized.")

    def find(self, keys: Any, default: Any) -> np.ndarray:
        self._check()
        return super().find(keys, default)

    def export(self) -> tuple[np.ndarray, np.ndarray]:
        self._check()
        return super().export()

    def insert(self, keys: Any, values: Any) -> None:
        self.fill(keys, values)

    def fill(self, keys: Any, values: Any) -> None:
        """Adds values; that a key has another already is an error.

        Raises:
          FailedPreconditionError: a key has two values.
          InvalidArgumentError: there are no values.
        """
        given, rows = self._pairs(keys, values)
        if not rows.size:
            raise InvalidArgumentError(None, None, "keys and values cannot be empty tensors.")
        with self._lock:
            for key, value in zip(given, rows.tolist()):
                known = self._values.setdefault(key, value)
                if known != value:
                    words = f"Key {_shown(key)} has {_shown(known)} and trying to add value {_shown(value)}"
                    raise FailedPreconditionError(
                        None, None, f"HashTable has different value for same key. {words}"
                    )
            self.is_initialized = True


def _shown(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class DenseTable(Table):
    """A table in one array of buckets, of which an empty one holds a key that may not be used.

    Args:
      empty, deleted: the keys that stand for nothing.
      buckets: how many there are at first, a power of two.
      load: which part of them may be in use before there are twice as many.
    """

    def __init__(
        self, key_dtype: DType, value_dtype: DType, value_shape: StaticShape, empty: Any, deleted: Any, buckets: int,
        load: float,
    ):  # fmt: skip
        super().__init__(key_dtype, value_dtype, value_shape or (), np.shape(empty))
        if buckets < 4 or buckets & (buckets - 1):
            words = f"Number of buckets must be at least 4 and a power of 2, got: {buckets}"
            raise InvalidArgumentError(None, None, words)
        if np.shape(deleted) != np.shape(empty):
            words = f"Empty and deleted keys must have same shape, got shapes: {text(np.shape(empty))} and "
            raise InvalidArgumentError(None, None, words + text(np.shape(deleted)))
        if np.array_equal(empty, deleted):
            raise InvalidArgumentError(None, None, "Empty and deleted keys cannot be equal")
        self._empty, self._buckets, self._load = np.asarray(empty), buckets, load
        ((self._empty_key,), _), ((self._deleted_key,), _) = self._keys([empty]), self._keys([deleted])

    def _refuse(self, keys: list) -> None:
        for key in keys:
            for name, refused in (("empty_key", self._empty_key), ("deleted_key", self._deleted_key)):
                if key == refused:
                    words = f"Using the {name} as a table key is not allowed"
                    raise InvalidArgumentError(None, None, words)

    def find(self, keys: Any, default: Any) -> np.ndarray:
        self._refuse(self._keys(keys)[0])
        return super().find(keys, default)

    def insert(self, keys: Any, values: Any) -> None:
        self._refuse(self._keys(keys)[0])
        super().insert(keys, values)

    def remove(self, keys: Any) -> None:
        self._refuse(self._keys(keys)[0])
        super().remove(keys)

    def fill(self, keys: Any, values: Any) -> None:
        given, rows = self._pairs(keys, values)
        nothing = self._empty_key, self._deleted_key
        with self._lock:
            self._buckets = max(4, len(given))
            pairs = zip(given, _elements(rows))
            self._values = {key: value for key, value in pairs if key not in nothing}

    def export(self) -> tuple[np.ndarray, np.ndarray]:
        """All buckets, the empty ones with them, as a checkpoint keeps them."""
        with self._lock:
            while len(self._values) > self._buckets * self._load:
                self._buckets *= 2
            keys = np.empty((self._buckets, *self.key_shape), self.key_dtype.as_numpy_dtype)
            keys[...] = self._empty if self.key_shape else self._empty_key
            values = np.zeros((self._buckets, *self.value_shape), self.value_dtype.as_numpy_dtype)
            if self.value_dtype is string:
                values[...] = b""
            taken = set()
            for key, value in self._values.items():
                place, step = _hash(key) % self._buckets, 0
                while place in taken:
                    step += 1
                    place = (place + step) % self._buckets
                taken.add(place)
                keys[place], values[place] = key, value
        return keys, values


def _hash(key: Any) -> int:
    if isinstance(key, bytes):
        return murmur64(key)
    if isinstance(key, tuple):
        total = 0
        for part in key:
            total ^= _hash(part) + 0x9E3779B97F4A7800 + (total << 10) + (total >> 4)
            total &= 0xFFFFFFFFFFFFFFFF
        return total
    return int(key) & 0xFFFFFFFFFFFFFFFF
