"""tf.contrib.framework's assertions about the shape of a tensor, made at once where it is known, else in the run."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, sparse_tensor
from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_identity import identity
from pyflow.ops.array_shape import rank, shape, size
from pyflow.ops.comparison import LogicalAnd as logical_and
from pyflow.ops.comparison import LogicalOr as logical_or
from pyflow.ops.comparison import equal
from pyflow.ops.messages import Assert
from pyflow.ops.reduce_functions import reduce_all

export("contrib.framework.convert_to_tensor_or_sparse_tensor")(sparse_tensor.convert_to_tensor_or_sparse_tensor)


@export("contrib.framework.assert_scalar_int")
def assert_scalar_int(tensor: Any, name: str | None = None) -> Tensor:
    """`tensor`, if it is one integer.

    Raises:
      ValueError: it is of another dtype or shape.
    """
    with name_scope(name, "assert_scalar_int", [tensor]) as scope:
        tensor = convert_to_tensor(tensor)
        if not tensor.dtype.base_dtype.is_integer:
            raise ValueError(f"Expected integer type for {tensor.name}, received type: {tensor.dtype}.")
        return PUBLIC["assert_scalar"](tensor, name=scope)


@export("contrib.framework.with_same_shape")
def with_same_shape(expected_tensor: Tensor, tensor: Tensor) -> Tensor:
    """`tensor`, with the assertion that it has the shape of `expected_tensor`; see `with_shape`."""
    with name_scope(f"{tensor.op.name}/", values=[expected_tensor, tensor]):
        known = expected_tensor.get_shape()
        expected = known.as_list() if known.is_fully_defined() else shape(expected_tensor, name="expected_shape")
        return with_shape(expected, tensor)


@export("contrib.framework.with_shape")
def with_shape(expected_shape: Any, tensor: Tensor) -> Tensor:
    """`tensor`, with the assertion that it has a shape, and with that as its static shape if it is known.

    Args:
      expected_shape: int32 [rank]; a list, an array or a tensor.

    Raises:
      ValueError: the shapes are known and differ, or the expected one is no int32 vector.
    """
    if isinstance(tensor, SparseTensor):
        raise ValueError("SparseTensor not supported.")
    expected = _checked(expected_shape, tensor)
    actual = tensor.get_shape()
    if isinstance(expected, Tensor) or not actual.is_fully_defined():
        with name_scope(f"{tensor.op.name}/", values=[tensor]):
            if not isinstance(expected, Tensor) and len(expected) < 1:
                return reshape(tensor, [])
            with control_dependencies([_assertion(expected, tensor)]):
                result = identity(tensor)
            if not isinstance(expected, Tensor):
                result.set_shape(expected)
            return result
    if actual.is_compatible_with(expected):
        return tensor
    if len(expected) < 1 and actual.is_compatible_with([1]):
        with name_scope(f"{tensor.op.name}/", values=[tensor]):
            return reshape(tensor, [])
    raise ValueError(f"Invalid shape for tensor {tensor.name}, expected {expected}, got {actual}.")


def _checked(expected: Any, tensor: Tensor) -> Any:
    """An expected shape, lists as arrays.

    Raises:
      ValueError: it is no vector, or not of int32.
    """
    if isinstance(expected, (list, tuple)):
        expected = np.asarray(expected, dtype=np.int32) if not expected else np.asarray(expected)
        if expected.dtype == np.int64:
            expected = expected.astype(np.int32)
    if isinstance(expected, np.ndarray) and expected.ndim > 1:
        raise ValueError(f"Invalid rank {expected.ndim} for shape {expected} expected of tensor {tensor.name}.")
    wrong_tensor = isinstance(expected, Tensor) and expected.dtype.base_dtype != dtypes.int32
    if wrong_tensor or (isinstance(expected, np.ndarray) and expected.dtype != np.int32):
        raise ValueError(f"Invalid dtype {expected.dtype} for shape {expected} expected of tensor {tensor.name}.")
    return expected


def _assertion(expected: Any, tensor: Tensor) -> Any:
    """The assertion that a tensor has a shape, in which -1 stands for any size."""
    with name_scope("assert_shape", values=[tensor]) as scope:
        actual = shape(tensor, name="actual")
        if isinstance(expected, TensorShape) and not expected.is_fully_defined():
            expected = [d if d else -1 for d in expected.as_list()]
        with name_scope("is_shape", values=[tensor]) as inner:
            with name_scope("is_rank", values=[tensor]) as innermost:
                wanted = convert_to_tensor(size(expected), name="expected")
                same_rank = equal(wanted, rank(tensor, name="actual"), name=innermost)
            with name_scope("shape_tensor_equal", values=[expected, actual]) as innermost:
                any_size = equal(expected, -1)
                fits = logical_or(any_size, equal(expected, actual, "equal"), name="exclude_partial_shape")
                same_sizes = reduce_all(fits, name=innermost)
            holds = logical_and(same_rank, same_sizes, name=inner)
        words = f"Wrong shape for {tensor.name} [expected] [actual]."
        return Assert(holds, [words, expected, actual], name=scope)
