"""tf.train.Supervisor: sessions with services beside them."""

from __future__ import annotations

import re

import pytest

import pyflow as tf
from tests.train.logged import logged


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def events(folder):
    (path,) = folder.glob("events.out.tfevents.*")
    return list(tf.train.summary_iterator(str(path)))


def test_adds_the_nodes_that_tensorflows_adds(graph, tmp_path):
    tf.summary.scalar("s", tf.Variable(1.0, name="v"))
    step = tf.train.get_or_create_global_step()
    before = len(graph.get_operations())
    sv = tf.train.Supervisor(logdir=str(tmp_path))
    added = [op.name for op in graph.get_operations()[before:]]
    short = [name for name in added if not name.startswith(("report_uninitialized_variables/", "save/"))]
    # Measured under TensorFlow 1.15.5.
    assert short == ["init", "init_1", "init_all_tables", "group_deps", "Merge/MergeSummary"]
    assert sv.ready_op.name == "report_uninitialized_variables/boolean_mask/GatherV2:0"
    assert sv.ready_for_local_init_op is None and sv.global_step is step
    assert sv.save_path == str(tmp_path / "model.ckpt") and graph.finalized
    assert (sv.save_summaries_secs, sv.save_model_secs, sv.is_chief) == (120, 600, True)
    sv.stop()


@pytest.mark.native
def test_services_write_summaries_speeds_and_checkpoints(tmp_path):
    tf.summary.scalar("s", tf.Variable(2.0, name="v"))
    add = tf.assign_add(tf.train.get_or_create_global_step(), 1)
    sv = tf.train.Supervisor(logdir=str(tmp_path), save_summaries_secs=0.05, save_model_secs=0.05)
    saved = sv.saver.last_checkpoints
    with logged() as lines, sv.managed_session() as sess:
        while not (saved and any("sec: " in line for line in lines)):
            sess.run(add)
            saved = sv.saver.last_checkpoints
    starting = ["Starting standard services.", "Starting queue runners."]
    assert lines[:2] == ["Running local_init_op.", "Done running local_init_op."]
    assert [line for line in lines if line in starting] == starting
    path = re.escape(str(tmp_path / "model.ckpt"))
    for said in (r"Recording summary at step \d+\.", r"global_step/sec: \S+", f"Saving checkpoint to path {path}"):
        assert any(re.fullmatch(said, line) for line in lines)
    found = events(tmp_path)
    assert {v.tag for event in found for v in event.summary.value} == {"s", "global_step/sec"}
    statuses = [event.session_log.status for event in found if event.HasField("session_log")]
    assert statuses[0] == tf.SessionLog.START and statuses[-1] == tf.SessionLog.STOP
    assert tf.SessionLog.CHECKPOINT in statuses and (tmp_path / "graph.pbtxt").exists()


def test_goes_on_from_the_last_checkpoint(tmp_path):
    for expected in (1, 2):
        with tf.Graph().as_default():
            add = tf.assign_add(tf.train.get_or_create_global_step(), 1)
            sv = tf.train.Supervisor(logdir=str(tmp_path), save_summaries_secs=0, save_model_secs=0)
            with sv.managed_session() as sess:
                assert sess.run(add) == expected
                sv.saver.save(sess, sv.save_path, global_step=sv.global_step)


def test_errors_of_the_block_are_raised_and_the_end_of_the_input_is_none():
    v = tf.Variable(1.0)
    sv = tf.train.Supervisor()
    with sv.managed_session():
        raise tf.errors.OutOfRangeError(None, None, "end")
    with pytest.raises(ZeroDivisionError), sv.managed_session():
        raise ZeroDivisionError
    with pytest.raises(tf.errors.FailedPreconditionError), sv.managed_session() as sess:
        sess.resources.clear()
        sess.run(v)


@pytest.mark.native
def test_an_error_of_a_loop_stops_the_program():
    tf.Variable(1.0)
    sv = tf.train.Supervisor()
    with pytest.raises(KeyError, match="loop"), sv.managed_session():
        sv.loop(0.001, {}.__getitem__, args=("loop",))
        sv.wait_for_stop()
    assert sv.should_stop()


def test_summaries_that_the_program_computed_are_written(tmp_path):
    summary = tf.summary.scalar("s", 3.0)
    step = tf.train.get_or_create_global_step()
    sv = tf.train.Supervisor(logdir=str(tmp_path), summary_op=None, save_model_secs=0, save_summaries_secs=0)
    with sv.managed_session() as sess:
        step.load(8, sess)
        sv.summary_computed(sess, sess.run(summary))
    (event,) = [event for event in events(tmp_path) if event.summary.value]
    assert (event.step, event.summary.value[0].simple_value) == (8, 3.0)
    with tf.Graph().as_default():
        tf.Variable(1.0)
        with pytest.raises(RuntimeError, match="Writing a summary requires a summary writer."):
            tf.train.Supervisor().summary_computed(None, b"")


def test_a_worker_waits_and_has_no_services():
    with tf.device("/cpu:0"):
        tf.Variable(1.0)
    target = tf.train.Server.create_local_server().target
    tf.train.Supervisor().prepare_or_wait_for_session(target)
    tf.get_default_graph()._unsafe_unfinalize()
    worker = tf.train.Supervisor(is_chief=False)
    sess = worker.prepare_or_wait_for_session(target, max_wait_secs=1)
    assert worker.summary_writer is None and worker.save_path is None
    with pytest.raises(RuntimeError, match="Only chief supervisor can start standard services."):
        worker.start_standard_services(sess)


def test_variables_of_workers_need_devices():
    tf.Variable(1.0, name="v")
    with pytest.raises(ValueError, match='When using replicas, all Variables must have their device set: name: "v"'):
        tf.train.Supervisor(is_chief=False)


def test_basic_loop_runs_until_stopped_and_again_after_a_preemption():
    add = tf.assign_add(tf.train.get_or_create_global_step(), 1)
    sv, seen = tf.train.Supervisor(), []

    def step(sess, limit, label):
        seen.append((label, sess.run(add)))
        if len(seen) == 2:
            raise tf.errors.AbortedError(None, None, "preempted")
        if len(seen) == limit:
            sv.request_stop()

    tf.train.basic_train_loop(sv, step, args=(4,), kwargs={"label": "x"})
    assert seen == [("x", 1), ("x", 2), ("x", 1), ("x", 2)]
