"""tf.contrib.slim: losses, train operations and scopes are TensorFlow's; models are trained and evaluated."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("slim_cases", "slim.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name, rtol=2e-4)


def _line(noise: float = 0.0):
    """Predictions of a line's points, and the points."""
    x = np.linspace(-1, 1, 20, dtype=np.float32).reshape(-1, 1)
    y = tf.constant(3 * x + 1 + noise)
    return tf.contrib.slim.fully_connected(tf.constant(x), 1, activation_fn=None, scope="line"), y


@pytest.mark.native  # a Supervisor has threads
@pytest.mark.filterwarnings("ignore:Attempting to use a closed FileWriter")  # it is stopped twice, as in TensorFlow
def test_a_model_is_trained_saved_and_evaluated(tmp_path):
    slim = tf.contrib.slim
    tf.set_random_seed(1)
    predictions, targets = _line()
    tf.losses.mean_squared_error(targets, predictions)
    train_op = slim.learning.create_train_op(tf.losses.get_total_loss(), tf.train.GradientDescentOptimizer(0.5))
    loss = slim.learning.train(
        train_op, str(tmp_path), number_of_steps=60, log_every_n_steps=20, save_summaries_secs=0, save_interval_secs=600
    )
    assert loss < 1e-4
    path = tf.train.latest_checkpoint(str(tmp_path))
    assert path.endswith("model.ckpt-60")
    with tf.Graph().as_default():
        predictions, targets = _line()
        total = tf.Variable(0.0, trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
        add = tf.assign_add(total, tf.reduce_mean(tf.abs(predictions - targets)))
        tf.summary.scalar("error", total)
        value = slim.evaluation.evaluate_once(
            "", path, str(tmp_path / "eval"), num_evals=3, eval_op=add, final_op=total
        )
        assert 0 < value < 0.1
    assert list((tmp_path / "eval").glob("events*"))


@pytest.mark.native
def test_training_without_a_folder_continues_until_its_step_function_stops():
    slim = tf.contrib.slim
    predictions, targets = _line()
    tf.losses.mean_squared_error(targets, predictions)
    train_op = slim.learning.create_train_op(tf.losses.get_total_loss(), tf.train.GradientDescentOptimizer(0.5))
    steps = []

    def step_fn(session, op, global_step, arguments):
        loss, stop = slim.learning.train_step(session, op, global_step, arguments)
        steps.append(loss)
        return loss, stop or len(steps) == 7

    slim.learning.train(train_op, None, train_step_fn=step_fn, number_of_steps=100)
    assert len(steps) == 7 and steps[-1] < steps[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train_op": None, "logdir": "x"}, "train_op cannot be None."),
        ({"train_op": 1, "logdir": None, "summary_op": None}, "Cannot provide summary_op because logdir=None"),
        ({"train_op": 1, "logdir": "x", "number_of_steps": 0}, "`number_of_steps` must be either None or a positive"),
    ],
)
def test_arguments_of_train_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        tf.contrib.slim.learning.train(**arguments)


@pytest.mark.native
def test_queue_runners_run_within_a_block():
    slim = tf.contrib.slim
    element = tf.train.string_input_producer(["a"], num_epochs=None).dequeue()
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        with slim.queues.QueueRunners(session):
            assert session.run(element) == b"a"
            with pytest.raises(slim.queues.NestedQueueRunnerError), slim.queues.QueueRunners(session):
                pass


def test_analysis_prints_what_it_counts(capsys):
    tf.get_variable("w", [2, 3])
    assert tf.contrib.slim.model_analyzer.analyze_vars(tf.global_variables(), print_info=True) == (6, 24)
    assert "w:0 (float32_ref 2x3) [6, bytes: 24]" in capsys.readouterr().out
    assert tf.contrib.slim.model_analyzer.analyze_ops(tf.get_default_graph()) > 6


def test_metrics_and_losses_are_those_of_contrib():
    assert tf.contrib.slim.metrics.streaming_accuracy is tf.contrib.metrics.streaming_accuracy
    assert tf.contrib.slim.metrics.aggregate_metric_map is tf.contrib.metrics.aggregate_metric_map
    assert tf.contrib.slim.losses.log_loss is tf.contrib.losses.log_loss
