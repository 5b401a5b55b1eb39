"""tf.contrib.estimator: several heads, forwarded features, cut gradients."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

X = np.arange(12, dtype=np.float32).reshape(4, 3) / 10
heads = tf.contrib.estimator


def model_fn(features, labels, mode):
    head = heads.multi_head([heads.multi_class_head(3, name="a"), heads.regression_head(name="b")], [1.0, 2.0])
    with tf.variable_scope("v", initializer=tf.constant_initializer(0.1)):
        logits = tf.layers.dense(features["x"], head.logits_dimension)
    optimizer = heads.clip_gradients_by_norm(tf.train.GradientDescentOptimizer(1.0), 0.5)
    return head.create_estimator_spec(features, mode, logits, labels, optimizer=optimizer)


def examples():
    labels = {"a": np.array([0, 1, 2, 1]), "b": np.array([1.0, 2.0, 3.0, 4.0], np.float32)}
    features = {"x": X, "id": np.arange(4)}
    return tf.data.Dataset.from_tensor_slices((features, labels)).batch(4)


def test_several_heads_are_trained_at_once(tmp_path):
    est = tf.estimator.Estimator(model_fn, str(tmp_path))
    est.train(examples, steps=1)
    results = est.evaluate(examples)
    assert sorted(results) == [
        "accuracy/a",
        "average_loss/a",
        "average_loss/b",
        "global_step",
        "label/mean/b",
        "loss",
        "loss/a",
        "loss/b",
        "prediction/mean/b",
    ]
    np.testing.assert_allclose(results["loss"], results["loss/a"] + 2 * results["loss/b"], rtol=1e-6)
    kernel, bias = (est.get_variable_value(f"v/dense/{name}") for name in ("kernel", "bias"))
    moved = np.sqrt(np.square(kernel - 0.1).sum() + np.square(bias).sum())
    np.testing.assert_allclose(moved, 0.5, rtol=1e-5)


def test_features_are_forwarded_to_the_predictions(tmp_path):
    est = heads.forward_features(tf.estimator.Estimator(model_fn, str(tmp_path)), "id")
    assert [row["id"] for row in est.predict(examples)] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match='keys should be exist in features. Key "y" is not in features dict.'):
        next(heads.forward_features(est, ["y"]).predict(examples))
    with pytest.raises(TypeError, match="keys should be either a string or a list of strings. Given: <class 'int'>"):
        heads.forward_features(est, 3)


def test_heads_need_names_and_fitting_logits():
    with pytest.raises(ValueError, match="All given heads must have name specified. Given: "):
        heads.multi_head([heads.regression_head()])
    with pytest.raises(ValueError, match="heads and head_weights must have the same size. Given len.heads.: 1."):
        heads.multi_head([heads.regression_head(name="a")], [1, 2])
    head = heads.multi_head([heads.regression_head(name="a")])
    with pytest.raises(ValueError, match="Could not split logits of shape .4, 2. among the heads"):
        head.create_estimator_spec({}, "infer", tf.zeros([4, 2]))
