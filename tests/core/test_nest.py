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

    def __repr__(self):  # without an address: it names the test, in every worker alike
        return f"Record({self.left!r}, {self.right!r})"

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


LEAVES = [None, 1, 2.5, "abc", b"abc", {1, 2}, object(), iter([1])]


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: type(leaf).__name__)
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
