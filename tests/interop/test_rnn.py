"""TensorFlow runs PyFlow's graphs of recurrent networks, gradients included."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("rnn_network_cases", "rnn_networks.json")
# Numbers that are random in each session, or states that only the first session has.
NAMES = ["dynamic_lengths", "dynamic_unknown", "bidirectional_lengths", "static_lengths", "raw", "fused_block"]


@pytest.mark.parametrize("name", NAMES)
def test_tensorflow_runs_the_graph(name, tensorflow):
    with tf.Graph().as_default() as graph:
        expected = GOLDEN.run(f"network_{name}")
        names = [name for name, _ in expected["names"]]
        slopes = [t.name for t in tf.gradients([graph.get_tensor_by_name(n) for n in names], tf.trainable_variables())]
        initializer = tf.global_variables_initializer().name
        with tf.Session() as sess:
            sess.run(initializer)
            values = sess.run(names + slopes)
        exported = graph.as_graph_def().SerializeToString()
    with tensorflow.Graph().as_default(), tensorflow.Session() as sess:
        tensorflow.import_graph_def(tensorflow.GraphDef.FromString(exported), name="")
        sess.run(initializer)
        for theirs, ours in zip(sess.run(names + slopes), values, strict=True):
            np.testing.assert_allclose(theirs, ours, rtol=1e-5, atol=1e-6)
