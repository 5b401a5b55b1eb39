"""Summaries: the bytes, names, tags and errors of TensorFlow 1.15.5."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.golden_cases import Golden

GOLDEN = Golden("summary_cases", "summaries.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_summary_is_what_tensorflow_gives(name):
    GOLDEN.check(name)


def test_sounds_of_old_graphs_are_written_as_those_of_today():
    sounds = np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 6)
    with tf.Session() as sess:
        old, new = sess.run(
            [raw.AudioSummary("s", sounds, sample_rate=8000.0), raw.AudioSummaryV2("s", sounds, 8000.0)]
        )
    assert old == new and len(tf.Summary.FromString(old).value) == 2


def test_tensor_summaries_of_one_tensor_keep_their_names():
    x = tf.constant([1.0])
    with tf.Session() as sess:
        first, second = sess.run([raw.TensorSummary(x, name="first"), raw.TensorSummary(x, name="second")])
    assert [tf.Summary.FromString(s).value[0].node_name for s in (first, second)] == ["first", "second"]


def test_tags_that_differ_in_shape_from_the_values_are_an_error():
    values = tf.placeholder(tf.float32)
    summary = raw.ScalarSummary(["a"], values)
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError) as caught:
        sess.run(summary, {values: [1.0, 2.0]})
    assert "tags and values not the same shape: [1] != [2] (tag 'a')" in caught.value.message


def test_description_of_a_tensor_summary_is_read_from_its_node():
    node = raw.TensorSummary([1.0], description='{"typeHint": "numbers"}').op.node_def
    assert tf.summary.get_summary_description(node).type_hint == "numbers"
    with pytest.raises(ValueError, match="Can't get_summary_description on Const"):
        tf.summary.get_summary_description(tf.constant(1.0).op.node_def)


def test_summaries_follow_what_is_fed():
    x = tf.placeholder(tf.float32, [None])
    merged = tf.summary.merge([tf.summary.scalar("sum", tf.reduce_sum(x)), tf.summary.histogram("x", x)])
    with tf.Session() as sess:
        for values in ([1.0, 2.0], [3.0], []):
            total, counts = tf.Summary.FromString(sess.run(merged, {x: values})).value
            assert total.simple_value == sum(values) == counts.histo.sum
            assert counts.histo.num == len(values) == sum(counts.histo.bucket)


def test_summaries_of_this_kind_are_none_of_version_2():
    tf.summary.scalar("a", 1.0)
    assert tf.summary.all_v2_summary_ops() == []
