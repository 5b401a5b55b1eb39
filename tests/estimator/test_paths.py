"""The paths by which programs of that time import parts of tf.estimator."""

from __future__ import annotations

import importlib

import pytest

from pyflow import as_tensorflow


@pytest.fixture(autouse=True)
def installed(own_tensorflow):
    as_tensorflow.install()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("tensorflow.python.estimator.estimator", "Estimator"),
        ("tensorflow.python.estimator.export.export", "ServingInputReceiver"),
        ("tensorflow.python.estimator.canned.dnn", "DNNClassifier"),
        ("tensorflow_estimator.python.estimator.estimator", "EstimatorV2"),
        ("tensorflow_estimator.python.estimator.canned.head", "_regression_head"),
        ("tensorflow_estimator.python.estimator.inputs.numpy_io", "numpy_input_fn"),
        ("tensorflow.contrib.learn.python.learn.estimators.estimator", "SKCompat"),
        ("tensorflow.contrib.learn.python.learn.learn_runner", "run"),
        ("tensorflow.contrib.tpu.python.tpu.tpu_config", "TPUConfig"),
        ("tensorflow.contrib.estimator.python.estimator.head", "multi_label_head"),
    ],
)
def test_a_name_is_found_at_its_path(path, name):
    assert callable(getattr(importlib.import_module(path), name))
