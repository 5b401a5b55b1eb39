"""Initial values of variables."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops import orthogonal_initializers
from tests.golden_cases import Golden

GOLDEN = Golden("initializer_cases", "initializers.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


def evaluate(tensor):
    with tf.Session() as session:
        return session.run(tensor)


@pytest.mark.parametrize("spatial", [(3,), (3, 3), (2, 2, 2)])
def test_delta_orthogonal_kernels_have_an_orthogonal_centre(spatial):
    kernel = evaluate(orthogonal_initializers.ConvolutionDeltaOrthogonal(gain=2.0, seed=1)([*spatial, 3, 4]))
    centre = kernel[tuple((size - 1) // 2 for size in spatial)]
    np.testing.assert_allclose(centre @ centre.T, 4.0 * np.eye(3), atol=1e-5)
    assert np.count_nonzero(kernel) == np.count_nonzero(centre)


@pytest.mark.parametrize(
    "initializer, spatial",
    [
        (orthogonal_initializers.ConvolutionOrthogonal1D, (4,)),
        (orthogonal_initializers.ConvolutionOrthogonal2D, (3, 3)),
        (orthogonal_initializers.ConvolutionOrthogonal3D, (2, 2, 2)),
    ],
)
def test_convolution_with_an_orthogonal_kernel_keeps_norms(initializer, spatial):
    kernel = evaluate(initializer(gain=1.5, seed=3)([*spatial, 3, 4]))
    # A circular convolution multiplies frequencies: the kernel is orthogonal at each of them.
    frequencies = np.fft.fftn(kernel, s=[8] * len(spatial), axes=range(len(spatial))).reshape(-1, 3, 4)
    for matrix in frequencies:
        np.testing.assert_allclose(matrix @ matrix.conj().T, 2.25 * np.eye(3), atol=1e-4)


@pytest.mark.parametrize(
    "initializer, shape, words",
    [
        (orthogonal_initializers.ConvolutionDeltaOrthogonal, [2, 2], "at least three-dimensional"),
        (orthogonal_initializers.ConvolutionDeltaOrthogonal, [2, 3, 2], "In_filters cannot be greater"),
        (orthogonal_initializers.ConvolutionOrthogonal1D, [2, 2], "must be three-dimensional"),
        (orthogonal_initializers.ConvolutionOrthogonal2D, [2, 3, 2, 2], "Kernel sizes must be equal"),
        (orthogonal_initializers.ConvolutionOrthogonal3D, [2, 2, 2, 3, 2], "In_filters cannot be greater"),
    ],
)
def test_shapes_that_orthogonal_kernels_cannot_have(initializer, shape, words):
    with pytest.raises(ValueError, match=words):
        initializer()(shape)
