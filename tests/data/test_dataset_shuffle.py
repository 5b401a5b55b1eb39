"""The buffer that a shuffled dataset draws from."""

from __future__ import annotations

import pytest

from pyflow.ops.dataset_shuffle import _Shuffled
from pyflow.ops.dataset_values import Items, Words


class Numbers(Items):
    def __init__(self, count: int):
        self._left = list(range(count))

    def take(self, count: int) -> list:
        found, self._left = self._left[:count], self._left[count:]
        return found


def drawn(count: int, size: int, epochs: int, portion: int) -> list:
    items, found = _Shuffled(lambda: Numbers(count), size, Words(1, 2), epochs), []
    while part := items.take(portion):
        found += part
    return found


@pytest.mark.parametrize("size", [1, 3, 10, 11, 12, 40, 100])
@pytest.mark.parametrize("epochs", [1, 2, 7])
def test_the_order_is_the_same_however_many_are_asked_for_at_once(size, epochs):
    one_by_one = drawn(11, size, epochs, 1)
    for portion in (2, 7, 11, 50):
        assert drawn(11, size, epochs, portion) == one_by_one


@pytest.mark.parametrize("size", [1, 3, 11, 40])
def test_each_round_comes_whole_before_the_next_one(size):
    found = drawn(11, size, 5, 4)
    for start in range(0, 55, 11):
        assert sorted(found[start : start + 11]) == list(range(11))
