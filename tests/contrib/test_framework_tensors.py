"""tf.contrib.framework about tensors, placeholders and conditions that are known."""

from __future__ import annotations

import pytest

import pyflow as tf

framework = tf.contrib.framework


def test_sums_of_tensors_are_summed():
    with tf.Session() as session:
        assert session.run(framework.reduce_sum_n([tf.constant([1.0, 2.0]), tf.constant([[3.0]])], name="all")) == 6
        assert framework.reduce_sum_n([tf.constant(2.0, name="x")]).name == "reduce_sum_n/x/sum:0"
    with pytest.raises(ValueError, match="No tensors provided."):
        framework.reduce_sum_n([])


def test_placeholders_are_found():
    x = tf.placeholder(tf.float32, name="x")
    tf.placeholder_with_default(1.0, [])
    assert framework.get_placeholders(tf.get_default_graph()) == [x]
    with pytest.raises(TypeError, match="Input graph needs to be a Graph"):
        framework.get_placeholders("graph")


def test_a_known_condition_builds_one_branch():
    assert framework.smart_cond(tf.constant(True), lambda: 1, lambda: 2) == 1
    assert framework.smart_constant_value(0) is False
    assert framework.smart_constant_value(tf.equal(tf.constant(1) + 1, 2)) is True
    assert framework.smart_constant_value(tf.random_uniform([]) > 2) is None
    unknown = framework.smart_cond(tf.placeholder_with_default(False, []), lambda: 1, lambda: 2)
    with tf.Session() as session:
        assert session.run(unknown) == 2
    with pytest.raises(TypeError, match="`true_fn` must be callable."):
        framework.smart_cond(True, 1, lambda: 2)
    with pytest.raises(TypeError, match="`pred` must be a Tensor, or a Python bool, or 1 or 0."):
        framework.smart_cond("yes", lambda: 1, lambda: 2)


def test_predictions_lose_a_last_dimension_that_labels_lack():
    predictions, labels = framework.remove_squeezable_dimensions([[1], [2]], [1, 2])
    assert predictions.shape == labels.shape == [2]
