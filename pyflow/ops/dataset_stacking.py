"""Elements of a dataset stacked to batches."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from pyflow.core import errors

# In bytes: which values get a place in the batch at once, and how large a batch is begun with only some of it there.
_LARGE_VALUE, _LARGEST_PLACE = 1 << 14, 1 << 28


class Batch:
    """Elements about to be stacked: large arrays go to their places at once, while they are still in the cache."""

    def __init__(self, count: int):
        self._count = count
        self._elements: list = []
        self._lock = threading.Lock()
        self._places: list | None = None

    @property
    def size(self) -> int:
        return len(self._elements)

    def add(self, element: list) -> None:
        """Puts an element behind those that are there."""
        self._elements.append(self.placed(len(self._elements), element))

    def placed(self, row: int, element: list) -> list:
        """An element as it is to be added as number `row`. Threads may ask for several of them at once."""
        places = self._places
        if places is None:
            with self._lock:
                if self._places is None:
                    places = [_place(value, self._count) for value in element]
                    self._places = places if any(place is not None for place in places) else []
                places = self._places
        return [_moved(place, row, value) for place, value in zip(places, element)] if places else element

    def extend(self, elements: list) -> None:
        """Adds elements that `placed` gave, in their order."""
        self._elements += elements

    def components(self) -> list:
        """As `stack` gives them."""
        if not self._places:
            return stack(self._elements)
        results = []
        for i, (place, values) in enumerate(zip(self._places, zip(*self._elements))):
            if place is None or any(np.shape(value) != place.shape[1:] or value.base is not place for value in values):
                results.append(_stack_component(i, values))
            else:
                results.append(place if len(values) == self._count else place[: len(values)].copy())
        return results


def _moved(place: np.ndarray | None, row: int, value: Any) -> Any:
    if place is None or np.shape(value) != place.shape[1:] or value.dtype != place.dtype:
        return value
    moved = place[row]
    moved[...] = value
    return moved


def _place(value: Any, count: int) -> np.ndarray | None:
    """Memory for so many values like this one, if it is worth having before they are there."""
    if not isinstance(value, np.ndarray) or value.dtype.hasobject:
        return None
    if value.nbytes < _LARGE_VALUE or value.nbytes * count > _LARGEST_PLACE:
        return None
    return np.empty((count, *value.shape), value.dtype)


def stack(elements: list) -> list:
    """The components of elements, those of one name stacked along a new first dimension.

    Raises:
      InvalidArgumentError: they differ in shape.
    """
    return [_stack_component(i, values) for i, values in enumerate(zip(*elements))]


def joined(parts: list[tuple[list, int]]) -> tuple[list, int]:
    """What `rows` gave, one after the other.

    Raises:
      InvalidArgumentError: the elements differ in shape.
    """
    if len(parts) < 2:
        return parts[0] if parts else ([], 0)
    components = []
    for i, arrays in enumerate(zip(*[components for components, _ in parts])):
        at = 0
        for array in arrays:
            if array.shape[1:] != arrays[0].shape[1:]:
                raise _different_shapes(i, arrays[0].shape[1:], at, array.shape[1:])
            at += len(array)
        components.append(np.concatenate(arrays))
    return components, sum(count for _, count in parts)


def _stack_component(index: int, values: tuple) -> np.ndarray:
    first, shape = values[0], np.shape(values[0])
    for i, value in enumerate(values):
        if np.shape(value) != shape:
            raise _different_shapes(index, shape, i, np.shape(value))
    dtype = getattr(first, "dtype", np.dtype(object))
    if shape == () and dtype.kind != "O":
        return np.array(values, dtype)
    result = np.empty((len(values), *shape), dtype)
    for i, value in enumerate(values):
        result[i] = value.item() if shape == () and isinstance(value, np.ndarray) else value
    return result


def _different_shapes(component: int, first: tuple, number: int, shape: tuple) -> errors.InvalidArgumentError:
    words = f"Cannot batch tensors with different shapes in component {component}. First element had shape "
    words += f"{brackets(first)} and element {number} had shape {brackets(shape)}."
    return errors.InvalidArgumentError(None, None, words)


def brackets(shape: tuple) -> str:
    """A shape as TensorFlow's kernels write it."""
    return f"[{','.join(map(str, shape))}]"
