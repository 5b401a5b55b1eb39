"""Nested structures: lists, tuples, named tuples, mappings and attrs classes, and what is held in their leaves.

Anything else is a leaf, strings and numpy arrays included. Mappings are taken in the order of their sorted keys. With
`expand_composites`, a composite tensor (it has a `_type_spec`) counts as a structure of its component tensors.
https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/nest
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyflow.core.api import export
from pyflow.core.shallow_structures import (
    _IF_SHALLOW_IS_SEQ_INPUT_MUST_BE_SEQ,
    _INPUT_TREE_SMALLER_THAN_SHALLOW_TREE,
    _SHALLOW_TREE_HAS_INVALID_KEYS,
    _STRUCTURES_HAVE_MISMATCHING_LENGTHS,
    _STRUCTURES_HAVE_MISMATCHING_TYPES,
    assert_shallow_structure,
    flatten_up_to,
    flatten_with_joined_string_paths,
    flatten_with_tuple_paths,
    flatten_with_tuple_paths_up_to,
    get_traverse_shallow_structure,
    map_structure_up_to,
    map_structure_with_paths,
    map_structure_with_tuple_paths,
    map_structure_with_tuple_paths_up_to,
    yield_flat_paths,
)
from pyflow.core.structures import (
    _COMPOSITE,
    _LEAF,
    _MAPPING,
    _SPEC,
    _check_specs,
    _is_attrs,
    _is_composite_tensor,
    _is_mapping,
    _is_mapping_view,
    _is_namedtuple,
    _is_type_spec,
    _kind,
    _same_namedtuples,
    _sequence_like,
    _sorted,
    _values,
    flatten,
    is_nested,
    is_sequence,
    is_sequence_or_composite,
    pack_sequence_as,
)

__all__ = [
    "assert_same_structure",
    "assert_shallow_structure",
    "flatten",
    "flatten_dict_items",
    "flatten_up_to",
    "flatten_with_joined_string_paths",
    "flatten_with_tuple_paths",
    "flatten_with_tuple_paths_up_to",
    "get_traverse_shallow_structure",
    "is_nested",
    "is_sequence",
    "is_sequence_or_composite",
    "map_structure",
    "map_structure_up_to",
    "map_structure_with_paths",
    "map_structure_with_tuple_paths",
    "map_structure_with_tuple_paths_up_to",
    "pack_sequence_as",
    "yield_flat_paths",
    "_IF_SHALLOW_IS_SEQ_INPUT_MUST_BE_SEQ",
    "_INPUT_TREE_SMALLER_THAN_SHALLOW_TREE",
    "_SHALLOW_TREE_HAS_INVALID_KEYS",
    "_STRUCTURES_HAVE_MISMATCHING_LENGTHS",
    "_STRUCTURES_HAVE_MISMATCHING_TYPES",
    "_is_attrs",
    "_is_composite_tensor",
    "_is_mapping",
    "_is_mapping_view",
    "_is_namedtuple",
    "_is_type_spec",
    "_same_namedtuples",
    "_sequence_like",
    "_sorted",
]


class _DotString:
    def __repr__(self) -> str:
        return "."


_DOT = _DotString()


@export("nest.assert_same_structure")
def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """Checks that two structures differ in their leaves only.

    Args:
      nest1, nest2: the structures.
      check_types: also ask for the same classes of sequences and the same keys of mappings. Named tuples of the same
        name and fields count as the same class.
      expand_composites: whether composite tensors are structures.

    Raises:
      ValueError: the structures have different numbers of elements, or a leaf stands against a structure.
      TypeError: classes differ and `check_types` is true.
    """
    try:
        problem = _difference(nest1, nest2, check_types, expand_composites)
    except (ValueError, TypeError) as error:
        problem = error
        text = str(error)
    else:
        if problem is None:
            return
        text = (
            "The two structures don't have the same nested structure.\n\n"
            f"First structure: {_described(nest1)}\n\nSecond structure: {_described(nest2)}\n\n"
            f"More specifically: {problem}"
        )
    shapes = [map_structure(lambda _: _DOT, nest, expand_composites=expand_composites) for nest in (nest1, nest2)]
    raise type(problem)(f"{text}\nEntire first structure:\n{shapes[0]}\nEntire second structure:\n{shapes[1]}")


def _described(value: Any) -> str:
    return f"type={type(value).__name__} str={value}"


def _difference(first: Any, second: Any, check_types: bool, expand: bool) -> Exception | None:
    """The first difference in structure as an exception to raise, or None."""
    kind1, kind2 = _kind(first, expand), _kind(second, expand)
    if (kind1 == _LEAF) != (kind2 == _LEAF):
        nested, leaf = (first, second) if kind2 == _LEAF else (second, first)
        return ValueError(
            f'Substructure "{_described(nested)}" is a sequence, while substructure "{_described(leaf)}" is not'
        )
    if kind1 == _LEAF:
        return None
    if check_types:
        problem = _difference_of_class(first, second, kind1, kind2)
        if problem is not None:
            return problem
    if _COMPOSITE in (kind1, kind2):
        if kind1 < _COMPOSITE or kind2 < _COMPOSITE:
            return _class_error(first, second)
        _check_specs(first, second)
    values1, values2 = list(_values(first, kind1)), list(_values(second, kind2))
    for value1, value2 in zip(values1, values2):
        problem = _difference(value1, value2, check_types, expand)
        if problem is not None:
            return problem
    if len(values1) != len(values2):
        return ValueError(
            "The two structures don't have the same number of elements. "
            f"First structure: {_described(first)}. Second structure: {_described(second)}"
        )
    return None


def _difference_of_class(first: Any, second: Any, kind1: int, kind2: int) -> Exception | None:
    if _is_namedtuple(first, strict=True) and _is_namedtuple(second, strict=True):
        return None if _same_namedtuples(first, second) else _class_error(first, second)
    if (
        type(first) is not type(second)
        and not (isinstance(first, list) and isinstance(second, list))
        and not (kind1 == kind2 == _MAPPING)
        and not ({kind1, kind2} == {_COMPOSITE, _SPEC})
    ):
        return _class_error(first, second)
    if kind1 == _MAPPING and set(first) != set(second):
        return ValueError(
            "The two dictionaries don't have the same set of keys. First structure has keys "
            f"{_described(list(first))}, while second structure has keys {_described(list(second))}"
        )
    return None


def _class_error(first: Any, second: Any) -> TypeError:
    return TypeError(
        "The two namedtuples don't have the same sequence type. "
        f"First structure {_described(first)} has type {type(first).__name__}, "
        f"while second structure {_described(second)} has type {type(second).__name__}"
    )


@export("nest.map_structure")
def map_structure(func: Callable, *structure: Any, **kwargs: Any) -> Any:
    """Calls `func` on the leaves that stand at the same place in all structures.

    Args:
      func: takes one leaf of each structure.
      *structure: structures that differ in their leaves only.
      **kwargs: `check_types` (default True) and `expand_composites` (default False), as in `assert_same_structure`.

    Returns:
      A structure like the first one, of what `func` returned.

    Raises:
      TypeError: `func` is not callable, or classes differ.
      ValueError: there is no structure, they differ, or another keyword is given.
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    check_types = kwargs.pop("check_types", True)
    expand_composites = kwargs.pop("expand_composites", False)
    if kwargs:
        unknown = "`, `".join(kwargs)
        raise ValueError(f"Only valid keyword arguments are `check_types` and `expand_composites`, not: `{unknown}`")
    first = structure[0]
    for other in structure[1:]:
        assert_same_structure(first, other, check_types, expand_composites)
    leaves = zip(*(flatten(each, expand_composites) for each in structure))
    return pack_sequence_as(first, [func(*group) for group in leaves], expand_composites)


def flatten_dict_items(dictionary: Mapping) -> dict:
    """A flat mapping of the same class: structured keys are paired, leaf by leaf, with their values' leaves.

    `{(4, 5): ("a", "b"), 6: "c"}` gives `{4: "a", 5: "b", 6: "c"}`.

    Raises:
      TypeError: `dictionary` is not a mapping.
      ValueError: a key and its value have different numbers of leaves, or a key occurs twice.
    """
    if not isinstance(dictionary, Mapping):
        raise TypeError("input must be a dictionary")
    flat: dict = {}
    for key, value in dictionary.items():
        keys, values = [key], [value]
        if is_sequence(key):
            keys, values = flatten(key), flatten(value)
            if len(keys) != len(values):
                raise ValueError(
                    f"Could not flatten dictionary. Key had {len(keys)} elements, but value had {len(values)} "
                    f"elements. Key: {keys}, value: {values}."
                )
        for each, leaf in zip(keys, values):
            if each in flat:
                raise ValueError(f"Could not flatten dictionary: key {each} is not unique.")
            flat[each] = leaf
    return type(dictionary)(flat)  # type: ignore[call-arg]
