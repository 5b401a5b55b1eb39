"""Corners of the input layer: values, static shapes, errors as under TensorFlow 1.15.5."""

from __future__ import annotations

import pytest

from pyflow.as_tensorflow import install
from tests.golden_cases import Golden

GOLDEN = Golden("input_edge_cases", "input_edges.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_gives_the_same(name, own_tensorflow):
    install()
    GOLDEN.check(name, rtol=1e-5 if name == "scaled_images" else 0.0)
