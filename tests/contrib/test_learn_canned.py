"""Canned models of tf.contrib.learn. Numbers and names are TensorFlow 1.15.5's, by the same seed."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

RNG = np.random.RandomState(0)
X = RNG.rand(60, 4).astype(np.float32)
THREE, TWO, NUMBERS = RNG.randint(0, 3, 60), RNG.randint(0, 2, 60), RNG.rand(60).astype(np.float32)


def fitted(make, folder, y):
    """A model after six steps, and its scores."""
    columns = tf.contrib.learn.infer_real_valued_columns_from_input(X)
    est = make(columns, config=tf.contrib.learn.RunConfig(tf_random_seed=4, model_dir=str(folder)))
    model = tf.contrib.learn.SKCompat(est)
    model.fit(X, y, batch_size=20, steps=6)
    return est, model, model.score(X, y)


def test_a_deep_classifier(tmp_path):
    est, model, scores = fitted(
        lambda columns, **k: tf.contrib.learn.DNNClassifier([5, 4], columns, n_classes=3, **k), tmp_path, THREE
    )
    np.testing.assert_allclose([scores["accuracy"], scores["loss"]], [0.36667, 1.0859], rtol=1e-4)
    np.testing.assert_allclose(model.predict(X)["probabilities"][0], [0.3625, 0.3158, 0.3218], atol=1e-4)
    assert list(est.predict(X))[:2] == [0, 0]
    assert "dnn/hiddenlayer_0/weights" in est.get_variable_names()


def test_a_deep_classifier_of_two_classes_with_dropout(tmp_path):
    sgd = tf.train.GradientDescentOptimizer(0.1)
    _, _, scores = fitted(
        lambda columns, **k: tf.contrib.learn.DNNClassifier([5], columns, optimizer=sgd, dropout=0.2, **k),
        tmp_path,
        TWO,
    )
    names = ["auc", "auc_precision_recall", "labels/prediction_mean", "loss", "accuracy/threshold_0.500000_mean"]
    expected = [0.50679, 0.57325, 0.54731, 0.68636, 0.56667]
    np.testing.assert_allclose([scores[name] for name in names], expected, rtol=1e-4)


def test_a_linear_regressor(tmp_path):
    est, _, scores = fitted(tf.contrib.learn.LinearRegressor, tmp_path, NUMBERS)
    np.testing.assert_allclose(scores["loss"], 0.086615, rtol=1e-4)
    np.testing.assert_allclose(np.abs(est.get_variable_value("linear//weight")).sum(), 0.37142, rtol=1e-4)
    np.testing.assert_allclose(list(est.predict(X))[:2], [0.3829, 0.3774], atol=1e-4)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="n_classes must be > 1 for classification: 1."):
        tf.contrib.learn.LinearClassifier([], n_classes=1)
    with pytest.raises(NotImplementedError, match="enable_centered_bias"):
        tf.contrib.learn.LinearRegressor([], enable_centered_bias=True)
