"""Pooling moved before bias and relu: it changes what is done and not what comes out."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops.primitives import primitives
from pyflow.runtime import executable
from pyflow.runtime.executable import Executable

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((3, 8, 8, 2)).astype(np.float32)


@pytest.fixture(autouse=True)
def bias_and_relu_are_two_steps(monkeypatch):
    """In Pyodide one kernel does both."""
    monkeypatch.setattr(primitives, "biased_relu", None)


def network(shared: str = "") -> list:
    """The fetches of a layer with its gradients; `shared` names a value that is fetched too."""
    x = tf.constant(X)
    filter = tf.get_variable("filter", initializer=RANDOM.standard_normal((3, 3, 2, 4)).astype(np.float32))
    bias = tf.get_variable("bias", initializer=RANDOM.standard_normal(4).astype(np.float32))
    convolved = tf.nn.conv2d(tf.identity(x) + bias[0], filter, 1, "SAME")
    added = tf.nn.bias_add(convolved, bias)
    activated = tf.nn.relu(added)
    pooled = tf.nn.max_pool(activated, 3, 2, "SAME")
    loss = tf.reduce_sum(pooled**2)
    values = {"": [], "convolved": [convolved], "added": [added], "activated": [activated]}[shared]
    return [pooled, *tf.gradients(loss, [x, filter, bias]), *values]


def order(session, fetches) -> list[str]:
    wanted = ("BiasAdd", "Relu", "MaxPool", "ReluGrad", "MaxPoolGrad")
    return [step.type for step in Executable(session, fetches, [], {}).steps if step.type in wanted]


def results(fetches) -> list[np.ndarray]:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches)


def test_pooling_comes_first():
    fetches = network()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert order(session, fetches) == ["MaxPool", "BiasAdd", "Relu", "ReluGrad", "MaxPoolGrad"]


@pytest.mark.parametrize("shared", ["convolved", "added", "activated"])
def test_what_is_fetched_stays(shared):
    fetches = network(shared)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert order(session, fetches) == ["BiasAdd", "Relu", "MaxPool", "MaxPoolGrad", "ReluGrad"]


def test_results_are_the_same(monkeypatch):
    fetches = network()
    rewritten = results(fetches)
    monkeypatch.setattr(executable, "pool_first", lambda program: None)
    for one, other in zip(rewritten, results(fetches)):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(rewritten[0], results(fetches)[0])


def test_bias_that_changes_in_between_is_added_before():
    x = tf.constant(X)
    bias = tf.get_variable("bias", initializer=np.ones(2, np.float32))
    activated = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, tf.ones([1, 1, 2, 2]), 1, "SAME"), bias))
    with tf.control_dependencies([activated]):
        change = tf.assign_add(bias, [1000.0, 1000.0])
    with tf.control_dependencies([change]):
        pooled = tf.nn.max_pool(activated, 2, 2, "VALID")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(pooled).max() < 100
