"""What elements are made of: the specs of their components, and the tensors that carry them from op to op."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor, SparseTensorValue
from pyflow.core.tensor import Tensor
from pyflow.core.type_specs import SparseTensorSpec, TensorSpec, TypeSpec
from pyflow.data import nest
from pyflow.ops.ragged_specs import RaggedTensorSpec
from pyflow.ops.ragged_tensor import convert_to_tensor_or_ragged_tensor
from pyflow.ops.ragged_tensor_value import RaggedTensorValue
from pyflow.ops.ragged_variants import ragged_from_variant, ragged_to_variant
from pyflow.ops.sparse_messages import deserialize_sparse, serialize_many_sparse, serialize_sparse

export("data.experimental.Structure")(TypeSpec)


class VariantSpec(TypeSpec):
    """Of things that one tensor of dtype variant stands for: datasets and optionals."""

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        other = spec_or_value if isinstance(spec_or_value, TypeSpec) else spec_or_value._type_spec
        return type(self) is type(other) and are_compatible(self._serialize()[0], other._serialize()[0])

    def to_tensor(self, value: Any) -> Tensor:
        """The tensor that stands for the value."""
        return value._variant_tensor

    def from_tensor(self, tensor: Tensor) -> Any:
        """The value that a tensor stands for."""
        raise NotImplementedError(f"{type(self).__name__}.from_tensor")

    def __eq__(self, other: Any) -> bool:
        return type(self) is type(other) and self._serialize() == other._serialize()

    def __hash__(self) -> int:
        return hash(type(self))


@export("data.experimental.TensorStructure")
def TensorStructure(dtype: Any, shape: Any) -> TensorSpec:
    """The spec of tensors."""
    return TensorSpec(shape, dtype)


@export("data.experimental.SparseTensorStructure")
def SparseTensorStructure(dtype: Any, shape: Any) -> SparseTensorSpec:
    """The spec of sparse tensors."""
    return SparseTensorSpec(shape, dtype)


def spec_of_leaf(value: Any) -> TypeSpec:
    """The spec of something that is no structure.

    Raises:
      TypeError: there is none for it.
    """
    if isinstance(value, TypeSpec):
        return value
    spec = getattr(value, "_type_spec", None)
    if isinstance(spec, TypeSpec):
        return spec
    if isinstance(value, SparseTensorValue):
        return SparseTensorSpec.from_value(SparseTensor.from_value(value))
    if isinstance(value, RaggedTensorValue):
        return RaggedTensorSpec.from_value(convert_to_tensor_or_ragged_tensor(value))
    if value is None:
        raise TypeError(f"Could not build a TypeSpec for {value!r} with type {type(value).__name__}")
    if not isinstance(value, Tensor):
        try:
            value = convert_to_tensor(value)
        except (TypeError, ValueError):
            raise TypeError(f"Could not build a TypeSpec for {value!r} with type {type(value).__name__}") from None
    return TensorSpec(value.shape, value.dtype.base_dtype)


def type_spec_from_value(element: Any) -> Any:
    """The structure of specs of an element.

    Raises:
      TypeError: a part of it has none.
    """
    return nest.map_structure(spec_of_leaf, element)


def normalize_element(element: Any) -> Any:
    """An element with tensors for what converts to them.

    Raises:
      TypeError, ValueError: a part of it cannot be converted.
    """
    parts = []
    with name_scope("normalize_element"):
        for i, part in enumerate(nest.flatten(element)):
            if isinstance(part, SparseTensorValue):
                parts.append(SparseTensor.from_value(part))
            elif isinstance(part, RaggedTensorValue):
                parts.append(convert_to_tensor_or_ragged_tensor(part))
            elif isinstance(getattr(part, "_type_spec", None), TypeSpec):
                parts.append(part)
            else:
                parts.append(convert_to_tensor(part, name=f"component_{i}"))
    return nest.pack_sequence_as(element, parts)


def _flat(spec: TypeSpec) -> TensorSpec:
    if isinstance(spec, TensorSpec):
        return spec
    if isinstance(spec, (SparseTensorSpec, RaggedTensorSpec)):
        return TensorSpec(None, dtypes.variant)
    if isinstance(spec, VariantSpec):
        return TensorSpec([], dtypes.variant)
    raise NotImplementedError(f"Elements of datasets with {type(spec).__name__}")


def get_flat_tensor_specs(element_spec: Any) -> list[TensorSpec]:
    """The specs of the tensors that carry an element."""
    return [_flat(spec) for spec in nest.flatten(element_spec)]


def get_flat_tensor_types(element_spec: Any) -> list:
    """The dtypes of the tensors that carry an element."""
    return [spec.dtype for spec in get_flat_tensor_specs(element_spec)]


def get_flat_tensor_shapes(element_spec: Any) -> list[TensorShape]:
    """The static shapes of the tensors that carry an element."""
    return [spec.shape for spec in get_flat_tensor_specs(element_spec)]


def flat_structure(element_spec: Any) -> dict[str, list]:
    """The attrs that say what elements are made of."""
    return {
        "output_types": get_flat_tensor_types(element_spec),
        "output_shapes": get_flat_tensor_shapes(element_spec),
    }


def to_tensor_list(element_spec: Any, element: Any) -> list:
    """The tensors that carry an element.

    Raises:
      TypeError, ValueError: it is not of that spec.
    """
    nest.assert_same_structure(element_spec, element)
    return [_to_tensor(spec, value) for spec, value in zip(nest.flatten(element_spec), nest.flatten(element))]


def _to_tensor(spec: TypeSpec, value: Any) -> Any:
    if isinstance(spec, VariantSpec):
        return spec.to_tensor(value)
    if isinstance(spec, SparseTensorSpec):
        return serialize_sparse(SparseTensor.from_value(value), out_type=dtypes.variant)
    if isinstance(spec, RaggedTensorSpec):
        return ragged_to_variant(value, batched_input=False)
    return convert_to_tensor(value)


def to_batched_tensor_list(element_spec: Any, element: Any) -> list:
    """As `to_tensor_list`, of an element whose rows become elements.

    Raises:
      ValueError: a component has no rows.
    """
    tensors = []
    for spec, value in zip(nest.flatten(element_spec), nest.flatten(element)):
        if isinstance(spec, SparseTensorSpec):
            tensors.append(serialize_many_sparse(SparseTensor.from_value(value), out_type=dtypes.variant))
        elif isinstance(spec, RaggedTensorSpec):
            tensors.append(ragged_to_variant(value, batched_input=True))
        else:
            tensors.append(_to_tensor(spec, value))
    for value, tensor in zip(nest.flatten(element), tensors):
        if tensor.shape.ndims == 0:
            raise ValueError(f"Value {value} has insufficient rank for batching.")
    return tensors


def from_compatible_tensor_list(element_spec: Any, tensor_list: Any) -> Any:
    """The element that tensors carry."""
    parts = []
    for spec, tensor in zip(nest.flatten(element_spec), tensor_list):
        if isinstance(spec, VariantSpec):
            parts.append(spec.from_tensor(tensor))
        elif isinstance(spec, SparseTensorSpec):
            parts.append(deserialize_sparse(tensor, spec.dtype, spec.shape.ndims))
        elif isinstance(spec, RaggedTensorSpec):
            parts.append(_ragged(spec, tensor))
        else:
            tensor.set_shape(spec.shape)
            parts.append(tensor)
    return nest.pack_sequence_as(element_spec, parts)


def _ragged(spec: RaggedTensorSpec, tensor: Tensor) -> Any:
    value = ragged_from_variant(tensor, spec._dtype, spec._ragged_rank, spec._row_splits_dtype)
    if spec._ragged_rank == 0:
        value.set_shape(spec._shape)
        return value
    flat, *splits = spec._component_specs
    for part, known in zip([value.flat_values, *value.nested_row_splits], [flat, *splits]):
        part.set_shape(known.shape)
    return value


from_tensor_list = from_compatible_tensor_list


def are_compatible(spec1: Any, spec2: Any) -> bool:
    """Whether elements of the second may stand where the first is asked for."""
    try:
        nest.assert_same_structure(spec1, spec2)
    except (TypeError, ValueError):
        return False
    return all(a.is_compatible_with(b) for a, b in zip(nest.flatten(spec1), nest.flatten(spec2)))


def batched(element_spec: Any, batch_size: int | None) -> Any:
    """The spec of so many elements stacked.

    Raises:
      NotImplementedError: such elements cannot be stacked.
    """

    def one(spec: TypeSpec) -> TypeSpec:
        if isinstance(spec, (TensorSpec, SparseTensorSpec)):
            return type(spec)(TensorShape([batch_size]).concatenate(spec.shape), spec.dtype)
        if isinstance(spec, RaggedTensorSpec):
            shape = TensorShape([batch_size]).concatenate(spec._shape)
            return RaggedTensorSpec(shape, spec._dtype, spec._ragged_rank + 1, spec._row_splits_dtype)
        raise NotImplementedError(f"Batching of {type(spec).__name__}")

    return nest.map_structure(one, element_spec)


def unbatched(element_spec: Any) -> Any:
    """The spec of the rows of elements.

    Raises:
      ValueError: a component has none.
    """

    def one(spec: TypeSpec) -> TypeSpec:
        if isinstance(spec, RaggedTensorSpec):
            return RaggedTensorSpec(spec._shape[1:], spec._dtype, spec._ragged_rank - 1, spec._row_splits_dtype)
        if not isinstance(spec, (TensorSpec, SparseTensorSpec)):
            raise NotImplementedError(f"Unbatching of {type(spec).__name__}")
        if spec.shape.ndims == 0:
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        return type(spec)(spec.shape[1:], spec.dtype)

    return nest.map_structure(one, element_spec)


def legacy_types(element_spec: Any) -> Any:
    """The dtypes in the element's structure."""
    return nest.map_structure(lambda s: s if isinstance(s, VariantSpec) else s._dtype, element_spec)


def legacy_shapes(element_spec: Any) -> Any:
    """The static shapes in the element's structure."""
    return nest.map_structure(lambda s: s if isinstance(s, VariantSpec) else s._shape, element_spec)


def legacy_classes(element_spec: Any) -> Any:
    """The classes of the components in the element's structure."""
    whole = (VariantSpec, RaggedTensorSpec)
    return nest.map_structure(lambda s: s if isinstance(s, whole) else s.value_type, element_spec)


@export("data.experimental.RaggedTensorStructure")
def RaggedTensorStructure(dtype: Any, shape: Any, ragged_rank: int) -> RaggedTensorSpec:
    """The spec of ragged tensors."""
    return RaggedTensorSpec(shape, dtype, ragged_rank)


def convert_legacy_structure(output_types: Any, output_shapes: Any, output_classes: Any) -> Any:
    """The structure of specs for dtypes, shapes and classes given apart.

    Raises:
      TypeError: there is no spec for a class.
    """
    flat = []
    types = nest.flatten(output_types)
    for dtype, shape, kind in zip(types, nest.flatten_up_to(output_types, output_shapes), nest.flatten(output_classes)):
        if isinstance(kind, TypeSpec):
            flat.append(kind)
        elif issubclass(kind, SparseTensor):
            flat.append(SparseTensorSpec(shape, dtype))
        elif issubclass(kind, Tensor):
            flat.append(TensorSpec(shape, dtype))
        else:
            raise TypeError(f"Could not build a structure for output class {kind!r}")
    return nest.pack_sequence_as(output_classes, flat)
