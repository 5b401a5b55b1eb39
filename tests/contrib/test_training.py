"""tf.contrib.training: train operations, and loops that train and evaluate."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.train.logged import logged


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph
    tf.summary.FileWriterCache.clear()


def trained(folder, steps):
    """Checkpoints of w, which goes from 0 towards 2."""
    with tf.Graph().as_default() as graph:
        x = tf.constant([[1.0], [2.0]])
        w = tf.get_variable("w", [1, 1], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - 2.0 * x))
        train_op = tf.contrib.training.create_train_op(
            loss,
            tf.train.GradientDescentOptimizer(0.1),
            transform_grads_fn=tf.contrib.training.clip_gradient_norms_fn(1.0),
            summarize_gradients=True,
        )
        names = [op.name for op in graph.get_operations() if op.name.startswith(("train_op", "summarize"))]
        last = tf.contrib.training.train(train_op, str(folder), hooks=[tf.train.StopAtStepHook(steps)])
    return last, names


def test_trains_as_tensorflow_does(tmp_path):
    loss, names = trained(tmp_path, 5)
    # Measured under TensorFlow 1.15.5.
    assert loss == np.float32(6.4000006)
    assert names[-2:] == ["train_op/CheckNumerics", "train_op/control_dependency"]
    assert "summarize_grads/w_gradient" in names


def test_evaluates_a_checkpoint(tmp_path):
    trained(tmp_path, 5)
    w = tf.get_variable("w", [1, 1])
    tf.train.get_or_create_global_step()
    tf.summary.scalar("w", w[0, 0])
    hooks = [
        tf.contrib.training.StopAfterNEvalsHook(3),
        tf.contrib.training.SummaryAtEndHook(str(tmp_path / "eval")),
    ]
    with logged() as lines:
        (value,) = tf.contrib.training.evaluate_once(
            tf.train.latest_checkpoint(str(tmp_path)), eval_ops=w + 1, final_ops=[w * 1], hooks=hooks
        )
    assert value == np.float32(0.5)
    assert [line for line in lines if line.startswith("Evaluation")] == [f"Evaluation [{i}/3]" for i in (1, 2, 3)]
    tf.summary.FileWriterCache.clear()
    (path,) = (tmp_path / "eval").iterdir()
    (event,) = [event for event in tf.train.summary_iterator(str(path)) if event.summary.value]
    assert (event.step, event.summary.value[0].simple_value) == (5, 0.5)


def test_evaluates_checkpoints_as_they_come(tmp_path):
    trained(tmp_path, 2)
    w = tf.get_variable("w", [1, 1])
    tf.train.get_or_create_global_step()
    more, asked = iter([3]), []

    def timeout_fn():
        asked.append(True)
        steps = next(more, None)
        if steps:
            trained(tmp_path, steps)
        return not steps

    value = tf.contrib.training.evaluate_repeatedly(
        str(tmp_path),
        eval_ops={"w": w + 1},
        final_ops=w * 1,
        hooks=[tf.contrib.training.StopAfterNEvalsHook(1)],
        eval_interval_secs=0,
        timeout=0,
        timeout_fn=timeout_fn,
    )
    assert value == np.float32(0.5) and len(asked) == 2


def test_waiting_for_a_checkpoint_ends(tmp_path, monkeypatch):
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    with logged() as lines:
        assert list(tf.train.checkpoints_iterator(str(tmp_path), timeout=0)) == []
        assert tf.contrib.training.wait_for_new_checkpoint(str(tmp_path), seconds_to_sleep=0.1, timeout=0.0) is None
    waiting = f"Waiting for new checkpoint at {tmp_path}"
    assert lines == [waiting, "Timed-out waiting for a checkpoint.", waiting]


def test_updates_run_before_the_loss_and_are_missed_when_left_out():
    w = tf.Variable(1.0)
    updated = tf.Variable(0.0, trainable=False)
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, updated.assign_add(1.0))
    sgd = tf.train.GradientDescentOptimizer(0.0)
    train_op = tf.contrib.training.create_train_op(w * 2.0, sgd)
    with logged() as lines:
        tf.contrib.training.create_train_op(w * 2.0, sgd, update_ops=[])
    assert lines == ["update_ops in create_train_op does not contain all the update_ops in GraphKeys.UPDATE_OPS"]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(train_op) == 2.0 and sess.run(updated) == 1.0


def test_a_loss_that_is_no_number_is_an_error():
    w = tf.Variable(0.0)
    train_op = tf.contrib.training.create_train_op(tf.log(w - 1.0), tf.train.GradientDescentOptimizer(0.0))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="LossTensor is inf or nan : Tensor had NaN values"):
            sess.run(train_op)


def test_gradients_are_multiplied():
    v, w = tf.Variable(1.0, name="v"), tf.Variable(1.0, name="w")
    sparse = tf.IndexedSlices(tf.constant([3.0]), tf.constant([0]))
    multiplied = tf.contrib.training.multiply_gradients([(tf.constant(2.0), v), (sparse, w)], {v: 10.0, "w": 5.0})
    with tf.Session() as sess:
        assert sess.run([multiplied[0][0], multiplied[1][0].values]) == [20.0, [15.0]]
    for pairs, factors, message in (
        ((), {v: 1.0}, "`grads_and_vars` must be a list."),
        ([], {}, "`gradient_multipliers` is empty."),
        ([], [1], "`gradient_multipliers` must be a dict."),
        ([(None, v)], {v: 1.0}, "Requested multiple of `None` gradient."),
    ):
        with pytest.raises(ValueError, match=message):
            tf.contrib.training.multiply_gradients(pairs, factors)


def test_training_without_a_folder_writes_nothing():
    for arguments, message in (({}, "save_summaries_steps"), ({"save_summaries_steps": None}, "save_checkpoint_secs")):
        with pytest.raises(ValueError, match=f"logdir cannot be None when {message} is not None"):
            tf.contrib.training.train(tf.no_op(), None, **arguments)
