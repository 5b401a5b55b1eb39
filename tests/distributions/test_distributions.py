"""tf.distributions have the samples, densities and moments of TensorFlow 1.15.5."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("distribution_cases", "distributions.json")
KINDS = sorted(set(GOLDEN.cases) - {"divergences", "refused"})


def close(ours, theirs):
    assert ours[1] == theirs[1]
    np.testing.assert_allclose(*(np.array(x[0], np.float64) for x in (ours, theirs)), rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("name", KINDS)
def test_as_in_tensorflow(name):
    (our_text, ours), (their_text, theirs) = GOLDEN.run(name), GOLDEN.expected[name]
    assert our_text == their_text
    for (key, shape, value), (their_key, their_shape, their_value) in zip(ours, theirs, strict=True):
        assert (key, shape) == (their_key, their_shape)
        close(value, their_value)


def test_divergences():
    for ours, theirs in zip(GOLDEN.run("divergences"), GOLDEN.expected["divergences"], strict=True):
        for our, their in zip(ours, theirs, strict=True):
            close(our, their)


def test_what_is_refused():
    GOLDEN.check("refused")


def test_arguments_are_checked_when_asked_for():
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match="Condition x > 0"):
            scale = tf.placeholder_with_default(-1.0, [])
            session.run(tf.distributions.Normal(0.0, scale, validate_args=True).mean())
        with pytest.raises(tf.errors.InvalidArgumentError, match="sum to"):
            counts = tf.placeholder_with_default([1.0, 1.0], [2])
            session.run(tf.distributions.Multinomial(4.0, probs=[0.5, 0.5], validate_args=True).prob(counts))


def test_gradients_flow_through_samples():
    loc, scale = tf.constant(1.0), tf.constant(2.0)
    sample = tf.distributions.Normal(loc, scale).sample(4, seed=1)
    with tf.Session() as session:
        slopes, values = session.run([tf.gradients(sample, [loc, scale]), sample])
    assert slopes[0] == 4 and slopes[1] == pytest.approx(np.sum((values - 1) / 2), rel=1e-5)


def test_tf_contrib_has_the_same_ones():
    assert tf.contrib.distributions.Normal is tf.distributions.Normal
