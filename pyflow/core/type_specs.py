"""Type specifications: what is known of a tensor or composite tensor without its value.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/TypeSpec
"""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.structures import treat_as_leaf
from pyflow.core.tensor import Tensor


@export("TypeSpec")
class TypeSpec:
    """The type of a value: its Python class, and dtypes and shapes of what it is made of."""

    value_type: Any = property(lambda self: self._value_class, doc="The Python class of the values.")
    _value_class: Any = None

    def _serialize(self) -> tuple:
        """What tells two specs of a class apart."""
        raise NotImplementedError(f"{type(self).__name__}._serialize")

    @classmethod
    def _of(cls, value: Any) -> TypeSpec:
        return type_spec_from_value(value)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a value, or values of that spec, may stand where this spec is asked for."""
        other = spec_or_value if isinstance(spec_or_value, TypeSpec) else self._of(spec_or_value)
        if type(self) is not type(other):
            return False
        return all(_compatible(a, b) for a, b in zip(self._serialize(), other._serialize()))

    def most_specific_compatible_type(self, other: Any) -> Any:
        """The narrowest spec that covers both.

        Raises:
          ValueError: there is none.
        """
        if type(self) is not type(other):
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}")
        try:
            merged = [_merged(a, b) for a, b in zip(self._serialize(), other._serialize())]
        except ValueError:
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}") from None
        return type(self)(*merged)

    def __eq__(self, other: Any) -> bool:
        return type(self) is type(other) and _comparable(self._serialize()) == _comparable(other._serialize())

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((type(self), _comparable(self._serialize())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._serialize()))})"


def _comparable(parts: tuple) -> tuple:
    return tuple(p.as_tuple() if isinstance(p, TensorShape) else p for p in parts)


def _compatible(first: Any, second: Any) -> bool:
    if isinstance(first, TensorShape):
        return first.is_compatible_with(second)
    return first == second


def _merged(first: Any, second: Any) -> Any:
    if isinstance(first, TensorShape):
        return first.most_specific_compatible_shape(second)
    if first != second:
        raise ValueError(f"{first} and {second} differ")
    return first


@export("TensorSpec")
class TensorSpec(TypeSpec):
    """A tensor of that shape and dtype."""

    _value_class = Tensor

    def __init__(self, shape: Any, dtype: Any = dtypes.float32, name: str | None = None):
        self._shape, self._dtype, self._name = TensorShape(shape), dtypes.as_dtype(dtype), name

    shape = property(lambda self: self._shape)
    dtype = property(lambda self: self._dtype)
    name = property(lambda self: self._name)

    def _serialize(self) -> tuple:
        return self._shape, self._dtype

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """The same spec, perhaps under another name."""
        return cls(spec.shape, spec.dtype, name or getattr(spec, "name", None))

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """The spec of a tensor."""
        return cls(tensor.shape, tensor.dtype, name or tensor.op.name)

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:  # type: ignore[override]
        """Whether dtype and shape fit."""
        if not hasattr(spec_or_tensor, "dtype") or not hasattr(spec_or_tensor, "shape"):
            spec_or_tensor = type_spec_from_value(spec_or_tensor)
        dtype = dtypes.as_dtype(spec_or_tensor.dtype)
        return self._dtype.is_compatible_with(dtype) and self._shape.is_compatible_with(spec_or_tensor.shape)

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"

    @property
    def _component_specs(self) -> Any:
        return self

    def _to_components(self, value: Any) -> Any:
        return value

    def _from_components(self, components: Any) -> Any:
        return components


# A tensor is a leaf of a structure, not a structure with one component.
treat_as_leaf(TensorSpec)


@export("SparseTensorSpec")
class SparseTensorSpec(TypeSpec):
    """A `SparseTensor` of that dense shape and dtype."""

    _value_class = SparseTensor

    def __init__(self, shape: Any = None, dtype: Any = dtypes.float32):
        self._shape, self._dtype = TensorShape(shape), dtypes.as_dtype(dtype)

    shape = property(lambda self: self._shape)
    dtype = property(lambda self: self._dtype)

    def _serialize(self) -> tuple:
        return self._shape, self._dtype

    @classmethod
    def from_value(cls, value: Any) -> SparseTensorSpec:
        """The spec of a sparse tensor."""
        return cls(value.shape, value.dtype)

    @property
    def _component_specs(self) -> list:
        rank = self._shape.ndims
        return [
            TensorSpec([None, rank], dtypes.int64),
            TensorSpec([None], self._dtype),
            TensorSpec([rank], dtypes.int64),
        ]

    def _to_components(self, value: Any) -> list:
        return [value.indices, value.values, value.dense_shape]

    def _from_components(self, components: Any) -> SparseTensor:
        return SparseTensor(*components)


@export("IndexedSlicesSpec")
class IndexedSlicesSpec(TypeSpec):
    """`IndexedSlices` of that shape and dtype."""

    _value_class = IndexedSlices

    def __init__(
        self,
        shape: Any = None,
        dtype: Any = dtypes.float32,
        indices_dtype: Any = dtypes.int64,
        dense_shape_dtype: Any = None,
        indices_shape: Any = None,
    ):
        self._shape, self._dtype = TensorShape(shape), dtypes.as_dtype(dtype)
        self._indices_dtype = dtypes.as_dtype(indices_dtype)
        self._dense_shape_dtype = None if dense_shape_dtype is None else dtypes.as_dtype(dense_shape_dtype)
        self._indices_shape = TensorShape(indices_shape).with_rank(1)

    def _serialize(self) -> tuple:
        return self._shape, self._dtype, self._indices_dtype, self._dense_shape_dtype, self._indices_shape

    @property
    def _component_specs(self) -> list:
        values = TensorShape(self._indices_shape).concatenate(self._shape[1:])
        specs = [TensorSpec(values, self._dtype), TensorSpec(self._indices_shape, self._indices_dtype)]
        if self._dense_shape_dtype is not None:
            specs.append(TensorSpec([self._shape.ndims], self._dense_shape_dtype))
        return specs

    def _to_components(self, value: Any) -> list:
        return [part for part in (value.values, value.indices, value.dense_shape) if part is not None]

    def _from_components(self, components: Any) -> IndexedSlices:
        return IndexedSlices(*components)


def _spec_of_slices(slices: IndexedSlices) -> IndexedSlicesSpec:
    dense = None if slices.dense_shape is None else slices.dense_shape.dtype
    return IndexedSlicesSpec(slices.shape, slices.values.dtype, slices.indices.dtype, dense, slices.indices.shape)


SparseTensor._type_spec = property(SparseTensorSpec.from_value)  # type: ignore[attr-defined]
IndexedSlices._type_spec = property(_spec_of_slices)  # type: ignore[attr-defined]


def type_spec_from_value(value: Any) -> TypeSpec:
    """The spec of a tensor, a composite tensor, or something that converts to a tensor.

    Raises:
      TypeError: it is none of these.
    """
    from pyflow.core.convert import convert_to_tensor

    if isinstance(value, TypeSpec):
        return value
    spec = getattr(value, "_type_spec", None)
    if isinstance(spec, TypeSpec):
        return spec
    if not hasattr(value, "dtype") or not hasattr(value, "shape"):
        try:
            value = convert_to_tensor(value)
        except (TypeError, ValueError):
            raise TypeError(f"Could not build a TypeSpec for {value!r} with type {type(value).__name__}") from None
    return TensorSpec(value.shape, value.dtype)
