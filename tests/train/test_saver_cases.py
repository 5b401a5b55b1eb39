"""tf.train.Saver, and all around it, gives what TensorFlow 1.15.5 gives: nodes, names, files, errors."""

from __future__ import annotations

import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("saver_cases", "savers.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_case(name):
    with tf.Graph().as_default():
        GOLDEN.check(name)
