"""IndexedSlices: the gradient of a gather, as rows and their indices."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core.api import export
from pyflow.core.tensor import Tensor


@export("IndexedSlices")
class IndexedSlices:
    """A tensor of which only the rows `values` at `indices` along the first dimension are given.

    Attributes:
      values: `Tensor` of shape [n, ...].
      indices: int `Tensor` of shape [n]; an index that occurs twice counts twice.
      dense_shape: int `Tensor` with the shape of the whole, or None.
    """

    def __init__(self, values: Tensor, indices: Tensor, dense_shape: Tensor | None = None):
        self._values, self._indices, self._dense_shape = values, indices, dense_shape

    values = property(lambda self: self._values)
    indices = property(lambda self: self._indices)
    dense_shape = property(lambda self: self._dense_shape)
    name = property(lambda self: self._values.name)
    device = property(lambda self: self._values.device)
    op = property(lambda self: self._values.op)
    dtype = property(lambda self: self._values.dtype)
    graph = property(lambda self: self._values.graph)

    @property
    def shape(self) -> Any:
        from pyflow.core.constants import constant_value_as_shape
        from pyflow.core.shapes import TensorShape

        return TensorShape(None) if self._dense_shape is None else constant_value_as_shape(self._dense_shape)

    def get_shape(self) -> Any:
        return self.shape

    def consumers(self) -> list:
        parts = [self._values, self._indices, self._dense_shape]
        return [op for part in parts if part is not None for op in part.consumers()]

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self.values, self.indices, self.dense_shape)


IndexedSlicesValue = collections.namedtuple("IndexedSlicesValue", ["values", "indices", "dense_shape"])
