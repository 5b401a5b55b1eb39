"""Fourier transforms, beside numpy's."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.numeric_gradient import gradient_error

TOLERANCE = {"complex64": 1e-5, "complex128": 1e-13}
COMPLEX = {1: (tf.signal.fft, tf.ifft), 2: (tf.fft2d, tf.signal.ifft2d), 3: (tf.spectral.fft3d, tf.ifft3d)}
REAL = {
    1: (tf.signal.rfft, tf.spectral.irfft),
    2: (tf.signal.rfft2d, tf.signal.irfft2d),
    3: (tf.signal.rfft3d, tf.signal.irfft3d),
}
RANKS = [1, 2, 3]


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def random(shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape)


def complex_random(shape, dtype="complex64"):
    return (random(shape) + 1j * random(shape, 1)).astype(dtype)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_transforms(rank, batch, dtype):
    x = complex_random((*batch, *(4, 3, 5)[:rank]), dtype)
    for function, reference in zip(COMPLEX[rank], (np.fft.fftn, np.fft.ifftn)):
        tensor = function(tf.constant(x))
        value = run(tensor)
        assert tensor.shape == value.shape == x.shape
        assert value.dtype == np.dtype(dtype)
        np.testing.assert_allclose(value, reference(x, axes=range(-rank, 0)), atol=60 * TOLERANCE[dtype])


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("sizes", [(4, 4, 4), (3, 4, 5), (2, 5, 6), (1, 1, 1)])
@pytest.mark.parametrize("known", [True, False])
def test_real_transforms(rank, sizes, known):
    x = random((2, *sizes[:rank])).astype(np.float32)
    tensor = tf.constant(x) if known else tf.placeholder(tf.float32)
    feed = None if known else {tensor: x}
    forward, inverse = REAL[rank]
    lengths = list(sizes[:rank])
    half = run(forward(tensor) if known else forward(tensor, lengths), feed)
    assert half.dtype == np.complex64
    np.testing.assert_allclose(half, np.fft.rfftn(x, axes=range(-rank, 0)), atol=1e-4)
    back = run(inverse(tf.constant(half), lengths))
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, x, atol=1e-6)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("length", [2, 3, 7, 8])
@pytest.mark.parametrize("known", [True, False])
def test_inputs_are_cropped_or_padded_to_fft_length(rank, length, known):
    x = random((2, *(5,) * rank)).astype(np.float32)
    tensor = tf.constant(x) if known else tf.placeholder(tf.float32)
    lengths = tf.constant([length] * rank) if known else tf.placeholder(tf.int32)
    feed = None if known else {tensor: x, lengths: [length] * rank}
    expected = np.fft.rfftn(x, s=[length] * rank, axes=range(-rank, 0))
    np.testing.assert_allclose(run(REAL[rank][0](tensor, lengths), feed), expected, atol=1e-4)
    z = complex_random((2, *(5,) * rank))
    expected = np.fft.irfftn(z, s=[length] * rank, axes=range(-rank, 0))
    np.testing.assert_allclose(run(REAL[rank][1](tf.constant(z), [length] * rank)), expected, atol=1e-5)


def test_length_of_the_inverse_is_even_unless_given():
    z = tf.placeholder(tf.complex64, [2, 5])
    assert tf.signal.irfft(z).shape.as_list() == [2, 8]
    assert tf.signal.irfft(z, [9]).shape.as_list() == [2, 9]
    unknown = tf.placeholder(tf.complex64, [None, None])
    assert run(tf.signal.irfft(unknown), {unknown: np.zeros((2, 5))}).shape == (2, 8)
    x = tf.placeholder(tf.float32, [None, None])
    assert run(tf.signal.rfft(x), {x: np.zeros((2, 5))}).shape == (2, 3)


@pytest.mark.parametrize("rank", RANKS)
def test_empty_inputs(rank):
    x = np.zeros((0,) * 3)
    for function in COMPLEX[rank]:
        assert run(function(tf.constant(x, tf.complex64))).shape == (0, 0, 0)
    assert run(REAL[rank][0](tf.constant(x, tf.float32))).shape == (0, 0, 0)
    assert run(REAL[rank][1](tf.constant(x, tf.complex64))).shape == (0, 0, 0)


def parts(x):
    return tf.concat([tf.real(x), tf.imag(x)], -1)


@pytest.mark.parametrize("rank", RANKS)
@pytest.mark.parametrize("direction", [0, 1])
def test_gradient_of_complex_transforms(rank, direction):
    transform = COMPLEX[rank][direction]
    shape = (2, *(4, 3, 2)[:rank])
    assert gradient_error(lambda re, im: parts(transform(tf.complex(re, im))), random(shape), random(shape, 1)) < 1e-6


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("lengths", [(4, 4), (3, 5), (2, 6), (5, 4), (1, 1)])
def test_gradient_of_real_transforms(rank, lengths):
    """The transforms are linear, so the gradient for each output is a row of the matrix of the transform."""
    lengths = list(lengths[-rank:])
    x = tf.placeholder(tf.float32, [5] * rank)
    y = (
        raw.RFFT(x, lengths)
        if rank == 1
        else raw.RFFT2D(x, lengths)
        if max(lengths) <= 5
        else tf.signal.rfft2d(x, lengths)
    )
    if rank == 1 and lengths[0] > 5:
        y = tf.signal.rfft(x, lengths)
    weights = complex_random((*lengths[:-1], lengths[-1] // 2 + 1))
    (dx,) = tf.gradients(y, [x], grad_ys=[tf.constant(weights)])
    basis = np.eye(5**rank).reshape(-1, *[5] * rank)
    images = np.fft.rfftn(basis, s=lengths, axes=range(1, rank + 1)).reshape(5**rank, -1)
    expected = (images.conj() @ weights.reshape(-1)).real.reshape([5] * rank)
    np.testing.assert_allclose(run(dx, {x: np.zeros([5] * rank)}), expected, atol=1e-4)


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("lengths", [(4, 4), (3, 5), (2, 6), (5, 4), (1, 1)])
def test_gradient_of_inverse_real_transforms(rank, lengths):
    lengths = list(lengths[-rank:])
    z = tf.placeholder(tf.complex64, [6] * rank)
    y = raw.IRFFT(z, lengths) if rank == 1 else raw.IRFFT2D(z, lengths)
    weights = random(lengths).astype(np.float32)
    (dz,) = tf.gradients(y, [z], grad_ys=[tf.constant(weights)])
    basis = np.eye(6**rank).reshape(-1, *[6] * rank)
    rows = [np.fft.irfftn(b, s=lengths, axes=range(1, rank + 1)).reshape(6**rank, -1) for b in (basis, 1j * basis)]
    real, imaginary = (row @ weights.reshape(-1) for row in rows)
    value = run(dz, {z: np.zeros([6] * rank)})
    np.testing.assert_allclose(value, (real + 1j * imaginary).reshape([6] * rank), atol=1e-5)


@pytest.mark.parametrize("sizes", [(4,), (5,), (3, 4), (2, 3, 5)])
@pytest.mark.parametrize("axes", [None, 0, (0,), -1])
def test_shifts(sizes, axes):
    x = random(sizes)
    np.testing.assert_array_equal(run(tf.signal.fftshift(x, axes)), np.fft.fftshift(x, axes))
    np.testing.assert_array_equal(run(tf.signal.ifftshift(x, axes)), np.fft.ifftshift(x, axes))


@pytest.mark.parametrize("rank", RANKS)
def test_too_few_axes(rank):
    for function in COMPLEX[rank]:
        with pytest.raises(ValueError, match=f"Shape must be at least rank {rank} but is rank {rank - 1}"):
            function(tf.zeros((1,) * (rank - 1), tf.complex64))
        x = tf.placeholder(tf.complex64)
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"Input must have rank of at least {rank} but got: "):
            run(function(x), {x: np.zeros((1,) * (rank - 1))})
    with pytest.raises(ValueError, match=rf"must have rank at least {rank}"):
        REAL[rank][0](tf.zeros((1,) * (rank - 1)))


@pytest.mark.parametrize("rank", RANKS)
def test_lengths_that_are_refused(rank):
    x = tf.zeros((1,) * rank)
    with pytest.raises(ValueError, match=r"Shape \(1, 1\) must have rank 1"):
        REAL[rank][0](x, np.zeros((1, 1), np.int32))
    with pytest.raises(ValueError, match=f"Dimension must be {rank} but is {rank + 1}"):
        REAL[rank][0](x, np.zeros(rank + 1, np.int32))


@pytest.mark.parametrize(
    "rank, forward, inverse", [(1, "RFFT", "IRFFT"), (2, "RFFT2D", "IRFFT2D"), (3, "RFFT3D", "IRFFT3D")]
)
def test_ops_do_not_pad(rank, forward, inverse):
    words = "Input dimension .* must have length of at least"
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{words} 6 but got: 5"):
        run(getattr(raw, forward)(tf.zeros((5,) * rank), [6] * rank))
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{words} .* but got: 3"):
        run(getattr(raw, inverse)(tf.zeros((3,) * rank, tf.complex64), [6] * rank))


def test_other_dtypes_are_refused():
    with pytest.raises(ValueError, match="Tensor conversion requested dtype float32 for Tensor with dtype float64"):
        tf.signal.rfft(tf.zeros([4], tf.float64))
    with pytest.raises(
        ValueError, match="Tensor conversion requested dtype complex64 for Tensor with dtype complex128"
    ):
        tf.signal.irfft(tf.zeros([4], tf.complex128))
