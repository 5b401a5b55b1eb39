"""Connectionist temporal classification: values, nodes and errors are TensorFlow's."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops import ctc_alignment, ctc_beam_search, ctc_dense
from tests.golden_cases import Golden

GOLDEN = Golden("ctc_cases", "ctc.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    GOLDEN.check(name, rtol=1e-3)


def test_likelihoods_too_small_for_floats_are_found_by_logarithms():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(300, 3, 6)) * 3
    logits[:, 1, 5] += 60  # labels are so unlikely that only their logarithms can be held
    labels = [rng.integers(0, 5, 60), rng.integers(0, 5, 60), np.zeros(200, int)]  # the last leaves no time for blanks
    probabilities = np.exp(logits - logits.max(axis=2, keepdims=True))
    probabilities /= probabilities.sum(axis=2, keepdims=True)
    states = ctc_alignment.States(labels, np.array([300, 280, 300]), 5, True)
    exact = ctc_alignment._logarithmic(probabilities, states)
    assert exact[0][1] < -1000 and exact[0][2] == -np.inf
    _, _, is_safe = ctc_alignment._scaled(probabilities, states)
    assert is_safe.tolist() == [True, False, False]
    for given, expected in zip(ctc_alignment.align(probabilities, states), exact):
        np.testing.assert_allclose(given, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("merge_repeated", [True, False])
def test_gradient_is_that_of_the_loss(merge_repeated):
    x = tf.constant(np.sin(np.arange(60.0) * 1.3).reshape(5, 3, 4))
    labels = tf.SparseTensor([[0, 0], [0, 1], [1, 0], [2, 0], [2, 1]], [0, 0, 2, 1, 2], [3, 2])
    loss = tf.nn.ctc_loss(labels, x, [5, 1, 4], ctc_merge_repeated=merge_repeated)
    with tf.Session():
        assert tf.test.compute_gradient_error(x, [5, 3, 4], loss, [3]) < 1e-7


def test_dense_loss_is_that_of_sparse_labels():
    logits = tf.constant(np.sin(np.arange(7 * 4 * 5, dtype=np.float32) * 1.3).reshape(7, 4, 5))
    labels, lengths, steps = [[1, 1, 2], [3, 0, 0], [2, 4, 2], [4, 4, 0]], [3, 1, 3, 2], [7, 3, 5, 6]
    sparse = ctc_dense.dense_labels_to_sparse(labels, lengths)
    losses = [
        tf.nn.ctc_loss_v2(labels, logits, lengths, steps, blank_index=0),
        tf.nn.ctc_loss_v2(sparse, logits, None, steps, blank_index=0),
    ]
    gradients = [tf.gradients(loss, logits)[0] for loss in losses]
    with tf.Session() as session:
        dense, of_sparse = session.run(losses)
        np.testing.assert_allclose(dense, of_sparse, rtol=1e-5)
        dense, of_sparse = session.run(gradients)
    for example, length in enumerate(steps):
        np.testing.assert_allclose(dense[:length, example], of_sparse[:length, example], atol=1e-5)


def test_wide_beam_search_leaves_nothing_out():
    search = ctc_beam_search.BeamSearch(4, 2000)
    for step in np.sin(np.arange(24.0) * 2.1).reshape(6, 4):
        search.step(step)
    assert np.logaddexp.reduce(search.total) == pytest.approx(0)
    assert np.all(np.diff(search.total) <= 0)
