"""Batches: large arrays that are put into their places at once, and others."""

from __future__ import annotations

import numpy as np
import pytest

from pyflow.core import errors
from pyflow.ops.dataset_stacking import Batch, stack


def elements(count: int) -> list:
    name = np.empty((), object)
    name[()] = b"a"
    return [[np.full((64, 64, 3), i, np.float32), np.int64(i), name, np.full(3, i)] for i in range(count)]


def batch_of(given: list, size: int) -> list:
    batch = Batch(size)
    for element in given:
        batch.add(element)
    assert batch.size == len(given)
    return batch.components()


@pytest.mark.parametrize("count", [1, 3, 4])
def test_a_batch_is_what_stacking_its_elements_gives(count):
    for one, other in zip(batch_of(elements(count), 4), stack(elements(count))):
        assert one.dtype == other.dtype and one.base is None
        np.testing.assert_array_equal(one, other)


def test_an_element_belongs_to_its_batch_alone():
    given = elements(2)
    images = batch_of(given, 2)[0]
    given[0][0][...] = 7
    assert (images[0] == 0).all() and (images[1] == 1).all()


def test_large_arrays_of_different_shapes_are_refused():
    given = elements(3)
    given[2][0] = given[2][0][:50]
    with pytest.raises(errors.InvalidArgumentError, match=r"component 0.*\[64,64,3\] and element 2 had shape \[50,64"):
        batch_of(given, 4)


def test_nothing_is_a_batch_without_components():
    assert batch_of([], 4) == []
