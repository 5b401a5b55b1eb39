"""tensorflow.python.tools.optimize_for_inference_lib: smaller graphs with the same results."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from pyflow.tools.optimize_for_inference import ensure_graph_is_valid, node_name_from_input, optimize_for_inference

IMAGES = np.random.default_rng(1).random([1, 4, 4, 2], np.float32)


def network(normalization, depthwise):
    """A graph of a convolution, its normalization, relu and an identity."""
    random = np.random.default_rng(0)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 4, 4, 2], name="x")
        weights = tf.constant(random.random([2, 2, 2, 2 if depthwise else 3], np.float32), name="w")
        convolve = tf.nn.depthwise_conv2d if depthwise else tf.nn.conv2d
        y = convolve(x, weights, [1, 1, 1, 1], "SAME", name="conv")
        mean, variance, offset, scale = (
            tf.constant(random.random([4 if depthwise else 3], np.float32) + 0.5) for _ in range(4)
        )
        if normalization == "FusedBatchNorm":
            y = raw.FusedBatchNorm(y, scale, offset, mean, variance, epsilon=0.01, is_training=False, name="norm")[0]
        else:
            y = raw.BatchNormWithGlobalNormalization(
                y,
                mean,
                variance,
                offset,
                scale,
                variance_epsilon=0.01,
                scale_after_normalization=normalization == "scaled",
                name="norm",
            )
        tf.nn.softmax(tf.identity(tf.nn.relu(y)), name="out")
    definition = graph.as_graph_def()
    if normalization != "FusedBatchNorm":
        definition.versions.producer = 8  # newer graphs may not have the other op
    return definition


def result(definition):
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(definition, name="")
        return sess.run("out:0", {"x:0": IMAGES})


@pytest.mark.parametrize("normalization", ["FusedBatchNorm", "scaled", "unscaled"])
@pytest.mark.parametrize("depthwise", [False, True])
def test_normalizations_become_part_of_convolutions(normalization, depthwise):
    definition = network(normalization, depthwise)
    optimized = optimize_for_inference(definition, ["x"], ["out"], tf.float32.as_datatype_enum)
    kinds = {node.name: node.op for node in optimized.node}
    assert kinds["norm"] == "BiasAdd" and "Identity" not in kinds.values() and len(kinds) == 7
    np.testing.assert_allclose(result(optimized), result(definition), rtol=1e-4)


def test_graphs_that_are_none():
    twice = tf.GraphDef()
    for _ in range(2):
        twice.node.add(name="a", op="NoOp")
    with pytest.raises(ValueError, match="Duplicate node names detected for"):
        ensure_graph_is_valid(twice)
    missing = tf.GraphDef()
    missing.node.add(name="a", op="Identity", input=["b:1"])
    with pytest.raises(ValueError, match="not found"):
        ensure_graph_is_valid(missing)


def test_names_of_nodes():
    assert [node_name_from_input(name) for name in ("^a", "a", "a:1", "scope/a:0")] == ["a", "a", "a", "scope/a"]
