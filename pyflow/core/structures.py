"""How nested structures are taken apart and put together: the kinds of structure, `flatten` and `pack_sequence_as`.

The public module for all of this is `nest`.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator, Mapping, MappingView, Sequence
from typing import Any

from pyflow.core.api import export

_LEAF, _SEQUENCE, _NAMEDTUPLE, _MAPPING, _VIEW, _ATTRS, _COMPOSITE, _SPEC = range(8)

# isinstance against abstract classes is slow, and a program uses few classes.
_kind_of_class: dict[type, int] = {int: _LEAF, float: _LEAF, str: _LEAF, list: _SEQUENCE, tuple: _SEQUENCE}


def _classify(cls: type) -> int:
    if issubclass(cls, (str, bytes)):
        kind = _LEAF
    elif hasattr(cls, "__attrs_attrs__"):
        kind = _ATTRS
    elif issubclass(cls, Mapping):
        kind = _MAPPING
    elif issubclass(cls, MappingView):
        kind = _VIEW
    elif issubclass(cls, Sequence):
        fields = getattr(cls, "_fields", None) if issubclass(cls, tuple) else None
        named = isinstance(fields, Sequence) and all(isinstance(field, str) for field in fields)
        kind = _NAMEDTUPLE if named else _SEQUENCE
    elif hasattr(cls, "_type_spec"):
        kind = _COMPOSITE
    elif hasattr(cls, "_component_specs") and hasattr(cls, "_to_components"):
        kind = _SPEC
    else:
        kind = _LEAF
    _kind_of_class[cls] = kind
    return kind


def treat_as_leaf(cls: type) -> None:
    """Makes objects of a class leaves, whatever they look like."""
    _kind_of_class[cls] = _LEAF


def _kind(structure: Any, expand_composites: bool = True) -> int:
    cls = type(structure)
    kind = _kind_of_class.get(cls)
    if kind is None:
        kind = _classify(cls)
    return kind if expand_composites or kind < _COMPOSITE else _LEAF


def is_sequence(seq: Any) -> bool:
    """Whether `seq` is a structure rather than a leaf."""
    return _kind(seq, False) != _LEAF


@export("nest.is_nested")
def is_nested(seq: Any) -> bool:
    """Whether `seq` is a structure (list, tuple, mapping, attrs object ...) rather than a leaf."""
    return _kind(seq, False) != _LEAF


def is_sequence_or_composite(seq: Any) -> bool:
    """Whether `seq` is a structure or a composite tensor."""
    return _kind(seq) != _LEAF


def _is_mapping(value: Any) -> bool:
    return _kind(value) == _MAPPING


def _is_mapping_view(value: Any) -> bool:
    return _kind(value) == _VIEW


def _is_attrs(value: Any) -> bool:
    return _kind(value) == _ATTRS


def _is_composite_tensor(value: Any) -> bool:
    return _kind(value) == _COMPOSITE


def _is_type_spec(value: Any) -> bool:
    return _kind(value) == _SPEC


def _is_namedtuple(instance: Any, strict: bool = False) -> bool:
    return _kind(instance) == _NAMEDTUPLE and not (strict and type(instance).__base__ is not tuple)


def _same_namedtuples(first: Any, second: Any) -> bool:
    return type(first).__name__ == type(second).__name__ and type(first)._fields == type(second)._fields


def _sorted(mapping: Mapping) -> list:
    try:
        return sorted(mapping.keys())
    except TypeError:
        raise TypeError("nest only supports dicts with sortable keys.") from None


def _attrs_names(instance: Any) -> list[str]:
    return [attribute.name for attribute in type(instance).__attrs_attrs__]


def _values(structure: Any, kind: int) -> Iterable:
    """The direct parts of a structure of that kind."""
    if kind == _MAPPING:
        return [structure[key] for key in sorted(structure)]
    if kind == _ATTRS:
        return [getattr(structure, name) for name in _attrs_names(structure)]
    if kind == _COMPOSITE:
        return [structure._type_spec._to_components(structure)]
    if kind == _SPEC:
        return [structure._component_specs]
    return structure


def _keyed_values(structure: Any) -> list[tuple[Any, Any]]:
    """The direct parts with their keys: index, mapping key, field name, or class name of a composite."""
    kind = _kind(structure)
    if kind == _MAPPING:
        return [(key, structure[key]) for key in _sorted(structure)]
    values = _values(structure, kind)
    if kind == _NAMEDTUPLE:
        return list(zip(type(structure)._fields, values))
    if kind == _ATTRS:
        return list(zip(_attrs_names(structure), values))
    if kind in (_COMPOSITE, _SPEC):
        spec = structure._type_spec if kind == _COMPOSITE else structure
        return [(spec.value_type.__name__, value) for value in values]
    return list(enumerate(values))


def _sequence_like(instance: Any, parts: Iterable) -> Any:
    """A structure like `instance` made of other direct parts, which come in the order of `_values`."""
    cls, kind = type(instance), _kind(instance)
    if kind == _MAPPING:
        by_key = dict(zip(_sorted(instance), parts))
        if isinstance(instance, collections.defaultdict):
            return cls(instance.default_factory, [(key, by_key[key]) for key in instance])
        return cls((key, by_key[key]) for key in instance)
    if kind == _VIEW or cls is range:
        return list(parts)
    if kind in (_NAMEDTUPLE, _ATTRS):
        return cls(*parts)
    if kind in (_COMPOSITE, _SPEC):
        (components,) = parts
        return (instance._type_spec if kind == _COMPOSITE else instance)._from_components(components)
    return cls(parts)


@export("nest.flatten")
def flatten(structure: Any, expand_composites: bool = False) -> list:
    """The leaves in order, as a list; a leaf alone gives a list of one.

    Raises:
      TypeError: a mapping's keys can't be sorted.
    """
    kind = _kind(structure, expand_composites)
    if kind == _LEAF:
        return [structure]
    leaves: list = []
    _collect(structure, kind, expand_composites, leaves.append)
    return leaves


def _collect(structure: Any, kind: int, expand_composites: bool, add: Callable) -> None:
    for value in _values(structure, kind):
        value_kind = _kind(value, expand_composites)
        if value_kind == _LEAF:
            add(value)
        else:
            _collect(value, value_kind, expand_composites, add)


@export("nest.pack_sequence_as")
def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """A structure like `structure` whose leaves are the elements of `flat_sequence`: undoes `flatten`.

    Raises:
      TypeError: `flat_sequence` is not a sequence.
      ValueError: the number of leaves differs.
    """
    if not is_sequence_or_composite(flat_sequence):
        raise TypeError("flat_sequence must be a sequence")
    kind = _kind(structure, expand_composites)
    if kind == _LEAF:
        if len(flat_sequence) != 1:
            raise ValueError(f"Structure is a scalar but len(flat_sequence) == {len(flat_sequence)} > 1")
        return flat_sequence[0]
    count = len(flat_sequence)
    leaves = (flat_sequence[index] for index in range(count))
    try:
        packed = _pack(structure, kind, leaves, expand_composites)
        complete = next(leaves, leaves) is leaves
    except _OutOfLeaves:
        packed, complete = None, False
    if not complete:
        raise ValueError(
            f"Could not pack sequence. Structure had {len(flatten(structure, expand_composites))} elements, but "
            f"flat_sequence had {count} elements.  Structure: {structure}, flat_sequence: {flat_sequence}."
        )
    return packed


class _OutOfLeaves(Exception):
    pass


def _pack(structure: Any, kind: int, leaves: Iterator, expand_composites: bool) -> Any:
    parts = []
    for value in _values(structure, kind):
        value_kind = _kind(value, expand_composites)
        if value_kind == _LEAF:
            for leaf in leaves:
                parts.append(leaf)
                break
            else:
                raise _OutOfLeaves
        else:
            parts.append(_pack(value, value_kind, leaves, expand_composites))
    return _sequence_like(structure, parts)


def _check_specs(first: Any, second: Any) -> None:
    spec1, spec2 = (x if _is_type_spec(x) else x._type_spec for x in (first, second))
    try:
        spec1.most_specific_compatible_type(spec2)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Incompatible CompositeTensor TypeSpecs: {spec1} vs. {spec2} -- {error}") from None
