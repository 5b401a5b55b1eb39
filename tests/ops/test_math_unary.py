"""Functions of one tensor, against numpy and Python's math module."""

import math

import numpy as np
import pytest

import pyflow as tf


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def each(function):
    return np.vectorize(function, otypes=[np.float64])


# public name, reference in float64, arguments
REAL = [
    ("abs", np.abs, [-2.0, -0.5, 0.0, 3.0]),
    ("negative", np.negative, [-2.0, 0.0, 3.0]),
    ("sign", np.sign, [-2.0, -0.0, 0.0, 3.0]),
    ("square", np.square, [-2.0, 0.0, 3.0]),
    ("sqrt", np.sqrt, [0.0, 0.25, 2.0, 1e10]),
    ("rsqrt", lambda x: 1 / np.sqrt(x), [0.25, 2.0, 1e10]),
    ("reciprocal", np.reciprocal, [-2.0, 0.25, 4.0]),
    ("exp", np.exp, [-80.0, -1.0, 0.0, 5.0]),
    ("expm1", np.expm1, [-80.0, -1e-6, 1e-6, 5.0]),
    ("log", np.log, [1e-30, 0.5, 1.0, 1e30]),
    ("log1p", np.log1p, [-0.5, 1e-7, 1.0, 1e30]),
    ("sin", np.sin, [-20.0, -1.0, 0.0, 2.5]),
    ("cos", np.cos, [-20.0, -1.0, 0.0, 2.5]),
    ("tan", np.tan, [-20.0, -1.0, 0.0, 1.25]),
    ("asin", np.arcsin, [-1.0, -0.5, 0.0, 0.75]),
    ("acos", np.arccos, [-1.0, -0.5, 0.0, 0.75]),
    ("atan", np.arctan, [-100.0, -0.5, 0.0, 3.0]),
    ("sinh", np.sinh, [-5.0, -0.5, 0.0, 3.0]),
    ("cosh", np.cosh, [-5.0, -0.5, 0.0, 3.0]),
    ("tanh", np.tanh, [-50.0, -0.5, 0.0, 3.0]),
    ("asinh", np.arcsinh, [-5.0, -0.5, 0.0, 3.0]),
    ("acosh", np.arccosh, [1.0, 1.5, 40.0]),
    ("atanh", np.arctanh, [-0.75, 0.0, 0.5]),
    ("sigmoid", each(lambda x: 1 / (1 + math.exp(-x)) if x > -700 else 0.0), [-90.0, -5.0, 0.0, 5.0, 90.0]),
    ("floor", np.floor, [-1.5, -1.0, 0.5, 2.0]),
    ("ceil", np.ceil, [-1.5, -1.0, 0.5, 2.0]),
    ("round", np.rint, [-1.5, -0.5, 0.5, 1.5, 2.5, 2.6]),
    ("rint", np.rint, [-1.5, -0.5, 0.5, 1.5, 2.5, 2.6]),
    ("erf", each(math.erf), [-7.0, -0.5, 0.0, 1e-8, 0.4, 2.0, 5.0]),
    ("erfc", each(math.erfc), [-7.0, -0.5, 0.0, 0.4, 2.0, 9.0]),
    ("lgamma", each(math.lgamma), [-2.5, 1e-3, 0.5, 1.0, 2.0, 3.75, 12.5, 1e5]),
]


@pytest.mark.parametrize("dtype, tolerance", [(tf.float32, 2e-6), (tf.float64, 3e-15)])
@pytest.mark.parametrize("name, reference, arguments", REAL, ids=[row[0] for row in REAL])
def test_function_of_real_numbers(name, reference, arguments, dtype, tolerance):
    x = np.array(arguments, dtype.as_numpy_dtype)
    value = run(getattr(tf, name)(tf.constant(x)))
    assert value.dtype == x.dtype
    np.testing.assert_allclose(value, reference(x.astype(np.float64)), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name, reference, arguments", REAL, ids=[row[0] for row in REAL])
def test_halves_are_rounded_once(name, reference, arguments):
    x = np.array([a for a in arguments if abs(a) < 1000 and (abs(a) > 1e-4 or a == 0)], np.float16)
    expected = reference(x.astype(np.float64)).astype(np.float16)
    np.testing.assert_allclose(run(getattr(tf, name)(tf.constant(x))), expected, rtol=2e-3, atol=1e-6)


COMPLEX = (
    "negative square sqrt rsqrt reciprocal exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh".split()
)


@pytest.mark.parametrize("name", COMPLEX)
def test_function_of_complex_numbers(name):
    x = np.array([1 + 2j, -0.5 + 0.25j, 0.75 - 1j], np.complex128)
    reference = {row[0]: row[1] for row in REAL}[name]
    np.testing.assert_allclose(run(getattr(tf, name)(tf.constant(x))), reference(x), rtol=1e-12)
    narrow = run(getattr(tf, name)(tf.constant(x.astype(np.complex64))))
    assert narrow.dtype == np.complex64
    np.testing.assert_allclose(narrow, reference(x), rtol=1e-5)


def test_the_sigmoid_of_complex_numbers():
    x = np.array([1 + 2j, -0.5 + 0.25j], np.complex64)
    np.testing.assert_allclose(run(tf.sigmoid(tf.constant(x))), 1 / (1 + np.exp(-x)), rtol=1e-6)


def test_the_sign_of_a_complex_number_is_a_direction():
    np.testing.assert_allclose(run(tf.sign(tf.constant([3 + 4j, 0, -2j]))), [0.6 + 0.8j, 0, -1j])


def test_the_sign_of_nan_is_zero():
    assert run(tf.sign(tf.constant([float("nan"), -math.inf, math.inf]))).tolist() == [0.0, -1.0, 1.0]


def test_the_absolute_value_of_a_complex_number_is_real():
    x = tf.abs(tf.constant([3 + 4j, 1j]))
    assert x.dtype == tf.float64 and x.op.type == "ComplexAbs"
    assert run(x).tolist() == [5.0, 1.0]


def test_integers():
    x = tf.constant([-3, 0, 2])
    assert run(tf.abs(x)).tolist() == [3, 0, 2]
    assert run(tf.square(x)).tolist() == [9, 0, 4]
    assert run(tf.sign(x)).tolist() == [-1, 0, 1]
    assert tf.round(x) is x


def test_sigmoid_neither_overflows_nor_underflows_early():
    values = run(tf.sigmoid(tf.constant([-85.0, 85.0, -1000.0, 1000.0])))
    np.testing.assert_allclose(values, [math.exp(-85), 1.0, 0.0, 1.0], rtol=1e-6)


def test_log_sigmoid_is_exact_far_out():
    values = run(tf.log_sigmoid(tf.constant([-100.0, 0.0, 100.0])))
    np.testing.assert_allclose(values, [-100.0, -math.log(2), -math.exp(-100)], rtol=1e-6, atol=1e-40)


@pytest.mark.parametrize(
    "function, expected",
    [
        (tf.is_nan, [False, True, False, False]),
        (tf.is_inf, [False, False, True, True]),
        (tf.is_finite, [True, False, False, False]),
    ],
)
def test_finite_or_not(function, expected):
    assert run(function([1.0, math.nan, math.inf, -math.inf])).tolist() == expected


@pytest.mark.parametrize(
    "function, type_, name",
    [
        (tf.negative, "Neg", "Neg"),
        (tf.reciprocal, "Reciprocal", "Reciprocal"),
        (tf.sigmoid, "Sigmoid", "Sigmoid"),
        (tf.log_sigmoid, "Neg", "LogSigmoid"),
        (tf.abs, "Abs", "Abs"),
        (tf.tanh, "Tanh", "Tanh"),
    ],
)
def test_node_types_and_names(function, type_, name):
    node = function(tf.constant([1.0])).op
    assert (node.type, node.name) == (type_, name)


def test_a_sparse_tensor_is_mapped_by_its_values():
    sparse = tf.SparseTensor([[0, 1], [2, 0]], [-1.0, 4.0], [3, 2])
    mapped = tf.square(tf.negative(sparse))
    assert isinstance(mapped, tf.SparseTensor)
    assert run(mapped.values).tolist() == [1.0, 16.0]


@pytest.mark.parametrize(
    "function", [tf.sqrt, tf.rsqrt, tf.tanh, tf.sigmoid, tf.reciprocal, tf.exp, tf.log, tf.square, tf.sin, tf.lgamma]
)
def test_second_derivatives(function):
    x = tf.placeholder(tf.float64, [3])
    first = tf.gradients(function(x), x)[0]
    second = tf.gradients(first, x)[0]
    at, step = np.array([0.5, 0.75, 1.25]), 1e-5
    with tf.Session() as sess:
        up, down = sess.run(first, {x: at + step}), sess.run(first, {x: at - step})
        np.testing.assert_allclose(sess.run(second, {x: at}), (up - down) / (2 * step), rtol=1e-6)
