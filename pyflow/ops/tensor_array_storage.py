"""What a tensor array holds while a run lasts."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np

from pyflow.core import errors
from pyflow.core.tensor import StaticShape

_numbers = itertools.count()


class ElementShape(NamedTuple):
    """The shape of all elements of a tensor array."""

    shape: tuple[int, ...]


class ArrayStorage:
    """The elements of a tensor array, and the arrays of gradients that belong to it.

    Args:
      sums: whether a second write to an element is added to it, as in an array of gradients.
    """

    def __init__(
        self,
        name: str,
        dtype: Any,
        size: int,
        shape: StaticShape,
        dynamic: bool,
        clear: bool,
        same: bool,
        sums: bool = False,
    ):
        self.name = name if sums else f"{name}_{next(_numbers)}"
        self.numpy_dtype = dtype.as_numpy_dtype
        self.dtype = dtype
        self.elements: list[Any] = [None] * size
        self.shape = shape
        self.dynamic, self.clear, self.same, self.sums = dynamic, clear, same, sums
        self._cleared: set[int] = set()
        self._read: set[int] = set()
        self._closed = False
        self._gradients: dict[str, ArrayStorage] = {}

    def _check_open(self) -> None:
        if self._closed:
            raise _invalid(f"TensorArray {self.name} has already been closed.")

    def size(self) -> int:
        self._check_open()
        return len(self.elements)

    @property
    def planning_key(self) -> ElementShape | None:
        """What plans may count on: that every element has, or will have, this shape."""
        shape = self.shape
        return None if shape is None or None in shape else ElementShape(shape)

    def write(self, index: int, value: np.ndarray, own: bool = False) -> None:
        """Stores an element.

        Args:
          own: whether the array may be kept as it is; else it is copied, because its memory will be used again.
        """
        if self._closed:
            self._check_open()
        elements = self.elements
        if index < 0 or (index >= len(elements) and not self.dynamic):
            raise _invalid(
                f"TensorArray {self.name}: Tried to write to index {index} but array is not resizeable and size is: "
                f"{len(elements)}"
            )
        if index >= len(elements):
            elements += [None] * (index + 1 - len(elements))
        if (shape := np.shape(value)) != self.shape:
            self._check_shape(index, shape)
        present = elements[index]
        if present is not None and self.sums:
            elements[index] = present + value
            return
        if index in self._read:
            raise _invalid(
                f"TensorArray {self.name}: Could not write to TensorArray index {index} because it has already been "
                "read."
            )
        if present is not None:
            raise _invalid(
                f"TensorArray {self.name}: Could not write to TensorArray index {index} because it has already been "
                "written to."
            )
        elements[index] = value if own else np.array(value, self.numpy_dtype)

    def _check_shape(self, index: int, shape: tuple) -> None:
        known = self.shape
        if known is not None and (
            len(known) != len(shape) or any(k is not None and k != s for k, s in zip(known, shape))
        ):
            raise _invalid(
                f"TensorArray {self.name}: Could not write to TensorArray index {index} because the value shape is "
                f"{list(shape)} which is incompatible with the TensorArray's inferred element shape: {_shown(known)} "
                "(consider setting infer_shape=False)."
            )
        if self.same:
            self.shape = shape

    def read(self, index: int) -> np.ndarray:
        """An element; cleared by that where the array says so."""
        self._check_open()
        if not 0 <= index < len(self.elements):
            raise _invalid(f"Tried to read from index {index} but array size is: {len(self.elements)}")
        value = self.elements[index]
        if value is None:
            if index in self._cleared:
                raise _invalid(
                    f"TensorArray {self.name}: Could not read index {index} twice because it was cleared after a "
                    "previous read (perhaps try setting clear_after_read = false?)."
                )
            return self._unwritten(index)
        self._read.add(index)
        if self.clear:
            self.elements[index] = None
            self._cleared.add(index)
        return value

    def _unwritten(self, index: int) -> np.ndarray:
        if self.shape is None or None in self.shape:
            raise _invalid(
                f"TensorArray {self.name}: Could not read from TensorArray index {index}.  Furthermore, the element "
                f"shape is not fully defined: {_shown(self.shape)}.  It is possible you are working with a resizeable "
                "TensorArray and stop_gradients is not allowing the gradients to be written.  If you set the full "
                "element_shape property on the forward TensorArray, the proper all-zeros tensor will be returned "
                "instead of incurring this error."
            )
        return np.zeros(self.shape, self.numpy_dtype)  # type: ignore[arg-type]

    def gradient(self, source: str, shape_to_prepend: tuple = ()) -> ArrayStorage:
        """The array that collects the gradients of this one's elements in one call of `tf.gradients`."""
        self._check_open()
        found = self._gradients.get(source)
        if found is None:
            shape = self.shape
            if shape is not None:
                shape = (*shape_to_prepend, *shape)
            found = ArrayStorage(
                f"{self.name}@{source}", self.dtype, len(self.elements), shape, False, False, False, sums=True
            )
            self._gradients[source] = found
            self.dynamic = False
        elif found.shape is None and not shape_to_prepend:
            found.shape = self.shape
        return found

    def close(self) -> None:
        self.elements.clear()
        self._closed = True


def _shown(shape: StaticShape) -> str:
    return "<unknown>" if shape is None else "[" + ",".join("?" if d is None else str(d) for d in shape) + "]"


def _invalid(message: str) -> errors.OpError:
    return errors.InvalidArgumentError(None, None, message)
