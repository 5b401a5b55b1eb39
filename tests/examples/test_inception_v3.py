"""examples/inception_v3.py builds slim's own network, which tests/golden compares with TensorFlow's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

COMPARISON = """
import inception_v3
import pyflow as tf

def made(build):
    with tf.Graph().as_default():
        scores = build(tf.placeholder(tf.float32, [2, 299, 299, 3]))
        trained = {v.op.name: v.shape for v in tf.trainable_variables()}
        others = {v.op.name: v.shape for v in tf.model_variables()}
        extras = len(tf.get_collection("update_ops")), len(tf.losses.get_regularization_losses())
        return trained, others, extras, scores.shape

def ready_made(images):
    with tf.contrib.slim.arg_scope(tf.contrib.slim.nets.inception.inception_v3_arg_scope()):
        return tf.contrib.slim.nets.inception.inception_v3(images, 1001)[0]

assert made(lambda images: inception_v3.inception_v3(images, 1001, training=True)[0]) == made(ready_made)
"""


@pytest.mark.native
def test_it_has_the_variables_updates_and_penalties_of_slim_s(tmp_path):
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'examples'}"}
    subprocess.run([sys.executable, "-W", "error", "-c", COMPARISON], cwd=tmp_path, env=environment, check=True)
