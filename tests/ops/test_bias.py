"""Biases in both data formats."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from pyflow.ops.bias import bias_add_v1, xw_plus_b_v1
from tests.numeric_gradient import gradient_error

# value's shape, data format, the shape that the bias has for numpy
CASES = [
    ((4, 3), None, (3,)),
    ((4, 3), "NHWC", (3,)),
    ((2, 4, 3), "NWC", (3,)),
    ((2, 3, 4), "NCW", (3, 1)),
    ((2, 2, 2, 3), "NHWC", (3,)),
    ((2, 3, 2, 2), "NCHW", (3, 1, 1)),
    ((1, 3, 2, 1, 2), "NCDHW", (3, 1, 1, 1)),
    ((0, 3), None, (3,)),
    ((2, 0), None, (0,)),
]


def arrays(shape, bias_shape, dtype=np.float64):
    random = np.random.RandomState(0)
    return random.standard_normal(shape).astype(dtype), random.standard_normal(int(np.prod(bias_shape))).astype(dtype)


@pytest.mark.parametrize("shape, data_format, bias_shape", CASES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32, np.complex64])
def test_bias_add(shape, data_format, bias_shape, dtype):
    value, bias = arrays(shape, bias_shape)
    value, bias = (3 * value).astype(dtype), (3 * bias).astype(dtype)
    with tf.Session() as session:
        result = session.run(tf.nn.bias_add(value, bias, data_format=data_format))
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, value + bias.reshape(bias_shape))


@pytest.mark.parametrize("shape, data_format, bias_shape", CASES)
def test_gradients(shape, data_format, bias_shape):
    value, bias = arrays(shape, bias_shape)

    def add(value, bias):
        return tf.nn.bias_add(value, bias, data_format=data_format)

    def slope(value, bias):  # d(v + b)²/db, so that the gradient of BiasAddGrad is in it
        return tf.gradients(add(value, bias) ** 2, [bias])[0]

    assert gradient_error(add, value, bias) < 1e-8
    assert gradient_error(slope, value, bias) < 1e-7


def test_gradient_of_halves_is_summed_in_float32():
    with tf.Session() as session:
        total = session.run(raw.BiasAddGrad(np.ones((5000, 1), np.float16)))
    assert total.dtype == np.float16 and total == [5000]


@pytest.mark.parametrize("shape", [(7001, 10), (3, 41, 29, 64), (501, 512), (2000, 100), (1, 70_000), (70_000, 1)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32, np.int8])
def test_many_rows(shape, dtype):
    value, bias = arrays(shape, shape[-1:])
    value, bias = (9 * value).astype(dtype), (9 * bias).astype(dtype)
    with tf.Session() as session:
        added, total = session.run([tf.nn.bias_add(value, bias), raw.BiasAddGrad(value)])
    np.testing.assert_array_equal(added, value + bias)
    rows = value.reshape(-1, shape[-1])
    if value.dtype.kind == "i":
        np.testing.assert_array_equal(total, rows.sum(0, dtype=dtype))
    else:
        np.testing.assert_allclose(total, rows.sum(0, dtype=np.float64), 2e-3 if dtype == np.float16 else 1e-5, 1e-2)


def test_many_rows_of_a_transposed_value():
    value, bias = arrays((10, 7001), (10,))
    with tf.Session() as session:
        result = session.run(tf.nn.bias_add(tf.transpose(value), bias))
    np.testing.assert_array_equal(result, value.T + bias)


def test_version_one():
    value, bias = arrays((4, 3), (3,))
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(bias_add_v1(value, bias)), value + bias)
    assert gradient_error(bias_add_v1, value, bias) < 1e-8


def test_layers():
    x, w, b = np.ones((2, 3)), np.arange(12.0).reshape(3, 4) - 6, np.arange(4.0)
    plain, old, rectified = tf.nn.xw_plus_b(x, w, b), xw_plus_b_v1(x, w, b), tf.nn.relu_layer(x, w, b)
    with tf.Session() as session:
        results = session.run([plain, old, rectified])
    np.testing.assert_array_equal(results[0], x @ w + b)
    np.testing.assert_array_equal(results[1], x @ w + b)
    np.testing.assert_array_equal(results[2], np.maximum(x @ w + b, 0))
    assert [t.op.name for t in (plain, old, rectified)] == ["xw_plus_b", "xw_plus_b_v1", "relu_layer"]
    assert plain.op.inputs[0].op.name == "xw_plus_b/MatMul"
    assert gradient_error(tf.nn.relu_layer, x + 0.3, w + 0.1, b) < 1e-7


@pytest.mark.parametrize(
    "value, bias, data_format, static, at_run",
    [
        ((2,), (1,), None, "Shape must be at least rank 2 but is rank 1", "Input tensor must be at least 2D: [2]"),
        ((1, 2), (1, 1), None, "Shape must be rank 1 but is rank 2", "Biases must be 1D: [1,1]"),
        (
            (1, 2),
            (1,),
            None,
            "Dimensions must be equal, but are 2 and 1",
            "Must provide as many biases as the last dimension of the input tensor: [1] vs. [1,2]",
        ),
        ((1, 2), (2,), "NCHW", "Shape must be at least rank 3 but is rank 2", ""),
        ((1, 1, 2), (2,), "NCHW", "Dimensions must be equal, but are 1 and 2", "Must provide as many biases as the"),
    ],
)
def test_shapes_that_do_not_fit(value, bias, data_format, static, at_run):
    arrays = np.zeros(value, np.float32), np.zeros(bias, np.float32)
    with pytest.raises(ValueError) as error:
        tf.nn.bias_add(*arrays, data_format=data_format)
    assert str(error.value).startswith(static + " for 'BiasAdd' (op: 'BiasAdd') with input shapes: ")
    feeds = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError) as error:
        session.run(tf.nn.bias_add(*feeds, data_format=data_format), dict(zip(feeds, arrays)))
    assert at_run in str(error.value)


def test_static_shape_is_known_from_either():
    assert tf.nn.bias_add(tf.placeholder(tf.float32, [None, None]), [1.0, 2.0]).shape.as_list() == [None, 2]
    assert raw.BiasAddGrad(tf.placeholder(tf.float32, [None, 5, None]), data_format="NCHW").shape.as_list() == [5]


def test_data_format_is_checked():
    with pytest.raises(ValueError, match="data_format must be of the form `N...C` or `NC...`"):
        tf.nn.bias_add([[1.0]], [1.0], data_format="HWC")
