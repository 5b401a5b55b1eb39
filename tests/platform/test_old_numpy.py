"""numpy's names and printing at the time of TensorFlow 1.15."""

from __future__ import annotations

import numpy as np
import pytest

from pyflow.platform import old_numpy


@pytest.fixture
def restored():
    """numpy with its old names, which are taken away again afterwards."""
    before = set(vars(np))
    with np.printoptions():
        old_numpy.restore()
        yield vars(np)
    for name in set(vars(np)) - before:
        delattr(np, name)


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


def test_scalars_in_containers_print_as_numbers(restored):
    assert str([np.float32(4.5), np.int32(3), np.bool_(True)]) == "[4.5, 3, True]"
    assert repr(np.arange(2000)) == "array([   0,    1,    2, ..., 1997, 1998, 1999])"
