"""Element-wise ops on the GPU: as exact as float32 allows over the whole range, and NaN where the CPU has it."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import cpu_session, dispatches, ops_done

pytestmark = pytest.mark.native

NAN, INF = float("nan"), float("inf")
SPECIAL = np.array([NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 3.4e38, -3.4e38, 1.2e-38, 0.5, -2.5], np.float32)
_rng = np.random.RandomState(3)
ANY = np.concatenate([_rng.randn(500), 10.0 ** _rng.uniform(-6, 6, 300) * _rng.choice([-1, 1], 300)]).astype(np.float32)
POSITIVE = np.abs(ANY)
UNIT = np.concatenate([np.linspace(-1, 1, 301), _rng.uniform(-1, 1, 300) * 1e-3]).astype(np.float32)
SMALL = np.concatenate([np.linspace(-80, 80, 501), _rng.randn(300) * 1e-3]).astype(np.float32)


def both(function, *arrays, places=1):
    """(values of the device, values of the CPU) of a function of fed arrays."""
    with tf.device("/gpu:0"):
        inputs = [tf.placeholder(tf.as_dtype(a.dtype), a.shape) for a in arrays]
        output = function(*inputs)
    feeds = dict(zip(inputs, arrays))
    with cpu_session() as sess:
        expected = sess.run(output, feeds)
    with tf.Session() as sess:
        value = sess.run(output, feeds)
        assert output.op.name in ops_done(sess)
        assert places is None or dispatches(sess) == places
    assert value.dtype == expected.dtype and value.shape == expected.shape
    return value, expected


def _each(function):
    return lambda x: np.array([function(float(v)) for v in x.reshape(-1)]).reshape(x.shape)


FUNCTIONS = {
    "exp": (tf.exp, np.exp, SMALL, 1e-5),
    "expm1": (tf.expm1, np.expm1, SMALL, 1e-5),
    "log": (tf.log, np.log, POSITIVE, 3e-7),
    "log_near_1": (tf.log, np.log, (1 + SMALL * 1e-4).astype(np.float32), 3e-7),
    "log1p": (tf.log1p, np.log1p, np.concatenate([POSITIVE, UNIT[1:] * 0.9999]), 5e-7),
    "sqrt": (tf.sqrt, np.sqrt, POSITIVE, 3e-7),
    "rsqrt": (tf.rsqrt, lambda x: 1 / np.sqrt(x), POSITIVE, 5e-7),
    "reciprocal": (tf.reciprocal, lambda x: 1 / x, ANY, 5e-7),
    "tanh": (tf.tanh, np.tanh, ANY, 1e-6),
    "sigmoid": (tf.sigmoid, lambda x: 1 / (1 + np.exp(-x)), SMALL, 1e-5),
    "softplus": (tf.nn.softplus, lambda x: np.logaddexp(x, 0), SMALL, 1e-5),
    "elu": (tf.nn.elu, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), SMALL, 1e-5),
    "tan": (tf.tan, np.tan, UNIT * 10, 5e-6),
    "asin": (tf.asin, np.arcsin, UNIT, 1e-6),
    "atan": (tf.atan, np.arctan, ANY, 5e-7),
    "sinh": (tf.sinh, np.sinh, SMALL, 1e-5),
    "cosh": (tf.cosh, np.cosh, SMALL, 1e-5),
    "asinh": (tf.asinh, np.arcsinh, ANY, 1e-6),
    "acosh": (tf.acosh, np.arccosh, 1 + POSITIVE, 1e-6),
    "atanh": (tf.atanh, np.arctanh, UNIT * np.float32(0.9999), 2e-6),
    "erf": (tf.erf, _each(math.erf), SMALL, 1e-6),
    "erfc": (tf.erfc, _each(math.erfc), np.linspace(-9, 9, 501).astype(np.float32), 3e-6),
    "lgamma": (tf.lgamma, _each(math.lgamma), POSITIVE, 2e-6),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_exact_to_the_last_digits(name, adapter):
    function, reference, x, tolerance = FUNCTIONS[name]
    value, _ = both(function, x)
    with np.errstate(all="ignore"):
        wanted = reference(x.astype(np.float64))
    np.testing.assert_allclose(value, wanted, rtol=tolerance, atol=5e-8 if name == "lgamma" else 1.2e-38)


ABSOLUTE = {
    "sin": (tf.sin, np.sin, np.concatenate([ANY, ANY * 1e3, ANY * 1e15])),
    "cos": (tf.cos, np.cos, np.concatenate([ANY, ANY * 1e3, ANY * 1e15])),
    "acos": (tf.acos, np.arccos, UNIT),
    "lgamma": (tf.lgamma, _each(math.lgamma), np.linspace(-5.9, 6, 113).astype(np.float32)),
}


@pytest.mark.parametrize("name", ABSOLUTE)
def test_functions_with_zeros_are_exact_near_them(name, adapter):
    function, reference, x = ABSOLUTE[name]
    value, _ = both(function, x)
    np.testing.assert_allclose(value, reference(x.astype(np.float64)), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("function", [tf.math.bessel_i0e, tf.math.bessel_i1e], ids=lambda f: f.__name__)
def test_bessel_functions(function, adapter):
    value, expected = both(function, np.concatenate([np.linspace(-30, 30, 301), 10.0 ** np.arange(2, 38)], dtype="f"))
    np.testing.assert_allclose(value, expected, rtol=3e-6)


def test_digamma(adapter):
    value, expected = both(tf.digamma, np.linspace(-3.95, 30, 400).astype(np.float32))
    np.testing.assert_allclose(value, expected, rtol=2e-5, atol=2e-6)


UNARY_ON_SPECIAL = [
    *(tf.exp, tf.expm1, tf.log, tf.log1p, tf.sqrt, tf.rsqrt, tf.square, tf.abs, tf.sign, tf.negative, tf.tanh),
    *(tf.sigmoid, tf.nn.relu, tf.nn.relu6, tf.nn.elu, tf.nn.selu, tf.nn.softplus, tf.nn.softsign, tf.nn.leaky_relu),
    *(tf.floor, tf.ceil, tf.round, tf.rint, tf.is_nan, tf.is_inf, tf.is_finite, tf.sin, tf.cos, tf.asin, tf.acos),
    *(tf.atan, tf.sinh, tf.cosh, tf.asinh, tf.acosh, tf.atanh, tf.erf, tf.erfc),
]


@pytest.mark.parametrize("function", UNARY_ON_SPECIAL, ids=lambda f: f.__name__)
def test_what_is_not_finite(function, adapter):
    value, expected = both(function, SPECIAL)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


BINARY = [
    *(tf.add, tf.subtract, tf.multiply, tf.divide, tf.maximum, tf.minimum, tf.squared_difference, tf.pow, tf.atan2),
    *(tf.div_no_nan, tf.floor_div, tf.floormod, tf.truncatemod, tf.math.xdivy, tf.math.xlogy, tf.math.nextafter),
    *(tf.less, tf.less_equal, tf.greater, tf.greater_equal, tf.equal, tf.not_equal, tf.math.multiply_no_nan),
]


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
def test_pairs_of_what_is_not_finite(function, adapter):
    x, y = (a.astype(np.float32) for a in np.meshgrid(SPECIAL, SPECIAL))
    value, expected = both(function, x, y)
    if function is tf.floor_div:  # a quotient below 1.2e-38 may be taken for 0
        with np.errstate(all="ignore"):
            tiny = np.abs(x / y.astype(np.float64)) < 1.2e-38
        value, expected = value[~tiny], expected[~tiny]
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


class TestPowersAndRemainders:
    def test_powers(self, adapter):
        x, y = POSITIVE, _rng.uniform(-3, 3, POSITIVE.shape).astype(np.float32)
        value, _ = both(tf.pow, x, y)
        np.testing.assert_allclose(value, x.astype(np.float64) ** y, rtol=1e-5)

    def test_whole_powers_of_negative_numbers(self, adapter):
        x = np.array([[-2.5, -1.0, 3.0, 0.5, -0.1]], np.float32)
        y = np.array([[-3.0], [-2.0], [0.0], [1.0], [2.0], [5.0], [11.0]], np.float32)
        value, _ = both(tf.pow, x, y)
        np.testing.assert_allclose(value, x.astype(np.float64) ** y, rtol=2e-6)

    def test_remainders_are_exact_for_large_quotients(self, adapter):
        x = (ANY * 1e20).astype(np.float32)
        y = np.roll(ANY, 17)
        for function, reference in ((tf.truncatemod, np.fmod), (tf.floormod, np.remainder)):
            value, _ = both(function, x, y)
            np.testing.assert_array_equal(value, reference(x, y))

    def test_whole_quotients_are_not_rounded_down(self, adapter):
        y = np.arange(1, 400, dtype=np.float32)
        for k in (1, 2, 3, 7, 49, 1000):
            value, _ = both(tf.floor_div, y * k, y)
            np.testing.assert_array_equal(value, np.full(y.shape, k))

    @pytest.mark.parametrize(
        "function", [tf.floor_div, tf.floormod, tf.truncatediv, tf.truncatemod, tf.div], ids=lambda f: f.__name__
    )
    def test_of_integers_by_a_constant(self, function, adapter):
        x = np.array([-(2**31), -8, -7, -1, 0, 1, 6, 7, 8, 2**31 - 1], np.int32)
        for y in (1, 3, -3, 7, 2**31 - 1):
            value, expected = both(lambda x, y=y: function(x, y), x)
            np.testing.assert_array_equal(value, expected)

    def test_division_of_integers_by_zero_is_the_error_of_the_cpu(self, adapter):
        with tf.device("/gpu:0"):
            x, y = tf.placeholder(tf.int32, [3]), tf.placeholder(tf.int32, [3])
            z = x // y
        with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="division by zero"):
            sess.run(z, {x: [1, 2, 3], y: [1, 0, 2]})


class TestIntegersAndBits:
    X = np.array([-(2**31), -5, -1, 0, 1, 12, 2**31 - 1], np.int32)

    def test_arithmetic_wraps_around(self, adapter):
        value, _ = both(lambda x: (x + 2**31 - 1) * 3 - tf.square(x), self.X)
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(value, (self.X + np.int32(2**31 - 1)) * np.int32(3) - self.X * self.X)

    def test_shifts(self, adapter):
        for function in (tf.bitwise.left_shift, tf.bitwise.right_shift):
            for places in (-1, 0, 3, 31, 32):
                value, expected = both(lambda x, f=function, n=places: f(x, n), self.X)
                np.testing.assert_array_equal(value, expected)

    def test_int64_is_compared_and_cast_within_32_bits(self, adapter):
        x = self.X.astype(np.int64)
        value, _ = both(lambda x: tf.where(tf.equal(x, 12), tf.zeros([7], tf.int64), x), x)
        np.testing.assert_array_equal(value, np.where(x == 12, 0, x))
        value, _ = both(lambda x: tf.cast(x, tf.float32), x)
        np.testing.assert_array_equal(value, x.astype(np.float32))

    def test_extremes_of_integers(self, adapter):
        value, _ = both(lambda x: tf.minimum(tf.maximum(x, -3), 7), self.X)
        np.testing.assert_array_equal(value, np.clip(self.X, -3, 7))


class TestCasts:
    def test_floats_are_cut_off_and_what_does_not_fit_is_as_on_the_cpu(self, adapter):
        x = np.array([1.9, -1.9, 0.0, -0.0, 2147483520.0, -2147483648.0, 3e9, -3e9, NAN, INF, -INF], np.float32)
        value, _ = both(lambda x: tf.cast(x, tf.int32), x)
        assert value.tolist() == [1, -1, 0, 0, 2147483520, *[-(2**31)] * 6]

    def test_all_but_zero_is_true(self, adapter):
        value, _ = both(lambda x: tf.cast(x, tf.bool), np.array([0.0, -0.0, 1e-30, NAN, -2.0], np.float32))
        assert value.tolist() == [False, False, True, True, True]
        value, _ = both(lambda x: tf.cast(tf.cast(x, tf.bool), tf.float32), np.array([0, -3, 7], np.int32))
        assert value.tolist() == [0, 1, 1]

    def test_floats_become_int64_on_the_cpu_where_there_are_64_bits(self, adapter):
        with tf.device("/gpu:0"):
            x = tf.placeholder(tf.float32, [100])
            y = tf.cast(x * 2.0, tf.int64)
        with tf.Session() as sess:
            assert sess.run(y, {x: np.full(100, 4e9)}).tolist() == [8 * 10**9] * 100


SHAPES = [
    [(2, 3, 5, 7, 11), (1, 3, 1, 7, 1)],
    [(2, 1, 5, 1, 3), (4, 1, 7, 1)],
    [(13,), (17, 1)],
    [(), (3, 1, 2)],
    [(1, 1, 1), (1, 2)],
    [(31, 37), (31, 1)],
]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_broadcasting(shapes, adapter):
    x, y = (np.asarray(_rng.randn(*shape), np.float32) for shape in shapes)
    value, _ = both(lambda x, y: x * y - y + tf.maximum(x, y), x, y)
    np.testing.assert_allclose(value, x * y - y + np.maximum(x, y), rtol=1e-6, atol=1e-6)


def test_more_than_65535_workgroups(adapter):
    x = np.arange(65537 * 64 + 3, dtype=np.float32)
    value, _ = both(lambda x: x + 1.0, x)
    np.testing.assert_array_equal(value, x + 1)


@pytest.mark.parametrize("count", [7, 8, 13, 20])
@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_sums_of_more_terms_than_can_be_bound(count, dtype, adapter):
    terms = [(_rng.randn(5, 31) * 100).astype(dtype) for _ in range(count)]
    value, expected = both(lambda *terms: tf.add_n(terms), *terms, places=None)  # an adapter may bind more
    np.testing.assert_array_equal(value, expected)


class TestSelecting:
    def test_rows_by_a_vector(self, adapter):
        t, e = (_rng.randn(5, 3, 2).astype(np.float32) for _ in range(2))
        condition = np.array([True, False, True, True, False])
        value, _ = both(lambda t, e: tf.where(condition, t * 2.0, e), t, e)
        np.testing.assert_array_equal(value, np.where(condition[:, None, None], t * 2, e))

    def test_nan_in_what_is_not_chosen_does_not_show(self, adapter):
        value, _ = both(lambda x: tf.where(x > 0, tf.log(x), tf.zeros_like(x)), np.array([-1.0, 1.0], np.float32))
        assert value.tolist() == [0, 0]

    @pytest.mark.parametrize("axis", [-1, 0, 1])
    def test_one_hot(self, axis, adapter):
        x = np.array([[0, 3, -1], [2, 9, 1]], np.int32)
        value, expected = both(lambda x: tf.one_hot(x, 4, 1.5, -0.5, axis), x)
        np.testing.assert_array_equal(value, expected)

    def test_gradients_that_are_nan_stay_so_where_relu_is_zero(self, adapter):
        x, dy = np.array([-1.0, -1.0, 2.0], np.float32), np.array([NAN, INF, 3.0], np.float32)
        value, _ = both(lambda x, dy: tf.gradients(tf.nn.relu(x), x, dy)[0], x, dy)
        np.testing.assert_array_equal(value, [NAN, NAN, 3])


def test_large_zeros_and_ones(adapter):
    x = np.ones((600, 500), np.float32)
    value, _ = both(lambda x: tf.zeros_like(x * 2.0, optimize=False) + tf.fill([600, 500], 2.0) + x, x)
    np.testing.assert_array_equal(value, x + 2)


def test_numbers_that_wgsl_could_not_compute_from_literals(adapter):
    zero, one = tf.constant(0.0), tf.constant(1.0)
    value, _ = both(lambda x: x * 0.0 + tf.minimum(x, NAN), np.ones(3, np.float32))
    assert np.isnan(value).all()
    with tf.device("/gpu:0"):
        v = tf.Variable(np.ones(100, np.float32), use_resource=False)
        step = tf.raw_ops.ApplyAdaMax(
            var=v, m=tf.Variable(tf.zeros(100)), v=tf.Variable(tf.ones(100)), beta1_power=one, lr=zero, beta1=zero,
            beta2=zero, epsilon=zero, grad=tf.ones(100)
        )  # fmt: skip
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert np.isnan(sess.run(step)).all()  # 0 / (1 - 1)
