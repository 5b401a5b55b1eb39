"""tf.image builds and gives what it does under TensorFlow 1.15.5: see tests/golden/image_cases.py."""

from __future__ import annotations

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("image_cases", "images.json")


@pytest.fixture(autouse=True)
def fresh_graph():
    tf.reset_default_graph()


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_image_functions_give_what_tensorflow_gives(name):
    GOLDEN.check(name, rtol=1e-5)
