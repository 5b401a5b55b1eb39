"""Ops that move elements, on the device: sizes 1 and primes, five axes, many workgroups, every dtype; exactly."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import on_both

pytestmark = pytest.mark.native


def numbers(*shape, dtype=np.float32):
    return (np.random.RandomState(0).permutation(int(np.prod(shape))) - 3).reshape(shape).astype(dtype)


MOVES = {
    "transpose 5-D": ([numbers(2, 3, 1, 5, 7)], lambda x: tf.transpose(x, [4, 0, 3, 2, 1])),
    "transpose of many rows": ([numbers(4099, 17)], tf.transpose),
    "transpose of batches": ([numbers(3, 5, 64)], lambda x: tf.transpose(x, [0, 2, 1])),
    "slice": ([numbers(7, 11, 5)], lambda x: tf.slice(x, [2, 0, 1], [3, -1, 2])),
    "subscripts": ([numbers(7, 11, 5)], lambda x: x[::-2, 3, tf.newaxis, ..., -1:0:-3]),
    "open ends": ([numbers(7, 11)], lambda x: x[1:, :-2]),
    "one element": ([numbers(7, 11)], lambda x: x[-1, 4]),
    "reverse": ([numbers(3, 1, 13)], lambda x: tf.reverse(x, [0, -1])),
    "tile": ([numbers(2, 1, 5)], lambda x: tf.tile(x, [3, 7, 2])),
    "broadcast": ([numbers(3, 1, 5)], lambda x: tf.broadcast_to(x, [2, 3, 7, 5])),
    "roll": ([numbers(5, 7, 3)], lambda x: tf.roll(x, [2, -8, 3], [0, 1, 0])),
    "patches": (
        [numbers(2, 7, 9, 3)],
        lambda x: tf.extract_image_patches(x, [1, 3, 2, 1], [1, 2, 3, 1], [1, 2, 3, 1], "SAME"),
    ),
    "patches inside": (
        [numbers(3, 8, 5, 1)],
        lambda x: tf.extract_image_patches(x, [1, 2, 3, 1], [1, 1, 1, 1], [1, 3, 1, 1], "VALID"),
    ),
    "patches of volumes": (
        [numbers(2, 3, 4, 5, 7)],
        lambda x: tf.extract_volume_patches(x, [1, 2, 3, 2, 1], [1, 2, 1, 1, 1], "SAME"),
    ),
    "reverse sequences": ([numbers(4, 9, 3)], lambda x: tf.reverse_sequence(x, [0, 9, 1, 5], seq_axis=1)),
    "reverse sequences along 0": ([numbers(9, 4)], lambda x: tf.reverse_sequence(x, [0, 9, 1, 5], 0, 1)),
    "pad": ([numbers(3, 5, 2)], lambda x: tf.pad(x, [[1, 0], [0, 4], [2, 3]])),
    "pad with a constant": ([numbers(3, 5)], lambda x: tf.pad(x, [[1, 2], [0, 4]], constant_values=7)),
    "reflect": ([numbers(3, 5, 2)], lambda x: tf.pad(x, [[1, 2], [0, 4], [0, 0]], "REFLECT")),
    "symmetric": ([numbers(3, 5, 2)], lambda x: tf.pad(x, [[3, 2], [0, 5], [1, 0]], "SYMMETRIC")),
    "concat": ([numbers(3, 5, 2), numbers(3, 1, 2), numbers(3, 7, 2)], lambda *x: tf.concat(x, 1)),
    "concat at the end": ([numbers(3, 5), numbers(3, 1)], lambda *x: tf.concat(x, -1)),
    "concat of nine": ([numbers(3, n, 2) for n in range(1, 10)], lambda *x: tf.concat(x, 1)),
    "stack": ([numbers(3, 5)] * 4, lambda *x: tf.stack(x, axis=1)),
    "stack of eleven": ([numbers(3, 5)] * 11, lambda *x: tf.stack(x, axis=-1)),
    "split": ([numbers(3, 8, 2)], lambda x: tf.concat(tf.split(x, 4, axis=1)[::-1], 0)),
    "split of sizes": ([numbers(3, 8)], lambda x: tf.split(x, [1, 5, -1], axis=1)),
    "split in nine": ([numbers(3, 18)], lambda x: tf.split(x, 9, axis=1)),
    "unstack": ([numbers(3, 5, 4)], lambda x: tf.unstack(x, axis=1)),
    "space to batch": ([numbers(2, 4, 6, 3)], lambda x: tf.space_to_batch_nd(x, [2, 3], [[1, 1], [0, 3]])),
    "batch to space": ([numbers(12, 4, 6, 3)], lambda x: tf.batch_to_space_nd(x, [2, 3], [[1, 2], [0, 3]])),
    "space to depth": ([numbers(2, 4, 6, 3)], lambda x: tf.nn.space_to_depth(x, 2)),
    "depth to space": ([numbers(2, 4, 6, 12)], lambda x: tf.nn.depth_to_space(x, 2)),
    "band": ([numbers(3, 5, 7)], lambda x: tf.linalg.band_part(x, 1, 3)),
    "all below": ([numbers(3, 7, 5)], lambda x: tf.linalg.band_part(x, -1, 0)),
    "diagonal matrices": ([numbers(3, 2, 5)], tf.linalg.diag),
    "diagonals": ([numbers(3, 5, 7)], tf.linalg.diag_part),
    "matrices with diagonals": ([numbers(3, 5, 7), numbers(3, 5)], tf.linalg.set_diag),
    "a band made a matrix": ([numbers(2, 3, 4)], lambda x: tf.linalg.diag(x, k=(-1, 1), num_rows=4, num_cols=4)),
    "an upper diagonal": ([numbers(2, 3)], lambda x: tf.linalg.diag(x, k=2, padding_value=9)),
    "the band of a matrix": ([numbers(2, 5, 4)], lambda x: tf.linalg.diag_part(x, k=(-3, 2), padding_value=9)),
    "a band put in": ([numbers(2, 4, 4), numbers(2, 2, 4)], lambda x, d: tf.linalg.set_diag(x, d, k=(-1, 0))),
    "tensors of diagonals": ([numbers(3, 4)], tf.linalg.tensor_diag),
    "diagonals of tensors": ([numbers(3, 4, 3, 4)], tf.linalg.tensor_diag_part),
    "stitched": (
        [numbers(3, 4), numbers(2, 2, 4)],
        lambda x, y: tf.dynamic_stitch([[4, 0, 6], [[1, 2], [5, 3]]], [x, y]),
    ),
    "identities": ([numbers(3, 4), numbers(5)], lambda *x: [-y for y in tf.identity_n(x)]),
    "squeezed, expanded": ([numbers(3, 1, 35)], lambda x: tf.expand_dims(tf.squeeze(x, 1), 0)),
}


@pytest.mark.parametrize("move", MOVES)
def test_moves(move, adapter):
    arrays, function = MOVES[move]
    values, expected, ran = on_both(function, arrays)
    assert ran.first
    for value, wanted in zip(values, expected):
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.bool_])
@pytest.mark.parametrize("move", ["subscripts", "pad", "concat", "concat of nine", "split", "reflect", "tile"])
def test_of_other_types(move, dtype, adapter):
    arrays, function = MOVES[move]
    arrays = [a > 5 if dtype is np.bool_ else a.astype(dtype) for a in arrays]
    values, expected, ran = on_both(function, arrays)
    assert ran.first
    for value, wanted in zip(values, expected):
        assert value.dtype == wanted.dtype
        np.testing.assert_array_equal(value, wanted)


WITH_GRADIENT = [m for m in MOVES if m not in ("pad with a constant", "broadcast", "tile")]


@pytest.mark.parametrize("move", WITH_GRADIENT)
def test_gradients_move_back(move, adapter):
    """The gradient of a weighted sum of the outputs."""
    arrays, function = MOVES[move]

    def gradients(*inputs):
        outputs = function(*inputs)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        return tf.gradients(outputs, inputs, [numbers(*x.shape.as_list()) for x in outputs])

    values, expected, _ = on_both(gradients, arrays)
    for value, wanted in zip(values, expected):
        np.testing.assert_array_equal(value, wanted)


def test_moving_joins_the_ops_around_it(adapter):
    def function(x, y):
        return tf.nn.relu(tf.transpose(x) + y[:, 1:]) * 2.0

    values, expected, ran = on_both(function, [numbers(64, 32), numbers(32, 65)])
    np.testing.assert_array_equal(values[0], expected[0])
    assert ran.dispatches == 1


def test_what_is_moved_is_computed_first(adapter):
    """A transposition needs other elements of a product than the one that its invocation computes."""
    values, expected, ran = on_both(lambda x: tf.transpose(x * x) + 1.0, [numbers(64, 32)])
    np.testing.assert_array_equal(values[0], expected[0])
    assert ran.dispatches == 2


def test_more_workgroups_than_one_dimension_has(adapter):
    values, expected, ran = on_both(lambda x: x[::-1, 1:], [numbers(65600, 65)])
    assert ran.first
    np.testing.assert_array_equal(values[0], expected[0])


def test_gates_split_from_one_product_are_one_dispatch(adapter):
    def function(x):
        i, j, f, o = tf.split(x, 4, axis=1)
        return tf.nn.relu(i) * tf.tanh(j) + f * o

    values, expected, ran = on_both(function, [numbers(32, 64) / 1000])
    np.testing.assert_allclose(values[0], expected[0], rtol=1e-5)
    assert ran.dispatches == 1
