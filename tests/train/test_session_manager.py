"""tf.train.SessionManager: sessions that are initialised, restored or waited for."""

from __future__ import annotations

import pytest

import pyflow as tf
from tests.train.logged import logged


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def saved(folder, value):
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable(value, name="v")
        sess.run(v.initializer)
        tf.train.Saver().save(sess, str(folder / "model"))


def test_initialises_by_an_operation_with_feeds_then_by_a_function():
    fed = tf.placeholder(tf.float32, [])
    v, w = tf.Variable(fed, name="v"), tf.Variable(0.0, name="w")
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables())
    sess = manager.prepare_session(
        "", init_op=v.initializer, init_feed_dict={fed: 2.0}, init_fn=lambda sess: sess.run(w.assign(v + 1.0))
    )
    assert sess.run([v, w]) == [2.0, 3.0]


def test_restores_rather_than_initialises(tmp_path):
    saved(tmp_path, 5.0)
    v = tf.Variable(1.0, name="v")
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables())
    for where in (
        {"checkpoint_dir": str(tmp_path)},
        {"checkpoint_filename_with_path": str(tmp_path / "model")},
    ):
        sess = manager.prepare_session("", v.initializer, tf.train.Saver(), **where)
        assert sess.run(v) == 5.0
    with pytest.raises(ValueError, match="Can not provide both checkpoint_dir and checkpoint_filename_with_path."):
        manager.prepare_session("", None, None, "a", "b")


def test_says_why_a_model_is_not_ready():
    v, w = tf.Variable(1.0, name="v"), tf.Variable(1.0, name="w")
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables())
    with pytest.raises(RuntimeError, match="Model is not initialized and no init_op or init_fn or local_init_op"):
        manager.prepare_session("")
    with pytest.raises(RuntimeError) as caught:
        manager.prepare_session("", init_op=v.initializer)
    assert str(caught.value) == (
        "Init operations did not make model ready.  Init op: v/Assign, init fn: None, local_init_op: None, error: "
        "Variables not initialized: w"
    )
    old = tf.train.SessionManager(ready_op=tf.assert_variables_initialized([w]))
    with pytest.raises(RuntimeError, match="Attempting to use uninitialized value w"):
        old.prepare_session("", init_op=v.initializer)


def test_local_variables_are_initialised_once_global_ones_are():
    v = tf.Variable(1.0, name="v")
    local = tf.Variable(v + 1.0, name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    with pytest.raises(ValueError, match="If you pass a ready_for_local_init_op you must also pass a local_init_op ,"):
        tf.train.SessionManager(ready_for_local_init_op=tf.no_op())
    manager = tf.train.SessionManager(
        ready_op=tf.report_uninitialized_variables(),
        ready_for_local_init_op=tf.report_uninitialized_variables([v]),
        local_init_op=local.initializer,
    )
    with logged() as lines:
        assert manager.prepare_session("", init_op=v.initializer).run(local) == 2.0
    assert lines == ["Running local_init_op.", "Done running local_init_op."]
    with pytest.raises(RuntimeError, match="did not make model ready for local_init.  Init op: None, .*initialized: v"):
        manager.prepare_session("")


def test_recovers_what_can_be_recovered(tmp_path):
    v = tf.Variable(1.0, name="v")
    saver, manager = tf.train.Saver(), tf.train.SessionManager(ready_op=tf.report_uninitialized_variables())
    sess, recovered = manager.recover_session("", saver, str(tmp_path))
    assert not recovered
    saved(tmp_path, 5.0)
    with logged() as lines:
        sess, recovered = manager.recover_session("", saver, str(tmp_path))
    assert recovered and sess.run(v) == 5.0 and lines[-1] == f"Restored model from {tmp_path}"
    tf.Variable(1.0, name="other")
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables())
    with logged() as lines:
        assert not manager.recover_session("", saver, str(tmp_path))[1]
    assert lines[-1].endswith("did not make model ready: Variables not initialized: other")


def test_waits_for_a_checkpoint(tmp_path, monkeypatch):
    v = tf.Variable(1.0, name="v")
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables(), recovery_wait_secs=2)
    monkeypatch.setattr("time.sleep", lambda seconds: saved(tmp_path, 7.0))
    with logged() as lines:
        sess = manager.prepare_session("", None, tf.train.Saver(), str(tmp_path), wait_for_checkpoint=True)
    assert sess.run(v) == 7.0 and lines[0] == "Waiting for checkpoint to be available."


def test_waits_for_another_session_to_initialise(monkeypatch):
    v = tf.Variable(4.0, name="v")
    target = tf.train.Server.create_local_server().target
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables(), recovery_wait_secs=0.01)
    chief = tf.Session(target)
    monkeypatch.setattr("time.sleep", lambda seconds: chief.run(v.initializer))
    with logged() as lines:
        assert manager.wait_for_session(target).run(v) == 4.0
    assert lines == [
        "Waiting for model to be ready.  Ready_for_local_init_op:  None, ready: Variables not initialized: v"
    ]


def test_does_not_wait_for_ever():
    tf.Variable(4.0, name="v")
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables(), recovery_wait_secs=1)
    with pytest.raises(tf.errors.DeadlineExceededError, match="Session was not ready after waiting 0 secs."):
        manager.wait_for_session("", max_wait_secs=0)
