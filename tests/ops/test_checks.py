"""tf.assert_* and tf.debugging: what holds passes, what doesn't is said in TensorFlow's words."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("check_cases", "checks.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name)


COMPARISONS = {
    "assert_equal": np.equal,
    "assert_none_equal": np.not_equal,
    "assert_less": np.less,
    "assert_less_equal": np.less_equal,
    "assert_greater": np.greater,
    "assert_greater_equal": np.greater_equal,
}


@pytest.mark.parametrize("kind", COMPARISONS)
def test_comparisons_as_numpy(kind):
    x, y = tf.placeholder(tf.int32, None), tf.placeholder(tf.int32, None)
    check = getattr(tf, kind)(x, y)
    assert getattr(tf.debugging, kind) is getattr(tf, kind)
    rng = np.random.default_rng(0)
    with tf.Session() as session:
        for _ in range(30):
            a, b = rng.integers(0, 3, (2, 2)), rng.integers(0, 3, (2, 1))
            if COMPARISONS[kind](a, b).all():
                session.run(check, {x: a, y: b})
            else:
                with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
                    session.run(check, {x: a, y: b})


def test_a_dependency_on_a_failed_check_fails():
    x = tf.placeholder(tf.float32, [])
    with tf.control_dependencies([tf.assert_positive(x)]):
        y = tf.sqrt(x)
    with tf.Session() as session:
        assert session.run(y, {x: 4.0}) == 2.0
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Condition x > 0 did not hold element-wise:"):
            session.run(y, {x: -4.0})


def test_data_is_shown_instead_of_the_values():
    x = tf.placeholder(tf.int32, [3], name="x")
    check = tf.assert_equal(x, 0, data=["only", tf.constant([7, 8])], message="first")
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError) as caught:
        session.run(check, {x: [1, 0, 0]})
    assert caught.value.message.startswith("assertion failed: [first] [only] [7 8]")


def test_rank_of_unknown_shape_is_checked_when_run():
    x = tf.placeholder(tf.float32)
    with tf.control_dependencies([tf.assert_rank_in(x, (1, 2))]):
        y = tf.identity(x)
    with tf.Session() as session:
        assert session.run(y, {x: [1.0]}).shape == (1,)
        with pytest.raises(tf.errors.InvalidArgumentError, match="must have rank in"):
            session.run(y, {x: 1.0})
