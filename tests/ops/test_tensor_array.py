"""tf.TensorArray: what is written is read, once or often, and gradients find their way back."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error


def run(fetches, feeds=None):
    with tf.Session() as sess:
        return sess.run(fetches, feeds)


def array(size=3, **options):
    return tf.TensorArray(tf.float32, size=size, tensor_array_name="foo", **options)


def test_elements_are_read_as_they_were_written():
    a = array().write(0, [[4.0, 5.0]]).write(1, [[1.0, 2.0]]).write(2, [[0.0, 3.0]])
    assert [v.tolist() for v in run([a.read(0), a.read(2)])] == [[[4, 5]], [[0, 3]]] and run(a.size()) == 3


def test_all_elements_at_once():
    x = tf.placeholder(tf.float32, [None, 2])
    value = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    assert run(array().unstack(x).stack(), {x: value}).tolist() == value
    assert run(array().unstack(x).gather([2, 0]), {x: value}).tolist() == [value[2], value[0]]
    assert run(array().scatter([2, 0, 1], x).read(2), {x: value}).tolist() == value[0]
    split = tf.TensorArray(tf.float32, size=2, infer_shape=False).split(x, [1, 2])
    assert run(split.read(1), {x: value}).tolist() == value[1:]
    assert (
        run(tf.TensorArray(tf.float32, size=2, infer_shape=False).split(x, [1, 2]).concat(), {x: value}).tolist()
        == value
    )


def test_an_array_grows_if_it_may():
    a = array(size=0, dynamic_size=True).write(3, 1.0)
    assert run(a.size()) == 4


@pytest.mark.parametrize(
    "use, words",
    [
        (lambda: array().write(3, 1.0).flow, "Tried to write to index 3 but array is not resizeable and size is: 3"),
        (lambda: array().read(3), "Tried to read from index 3 but array size is: 3"),
        (lambda: array().write(0, 1.0).write(0, 2.0).flow, "index 0 because it has already been written to"),
        (lambda: array().read(0), "the element shape is not fully defined"),
        (lambda: tf.TensorArray(tf.float32, size=-1).flow, "Size should be >= 0"),
    ],
)
def test_wrong_use_is_an_error_when_it_runs(use, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(use())


def test_an_element_is_read_once_unless_asked_for():
    a = array().write(0, 1.0)
    first = a.read(0)
    with tf.control_dependencies([first]):
        second = a.read(0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Could not read index 0 twice because it was cleared"):
        run([first, second])
    a = array(clear_after_read=False).write(0, 1.0)
    assert run([a.read(0), a.read(0)]) == [1, 1]


def test_arguments_that_contradict_each_other():
    with pytest.raises(ValueError, match="Size must be provided if handle is not provided"):
        tf.TensorArray(tf.float32)
    a = array()
    with pytest.raises(ValueError, match="Cannot provide both a handle and size"):
        tf.TensorArray(tf.float32, size=1, handle=a.handle, flow=a.flow)
    with pytest.raises(ValueError, match="Inconsistent shapes: saw"):
        array().write(0, [1.0]).write(1, [1.0, 2.0])


def test_gradients_flow_through_all_ways_in_and_out():
    def f(x, y):
        first = tf.TensorArray(tf.float64, size=3, clear_after_read=False).unstack(x)
        second = tf.TensorArray(tf.float64, size=2, clear_after_read=False).write(0, y).write(1, y * y)
        third = tf.TensorArray(tf.float64, size=2, infer_shape=False).split(x, [1, 2])
        return first.read(1) * first.stack() + second.gather([1, 0])[0] + tf.reduce_sum(third.concat() ** 2)

    assert gradient_error(f, [[0.3, 0.5], [1.2, 0.7], [0.1, 0.9]], [0.4, 0.6]) < 1e-6


def test_elements_that_were_not_written_have_zero_gradient():
    x = tf.placeholder(tf.float32, [3, 2])
    y = array().unstack(x).read(1)
    assert run(tf.gradients(y, x), {x: np.ones((3, 2))})[0].tolist() == [[0, 0], [1, 1], [0, 0]]


def test_shapes_of_arguments_are_checked_when_the_graph_is_built():
    array = tf.TensorArray(tf.float32, size=3, infer_shape=False)
    with pytest.raises(ValueError, match="Shape must be rank 0 but is rank 1"):
        tf.TensorArray(tf.float32, size=[1])
    with pytest.raises(ValueError, match="Shape must be rank 1 but is rank 0"):
        array.split([1.0, 2.0, 3.0], 2)


def test_elements_of_unknown_rank_are_mapped_and_scanned():
    x = tf.placeholder(tf.float32)
    both = tf.map_fn(lambda v: v * 2, x), tf.scan(lambda a, v: a + v, x)
    assert [t.shape.ndims for t in both] == [None, None]
    with tf.Session() as session:
        assert [t.tolist() for t in session.run(both, {x: [1, 2, 3]})] == [[2, 4, 6], [1, 3, 6]]
