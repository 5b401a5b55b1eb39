"""Wrong programs give the error that they give under TensorFlow 1.15: the class, and the first line of the message."""

from __future__ import annotations

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("error_cases", "errors.json")
# Where fewer or more of the values that a shape rule looked at are told.
OTHERWISE = {
    "one_hot_depth": "TensorFlow's rule looks at the depth before it checks that it is a scalar",
    "too_many_indices": "TensorFlow's rule looks at the strides first and stops",
}


def cases() -> list:
    marks = {name: [pytest.mark.xfail(strict=True, reason=reason)] for name, reason in OTHERWISE.items()}
    return [pytest.param(name, marks=marks.get(name, [])) for name in sorted(GOLDEN.cases)]


@pytest.mark.parametrize("name", cases())
def test_error_is_tensorflow_s(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("name", sorted(OTHERWISE))
def test_error_is_tensorflow_s_but_for_the_values_told(name):
    def without_values(text: str) -> str:
        return text.partition(" and with computed input tensors")[0].rstrip(".")

    kind, message = GOLDEN.cases[name](tf)
    expected_kind, expected = GOLDEN.expected[name]
    assert (kind, without_values(message)) == (expected_kind, without_values(expected))
