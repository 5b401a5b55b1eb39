"""Products of a loop that are computed ahead, or later, or by another thread: the numbers are those of the rounds."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops.primitives import primitives
from pyflow.runtime import unrolling
from pyflow.runtime.cpu import ahead, blas, loop_growth, loop_products


@pytest.fixture(autouse=True, params=[False, True], ids=["at_once", "meanwhile"])
def small_products(request, monkeypatch):
    """However small they are, products count as worth it."""
    monkeypatch.setattr(unrolling, "FEW", unrolling.Limits(0, 0))
    monkeypatch.setattr(loop_products, "_SMALLEST", 1)
    monkeypatch.setattr(loop_growth, "_WORTH_A_THREAD", 0 if request.param else 1 << 60)


def loops(monkeypatch):
    """The loops that are compiled from now on."""
    made, init = [], loop_products.Ahead.__init__

    def note(self, *args):
        made.append(self)
        init(self, *args)

    monkeypatch.setattr(loop_products.Ahead, "__init__", note)
    return made


@pytest.mark.parametrize("x_first", [True, False])
@pytest.mark.parametrize("rounds", [1, 8, 9, 30, 150])
def test_a_recurrent_network(rounds, x_first, monkeypatch):
    made = loops(monkeypatch)
    rng = np.random.RandomState(0)
    w, given = rng.randn(7, 4) * 0.3, rng.randn(rounds, 2, 3)
    x, weights = tf.placeholder(tf.float64, given.shape), tf.constant(w)
    inputs = tf.TensorArray(tf.float64, rounds).unstack(x)

    def body(t, h, outputs):
        parts = [inputs.read(t), h] if x_first else [h, inputs.read(t)]
        h = tf.tanh(tf.matmul(tf.concat(parts, 1), weights))
        return t + 1, h, outputs.write(t, h)

    start = (0, tf.zeros([2, 4], tf.float64), tf.TensorArray(tf.float64, rounds))
    y = tf.while_loop(lambda t, *_: t < rounds, body, start)[2].stack()
    with tf.Session() as session:
        for scale in (1.0, 0.5):  # nothing of the first run is left in the second one
            values, dx, dw = session.run([y, *tf.gradients(y * y, [x, weights])], {x: given * scale})
            h, seen, dh, expected = np.zeros([2, 4]), [], np.zeros([2, 4]), np.zeros_like(w)
            for t in range(rounds):
                seen.append(np.hstack([given[t] * scale, h][:: 1 if x_first else -1]))
                h = np.tanh(seen[t] @ w)
                np.testing.assert_allclose(values[t], h, rtol=1e-9, atol=1e-12)
            of_x, of_h = (slice(0, 3), slice(3, 7)) if x_first else (slice(4, 7), slice(0, 4))
            for t in reversed(range(rounds)):
                dz = (dh + 2 * values[t]) * (1 - values[t] ** 2)
                expected += seen[t].T @ dz
                np.testing.assert_allclose(dx[t], (dz @ w.T)[:, of_x], rtol=1e-9, atol=1e-12)
                dh = (dz @ w.T)[:, of_h]
            np.testing.assert_allclose(dw, expected, rtol=1e-9, atol=1e-12)
    assert made


@pytest.mark.parametrize("width_bytes", [0, 16], ids=["whole", "in_blocks"])
@pytest.mark.parametrize("order", ["stss", "ssts"])
def test_gates_of_a_recurrent_network(order, width_bytes, monkeypatch):
    monkeypatch.setattr(blas, "_WIDTH_BYTES", width_bytes)
    monkeypatch.setattr(blas, "_NARROWEST", 2)
    rounds, rng = 21, np.random.RandomState(0)
    x = tf.placeholder(tf.float64, [rounds, 3, 5])
    weights, bias = tf.constant(rng.randn(9, 16) * 0.5), tf.constant(rng.randn(16) * 0.5)
    inputs = tf.TensorArray(tf.float64, rounds).unstack(x)

    def body(t, c, h):
        sums = tf.nn.bias_add(tf.matmul(tf.concat([inputs.read(t), h], 1), weights), bias)
        blocks = tf.split(sums, 4, axis=1)
        blocks[3] = blocks[3] + 1.0
        i, j, f, o = (tf.sigmoid(b) if kind == "s" else tf.tanh(b) for b, kind in zip(blocks, order))
        c = c * f + i * j
        return t + 1, c, tf.tanh(c) * o

    zeros = tf.zeros([3, 4], tf.float64)
    y = tf.while_loop(lambda t, *_: t < rounds, body, (0, zeros, zeros))[2]
    fetches = [y, *tf.gradients(y * y, [x, weights, bias])]
    given = rng.randn(rounds, 3, 5)
    made = loops(monkeypatch)
    with tf.Session() as session:
        results = session.run(fetches, {x: given})
        again = session.run(fetches, {x: given})
    assert [type(each) for each in made] == [ahead.GatesAhead if primitives.gates is None else ahead.Ahead]
    monkeypatch.setattr(loop_products, "_SMALLEST", 1 << 60)
    with tf.Session() as session:
        expected = session.run(fetches, {x: given})
    assert len(made) == 1
    for value, same, right in zip(results, again, expected):
        assert (value == same).all()
        np.testing.assert_allclose(value, right, rtol=1e-10, atol=1e-13)


def test_an_array_whose_later_elements_the_rounds_write():
    w = np.random.RandomState(0).randn(4, 2)
    x, weights = tf.placeholder(tf.float64, [1, 2]), tf.constant(w)
    elements = tf.TensorArray(tf.float64, 21, clear_after_read=False).write(0, x)

    def body(t, h, elements):
        h = tf.tanh(tf.matmul(tf.concat([elements.read(t), h], 1), weights))
        return t + 1, h, elements.write(t + 1, h * 2.0)

    (_, last, _) = tf.while_loop(lambda t, *_: t < 20, body, (0, tf.zeros([1, 2], tf.float64), elements))
    dx = tf.gradients(last, x)[0]
    with tf.Session() as session:

        def value(given):
            return session.run(last, {x: given}).sum()

        given, step = np.array([[0.3, -0.2]]), 1e-6
        slopes = session.run(dx, {x: given})
        for k in range(2):
            shift = np.eye(2)[k] * step
            numeric = (value(given + shift) - value(given - shift)) / (2 * step)
            np.testing.assert_allclose(slopes[0, k], numeric, rtol=1e-5, atol=1e-9)


def test_an_error_in_a_round_leaves_nothing_behind():
    x = tf.placeholder(tf.float64, [20, 2, 3])
    weights = tf.constant(np.random.RandomState(0).randn(5, 2))
    inputs = tf.TensorArray(tf.float64, 20).unstack(x)

    def body(t, h):
        product = tf.matmul(tf.concat([inputs.read(t), h], 1), weights)
        return t + 1, tf.tanh(tf.check_numerics(product, "bad"))

    y = tf.while_loop(lambda t, _: t < 20, body, (0, tf.zeros([2, 2], tf.float64)))[1]
    given = np.random.RandomState(1).randn(20, 2, 3)
    wrong = given.copy()
    wrong[11] = np.nan
    with tf.Session() as session:
        first = session.run(y, {x: given})
        with pytest.raises(tf.errors.InvalidArgumentError, match="bad"):
            session.run(y, {x: wrong})
        assert (session.run(y, {x: given}) == first).all()
