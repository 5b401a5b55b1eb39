"""Loops of few rounds become steps; what goes through tensor arrays and lists at known places is handed over."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from pyflow.ops.tensor_list_ops import EmptyTensorList, TensorListPopBack, TensorListPushBack


def run(fetches, feeds=None):
    """The values, and the types of the steps that computed them."""
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run(fetches, feeds)
        return values, [step.type for step in next(reversed(session._executables.values())).steps]


def array(size, **options):
    return tf.TensorArray(tf.float32, size, infer_shape=False, **options)


def through(types):
    return [t for t in types if t.startswith(("While", "StatelessWhile", "TensorArray", "TensorList", "Empty"))]


@pytest.mark.parametrize("steps", [1, 3])
def test_a_recurrent_network_over_few_steps_is_a_straight_line(steps):
    given = np.random.RandomState(0).randn(2, steps, 3).astype(np.float32)
    x = tf.placeholder(tf.float32, given.shape)
    outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicRNNCell(4), x, dtype=tf.float32)
    kernel, bias = tf.trainable_variables()
    gradients = tf.gradients(tf.reduce_sum(outputs), [x, kernel])
    (y, last, dx, dk, w, b), types = run([outputs, state, *gradients, kernel, bias], {x: given})
    assert not through(types)
    h, seen, dh, expected = np.zeros([2, 4]), [], np.zeros([2, 4]), np.zeros_like(w)
    for t in range(steps):
        seen.append(np.hstack([given[:, t], h]))
        h = np.tanh(seen[t] @ w + b)
        np.testing.assert_allclose(y[:, t], h, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last, h, rtol=1e-5, atol=1e-6)
    for t in reversed(range(steps)):
        dz = (dh + 1) * (1 - y[:, t] ** 2)
        expected += seen[t].T @ dz
        np.testing.assert_allclose(dx[:, t], (dz @ w.T)[:, :3], rtol=1e-4, atol=1e-5)
        dh = (dz @ w.T)[:, 3:]
    np.testing.assert_allclose(dk, expected, rtol=1e-4, atol=1e-5)


def test_a_loop_whose_end_is_only_known_in_the_run_stays_one():
    n = tf.placeholder(tf.int32, [])
    total = tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s + 2.0), [0, 0.0])[1]
    for count in (0, 1, 7):
        value, types = run(total, {n: count})
        assert value == 2 * count and len(through(types)) == 1


def test_a_loop_that_makes_no_round():
    x = tf.placeholder(tf.float32, [2])
    (_, y) = tf.while_loop(lambda i, s: i < 0, lambda i, s: (i + 1, s + 2.0), [0, x])
    given = np.ones(2, np.float32)
    value, types = run(y, {x: given})
    value += 1
    assert not through(types) and given.tolist() == [1, 1]


def test_rounds_that_change_a_variable():
    v = tf.get_variable("v", initializer=1.0, use_resource=True)

    def body(i, seen):
        old = v.read_value()
        with tf.control_dependencies([old]), tf.control_dependencies([v.assign(old * 2.0)]):
            return i + 1, seen + tf.identity(old)

    (_, seen) = tf.while_loop(lambda i, s: i < 3, body, [0, 0.0])
    with tf.control_dependencies([seen]):
        after = v.read_value()
    values, types = run([seen, after])
    assert values == [7, 8] and not through(types)


def test_effects_of_the_condition():
    v = tf.get_variable("v", initializer=0.0, use_resource=True)

    def goes_on(i):
        with tf.control_dependencies([v.assign_add(1.0)]):
            return tf.identity(i) < 3

    last = tf.while_loop(goes_on, lambda i: i + 1, [0])
    with tf.control_dependencies([last]):
        after = v.read_value()
    value, types = run(after)
    assert value == 4 and not through(types)


class TestArrays:
    def test_elements_in_any_order(self):
        x = tf.placeholder(tf.float32, [2])
        y = array(3).write(2, x).write(0, 2 * x).write(1, 3 * x).gather([1, 2, 0])
        value, types = run(y, {x: [1, 2]})
        assert value.tolist() == [[3, 6], [1, 2], [2, 4]] and not through(types)

    def test_gradients_of_an_element_that_is_read_twice_are_added(self):
        x = tf.placeholder(tf.float32, [2])
        elements = array(2, clear_after_read=False).unstack(x)
        y = elements.read(0) * 2.0 + elements.read(0) * 3.0 + elements.read(1)
        value, types = run(tf.gradients(y, x)[0], {x: [1, 2]})
        assert value.tolist() == [5, 1] and not through(types)

    @pytest.mark.parametrize(
        "use, message",
        [
            (lambda a, x: a.write(0, x).write(0, x).read(0), "it has already been written to"),
            (lambda a, x: tf.add_n([(w := a.write(0, x)).read(0), w.read(0)]), "Could not read index 0 twice"),
            (lambda a, x: a.write(2, x).read(0), "Tried to write to index 2"),
            (lambda a, x: a.write(0, x).read(1), "Could not read from TensorArray index 1"),
            (lambda a, x: a.write(0, x).write(1, tf.concat([x, x], 0)).stack(), "inconsistent shapes"),
        ],
    )
    def test_errors_are_those_of_the_accesses(self, use, message):
        x = tf.placeholder(tf.float32, [2])
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            run(use(array(2), x), {x: [1, 2]})

    def test_an_array_that_a_loop_gets_hold_of(self):
        x, n = tf.placeholder(tf.float32, []), tf.placeholder(tf.int32, [])
        start = array(3).write(0, x)
        elements = tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a.write(i, x * 2.0)), [1, start])[1]
        assert run(elements.stack(), {x: 1, n: 3})[0].tolist() == [1, 2, 2]

    def test_what_a_variable_held_when_it_was_written(self):
        v = tf.get_variable("v", initializer=[1.0, 2.0])
        written = array(1).write(0, v)
        with tf.control_dependencies([written.flow]), tf.control_dependencies([v.assign_add([5.0, 5.0])]):
            read = written.identity().read(0)
        assert run(read)[0].tolist() == [1, 2]


def test_what_a_variable_held_when_it_was_put_into_a_list():
    v = tf.get_variable("v", initializer=[1.0, 2.0])
    pushed = TensorListPushBack(EmptyTensorList([2], -1, element_dtype=tf.float32), v)
    with tf.control_dependencies([pushed]), tf.control_dependencies([v.assign_add([5.0, 5.0])]):
        value = TensorListPopBack(raw.Identity(pushed), [2], element_dtype=tf.float32)[1]
    assert run(value)[0].tolist() == [1, 2]


def test_zeros_are_not_added():
    x = tf.placeholder(tf.float32, [2, 3])
    w = tf.get_variable("w", initializer=[1.0, 2.0, 3.0])
    value, types = run(tf.add_n([tf.zeros_like(x), x * 2.0]) + tf.zeros([3]), {x: np.ones([2, 3])})
    assert value.tolist() == [[2] * 3] * 2 and types == ["Mul"]
    total = w + tf.zeros([3])
    with tf.control_dependencies([total]), tf.control_dependencies([w.assign_add([1.0, 1.0, 1.0])]):
        total = tf.identity(total)
    assert run(total)[0].tolist() == [1, 2, 3]
