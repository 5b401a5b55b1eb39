"""A random op without a seed of its own is seeded as in TensorFlow, whatever conditionals and loops came before it."""

from __future__ import annotations

import json

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("node_count_cases", "node_counts.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_there_are_as_many_nodes_as_in_tensorflow(name):
    import node_count_cases

    given = json.loads(json.dumps(node_count_cases.run(tf, name)))
    if name == "random_numbers":
        given = [pytest.approx(number, abs=2e-5) for number in given]
    assert given == GOLDEN.expected[name]
