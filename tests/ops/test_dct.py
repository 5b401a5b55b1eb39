"""Cosine transforms, beside the sums that define them."""

import numpy as np
import pytest

import pyflow as tf


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def matrix(size, kind):
    """The transform of that type as a matrix."""
    k, j = np.arange(size)[:, None], np.arange(size)
    if kind == 1:
        rows = 2 * np.cos(np.pi * j * k / (size - 1))
        rows[:, [0, -1]] /= 2
    elif kind == 2:
        rows = 2 * np.cos(np.pi * k * (2 * j + 1) / (2 * size))
    else:
        rows = 2 * np.cos(np.pi * j * (2 * k + 1) / (2 * size))
        rows[:, 0] /= 2
    return rows


def orthogonal(size, kind):
    rows = matrix(size, 2) / np.sqrt(2 * size)
    rows[0] /= np.sqrt(2)
    return rows if kind == 2 else rows.T


SIGNALS = np.random.default_rng(0).uniform(-1, 1, (2, 3, 6)).astype(np.float32)


@pytest.mark.parametrize("kind, norm", [(1, None), (2, None), (3, None), (2, "ortho"), (3, "ortho")])
@pytest.mark.parametrize("n", [None, 4, 6, 9])
@pytest.mark.parametrize("known", [True, False])
def test_dct(kind, norm, n, known):
    size = n or 6
    x = tf.constant(SIGNALS) if known else tf.placeholder(tf.float32, [None, None, None])
    feed = None if known else {x: SIGNALS}
    padded = np.zeros((2, 3, size))
    padded[..., : min(size, 6)] = SIGNALS[..., :size]
    rows = orthogonal(size, kind) if norm else matrix(size, kind)
    value = run(tf.signal.dct(x, kind, n, norm=norm), feed)
    np.testing.assert_allclose(value, padded @ rows.T, atol=2e-5)
    inverse_kind = {1: 1, 2: 3, 3: 2}[kind]
    rows = orthogonal(size, inverse_kind) if norm else matrix(size, inverse_kind)
    np.testing.assert_allclose(run(tf.spectral.idct(x, kind, n, norm=norm), feed), padded @ rows.T, atol=2e-5)


@pytest.mark.parametrize("kind, norm, factor", [(1, None, 10), (2, None, 12), (3, None, 12), (2, "ortho", 1)])
def test_idct_undoes_dct(kind, norm, factor):
    back = run(tf.signal.idct(tf.signal.dct(SIGNALS, kind, norm=norm), kind, norm=norm))
    np.testing.assert_allclose(back, factor * SIGNALS, atol=2e-5)


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_gradient_is_the_transposed_transform(kind):
    x = tf.constant(SIGNALS)
    (dx,) = tf.gradients(tf.signal.dct(x, kind), [x], grad_ys=[tf.constant(SIGNALS)])
    np.testing.assert_allclose(run(dx), SIGNALS @ matrix(6, kind), atol=2e-5)


@pytest.mark.parametrize(
    "options, error, words",
    [
        ({"type": 4}, ValueError, r"Only Types I, II and III \(I\)DCT are supported."),
        ({"type": 1, "norm": "ortho"}, ValueError, "Normalization is not supported for the Type-I DCT."),
        ({"norm": "other"}, ValueError, "Unknown normalization. Expected None or 'ortho', got: other"),
        ({"n": 0}, ValueError, "n should be a positive integer or None"),
        ({"axis": 0}, NotImplementedError, "axis must be -1. Got: 0"),
    ],
)
@pytest.mark.parametrize("function", [tf.signal.dct, tf.signal.idct])
def test_arguments_that_are_refused(function, options, error, words):
    with pytest.raises(error, match=words):
        function(SIGNALS, **options)


def test_type_one_needs_two_samples():
    with pytest.raises(ValueError, match="Type-I DCT requires the dimension to be greater than one."):
        tf.signal.dct(tf.zeros([3, 1]), 1)
