"""TensorFlow runs the loops and conditionals of PyFlow's graphs, and PyFlow those that TensorFlow builds today."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow
from tests.core.test_conditional_export import EXPECTED, nested_assignment, run_all
from tests.test_control_flow import PROGRAMS, flat

# It needs its variable initialized; another test below does that.
ONLY_HERE = {"assignment_in_branch"}
NAMES = sorted(set(PROGRAMS) - ONLY_HERE)


def built(tf, name: str) -> tuple[bytes, list[str], dict, list]:
    """The graph of a program, the names of what it fetches, what it is fed, and what it gives."""
    with tf.Graph().as_default() as graph:
        fetches, feeds = PROGRAMS[name](tf)
        names = [tensor.name for tensor in flat(fetches)]
        with tf.Session() as sess:
            values = sess.run(names, feeds)
        return graph.as_graph_def().SerializeToString(), names, feeds, values


def run(tf, graph: bytes, names: list[str], feeds: dict) -> list:
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(tf.GraphDef.FromString(graph), name="")
        return sess.run(names, feeds)


def check(given: list, expected: list) -> None:
    for a, b in zip(given, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_tensorflow_runs_pyflow_s_graph(name, tensorflow):
    graph, names, feeds, values = built(pyflow, name)
    check(run(tensorflow, graph, names, feeds), values)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_pyflow_runs_tensorflow_s_graph(name, version, tensorflow):
    if version == 2:
        tensorflow.enable_control_flow_v2()
    try:
        graph, names, feeds, values = built(tensorflow, name)
    finally:
        tensorflow.disable_control_flow_v2()
    check(run(pyflow, graph, names, feeds), values)


def test_tensorflow_runs_assignments_in_branches(tensorflow):
    with pyflow.Graph().as_default() as graph:
        nested_assignment()
        exported = graph.as_graph_def(add_shapes=True).SerializeToString()
    with tensorflow.Graph().as_default():
        tensorflow.import_graph_def(tensorflow.GraphDef.FromString(exported), name="")
        assert run_all(tensorflow) == EXPECTED
