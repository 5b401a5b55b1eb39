"""Arithmetic on partly known dimensions and axes, for the shape rules of the array ops."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pyflow.core.registry import ShapeError
from pyflow.core.tensor import StaticShape

Dim = "int | None"


@contextlib.contextmanager
def kernel_words(words: Callable[[], str]) -> Iterator[None]:
    """Gives the words for a run to the shape errors raised within, where TensorFlow's kernel has its own."""
    try:
        yield
    except ShapeError as error:
        raise ShapeError(str(error), words()) from None


def with_value(dim: int | None, value: int) -> int:
    """The dimension, if it can be `value`.

    Raises:
      ShapeError: it is known to be another one.
    """
    if dim is not None and dim != value:
        raise ShapeError(f"Dimension must be {value} but is {dim}")
    return value


def multiply(a: int | None, b: int | None) -> int | None:
    """The product of two sizes; nothing times an unknown size is nothing."""
    if a == 0 or b == 0:
        return 0
    return None if a is None or b is None else a * b


def add(*dims: int | None) -> int | None:
    """The sum of sizes."""
    total = 0
    for dim in dims:
        if dim is None:
            return None
        total += dim
    return total


def product(dims: Any) -> int | None:
    """The product of sizes."""
    result: int | None = 1
    for dim in dims:
        result = multiply(result, dim)
    return result


def divide(dim: int | None, divisor: int, at_run: str = "") -> int | None:
    """The size of each of `divisor` equal parts.

    Raises:
      ShapeError: the known size isn't a multiple of `divisor`.
    """
    if dim is None:
        return None
    if dim % divisor:
        raise ShapeError(f"Dimension size must be evenly divisible by {divisor} but is {dim}", at_run)
    return dim // divisor


def check_sizes(value: Any) -> None:
    """Raises ShapeError for the first entry of an int vector that no dimension can have."""
    if value is not None:
        for size in np.asarray(value).reshape(-1).tolist():
            if size < -1:
                raise ShapeError(f"Invalid value in tensor used for shape: {size}")


def axis_between(axis: int, rank: int, words: str) -> int:
    """The axis counted from the front.

    Args:
      words: the message for an axis out of range; `{axis}` and `{rank}` are filled in.

    Raises:
      ShapeError: it is outside [-rank, rank).
    """
    if not -rank <= axis < rank:
        raise ShapeError(words.format(axis=axis, rank=rank))
    return axis % rank if rank else axis


def unknown_of_rank(rank: int | None) -> StaticShape:
    """A shape of which only the rank is known, if even that."""
    return None if rank is None else (None,) * rank


def length(vector: StaticShape) -> int | None:
    """The number of entries of a tensor that must be a vector.

    Raises:
      ShapeError: it is none.
    """
    if vector is None:
        return None
    if len(vector) != 1:
        raise ShapeError(f"Shape must be rank 1 but is rank {len(vector)}")
    return vector[0]
