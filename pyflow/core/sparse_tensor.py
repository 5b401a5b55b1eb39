"""SparseTensor: a tensor given by the coordinates and values of its non-empty elements."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value_as_shape
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor

SparseTensorValue = export("SparseTensorValue")(
    collections.namedtuple("SparseTensorValue", ["indices", "values", "dense_shape"])
)


@export("SparseTensor", "sparse.SparseTensor")
class SparseTensor:
    """A sparse tensor in coordinate form.

    Args:
      indices: int64, shape [n, rank]: the coordinates, in row-major order for most ops.
      values: shape [n].
      dense_shape: int64, shape [rank].

    Raises:
      ValueError: the three shapes don't fit together.
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any):
        with name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            self._indices = convert_to_tensor(indices, name="indices", dtype=dtypes.int64)
            self._values = convert_to_tensor(values, name="values")
            self._dense_shape = convert_to_tensor(dense_shape, name="dense_shape", dtype=dtypes.int64)
        indices_shape = self._indices.shape.with_rank(2)
        values_shape = self._values.shape.with_rank(1)
        dense_shape_shape = self._dense_shape.shape.with_rank(1)
        indices_shape[0].merge_with(values_shape[0])
        indices_shape[1].merge_with(dense_shape_shape[0])

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        if not isinstance(sparse_tensor_value, (SparseTensor, SparseTensorValue)):
            raise TypeError(f"Neither a SparseTensor nor SparseTensorValue: {sparse_tensor_value}.")
        value = sparse_tensor_value
        return cls(indices=value.indices, values=value.values, dense_shape=value.dense_shape)

    indices: Tensor = property(lambda self: self._indices)  # type: ignore
    values: Tensor = property(lambda self: self._values)  # type: ignore
    dense_shape: Tensor = property(lambda self: self._dense_shape)  # type: ignore
    op = property(lambda self: self._values.op)
    dtype = property(lambda self: self._values.dtype)
    graph = property(lambda self: self._indices.graph)

    @property
    def shape(self) -> TensorShape:
        return constant_value_as_shape(self._dense_shape)

    def get_shape(self) -> TensorShape:
        return self.shape

    def consumers(self) -> list:
        return self._values.consumers()

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Runs it in `session`, or in the default session; returns a `SparseTensorValue`."""
        from pyflow.core.scopes import session_for

        session = session_for(self, session, "evaluate tensor using `eval()`")
        return SparseTensorValue(*session.run([self.indices, self.values, self.dense_shape], feed_dict))

    def __str__(self) -> str:
        return f"SparseTensor(indices={self._indices}, values={self._values}, dense_shape={self._dense_shape})"

    @staticmethod
    def _override_operator(operator: str, function: Any) -> None:
        setattr(SparseTensor, operator, function)


def convert_to_tensor_or_sparse_tensor(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A `SparseTensor` as it is, anything else as a `Tensor`.

    Raises:
      RuntimeError: the sparse tensor has another dtype than asked for.
    """
    if isinstance(value, SparseTensorValue):
        value = SparseTensor.from_value(value)
    if isinstance(value, SparseTensor):
        if dtype and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
            raise RuntimeError(f"Sparse dtype: requested = {dtypes.as_dtype(dtype).name}, actual = {value.dtype.name}")
        return value
    return convert_to_tensor(value, dtype=dtype, name=name)


export("convert_to_tensor_or_sparse_tensor")(convert_to_tensor_or_sparse_tensor)
