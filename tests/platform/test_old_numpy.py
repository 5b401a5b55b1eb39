"""numpy's names and printing at the time of TensorFlow 1.15."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pyflow.platform import old_numpy


def array(values, dtype) -> Any:
    """An array, whose methods of then a type checker of today doesn't know."""
    return np.array(values, dtype)


@pytest.fixture
def restored():
    """numpy with its old names, which are taken away again afterwards; arrays keep their old methods."""
    before = dict(vars(np))
    with np.printoptions():
        old_numpy.restore()
        yield vars(np)
    for name in set(vars(np)) - set(before):
        delattr(np, name)
    np.fromstring = before["fromstring"]


def test_names_of_python_types_are_those_types(restored):
    assert [restored[n] for n in ("int", "float", "object", "unicode")] == [int, float, object, str]
    assert np.zeros(2, restored["float"]).dtype == np.float64


def test_what_numpy_has_is_left_alone(restored):
    assert restored["bool"] is np.bool_ and restored["prod"] is np.prod


def test_functions_do_what_they_did(restored):
    assert restored["asscalar"](np.array([7])) == 7
    assert restored["asfarray"]([1, 2], np.int32).dtype == np.float64
    assert restored["in1d"]([[1, 2], [3, 4]], [2, 4]).tolist() == [False, True, False, True]
    assert restored["trapz"]([1.0, 3.0]) == 2.0
    assert restored["msort"]([[3, 1], [2, 4]]).tolist() == [[2, 1], [3, 4]]


def test_an_array_becomes_bytes_and_is_read_back(restored):
    image = array([[0, 1, 2], [3, 4, 5]], np.uint8)
    read = restored["fromstring"](image.tostring(), dtype=np.uint8)
    read[0] = 9  # a copy, unlike frombuffer's
    assert read.tolist() == [9, 1, 2, 3, 4, 5]
    assert restored["fromstring"](array([1.5], np.float32)[0].tostring(), np.float32).tolist() == [1.5]
    assert restored["fromstring"]("1, 2.5", sep=",").tolist() == [1.0, 2.5]
    assert image.tostring("F") == bytes([0, 3, 1, 4, 2, 5])


def test_methods_of_arrays_do_what_they_did(restored):
    a = array([[1, 5], [2, 7]], np.int16)
    a.itemset(1, 6)
    a.itemset((1, 0), 3)
    assert a.tolist() == [[1, 6], [3, 7]]
    assert a.ptp() == 6 and a.ptp(axis=0).tolist() == [2, 1]
    assert a.newbyteorder().tolist() == [[256, 1536], [768, 1792]]
    one = array(4, np.int32)
    one.itemset(5)
    assert one == 5
    with pytest.raises(ValueError, match="array of size 1"):
        a.itemset(0)


def test_scalars_in_containers_print_as_numbers(restored):
    assert str([np.float32(4.5), np.int32(3), np.bool_(True)]) == "[4.5, 3, True]"
    assert repr(np.arange(2000)) == "array([   0,    1,    2, ..., 1997, 1998, 1999])"
