"""tf.estimator.Estimator: a model function trained, evaluated, used, exported. Numbers are TensorFlow 1.15.5's."""

from __future__ import annotations

import glob
import os

import numpy as np
import pytest

import pyflow as tf

X = np.random.RandomState(0).rand(64, 3).astype(np.float32)
Y = (X @ [[1.0], [2.0], [3.0]]).astype(np.float32)


def model_fn(features, labels, mode):
    y = tf.layers.dense(features["x"], 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": y, "twice": 2 * y})
    loss = tf.losses.mean_squared_error(labels, y)
    return tf.estimator.EstimatorSpec(
        mode,
        loss=loss,
        train_op=tf.train.AdamOptimizer(0.1).minimize(loss, tf.train.get_global_step()),
        eval_metric_ops={"mae": tf.metrics.mean_absolute_error(labels, y)},
    )


def examples(repeat=1):
    return lambda: tf.data.Dataset.from_tensor_slices(({"x": X}, Y)).repeat(repeat).batch(16)


def estimator(folder, **options):
    config = tf.estimator.RunConfig(str(folder), tf_random_seed=7, save_checkpoints_steps=10, keep_checkpoint_max=2)
    return tf.estimator.Estimator(model_fn, config=config, **options)


def serving():
    return tf.estimator.export.build_parsing_serving_input_receiver_fn({"x": tf.FixedLenFeature([3], tf.float32)})()


def test_training_evaluation_and_prediction_give_tensorflows_numbers(tmp_path):
    est = estimator(tmp_path)
    est.train(examples(None), max_steps=40)
    results = est.evaluate(examples())
    assert results["global_step"] == 40
    np.testing.assert_allclose([results["loss"], results["mae"]], [0.6098709, 0.6622908], rtol=1e-5)
    assert sorted(est.get_variable_names())[-2:] == ["dense/kernel/Adam_1", "global_step"]
    assert os.path.basename(est.latest_checkpoint()) == "model.ckpt-40"
    predicted = list(est.predict(examples(), predict_keys="y"))
    assert len(predicted) == 64 and list(predicted[0]) == ["y"]
    (first,) = est.get_variable_value("dense/bias") + X[0] @ est.get_variable_value("dense/kernel")
    np.testing.assert_allclose(predicted[0]["y"], [first], rtol=1e-5)
    whole = next(est.predict(examples(), yield_single_examples=False))
    assert whole["twice"].shape == (16, 1)


def test_training_goes_on_from_the_newest_checkpoint(tmp_path):
    est = estimator(tmp_path)
    assert est.train(examples(), steps=3) is est
    est.train(examples(), steps=2)
    assert est.get_variable_value("global_step") == 5
    est.train(examples(), max_steps=5)
    assert est.get_variable_value("global_step") == 5


def test_event_files_have_losses_and_metrics(tmp_path):
    est = estimator(tmp_path)
    est.train(examples(), steps=3)
    est.evaluate(examples(), name="held_out")
    (path,) = glob.glob(os.path.join(est.eval_dir("held_out"), "events*"))
    tags = [value.tag for event in tf.train.summary_iterator(path) for value in event.summary.value]
    assert tags == ["loss", "mae", "checkpoint_path"]


def test_train_and_evaluate_evaluates_each_checkpoint_and_exports(tmp_path):
    exporters = [
        tf.estimator.BestExporter("best", serving),
        tf.estimator.LatestExporter("latest", serving, exports_to_keep=1),
        tf.estimator.FinalExporter("final", serving),
    ]
    metrics, exports = tf.estimator.train_and_evaluate(
        estimator(tmp_path),
        tf.estimator.TrainSpec(examples(None), max_steps=20),
        tf.estimator.EvalSpec(examples(), steps=None, throttle_secs=0, exporters=exporters),
    )
    np.testing.assert_allclose([metrics["loss"], metrics["mae"]], [0.4611244, 0.5298289], rtol=1e-5)
    assert [type(path) for path in exports] == [bytes] * 3
    assert [len(os.listdir(tmp_path / "export" / name)) for name in ("latest", "final")] == [1, 1]
    assert sorted(os.listdir(exports[2])) == [b"saved_model.pb", b"variables"]


def test_an_exported_model_serves(tmp_path):
    est = estimator(tmp_path)
    est.train(examples(), steps=3)
    raw = tf.estimator.export.build_raw_serving_input_receiver_fn({"x": tf.placeholder(tf.float32, [None, 3])})
    path = est.export_saved_model(str(tmp_path / "exported"), raw)
    given = tf.contrib.predictor.from_saved_model(path.decode())({"x": X[:2]})
    expected = list(est.predict(examples()))[:2]
    np.testing.assert_allclose(given["y"], [row["y"] for row in expected], rtol=1e-6)


def test_warm_starting_takes_values_of_another_model(tmp_path):
    estimator(tmp_path / "a").train(examples(), steps=3)
    est = estimator(tmp_path / "b", warm_start_from=str(tmp_path / "a"))
    est.train(lambda: ({"x": tf.zeros([1, 3])}, tf.zeros([1, 1])), steps=1)
    other = tf.estimator.WarmStartSettings(str(tmp_path / "a"), vars_to_warm_start="dense/bias")
    assert other.var_name_to_vocab_info == {}
    before = tf.train.load_variable(str(tmp_path / "a"), "dense/kernel")
    np.testing.assert_allclose(est.get_variable_value("dense/kernel"), before, atol=1e-6)


def test_early_stopping_looks_at_evaluations(tmp_path):
    est = estimator(tmp_path)
    est.train(examples(), steps=2, hooks=[])
    est.evaluate(examples())
    other = estimator(tmp_path / "other")
    hook = tf.estimator.experimental.stop_if_lower_hook(
        other, "loss", 1e9, eval_dir=est.eval_dir(), run_every_secs=None, run_every_steps=1
    )
    other.train(examples(None), hooks=[hook], max_steps=50)
    assert other.get_variable_value("global_step") == 1
    assert other.get_variable_value("signal_early_stopping/STOP")


def test_the_model_is_evaluated_in_memory_while_it_is_trained(tmp_path):
    est = estimator(tmp_path)
    hook = tf.estimator.experimental.InMemoryEvaluatorHook(est, examples(), every_n_iter=5, name="mem")
    est.train(examples(None), hooks=[hook], steps=10)
    (path,) = glob.glob(os.path.join(est.eval_dir("mem"), "events*"))
    steps = [event.step for event in tf.train.summary_iterator(path) if event.HasField("summary")]
    assert steps == [0, 5, 10, 10]


def test_further_metrics_are_added(tmp_path):
    est = tf.estimator.add_metrics(estimator(tmp_path), lambda labels: {"mean": tf.metrics.mean(labels)})
    est.train(examples(), steps=1)
    np.testing.assert_allclose(est.evaluate(examples())["mean"], Y.mean(), rtol=1e-6)


def test_errors_speak_tensorflows_words(tmp_path):
    est = estimator(tmp_path)
    with pytest.raises(ValueError, match="Can not provide both steps and max_steps"):
        est.train(examples(), steps=1, max_steps=1)
    with pytest.raises(ValueError, match="Must specify steps > 0, given: 0"):
        est.evaluate(examples(), steps=0)
    with pytest.raises(TypeError, match="Hooks must be a SessionRunHook, given: x"):
        est.train(examples(), hooks=["x"])
    with pytest.raises(ValueError, match=r"Could not find trained model in model_dir: "):
        est.get_variable_names()
    with pytest.raises(ValueError, match=r"model_fn .* must include features argument"):
        tf.estimator.Estimator(lambda labels: None, str(tmp_path))
    with pytest.raises(ValueError, match="has following not expected args: .'x'."):
        tf.estimator.Estimator(lambda features, x: None, str(tmp_path))
    with pytest.raises(ValueError, match="but params .* is passed to Estimator"):
        tf.estimator.Estimator(model_fn, str(tmp_path), params={"a": 1})
    with pytest.raises(ValueError, match="config must be an instance of `RunConfig`, but provided 3"):
        tf.estimator.Estimator(model_fn, config=3)
    with pytest.raises(ValueError, match="are set both in constructor and `RunConfig`"):
        tf.estimator.Estimator(model_fn, str(tmp_path), config=tf.estimator.RunConfig("/other"))

    class Overriding(tf.estimator.Estimator):
        def train(self, input_fn):
            """Not allowed."""

    with pytest.raises(ValueError, match="Subclasses of Estimator cannot override members of Estimator"):
        Overriding(model_fn, str(tmp_path))


def test_a_spec_needs_what_its_mode_needs():
    spec, keys = tf.estimator.EstimatorSpec, tf.estimator.ModeKeys
    loss = tf.constant(1.0)
    for arguments, message in (
        ({"mode": keys.TRAIN, "loss": loss}, "Missing train_op"),
        ({"mode": keys.EVAL}, "Missing loss"),
        ({"mode": keys.PREDICT}, "Missing predictions"),
        ({"mode": keys.EVAL, "loss": tf.zeros([2])}, "Loss must be scalar, given"),
    ):
        with pytest.raises(ValueError, match=message):
            spec(**arguments)
    for arguments, message in (
        ({"loss": 3}, "loss must be Tensor, given: 3"),
        ({"loss": loss, "eval_metric_ops": {"a": loss}}, "tuples, given: .* for key: a"),
        ({"loss": loss, "evaluation_hooks": [1]}, "All hooks must be SessionRunHook instances, given: 1"),
        ({"loss": loss, "scaffold": 1}, "scaffold must be tf.train.Scaffold. Given: 1"),
    ):
        with pytest.raises(TypeError, match=message):
            spec(keys.EVAL, **arguments)
    with tf.Graph().as_default(), pytest.raises(ValueError, match="must be from the default graph"):
        spec(keys.EVAL, loss=loss)
    assert spec(keys.EVAL, loss=tf.zeros([1])).loss.shape == []
    assert list(spec(keys.PREDICT, predictions=loss).export_outputs) == ["serving_default"]
