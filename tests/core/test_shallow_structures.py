"""Nested structures followed down to the leaves of a shallower one, and the paths that lead to leaves."""

from __future__ import annotations

import collections

import pytest

from pyflow.core import nest
from tests.core.test_nest import OtherPoint, Pair, Point, Record, says


def test_map_with_paths():
    structure = {"b": [1, Point(2, 3)], "a": 4}
    assert nest.map_structure_with_paths(lambda path, x: (path, x), structure) == {
        "b": [("b/0", 1), Point(("b/1/x", 2), ("b/1/y", 3))],
        "a": ("a", 4),
    }
    paths = nest.map_structure_with_tuple_paths(lambda path, x, y, z: (*path, x, y, z), [1, (2,)], [3, (4,)], z=5)
    assert paths == [(0, 1, 3, 5), ((1, 0, 2, 4, 5),)]


def test_paths():
    structure = {"a": [1, Point(2, {"c": 3})], "b": Record(4, 5)}
    expected = [("a", 0), ("a", 1, "x"), ("a", 1, "y", "c"), ("b", "left"), ("b", "right")]
    assert list(nest.yield_flat_paths(structure)) == expected
    assert nest.flatten_with_tuple_paths(structure) == list(zip(expected, [1, 2, 3, 4, 5]))
    assert nest.flatten_with_joined_string_paths(structure)[2] == ("a/1/y/c", 3)
    assert nest.flatten_with_joined_string_paths([1], separator=".") == [("0", 1)]
    assert nest.flatten_with_joined_string_paths(3) == [("", 3)]
    assert list(nest.yield_flat_paths(3)) == [()] and list(nest.yield_flat_paths([])) == []


# shallow, whole, parts
SHALLOW = [
    ([True, True, [False, True]], [0, [1], [(2,), 3]], [0, [1], (2,), 3]),
    ("leaf", [1, 2], [[1, 2]]),
    ([], [], []),
    ({"a": 0, "b": 0}, {"b": [1], "a": 2}, [2, [1]]),
    (collections.OrderedDict(a=0), {"a": [1]}, [[1]]),
    (Point(0, 0), Point([1], 2), [[1], 2]),
    (Point(0, 0), OtherPoint([1], 2), [[1], 2]),
    (Record(0, [0]), Record([1], [[2]]), [[1], [2]]),
]


@pytest.mark.parametrize(("shallow", "whole", "parts"), SHALLOW, ids=str)
def test_flatten_up_to(shallow, whole, parts):
    nest.assert_shallow_structure(shallow, whole)
    assert nest.flatten_up_to(shallow, whole) == parts
    assert [part for _, part in nest.flatten_with_tuple_paths_up_to(shallow, whole)] == parts


@pytest.mark.parametrize(
    ("shallow", "whole", "error", "words"),
    [
        ([0], 1, TypeError, nest._IF_SHALLOW_IS_SEQ_INPUT_MUST_BE_SEQ.format(int)),
        (
            [0],
            (1,),
            TypeError,
            nest._STRUCTURES_HAVE_MISMATCHING_TYPES.format(input_type=tuple, shallow_type=list),
        ),
        (
            Point(0, 0),
            Pair(1, 2),
            TypeError,
            nest._STRUCTURES_HAVE_MISMATCHING_TYPES.format(input_type=Pair, shallow_type=Point),
        ),
        (
            [0, 0],
            [1],
            ValueError,
            nest._STRUCTURES_HAVE_MISMATCHING_LENGTHS.format(input_length=1, shallow_length=2),
        ),
        ({"a": 0}, {"b": 1}, ValueError, nest._SHALLOW_TREE_HAS_INVALID_KEYS.format(["a"])),
        ([[0]], [[1, 2]], ValueError, "Input structure has length 2, while shallow structure has length 1."),
    ],
)
def test_shallow_structure_refuses(shallow, whole, error, words):
    for ask in (nest.assert_shallow_structure, nest.flatten_up_to):
        with pytest.raises(error, **says(words)):
            ask(shallow, whole)


def test_shallow_structure_may_be_checked_less():
    nest.assert_shallow_structure([0], (1,), check_types=False)
    assert nest.flatten_up_to([0], [1, 2], check_subtrees_length=False) == [1]
    whole = {"a": 1, "b": [2], "c": (3,)}
    assert nest.flatten_up_to({"b": [0], "c": 0}, whole, check_subtrees_length=False) == [2, (3,)]
    with pytest.raises(ValueError, **says("The input_tree has fewer elements than the shallow_tree.")):
        nest.assert_shallow_structure([0, 0], [1], check_subtrees_length=False)


def test_map_structure_up_to():
    assert nest.map_structure_up_to([0, [0]], lambda *x: x, [1, [[2, 3]]], ["a", ["b"]]) == [
        (1, "a"),
        [([2, 3], "b")],
    ]
    point = nest.map_structure_up_to(
        Point(0, 0), lambda weight, ops: (ops[0] + weight) * ops[1], Point(2, 5), Point((1, 2), (3, 4))
    )
    assert point == Point((1 + 2) * 2, (3 + 5) * 4)
    with pytest.raises(ValueError, match="Cannot map over no sequences"):
        nest.map_structure_up_to([1], lambda x: x)
    paths = nest.map_structure_with_tuple_paths_up_to([0, [0]], lambda path, x: (path, x), [1, [[2]]])
    assert paths == [((0,), 1), [((1, 0), [2])]]


def test_choosing_what_to_go_into():
    structure = [[1, (2,)], ({"a": [3]}, 4)]
    ask = nest.get_traverse_shallow_structure
    assert ask(lambda part: True, structure) == [[True, (True,)], ({"a": [True]}, True)]
    assert ask(lambda part: not isinstance(part, (tuple, dict)), structure) == [[True, False], False]
    assert ask(lambda part: False, structure) is False
    assert ask(lambda part: [True, False] if isinstance(part, list) else True, [[1, 2], [3, 4]]) == [
        [True, False],
        False,
    ]
    shallow = ask(lambda part: not isinstance(part, tuple), structure)
    assert nest.flatten_up_to(shallow, structure) == [1, (2,), ({"a": [3]}, 4)]


@pytest.mark.parametrize(
    ("answer", "structure", "words"),
    [
        ([True], 3, "traverse_fn returned structure: [True] for non-structure: 3"),
        ("yes", [1], "traverse_fn returned a non-bool scalar: yes for input: [1]"),
        ([1], [1], "traverse_fn didn't return a depth=1 structure of bools.  saw: [1]  for structure: [1]"),
    ],
)
def test_choosing_wrongly(answer, structure, words):
    with pytest.raises(TypeError, **says(words)):
        nest.get_traverse_shallow_structure(lambda _: answer, structure)
