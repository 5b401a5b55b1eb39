"""Activations: values against numpy in float64, first and second gradients against differences."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.numeric_gradient import gradient_error

X = np.array([[-3.0, -1.25, -0.1], [0.2, 1.5, 7.0]])
_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ACTIVATIONS = {
    "relu": lambda x: np.where(x > 0, x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x > 0, x, np.float32(0.2) * x),
    "crelu": lambda x: np.concatenate([np.where(x > 0, x, 0), np.where(x < 0, -x, 0)], -1),
    "elu": lambda x: np.where(x < 0, np.exp(x) - 1, x),
    "selu": lambda x: _SCALE * np.where(x < 0, _ALPHA * (np.exp(x) - 1), x),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "swish": lambda x: x * sigmoid(x),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-14), (np.float32, 1e-6), (np.float16, 2e-3)])
def test_value(name, dtype, tolerance):
    x = X.astype(dtype)
    with tf.Session() as session:
        y = session.run(getattr(tf.nn, name)(tf.constant(x)))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, ACTIVATIONS[name](x.astype(np.float64)), tolerance, tolerance)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradient(name):
    assert gradient_error(getattr(tf.nn, name), X) < 1e-8


# Relu's second gradient is 0; swish has none, as its gradient is written by hand.
@pytest.mark.parametrize("name", ["relu", "relu6", "leaky_relu", "elu", "selu", "softplus", "softsign"])
def test_second_gradient(name):
    def slope(x):
        y = getattr(tf.nn, name)(x)
        return tf.gradients(y, [x])[0] * x

    assert gradient_error(slope, X) < 1e-7


@pytest.mark.parametrize("size", [7, 2048, 70_000])
def test_relu_of_large_arrays_and_transposed_ones(size):
    x = np.random.RandomState(0).standard_normal((2, size)).astype(np.float32)
    feed = tf.placeholder(tf.float32, [None, None])
    outputs = [tf.nn.relu(feed), tf.nn.relu(tf.transpose(feed)), tf.nn.elu(feed)]
    with tf.Session() as session:
        relu, turned, elu = session.run(outputs, {feed: x})
    np.testing.assert_array_equal(relu, np.maximum(x, 0))
    np.testing.assert_array_equal(turned, np.maximum(x.T, 0))
    np.testing.assert_allclose(elu, np.where(x < 0, np.expm1(x), x), 1e-6)


@pytest.mark.parametrize("name", ["relu", "relu6", "elu", "selu", "leaky_relu", "softplus", "softsign"])
def test_extreme_inputs(name):
    """NaN goes through, and nothing overflows."""
    x = np.array([np.nan, -1e30, 1e30, -100.0, 100.0], np.float32)
    with tf.Session() as session:
        y = session.run(getattr(tf.nn, name)(tf.constant(x)))
    with np.errstate(over="ignore"):
        expected = ACTIVATIONS[name](x[3:].astype(np.float64))
    assert np.isnan(y[0]) and np.isfinite(y[1:]).all()
    np.testing.assert_allclose(y[3:], expected, 1e-6, 1e-6)


def test_gradient_of_relu_at_infinity_and_nan():
    with tf.Session() as session:
        y = session.run(raw.ReluGrad([1.0, np.inf, np.nan, 2.0], [np.inf, -1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(y, [1.0, np.nan, np.nan, 2.0])


@pytest.mark.parametrize("alpha", [-0.5, 0.0, 0.3, 1.0, 2.0])
def test_leaky_relu_has_any_slope(alpha):
    x = np.array([-2.0, 3.0])
    assert gradient_error(lambda t: tf.nn.leaky_relu(t, alpha=alpha), x) < 1e-8
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(tf.nn.leaky_relu(x, alpha)), [-2 * np.float32(alpha), 3.0])


def test_integers():
    with tf.Session() as session:
        relu, relu6, leaky = session.run([tf.nn.relu([-1, 3]), tf.nn.relu6([-1, 9]), tf.nn.leaky_relu([-5, 2])])
    assert relu.dtype == relu6.dtype == np.int32 and leaky.dtype == np.float32
    assert (relu.tolist(), relu6.tolist(), leaky.tolist()) == ([0, 3], [0, 6], [-1.0, 2.0])


def test_node_names():
    x = tf.constant([1.0, -1.0])
    names = [
        tf.nn.relu(x),
        tf.nn.relu(x),
        tf.nn.relu6(x, name="six"),
        tf.nn.crelu(x),
        tf.nn.leaky_relu(x),
        tf.nn.elu(x),
    ]
    assert [y.op.name for y in names] == ["Relu", "Relu_1", "six", "CRelu/Relu", "LeakyRelu", "Elu"]
    gradient = tf.gradients(names[0], [x])[0]
    assert (gradient.op.name, gradient.op.type) == ("gradients/Relu_grad/ReluGrad", "ReluGrad")
    assert gradient.op.inputs[1] is names[0]  # the output, so that the features need not be kept


@pytest.mark.parametrize("name", ["elu", "selu", "softplus", "softsign"])
def test_only_floating_point_numbers(name):
    with pytest.raises(TypeError, match="'features' has DataType int32 not in list of allowed values"):
        getattr(tf.nn, name)([1, 2])


def test_gradients_must_have_the_shape_of_the_features():
    with pytest.raises(ValueError, match="Dimension 0 in both shapes must be equal, but are 2 and 3"):
        raw.ReluGrad([1.0, 2.0], [1.0, 2.0, 3.0])
    first, second = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"Input 0: \[2\] != input 1: \[1\]"),
    ):
        session.run(raw.ReluGrad(first, second), {first: [1.0, 2.0], second: [1.0]})
