"""Casts between dtypes."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw

DTYPES = [tf.float16, tf.float32, tf.float64, tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32]


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


@pytest.mark.parametrize("target", [*DTYPES, tf.uint64, tf.bool, tf.complex64, tf.complex128])
@pytest.mark.parametrize("source", DTYPES)
def test_every_pair_of_dtypes(source, target):
    x = np.array([0, 1, 100], source.as_numpy_dtype)
    result = tf.cast(tf.constant(x), target)
    assert result.dtype == target
    value = run(result)
    assert value.dtype == target.as_numpy_dtype
    assert value.tolist() == ([False, True, True] if target == tf.bool else [0, 1, 100])


def test_fractions_are_cut_off():
    assert run(tf.cast([1.9, -1.9, 0.2], tf.int32)).tolist() == [1, -1, 0]


def test_everything_but_zero_is_true():
    assert run(tf.cast([0.0, -0.5, float("nan"), float("inf")], tf.bool)).tolist() == [False, True, True, True]


def test_complex_numbers_lose_their_imaginary_part():
    assert run(tf.cast([1 + 2j, 3j], tf.float32)).tolist() == [1.0, 0.0]
    assert run(tf.cast([1 + 2j, 3j], tf.complex64)).tolist() == [1 + 2j, 3j]


def test_bfloat16_rounds_to_even():
    x = tf.cast([1.0, 1.00390625, 1.01171875, 3.0e38], tf.bfloat16)
    assert x.dtype == tf.bfloat16
    assert run(tf.cast(x, tf.float32)).tolist()[:3] == [1.0, 1.0, 1.015625]


def test_strings_are_not_cast():
    with pytest.raises(tf.errors.UnimplementedError, match="Cast string to float is not supported"):
        run(tf.cast(["1"], tf.float32))


def test_a_tensor_that_has_the_dtype_is_returned():
    x = tf.constant([1.0])
    assert tf.cast(x, tf.float32) is x
    assert tf.cast(x, "double").op.type == "Cast"


def test_slices_and_sparse_tensors_are_cast_by_their_values():
    slices = tf.cast(tf.IndexedSlices(tf.constant([1.5]), tf.constant([0])), tf.int32)
    assert isinstance(slices, tf.IndexedSlices) and slices.dtype == tf.int32
    sparse = tf.cast(tf.SparseTensor([[0]], [1.5], [2]), tf.int32)
    assert isinstance(sparse, tf.SparseTensor) and run(sparse.values).tolist() == [1]


def test_gradients_pass_between_floats():
    x = tf.constant([1.0, 2.0])
    assert run(tf.gradients(tf.cast(x, tf.float64) * 2, x))[0].dtype == np.float32
    assert tf.gradients(tf.cast(tf.cast(x, tf.int32), tf.float32), [x]) == [None]


@pytest.mark.parametrize(
    "target, expected",
    [(tf.uint8, [0, 1, 255]), (tf.int8, [-128, 1, 127]), (tf.int64, [-1000, 1, 1000]), (tf.float64, [-1000, 1, 1000])],
)
def test_saturate_cast(target, expected):
    result = tf.saturate_cast(tf.constant([-1000, 1, 1000]), target)
    assert result.dtype == target and run(result).tolist() == expected


@pytest.mark.parametrize(
    "function, dtype",
    [
        (tf.to_float, tf.float32),
        (tf.to_double, tf.float64),
        (tf.to_int32, tf.int32),
        (tf.to_int64, tf.int64),
        (tf.to_bfloat16, tf.bfloat16),
        (tf.to_complex64, tf.complex64),
        (tf.to_complex128, tf.complex128),
    ],
)
def test_shorthands(function, dtype):
    result = function(tf.constant(True))
    assert result.dtype == dtype
    assert result.op.name == "To" + function.__name__[3:].title().replace("Bfloat", "BFloat")


def test_quantized_types_are_cast_as_their_integers():
    bytes_ = raw.Cast([1, 255], tf.quint8)
    assert run(tf.cast(bytes_, tf.int32)).tolist() == [1, 255]


def test_fetched_bfloat16_values_are_the_numbers_they_are():
    with tf.Session() as session:
        values, one = session.run([tf.constant([-2.5, 0.75], tf.bfloat16), tf.constant(3.0, tf.bfloat16)])
    assert values.dtype == tf.bfloat16.as_numpy_dtype
    assert values.astype(np.float32).tolist() == values.tolist() == [-2.5, 0.75]
    assert (values + 1).tolist() == [-1.5, 1.75] and float(one) == 3.0 == values[1] * 4
    assert str(values) == "[-2.5   0.75]"
