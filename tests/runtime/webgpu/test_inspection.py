"""Checks for numbers that are not finite: the device looks for them, the host raises."""

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import dispatches, ops_done

pytestmark = pytest.mark.native


@pytest.fixture
def sess(adapter):
    with tf.Graph().as_default(), tf.device("/gpu:0"):
        with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as session:
            yield session


def fed(x, *values):
    """An array of many numbers, with those values among them."""
    array = np.linspace(1, 2, 5000, dtype=np.float32)
    array[np.arange(len(values)) * 731 + 4000] = values
    return {x: array}


def test_what_the_device_has_computed_is_looked_at_there(sess):
    x = tf.placeholder(tf.float32, [5000])
    checked = tf.check_numerics(2 * x, "twice", name="check")
    np.testing.assert_array_equal(sess.run(checked + 1, fed(x)), 2 * fed(x)[x] + 1)
    assert "check" in ops_done(sess)


@pytest.mark.parametrize("bad, words", [((np.inf,), "Inf"), ((np.nan,), "NaN"), ((-np.inf, np.nan), "Inf and NaN")])
def test_the_error_says_what_is_not_finite(sess, bad, words):
    x = tf.placeholder(tf.float32, [5000])
    y = tf.check_numerics(tf.reshape(x * 3, [50, 100]), "thrice", name="check") - 1
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"thrice : Tensor had {words} values") as caught:
        sess.run(y, fed(x, *bad))
    assert caught.value.op.name == "check"
    sess.run(y, fed(x))


def test_a_variable_is_not_written_behind_a_failed_check(sess):
    x = tf.placeholder(tf.float32, [5000])
    w = tf.Variable(tf.zeros([5000]))
    with tf.control_dependencies([tf.check_numerics(x * x, "squares", name="check")]):
        update = w.assign_add(x)
    sess.run(w.initializer)
    sess.run(update.op, fed(x))
    with pytest.raises(tf.errors.InvalidArgumentError, match="squares"):
        sess.run(update.op, fed(x, np.nan))
    assert "check" in ops_done(sess)
    np.testing.assert_array_equal(sess.run(w), fed(x)[x])


def test_many_checks_take_one_stay_on_the_device(sess):
    x = tf.placeholder(tf.float32, [5000], name="x")
    y = x
    for i in range(4):
        y = tf.sqrt(y - 0.5, name=f"root{i}")
    checks = tf.add_check_numerics_ops()
    sess.run(checks, {x: np.full(5000, 9, np.float32)})
    assert len([s for s in list(sess._executables.values())[-1].steps if hasattr(s.kernel, "planned")]) == 1
    assert dispatches(sess) <= 4 * 6
    with pytest.raises(tf.errors.InvalidArgumentError, match="root1:0 : Tensor had NaN values"):
        sess.run(checks, {x: np.full(5000, 0.6, np.float32)})
