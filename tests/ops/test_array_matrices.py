"""Diagonals and bands of matrices; blocks, depth, patches of images; quantised floats."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error

M = np.arange(1.0, 13.0, dtype=np.float32).reshape(3, 4)
IMAGE = np.arange(1 * 4 * 6 * 2, dtype=np.float32).reshape(1, 4, 6, 2)


def run(tensors, feed=None):
    with tf.Session() as sess:
        return sess.run(tensors, feed)


def fed(value):
    """The value, of unknown shape until the run."""
    return tf.placeholder_with_default(np.asarray(value), None)


def with_diagonal(matrix, values):
    result = np.array(matrix)
    for i in range(min(result.shape[-2:])):
        result[..., i, i] = values[..., i]
    return result


MARGINS = [[1, 1], [2, 0]]
TWO_BY_THREE = [1, 2, 3, 1]


def blocks_in_channels(x):
    return x.reshape(1, 2, 2, 3, 2, 2).transpose(0, 1, 3, 2, 4, 5).reshape(1, 2, 3, 8)


def blocks_in_batch(x):
    return np.concatenate([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)])


def padded_thirds(x):
    padded = np.pad(x, [(0, 0), (1, 1), (0, 0), (0, 0)])
    return np.concatenate([padded[:, i::3] for i in range(3)])


def pieces(x):
    return x.reshape(1, 2, 2, 2, 3, 2).transpose(0, 1, 3, 2, 4, 5).reshape(1, 2, 2, 12)


CASES = [
    ("diag", tf.diag, lambda v: np.diag(v), M[0]),
    ("tensor_diag", tf.linalg.tensor_diag, lambda m: np.einsum("ab,ac,bd->abcd", m, np.eye(2), np.eye(3)), M[:2, :3]),
    ("diag_part", tf.diag_part, np.diag, M[:, :3]),
    ("matrix_diag", tf.matrix_diag, lambda m: np.stack([np.diag(row) for row in m]), M),
    ("matrix_diag_part", tf.matrix_diag_part, np.diag, M),
    ("matrix_diag_part_square", tf.linalg.diag_part, np.diag, M[:, :3]),
    ("set_diag", lambda m: tf.matrix_set_diag(m, m[:, 0]), lambda m: with_diagonal(m, m[:, 0]), M),
    ("band", lambda m: tf.matrix_band_part(m, 1, 0), lambda m: np.tril(np.triu(m, -1)), M),
    ("upper", lambda m: tf.linalg.band_part(m, 0, -1), np.triu, M),
    ("all", lambda m: tf.matrix_band_part(m, -1, -1), lambda m: m, M),
    ("above", lambda m: tf.linalg.diag_part(m, k=1), lambda m: np.diag(m, 1), M),
    ("below", lambda v: tf.linalg.diag(v, k=-2), lambda v: np.diag(v, -2), M[0]),
    ("space_to_depth", lambda x: tf.space_to_depth(x, 2), blocks_in_channels, IMAGE),
    ("depth_to_space", lambda x: tf.depth_to_space(tf.space_to_depth(x, 2), 2), lambda x: x, IMAGE),
    ("space_to_batch", lambda x: tf.space_to_batch(x, [[0, 0], [0, 0]], 2), blocks_in_batch, IMAGE),
    ("space_to_batch_nd", lambda x: tf.space_to_batch_nd(x, [3], [[1, 1]]), padded_thirds, IMAGE),
    ("batch_to_space", lambda x: tf.batch_to_space(tf.space_to_batch(x, MARGINS, 2), MARGINS, 2), lambda x: x, IMAGE),
    ("patches", lambda x: tf.extract_image_patches(x, TWO_BY_THREE, TWO_BY_THREE, [1] * 4, "VALID"), pieces, IMAGE),
    (
        "dilated_patches",
        lambda x: tf.image.extract_patches(x, [1, 2, 1, 1], [1] * 4, [1, 3, 1, 1], "VALID"),
        lambda x: np.concatenate([x[:, :1], x[:, 3:]], -1),
        IMAGE,
    ),
]


@pytest.mark.parametrize("ours, theirs, value", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_values_and_gradients(ours, theirs, value):
    expected = theirs(value)
    result = ours(tf.constant(value))
    assert result.shape.as_list() == list(expected.shape)
    np.testing.assert_array_equal(run(result), expected)
    assert gradient_error(lambda x: ours(x) ** 2, value / 50) < 1e-6


@pytest.mark.parametrize(
    "k, rows", [([-1, 1], [[2, 7, 12], [1, 6, 11], [5, 10, 0]]), ([0, 2], [[3, 8, 0], [2, 7, 12], [1, 6, 11]])]
)
def test_bands_run_from_the_highest_diagonal_to_the_lowest(k, rows):
    band = tf.linalg.diag_part(M, k=k)
    assert band.shape.as_list() == [3, 3]
    assert run(band).tolist() == rows
    np.testing.assert_array_equal(run(tf.linalg.set_diag(M, band, k=k)), M)
    kept = np.triu(np.tril(M, k[1]), k[0])
    np.testing.assert_array_equal(run(tf.linalg.diag(band, k=k, num_rows=3, num_cols=4)), kept)


def test_padding_stands_outside_the_band():
    assert run(tf.linalg.diag([1, 2], k=1, padding_value=9)).tolist() == [[9, 1, 9], [9, 9, 2], [9, 9, 9]]
    assert run(tf.linalg.diag_part(M, k=[-1, 0], padding_value=-1)).tolist() == [[1, 6, 11], [5, 10, -1]]


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: tf.diag_part(tf.constant(M)), "Dimensions must be equal, but are 3 and 4"),
        (lambda: tf.diag_part(tf.constant(M[0])), "Input must have even and non-zero rank, input rank is 1"),
        (lambda: tf.matrix_diag_part(M[0]), "Shape must be at least rank 2 but is rank 1"),
        (lambda: tf.matrix_set_diag(M, M[0]), "Dimensions must be equal, but are 3 and 4"),
        (lambda: tf.linalg.diag_part(M, k=4), "lower_diag_index is out of bound"),
        (lambda: tf.linalg.diag_part(M, k=[1, 0]), "lower_diag_index is greater than upper_diag_index"),
        (lambda: tf.linalg.diag(M, k=[0, 1]), "doesn't match the number of diagonals"),
        (lambda: tf.space_to_depth(IMAGE, 5), "evenly divisible by 5 but is 4"),
        (lambda: tf.space_to_depth(IMAGE, 1), "Attr 'block_size' of 'SpaceToDepth' Op passed 1 less than minimum 2"),
        (lambda: tf.depth_to_space(IMAGE, 2), "evenly divisible by 4 but is 2"),
        (lambda: tf.space_to_batch_nd(IMAGE, [2, 0], [[0, 0], [0, 0]]), "block_shape must be positive"),
        (lambda: tf.space_to_batch_nd(IMAGE, [2, 2], [[0, 0], [0, -1]]), "paddings cannot be negative"),
        (lambda: tf.space_to_batch_nd(IMAGE, [4, 4], [[0, 0], [0, 0]]), "evenly divisible by 4 but is 6"),
        (lambda: tf.batch_to_space_nd(IMAGE, [2, 2], [[0, 0], [0, 0]]), "evenly divisible by 2 but is 1"),
        (lambda: tf.fake_quant_with_min_max_vars(M, [0.0], 1.0), "Shape must be rank 0 but is rank 1"),
        (lambda: tf.fake_quant_with_min_max_vars_per_channel(M, M[0], M[0, :2]), "must be equal, but are 4 and 2"),
    ],
)
def test_refused_when_the_graph_is_built(build, words):
    with pytest.raises(ValueError, match=words):
        build()


@pytest.mark.parametrize(
    "build, words",
    [
        (
            lambda: tf.matrix_band_part(fed(M), 4, 0),
            r"num_lower must be negative or less or equal to number of rows \(3\) got: 4",
        ),
        (lambda: tf.matrix_diag_part(fed(M[0])), r"input must be at least 2-dim, received shape: \[4\]"),
        (lambda: tf.space_to_depth(fed(IMAGE), 5), "Image width 6 and height 4 should be divisible by block_size: 5"),
        (lambda: tf.depth_to_space(fed(IMAGE), 2), "Input depth dimension 2 should be divisible by: 4"),
        (
            lambda: tf.space_to_batch_nd(IMAGE, [4], fed([[0, 1]])),
            r"padded_shape\[0\]=5 is not divisible by block_shape",
        ),
        (
            lambda: tf.batch_to_space(fed(IMAGE), fed([[0, 0], [0, 0]]), 2),
            r"Input batch dimension \(1\) is not divisible",
        ),
        (lambda: tf.fake_quant_with_min_max_args(fed(M), 1.0, 0.0), "min has to be smaller than max, was: 1 >= 0"),
        (lambda: tf.quantization.quantize_and_dequantize(fed(M), 2.0, 1.0, range_given=True), "Invalid range"),
    ],
)
def test_refused_in_the_run(build, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(build())


@pytest.mark.parametrize("known", [True, False])
def test_paddings_that_make_sizes_divisible(known):
    sizes = [5, 6] if known else tf.placeholder_with_default([5, 6], [2])
    paddings, crops = run(tf.required_space_to_batch_paddings(sizes, [2, 4], [[1, 0], [0, 0]]))
    assert (paddings.tolist(), crops.tolist()) == ([[1, 0], [0, 2]], [[0, 0], [0, 2]])


@pytest.mark.parametrize("low, high, bits", [(0.0, 1.0, 8), (-1.0, 1.0, 4), (0.0, 6.0, 3)])
def test_fake_quantisation_keeps_to_its_grid_and_passes_gradients_inside(low, high, bits):
    x = np.linspace(low - 0.5, high + 0.5, 41, dtype=np.float32)
    inputs = tf.constant(x)
    result = tf.fake_quant_with_min_max_args(inputs, low, high, bits)
    values, grad = run([result, tf.gradients(result, inputs)[0]])
    step = (high - low) / (2**bits - 1)
    np.testing.assert_allclose(values / step, np.rint(values / step), atol=1e-4)
    assert np.abs(values - np.clip(x, low, high)).max() <= step + 1e-6
    inside = (x > low + step) & (x < high - step)
    assert grad[inside].all()
    assert not grad[[0, -1]].any()


def test_gradients_of_fake_quantisation_collect_what_lies_outside():
    x, low, high = tf.constant([-2.0, 0.5, 3.0, 4.0]), tf.constant(-1.0), tf.constant(1.0)
    grads = tf.gradients(tf.fake_quant_with_min_max_vars(x, low, high), [x, low, high])
    assert [np.asarray(g).tolist() for g in run(grads)] == [[0, 1, 0, 0], 1, 2]
    channels = tf.gradients(
        tf.fake_quant_with_min_max_vars_per_channel(tf.constant([[-2.0, 0.5], [3.0, 4.0]]), [-1.0, -1.0], [1.0, 1.0]),
        low,
    )
    assert channels == [None]


@pytest.mark.parametrize("signed, bits, steps", [(True, 8, 127), (False, 8, 255), (True, 4, 7)])
def test_quantize_and_dequantize_rounds_to_integers_of_the_range(signed, bits, steps):
    x = np.array([0.0, 0.2, 0.7, 1.0], np.float32)
    result = tf.quantization.quantize_and_dequantize(x, 0.0, 0.0, signed, bits)
    np.testing.assert_allclose(run(result), np.rint(x * steps) / steps, rtol=1e-6)
    inputs = tf.constant(x)
    assert run(tf.gradients(tf.quantization.quantize_and_dequantize(inputs, 0.0, 1.0), inputs)[0]).tolist() == [1] * 4
