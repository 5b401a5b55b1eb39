"""Arithmetic of two tensors: values, broadcasting, integers, errors."""

import math

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw

NAN, INF = math.nan, math.inf


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


REAL = [
    ("add", np.add),
    ("subtract", np.subtract),
    ("multiply", np.multiply),
    ("divide", np.divide),
    ("truediv", np.divide),
    ("div", np.divide),
    ("realdiv", np.divide),
    ("floordiv", lambda x, y: np.floor(x / y)),
    ("floor_div", lambda x, y: np.floor(x / y)),
    ("mod", np.remainder),
    ("floormod", np.remainder),
    ("truncatemod", np.fmod),
    ("maximum", np.maximum),
    ("minimum", np.minimum),
    ("squared_difference", lambda x, y: (x - y) ** 2),
    ("atan2", np.arctan2),
    ("div_no_nan", np.divide),
]


@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 1e-6), (np.float64, 1e-15), (np.float16, 2e-3)])
@pytest.mark.parametrize("name, reference", REAL, ids=[row[0] for row in REAL])
def test_arithmetic_broadcasts(name, reference, dtype, tolerance):
    rng = np.random.default_rng(0)
    for shapes in (([2, 3], [3]), ([2, 1], [1, 3]), ([], [2]), ([2, 0], [1]), ([2, 3], [2, 3])):
        x, y = ((rng.uniform(-4, 4, shape)).astype(dtype) for shape in shapes)
        value = run(getattr(tf, name)(tf.constant(x), tf.constant(y)))
        assert value.dtype == dtype
        np.testing.assert_allclose(value, reference(x, y), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "function, expected",
    [
        (tf.floordiv, [-4, 3, -4, 3]),
        (tf.truncatediv, [-3, 3, -3, 3]),
        (tf.div, [-4, 3, -4, 3]),
        (raw.Div, [-3, 3, -3, 3]),
        (tf.mod, [1, 1, -1, -1]),
        (tf.truncatemod, [-1, 1, 1, -1]),
        (raw.Mod, [-1, 1, 1, -1]),
    ],
)
@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_division_of_integers(function, expected, dtype):
    x, y = tf.constant([-7, 7, 7, -7], dtype), tf.constant([2, 2, -2, -2], dtype)
    value = run(function(x, y))
    assert value.dtype == dtype.as_numpy_dtype
    assert value.tolist() == expected


@pytest.mark.parametrize("function", [tf.floordiv, tf.truncatediv, tf.mod, tf.truncatemod, tf.div])
def test_integers_are_not_divided_by_zero(function):
    with pytest.raises(tf.errors.InvalidArgumentError, match="Integer division by zero"):
        run(function(tf.constant([1, 2]), tf.constant([1, 0])))
    assert run(function(tf.zeros([0], tf.int32), tf.constant(0))).size == 0


@pytest.mark.parametrize(
    "dtype, result",
    [
        (tf.int8, tf.float32),
        (tf.uint16, tf.float32),
        (tf.int32, tf.float64),
        (tf.int64, tf.float64),
        (tf.float16, tf.float16),
    ],
)
def test_true_division_of_integers_gives_floats(dtype, result):
    quotient = tf.truediv(tf.constant(3, dtype), tf.constant(2, dtype))
    assert quotient.dtype == result
    assert run(quotient) == 1.5


def test_floor_division_of_floats_rounds_the_quotient():
    assert run(tf.floordiv(tf.constant([1.0, -1.0]), tf.constant([0.1, 0.3]))).tolist() == [10.0, -4.0]


def test_the_remainder_of_floats_has_the_sign_of_the_divisor():
    value = run(tf.mod(tf.constant([-1e-10, 5.0, -5.0, 7.0, -7.0]), tf.constant([1.0, INF, INF, 0.0, -2.0])))
    np.testing.assert_array_equal(value, [1.0, 5.0, INF, NAN, -1.0])


ZEROS = [
    (tf.div_no_nan, [0.0, 2.0, NAN], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    (tf.math.multiply_no_nan, [INF, NAN, 2.0], [0.0, 0.0, 3.0], [0.0, 0.0, 6.0]),
    (tf.math.xdivy, [0.0, 0.0, 6.0], [0.0, NAN, 3.0], [0.0, 0.0, 2.0]),
    (tf.math.xlogy, [0.0, 0.0, 2.0], [0.0, NAN, 1.0], [0.0, 0.0, 0.0]),
]


@pytest.mark.parametrize("function, x, y, expected", ZEROS)
@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.float64, tf.complex64])
def test_zero_overrides_nan(function, x, y, expected, dtype):
    np.testing.assert_array_equal(run(function(tf.constant(x, dtype), tf.constant(y, dtype))), expected)


def test_reciprocal_no_nan():
    value = run(tf.math.reciprocal_no_nan(tf.constant([2.0, 0.5, 0.0, 1.0])))
    assert value.tolist() == [0.5, 2.0, 0.0, 1.0]


def test_powers():
    assert run(tf.pow(tf.constant([2, 3, -2]), tf.constant([10, 0, 3]))).tolist() == [1024, 1, -8]
    np.testing.assert_allclose(run(tf.pow(tf.constant([2.0, 9.0]), tf.constant([-1.0, 0.5]))), [0.5, 3.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Integers to negative integer powers are not allowed"):
        run(tf.pow(tf.constant([2]), tf.constant([-1])))


def test_the_exponent_of_a_number_that_is_not_positive_gets_no_gradient():
    x, y = tf.constant([0.0, -1.0, 2.0]), tf.constant([2.0, 2.0, 2.0])
    gx, gy = run(tf.gradients(tf.pow(x, y), [x, y]))
    np.testing.assert_allclose(gx, [0.0, -2.0, 4.0])
    np.testing.assert_allclose(gy, [0.0, 0.0, 4 * math.log(2)], rtol=1e-6)


def test_where_both_are_equal_the_first_gets_the_gradient_of_the_extreme():
    x, y = tf.constant([1.0, 2.0, 3.0]), tf.constant([2.0])
    for function, gx, gy in ((tf.maximum, [0, 1, 1], [1]), (tf.minimum, [1, 1, 0], [1])):
        values = run(tf.gradients(function(x, y), [x, y]))
        assert [v.tolist() for v in values] == [gx, gy]


def test_the_squared_difference_of_complex_numbers_is_an_absolute_value():
    assert run(tf.squared_difference(tf.constant([1 + 2j]), tf.constant([3 + 3j]))).tolist() == [5]


def test_strings_are_joined_by_the_older_add():
    total = tf.constant(["a", "b"]) + tf.constant("c")
    assert total.op.type == "Add"
    assert run(total).tolist() == [b"ac", b"bc"]


def test_bfloat16_is_rounded_after_each_operation():
    total = tf.constant(256.0, tf.bfloat16) + tf.constant(1.0, tf.bfloat16)
    assert total.dtype == tf.bfloat16
    assert run(tf.cast(total, tf.float32)) == 256.0


def test_next_after():
    value = run(tf.math.nextafter(tf.constant([1.0, 1.0]), tf.constant([2.0, 0.0])))
    np.testing.assert_array_equal(value, np.nextafter(np.float32([1, 1]), np.float32([2, 0])))


def test_gradients_are_summed_over_what_was_broadcast():
    x, y = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), tf.constant([2.0, 1.0, 0.5])
    gx, gy = run(tf.gradients(x * y, [x, y]))
    np.testing.assert_array_equal(gx, [[2, 1, 0.5]] * 2)
    np.testing.assert_array_equal(gy, [5, 7, 9])


@pytest.mark.parametrize("shape", [[2, 3], [None, 3], None])
def test_gradients_keep_the_shape_of_what_they_belong_to(shape):
    x, y = tf.placeholder(tf.float32, shape), tf.placeholder(tf.float32, [1, 3])
    feed = {x: np.ones([2, 3]), y: np.ones([1, 3])}
    for total in (x + y, x - y, x * y, x / y, tf.pow(x, y), tf.maximum(x, y), tf.squared_difference(x, y)):
        gx, gy = run(tf.gradients(total, [x, y]), feed)
        assert (gx.shape, gy.shape) == ((2, 3), (1, 3))


def test_shapes_that_do_not_fit():
    with pytest.raises(
        ValueError,
        match=r"Dimensions must be equal, but are 3 and 2 for 'mul' \(op: 'Mul'\) with input shapes: \[3\], \[1,2\]",
    ):
        tf.ones([3]) * tf.ones([1, 2])
    x = tf.placeholder(tf.float32, None)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Incompatible shapes: \[3\] vs. \[1,2\]"):
        run(x * tf.ones([1, 2]), {x: [1, 2, 3]})


class TestSumsOfMany:
    def test_add_n(self):
        total = tf.add_n([tf.constant([1.0, 2.0]), [3.0, 4.0], tf.constant([5.0, 6.0])])
        assert total.op.type == "AddN"
        assert run(total).tolist() == [9.0, 12.0]

    def test_one_tensor_is_its_own_sum(self):
        x = tf.constant([1.0])
        assert tf.add_n([x]) is x
        assert tf.add_n([x], name="same").op.type == "Identity"

    def test_indexed_slices_are_made_dense(self):
        slices = tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([1]), tf.constant([2, 2]))
        assert run(tf.add_n([slices, tf.ones([2, 2])])).tolist() == [[1.0, 1.0], [2.0, 3.0]]

    @pytest.mark.parametrize("inputs", [[], None, "ab"])
    def test_what_is_no_list_of_tensors_is_refused(self, inputs):
        with pytest.raises(ValueError, match="inputs must be a list of at least one Tensor"):
            tf.add_n(inputs)

    def test_shapes_and_dtypes_have_to_agree(self):
        with pytest.raises(ValueError, match="Dimension 0 in both shapes must be equal, but are 1 and 2"):
            tf.add_n([tf.ones([1]), tf.ones([2])])
        with pytest.raises(TypeError, match=r"have types \[float32, int32\] that don't all match"):
            tf.add_n([tf.constant([1.0]), tf.constant([1])])

    def test_accumulate_n_checks_shape_and_dtype(self):
        x = tf.placeholder(tf.float32, [None])
        total = tf.accumulate_n([x, x, x], shape=[2], tensor_dtype=tf.float32)
        assert total.op.type == "AccumulateNV2" and total.shape == [2]
        assert run(total, {x: [1.0, 2.0]}).tolist() == [3.0, 6.0]
        with pytest.raises(TypeError, match="tensor_dtype is"):
            tf.accumulate_n([x, x], tensor_dtype=tf.int32)
        with pytest.raises(ValueError):
            tf.accumulate_n([x, tf.ones([2, 2])])

    def test_every_addend_gets_the_gradient(self):
        x, y = tf.constant([1.0]), tf.constant([2.0])
        assert [g.tolist() for g in run(tf.gradients(2 * tf.add_n([x, y, x]), [x, y]))] == [[4.0], [2.0]]


def test_scalar_mul_scales_tensors_and_slices():
    assert run(tf.scalar_mul(2, tf.constant([1.0, 2.0]))).tolist() == [2.0, 4.0]
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([3]))
    scaled = tf.scalar_mul(2, slices)
    assert isinstance(scaled, tf.IndexedSlices) and run(scaled.values).tolist() == [[2.0]]
    with pytest.raises(ValueError, match=r"Only scalar multiply works, got shape \(1,\)"):
        tf.scalar_mul(tf.constant([2.0]), tf.constant([1.0]))


def test_cross_product():
    a, b = np.array([[1.0, 2, 3], [0, 1, 0]]), np.array([[3.0, 2, 1], [0, 0, 1]])
    np.testing.assert_array_equal(run(tf.cross(a, b)), np.cross(a, b))
    with pytest.raises(ValueError, match="Dimension must be 3 but is 2"):
        tf.cross([1.0, 2.0], [1.0, 2.0])


def test_polyval():
    assert run(tf.math.polyval([1.0, 2.0, 3.0], tf.constant([1.0, 2.0]))).tolist() == [6.0, 11.0]
    assert run(tf.math.polyval([], tf.constant([1.0, 2.0]))).tolist() == [0.0, 0.0]
