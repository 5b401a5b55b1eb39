"""Reductions: values along axes, dtypes, empty inputs, gradients, errors."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops.reduce import _ones


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


NUMERIC = [
    (tf.reduce_sum, np.sum),
    (tf.reduce_mean, np.mean),
    (tf.reduce_prod, np.prod),
    (tf.reduce_max, np.max),
    (tf.reduce_min, np.min),
    (tf.math.reduce_variance, np.var),
    (tf.math.reduce_std, np.std),
    (tf.reduce_logsumexp, lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))),
    (
        tf.math.reduce_euclidean_norm,
        lambda x, axis, keepdims: np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims)),
    ),
]
IDS = [function.__name__ for function, _ in NUMERIC]
AXES = [None, 0, 1, -1, [0], [1, 2], [0, -1], [0, 1, 2], []]


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("function, reference", NUMERIC, ids=IDS)
def test_reduction_along_axes(function, reference, axis):
    x = np.random.default_rng(0).uniform(0.5, 2.0, [2, 3, 4])
    axes = tuple(axis) if isinstance(axis, list) else axis
    for keepdims in (False, True):
        result = function(tf.constant(x), axis, keepdims)
        expected = reference(x, axis=axes, keepdims=keepdims)
        assert result.shape.as_list() == list(expected.shape)
        np.testing.assert_allclose(run(result), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("axis", [None, 0, [0, 1]], ids=str)
@pytest.mark.parametrize("function, reference", [(tf.reduce_all, np.all), (tf.reduce_any, np.any)])
def test_reduction_of_booleans(function, reference, axis):
    x = np.array([[True, False, True], [True, False, False]])
    axes = tuple(axis) if isinstance(axis, list) else axis
    np.testing.assert_array_equal(run(function(x, axis)), reference(x, axis=axes))


@pytest.mark.parametrize("function, reference", NUMERIC[:5], ids=IDS[:5])
@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.float64, tf.int32, tf.int64, tf.uint8, tf.complex64])
def test_the_dtype_stays(function, reference, dtype):
    if dtype.is_complex and function in (tf.reduce_max, tf.reduce_min):
        return
    x = np.array([[1, 2, 3], [4, 6, 5]], dtype.as_numpy_dtype)
    for axis in (0, 1):
        value = run(function(tf.constant(x), axis))
        assert value.dtype == x.dtype
        expected = reference(x.astype(complex if dtype.is_complex else float), axis=axis)
        np.testing.assert_allclose(value, expected.astype(x.dtype), rtol=1e-3)


def test_shapes_and_axes_that_become_known_in_the_run():
    x, axis = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
    total = tf.reduce_sum(x, axis)
    everything = tf.reduce_sum(x)
    assert total.shape.ndims is None and everything.shape == []
    feed = {x: [[1.0, 2.0], [3.0, 4.0]], axis: [0]}
    assert [v.tolist() for v in run([total, everything], feed)] == [[4.0, 6.0], 10.0]
    assert run(total, {x: [[1.0, 2.0], [3.0, 4.0]], axis: 1}).tolist() == [3.0, 7.0]


def test_an_axis_given_twice_counts_once():
    assert run(tf.reduce_sum([[1.0, 2.0]], [0, 0])).tolist() == [1.0, 2.0]
    assert run(tf.reduce_max([[1.0, 2.0]], [-1, 1])).tolist() == [2.0]


def test_the_mean_of_integers_is_rounded_towards_zero():
    assert run(tf.reduce_mean([1, 2, 2])) == 1
    assert run(tf.reduce_mean([-1, -2, -2])) == -1


def test_reductions_of_nothing():
    empty = tf.zeros([0, 2])
    assert run(tf.reduce_sum(empty, 0)).tolist() == [0, 0]
    assert run(tf.reduce_prod(empty, 0)).tolist() == [1, 1]
    assert run(tf.reduce_max(empty, 0)).tolist() == [-np.inf, -np.inf]
    assert run(tf.reduce_min(empty, 0)).tolist() == [np.inf, np.inf]
    assert np.isnan(run(tf.reduce_mean(empty, 0))).all()
    assert run(tf.reduce_max(tf.zeros([0], tf.int32))) == np.iinfo(np.int32).min
    assert run(tf.reduce_mean(tf.zeros([0], tf.int32))) == 0
    assert run(tf.reduce_sum(empty, 1)).shape == (0,)


def test_halves_are_added_up_in_single_precision():
    x = tf.ones([5000, 2], tf.float16)
    assert run(tf.reduce_sum(x, 0)).tolist() == [5000.0, 5000.0]
    assert run(tf.reduce_mean(tf.fill([70000], tf.constant(2.0, tf.float16)))) == 2.0


def test_many_small_numbers_keep_their_digits():
    x = np.full(1_000_000, 0.1, np.float32)
    np.testing.assert_allclose(run(tf.reduce_sum(tf.constant(x))), 1e5, rtol=1e-6)


@pytest.mark.parametrize("shape", [(100, 500), (3, 1), (1, 3), (2049, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_column_sums_of_matrices_of_all_layouts(shape, dtype):
    x = np.random.default_rng(0).normal(size=shape).astype(dtype)
    fed = tf.placeholder(dtype, [None, shape[1]])
    for array in (x, np.asfortranarray(x), x[::-1]):
        for keepdims in (False, True):
            value = run(tf.reduce_sum(fed, 0, keepdims), {fed: array})
            expected = np.sum(array, axis=0, keepdims=keepdims, dtype=np.float64)
            assert value.shape == expected.shape
            np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)
    assert _ones(2, np.float32).tolist() == [1.0, 1.0]


def test_log_sum_exp_does_not_overflow():
    assert run(tf.reduce_logsumexp([1000.0, 1000.0])) == pytest.approx(1000 + np.log(2))
    assert run(tf.reduce_logsumexp([-np.inf, -np.inf])) == -np.inf
    assert run(tf.reduce_logsumexp([np.inf, 0.0])) == np.inf


def test_count_nonzero():
    x = tf.constant([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    assert run(tf.count_nonzero(x)) == 3 and tf.count_nonzero(x).dtype == tf.int64
    assert run(tf.count_nonzero(x, axis=0, dtype=tf.int32)).tolist() == [1, 2, 0]
    assert run(tf.count_nonzero(x, 1, keep_dims=True)).tolist() == [[1], [2]]
    assert run(tf.count_nonzero(["a", "", "b"])) == 2
    assert run(tf.count_nonzero(input=x)) == 3


class TestArguments:
    def test_older_names(self):
        x = tf.constant([[1.0, 2.0]])
        assert tf.reduce_sum(x, reduction_indices=1, keep_dims=True).shape == [1, 1]
        assert tf.reduce_mean(x, reduction_indices=[0]).shape == [2]

    def test_both_names_at_once(self):
        with pytest.raises(ValueError, match="Cannot specify both 'reduction_indices' and 'axis'"):
            tf.reduce_sum([1.0], axis=0, reduction_indices=0)
        with pytest.raises(ValueError, match="Cannot specify both 'keep_dims' and 'keepdims'"):
            tf.reduce_sum([1.0], keepdims=True, keep_dims=True)

    def test_an_axis_that_does_not_exist(self):
        words = r"Invalid reduction dimension {} for input with 2 dimensions. for 'Sum(_1)?' \(op: 'Sum'\)"
        for axis in (2, -3):
            with pytest.raises(ValueError, match=words.format(axis)):
                tf.reduce_sum([[1.0]], axis)
        axis = tf.placeholder(tf.int32, [])
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Invalid reduction dimension \(2 for input with 2"):
            run(tf.reduce_sum([[1.0]], axis), {axis: 2})

    def test_axes_are_a_list(self):
        with pytest.raises(ValueError, match="Shape must be at most rank 1 but is rank 2"):
            tf.reduce_sum([[1.0]], [[0, 1]])

    def test_node_names(self):
        x = tf.placeholder(tf.float32, [2, 3], name="x")
        assert tf.reduce_sum(x).op.inputs[1].op.name == "Const"
        assert tf.reduce_mean(x, 0).op.inputs[1].op.name == "Mean/reduction_indices"
        assert tf.reduce_logsumexp(x, name="lse").op.name == "lse/Add"


class TestGradients:
    def names(self, y, x):
        tf.gradients(y, x)
        return {op.name: op.type for op in tf.get_default_graph().get_operations() if op.name.startswith("gradients/")}

    def test_of_a_total(self):
        x = tf.placeholder(tf.float32, [2, 3], name="x")
        names = self.names(tf.reduce_mean(x), x)
        expected = {"Reshape": "Reshape", "Const": "Const", "Tile": "Tile", "Const_1": "Const", "truediv": "RealDiv"}
        assert expected.items() <= {k.removeprefix("gradients/Mean_grad/"): v for k, v in names.items()}.items()

    def test_of_a_column_sum(self):
        x = tf.placeholder(tf.float32, [2, 3], name="x")
        names = self.names(tf.reduce_sum(x, 0), x)
        assert {f"gradients/Sum_grad/{name}" for name in ("Reshape", "Tile", "DynamicStitch")} <= set(names)

    @pytest.mark.parametrize("shape", [[2, 3], [None, 3], None])
    @pytest.mark.parametrize(
        "function", [tf.reduce_sum, tf.reduce_mean, tf.reduce_prod, tf.reduce_max, tf.reduce_logsumexp]
    )
    def test_of_known_and_unknown_shapes(self, function, shape):
        x, value = tf.placeholder(tf.float64, shape), np.array([[1.0, 2.0, 0.5], [3.0, 1.5, -1.0]])
        for axis in (0, 1, [0, 1], None):
            y = function(x, axis)
            gradient = tf.gradients(tf.square(y), x)[0]
            with tf.Session() as sess:
                actual = sess.run(gradient, {x: value})
                for place in np.ndindex(2, 3):
                    step = np.zeros_like(value)
                    step[place] = 1e-6
                    up, down = sess.run(y, {x: value + step}), sess.run(y, {x: value - step})
                    expected = np.sum(up**2 - down**2) / 2e-6
                    np.testing.assert_allclose(actual[place], expected, rtol=1e-5, atol=1e-7)

    def test_equal_maxima_share(self):
        x = tf.constant([[1.0, 3.0, 3.0]])
        assert run(tf.gradients(tf.reduce_max(x), x))[0].tolist() == [[0.0, 0.5, 0.5]]

    def test_a_product_with_zeros(self):
        x = tf.constant([2.0, 0.0, 3.0])
        assert run(tf.gradients(tf.reduce_prod(x), x))[0].tolist() == [0.0, 6.0, 0.0]


class TestArgMax:
    def test_positions_along_an_axis(self):
        x = tf.constant([[1.0, 5.0, 5.0], [7.0, 2.0, 6.0]])
        assert run(tf.argmax(x)).tolist() == [1, 0, 1]
        assert run(tf.argmax(x, 1)).tolist() == [1, 0]
        assert run(tf.argmin(x, -1)).tolist() == [0, 1]
        assert run(tf.argmax(x, dimension=1)).tolist() == [1, 0]
        assert tf.argmax(x, 1).dtype == tf.int64
        assert run(tf.argmax(x, 1, output_type=tf.int32)).dtype == np.int32
        assert (tf.argmax(x, 1).op.type, tf.arg_max(x, 1).shape) == ("ArgMax", [2])

    def test_errors(self):
        with pytest.raises(ValueError, match=r"Dimension \(2\) must be in the range \[-2, 2\)"):
            tf.argmax([[1, 2]], 2)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"dimension in the range \[-1, 1\), but got 1"):
            run(tf.argmax([1, 2], 1))
        axis = tf.placeholder(tf.int32, [])
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"dimension in the range \[-2, 2\), but got 7"):
            run(tf.argmax([[1, 2]], axis), {axis: 7})
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Reduction axis 0 is empty in shape \[0,3\]"):
            run(tf.argmax(tf.zeros([0, 3]), 0))

    def test_it_has_no_gradient(self):
        x = tf.constant([1.0, 2.0])
        assert tf.gradients(tf.cast(tf.argmax(x), tf.float32), [x]) == [None]
