"""Canned estimators: deep, linear, both, baselines. All numbers and names are TensorFlow 1.15.5's, by the same seed."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

RNG = np.random.RandomState(0)
N = 60
FEATURES = {
    "a": RNG.rand(N).astype(np.float32),
    "b": RNG.rand(N, 2).astype(np.float32),
    "c": np.array([b"x", b"y", b"z"], object)[RNG.randint(0, 3, N)],
    "d": RNG.randint(0, 5, N),
    "w": (RNG.rand(N) + 0.5).astype(np.float32),
}
THREE, TWO, NUMBERS = RNG.randint(0, 3, N), RNG.randint(0, 2, N), RNG.rand(N).astype(np.float32)
NAMES = np.array([b"no", b"yes"], object)[TWO]

columns = tf.feature_column
A = columns.numeric_column("a")
B = columns.numeric_column("b", shape=[2])
C = columns.categorical_column_with_vocabulary_list("c", ["x", "y", "z"])
D = columns.categorical_column_with_identity("d", 5)


def examples(labels, repeat=None):
    return lambda: tf.data.Dataset.from_tensor_slices((dict(FEATURES), labels)).batch(20).repeat(repeat)


def trained(folder, make, labels):
    """An estimator after five steps, and what an evaluation gives."""
    est = make(model_dir=str(folder), config=tf.estimator.RunConfig(tf_random_seed=3))
    est.train(examples(labels), steps=5)
    return est, est.evaluate(examples(labels, 1))


def check(results, **expected):
    found = {name: results[name.replace("__", "/")] for name in expected}
    assert {name: f"{value:.4g}" for name, value in found.items()} == {
        name: f"{value:.4g}" for name, value in expected.items()
    }


def test_a_deep_classifier_of_three_classes(tmp_path):
    inputs = [A, B, columns.indicator_column(C), columns.embedding_column(D, 3)]
    est, results = trained(tmp_path, lambda **k: tf.estimator.DNNClassifier([8, 4], inputs, n_classes=3, **k), THREE)
    check(results, accuracy=0.28333, average_loss=1.0913, loss=21.826)
    assert est.get_variable_names()[:3] == [
        "dnn/hiddenlayer_0/bias",
        "dnn/hiddenlayer_0/bias/t_0/Adagrad",
        "dnn/hiddenlayer_0/kernel",
    ]
    assert est.get_variable_value("dnn/logits/kernel").shape == (4, 3)
    first = next(est.predict(examples(THREE, 1)))
    assert first["classes"].tolist() == [b"0"] and first["class_ids"].tolist() == [0]
    np.testing.assert_allclose(first["probabilities"], [0.3371, 0.3268, 0.3361], atol=1e-4)


def test_a_deep_classifier_with_dropout_normalization_weights_and_names(tmp_path):
    _, results = trained(
        tmp_path,
        lambda **k: tf.estimator.DNNClassifier(
            [8],
            [A, B],
            dropout=0.5,
            batch_norm=True,
            weight_column="w",
            label_vocabulary=["no", "yes"],
            optimizer="Adam",
            **k,
        ),
        NAMES,
    )
    check(results, accuracy=0.53766, auc=0.39975, auc_precision_recall=0.38068, average_loss=0.69584, loss=13.712)
    check(results, label__mean=0.46234, prediction__mean=0.4422, accuracy_baseline=0.53766, precision=0, recall=0)


def test_a_deep_regressor(tmp_path):
    _, results = trained(
        tmp_path,
        lambda **k: tf.estimator.DNNRegressor(
            [8], [A, B], activation_fn=tf.nn.tanh, optimizer=tf.train.AdamOptimizer(0.01), **k
        ),
        NUMBERS,
    )
    check(results, average_loss=0.20641, label__mean=0.50636, loss=4.1282, prediction__mean=0.48534)


def test_a_linear_classifier_looks_weights_of_categories_up(tmp_path):
    cross = columns.crossed_column(["c", D], 20)
    est, results = trained(tmp_path, lambda **k: tf.estimator.LinearClassifier([A, C, cross], **k), TWO)
    assert est.get_variable_value("linear/linear_model/c_X_d/weights").shape == (20, 1)
    assert "linear/linear_model/bias_weights/part_0/Ftrl_1" in est.get_variable_names()
    assert results["loss"] < 20 * np.log(2)


def test_a_wide_and_deep_classifier(tmp_path):
    cross = columns.crossed_column(["c", D], 20)
    est, results = trained(
        tmp_path,
        lambda **k: tf.estimator.DNNLinearCombinedClassifier(
            linear_feature_columns=[C, D, cross],
            dnn_feature_columns=[A, B, columns.embedding_column(C, 2)],
            dnn_hidden_units=[6, 3],
            **k,
        ),
        TWO,
    )
    check(results, accuracy=0.53333, auc=0.65781, auc_precision_recall=0.64068, average_loss=0.68262, loss=13.652)
    np.testing.assert_allclose(
        np.abs(est.get_variable_value("linear/linear_model/d/weights")).sum(), 0.043202, rtol=1e-4
    )


def test_baselines_ignore_features(tmp_path):
    _, results = trained(tmp_path / "c", lambda **k: tf.estimator.BaselineClassifier(n_classes=3, **k), THREE)
    check(results, accuracy=0.38333, average_loss=1.093, loss=21.861)
    est, results = trained(tmp_path / "r", tf.estimator.BaselineRegressor, NUMBERS)
    check(results, average_loss=0.074914, loss=1.4983, prediction__mean=0.51297)
    np.testing.assert_allclose(est.get_variable_value("baseline/bias"), [0.51297], rtol=1e-4)


def test_a_classifier_is_exported_with_its_signatures(tmp_path):
    est, _ = trained(tmp_path, lambda **k: tf.estimator.DNNClassifier([4], [A], **k), TWO)
    receive = tf.estimator.export.build_parsing_serving_input_receiver_fn(columns.make_parse_example_spec([A]))
    path = est.export_saved_model(str(tmp_path / "exported"), receive)
    with tf.Graph().as_default(), tf.Session() as sess:
        loaded = tf.saved_model.loader.load(sess, ["serve"], path.decode())
    methods = {name: signature.method_name for name, signature in loaded.signature_def.items()}
    assert methods == {
        "classification": "tensorflow/serving/classify",
        "predict": "tensorflow/serving/predict",
        "regression": "tensorflow/serving/regress",
        "serving_default": "tensorflow/serving/classify",
    }


def test_what_heads_and_optimisers_cannot_be_is_refused():
    with pytest.raises(ValueError, match="n_classes must be > 2: 1."):
        tf.estimator.DNNClassifier([1], [A], n_classes=1)
    with pytest.raises(TypeError, match="label_vocabulary should be a list or tuple. Given type: <class 'str'>"):
        tf.estimator.LinearClassifier([A], label_vocabulary="x")
    with pytest.raises(ValueError, match="Invalid loss_reduction: none"):
        tf.estimator.LinearRegressor([A], loss_reduction="none")
    with pytest.raises(ValueError, match="Either linear_feature_columns or dnn_feature_columns must be defined."):
        tf.estimator.DNNLinearCombinedRegressor()
    est = tf.estimator.DNNClassifier([1], [A], optimizer="x", config=tf.estimator.RunConfig("/nowhere"))
    with pytest.raises(ValueError, match="Unsupported optimizer name: x. Supported names are: .'Adagrad', 'Adam'"):
        est.model_fn({"a": tf.zeros([1])}, None, "infer", None)
    est = tf.estimator.DNNClassifier([1], [A], config=tf.estimator.RunConfig("/nowhere"))
    with pytest.raises(ValueError, match="features should be a dictionary of `Tensor`s. Given type: "):
        est.model_fn(tf.zeros([1]), None, "infer", None)
    with pytest.raises(ValueError, match="You must provide a labels Tensor. Given: None."):
        est.model_fn({"a": tf.zeros([1, 1])}, None, "eval", None)


def test_examples_are_parsed_with_label_and_weight():
    spec = tf.estimator.classifier_parse_example_spec([A], "y", weight_column="w")
    assert spec == {
        "a": tf.FixedLenFeature((1,), tf.float32),
        "y": tf.FixedLenFeature((1,), tf.int64),
        "w": tf.FixedLenFeature((1,), tf.float32),
    }
    with pytest.raises(ValueError, match="label should not be used as feature. label_key: a, features: "):
        tf.estimator.regressor_parse_example_spec([A], "a")
