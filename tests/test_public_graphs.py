"""The public API makes the nodes that TensorFlow 1.15 makes: names, op types, inputs and control inputs, in order."""

from __future__ import annotations

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("graph_cases", "graphs.json")


# Where PyFlow's graph is meant to be another one.
OTHERWISE = {"moving_average": "a variable or its initial value is read by one op here, by a cond in TensorFlow"}


def cases() -> list:
    marks = {name: [pytest.mark.xfail(strict=True, reason=reason)] for name, reason in OTHERWISE.items()}
    return [pytest.param(name, marks=marks.get(name, [])) for name in sorted(GOLDEN.cases)]


@pytest.mark.parametrize("name", cases())
def test_graph_is_the_one_that_tensorflow_builds(name):
    GOLDEN.check(name)
