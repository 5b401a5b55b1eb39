"""Ragged tensors do what they do in TensorFlow 1.15.5."""

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("ragged_cases", "ragged.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_case_gives_what_tensorflow_gives(name):
    GOLDEN.check(name)


def test_a_ragged_placeholder_is_fed_with_a_value_and_fetched_as_one():
    held = tf.ragged.placeholder(tf.int32, 2)
    value = tf.ragged.constant_value([[[1, 2]], [], [[3], []]], dtype=np.int32)
    with tf.Session() as sess:
        doubled = sess.run({"x": held * 2}, {held: value})["x"]
    assert doubled.to_list() == [[[2, 4]], [], [[6], []]]
    assert str(doubled) == "<tf.RaggedTensorValue [[[2, 4]], [], [[6], []]]>"


def test_gradients_reach_what_a_ragged_tensor_is_made_of():
    x = tf.placeholder(tf.float32, [3])
    ragged = tf.RaggedTensor.from_row_splits(x, [0, 2, 2, 3])
    total = tf.reduce_sum(tf.gather(ragged, [2, 0, 0]).flat_values ** 2) + tf.reduce_sum(ragged.to_tensor())
    (slope,) = tf.gradients(total, [x])
    with tf.Session() as sess:
        assert sess.run(tf.convert_to_tensor(slope), {x: [1, 2, 3]}).tolist() == [5, 9, 7]


def test_rows_that_differ_are_refused():
    x, y = (tf.ragged.placeholder(tf.int32, 1, []) for _ in range(2))
    words = r"Unable to broadcast: dimension size mismatch in dimension\] \[1\] \[lengths=\] \[1\] \[dim_size=\] \[2\]"
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match=words):
        sess.run(x + y, {x: tf.ragged.constant_value([[1, 2]], np.int32), y: tf.ragged.constant_value([[1]], np.int32)})


def test_what_has_an_unknown_rank_is_not_broadcast():
    with pytest.raises(ValueError, match="Unable to broadcast: unknown rank"):
        tf.add(tf.ragged.placeholder(tf.int32, 1), tf.ragged.placeholder(tf.int32, 1))


def test_a_spec_says_what_is_known():
    spec = tf.RaggedTensorSpec.from_value(tf.ragged.constant([[1, 2], []]))
    assert repr(spec) == "RaggedTensorSpec(TensorShape([Dimension(2), Dimension(None)]), tf.int32, 1, tf.int64)"
    assert spec.is_compatible_with(tf.ragged.constant([[3], [4]]))
    with pytest.raises(ValueError, match="ragged_rank must be less than rank"):
        tf.RaggedTensorSpec([None], tf.int32, 1)
