"""Datasets and iterators: values, orders, errors and nodes as under TensorFlow 1.15.5."""

from __future__ import annotations

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("data_cases", "data.json")
GRAPHS = Golden("data_graph_cases", "data_graphs.json")


@pytest.mark.native
@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_gives_the_same(name):
    GOLDEN.check(name)


@pytest.mark.parametrize("name", sorted(GRAPHS.cases))
def test_makes_the_same_nodes(name):
    GRAPHS.check(name)
