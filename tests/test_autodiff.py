"""tf.gradients, the registry of gradients, stop_gradient, hessians."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("gradient_cases", "gradients.json")


@pytest.mark.parametrize("name", sorted(n for n in GOLDEN.cases if not n.startswith("custom_gradient")))
def test_as_in_tensorflow(name):
    GOLDEN.check(name, rtol=1e-6)


def test_chain_rule_through_a_network():
    rng = np.random.default_rng(0)
    x, w1, w2 = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    a, b, c = (tf.placeholder(tf.float64, v.shape) for v in (x, w1, w2))
    loss = tf.reduce_sum(tf.tanh(tf.tanh(a @ b) @ c))
    with tf.Session() as session:
        dx, dw1, dw2 = session.run(tf.gradients(loss, [a, b, c]), {a: x, b: w1, c: w2})
    hidden = np.tanh(x @ w1)
    d_out = 1 - np.tanh(hidden @ w2) ** 2
    d_hidden = (d_out @ w2.T) * (1 - hidden**2)
    np.testing.assert_allclose(dw2, hidden.T @ d_out)
    np.testing.assert_allclose(dw1, x.T @ d_hidden)
    np.testing.assert_allclose(dx, d_hidden @ w1.T)


def test_a_tensor_used_many_times_gets_the_sum():
    x = tf.placeholder(tf.float64, [])
    y = x
    for _ in range(10):
        y = y + x * y
    with tf.Session() as session:
        assert session.run(tf.gradients(y, x)[0], {x: 1.0}) == pytest.approx(2**10 + 10 * 2**9)


def test_a_long_chain_needs_no_deep_recursion():
    x = tf.placeholder(tf.float32, [])
    y = x
    for _ in range(3000):
        y = y * 1.0
    with tf.Session() as session:
        assert session.run(tf.gradients(y, x)[0], {x: 3.0}) == 1.0


def test_ops_without_registered_gradient():
    """Where the type is unknown to the registry the error names the node and its type."""
    x = tf.placeholder(tf.float32, [2], name="x")
    with tf.get_default_graph().gradient_override_map({"Identity": "NobodyRegisteredThis"}):
        y = tf.identity(x, name="y")
    with pytest.raises(LookupError, match=r"No gradient defined for operation 'y' \(op type: Identity\)"):
        tf.gradients(y, x)


def test_override_is_for_nodes_made_within():
    @tf.RegisterGradient("TimesSevenInTest")
    def seven(op, dy):
        return 7.0 * dy

    x = tf.constant(3.0)
    with tf.get_default_graph().gradient_override_map({"Square": "TimesSevenInTest"}):
        inside = tf.square(x)
    outside = tf.square(x)
    with tf.Session() as session:
        assert session.run(tf.gradients([inside, outside], x))[0] == 7.0 + 6.0
        assert session.run(tf.gradients(inside, x))[0] == 7.0


def test_gradients_in_another_graph():
    with tf.Graph().as_default() as graph:
        x = tf.constant(2.0)
        y = x * x
    with pytest.raises(ValueError, match="must be from the same graph"):
        tf.gradients([y, tf.constant(1.0)], x)
    with graph.as_default(), tf.Session() as session:
        assert session.run(tf.gradients(y, x)) == [4.0]


def test_hessian_of_a_quadratic_form_is_its_matrix():
    m = np.random.default_rng(0).normal(size=(4, 4))
    x = tf.placeholder(tf.float64, [4])
    form = tf.reduce_sum(x * tf.linalg.matvec(tf.constant(m), x))
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(tf.hessians(form, x)[0], {x: np.ones(4)}), m + m.T)


def test_graphs_are_freed():
    def build():
        with tf.Graph().as_default() as graph:
            x = tf.constant([1.0, 2.0])
            tf.gradients(tf.reduce_sum(x * x), x)
        return weakref.ref(graph)

    reference = build()
    gc.collect()
    assert reference() is None
