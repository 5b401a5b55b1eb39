"""Variables and default arguments of tf.contrib.framework: what TensorFlow 1.15.5 gives."""

from __future__ import annotations

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("framework_cases", "framework.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_case_gives_what_tensorflow_gives(name):
    with tf.Graph().as_default():
        GOLDEN.check(name)
