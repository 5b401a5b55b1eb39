"""tf.contrib.learn's estimators, and those for TPUs where there is none. Numbers are TensorFlow 1.15.5's."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf

X = np.random.RandomState(0).rand(64, 3).astype(np.float32)
Y = (X @ [[1.0], [2.0], [3.0]]).astype(np.float32)[:, 0]


def model_fn(features, labels, mode, params):
    y = tf.contrib.layers.fully_connected(features, 1, activation_fn=None)
    loss = train_op = None
    if mode != tf.contrib.learn.ModeKeys.INFER:
        loss = tf.losses.mean_squared_error(tf.reshape(labels, [-1, 1]), y)
    if mode == tf.contrib.learn.ModeKeys.TRAIN:
        step = tf.contrib.framework.get_global_step()
        train_op = tf.contrib.layers.optimize_loss(loss, step, learning_rate=params["lr"], optimizer="SGD")
    return tf.contrib.learn.ModelFnOps(mode=mode, predictions={"y": y}, loss=loss, train_op=train_op)


def estimator(folder):
    config = tf.contrib.learn.RunConfig(tf_random_seed=3, save_checkpoints_secs=100)
    return tf.contrib.learn.Estimator(model_fn, str(folder), params={"lr": 0.05}, config=config)


def test_arrays_are_fitted_scored_and_predicted(tmp_path):
    fitted = tf.contrib.learn.SKCompat(estimator(tmp_path))
    fitted.fit(X, Y, batch_size=16, steps=20)
    mae = tf.contrib.learn.MetricSpec(tf.metrics.mean_absolute_error, "y")
    scores = fitted.score(X, Y, metrics={"mae": mae})
    np.testing.assert_allclose([scores["loss"], scores["mae"]], [0.1994696, 0.35867524], rtol=1e-5)
    predicted = fitted.predict(X)["y"]
    assert predicted.shape == (64, 1) and scores["global_step"] == 20
    np.testing.assert_allclose(predicted[:3, 0], [3.5499163, 3.2193468, 4.25056], rtol=1e-5)


def test_input_functions_give_tensors(tmp_path):
    est = estimator(tmp_path)
    est.fit(input_fn=lambda: (tf.constant(X), tf.constant(Y)), steps=3)
    assert est.get_variable_value("global_step") == 3
    assert est.get_variable_names() == [
        "OptimizeLoss/learning_rate",
        "fully_connected/biases",
        "fully_connected/weights",
        "global_step",
    ]
    assert len(list(est.predict(input_fn=lambda: tf.constant(X[:2])))) == 2
    with pytest.raises(ValueError, match="Can not provide both input_fn and x or y."):
        est.fit(X, Y, input_fn=lambda: None)
    with pytest.raises(ValueError, match="Couldn't find trained model at "):
        estimator(tmp_path / "other").evaluate(input_fn=lambda: None)


def test_an_experiment_trains_and_evaluates(tmp_path):
    def make(run_config, hparams):
        return tf.contrib.learn.Experiment(
            tf.contrib.learn.Estimator(model_fn, params={"lr": 0.05}, config=run_config),
            train_input_fn=lambda: (tf.constant(X), tf.constant(Y)),
            eval_input_fn=lambda: (tf.constant(X), tf.constant(Y)),
            train_steps=5,
            eval_steps=1,
        )

    config = tf.contrib.learn.RunConfig(model_dir=str(tmp_path))
    metrics, _ = tf.contrib.learn.learn_runner.run(make, run_config=config)
    assert metrics["global_step"] == 5
    with pytest.raises(ValueError, match="Schedule references non-existent task x"):
        tf.contrib.learn.learn_runner.run(make, run_config=config, schedule="x")


def test_a_validation_monitor_ends_a_training_early(tmp_path):
    est = estimator(tmp_path)
    monitor = tf.contrib.learn.monitors.ValidationMonitor(
        input_fn=lambda: (tf.constant(X), tf.constant(Y)),
        eval_steps=1,
        every_n_steps=1,
        early_stopping_rounds=0,
        check_interval_secs=None,
    )
    est.fit(input_fn=lambda: (tf.constant(X), tf.constant(Y)), steps=50, monitors=[monitor])
    assert monitor.early_stopped and est.get_variable_value("global_step") == 1


def test_an_estimator_for_tpus_runs_without_one(tmp_path):
    def for_tpu(features, labels, mode, params):
        y = tf.layers.dense(features["x"], 1)
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.contrib.tpu.TPUEstimatorSpec(mode, predictions={"y": y})
        loss = tf.reduce_mean((labels - y) ** 2)
        if mode == tf.estimator.ModeKeys.EVAL:
            metrics = (lambda a, b: {"mae": tf.metrics.mean_absolute_error(a, b)}, [labels, y])
            return tf.contrib.tpu.TPUEstimatorSpec(mode, loss=loss, eval_metrics=metrics)
        assert not params["use_tpu"]
        optimizer = tf.contrib.tpu.CrossShardOptimizer(tf.train.AdamOptimizer(0.1))
        train_op = optimizer.minimize(loss, tf.train.get_global_step())
        return tf.contrib.tpu.TPUEstimatorSpec(mode, loss=loss, train_op=train_op)

    def examples(params):
        rows = tf.data.Dataset.from_tensor_slices(({"x": X}, Y[:, None])).repeat()
        size = params["batch_size"]
        return rows.apply(tf.contrib.data.map_and_batch(lambda x, y: (x, y), batch_size=size, drop_remainder=True))

    tpu_config = tf.contrib.tpu.TPUConfig(
        iterations_per_loop=10, per_host_input_for_training=tf.contrib.tpu.InputPipelineConfig.PER_HOST_V2
    )
    config = tf.contrib.tpu.RunConfig(model_dir=str(tmp_path), tf_random_seed=5, tpu_config=tpu_config)
    sizes = {"train_batch_size": 16, "eval_batch_size": 8, "predict_batch_size": 8}
    est = tf.contrib.tpu.TPUEstimator(for_tpu, use_tpu=False, config=config, params={}, **sizes)
    est.train(examples, max_steps=25)
    results = est.evaluate(examples, steps=4)
    np.testing.assert_allclose([results["loss"], results["mae"]], [0.33614627, 0.5060704], rtol=1e-5)
    np.testing.assert_allclose(next(est.predict(examples))["y"], [3.9774976], rtol=1e-5)
    with pytest.raises(ValueError, match="does not include params argument, required by TPUEstimator to pass batch"):
        est.train(lambda: None, max_steps=30)
    with pytest.raises(RuntimeError, match="Cannot find any TPU cores in the system"):
        tf.contrib.tpu.TPUEstimator(for_tpu, config=config, params={}, **sizes).train(examples, max_steps=30)
    with pytest.raises(ValueError, match="Invalid TPUConfig `iterations_per_loop` value"):
        tf.contrib.tpu.TPUConfig(iterations_per_loop="x")


@pytest.mark.parametrize(
    ("make", "labels", "loss"),
    [
        (lambda h: h.multi_label_head(3, thresholds=[0.5]), [[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]], 1.2030354),
        (lambda h: h.poisson_regression_head(), Y[:4, None], 3.3713245),
        (lambda h: h.logistic_regression_head(), np.full([4, 1], 0.3, np.float32), 1.3178489),
        (lambda h: h.multi_class_head(3, name="h"), [[0], [1], [2], [1]], 1.55149),
    ],
)
def test_heads_add_regularization_to_their_losses(make, labels, loss):
    head = make(tf.contrib.estimator)
    tf.train.create_global_step()
    logits = tf.constant(X[:4, : head.logits_dimension])
    spec = head.create_estimator_spec(
        {"x": tf.constant(X[:4])}, "eval", logits, tf.constant(labels), regularization_losses=[tf.constant(0.5)]
    )
    with tf.Session() as sess:
        sess.run([tf.local_variables_initializer(), tf.tables_initializer()])
        np.testing.assert_allclose(sess.run(spec.loss), loss, rtol=1e-6)
    assert all(name.endswith("/h") for name in spec.eval_metric_ops) == (head.name == "h")
