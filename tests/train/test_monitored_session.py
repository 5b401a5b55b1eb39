"""tf.train.MonitoredSession and MonitoredTrainingSession: what they do by themselves, and what they log."""

from __future__ import annotations

import re

import pytest

import pyflow as tf
from pyflow.train.wrapped_sessions import _CoordinatedSession, _HookedSession, _RecoverableSession
from tests.train.logged import logged


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph
    tf.summary.FileWriterCache.clear()


def counting():
    step = tf.train.get_or_create_global_step()
    return tf.assign_add(step, 1)


def events(folder):
    (path,) = folder.glob("events.out.tfevents.*")
    return list(tf.train.summary_iterator(str(path)))


def test_a_training_says_and_writes_what_tensorflows_does(tmp_path):
    step = tf.train.get_or_create_global_step()
    w = tf.Variable(3.0, name="w")
    loss = tf.square(w, name="loss")
    tf.summary.scalar("loss", loss)
    learn = tf.train.GradientDescentOptimizer(0.1).minimize(loss, global_step=step)
    hooks = [tf.train.StopAtStepHook(num_steps=10), tf.train.LoggingTensorHook({"step": step, "loss": loss}, 4)]
    with logged() as lines:
        with tf.train.MonitoredTrainingSession(
            checkpoint_dir=str(tmp_path),
            save_checkpoint_steps=4,
            save_summaries_steps=3,
            log_step_count_steps=4,
            hooks=hooks,
        ) as sess:
            assert sess.graph.finalized
            while not sess.should_stop():
                sess.run(learn)
    path = tmp_path / "model.ckpt"
    shown = [re.sub(r"\d+\.\d+ sec", "0.1 sec", re.sub("sec: .*", "sec: 99", line)) for line in lines]
    assert shown == [
        "Create CheckpointSaverHook.",
        "Graph was finalized.",
        "Running local_init_op.",
        "Done running local_init_op.",
        f"Saving checkpoints for 0 into {path}.",
        "loss = 9.0, step = 1",
        f"Saving checkpoints for 4 into {path}.",
        "global_step/sec: 99",
        "loss = 1.5099496, step = 5 (0.1 sec)",
        f"Saving checkpoints for 8 into {path}.",
        "global_step/sec: 99",
        "loss = 0.25332752, step = 9 (0.1 sec)",
        f"Saving checkpoints for 10 into {path}.",
    ]
    assert not learn.graph.finalized
    assert tf.train.latest_checkpoint(str(tmp_path)) == f"{path}-10"
    assert (tmp_path / "graph.pbtxt").exists()
    found = events(tmp_path)
    kinds = [event.WhichOneof("what") for event in found]
    # As TensorFlow 1.15.5 writes them; the graph is there twice.
    assert kinds[:6] == ["file_version", *["graph_def", "meta_graph_def"] * 2, "session_log"]
    assert found[6].session_log.status == tf.SessionLog.START
    tags = [value.tag for event in found for value in event.summary.value]
    assert tags.count("loss_1") == 4 and tags.count("global_step/sec") == 2


def test_a_training_goes_on_from_the_last_checkpoint(tmp_path):
    for last in (3, 5):
        with tf.Graph().as_default():
            add = counting()
            hook = tf.train.StopAtStepHook(last_step=last)
            with tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), hooks=[hook]) as sess:
                runs = [sess.run(add) for _ in range(5) if not sess.should_stop()]
        assert runs[-1] == last
    assert runs == [4, 5]


def test_the_end_of_the_input_ends_the_session_and_other_errors_pass():
    add = counting()
    with tf.train.MonitoredSession() as sess:
        sess.run(add)
        raise tf.errors.OutOfRangeError(None, None, "end")
    with pytest.raises(ZeroDivisionError), tf.train.MonitoredSession():
        raise ZeroDivisionError
    assert sess.should_stop() and sess.graph is None
    with pytest.raises(RuntimeError, match="Session is already closed."):
        sess._close_internal(ZeroDivisionError)


@pytest.mark.native
def test_queue_runners_feed_the_session_until_the_input_ends():
    queue = tf.train.range_input_producer(3, num_epochs=2, shuffle=False)
    number, seen = queue.dequeue(), []
    with tf.train.MonitoredSession() as sess:
        while not sess.should_stop():
            seen.append(int(sess.run(number)))
    assert seen == [0, 1, 2, 0, 1, 2]


class Recorder(tf.train.SessionRunHook):
    def __init__(self, args=None, stop=False):
        self.calls, self.args, self.stop = [], args, stop

    def begin(self):
        self.calls.append("begin")

    def after_create_session(self, session, coord):
        self.calls.append("create")

    def before_run(self, run_context):
        self.original = run_context.original_args
        return self.args

    def after_run(self, run_context, run_values):
        self.calls.append(run_values.results)
        if self.stop:
            run_context.request_stop()

    def end(self, session):
        self.calls.append("end")


def test_hooks_are_called_around_runs_and_get_what_they_ask_for():
    x = tf.placeholder(tf.float32, name="x")
    plain, asking = Recorder(), Recorder(tf.train.SessionRunArgs({"double": x * 2}, {x: 3.0}), stop=True)
    y = x + 1
    with tf.train.MonitoredSession(hooks=[plain, asking]) as sess:
        assert sess.run(y) == 4.0
        with pytest.raises(RuntimeError, match="Run called even after should_stop requested."):
            sess.run(y)
        assert sess.should_stop()
    assert plain.calls == ["begin", "create", None, "end"]
    assert asking.calls == ["begin", "create", {"double": 6.0}, "end"]
    assert plain.original == tf.train.SessionRunArgs(y) and plain.original.feed_dict is None


def test_a_tensor_is_fed_once():
    x = tf.placeholder(tf.float32, name="x")
    hook = Recorder(tf.train.SessionRunArgs(None, {x: 3.0}))
    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        with pytest.raises(RuntimeError, match="Same tensor is fed by a SessionRunHook and user. Conflict"):
            sess.run(x, {x: 1.0})
    with pytest.raises(RuntimeError, match="Same tensor is fed by two hooks"):
        with tf.train.MonitoredSession(hooks=[hook, Recorder(hook.args)]) as sess:
            sess.run(x)


def test_options_of_hooks_reach_the_run():
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    add, metadata = counting(), tf.RunMetadata()
    with tf.train.MonitoredSession(hooks=[Recorder(tf.train.SessionRunArgs(None, options=options))]) as sess:
        sess.run(add, run_metadata=metadata)
    assert metadata.step_stats.dev_stats


def test_a_step_function_runs_with_or_without_hooks():
    add, hook = counting(), Recorder()

    def both(step_context):
        return step_context.session.run(add), step_context.run_with_hooks(add)

    def stop(step_context):
        step_context.request_stop()

    with tf.train.MonitoredSession(hooks=[hook]) as sess:
        assert sess.run_step_fn(both) == (1, 2)
        assert hook.calls == ["begin", "create", None]
        with pytest.raises(ValueError, match=r"Got \('context',\) instead"):
            sess.run_step_fn(lambda context: None)
        sess.run_step_fn(stop)
        raise AssertionError("not reached")


def test_a_preemption_is_followed_by_another_session():
    add, created = counting(), []

    class Creator(tf.train.SessionCreator):
        def create_session(self):
            created.append(tf.Session())
            created[-1].run(tf.global_variables_initializer())
            return created[-1]

    class Preemption(tf.train.SessionRunHook):
        def after_run(self, run_context, run_values):
            if len(created) < 3:
                raise tf.errors.AbortedError(None, None, "preempted")

    with logged() as lines:
        with tf.train.MonitoredSession(Creator(), [Preemption()]) as sess:
            assert sess.run(add) == 1
    assert len(created) == 3 and [line.startswith("An error was raised. This may") for line in lines] == [True, True]


def test_the_singular_session_gives_its_session_and_does_not_recover():
    add = counting()

    class Preemption(tf.train.SessionRunHook):
        def after_run(self, run_context, run_values):
            raise tf.errors.AbortedError(None, None, "preempted")

    with pytest.raises(tf.errors.AbortedError):
        with tf.train.SingularMonitoredSession([Preemption()]) as sess:
            assert type(sess.raw_session()) is tf.Session
            sess.run(add)


def test_an_error_of_a_thread_stops_the_session():
    coord, one = tf.train.Coordinator(), tf.constant(1)
    with tf.Session() as plain:
        sess = _CoordinatedSession(_HookedSession(plain, []), coord)
        assert sess.run(one) == 1 and not sess.should_stop()
        with coord.stop_on_exception():
            raise KeyError("thread")
        with pytest.raises(KeyError, match="thread"):
            sess.should_stop()
        with pytest.raises(KeyError, match="thread"):
            sess.close()


def test_a_thread_that_was_preempted_is_why_a_run_fails():
    sessions = []

    class Failing(tf.train.SessionCreator):
        def create_session(self):
            coord = tf.train.Coordinator()
            sessions.append(coord)
            failing = len(sessions) == 1

            class Session(tf.Session):
                def run(self, *args, **kwargs):
                    if failing:
                        with coord.stop_on_exception():
                            raise tf.errors.AbortedError(None, None, "preempted")
                        raise tf.errors.CancelledError(None, None, "queue closed")
                    return super().run(*args, **kwargs)

            return _CoordinatedSession(Session(), coord)

    one = tf.constant(1)
    assert _RecoverableSession(Failing()).run(one) == 1 and len(sessions) == 2


def test_a_worker_waits_for_the_chief():
    v = tf.Variable(5.0)
    target = tf.train.Server.create_local_server().target
    chief = tf.train.ChiefSessionCreator(master=target).create_session()
    worker = tf.train.MonitoredSession(tf.train.WorkerSessionCreator(master=target, max_wait_secs=1))
    assert worker.run(v) == 5.0 and chief.run(v) == 5.0


def test_scaffold_takes_what_is_in_the_collections():
    v = tf.Variable(1.0)
    mine = tf.no_op(name="mine")
    tf.add_to_collection(tf.GraphKeys.INIT_OP, mine)
    scaffold = tf.train.Scaffold(init_fn=lambda scaffold, sess: sess.run(v.initializer)).finalize()
    assert scaffold.init_op is mine and tf.get_collection(tf.GraphKeys.READY_OP) == [scaffold.ready_op]
    copied = tf.train.Scaffold(local_init_op=mine, copy_from_scaffold=scaffold)
    assert copied.saver is scaffold.saver and copied.local_init_op is mine
    with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(copied)) as sess:
        assert sess.run(v) == 1.0


def test_scaffold_refuses_several_of_a_kind():
    for name in "ab":
        tf.add_to_collection(tf.GraphKeys.INIT_OP, tf.no_op(name=name))
    with pytest.raises(RuntimeError, match='More than one item in the collection "init_op". Please indicate which one'):
        tf.train.Scaffold().finalize()
    with pytest.raises(TypeError, match="copy_from_scaffold is not a Scaffold instance."):
        tf.train.Scaffold(copy_from_scaffold=3)


def test_scaffold_adds_the_nodes_that_tensorflows_adds(graph):
    tf.summary.scalar("s", tf.Variable(1.0, name="v"))
    before = len(graph.get_operations())
    scaffold = tf.train.Scaffold().finalize()
    added = [op.name for op in graph.get_operations()[before:]]
    short = [name for name in added if not name.startswith(("report_uninitialized_variables", "save/"))]
    # Measured under TensorFlow 1.15.5.
    assert short == [
        *("init", "init_1", "group_deps", "report_uninitialized_resources/Const", "concat/axis", "concat"),
        *("report_uninitialized_resources_1/Const", "concat_1/axis", "concat_1"),
        *("init_2", "init_all_tables", "init_3", "group_deps_1", "Merge/MergeSummary"),
    ]
    assert [scaffold.init_op.name, scaffold.local_init_op.name] == ["group_deps", "group_deps_1"]
    assert scaffold.saver.saver_def.restore_op_name == "save/restore_all" and scaffold.saver.saver_def.sharded
