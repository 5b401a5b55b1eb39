"""Batches of arrays for estimators of tf.contrib.learn: placeholders, and a function that feeds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.ops.checks import is_tensor
from pyflow.ops.placeholder import placeholder
from pyflow.platform import logging


class DataFeeder:
    """Feeds rows of arrays, `epochs` times.

    Args:
      x: the features, an array or a dict of arrays, [rows, ...] each.
      y: the labels, likewise, or None.
      batch_size: rows a batch; None: all.
      shuffle: whether the order is random, by a generator of its own with the seed 42.
      epochs: how often to go through all; None: without end.

    Raises:
      ValueError: `batch_size` is not positive.
      NotImplementedError: `x` is an iterator.
    """

    def __init__(self, x: Any, y: Any, batch_size: int | None = None, shuffle: bool = True, epochs: int | None = None):
        if hasattr(x, "__next__"):
            raise NotImplementedError("tf.contrib.learn: features from an iterator")
        self._x, self._y = _as_arrays(x), _as_arrays(y)
        rows = len(next(iter(self._x.values())) if isinstance(self._x, dict) else self._x)
        if batch_size is not None and batch_size <= 0:
            raise ValueError(f"Invalid batch_size {batch_size}.")
        self._batch_size = rows if batch_size is None else batch_size
        self._rows, self._shuffle, self._epochs = rows, shuffle, epochs
        self._random = np.random.RandomState(42)
        self._offset = self._epoch = 0
        self._order = self._new_order()

    def _new_order(self) -> np.ndarray:
        return self._random.permutation(self._rows) if self._shuffle else np.arange(self._rows)

    def input_builder(self) -> tuple[Any, Any]:
        """The placeholders for features and labels."""
        self._inputs = _placeholders(self._x, "input", lambda shape: shape or (1,))
        self._outputs = _placeholders(self._y, "output", lambda shape: shape[1:] if shape[:1] == (1,) else shape)
        return self._inputs, self._outputs

    def get_feed_dict_fn(self) -> Callable[[], dict[Any, Any]]:
        """A function that gives what to feed for the next batch, and raises StopIteration at the end."""

        def feed() -> dict[Any, Any]:
            if self._epochs is not None and self._epoch >= self._epochs:
                raise StopIteration
            rows = self._order[self._offset : self._offset + self._batch_size]
            self._offset += self._batch_size
            if self._offset >= self._rows:
                self._order, self._offset = self._new_order(), 0
                self._epoch += 1
            fed = {}
            for placeholders, arrays in ((self._inputs, self._x), (self._outputs, self._y)):
                if placeholders is None:
                    continue
                pairs = (
                    zip(placeholders.values(), arrays.values())
                    if isinstance(arrays, dict)
                    else [(placeholders, arrays)]
                )
                for tensor, array in pairs:
                    shape = [len(rows), *tensor.shape.as_list()[1:]]
                    fed[tensor.name] = array[rows].reshape(shape)
            return fed

        return feed


def _as_arrays(given: Any) -> Any:
    if isinstance(given, dict):
        return {key: np.asarray(value) for key, value in given.items()}
    return None if given is None else np.asarray(given)


def _placeholders(arrays: Any, name: str, element_shape: Callable) -> Any:
    if arrays is None:
        return None
    if isinstance(arrays, dict):
        return {key: _placeholder(array, f"{name}_{key}", element_shape) for key, array in arrays.items()}
    return _placeholder(arrays, name, element_shape)


def _placeholder(array: np.ndarray, name: str, element_shape: Callable) -> Any:
    dtype = dtypes.as_dtype(array.dtype)
    if dtype == dtypes.float64:
        logging.warn("float64 is not supported by many models, consider casting to float32.")
    return placeholder(dtype, [None, *element_shape(array.shape[1:])], name=name)


def verify_input_args(x: Any, y: Any, input_fn: Any, feed_fn: Any, batch_size: Any) -> None:
    """Raises ValueError unless there is either an input function or arrays."""
    if input_fn is not None:
        if x is not None or y is not None:
            raise ValueError("Can not provide both input_fn and x or y.")
        if batch_size is not None:
            raise ValueError("Can not provide both input_fn and batch_size.")
        return
    if x is None:
        raise ValueError("Either x or input_fn must be provided.")
    if is_tensor(x) or (y is not None and is_tensor(y)):
        raise ValueError("Inputs cannot be tensors. Please provide input_fn.")
    if feed_fn is not None:
        raise ValueError("Can not provide both feed_fn and x or y.")


def get_input_fn(
    x: Any, y: Any, input_fn: Any, feed_fn: Any, batch_size: Any, shuffle: bool = False, epochs: int | None = 1
) -> tuple[Any, Any]:
    """An input function and what feeds it: those given, or those of arrays."""
    verify_input_args(x, y, input_fn, feed_fn, batch_size)
    if input_fn is not None:
        return input_fn, feed_fn
    feeder = DataFeeder(x, y, batch_size=batch_size, shuffle=shuffle, epochs=epochs)
    return feeder.input_builder, feeder.get_feed_dict_fn()
