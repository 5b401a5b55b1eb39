"""tf.data.experimental.Optional: an element, or none."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.data import structure
from pyflow.data.structure import VariantSpec, flat_structure


@export("data.experimental.Optional", "contrib.data.Optional")
class Optional:
    """An element that may be missing; made by `from_value`, `none_from_structure` or `get_next_as_optional`."""

    def has_value(self, name: str | None = None) -> Tensor:
        """Whether there is one, bool of shape ()."""
        raise NotImplementedError("Optional.has_value()")

    def get_value(self, name: str | None = None) -> Any:
        """The element.

        Raises (when it runs):
          InvalidArgumentError: there is none.
        """
        raise NotImplementedError("Optional.get_value()")

    @property
    def value_structure(self) -> Any:
        """The structure of specs of the element."""
        raise NotImplementedError("Optional.value_structure")

    @staticmethod
    def from_value(value: Any) -> Optional:
        """An optional with an element in it."""
        with name_scope("optional") as scope:
            with name_scope("value"):
                spec = structure.type_spec_from_value(value)
                tensors = structure.to_tensor_list(spec, value)
            return OptionalImpl(raw.OptionalFromValue(tensors, name=scope), spec)

    @staticmethod
    def none_from_structure(value_structure: Any) -> Optional:
        """An optional without an element."""
        return OptionalImpl(raw.OptionalNone(), value_structure)


class OptionalImpl(Optional):
    """An optional by the tensor that stands for it."""

    def __init__(self, variant_tensor: Tensor, value_structure: Any):
        self._variant_tensor, self._value_structure = variant_tensor, value_structure

    def has_value(self, name: str | None = None) -> Tensor:
        return raw.OptionalHasValue(self._variant_tensor, name=name)

    def get_value(self, name: str | None = None) -> Any:
        with name_scope(name, "OptionalGetValue", [self._variant_tensor]) as scope:
            attrs = flat_structure(self._value_structure)
            tensors = raw.OptionalGetValue(self._variant_tensor, name=scope, **attrs)
            return structure.from_tensor_list(self._value_structure, tensors)

    value_structure = property(lambda self: self._value_structure)

    @property
    def _type_spec(self) -> OptionalSpec:
        return OptionalSpec(self._value_structure)


@export("OptionalSpec", "data.experimental.OptionalStructure")
class OptionalSpec(VariantSpec):
    """Optionals with elements of that structure."""

    def __init__(self, value_structure: Any):
        self._value_structure = value_structure

    value_type = property(lambda self: OptionalImpl, doc="The Python class of the values.")

    @staticmethod
    def from_value(value: Any) -> OptionalSpec:
        """The spec of an optional."""
        return OptionalSpec(value.value_structure)

    def from_tensor(self, tensor: Tensor) -> Optional:
        return OptionalImpl(tensor, self._value_structure)

    def _serialize(self) -> tuple:
        return (self._value_structure,)


@export("data.experimental.get_next_as_optional", "contrib.data.get_next_as_optional")
def get_next_as_optional(iterator: Any) -> Optional:
    """The next element of an iterator; none at the end."""
    spec = iterator.element_spec
    return OptionalImpl(raw.IteratorGetNextAsOptional(iterator._iterator_resource, **flat_structure(spec)), spec)
