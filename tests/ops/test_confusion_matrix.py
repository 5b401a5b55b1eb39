"""The confusion matrix."""

import pytest

import pyflow as tf


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def test_rows_are_labels_and_columns_predictions():
    matrix = tf.confusion_matrix([0, 1, 2, 1], [0, 2, 2, 1])
    assert matrix.dtype == tf.int32
    assert run(matrix).tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]


def test_classes_that_do_not_occur():
    assert run(tf.confusion_matrix([1], [0], num_classes=3)).tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_weights_are_added_up():
    matrix = tf.confusion_matrix([0, 1, 1], [0, 1, 1], weights=[0.5, 1.0, 2.0], dtype=tf.float32)
    assert run(matrix).tolist() == [[0.5, 0.0], [0.0, 3.0]]


@pytest.mark.parametrize("labels, predictions", [([[0], [1]], [0, 1]), ([0, 1], [[0], [1]])])
def test_a_last_dimension_of_one_is_squeezed(labels, predictions):
    assert run(tf.confusion_matrix(labels, predictions)).tolist() == [[1, 0], [0, 1]]


def test_any_numeric_dtype_is_taken():
    assert run(tf.confusion_matrix(tf.constant([0.0, 1.0]), tf.constant([1, 1], tf.uint8))).tolist() == [[0, 1], [0, 1]]


def test_classes_out_of_range():
    with pytest.raises(tf.errors.InvalidArgumentError, match="`predictions` contains negative values"):
        tf.confusion_matrix([0, 1], [0, -1])
    labels, predictions = tf.placeholder(tf.int32, [2]), tf.placeholder(tf.int32, [2])
    matrix = tf.confusion_matrix(labels, predictions, num_classes=2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="`labels` out of bound"):
        run(matrix, {labels: [0, 2], predictions: [0, 1]})
    with pytest.raises(tf.errors.InvalidArgumentError, match="`predictions` contains negative values"):
        run(matrix, {labels: [0, 1], predictions: [0, -1]})
    with pytest.raises(ValueError, match="Shapes .* are incompatible"):
        tf.confusion_matrix([0, 1], [0, 1], weights=[1.0])
