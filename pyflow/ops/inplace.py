"""Updates of rows of a tensor, not of a variable. Memory is shared nowhere here, so these are functions like others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_identity import DeepCopy
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.shape_rules import same_as, text


def _rows(x: np.ndarray, i: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The rows that `i` names, counted around and around.

    Raises:
      InvalidArgumentError: the shapes don't go together.
    """
    if i.ndim != 1:
        _refuse(f"i must be a vector. {text(i.shape)}")
    if x.ndim != v.ndim:
        _refuse(f"x and v shape doesn't match (ranks differ): {text(x.shape)} vs. {text(v.shape)}")
    for axis in range(1, x.ndim):
        if x.shape[axis] != v.shape[axis]:
            _refuse(f"x and v shape doesn't match at index {axis} : {text(x.shape)} vs. {text(v.shape)}")
    if i.shape[0] != v.shape[0]:
        _refuse(f"i and x shape doesn't match at index 0: {text(i.shape)} vs. {text(v.shape)}")
    return i % len(x)


def _refuse(message: str) -> None:
    raise errors.InvalidArgumentError(None, None, message)


@op("InplaceUpdate(x: T, i: int32, v: T) -> (y: T)", T=dtypes.ANY)
class InplaceUpdate:
    """x with the rows `i` replaced by those of v."""

    shape = same_as("x")

    def cpu(x, i, v, out):
        rows = _rows(x, i, v)
        out[...] = x
        out[rows] = v

    grad = None
    samples = [sample([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [0, -1], [[7.0, 8.0], [9.0, 10.0]], grad=False)]


@op("InplaceAdd(x: T, i: int32, v: T) -> (y: T)", T=dtypes.ANY)
class InplaceAdd:
    """x with the rows of v added to the rows `i`."""

    shape = same_as("x")

    def cpu(x, i, v, out):
        rows = _rows(x, i, v)
        out[...] = x
        np.add.at(out, rows, v)

    grad = None
    samples = [sample([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [1, 1], [[7.0, 8.0], [9.0, 10.0]], grad=False)]


@op("InplaceSub(x: T, i: int32, v: T) -> (y: T)", T=dtypes.ANY)
class InplaceSub:
    """x with the rows of v subtracted from the rows `i`."""

    shape = same_as("x")

    def cpu(x, i, v, out):
        rows = _rows(x, i, v)
        out[...] = x
        np.subtract.at(out, rows, v)

    grad = None
    samples = [sample([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [1, 1], [[7.0, 8.0], [9.0, 10.0]], grad=False)]


@op("Empty(shape: int32) -> (output: dtype)", dtype=attr("type"), init=False)
class Empty:
    """A tensor of that shape; here always of zeros, with or without `init`."""

    stateful = True

    def shape(shape_value):
        return None if shape_value is None else tuple(shape_value.tolist())

    def cpu(shape, dtype):
        sizes = tuple(shape.tolist())
        return np.full(sizes, b"", object) if dtype == dtypes.string else np.zeros(sizes, dtype.as_numpy_dtype)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([2, 3], np.int32), dtype=dtypes.float32, init=True)]


def _updater(update: Any, name: str, doc: str) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    def alias(x: Any, i: Any, v: Any) -> Tensor:
        x = convert_to_tensor(x)
        v = convert_to_tensor(v, x.dtype)
        if i is None:
            whole = update(reshape(x, [1, -1]), [0], reshape(v, [1, -1]))
            return reshape(whole, shape_of(x))
        i = cast(i, dtypes.int32)
        return update(x, reshape(i, [1]), expand_dims(v, 0)) if i.get_shape().ndims == 0 else update(x, i, v)

    def copy(x: Any, i: Any, v: Any) -> Tensor:
        return alias(DeepCopy(convert_to_tensor(x)), i, v)

    for function, prefix in ((alias, "alias_"), (copy, "")):
        function.__name__ = function.__qualname__ = prefix + name
        function.__doc__ = doc
    return alias, copy


_ARGS = """

    Args:
      x: a tensor [n, ...].
      i: int32 [k], numbers of rows; or one; or None for all of x.
      v: [k, ...], or one row, or like x; of x's dtype.

    Raises:
      InvalidArgumentError: the shapes don't go together.
    """
alias_inplace_update, inplace_update = _updater(InplaceUpdate, "inplace_update", "x with rows replaced." + _ARGS)
alias_inplace_add, inplace_add = _updater(InplaceAdd, "inplace_add", "x with something added to rows." + _ARGS)
alias_inplace_sub, inplace_sub = _updater(InplaceSub, "inplace_sub", "x with something subtracted from rows." + _ARGS)


def empty_like(x: Any, init: bool | None = None) -> Tensor:
    """A tensor of x's shape and dtype, of zeros."""
    x = convert_to_tensor(x)
    return Empty(shape_of(x), x.dtype, init=bool(init))
