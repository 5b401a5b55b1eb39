"""Networks over time do what TensorFlow 1.15.5's do: names, variables, values, gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.central_differences import STEP, TOLERANCE, numeric_gradient, weights
from tests.golden_cases import Golden

GOLDEN = Golden("rnn_network_cases", "rnn_networks.json")
NETWORKS = [name for name in sorted(GOLDEN.cases) if name.startswith("network_")]
DOUBLE = np.dtype(np.float64)
X = np.cos(np.arange(24.0)).reshape(2, 4, 3)


@pytest.mark.parametrize("name", NETWORKS)
def test_network(name):
    expected, given = GOLDEN.expected[name], GOLDEN.run(name)
    for key in ("values", "gradients"):
        for ours, theirs in zip(given.pop(key), expected.pop(key), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=5e-7)
    assert given == expected


@pytest.mark.parametrize("name", ["losses", "buckets"])
def test_losses(name):
    (names, values), (their_names, their_values) = GOLDEN.run(name), GOLDEN.expected[name]
    assert names == their_names
    for ours, theirs in zip(values, their_values, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_errors():
    GOLDEN.check("errors")


def looped(cell, lengths=None):
    outputs, state = tf.nn.dynamic_rnn(cell, tf.constant(X), sequence_length=lengths, dtype=tf.float64)
    return [outputs, *tf.contrib.framework.nest.flatten(state)]


def unrolled(cell, lengths=None):
    steps = tf.unstack(tf.constant(X), axis=1)
    outputs, state = tf.nn.static_rnn(cell, steps, sequence_length=lengths, dtype=tf.float64)
    return [tf.stack(outputs, axis=1), *tf.contrib.framework.nest.flatten(state)]


@pytest.mark.parametrize("lengths", [None, [1, 3]])
@pytest.mark.parametrize("build", [looped, unrolled])
def test_gradients_are_the_numeric_ones(build, lengths):
    core = tf.nn.rnn_cell
    with tf.variable_scope("model", initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=1)):
        results = build(core.MultiRNNCell([core.LSTMCell(3, use_peepholes=True, num_proj=2), core.GRUCell(2)]), lengths)
    total = tf.add_n([tf.reduce_sum(t * weights(t.shape.as_list())) for t in results])
    variables = tf.trainable_variables()
    gradients = tf.gradients(total, variables)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run(variables)
        symbolic = sess.run(gradients)
        numeric = [
            numeric_gradient(lambda *moved: sess.run(total, dict(zip(variables, moved))), values, i, STEP[DOUBLE])
            for i in range(len(values))
        ]
    for ours, theirs in zip(symbolic, numeric, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE[DOUBLE], atol=TOLERANCE[DOUBLE])


def test_loop_and_copies_agree():
    with tf.variable_scope("model", initializer=tf.random_uniform_initializer(-0.5, 0.5, seed=1)) as scope:
        first = looped(tf.nn.rnn_cell.BasicLSTMCell(3), [4, 2])
        scope.reuse_variables()
        second = unrolled(tf.nn.rnn_cell.BasicLSTMCell(3), [4, 2])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for ours, theirs in zip(*sess.run([first, second]), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_number_of_steps_may_differ_from_run_to_run():
    x = tf.placeholder(tf.float32, [None, None, 3])
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(2), x, dtype=tf.float32)
    slope = tf.gradients(outputs, tf.trainable_variables()[0])[0]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for steps in (5, 1, 3):
            values, _ = sess.run([outputs, slope], {x: np.ones((2, steps, 3))})
            assert values.shape == (2, steps, 2)


def test_cells_may_be_defined_by_a_program():
    class Sum(tf.nn.rnn_cell.RNNCell):
        state_size = property(lambda self: 3)
        output_size = property(lambda self: 3)

        def call(self, inputs, state):
            bias = tf.get_variable("bias", [3], initializer=tf.ones_initializer())
            return state + inputs + bias, state + inputs

    x = tf.constant(X.astype(np.float32))
    outputs, state = tf.nn.dynamic_rnn(Sum(), x, dtype=tf.float32)
    assert [v.name for v in tf.trainable_variables()] == ["rnn/sum/bias:0"]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        outputs, state = sess.run([outputs, state])
    np.testing.assert_allclose(state, X.sum(1), rtol=1e-5)
    np.testing.assert_allclose(outputs, X.cumsum(1) + 1, rtol=1e-5)


def run(*fetches):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches)


def test_gradient_of_the_final_state_alone():
    outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(2), tf.constant(X), dtype=tf.float64)
    gradients = [tf.gradients(y, tf.trainable_variables()) for y in (state, outputs[:, -1])]
    for ours, theirs in zip(*run(*gradients), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_network_inside_a_loop():
    def final_state(x):
        with tf.variable_scope("inside", reuse=tf.AUTO_REUSE):
            return tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(2), x, dtype=tf.float64)[1]

    one_by_one = tf.map_fn(lambda x: final_state(x[tf.newaxis])[0], tf.constant(X))
    at_once = final_state(tf.constant(X))
    gradients = [tf.gradients(y, tf.trainable_variables()) for y in (one_by_one, at_once)]
    first, second, *gradients = run(one_by_one, at_once, *gradients)
    np.testing.assert_allclose(first, second, rtol=1e-12)
    for ours, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_state_may_be_a_scalar_and_an_array_and_outputs_several():
    class Recorder(tf.nn.rnn_cell.RNNCell):
        """Counts, keeps its inputs, and gives them back with their doubles."""

        state_size = property(lambda self: (tf.TensorShape([]), ()))
        output_size = property(lambda self: (3, tf.TensorShape([3])))

        def zero_state(self, batch_size, dtype):
            return tf.zeros([], tf.int32), tf.TensorArray(dtype, size=0, dynamic_size=True)

        def call(self, inputs, state):
            count, array = state
            return (inputs, 2 * inputs), (count + 1, array.write(count, inputs))

    for lengths in (None, [4, 4]):
        (same, double), (count, array) = tf.nn.dynamic_rnn(Recorder(), tf.constant(X), lengths, dtype=tf.float64)
        same, double, count, kept = run(same, double, count, array.stack())
        assert count == 4 and (same == X).all() and (double == 2 * X).all() and (kept == X.swapaxes(0, 1)).all()
