"""Event files: their names, what is written when, and what is read back."""

from __future__ import annotations

import os
import re
import socket
import time
import warnings

import pytest
from google.protobuf.message import DecodeError

import pyflow as tf
from pyflow.io.record import RecordWriter
from pyflow.summary import event_file_writer

NAME = re.compile(r"events\.out\.tfevents\.(\d{10})\." + re.escape(socket.gethostname()))


@pytest.fixture
def logdir(tmp_path):
    return str(tmp_path / "a" / "b")


def events_in(folder):
    return [e for f in sorted(os.listdir(folder)) for e in tf.train.summary_iterator(os.path.join(folder, f))]


def scalar(tag, number):
    return tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=number)])


def test_file_starts_with_the_first_event_and_its_version(logdir):
    before = time.time()
    writer = tf.summary.FileWriter(logdir)
    writer.flush()
    assert writer.get_logdir() == logdir and os.listdir(logdir) == []
    writer.add_summary(scalar("loss", 0.5), global_step=7)
    writer.close()
    (name,) = os.listdir(logdir)
    match = NAME.fullmatch(name)
    assert match
    version, event = events_in(logdir)
    assert version.file_version == "brain.Event:2" and version.wall_time == int(match[1])
    assert before <= event.wall_time <= time.time() and event.step == 7
    assert event.summary == scalar("loss", 0.5)


def test_file_with_a_suffix_starts_at_once(logdir):
    with tf.summary.FileWriter(logdir, filename_suffix=".eval"):
        (name,) = os.listdir(logdir)
    assert name.endswith(socket.gethostname() + ".eval")
    assert [e.WhichOneof("what") for e in events_in(logdir)] == ["file_version"]


def test_first_event_goes_to_the_file_at_once_and_later_ones_after_flush_secs(logdir, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(event_file_writer.time, "monotonic", lambda: now)
    with tf.summary.FileWriter(logdir, flush_secs=10) as writer:
        counts = []
        for now in (1000.0, 1005.0, 1009.0, 1011.0, 1012.0):
            writer.add_summary(scalar("x", now))
            counts.append(len(events_in(logdir)) - 1)
        writer.flush()
        counts.append(len(events_in(logdir)) - 1)
    assert counts == [1, 1, 1, 4, 4, 5]


def test_graph_is_written_with_shapes_and_as_a_meta_graph(logdir):
    with tf.Graph().as_default() as graph:
        tf.add(tf.constant([1.0, 2.0], name="x"), 1.0, name="y")
    with tf.summary.FileWriter(logdir, graph):
        pass
    _, event, meta = events_in(logdir)
    graph_def = tf.GraphDef.FromString(event.graph_def)
    assert graph_def == graph.as_graph_def(add_shapes=True)
    assert graph_def.node[0].attr["_output_shapes"].list.shape[0].dim[0].size == 2
    assert tf.MetaGraphDef.FromString(meta.meta_graph_def).graph_def == graph_def


def test_graph_def_is_taken_too_with_a_warning(logdir, caplog):
    graph_def = tf.constant(1.0).graph.as_graph_def()
    with tf.summary.FileWriter(logdir, graph_def=graph_def) as writer:
        writer.add_graph(graph_def, global_step=3)
    found = [(e.WhichOneof("what"), e.step) for e in events_in(logdir)]
    assert found == [("file_version", 0), ("graph_def", 0), ("meta_graph_def", 0), ("graph_def", 3)]
    assert "Passing a `GraphDef` to the SummaryWriter is deprecated" in caplog.text


def test_every_kind_of_event_comes_back(logdir):
    log = tf.SessionLog(status=tf.SessionLog.CHECKPOINT, checkpoint_path="model-3")
    metadata = tf.RunMetadata()
    metadata.step_stats.dev_stats.add(device="/cpu:0")
    own = tf.Event(wall_time=12.5, step=9, summary=scalar("own", 1.0))
    with tf.summary.FileWriter(logdir) as writer:
        writer.add_session_log(log, 3)
        writer.add_run_metadata(metadata, "step 3", 3)
        writer.add_event(own)
        writer.add_summary(scalar("text", 2.0).SerializeToString(), tf.constant(4).shape.ndims)
        with pytest.raises(ValueError, match="The provided tag was already used for this event type"):
            writer.add_run_metadata(metadata, "step 3")
    _, first, second, third, fourth = events_in(logdir)
    assert first.session_log == log and first.step == 3
    assert second.tagged_run_metadata.tag == "step 3"
    assert tf.RunMetadata.FromString(second.tagged_run_metadata.run_metadata) == metadata
    assert third == own
    assert fourth.summary == scalar("text", 2.0) and fourth.step == 0


def test_metadata_are_written_once_a_tag(logdir):
    with tf.Session() as sess, tf.summary.FileWriter(logdir) as writer:
        text = sess.run(tf.summary.text("words", tf.constant("a")))
        for step in range(3):
            writer.add_summary(text, step)
    plugins = [e.summary.value[0].metadata.plugin_data.plugin_name for e in events_in(logdir)[1:]]
    assert plugins == ["text", "", ""]


def test_closed_writer_ignores_events_with_a_warning_until_reopened(logdir):
    writer = tf.summary.FileWriter(logdir)
    writer.add_summary(scalar("a", 1.0))
    writer.close()
    with pytest.warns(UserWarning, match="Attempting to use a closed FileWriter") as caught:
        writer.add_summary(scalar("b", 2.0))
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="Attempting to use a closed FileWriter"):
        writer.flush()
    writer.reopen()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        writer.add_summary(scalar("c", 3.0))
        writer.reopen()
        writer.close()
    # Another file, though it is of the same second.
    assert len(os.listdir(logdir)) == 2
    assert [v.tag for e in events_in(logdir) for v in e.summary.value] == ["a", "c"]


def test_two_writers_in_one_folder_do_not_overwrite_each_other(logdir):
    with tf.summary.FileWriter(logdir) as one, tf.summary.FileWriter(logdir) as two:
        one.add_summary(scalar("one", 1.0))
        two.add_summary(scalar("two", 2.0))
    assert sorted(v.tag for e in events_in(logdir) for v in e.summary.value) == ["one", "two"]


def test_cache_has_one_writer_a_folder(logdir):
    try:
        with tf.Graph().as_default():
            tf.constant(1.0)
            writer = tf.summary.FileWriterCache.get(logdir)
            assert tf.summary.FileWriterCache.get(logdir) is writer
    finally:
        tf.summary.FileWriterCache.clear()
    assert [e.WhichOneof("what") for e in events_in(logdir)][1:] == ["graph_def", "meta_graph_def"]
    with pytest.warns(UserWarning, match="closed"):
        writer.flush()


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda w: w.add_graph(None), TypeError, "must be an instance of `Graph` or the deprecated `GraphDef`"),
        (lambda w: w.add_graph("a"), TypeError, "must be an instance of `Graph`"),
        (lambda w: w.add_graph(tf.Graph(), graph_def=tf.GraphDef()), ValueError, "Please pass only graph"),
        (lambda w: w.add_meta_graph(3), TypeError, "must be type MetaGraphDef, saw type: <class 'int'>"),
        (lambda w: w.add_summary(b"abc"), DecodeError, "."),
        (lambda w: tf.summary.FileWriter(w.get_logdir(), session=1), NotImplementedError, "of a session"),
    ],
)
def test_wrong_use_is_an_error(logdir, call, error, words):
    with tf.summary.FileWriter(logdir) as writer, pytest.raises(error, match=words):
        call(writer)


def test_damaged_and_missing_event_files_are_errors(logdir):
    with tf.summary.FileWriter(logdir) as writer:
        writer.add_summary(scalar("a", 1.0))
    path = os.path.join(logdir, os.listdir(logdir)[0])
    os.truncate(path, os.path.getsize(path) - 1)
    with pytest.raises(tf.errors.DataLossError, match="truncated record"):
        events_in(logdir)
    os.truncate(path, 0)
    assert events_in(logdir) == []
    with pytest.raises(tf.errors.NotFoundError):
        list(tf.train.summary_iterator(path + ".not"))


def test_record_that_is_no_event_is_data_loss(tmp_path):
    for i, record in enumerate([b"abc", b"\x1a\x02\xff\xfe"]):  # not a message; file_version that is not UTF-8
        with RecordWriter(tmp_path / str(i)) as writer:
            writer.write(record)
        with pytest.raises(tf.errors.DataLossError, match="a record is not an Event"):
            list(tf.train.summary_iterator(str(tmp_path / str(i))))
