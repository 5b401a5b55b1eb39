"""Special functions against values of TensorFlow 1.15.5 in float64, and against each other."""

import math

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from pyflow.ops.gamma_function import log_gamma
from pyflow.ops.incomplete_functions import lower_gamma

INF, NAN = math.inf, math.nan


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


A, X = [0.5, 2, 5, 30, 1e-2, 100], [0.75, 1.5, 7, 25, 0.1, 110]
VALUES = [
    (
        tf.digamma,
        [[-2.5, 1e-3, 0.5, 3.0, 12.5, 1e5]],
        "1.1031566406452433 -1000.5755719318104 -1.9635100260214227 0.92278433509846747 2.4851956512749123 "
        "11.512920464961896",
    ),
    (
        tf.polygamma,
        [[0, 1, 2, 5, 1, 10], [0.5, 0.5, 3.0, 7.25, -0.5, 2.0]],
        "-1.9635100260214227 4.9348022005446799 -0.15411380631918856 0.001667357519228255 8.934802200544679 "
        "-1793.3116066287178",
    ),
    (
        tf.zeta,
        [[1.5, 2, 5, 20, 3], [0.75, 1.5, 7, 0.5, 30]],
        "3.2970341327769854 0.93480220054467933 0.00013736548287609918 1048576.0003007397 0.00057438260186429984",
    ),
    (
        tf.igamma,
        [A, X],
        "0.77932863808015296 0.4421745996289253 0.82700839211792887 0.1821039159774531 0.98186468394901272 "
        "0.84172132993991233",
    ),
    (
        tf.igammac,
        [A, X],
        "0.22067136191984704 0.55782540037107475 0.17299160788207113 0.81789608402254688 0.018135316050987282 "
        "0.15827867006008764",
    ),
    (
        raw.IgammaGradA,
        [A, X],
        "-0.50499326470352024 -0.31348863782507935 -0.11107537527157654 -0.049954877425834349 -1.8040788041768872 "
        "-0.023808656854890364",
    ),
    (
        tf.betainc,
        [[0.5, 2, 5, 30, 0.1], [1.5, 2, 0.5, 40, 0.2], [0.25, 0.5, 0.9, 0.4, 0.99]],
        "0.60899778104422941 0.5 0.31664291502001202 0.31814380259056402 0.86345047572626987",
    ),
    (
        tf.math.bessel_i0e,
        [[-3.0, 0, 0.5, 10, 25, 700]],
        "0.24300035416182536 1 0.64503527044914999 0.1278333371634286 0.080196773547436692 0.015081295651531355",
    ),
    (
        tf.math.bessel_i1e,
        [[-3.0, 0, 0.5, 10, 25, 700]],
        "-0.19682671329730084 0 0.15642080318487173 0.12126268138445551 0.078576113319292776 0.015070519444716846",
    ),
]
IDS = [function.__name__ for function, _, _ in VALUES]


@pytest.mark.parametrize("dtype, tolerance", [(tf.float64, 2e-12), (tf.float32, 2e-5)])
@pytest.mark.parametrize("function, arguments, expected", VALUES, ids=IDS)
def test_values(function, arguments, expected, dtype, tolerance):
    value = run(function(*(tf.constant(a, dtype) for a in arguments)))
    assert value.dtype == dtype.as_numpy_dtype
    np.testing.assert_allclose(value, [float(v) for v in expected.split()], rtol=tolerance, atol=1e-15)


@pytest.mark.parametrize("function, arguments, expected", VALUES[1:6], ids=IDS[1:6])
def test_arguments_broadcast(function, arguments, expected):
    x, y = (tf.constant(a[:3], tf.float64) for a in arguments)
    table = run(function(x[:, tf.newaxis], y))
    np.testing.assert_allclose(np.diag(table), run(function(x, y)), rtol=1e-12)


@pytest.mark.parametrize(
    "function, arguments, expected",
    [
        (tf.lgamma, [[0.0, -1.0, -3.0, INF, -INF, NAN]], [INF, INF, INF, INF, INF, NAN]),
        (tf.digamma, [[0.0, -1.0, NAN]], [INF, INF, NAN]),
        (tf.erf, [[INF, -INF, NAN]], [1, -1, NAN]),
        (tf.erfc, [[INF, -INF, NAN, 30.0]], [0, 2, NAN, 0]),
        (tf.zeta, [[1.0, 0.5, 2.0, 2.5, 2.0], [3.0, 3.0, -1.0, -0.5, 0.0]], [INF, NAN, INF, NAN, INF]),
        (tf.polygamma, [[1.5, -1.0, 1.0], [2.0, 2.0, NAN]], [NAN, NAN, NAN]),
        (tf.igamma, [[1.0, 1.0, 0.0, -1.0, 1.0], [0.0, -1.0, 1.0, 1.0, INF]], [0, NAN, NAN, NAN, 1]),
        (tf.igammac, [[1.0, 1.0, 0.0, 1.0], [0.0, -1.0, 1.0, INF]], [1, NAN, NAN, 0]),
        (tf.betainc, [[1.0, 1.0, 1.0, 1.0, 0.0], [2.0] * 5, [0.0, 1.0, -0.1, 1.1, 0.5]], [0, 1, NAN, NAN, NAN]),
    ],
)
def test_limits_and_poles(function, arguments, expected):
    np.testing.assert_array_equal(run(function(*(tf.constant(a) for a in arguments))), expected)


def test_log_gamma_keeps_its_digits_near_its_zeros():
    # The series around 1 and 2 in exact arithmetic: the slopes are -Euler's constant and 1 minus it.
    step = 2.0**-30
    np.testing.assert_allclose(
        log_gamma(np.array([1 + step, 2 + step])) / step, [-0.5772156641, 0.4227843354], rtol=1e-9
    )


def test_upper_and_lower_gamma_meet_where_the_methods_change():
    a = np.full(3, 7.0)
    value = lower_gamma(a, np.array([7 - 1e-9, 7, 7 + 1e-9]))
    slope = math.exp(6 * math.log(7) - 7 - math.lgamma(7))
    np.testing.assert_allclose(np.diff(value), slope * 1e-9, rtol=1e-5)


def test_betainc_takes_scalars_and_one_shape():
    assert run(tf.betainc([1.0, 2.0], 2.0, [0.1, 0.3])).shape == (2,)
    with pytest.raises(ValueError, match="Dimension 0 in both shapes must be equal, but are 2 and 1"):
        tf.betainc([1.0, 2.0], [1.0], 0.5)


def test_lbeta():
    value = run(tf.lbeta(tf.constant([[1.0, 2, 3], [0.5, 0.5, 4]], tf.float64)))
    np.testing.assert_allclose(value, [-4.0943445622221004, -0.24156447527049041], rtol=1e-13)
    assert run(tf.lbeta(tf.zeros([0]))) == -INF


def test_unscaled_bessel_functions():
    x = np.array([-2.0, 0.5, 3.0])
    np.testing.assert_allclose(run(tf.math.bessel_i0(x)), np.exp(abs(x)) * run(tf.math.bessel_i0e(x)))
    np.testing.assert_allclose(run(tf.math.bessel_i1(x)), np.exp(abs(x)) * run(tf.math.bessel_i1e(x)))


def test_the_gradient_of_bessel_i1e_at_zero():
    x = tf.constant([0.0, 1e-9], tf.float64)
    np.testing.assert_allclose(run(tf.gradients(tf.math.bessel_i1e(x), x))[0], [0.5, 0.5], rtol=1e-6)


@pytest.mark.parametrize(
    "function, first, expected",
    [
        (tf.zeta, 2.0, lambda q: -2 * run(tf.zeta(tf.constant(3.0, tf.float64), q))),
        (tf.polygamma, 1.0, lambda x: run(tf.polygamma(tf.constant(2.0, tf.float64), x))),
    ],
)
def test_gradients_by_the_second_argument_only(function, first, expected):
    a, x = tf.constant(first, tf.float64), tf.constant([0.75, 3.0], tf.float64)
    ga, gx = tf.gradients(function(a, x), [a, x])
    assert ga is None
    np.testing.assert_allclose(run(gx), expected(x))


def test_the_gradient_of_betainc_is_the_density():
    x = tf.constant([0.25, 0.5], tf.float64)
    a, b = tf.constant(2.0, tf.float64), tf.constant(3.0, tf.float64)
    ga, gb, gx = tf.gradients(tf.betainc(a, b, x), [a, b, x])
    assert ga is None and gb is None
    np.testing.assert_allclose(run(gx), [12 * 0.25 * 0.75**2, 12 * 0.5 * 0.5**2], rtol=1e-12)
