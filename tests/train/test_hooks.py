"""The hooks of tf.train, each by itself: when they act, and what they refuse."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

import pyflow as tf
from pyflow.train.wrapped_sessions import _HookedSession
from tests.train.logged import logged


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph
    tf.summary.FileWriterCache.clear()


@pytest.fixture
def clock(monkeypatch):
    """Time stands still, unless a test sets `clock[0]`."""
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


class Running:
    """A session with initialised variables and one hook around its runs."""

    def __init__(self, hook):
        hook.begin()
        self.hook, self.raw = hook, tf.Session()
        self.raw.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        hook.after_create_session(self.raw, None)
        self.session = _HookedSession(self.raw, [hook])

    def __enter__(self):
        return self.session

    def __exit__(self, kind, *_):
        if kind is None:
            self.hook.end(self.raw)
        self.raw.close()


def counting(by=1):
    return tf.assign_add(tf.train.get_or_create_global_step(), by)


def test_timer_goes_off_every_few_steps():
    timer = tf.train.SecondOrStepTimer(every_steps=3)
    assert timer.should_trigger_for_step(1)
    assert timer.update_last_triggered_step(1) == (None, None)
    assert [timer.should_trigger_for_step(step) for step in (1, 2, 3, 4)] == [False, False, False, True]
    assert timer.update_last_triggered_step(5)[1] == 4 and timer.last_triggered_step() == 5
    timer.reset()
    assert timer.should_trigger_for_step(5)


def test_timer_goes_off_every_few_seconds(clock):
    timer = tf.train.SecondOrStepTimer(every_secs=2.0)
    timer.update_last_triggered_step(1)
    clock[0] += 1
    assert not timer.should_trigger_for_step(2)
    clock[0] += 1
    assert timer.should_trigger_for_step(2) and not timer.should_trigger_for_step(1)
    assert timer.update_last_triggered_step(2) == (2.0, 1)


def test_stops_at_a_step_or_after_some():
    add = counting()
    for hook in (tf.train.StopAtStepHook(num_steps=2), tf.train.StopAtStepHook(last_step=2)):
        with Running(hook) as sess:
            sess.run(add)
            assert not sess.should_stop()
            sess.run(add)
            assert sess.should_stop()


def test_waits_for_a_step(monkeypatch):
    step, pauses = tf.train.get_or_create_global_step(), []
    with Running(tf.train.GlobalStepWaiterHook(4)) as sess:
        raw = sess._sess

        def sleep(seconds):
            pauses.append(seconds)
            step.load(2 * len(pauses), raw)

        monkeypatch.setattr(time, "sleep", sleep)
        with logged() as lines:
            assert sess.run(step) == 4
            sess.run(step)
    assert pauses == [0.5, 0.5] and lines == ["Waiting for global step 4 before starting training."]


def test_counts_steps_per_second(tmp_path, clock):
    add = counting()
    with logged() as lines, Running(tf.train.StepCounterHook(every_n_steps=4, output_dir=str(tmp_path))) as sess:
        for _ in range(9):
            clock[0] += 0.5
            sess.run(add)
    assert lines == ["global_step/sec: 2"] * 2
    tf.summary.FileWriterCache.clear()
    (path,) = tmp_path.iterdir()
    summaries = [event for event in tf.train.summary_iterator(str(path)) if event.summary.value]
    assert [(e.step, e.summary.value[0].tag, e.summary.value[0].simple_value) for e in summaries] == [
        (5, "global_step/sec", 2.0),
        (9, "global_step/sec", 2.0),
    ]


def test_says_when_nothing_counts():
    step = tf.train.get_or_create_global_step()
    with logged() as lines, Running(tf.train.StepCounterHook(every_n_steps=10)) as sess:
        for _ in range(2):
            sess.run(step)
    assert lines[0].startswith("It seems that global step (tf.train.get_global_step) has not been increased. Current")


def test_logs_tensors_every_few_runs_and_at_the_end():
    x = tf.assign_add(tf.Variable([0.0, 0.5], name="v"), [1.0, 1.0], name="x")
    with logged() as lines:
        with Running(tf.train.LoggingTensorHook(["x"], every_n_iter=2, at_end=True)) as sess:
            for _ in range(3):
                sess.run(x)
        with Running(tf.train.LoggingTensorHook({"b": x, "a": "x:0"}, at_end=True)) as sess:
            sess.run(x)
        with Running(tf.train.LoggingTensorHook([x], 1, formatter=lambda values: f"sum {values[x].sum()}")) as sess:
            sess.run(x)
    short = [line.partition(" (")[0] for line in lines]
    assert short == ["x = [1.  1.5]", "x = [3.  3.5]", "x = [4.  4.5]", "a = [2.  2.5], b = [2.  2.5]", "sum 2.5"]
    assert [line.endswith(" sec)") for line in lines] == [False, True, True, False, False]


def test_logs_tensors_by_unambiguous_names_only():
    tf.unique([1, 2], name="two")
    with pytest.raises(ValueError, match=r"Name two is ambiguous, as this `Operation` has multiple outputs"):
        tf.train.LoggingTensorHook(["two"], 1).begin()
    with tf.Graph().as_default():
        other = tf.constant(1)
    with pytest.raises(ValueError, match="should have graph attribute that is equal to current graph"):
        tf.train.LoggingTensorHook([other], 1).begin()


def test_a_loss_that_is_nan_fails_or_stops():
    loss = tf.constant(np.nan)
    with logged() as lines:
        with Running(tf.train.NanTensorHook(loss, fail_on_nan_loss=False)) as sess:
            sess.run(loss)
            assert sess.should_stop()
        with pytest.raises(tf.train.NanLossDuringTrainingError, match="NaN loss during training."):
            with Running(tf.train.NanTensorHook(loss)) as sess:
                sess.run(loss)
    assert lines == ["Model diverged with loss = NaN."] * 2


class Listener(tf.train.CheckpointSaverListener):
    def __init__(self, stop_at=None):
        self.calls, self.stop_at = [], stop_at

    def begin(self):
        self.calls.append("begin")

    def before_save(self, session, global_step_value):
        self.calls.append(f"before {global_step_value}")

    def after_save(self, session, global_step_value):
        self.calls.append(f"after {global_step_value}")
        return global_step_value == self.stop_at

    def end(self, session, global_step_value):
        self.calls.append(f"end {global_step_value}")


def test_saves_checkpoints_and_tells_listeners(tmp_path):
    add, listener = counting(), Listener(stop_at=2)
    hook = tf.train.CheckpointSaverHook(str(tmp_path), save_steps=2, saver=tf.train.Saver(), listeners=[listener])
    with Running(hook) as sess:
        for _ in range(2):
            sess.run(add)
        assert sess.should_stop()
    assert listener.calls == ["begin", "before 0", "after 0", "before 2", "after 2", "end 2"]
    assert tf.train.get_checkpoint_state(str(tmp_path)).all_model_checkpoint_paths == [
        str(tmp_path / "model.ckpt-0"),
        str(tmp_path / "model.ckpt-2"),
    ]


def test_saves_with_the_only_saver_there_is(tmp_path):
    tf.train.get_or_create_global_step()
    hook = tf.train.CheckpointSaverHook(str(tmp_path), save_steps=2)
    with pytest.raises(RuntimeError, match="No items in collection savers. Please add a saver to the collection"):
        hook._get_saver()
    saver = tf.train.Saver()
    tf.add_to_collection(tf.GraphKeys.SAVERS, saver)
    assert hook._get_saver() is saver
    with pytest.raises(ValueError, match="You cannot provide both saver and scaffold."):
        tf.train.CheckpointSaverHook(str(tmp_path), save_steps=2, saver=saver, scaffold=tf.train.Scaffold())


def test_saves_summaries_at_the_first_step_and_every_few(tmp_path):
    add = counting()
    one, two = tf.summary.scalar("one", 1.0), tf.summary.scalar("two", 2.0)
    hook = tf.train.SummarySaverHook(save_steps=3, output_dir=str(tmp_path), summary_op=[one, two])
    with Running(hook) as sess:
        for _ in range(7):
            sess.run(add)
    tf.summary.FileWriterCache.clear()
    (path,) = tmp_path.iterdir()
    written = [(e.step, v.tag) for e in tf.train.summary_iterator(str(path)) for v in e.summary.value]
    assert written == [(step, tag) for step in (1, 4, 7) for tag in ("one", "two")]


def test_profiles_a_run(tmp_path):
    add = counting()
    with Running(tf.train.ProfilerHook(save_steps=1, output_dir=str(tmp_path))) as sess:
        for _ in range(3):
            sess.run(add)
    profiles = sorted(tmp_path.glob("timeline-*.json"))
    assert profiles and json.loads(profiles[0].read_text())["traceEvents"]


def test_final_ops_run_at_the_end_with_their_feeds():
    x = tf.placeholder(tf.float32)
    hook = tf.train.FinalOpsHook({"y": x * 2}, {x: 4.0})
    with Running(hook):
        assert hook.final_ops_values is None
    assert hook.final_ops_values == {"y": 8.0}


def test_final_ops_must_not_read_input():
    hook = tf.train.FinalOpsHook(tf.constant(1))

    class Session:
        def run(self, *args, **kwargs):
            raise tf.errors.OutOfRangeError(None, None, "end")

    with logged() as lines, pytest.raises(tf.errors.OutOfRangeError):
        hook.end(Session())
    assert lines[0].startswith("An OutOfRangeError or StopIteration exception is raised by the code in FinalOpsHook.")


def test_feeds_come_from_a_function():
    x = tf.placeholder(tf.float32)
    values = iter([1.0, 2.0])
    with Running(tf.train.FeedFnHook(lambda: {x: next(values)})) as sess:
        assert [sess.run(x), sess.run(x)] == [1.0, 2.0]


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: tf.train.SecondOrStepTimer(), "Either every_secs or every_steps should be provided."),
        (lambda: tf.train.SecondOrStepTimer(1, 1), "Can not provide both every_secs and every_steps."),
        (lambda: tf.train.StopAtStepHook(), "One of num_steps or last_step must be specified."),
        (lambda: tf.train.StopAtStepHook(1, 1), "Only one of num_steps or last_step can be specified."),
        (lambda: tf.train.StepCounterHook(1, 1), "exactly one of every_n_steps and every_n_secs should be provided."),
        (lambda: tf.train.LoggingTensorHook([]), "either at_end and/or exactly one of every_n_iter and every_n_secs"),
        (lambda: tf.train.LoggingTensorHook([], 0), "invalid every_n_iter=0."),
        (lambda: tf.train.SummarySaverHook(1), "Exactly one of scaffold or summary_op must be provided."),
    ],
)
def test_arguments_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "hook",
    [tf.train.StopAtStepHook(1), tf.train.StepCounterHook(), tf.train.SummarySaverHook(1, summary_op=1)],
    ids=lambda hook: type(hook).__name__,
)
def test_hooks_that_count_need_a_global_step(hook):
    with pytest.raises(RuntimeError, match=f"Global step should be created to use {type(hook).__name__}."):
        hook.begin()


def test_estimator_has_the_hooks_too():
    assert tf.estimator.StopAtStepHook is tf.train.StopAtStepHook
    assert tf.estimator.SessionRunHook is tf.train.SessionRunHook
