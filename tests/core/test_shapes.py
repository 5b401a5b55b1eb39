"""tf.TensorShape and tf.Dimension: what is known of a tensor's size before it has a value."""

from __future__ import annotations

import operator
import pickle

import numpy as np
import pytest

from pyflow.core import dtypes, shapes
from pyflow.core.shapes import Dimension, TensorShape, as_shape, unknown_shape

UNKNOWN = unknown_shape()


# --- Dimension ---


@pytest.mark.parametrize("value", [12, "12", 12.0, np.int64(12), Dimension(12)])
def test_dimension_of_a_known_size(value):
    dim = Dimension(value)
    assert dim.value == int(dim) == 12
    assert (repr(dim), str(dim)) == ("Dimension(12)", "12")
    assert list(range(dim)) == list(range(12))
    assert np.zeros(dim).shape == (12,)


def test_dimension_of_unknown_size():
    dim = Dimension(None)
    assert dim.value is None
    assert (repr(dim), str(dim)) == ("Dimension(None)", "?")
    with pytest.raises(TypeError):
        int(dim)
    with pytest.raises(TypeError):
        range(dim)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (-1, ValueError, "Dimension -1 must be >= 0"),
        (2.5, ValueError, "Ambiguous dimension: 2.5"),
        ("x", ValueError, "invalid literal"),
        (dtypes.string, TypeError, "Cannot convert <dtype: 'string'> to Dimension"),
        ([], TypeError, "int"),
    ],
)
def test_dimension_refuses(value, error, words):
    with pytest.raises(error, match=words):
        Dimension(value)


@pytest.mark.parametrize(
    "operation", [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod], ids=lambda f: f.__name__
)
def test_dimension_arithmetic(operation):
    expected = operation(12, 5)
    for result in (operation(Dimension(12), Dimension(5)), operation(Dimension(12), 5), operation(12, Dimension(5))):
        assert isinstance(result, Dimension) and result.value == expected
    for result in (
        operation(Dimension(None), Dimension(5)),
        operation(Dimension(12), Dimension(None)),
        operation(Dimension(12), None),
        operation(None, Dimension(12)),
    ):
        assert isinstance(result, Dimension) and result.value is None


def test_dimension_arithmetic_refuses_what_is_no_size():
    with pytest.raises(ValueError, match="Dimension -1 must be >= 0"):
        Dimension(2) - 3
    with pytest.raises(TypeError, match="unsupported operand type"):
        Dimension(2) + "x"
    with pytest.raises(TypeError, match="unsupported operand type.* 'Dimension' and 'int', please use // instead"):
        Dimension(4) / 2
    with pytest.raises(TypeError, match="unsupported operand type.* 'int' and 'Dimension', please use // instead"):
        4 / Dimension(2)


@pytest.mark.parametrize(
    "compare",
    [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne],
    ids=lambda f: f.__name__,
)
def test_dimension_comparison_with_an_unknown_is_none(compare):
    for a, b in ((12, 13), (13, 12), (12, 12)):
        assert compare(Dimension(a), Dimension(b)) is compare(a, b)
        assert compare(Dimension(a), b) is compare(a, b)
    assert compare(Dimension(None), Dimension(12)) is None
    assert compare(Dimension(12), Dimension(None)) is None
    assert compare(Dimension(12), None) is None
    assert compare(Dimension(None), Dimension(None)) is None


def test_dimension_differs_from_what_is_no_size():
    assert Dimension(12) != "_"
    assert not Dimension(12) == "_"
    assert Dimension(12) == "12"
    with pytest.raises(TypeError, match="unhashable"):
        hash(Dimension(1))


def test_dimension_merge():
    assert Dimension(None).merge_with(12).value == Dimension(12).merge_with(None).value == 12
    assert Dimension(None).merge_with(None).value is None
    with pytest.raises(ValueError, match="Dimensions 12 and 13 are not compatible"):
        Dimension(12).merge_with(13)
    assert Dimension(12).is_compatible_with(None) and not Dimension(12).is_compatible_with(13)


def test_dimension_reduces_to_its_value():
    assert Dimension(5).__reduce__() == (Dimension, (5,))
    assert pickle.loads(pickle.dumps(Dimension(None))).value is None


def test_dimension_value():
    assert shapes.dimension_value(Dimension(3)) == 3
    assert shapes.dimension_value(Dimension(None)) is None
    assert shapes.dimension_value(4) == 4
    assert shapes.dimension_value(None) is None


# --- TensorShape: construction and text ---


@pytest.mark.parametrize(
    ("dims", "plain", "text"),
    [
        (None, None, "<unknown>"),
        ([], (), "()"),
        ((), (), "()"),
        (5, (5,), "(5,)"),
        (Dimension(5), (5,), "(5,)"),
        ([None], (None,), "(?,)"),
        ([3, None, 5], (3, None, 5), "(3, ?, 5)"),
        (["3", Dimension(4), 7.0, np.int32(2)], (3, 4, 7, 2), "(3, 4, 7, 2)"),
        (np.array([2, 3]), (2, 3), "(2, 3)"),
        (range(2), (0, 1), "(0, 1)"),
        (TensorShape([1, None]), (1, None), "(1, ?)"),
        (TensorShape(None), None, "<unknown>"),
    ],
    ids=repr,
)
def test_shape_is_made_of(dims, plain, text):
    shape = TensorShape(dims)
    assert shape.as_tuple() == plain
    assert str(shape) == text
    assert bool(shape) == (plain is not None)
    assert shape.rank == shape.ndims == (None if plain is None else len(plain))
    assert all(type(size) is int for size in plain or () if size is not None)


def test_shape_repr():
    assert repr(TensorShape([3, None])) == "TensorShape([Dimension(3), Dimension(None)])"
    assert repr(TensorShape([])) == "TensorShape([])"
    assert repr(UNKNOWN) == "TensorShape(None)"


@pytest.mark.parametrize("dims", ["abc", b"abc", [dtypes.float32], [[1]]], ids=repr)
def test_shape_refuses_types(dims):
    with pytest.raises(TypeError):
        TensorShape(dims)


@pytest.mark.parametrize("dims", [[-1], (3, -2), [2.5], -1], ids=repr)
def test_shape_refuses_sizes(dims):
    with pytest.raises(ValueError, match="must be >= 0|Ambiguous"):
        TensorShape(dims)


def test_a_plain_tuple_is_kept_as_it_is():
    plain = (2, None)
    assert TensorShape(plain).as_tuple() is plain
    assert TensorShape(TensorShape(plain)).as_tuple() is plain


# --- what a shape tells ---


def test_fully_known_shape():
    shape = TensorShape([3, 4, 7])
    shape.assert_is_fully_defined()
    assert shape.is_fully_defined() and shape.num_elements() == 84
    assert [d.value for d in shape.dims] == shape.as_list() == [3, 4, 7]
    assert [d.value for d in shape] == [3, 4, 7]
    assert len(shape) == 3 and shape[0].value == 3 and shape[-1].value == 7
    assert TensorShape([]).num_elements() == 1 and TensorShape([0, 3]).num_elements() == 0


def test_partly_known_shape():
    shape = TensorShape([3, None, 7])
    assert shape.rank == 3 and shape.num_elements() is None and not shape.is_fully_defined()
    assert shape.as_list() == [3, None, 7]
    with pytest.raises(ValueError, match=r"Shape \(3, \?, 7\) is not fully defined"):
        shape.assert_is_fully_defined()


def test_shape_of_unknown_rank():
    assert UNKNOWN.dims is None and UNKNOWN.rank is None and UNKNOWN.num_elements() is None
    assert not UNKNOWN.is_fully_defined()
    for ask, words in (
        (lambda: UNKNOWN.as_list(), "as_list\\(\\) is not defined on an unknown TensorShape."),
        (lambda: len(UNKNOWN), "Cannot take the length of shape with unknown rank."),
        (lambda: list(UNKNOWN), "Cannot iterate over a shape with unknown rank."),
        (lambda: UNKNOWN[::2], "Steps are not yet handled"),
        (lambda: UNKNOWN.assert_is_fully_defined(), "Shape <unknown> is not fully defined"),
    ):
        with pytest.raises(ValueError, match=words):
            ask()


def test_slices():
    shape = TensorShape([3, 4, 7])
    assert shape[1:].as_tuple() == (4, 7)
    assert shape[:-1].as_tuple() == (3, 4)
    assert shape[::2].as_tuple() == (3, 7)
    assert shape[5:].as_tuple() == ()
    assert UNKNOWN[0].value is None
    assert UNKNOWN[2:].rank is None and UNKNOWN[-2:].rank is None and UNKNOWN[:-1].rank is None
    assert UNKNOWN[1:3].as_tuple() == (None, None)
    with pytest.raises(IndexError, match="list index out of range"):
        shape[3]


# --- two shapes ---

# first, second, merged (None: they contradict each other), most specific compatible
PAIRS = [
    ([3, 4], [3, 4], (3, 4), (3, 4)),
    ([3, None], [None, 4], (3, 4), (None, None)),
    ([3, None], [3, None], (3, None), (3, None)),
    ([], [], (), ()),
    (None, [3, None], (3, None), None),
    ([3, 4], [3, 5], "contradiction", (3, None)),
    ([3], [3, 4], "contradiction", None),
    ([], [1], "contradiction", None),
]


@pytest.mark.parametrize(("first", "second", "merged", "common"), PAIRS)
def test_two_shapes(first, second, merged, common):
    for a, b in ((TensorShape(first), TensorShape(second)), (TensorShape(second), TensorShape(first))):
        assert a.most_specific_compatible_shape(b).as_tuple() == common
        if merged == "contradiction":
            assert not a.is_compatible_with(b)
            with pytest.raises(ValueError) as error:
                a.merge_with(b)
            assert str(error.value) == f"Shapes {a} and {b} are not compatible"
            with pytest.raises(ValueError) as error:
                a.assert_is_compatible_with(b)
            assert str(error.value) == f"Shapes {a} and {b} are incompatible"
        else:
            assert a.is_compatible_with(b)
            a.assert_is_compatible_with(b)
            assert a.merge_with(b).as_tuple() == merged


def test_two_unknown_shapes():
    assert UNKNOWN.merge_with(None).rank is None
    assert UNKNOWN.is_compatible_with(None)


def test_concatenation():
    assert TensorShape([1, None]).concatenate([3]).as_tuple() == (1, None, 3)
    assert (TensorShape([1]) + [2, 3]).as_tuple() == (1, 2, 3)
    assert ([1] + TensorShape([2, 3])).as_tuple() == (1, 2, 3)
    assert TensorShape([1]).concatenate(Dimension(2)).as_tuple() == (1, 2)
    assert TensorShape([1]).concatenate(None).rank is None and UNKNOWN.concatenate([1]).rank is None


def test_equality_is_for_what_is_known():
    known, same, open_ = TensorShape([3, 4, 7]), TensorShape([3, 4, 7]), TensorShape([3, 4, None])
    assert known == same and not known != same
    assert known == [3, 4, 7] and known == (3, 4, 7) and known == ["3", "4", "7"]
    assert known != "a string" and not known == "a string" and known != "347"
    assert known != open_ and not known == open_
    assert known != [3, 4] and TensorShape(None) != "x"
    # Two open sizes may or may not be the same, but a shape is equal to itself.
    assert not open_ == TensorShape([3, 4, None])
    plain = (None, 2)
    assert TensorShape(plain) == TensorShape(plain)
    with pytest.raises(TypeError, match="unhashable"):
        hash(known)


def test_inequality_of_unknown_shapes_is_undefined():
    known = TensorShape([3])
    assert UNKNOWN == unknown_shape() and not UNKNOWN == known and not known == UNKNOWN
    for ask in (lambda: UNKNOWN != known, lambda: known != UNKNOWN, lambda: UNKNOWN != unknown_shape()):
        with pytest.raises(ValueError, match="The inequality of unknown TensorShapes is undefined."):
            ask()


# --- ranks ---


def test_with_rank():
    assert UNKNOWN.with_rank(2).as_tuple() == (None, None)
    assert TensorShape([3, None]).with_rank(2).as_tuple() == (3, None)
    with pytest.raises(ValueError, match=r"Shape \(3, \?\) must have rank 3"):
        TensorShape([3, None]).with_rank(3)
    with pytest.raises(ValueError, match=r"Shape \(3,\) must have rank at least 2"):
        TensorShape([3]).with_rank_at_least(2)
    with pytest.raises(ValueError, match=r"Shape \(3, 4\) must have rank at most 1"):
        TensorShape([3, 4]).with_rank_at_most(1)
    for shape in (TensorShape([3, 4]), UNKNOWN):
        assert shape.with_rank_at_least(2) is shape and shape.with_rank_at_most(2) is shape
        shape.assert_has_rank(2)
        shape.assert_same_rank([None, None])
    with pytest.raises(ValueError, match=r"Shape \(3, 4\) must have rank 3"):
        TensorShape([3, 4]).assert_has_rank(3)
    with pytest.raises(ValueError, match=r"Shapes \(3, 4\) and \(1,\) must have the same rank"):
        TensorShape([3, 4]).assert_same_rank([1])


def test_ready_shapes():
    assert unknown_shape(rank=2).as_tuple() == unknown_shape(2).as_tuple() == (None, None)
    assert unknown_shape(ndims=1).as_tuple() == (None,)
    with pytest.raises(TypeError, match="Unknown argument"):
        unknown_shape(axes=2)
    assert shapes.scalar().as_tuple() == ()
    assert shapes.vector(3).as_tuple() == (3,) and shapes.vector(None).as_tuple() == (None,)
    assert shapes.matrix(2, None).as_tuple() == (2, None)
    assert as_shape([1, 2]).as_tuple() == (1, 2)
    shape = TensorShape([1])
    assert as_shape(shape) is shape


def test_pickling():
    assert TensorShape([2, 3]).__reduce__() == (TensorShape, ([Dimension(2), Dimension(3)],))
    for dims in (None, (), (2, None)):
        assert pickle.loads(pickle.dumps(TensorShape(dims))).as_tuple() == dims


@pytest.mark.parametrize("dims", [None, (), (3,), (None,), (2, None, 0)])
def test_proto_there_and_back(dims):
    proto = TensorShape(dims).as_proto()
    assert proto.unknown_rank == (dims is None)
    assert [dim.size for dim in proto.dim] == [-1 if size is None else size for size in dims or ()]
    assert TensorShape(proto).as_tuple() == dims


def test_proto_with_a_senseless_size_is_refused():
    proto = TensorShape([3]).as_proto()
    proto.dim[0].size = -2
    with pytest.raises(ValueError, match="must be >= 0"):
        TensorShape(proto)


@pytest.fixture
def v2_shapes():
    shapes.enable_v2_tensorshape()
    yield
    shapes.disable_v2_tensorshape()


def test_v2_behaviour_gives_plain_sizes(v2_shapes):
    shape = TensorShape([3, None])
    assert list(shape) == [3, None] and shape[0] == 3 and shape[1] is None and UNKNOWN[0] is None
    assert shape[1:].as_tuple() == (None,)
    assert repr(shape) == "TensorShape([3, None])" and str(shape) == "(3, None)"
    assert str(TensorShape([None])) == "(None,)" and repr(UNKNOWN) == "TensorShape(None)"
    assert shapes.dimension_at_index(shape, 0).value == 3
    assert shape.dims[0].value == 3


def test_dimension_at_index():
    assert shapes.dimension_at_index(TensorShape([3, None]), 0).value == 3
    assert shapes.dimension_at_index(TensorShape([3, None]), -1).value is None
    assert shapes.dimension_at_index(UNKNOWN, 5).value is None
