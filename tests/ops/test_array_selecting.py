"""where, boolean_mask, unique, setdiff1d, searchsorted, invert_permutation, identities and checks."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.numeric_gradient import gradient_error

T = np.arange(6.0, dtype=np.float32).reshape(2, 3)
E = -T - 1
MASK = np.array([[True, False, True], [False, False, True]])


def run(tensors, feed=None):
    with tf.Session() as sess:
        return sess.run(tensors, feed)


def fed(value):
    """The value, of unknown shape until the run."""
    return tf.placeholder_with_default(np.asarray(value), None)


@pytest.mark.parametrize(
    "condition, expected",
    [
        (MASK, np.where(MASK, T, E)),
        ([False, True], np.stack([E[0], T[1]])),
        (True, T),
        (False, E),
    ],
)
def test_where_chooses_elements_rows_or_all(condition, expected):
    np.testing.assert_array_equal(run(tf.where(condition, T, E)), expected)
    np.testing.assert_array_equal(run(tf.where(fed(condition), fed(T), fed(E))), expected)
    assert gradient_error(lambda t, e: tf.where(condition, t * t, e * e), T, E) < 1e-6


@pytest.mark.parametrize(
    "condition, t, e", [(MASK, T, 0.0), ([True, False, True], T, E[:, :1]), (MASK[:, :1], T[0], E)]
)
def test_where_v2_broadcasts(condition, t, e):
    np.testing.assert_array_equal(run(tf.where_v2(condition, t, e)), np.where(condition, t, e))
    assert gradient_error(lambda t, e: tf.where_v2(condition, t * t, e * 2), t, e) < 1e-6


@pytest.mark.parametrize("condition", [MASK, MASK[0], T, np.zeros((0, 2), bool), np.array([0j, 1j])])
def test_where_without_values_gives_coordinates(condition):
    result = tf.where(condition)
    assert (result.dtype, result.shape.as_list()) == (tf.int64, [None, condition.ndim])
    np.testing.assert_array_equal(run(result), np.argwhere(condition))


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: tf.where(MASK, T), "x and y must both be non-None or both be None"),
        (lambda: tf.where([True] * 3, T, E), "Dimension 0 in both shapes must be equal, but are 3 and 2"),
        (lambda: tf.where(MASK, T, E[:, :2]), "Dimension 1 in both shapes must be equal, but are 3 and 2"),
        (lambda: tf.boolean_mask(T, True), "mask cannot be scalar"),
        (lambda: tf.boolean_mask(T, tf.placeholder(tf.bool)), "Number of mask dimensions must be specified"),
        (lambda: tf.boolean_mask(T, [True] * 3), r"Shapes \(2,\) and \(3,\) are incompatible"),
        (lambda: tf.unique([[1]]), "Shape must be rank 1 but is rank 2"),
        (lambda: tf.searchsorted([1], [1], side="up"), "side must be either 'right' or 'left'"),
    ],
)
def test_refused_when_the_graph_is_built(build, words):
    with pytest.raises(ValueError, match=words):
        build()


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: tf.where(fed([True] * 3), fed(T), fed(E)), "Number of batches of 'then' must match size of 'cond'"),
        (lambda: tf.where(fed(MASK), fed(T), fed(E[:1])), "'then' and 'else' must have the same size"),
        (lambda: tf.where_v2(fed(MASK), fed(T[:, :2]), fed(E)), "must be broadcastable"),
        (lambda: tf.unique(fed([[1]])), "unique expects a 1D vector"),
        (lambda: tf.invert_permutation(fed([2, 0, 0])), "0 is duplicated in the input"),
        (lambda: tf.invert_permutation(fed([3, 0, 1])), "3 is not between 0 and 3"),
        (lambda: tf.check_numerics(fed([1.0, np.nan]), "here"), "here : Tensor had NaN values"),
        (lambda: tf.check_numerics(fed([np.inf]), "here"), "here : Tensor had Inf values"),
        (lambda: tf.check_numerics(fed([np.inf, np.nan]), "here"), "here : Tensor had Inf and NaN values"),
    ],
)
def test_refused_in_the_run(build, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(build())


@pytest.mark.parametrize(
    "mask, axis", [(MASK, None), (MASK[:, 0], None), (MASK[0], 1), (MASK[:, 1], 0), (np.zeros((2, 3), bool), None)]
)
def test_boolean_mask_is_numpys(mask, axis):
    expected = T[mask] if axis in (None, 0) else T[:, mask]
    np.testing.assert_array_equal(run(tf.boolean_mask(T, mask, axis=axis)), expected)
    np.testing.assert_array_equal(
        run(tf.boolean_mask(T, tf.placeholder_with_default(mask, [None] * mask.ndim), axis=axis)), expected
    )


def test_boolean_mask_keeps_the_other_sizes():
    x = tf.placeholder(tf.float32, [4, None, 3])
    assert tf.boolean_mask(x, tf.placeholder(tf.bool, [4, None])).shape.as_list() == [None, 3]
    assert tf.boolean_mask(x, tf.placeholder(tf.bool, [None]), axis=1).shape.as_list() == [4, None, 3]


@pytest.mark.parametrize(
    "values",
    [
        np.array([3, 1, 3, 2, 1]),
        np.array([2.5, -1.0, 2.5], np.float32),
        np.array([b"b", b"a", b"b"], object),
        np.array([True, False, True]),
        np.zeros(0, np.int64),
    ],
)
def test_unique_keeps_the_order_of_appearance(values):
    distinct = list(dict.fromkeys(values.tolist()))
    numbers = [distinct.index(v) for v in values.tolist()]
    y, idx = tf.unique(values)
    assert idx.dtype == tf.int32
    y, idx, again, _, count = run([y, idx, *tf.unique_with_counts(values, tf.int64)])
    assert y.tolist() == again.tolist() == distinct
    assert idx.tolist() == numbers
    assert count.tolist() == [numbers.count(i) for i in range(len(distinct))]


def test_setdiff1d_keeps_repetitions():
    out, idx = run(tf.setdiff1d([1, 2, 3, 2, 5], [1, 5], tf.int64))
    assert (out.tolist(), idx.tolist(), idx.dtype) == ([2, 3, 2], [1, 2, 3], np.int64)


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted_is_numpys_row_by_row(side):
    rows = np.array([[[1.0, 2.0, 2.0, 4.0]], [[0.0, 5.0, 6.0, 7.0]]])
    values = np.array([[[2.0, 9.0]], [[5.0, -1.0]]])
    expected = [[np.searchsorted(rows[i, 0], values[i, 0], side)] for i in range(2)]
    np.testing.assert_array_equal(run(tf.searchsorted(rows, values, side)), expected)
    assert tf.searchsorted(rows[0, 0], rows[0, 0], out_type=tf.int64).dtype == tf.int64


def test_invert_permutation_and_unravel_index():
    assert run(tf.invert_permutation([2, 0, 1])).tolist() == [1, 2, 0]
    assert run(tf.unravel_index([5, 3], [2, 3])).tolist() == [[1, 1], [2, 0]]
    assert run(tf.unravel_index(4, [2, 3])).tolist() == [1, 1]


def test_identities_hand_values_and_gradients_on():
    x = tf.constant(T)
    for result in (tf.identity(x), tf.stop_gradient(x), tf.check_numerics(x, ""), tf.guarantee_const(x)):
        np.testing.assert_array_equal(run(result), T)
    first, second = tf.identity_n([x, tf.constant([1])])
    assert run([first, second])[1].tolist() == [1]
    assert tf.gradients(tf.stop_gradient(x), x) == [None]
    np.testing.assert_array_equal(run(tf.gradients(tf.stop_gradient(x) * x, x)[0]), T)
    np.testing.assert_array_equal(run(tf.gradients(tf.identity_n([x, x * 3])[1], x)[0]), np.full((2, 3), 3))


def test_a_gradient_that_is_not_a_number_is_found():
    x = tf.constant([0.0])
    (grad,) = tf.gradients(tf.sqrt(tf.check_numerics(x, "x")), x)
    with pytest.raises(tf.errors.InvalidArgumentError, match="values detected in gradient. x : Tensor had Inf"):
        run(grad)


def test_prevented_gradients_say_why():
    from pyflow.ops.array_identity import PreventGradient

    x = tf.constant(T)
    with pytest.raises(LookupError, match="Gradient explicitly disabled. Reason:.*because"):
        tf.gradients(PreventGradient(x, message="because"), x)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint16", "bool", "complex64", "complex128", "half"])
@pytest.mark.parametrize("op", ["Select", "SelectV2"])
def test_many_elements_are_chosen_as_few_are(op, dtype):
    random = np.random.RandomState(1)
    condition = random.rand(150, 301) > 0.5
    t, e = (np.asarray(random.randint(0, 2 if dtype == "bool" else 100, (150, 301)), dtype) for _ in range(2))
    if t.dtype.kind == "f":
        t[0, 0], e[0, 1] = np.nan, -0.0
    with tf.Graph().as_default(), tf.Session() as sess:
        chosen = sess.run(getattr(raw, op)(condition, tf.constant(t), tf.placeholder_with_default(e, e.shape)))
    assert chosen.tobytes() == np.where(condition, t, e).tobytes()


def test_many_elements_or_one_number():
    condition, x = np.arange(1000) % 3 == 0, np.arange(1000, dtype=np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        held = tf.placeholder(tf.float32, [1000])
        chosen = sess.run([tf.where_v2(condition, held, 7.0), tf.where_v2(condition, 7.0, held)], {held: x})
    assert chosen[0].tolist() == np.where(condition, x, 7.0).tolist()
    assert chosen[1].tolist() == np.where(condition, 7.0, x).tolist()
