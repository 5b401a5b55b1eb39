"""Complex numbers and their parts."""

import numpy as np
import pytest

import pyflow as tf

Z = np.array([1 + 2j, -3 + 0.5j, 2 - 2j])


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


@pytest.mark.parametrize("dtype, part", [(tf.complex64, tf.float32), (tf.complex128, tf.float64)])
def test_parts(dtype, part):
    z = tf.constant(Z, dtype)
    for function, reference in ((tf.real, np.real), (tf.imag, np.imag), (tf.angle, np.angle), (tf.abs, np.abs)):
        result = function(z)
        assert result.dtype == part
        np.testing.assert_allclose(run(result), reference(Z), rtol=1e-6)
    np.testing.assert_allclose(run(tf.conj(z)), np.conj(Z))


def test_real_numbers_have_parts_too():
    x = tf.constant([1.0, -2.0])
    assert tf.real(x) is x and tf.conj(x) is x
    assert run(tf.imag(x)).tolist() == [0.0, 0.0]
    assert run(tf.angle(x)).tolist() == [0.0, 0.0]
    with pytest.raises(TypeError, match="Expected numeric or variant tensor, got dtype"):
        tf.conj(tf.constant("a"))


def test_made_of_two_parts():
    assert run(tf.complex([1.0, 2.0], 3.0)).tolist() == [1 + 3j, 2 + 3j]
    assert tf.complex(np.float64(1), np.float64(2)).dtype == tf.complex128
    with pytest.raises(TypeError, match="real and imag have incorrect types: float32 int32"):
        tf.complex(1.0, 2)


def test_gradients_of_real_functions_of_complex_numbers():
    """The convention is that of TensorFlow: the gradient of a real loss points up its steepest slope."""
    z = tf.constant(Z)
    cases = {
        "real": (tf.real(z), np.ones(3)),
        "imag": (tf.imag(z), 1j * np.ones(3)),
        "abs": (tf.abs(z), Z / np.abs(Z)),
        "angle": (tf.angle(z), 1j * Z / np.abs(Z) ** 2),
        "square": (tf.real(z * z), 2 * np.conj(Z)),
        "conj": (tf.imag(tf.conj(z)), -1j * np.ones(3)),
    }
    for y, expected in cases.values():
        gradient = run(tf.gradients(y, z))[0]
        np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-12)


def test_the_absolute_value_at_zero_has_a_finite_gradient():
    z = tf.constant([0j])
    assert run(tf.gradients(tf.abs(z), z))[0].tolist() == [0j]


def test_gradients_of_the_parts():
    x, y = tf.constant([1.0, 2.0]), tf.constant([3.0, -1.0])
    gx, gy = run(tf.gradients(tf.abs(tf.complex(x, y)), [x, y]))
    size = np.hypot([1, 2], [3, -1])
    np.testing.assert_allclose([gx, gy], [[1, 2] / size, [3, -1] / size], rtol=1e-6)
