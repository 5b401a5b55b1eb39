"""Nested structures followed down to the leaves of a shallower one, and the paths that lead to leaves.

The public module for all of this is `nest`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pyflow.core.structures import (
    _COMPOSITE,
    _LEAF,
    _MAPPING,
    _NAMEDTUPLE,
    _SPEC,
    _check_specs,
    _keyed_values,
    _kind,
    _same_namedtuples,
    _sequence_like,
    is_sequence,
    is_sequence_or_composite,
    pack_sequence_as,
)

Path = tuple[Any, ...]

_SHALLOW_TREE_HAS_INVALID_KEYS = (
    "The shallow_tree's keys are not a subset of the input_tree's keys. The shallow_tree has the following keys that "
    "are not in the input_tree: {}."
)
_STRUCTURES_HAVE_MISMATCHING_TYPES = (
    "The two structures don't have the same sequence type. Input structure has type {input_type}, while shallow "
    "structure has type {shallow_type}."
)
_STRUCTURES_HAVE_MISMATCHING_LENGTHS = (
    "The two structures don't have the same sequence length. Input structure has length {input_length}, while shallow "
    "structure has length {shallow_length}."
)
_INPUT_TREE_SMALLER_THAN_SHALLOW_TREE = (
    "The input_tree has fewer elements than the shallow_tree. Input structure has length {input_size}, while shallow "
    "structure has length {shallow_size}."
)
_IF_SHALLOW_IS_SEQ_INPUT_MUST_BE_SEQ = (
    "If shallow structure is a sequence, input must also be a sequence. Input has type: {}."
)


def assert_shallow_structure(
    shallow_tree: Any,
    input_tree: Any,
    check_types: bool = True,
    expand_composites: bool = False,
    check_subtrees_length: bool = True,
) -> None:
    """Checks that `input_tree` is `shallow_tree` with structures in the place of some leaves.

    Args:
      shallow_tree: the upper part.
      input_tree: the whole.
      check_types: also ask that the sequences of both have the same classes.
      expand_composites: whether composite tensors are structures.
      check_subtrees_length: if False, sequences of `input_tree` may be longer and its mappings may have more keys.

    Raises:
      TypeError: a leaf of `input_tree` stands against a structure, or classes differ.
      ValueError: lengths differ, or keys are missing.
    """
    shallow_kind, input_kind = _kind(shallow_tree, expand_composites), _kind(input_tree, expand_composites)
    if shallow_kind == _LEAF:
        return
    if input_kind == _LEAF:
        raise TypeError(_IF_SHALLOW_IS_SEQ_INPUT_MUST_BE_SEQ.format(type(input_tree)))
    if check_types and not isinstance(input_tree, type(shallow_tree)):
        if shallow_kind == input_kind == _NAMEDTUPLE:
            alike = _same_namedtuples(shallow_tree, input_tree)
        else:
            alike = shallow_kind == input_kind == _MAPPING or {shallow_kind, input_kind} == {_COMPOSITE, _SPEC}
        if not alike:
            raise _mismatching_types(shallow_tree, input_tree)
    if _COMPOSITE in (shallow_kind, input_kind):
        if shallow_kind < _COMPOSITE or input_kind < _COMPOSITE:
            raise _mismatching_types(shallow_tree, input_tree)
        _check_specs(shallow_tree, input_tree)
    elif shallow_kind == _SPEC and input_kind != _SPEC:
        raise TypeError(
            f"If shallow structure is a TypeSpec, input must also be a TypeSpec.  Input has type: {type(input_tree)}."
        )
    shallow_items, input_items = _keyed_values(shallow_tree), _keyed_values(input_tree)
    given, wanted = len(input_items), len(shallow_items)
    if check_subtrees_length and given != wanted:
        raise ValueError(_STRUCTURES_HAVE_MISMATCHING_LENGTHS.format(input_length=given, shallow_length=wanted))
    if given < wanted:
        raise ValueError(_INPUT_TREE_SMALLER_THAN_SHALLOW_TREE.format(input_size=given, shallow_size=wanted))
    if shallow_kind == _MAPPING:
        absent = set(shallow_tree) - set(input_tree)
        if absent:
            raise ValueError(_SHALLOW_TREE_HAS_INVALID_KEYS.format(sorted(absent)))
        if input_kind == _MAPPING:
            # The input may have more keys; each branch is compared with the one of its own key.
            by_key = dict(input_items)
            input_items = [(key, by_key[key]) for key, _ in shallow_items]
    for (_, shallow_branch), (_, input_branch) in zip(shallow_items, input_items):
        assert_shallow_structure(shallow_branch, input_branch, check_types, expand_composites, check_subtrees_length)


def _mismatching_types(shallow_tree: Any, input_tree: Any) -> TypeError:
    return TypeError(
        _STRUCTURES_HAVE_MISMATCHING_TYPES.format(input_type=type(input_tree), shallow_type=type(shallow_tree))
    )


def _walk(shallow_tree: Any, input_tree: Any, is_seq: Callable, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """(path, part of `input_tree`) for each leaf of `shallow_tree`."""
    if not is_seq(shallow_tree):
        yield path, input_tree
        return
    parts = dict(_keyed_values(input_tree))
    for key, branch in _keyed_values(shallow_tree):
        yield from _walk(branch, parts[key], is_seq, (*path, key))


def flatten_with_tuple_paths_up_to(
    shallow_tree: Any,
    input_tree: Any,
    check_types: bool = True,
    expand_composites: bool = False,
    check_subtrees_length: bool = True,
) -> list[tuple[Path, Any]]:
    """As `flatten_up_to`, each part with the path (a tuple of keys) of its place."""
    assert_shallow_structure(shallow_tree, input_tree, check_types, expand_composites, check_subtrees_length)
    is_seq = is_sequence_or_composite if expand_composites else is_sequence
    return list(_walk(shallow_tree, input_tree, is_seq))


def flatten_up_to(
    shallow_tree: Any,
    input_tree: Any,
    check_types: bool = True,
    expand_composites: bool = False,
    check_subtrees_length: bool = True,
) -> list:
    """The parts of `input_tree` that stand where `shallow_tree` has leaves, in order.

    `flatten_up_to([0, 0], [[1, 2], 3])` gives `[[1, 2], 3]`. Raises as `assert_shallow_structure` does.
    """
    found = flatten_with_tuple_paths_up_to(
        shallow_tree, input_tree, check_types, expand_composites, check_subtrees_length
    )
    return [value for _, value in found]


def map_structure_with_tuple_paths_up_to(shallow_tree: Any, func: Callable, *inputs: Any, **kwargs: Any) -> Any:
    """As `map_structure_up_to`; `func` also gets the path (a tuple of keys) first, and the other keywords."""
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    options = {
        "check_types": kwargs.pop("check_types", True),
        "expand_composites": kwargs.pop("expand_composites", False),
        "check_subtrees_length": kwargs.pop("check_subtrees_length", True),
    }
    found = [flatten_with_tuple_paths_up_to(shallow_tree, tree, **options) for tree in inputs]
    results = [func(group[0][0], *(value for _, value in group), **kwargs) for group in zip(*found)]
    return pack_sequence_as(shallow_tree, results, options["expand_composites"])


def map_structure_up_to(shallow_tree: Any, func: Callable, *inputs: Any, **kwargs: Any) -> Any:
    """Calls `func` on the parts of `inputs` that stand where `shallow_tree` has leaves.

    Args:
      shallow_tree: a structure; `func` is called once for each of its leaves.
      func: takes one part of each input.
      *inputs: structures that `shallow_tree` is the upper part of.
      **kwargs: `check_types`, `expand_composites`, `check_subtrees_length`, as in `assert_shallow_structure`.

    Returns:
      A structure like `shallow_tree`, of what `func` returned.
    """
    return map_structure_with_tuple_paths_up_to(shallow_tree, lambda _, *parts: func(*parts), *inputs, **kwargs)


def map_structure_with_tuple_paths(func: Callable, *structure: Any, **kwargs: Any) -> Any:
    """As `map_structure`; `func` also gets the leaf's path, a tuple of keys, first."""
    return map_structure_with_tuple_paths_up_to(structure[0], func, *structure, **kwargs)


def map_structure_with_paths(func: Callable, *structure: Any, **kwargs: Any) -> Any:
    """As `map_structure`; `func` also gets the leaf's path, keys joined by "/", first."""

    def with_joined_path(path: Path, *values: Any, **others: Any) -> Any:
        return func("/".join(str(key) for key in path), *values, **others)

    return map_structure_with_tuple_paths_up_to(structure[0], with_joined_path, *structure, **kwargs)


def get_traverse_shallow_structure(traverse_fn: Callable, structure: Any, expand_composites: bool = False) -> Any:
    """A shallow structure of bools that says which parts `traverse_fn` wants to go into; for `flatten_up_to`.

    Args:
      traverse_fn: takes a part; returns a bool, or for a structure a structure of bools, one for each direct part.
      structure: what to go through.
      expand_composites: whether composite tensors are structures.

    Raises:
      TypeError: `traverse_fn` returned something else.
    """
    is_seq = is_sequence_or_composite if expand_composites else is_sequence
    wanted = traverse_fn(structure)
    if not is_seq(structure):
        if not isinstance(wanted, bool):
            raise TypeError(f"traverse_fn returned structure: {wanted} for non-structure: {structure}")
        return wanted
    if wanted is False:
        return False
    branches = [value for _, value in _keyed_values(structure)]
    if wanted is True:
        flags = [True] * len(branches)
    elif not is_seq(wanted):
        raise TypeError(f"traverse_fn returned a non-bool scalar: {wanted} for input: {structure}")
    else:
        assert_shallow_structure(wanted, structure, expand_composites=expand_composites)
        flags = [flag for _, flag in _keyed_values(wanted)]
    parts = []
    for flag, branch in zip(flags, branches):
        if not isinstance(flag, bool):
            raise TypeError(
                f"traverse_fn didn't return a depth=1 structure of bools.  saw: {wanted}  for structure: {structure}"
            )
        parts.append(get_traverse_shallow_structure(traverse_fn, branch, expand_composites) if flag else False)
    return _sequence_like(structure, parts)


def yield_flat_paths(nest: Any, expand_composites: bool = False) -> Iterator[Path]:
    """The path of each leaf, a tuple of keys, in the order of `flatten`."""
    is_seq = is_sequence_or_composite if expand_composites else is_sequence
    for path, _ in _walk(nest, nest, is_seq):
        yield path


def flatten_with_joined_string_paths(
    structure: Any, separator: str = "/", expand_composites: bool = False
) -> list[tuple[str, Any]]:
    """(path, leaf) pairs, the keys of a path joined by `separator`."""
    found = flatten_with_tuple_paths(structure, expand_composites)
    return [(separator.join(str(key) for key in path), value) for path, value in found]


def flatten_with_tuple_paths(structure: Any, expand_composites: bool = False) -> list[tuple[Path, Any]]:
    """(path, leaf) pairs, a path being a tuple of keys."""
    is_seq = is_sequence_or_composite if expand_composites else is_sequence
    return list(_walk(structure, structure, is_seq))
