"""Networks of layers have TensorFlow 1.15.5's names, so that each restores what the other has trained and saved."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import pyflow as tf
from tests.golden import net_cases

FOLDER = Path(net_cases.__file__).parent
KEPT = json.loads((FOLDER / "nets.json").read_text())
PYTHON = os.environ.get("PYFLOW_TF115")
# TensorFlow's fused batch normalization adds up one float32 after the other, with errors up to 1e-3 (here 1e-6);
# through ninety thin layers the gradients come out too different for a second step.
STEPS = {"inception_v3": 1}


@pytest.mark.parametrize("name", sorted(KEPT))
def test_a_trained_network_gives_the_same_and_goes_on_learning(name, tmp_path):
    kept = KEPT[name]
    for part, ending in {"index": "index", "data": "data-00000-of-00001"}.items():
        (tmp_path / f"m.{ending}").write_bytes(base64.b64decode(kept[part]))
    fetches = net_cases.build(tf, name)
    assert net_cases.digest(net_cases.variables(tf)) == kept["variables"]
    with tf.Session() as sess:
        tf.train.Saver().restore(sess, str(tmp_path / "m"))
        np.testing.assert_allclose(sess.run(fetches["outputs"]), kept["outputs"], rtol=1e-5, atol=1e-5)
        losses = kept["losses"][: STEPS.get(name)]
        assert net_cases.learn(sess, fetches, len(losses)) == pytest.approx(losses, rel=1e-4)


@pytest.mark.parametrize("name", sorted(KEPT))
def test_nodes_are_named_as_there(name):
    net_cases.NETS[name](tf, tf.constant(net_cases.IMAGES), True)
    assert net_cases.digest(net_cases.nodes(tf)) == KEPT[name]["nodes"]


@pytest.mark.native
@pytest.mark.skipif(not PYTHON, reason="PYFLOW_TF115 names no Python with TensorFlow 1.15")
@pytest.mark.parametrize("name", sorted(KEPT))
def test_tensorflow_restores_what_was_trained_here(name, tmp_path):
    tf.set_random_seed(2)
    fetches = net_cases.build(tf, name)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        net_cases.learn(sess, fetches, 3)
        prefix = tf.train.Saver().save(sess, str(tmp_path / "m"))
        outputs = sess.run(fetches["outputs"])
    command = [str(PYTHON), "-W", "ignore", str(FOLDER / "net_cases.py"), "tensorflow", name, prefix]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    np.testing.assert_allclose(json.loads(found.splitlines()[-1]), outputs, rtol=1e-5, atol=1e-5)
