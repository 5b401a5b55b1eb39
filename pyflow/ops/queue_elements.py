"""What goes into queues and comes out: elements, which are tuples with one array or scalar per component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyflow.core import dtypes as _dtypes
from pyflow.core.dtypes import DType
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.tensor import StaticShape, brackets

Element = tuple[Any, ...]


def one_element(components: Sequence[Any]) -> Element:
    """An element of its own memory: the arrays of a run are written to again by the next."""
    return tuple((x.copy() if x.ndim else x[()]) if isinstance(x, np.ndarray) else x for x in components)


def many_elements(components: Sequence[Any]) -> list[Element]:
    """The rows of the components."""
    return list(zip(*[x.copy() for x in components]))


def single(element: Element) -> Element:
    """The components as a kernel gives them; a scalar of a string type lies in an array."""
    return tuple(x if isinstance(x, (np.ndarray, np.generic)) else _scalar(x) for x in element)


def _scalar(value: Any) -> np.ndarray:
    array = np.empty((), object)
    array[()] = value
    return array


def _numpy_dtype(dtype: DType) -> Any:
    """The dtype in which kernels get the values."""
    return np.float32 if dtype is _dtypes.bfloat16 else dtype.as_numpy_dtype


def stacked(elements: list[Element], dtypes: list[DType], shapes: Sequence[StaticShape]) -> Element:
    """The components of many elements of equal shapes, [len(elements), *shape] each."""
    columns = zip(*elements) if elements else [[]] * len(dtypes)
    return tuple(
        _stack(column, _numpy_dtype(dtype), tuple(d or 0 for d in shape or ()))
        for column, dtype, shape in zip(columns, dtypes, shapes)
    )


def _stack(column: Sequence[Any], dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    result = np.empty((len(column), *shape), dtype)
    if shape == () and dtype is not np.object_:
        result[:] = column
        return result
    for i, value in enumerate(column):
        result[i] = value
    return result


def padded(elements: list[Element], dtypes: list[DType], shapes: Sequence[StaticShape]) -> Element:
    """As `stacked`, of elements whose shapes differ: zeros (or empty strings) fill up to the largest ones."""
    return tuple(_pad([e[i] for e in elements], dtype, shape) for i, (dtype, shape) in enumerate(zip(dtypes, shapes)))


def _pad(column: list[Any], dtype: DType, shape: StaticShape) -> np.ndarray:
    sizes = [np.shape(x) for x in column]
    largest = tuple(max((size[i] for size in sizes), default=d or 0) for i, d in enumerate(shape or ()))
    if all(size == largest for size in sizes):
        return _stack(column, _numpy_dtype(dtype), largest)
    result = np.full((len(column), *largest), b"" if dtype is _dtypes.string else 0, _numpy_dtype(dtype))
    for i, value in enumerate(column):
        result[(i, *map(slice, value.shape))] = value
    return result


def check_element(components: Sequence[Any], shapes: Sequence[StaticShape] | None) -> None:
    """
    Raises:
      InvalidArgumentError: a component has another shape than the queue's elements.
    """
    for i, (x, shape) in enumerate(zip(components, shapes or ())):
        if x.shape != shape:
            _check(i, shape, x.shape)


def check_many(components: Sequence[Any], shapes: Sequence[StaticShape] | None) -> None:
    """
    Raises:
      InvalidArgumentError: the components have no rows, or not equally many, or they are of another shape than the
        queue's elements.
    """
    given = [np.shape(x) for x in components]
    if any(shape == () for shape in given):
        raise InvalidArgumentError(None, None, "Input to enqueue_many must have at least one dimension")
    count = given[0][0]
    for i, shape in enumerate(given):
        if shapes is not None:
            expected = shapes[i]
            _check(i, None if expected is None else (count, *expected), shape)
        elif shape[0] != count:
            raise InvalidArgumentError(
                None,
                None,
                f"All input tensors must have the same size in the 0th dimension. Component {i} has {shape[0]}, and "
                f"should have {count}",
            )


def _check(component: int, expected: StaticShape, given: tuple[int, ...]) -> None:
    if expected == given or expected is None:
        return
    if len(expected) != len(given) or any(a is not None and a != b for a, b in zip(expected, given)):
        raise InvalidArgumentError(
            None,
            None,
            f"Shape mismatch in tuple component {component}. Expected {brackets(expected)}, got {brackets(given)}",
        )
