"""Softmax and the cross entropies: values against float64, gradients against differences, TensorFlow's errors."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.numeric_gradient import gradient_error

RANDOM = np.random.RandomState(1)


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def run(*fetches, feed=None):
    with tf.Session() as session:
        return session.run(fetches if len(fetches) > 1 else fetches[0], feed)


AXES = [
    ((4,), -1),
    ((3, 4), -1),
    ((3, 4), 0),
    ((2, 3, 4), 1),
    ((2, 3, 4), -2),
    ((2, 3, 4), 0),
    ((2, 3, 4), 2),
    ((2, 100), 1),
]


@pytest.mark.parametrize("shape, axis", AXES)
@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-14), (np.float32, 1e-6), (np.float16, 1e-3)])
def test_softmax(shape, axis, dtype, tolerance):
    x = (3 * RANDOM.standard_normal(shape)).astype(dtype)
    plain, log = run(tf.nn.softmax(x, axis=axis), tf.nn.log_softmax(x, axis=axis))
    expected = softmax(x.astype(np.float64), axis)
    assert plain.dtype == log.dtype == dtype
    np.testing.assert_allclose(plain, expected, tolerance, tolerance)
    np.testing.assert_allclose(log, np.log(expected), 10 * tolerance, tolerance)


@pytest.mark.parametrize("shape, axis", AXES[:6])
@pytest.mark.parametrize("function", [tf.nn.softmax, tf.nn.log_softmax])
def test_gradient(shape, axis, function):
    assert gradient_error(lambda x: function(x, axis=axis), RANDOM.standard_normal(shape)) < 1e-8


def test_axis_may_be_a_tensor_and_the_shape_stays_known():
    x = RANDOM.standard_normal((2, 3, 4))
    y = tf.nn.softmax(x, axis=tf.constant(1), name="probabilities")
    assert y.op.name == "probabilities" and y.shape.as_list() == [2, 3, 4]
    np.testing.assert_allclose(run(y), softmax(x, 1))


def test_large_logits_do_not_overflow():
    x = np.array([[1e30, 0.0, -1e30], [-1e30, -1e30, -1e30]], np.float32)
    plain, log = run(tf.nn.softmax(x), tf.nn.log_softmax(x))
    np.testing.assert_allclose(plain, [[1, 0, 0], [1 / 3] * 3], 1e-6)
    np.testing.assert_allclose(log, [[0, -1e30, -2e30], [-np.log(3)] * 3], 1e-6)


def test_empty_batch_and_no_classes():
    assert run(tf.nn.softmax(np.zeros((0, 3), np.float32))).shape == (0, 3)
    assert run(tf.nn.log_softmax(np.zeros((2, 0), np.float32))).shape == (2, 0)


def test_older_name_of_axis():
    x = RANDOM.standard_normal((2, 3))
    np.testing.assert_array_equal(*run(tf.nn.softmax(x, dim=0), tf.nn.softmax(x, axis=0)))
    with pytest.raises(ValueError, match="Cannot specify both 'dim' and 'axis'"):
        tf.nn.softmax(x, axis=0, dim=1)


def test_axis_out_of_range():
    message = r"Dimension \(2\) must be in the range \[-1, 1\) where 1 is the number of dimensions in the input."
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.nn.softmax([1.0, 2.0], axis=2)


def test_scalars_have_no_softmax():
    with pytest.raises(ValueError, match="Shape must be at least rank 1 but is rank 0 for 'Softmax'"):
        tf.nn.softmax(1.0)
    x = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"logits must have >= 1 dimension, got \[\]"):
        run(raw.Softmax(x), feed={x: 1.0})


def dense(x, labels, axis=-1):
    return -(labels * np.log(softmax(x, axis))).sum(axis)


@pytest.mark.parametrize("shape, axis", AXES)
@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-13), (np.float32, 1e-5), (np.float16, 5e-3)])
def test_cross_entropy(shape, axis, dtype, tolerance):
    x = RANDOM.standard_normal(shape).astype(dtype)
    labels = softmax(RANDOM.standard_normal(shape), axis).astype(dtype)
    loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=x, axis=axis)
    expected = dense(x.astype(np.float64), labels.astype(np.float64), axis)
    assert loss.shape.as_list() == list(expected.shape) and loss.dtype == dtype
    np.testing.assert_allclose(run(loss), expected, tolerance, tolerance)


@pytest.mark.parametrize("shape, axis", AXES[:6])
def test_cross_entropy_gradient(shape, axis):
    x, labels = RANDOM.standard_normal(shape), softmax(RANDOM.standard_normal(shape), axis)
    assert (
        gradient_error(
            lambda x, l: tf.nn.softmax_cross_entropy_with_logits_v2(labels=l, logits=x, axis=axis), x, labels
        )
        < 1e-8
    )


def test_second_gradient_of_cross_entropy():
    labels = softmax(RANDOM.standard_normal((2, 3)))

    def slope(x):
        loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=x)
        return tf.gradients(loss, [x])[0] * tf.constant([[1.0, -2.0, 0.5], [3.0, 0.1, 0.2]], tf.float64)

    assert gradient_error(slope, RANDOM.standard_normal((2, 3))) < 1e-8


def test_first_version_takes_labels_for_constants():
    x, labels = tf.constant([[1.0, 2.0]]), tf.constant([[0.25, 0.75]])
    loss = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=x)
    dx, dlabels = tf.gradients(loss, [x, labels])
    assert dlabels is None and loss.op.name == "softmax_cross_entropy_with_logits_sg/Reshape_2"
    np.testing.assert_allclose(run(dx), softmax(np.array([[1.0, 2.0]])) - [[0.25, 0.75]], 1e-6)


def test_logits_and_labels_broadcast():
    x, labels = RANDOM.standard_normal((1, 3)), softmax(RANDOM.standard_normal((4, 3)))
    loss, backprop = run(*raw.SoftmaxCrossEntropyWithLogits(x, labels))
    np.testing.assert_allclose(loss, dense(np.repeat(x, 4, 0), labels))
    np.testing.assert_allclose(backprop, softmax(x) - labels)


@pytest.mark.parametrize("labels", [np.int32, np.int64])
@pytest.mark.parametrize("shape", [(5, 3), (4, 2, 3), (3,), (2, 2, 2, 3), (0, 3)])
def test_sparse_cross_entropy(labels, shape):
    x = RANDOM.standard_normal(shape)
    right = RANDOM.randint(0, 3, shape[:-1]).astype(labels)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=right, logits=x)
    assert loss.shape.as_list() == list(shape[:-1])
    np.testing.assert_allclose(run(loss), dense(x, np.eye(3)[right]), 1e-13)
    assert gradient_error(lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=right, logits=x), x) < 1e-8


@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 1e-6), (np.float16, 2e-3)])
def test_sparse_cross_entropy_of_narrow_types(dtype, tolerance):
    x = RANDOM.standard_normal((6, 4)).astype(dtype)
    loss = run(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1, 2, 3, 0, 1], logits=x))
    assert loss.dtype == dtype
    np.testing.assert_allclose(loss, dense(x.astype(np.float64), np.eye(4)[[0, 1, 2, 3, 0, 1]]), tolerance, tolerance)


def test_sparse_cross_entropy_with_shapes_known_in_the_run_only():
    x, right = tf.placeholder(tf.float64), tf.placeholder(tf.int32)
    values, classes = RANDOM.standard_normal((2, 3, 4)), RANDOM.randint(0, 4, (2, 3))
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=right, logits=x)
    np.testing.assert_allclose(run(loss, feed={x: values, right: classes}), dense(values, np.eye(4)[classes]))
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(loss, feed={x: values, right: classes[0]})


def test_sparse_cross_entropy_has_no_second_gradient():
    x = tf.constant([[1.0, 2.0]])
    slope = tf.gradients(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=x), [x])[0]
    with pytest.raises(LookupError, match="no way to take the second derivative of sparse_softmax_cross_entropy"):
        tf.gradients(slope, [x])


@pytest.mark.parametrize("label, shown", [(2, 2), (-1, -1), (7, 7)])
def test_label_that_is_no_class(label, shown):
    message = (
        rf"Received a label value of {shown} which is outside the valid range of \[0, 2\).  Label values: 1 {label} 0"
    )
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1, label, 0], logits=np.zeros((3, 2), np.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(loss)


@pytest.mark.parametrize(
    "labels, logits, message",
    [
        (0, 3.0, "Logits cannot be scalars - received shape ()."),
        (
            [[1]],
            [[3.0]],
            "Rank mismatch: Rank of labels (received 2) should equal rank of logits minus 1 (received 2).",
        ),
        (
            [1, 2],
            [[3.0]],
            "Shape mismatch: The shape of labels (received (2,)) should equal the shape of logits except for the last "
            "dimension (received (1, 1)).",
        ),
    ],
)
def test_sparse_shapes_that_do_not_fit(labels, logits, message):
    with pytest.raises(ValueError) as error:
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "definition, second, shapes, message",
    [
        (
            raw.SoftmaxCrossEntropyWithLogits,
            tf.float32,
            ((1, 2), (1, 3)),
            "logits and labels must be broadcastable: logits_size=[1,2] labels_size=[1,3]",
        ),
        (raw.SoftmaxCrossEntropyWithLogits, tf.float32, ((2,), (2,)), "must be either 2-dimensional, or broadcasted"),
        (raw.SparseSoftmaxCrossEntropyWithLogits, tf.int32, ((2,), (2,)), "logits must be 2-D, but got shape [2]"),
        (raw.SparseSoftmaxCrossEntropyWithLogits, tf.int32, ((1, 2), ()), "labels must be 1-D, but got shape []"),
        (
            raw.SparseSoftmaxCrossEntropyWithLogits,
            tf.int32,
            ((1, 2), (2,)),
            "logits and labels must have the same first dimension, got logits shape [1,2] and labels shape [2]",
        ),
        (raw.SparseSoftmaxCrossEntropyWithLogits, tf.int32, ((2, 0), (2,)), "Must have at least one class, but got"),
    ],
)
def test_shapes_that_do_not_fit_in_a_run(definition, second, shapes, message):
    feeds = tf.placeholder(tf.float32), tf.placeholder(second)
    loss = definition(*feeds)[0]
    values = [np.zeros(shape, t.dtype.as_numpy_dtype) for t, shape in zip(feeds, shapes)]
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError) as error:
        session.run(loss, dict(zip(feeds, values)))
    assert message in str(error.value)


@pytest.mark.parametrize(
    "function",
    [
        tf.nn.softmax_cross_entropy_with_logits,
        tf.nn.sparse_softmax_cross_entropy_with_logits,
        tf.nn.sigmoid_cross_entropy_with_logits,
    ],
)
def test_arguments_are_given_by_name(function):
    with pytest.raises(ValueError, match=f"Only call `{function.__name__}` with named arguments"):
        function([[1.0]], [[1.0]])
    with pytest.raises(ValueError, match="Both labels and logits must be provided."):
        function(logits=[[1.0]])
