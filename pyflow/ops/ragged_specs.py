"""RaggedTensorSpec: what is known of a ragged tensor without its values."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.core.type_specs import TensorSpec, TypeSpec
from pyflow.ops.ragged_tensor import RaggedTensor


@export("RaggedTensorSpec")
class RaggedTensorSpec(TypeSpec):
    """A `RaggedTensor` of that shape and dtype.

    Args:
      ragged_rank: how many of the dimensions are ragged; by default, all but the first.
      row_splits_dtype: int32 or int64.

    Raises:
      ValueError: `ragged_rank` is not less than the rank, or neither is known.
    """

    _value_class = RaggedTensor

    def __init__(
        self, shape: Any = None, dtype: Any = dtypes.float32, ragged_rank: int | None = None,
        row_splits_dtype: Any = dtypes.int64,
    ):  # fmt: skip
        self._shape, self._dtype = TensorShape(shape), dtypes.as_dtype(dtype)
        self._row_splits_dtype = dtypes.as_dtype(row_splits_dtype)
        rank = self._shape.ndims
        if ragged_rank is None:
            if rank is None:
                raise ValueError("Must specify ragged_rank or a shape with a known rank.")
            ragged_rank = rank - 1
        if not isinstance(ragged_rank, int):
            raise TypeError("ragged_rank must be an int")
        if rank is not None and ragged_rank >= rank:
            raise ValueError("ragged_rank must be less than rank.")
        self._ragged_rank = ragged_rank

    def _serialize(self) -> tuple:
        return self._shape, self._dtype, self._ragged_rank, self._row_splits_dtype

    @classmethod
    def from_value(cls, value: Any) -> RaggedTensorSpec:
        """The spec of a ragged tensor."""
        return cls(value.shape, value.values.dtype, value.ragged_rank, value.row_splits.dtype)

    @property
    def _component_specs(self) -> list:
        if self._ragged_rank == 0:
            return [TensorSpec(self._shape, self._dtype)]
        flat = TensorShape([None]).concatenate(self._shape[self._ragged_rank + 1 :])
        rows = self._shape.as_list()[0] if self._shape.ndims is not None else None
        splits = [TensorSpec([None if rows is None else rows + 1], self._row_splits_dtype)]
        splits += [TensorSpec([None], self._row_splits_dtype)] * (self._ragged_rank - 1)
        return [TensorSpec(flat, self._dtype), *splits]

    def _to_components(self, value: Any) -> list:
        return [value.flat_values, *value.nested_row_splits] if isinstance(value, RaggedTensor) else [value]

    def _from_components(self, components: Any) -> Any:
        flat, *splits = components
        if not splits:
            return flat
        return RaggedTensor.from_nested_row_splits(flat, splits, validate=False)  # type: ignore[attr-defined]


RaggedTensor._type_spec = property(RaggedTensorSpec.from_value)  # type: ignore[attr-defined]
