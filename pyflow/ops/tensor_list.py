"""A list of tensors as a value of dtype variant. It never changes; lists share what they have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import errors


class TensorList:
    """The first `length` of `items`, which longer lists may share; None is an element that was never set."""

    __slots__ = ("items", "length", "dtype", "shape")

    def __init__(self, items: list, length: int, dtype: Any, shape: Any):
        self.items, self.length, self.dtype, self.shape = items, length, dtype, shape

    def pushed(self, value: Any) -> TensorList:
        """With a copy of one more element (the memory of `value` will be used again)."""
        items = self.items if len(self.items) == self.length else self.items[: self.length]
        items.append(np.array(value) if isinstance(value, (np.ndarray, np.generic)) else value)
        return TensorList(items, self.length + 1, self.dtype, self.shape)

    def elements(self) -> list:
        return self.items[: self.length]

    def element(self, index: int, wanted_shape: Any) -> Any:
        if not 0 <= index < self.length:
            raise invalid(f"Trying to access element {index} in a list with {self.length} elements.")
        return self.value(self.items[index], wanted_shape)

    def zeros_like(self) -> TensorList:
        """A list of as many zeros."""
        return TensorList([_zeros(x) for x in self.elements()], self.length, self.dtype, self.shape)

    def __add__(self, other: TensorList) -> TensorList:
        if self.length != other.length:
            raise invalid(
                f"Trying to add two lists of tensors with different lengths. One is {self.length} and the other is "
                f"{other.length}"
            )
        pairs = zip(self.elements(), other.elements())
        items = [b if a is None else a if b is None else a + b for a, b in pairs]
        return TensorList(items, self.length, self.dtype, self.shape)

    def value(self, item: Any, wanted_shape: Any = None) -> Any:
        """An element; zeros for one that was never set."""
        if item is not None:
            return item
        shape = merged(self.shape, wanted_shape)
        if shape is None or None in shape:
            present = next((x for x in self.elements() if x is not None), None)
            if present is None:
                raise invalid(
                    "Trying to read an uninitialized tensor but element_shape is not fully defined: "
                    f"{'<unknown>' if shape is None else list(shape)} and no uninitialized tensor is present."
                )
            shape = present.shape
        return np.zeros(shape, self.dtype.as_numpy_dtype)


def _zeros(item: Any) -> Any:
    if isinstance(item, TensorList):
        return item.zeros_like()
    return item if item is None else np.zeros_like(item)


def invalid(message: str) -> errors.OpError:
    return errors.InvalidArgumentError(None, None, message)


def as_dims(shape: Any) -> Any:
    """A shape from its tensor form: a vector with -1 for what is unknown, or the scalar -1."""
    shape = np.asarray(shape)
    return None if shape.ndim == 0 else tuple(None if d < 0 else int(d) for d in shape)


def merged(first: Any, second: Any) -> Any:
    if first is None or second is None:
        return second if first is None else first
    return tuple(b if a is None else a for a, b in zip(first, second))


def stacked(values: list) -> np.ndarray:
    """Arrays along a new first dimension."""
    shape = values[0].shape
    if not shape or any(v.shape != shape for v in values):
        return np.stack(values)
    return np.concatenate(values).reshape(len(values), *shape)
