"""Element-wise losses, dropout, and losses over sampled classes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error

RANDOM = np.random.RandomState(2)
LOGITS = np.array([-30.0, -1.5, 0.0, 0.25, 4.0, 30.0])
LABELS = np.array([0.0, 1.0, 0.5, 1.0, 0.0, 1.0])


def run(fetches, feed=None):
    with tf.Session() as session:
        return session.run(fetches, feed)


def log_sigmoid(x):
    return -np.logaddexp(0, -x)


def test_sigmoid_cross_entropy():
    loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=LABELS, logits=LOGITS)
    expected = -LABELS * log_sigmoid(LOGITS) - (1 - LABELS) * log_sigmoid(-LOGITS)
    assert loss.op.name == "logistic_loss"
    np.testing.assert_allclose(run(loss), expected, 1e-13)


@pytest.mark.parametrize("weight", [0.5, 1.0, 3.0])
def test_weighted_cross_entropy(weight):
    loss = tf.nn.weighted_cross_entropy_with_logits(labels=LABELS, logits=LOGITS, pos_weight=weight)
    expected = -weight * LABELS * log_sigmoid(LOGITS) - (1 - LABELS) * log_sigmoid(-LOGITS)
    np.testing.assert_allclose(run(loss), expected, 1e-13, 1e-13)
    older = tf.nn.weighted_cross_entropy_with_logits(targets=LABELS, logits=LOGITS, pos_weight=weight)
    np.testing.assert_array_equal(run(older), run(loss))


@pytest.mark.parametrize(
    "function",
    [
        lambda z, x: tf.nn.sigmoid_cross_entropy_with_logits(labels=z, logits=x),
        lambda z, x: tf.nn.weighted_cross_entropy_with_logits(labels=z, logits=x, pos_weight=2.0),
        lambda z, x: tf.nn.log_poisson_loss(z + 1.5, x, compute_full_loss=True),
    ],
)
def test_gradients(function):
    x = np.array([-3.0, -1.5, 0.75, 2.0])
    assert gradient_error(function, np.array([0.1, 1.0, 0.5, 0.9]), x) < 1e-7


def test_gradient_at_zero_is_that_of_the_sigmoid():
    x = tf.constant([0.0])
    assert run(tf.gradients(tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=x), [x])[0]) == [-0.5]


@pytest.mark.parametrize("full", [False, True])
def test_log_poisson_loss(full):
    counts, rates = np.array([0.0, 1.0, 2.0, 10.0]), np.array([0.5, -1.0, 0.25, 2.0])
    expected = np.exp(rates) - counts * rates
    if full:
        stirling = [k * math.log(k) - k + 0.5 * math.log(2 * math.pi * k) if k > 1 else 0.0 for k in counts]
        expected = expected + stirling
    np.testing.assert_allclose(run(tf.nn.log_poisson_loss(counts, rates, compute_full_loss=full)), expected)


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda: tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[1.0, 2.0]), r"\(\(2,\) vs \(1,\)\)"),
        (lambda: tf.nn.weighted_cross_entropy_with_logits([1.0], [1.0, 2.0], 2.0), "logits and labels must have"),
        (lambda: tf.nn.log_poisson_loss([1.0], [1.0, 2.0]), "log_input and targets must have the same shape"),
    ],
)
def test_shapes_must_agree(function, words):
    with pytest.raises(ValueError, match=words):
        function()


@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4), (0,)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_l2_loss(shape, dtype):
    x = np.asarray(RANDOM.standard_normal(shape)).astype(dtype)
    loss = run(tf.nn.l2_loss(x))
    assert loss.dtype == dtype and loss.shape == ()
    np.testing.assert_allclose(loss, (x.astype(np.float64) ** 2).sum() / 2, 1e-3 if dtype == np.float16 else 1e-6)


def test_l2_loss_of_a_transposed_matrix_and_its_gradient():
    x = RANDOM.standard_normal((3, 4))
    np.testing.assert_allclose(run(tf.nn.l2_loss(tf.transpose(x))), (x**2).sum() / 2)
    assert gradient_error(tf.nn.l2_loss, x) < 1e-8


def test_dropout_keeps_the_mean_and_scales():
    x = np.ones((200, 300), np.float32)
    y = run(tf.nn.dropout(x, rate=0.25, seed=1))
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs(y.mean() - 1) < 0.01


def test_dropout_draws_anew_in_each_run_and_the_gradient_has_the_mask_of_the_value():
    x = tf.constant(np.ones(1000, np.float32))
    y = tf.nn.dropout(x, keep_prob=0.5)
    dx = tf.gradients(y, [x])[0]
    with tf.Session() as session:
        first, slope = session.run([y, dx])
        second = session.run(y)
    np.testing.assert_array_equal(first, slope)
    assert (first != second).any()


def test_dropout_with_a_seed_is_tensorflows():
    tf.set_random_seed(3)
    y = run(tf.nn.dropout(tf.ones([2, 6]), rate=0.5, seed=7))
    noise = run(tf.random_uniform([2, 6], seed=7))
    np.testing.assert_array_equal(y, np.where(noise >= 0.5, 2.0, 0.0))


@pytest.mark.parametrize("noise_shape", [[10, 1], [None, 1], tf.TensorShape([10, 1])])
def test_dropout_of_whole_rows(noise_shape):
    y = run(tf.nn.dropout(np.ones((10, 4), np.float32), rate=0.5, noise_shape=noise_shape, seed=1))
    assert (y == y[:, :1]).all() and 0 < y[:, 0].sum() < 20


def test_dropout_by_a_fed_rate():
    keep = tf.placeholder(tf.float32)
    y = tf.nn.dropout(tf.ones([100]), keep)
    with tf.Session() as session:
        assert session.run(y, {keep: 1.0}).tolist() == [1.0] * 100
        assert 0 < (session.run(y, {keep: 0.5}) == 0).sum() < 100
    assert y.op.name == "dropout/mul_1" and y.shape.as_list() == [100]


def test_dropout_node_names():
    tf.nn.dropout(tf.ones([2]), 0.5)
    names = [op.name for op in tf.get_default_graph().get_operations() if op.name.startswith("dropout/")]
    uniform = ["dropout/random_uniform/" + n for n in ("min", "max", "RandomUniform", "sub", "mul")]
    rest = ["sub/x", "sub", "truediv/x", "truediv", "GreaterEqual", "mul", "Cast", "mul_1"]
    assert names == [
        "dropout/rate",
        "dropout/Shape",
        *uniform,
        "dropout/random_uniform",
        *("dropout/" + n for n in rest),
    ]


def test_dropout_of_nothing_is_the_input():
    x = tf.constant([1.0])
    assert tf.nn.dropout(x, rate=0.0) is x and tf.nn.dropout(x, 1.0) is x
    assert tf.nn.dropout(x, rate=tf.constant(0.0)) is x


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({}, "You must provide a rate to dropout."),
        ({"rate": 1.0}, r"rate must be a scalar tensor or a float in the range \[0, 1\), got 1"),
        ({"keep_prob": 1.5}, r"range \[0, 1\), got -0.5"),
        ({"keep_prob": "a"}, r"keep_prob must be a floating point number or Tensor \(got 'a'\)"),
        ({"rate": 0.5, "keep_prob": 0.5}, "Cannot specify both 'keep_prob' and 'rate'"),
        ({"rate": tf.constant([0.5])}, "must have rank 0"),
    ],
)
def test_dropout_rejects(arguments, words):
    with tf.Graph().as_default():
        arguments = {k: tf.constant([0.5]) if isinstance(v, tf.Tensor) else v for k, v in arguments.items()}
        with pytest.raises(ValueError, match=words):
            tf.nn.dropout([1.0], **arguments)
        with pytest.raises(ValueError, match="x has to be a floating point tensor since it's going to be scaled"):
            tf.nn.dropout([1], rate=0.5)


def sampled(num_true):
    classes, dim, batch = 8, 3, 2
    arrays = [RANDOM.standard_normal(s) for s in ((classes, dim), (classes,), (batch, dim))]
    labels = np.array([[1, 4], [2, 6]])[:, :num_true]
    candidates = np.array([0, 4, 7])
    expected = np.full((batch, num_true), 0.5), np.full(len(candidates), 0.25)
    return *arrays, labels, candidates, expected


def sampled_logits(weights, biases, inputs, labels, candidates):
    true = np.einsum("bd,btd->bt", inputs, weights[labels]) + biases[labels] - np.log(0.5)
    noise = inputs @ weights[candidates].T + biases[candidates] - np.log(0.25)
    return np.concatenate([true, noise], 1)


@pytest.mark.parametrize("num_true", [1, 2])
def test_nce_loss(num_true):
    weights, biases, inputs, labels, candidates, expected = sampled(num_true)
    loss = tf.nn.nce_loss(
        tf.constant(weights), biases, tf.constant(labels), tf.constant(inputs), 3, 8, num_true, (candidates, *expected)
    )
    logits = sampled_logits(weights, biases, inputs, labels, candidates)
    targets = np.concatenate([np.full((2, num_true), 1 / num_true), np.zeros((2, 3))], 1)
    losses = -targets * log_sigmoid(logits) - (1 - targets) * log_sigmoid(-logits)
    np.testing.assert_allclose(run(loss), losses.sum(1))


def test_sampled_softmax_loss_leaves_accidental_hits_out():
    weights, biases, inputs, _, candidates, expected = sampled(1)
    labels = np.array([[4], [2]])  # 4 is among the candidates
    loss = tf.nn.sampled_softmax_loss(
        tf.constant(weights), biases, tf.constant(labels), tf.constant(inputs), 3, 8, 1, (candidates, *expected)
    )
    logits = sampled_logits(weights, biases, inputs, labels, candidates)
    logits[0, 2] = -np.inf
    np.testing.assert_allclose(run(loss), np.log(np.exp(logits).sum(1)) - logits[:, 0])


@pytest.mark.parametrize("function", [tf.nn.nce_loss, tf.nn.sampled_softmax_loss])
def test_sampled_losses_draw_their_classes(function):
    weights, biases, inputs = (a.astype(np.float32) for a in sampled(1)[:3])
    labels = [[1], [2]]
    loss = function(
        [tf.constant(weights[:4]), tf.constant(weights[4:])],
        tf.constant(biases),
        tf.constant(labels),
        tf.constant(inputs),
        num_sampled=3,
        num_classes=8,
        partition_strategy="div",
    )
    values = run(loss)
    assert values.shape == (2,) and np.isfinite(values).all() and (values > 0).all()
