"""Programs build the graphs under PyFlow that they build under TensorFlow 2.21, but for what has changed since 1.15.

What 1.15 itself built is compared in tests/test_public_graphs.py.
"""

from __future__ import annotations

import pytest

import pyflow
from tests.golden_cases import Golden

PROGRAMS = Golden("graph_cases", "graphs.json").cases
# What TensorFlow builds otherwise by now; CHANGED fails when it does not.
CHANGED = dict.fromkeys(
    ["embedding", "gradients", "momentum_and_adam", "training"], "what gradients start with is named otherwise"
) | {
    "arrays": "ones_like names its shape otherwise",
    "clipping": "clip_by_global_norm tests for infinity by a subtraction",
    "dropout_and_moments": "dropout names its rate otherwise",
    "linear_algebra": "the diagonal is taken by MatrixDiagPartV3",
    "moving_average": "PyFlow reads a variable or its initial value with one op, TensorFlow with a cond",
    "random_numbers": "random_uniform leaves out a multiplication by one",
}


def nodes(tf, name: str) -> list[list]:
    """The graph of a program, where tf.add may be either of the two ops that it has been."""
    with tf.Graph().as_default():
        found = PROGRAMS[name](tf)
    return [[node_name, "Add" if kind == "AddV2" else kind, *rest] for node_name, kind, *rest in found]


def cases() -> list:
    marks = {name: [pytest.mark.xfail(strict=True, reason=reason)] for name, reason in CHANGED.items()}
    return [pytest.param(name, marks=marks.get(name, [])) for name in sorted(PROGRAMS)]


@pytest.mark.parametrize("name", cases())
def test_graph_is_the_one_that_tensorflow_builds_today(name, tensorflow):
    assert nodes(pyflow, name) == nodes(tensorflow, name)
