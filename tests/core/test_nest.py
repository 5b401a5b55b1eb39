"""tf.nest and tf.contrib.framework.nest: structures of lists, tuples and mappings."""

from __future__ import annotations

import collections
import re
from collections.abc import Mapping

import numpy as np
import pytest

from pyflow.core import nest

Point = collections.namedtuple("Point", ["x", "y"])
OtherPoint = collections.namedtuple("Point", ["x", "y"])
Pair = collections.namedtuple("Pair", ["first", "second"])


class Attribute:
    def __init__(self, name):
        self.name = name


class Record:
    """What the attrs package makes of a class, as far as nest looks."""

    __attrs_attrs__ = (Attribute("left"), Attribute("right"))

    def __init__(self, left, right):
        self.left, self.right = left, right

    def __eq__(self, other):
        return type(other) is Record and (self.left, self.right) == (other.left, other.right)


class CustomMapping(Mapping):
    def __init__(self, *args):
        self.wrapped = dict(*args)

    def __getitem__(self, key):
        return self.wrapped[key]

    def __iter__(self):
        return iter(self.wrapped)

    def __len__(self):
        return len(self.wrapped)


class SparseSpec:
    """The spec of a composite tensor of two components."""

    def __init__(self, size):
        self.size = size

    _component_specs = ("spec of indices", "spec of values")
    value_type = property(lambda self: Sparse)

    def _to_components(self, value):
        return (value.indices, value.values)

    def _from_components(self, components):
        return Sparse(*components, self.size)

    def most_specific_compatible_type(self, other):
        if self.size != other.size:
            raise ValueError("sizes differ")
        return self


class Sparse:
    def __init__(self, indices, values, size=9):
        self.indices, self.values, self.size = indices, values, size

    _type_spec = property(lambda self: SparseSpec(self.size))


def says(words):
    return {"match": re.escape(words)}


# --- flatten and pack ---

# structure, its leaves, the same structure with the leaves numbered
STRUCTURES = [
    ([], [], []),
    ([[]], [], [[]]),
    (["a"], ["a"], [0]),
    ((("a", "b"), "c", ["d", ("e",)]), ["a", "b", "c", "d", "e"], ((0, 1), 2, [3, (4,)])),
    ({"b": "x", "a": ["y", "z"]}, ["y", "z", "x"], {"b": 2, "a": [0, 1]}),
    (Point("a", {"k": "b"}), ["a", "b"], Point(0, {"k": 1})),
    (Record("a", ["b"]), ["a", "b"], Record(0, [1])),
    ((None, "a"), [None, "a"], (0, 1)),
    ({"z": "a"}.values(), ["a"], [0]),
    ({"z": "a"}.items(), ["z", "a"], [[0, 1]]),
    (range(3), [0, 1, 2], [0, 1, 2]),
]


@pytest.mark.parametrize(("structure", "leaves", "numbered"), STRUCTURES, ids=str)
def test_flatten(structure, leaves, numbered):
    assert nest.flatten(structure) == leaves
    assert nest.is_nested(structure) and nest.is_sequence(structure)


@pytest.mark.parametrize(("structure", "leaves", "numbered"), STRUCTURES[:8], ids=str)
def test_pack_undoes_flatten(structure, leaves, numbered):
    assert nest.pack_sequence_as(structure, leaves) == structure
    packed = nest.pack_sequence_as(structure, range(len(leaves)))
    assert packed == numbered and type(packed) is type(structure)


def test_views_and_ranges_pack_into_lists():
    assert nest.pack_sequence_as({"b": 1, "a": 2}.values(), [5, 6]) == [5, 6]
    assert nest.pack_sequence_as(range(2), [5, 6]) == [5, 6]
    assert nest.pack_sequence_as({"b": 1}.items(), ["k", "v"]) == [("k", "v")]


@pytest.mark.parametrize("leaf", [None, 1, 2.5, "abc", b"abc", {1, 2}, object(), iter([1])], ids=str)
def test_leaves(leaf):
    assert not nest.is_nested(leaf)
    assert nest.flatten(leaf) == [leaf]
    assert nest.pack_sequence_as(leaf, ["x"]) == "x"


def test_arrays_are_leaves():
    array = np.ones([2, 3])
    assert not nest.is_nested(array)
    (leaf,) = nest.flatten(array)
    assert leaf is array
    assert nest.flatten([array])[0] is array


def test_mappings_are_taken_by_sorted_key_whatever_their_order():
    ordered = collections.OrderedDict([("d", 3), ("b", 1), ("a", 0), ("c", 2)])
    plain = {"d": 3, "b": 1, "a": 0, "c": 2}
    custom = CustomMapping(plain)
    assert nest.flatten(ordered) == nest.flatten(plain) == nest.flatten(custom) == [0, 1, 2, 3]
    packed = nest.pack_sequence_as(ordered, "pqrs"[:0] or [10, 11, 12, 13])
    assert type(packed) is collections.OrderedDict and list(packed.items()) == [
        ("d", 13),
        ("b", 11),
        ("a", 10),
        ("c", 12),
    ]
    assert dict(nest.pack_sequence_as(custom, [10, 11, 12, 13])) == {"a": 10, "b": 11, "c": 12, "d": 13}
    default = collections.defaultdict(list, {"b": 1})
    packed = nest.pack_sequence_as(default, [7])
    assert packed == {"b": 7} and packed["new"] == []


def test_keys_that_cannot_be_sorted():
    with pytest.raises(TypeError, **says("'<' not supported between instances of 'str' and 'int'")):
        nest.flatten({1: 2, "a": 3})
    with pytest.raises(TypeError, **says("nest only supports dicts with sortable keys.")):
        nest.flatten_with_tuple_paths({1: 2, "a": 3})


@pytest.mark.parametrize(
    ("structure", "flat", "error", "words"),
    [
        ("scalar", [4, 5], ValueError, "Structure is a scalar but len(flat_sequence) == 2 > 1"),
        ("scalar", [], ValueError, "Structure is a scalar but len(flat_sequence) == 0 > 1"),
        ([1], 4, TypeError, "flat_sequence must be a sequence"),
        ([1, 2], np.zeros(2), TypeError, "flat_sequence must be a sequence"),
        (
            [5, [6]],
            ["a"],
            ValueError,
            "Could not pack sequence. Structure had 2 elements, but flat_sequence had 1 elements.  "
            "Structure: [5, [6]], flat_sequence: ['a'].",
        ),
        ([5], ["a", "b"], ValueError, "Structure had 1 elements, but flat_sequence had 2 elements."),
        ([], ["a"], ValueError, "Structure had 0 elements, but flat_sequence had 1 elements."),
    ],
)
def test_pack_refuses(structure, flat, error, words):
    with pytest.raises(error, **says(words)):
        nest.pack_sequence_as(structure, flat)


def test_flatten_dict_items():
    assert nest.flatten_dict_items({(4, 5, (6, 8)): ("a", "b", ("c", "d"))}) == {4: "a", 5: "b", 6: "c", 8: "d"}
    assert nest.flatten_dict_items({(4, 5): ["a", "b"], 6: "c"}) == {4: "a", 5: "b", 6: "c"}
    ordered = nest.flatten_dict_items(collections.OrderedDict([((2, 1), (3, 4))]))
    assert list(ordered) == [2, 1] and type(ordered) is collections.OrderedDict
    with pytest.raises(TypeError, match="input must be a dictionary"):
        nest.flatten_dict_items([1])
    with pytest.raises(ValueError, match="key 5 is not unique"):
        nest.flatten_dict_items({5: "a", (4, 5): ("b", "c")})
    with pytest.raises(ValueError, match="Key had 2 elements, but value had 3 elements."):
        nest.flatten_dict_items({(5, 6): ["a", "b", "c"]})


# --- same structure ---

SAME = [
    (1, "a"),
    ([1, (2, 3)], [4, (5, 6)]),
    ({"a": 1}, {"a": 2}),
    ({"a": 1}, collections.OrderedDict(a=2)),
    (Point(1, 2), Point(3, 4)),
    (Point(1, 2), OtherPoint(3, 4)),  # the same name and fields
    (Record(1, 2), Record(3, 4)),
    ("ab", "abc"),
    ([], []),
]


@pytest.mark.parametrize(("first", "second"), SAME, ids=str)
def test_same_structure(first, second):
    nest.assert_same_structure(first, second)


# first, second, error, error without check_types, words
DIFFERENT = [
    ([1, 2], [1], ValueError, ValueError, "The two structures don't have the same number of elements."),
    ([1], 1, ValueError, ValueError, 'Substructure "type=list str=[1]" is a sequence, while substructure "type=int'),
    (1, [1], ValueError, ValueError, 'Substructure "type=list str=[1]" is a sequence, while substructure "type=int'),
    (np.zeros(1), [1], ValueError, ValueError, 'while substructure "type=ndarray str=[0.]" is not'),
    ([1], (1,), TypeError, None, "First structure type=list str=[1] has type list, while second structure type=tuple"),
    ({"a": 1}, [1], TypeError, None, "don't have the same sequence type."),
    (Point(1, 2), (1, 2), TypeError, None, "don't have the same sequence type."),
    (Point(1, 2), Pair(1, 2), TypeError, None, "don't have the same sequence type."),
    (
        {"a": 1},
        {"b": 1},
        ValueError,
        None,
        "The two dictionaries don't have the same set of keys. First structure has keys type=list str=['a'], "
        "while second structure has keys type=list str=['b']",
    ),
]


@pytest.mark.parametrize(("first", "second", "error", "unchecked", "words"), DIFFERENT, ids=str)
def test_different_structures(first, second, error, unchecked, words):
    with pytest.raises(error, **says(words)):
        nest.assert_same_structure(first, second)
    with pytest.raises(error, **says(words)):
        nest.assert_same_structure(("leaf", [first]), ("leaf", [second]))
    if unchecked is None:
        nest.assert_same_structure(first, second, check_types=False)
    else:
        with pytest.raises(unchecked, **says(words)):
            nest.assert_same_structure(first, second, check_types=False)


def test_message_shows_both_structures_and_where_they_differ():
    with pytest.raises(ValueError) as error:
        nest.assert_same_structure((((1, 2), 3), 4, (5, 6)), ("spam", "eggs"))
    assert str(error.value) == (
        "The two structures don't have the same nested structure.\n\n"
        "First structure: type=tuple str=(((1, 2), 3), 4, (5, 6))\n\n"
        "Second structure: type=tuple str=('spam', 'eggs')\n\n"
        'More specifically: Substructure "type=tuple str=((1, 2), 3)" is a sequence, while substructure '
        '"type=str str=spam" is not\n'
        "Entire first structure:\n(((., .), .), ., (., .))\n"
        "Entire second structure:\n(., .)"
    )


# --- map ---


def test_map_structure():
    first, second = (((1, 2), 3), 4, [5, {"k": 6}]), (((7, 8), 9), 10, [11, {"k": 12}])
    assert nest.map_structure(lambda x: x + 1, first) == (((2, 3), 4), 5, [6, {"k": 7}])
    assert nest.map_structure(lambda x, y: x + y, first, second) == (((8, 10), 12), 14, [16, {"k": 18}])
    assert nest.map_structure(lambda x, y: x + y, 3, 4) == 7
    assert nest.map_structure(lambda x: x, []) == []
    assert nest.map_structure(lambda x, y: (x, y), [1], (2,), check_types=False) == [(1, 2)]


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "words"),
    [
        (("bad", [1]), {}, TypeError, "func must be callable, got: bad"),
        ((lambda: 1,), {}, ValueError, "Must provide at least one structure"),
        ((lambda x, y: 1, [1], [1, 2]), {}, ValueError, "same number of elements"),
        ((lambda x, y: 1, [1], (1,)), {}, TypeError, "same sequence type"),
        ((lambda x: 1, [1]), {"foo": 1}, ValueError, "Only valid keyword arguments are `check_types` and"),
    ],
)
def test_map_structure_refuses(arguments, keywords, error, words):
    with pytest.raises(error, **says(words)):
        nest.map_structure(*arguments, **keywords)


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


# --- up to a shallow structure ---

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


# --- composite tensors ---


def test_a_composite_is_a_leaf_unless_expanded():
    sparse = Sparse("i", ["v", "w"])
    assert not nest.is_nested(sparse) and nest.is_sequence_or_composite(sparse)
    assert nest.flatten([sparse]) == [sparse]
    assert nest.flatten([sparse, 1], expand_composites=True) == ["i", "v", "w", 1]
    packed = nest.pack_sequence_as([sparse, 1], [10, 11, 12, 13], expand_composites=True)
    assert (packed[0].indices, packed[0].values, packed[1]) == (10, [11, 12], 13)
    doubled = nest.map_structure(lambda x: 2 * x, {"s": sparse}, expand_composites=True)["s"]
    assert (doubled.indices, doubled.values) == ("ii", ["vv", "ww"])
    assert list(nest.yield_flat_paths([Sparse(1, 2)], expand_composites=True)) == [(0, "Sparse", 0), (0, "Sparse", 1)]


def test_composites_are_compared_by_their_specs():
    small, other, large = Sparse(1, 2), Sparse(3, 4), Sparse(5, 6, size=99)
    nest.assert_same_structure([small], [other], expand_composites=True)
    nest.assert_shallow_structure([small], [other], expand_composites=True)
    for check in (nest.assert_same_structure, nest.assert_shallow_structure):
        with pytest.raises(ValueError, match="Incompatible CompositeTensor TypeSpecs: .* -- sizes differ"):
            check([small], [large], expand_composites=True)
        with pytest.raises(TypeError, match="same sequence type"):
            check([small], [(1, 2)], expand_composites=True)
    nest.assert_same_structure(SparseSpec(9), SparseSpec(9), expand_composites=True)
    assert nest.flatten(SparseSpec(9), expand_composites=True) == ["spec of indices", "spec of values"]
