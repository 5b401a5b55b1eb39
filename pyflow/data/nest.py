"""Structures of elements: tuples, named tuples, dicts and attrs objects. Unlike in `core.nest`, lists are leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyflow.core.sparse_tensor import SparseTensorValue
from pyflow.core.structures import _sequence_like


def is_sequence(value: Any) -> bool:
    """Whether it is a structure."""
    if isinstance(value, SparseTensorValue):
        return False
    return isinstance(value, (tuple, Mapping)) or _is_attrs(value)


def _is_attrs(value: Any) -> bool:
    return hasattr(type(value), "__attrs_attrs__")


def _values(structure: Any) -> Iterator:
    if isinstance(structure, Mapping):
        yield from (structure[key] for key in _sorted(structure))
    elif _is_attrs(structure):
        yield from (getattr(structure, a.name) for a in type(structure).__attrs_attrs__)
    else:
        yield from structure


def _sorted(mapping: Mapping) -> list:
    try:
        return sorted(mapping)
    except TypeError:
        raise TypeError("nest only supports dicts with sortable keys.") from None


def flatten(structure: Any) -> list:
    """The leaves in order, dicts by their sorted keys."""
    if not is_sequence(structure):
        return [structure]
    return [leaf for value in _values(structure) for leaf in flatten(value)]


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """A structure like `structure` with other leaves.

    Raises:
      TypeError: they are no list or tuple.
      ValueError: they are too few or too many.
    """
    if not isinstance(flat_sequence, (list, tuple)) and not is_sequence(flat_sequence):
        raise TypeError("flat_sequence must be a sequence")
    flat = list(flat_sequence)
    if not is_sequence(structure):
        if len(flat) != 1:
            raise ValueError(f"Structure is a scalar but len(flat_sequence) == {len(flat)} > 1")
        return flat[0]
    count = len(flatten(structure))
    if count != len(flat):
        raise ValueError(
            f"Could not pack sequence. Structure had {count} elements, but flat_sequence had {len(flat)} elements.  "
            f"Structure: {structure}, flat_sequence: {flat_sequence}."
        )
    return _packed(structure, iter(flat))


def _packed(structure: Any, leaves: Iterator) -> Any:
    if not is_sequence(structure):
        return next(leaves)
    return _sequence_like(structure, [_packed(value, leaves) for value in _values(structure)])


def map_structure(func: Callable, *structure: Any, **check_types_dict: Any) -> Any:
    """Calls a function on the leaves of structures of one form; the results in that form.

    Raises:
      TypeError, ValueError: they are not of one form.
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types_dict.get("check_types", True))
    return pack_sequence_as(structure[0], [func(*leaves) for leaves in zip(*map(flatten, structure))])


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True) -> None:
    """Compares the form of two structures.

    Raises:
      ValueError: they differ in nesting or number of leaves.
      TypeError: they differ in the types of sequences, or the keys of dicts.
    """
    count1 = len(flatten(nest1)) if is_sequence(nest1) else 1
    count2 = len(flatten(nest2)) if is_sequence(nest2) else 1
    if count1 != count2:
        raise ValueError(
            "The two structures don't have the same number of elements. "
            f"First structure: {nest1}, second structure: {nest2}."
        )
    _assert_same(nest1, nest2, check_types)


def _assert_same(nest1: Any, nest2: Any, check_types: bool) -> None:
    if is_sequence(nest1) != is_sequence(nest2):
        raise ValueError(
            "The two structures don't have the same nested structure. "
            f"First structure: {nest1}, second structure: {nest2}."
        )
    if not is_sequence(nest1):
        return
    if check_types and type(nest1) is not type(nest2):
        raise TypeError(
            "The two structures don't have the same sequence type. First structure has type "
            f"{type(nest1)}, while second structure has type {type(nest2)}."
        )
    if isinstance(nest1, Mapping) and set(nest1) != set(nest2):
        raise ValueError(
            "The two dictionaries don't have the same set of keys. First structure has keys "
            f"{set(nest1)}, while second structure has keys {set(nest2)}."
        )
    for first, second in zip(_values(nest1), _values(nest2)):
        _assert_same(first, second, check_types)


def assert_shallow_structure(shallow_tree: Any, input_tree: Any, check_types: bool = True) -> None:
    """Whether a structure has the form of another as far as that goes.

    Raises:
      TypeError, ValueError: it hasn't.
    """
    if not is_sequence(shallow_tree):
        return
    if not is_sequence(input_tree):
        raise TypeError(
            f"If shallow structure is a sequence, input must also be a sequence. Input has type: {type(input_tree)}."
        )
    if check_types and not isinstance(input_tree, type(shallow_tree)):
        raise TypeError(
            "The two structures don't have the same sequence type. Input structure has type "
            f"'{type(input_tree).__name__}', while shallow structure has type '{type(shallow_tree).__name__}'."
        )
    if len(input_tree) != len(shallow_tree):
        raise ValueError(
            "The two structures don't have the same sequence length. Input structure has length "
            f"{len(input_tree)}, while shallow structure has length {len(shallow_tree)}."
        )
    if check_types and isinstance(shallow_tree, Mapping) and sorted(shallow_tree) != sorted(input_tree):
        raise ValueError(
            f"The two structures don't have the same keys. Input structure has keys {list(input_tree)}, while "
            f"shallow structure has keys {list(shallow_tree)}."
        )
    for shallow, branch in zip(_values(shallow_tree), _values(input_tree)):
        assert_shallow_structure(shallow, branch, check_types)


def flatten_up_to(shallow_tree: Any, input_tree: Any) -> list:
    """The parts of a structure where the leaves of another are.

    Raises:
      TypeError, ValueError: it doesn't have that form.
    """
    assert_shallow_structure(shallow_tree, input_tree)
    return list(_up_to(shallow_tree, input_tree))


def _up_to(shallow_tree: Any, input_tree: Any) -> Iterator:
    if is_sequence(shallow_tree):
        for shallow, branch in zip(_values(shallow_tree), _values(input_tree)):
            yield from _up_to(shallow, branch)
    else:
        yield input_tree


def map_structure_up_to(shallow_tree: Any, func: Callable, *inputs: Any) -> Any:
    """Calls a function on the parts of structures where the leaves of `shallow_tree` are."""
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    for tree in inputs:
        assert_shallow_structure(shallow_tree, tree)
    parts = (flatten_up_to(shallow_tree, tree) for tree in inputs)
    return pack_sequence_as(shallow_tree, [func(*leaves) for leaves in zip(*parts)])
