"""Large products are shared among our own threads: BLAS's are not asked, and nothing depends on who does what."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops import parallel
from pyflow.runtime.cpu import blas, sharing


def matrix(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("size, each", [(500, 78400), (3136, 51200), (17, 1 << 30), (4096, 1 << 24), (100000, 1 << 20)])
def test_parts_follow_each_other_and_cover_the_axis(size, each):
    parts = sharing.parts_of(size, each)
    assert [p.start for p in parts] == [0, *(p.stop for p in parts[:-1])]
    assert parts[-1].stop == size
    assert all(p.start % 16 == 0 for p in parts)


def test_a_small_product_is_not_cut():
    assert sharing.parts_of(128, 64 * 100) == [slice(0, 128)]


@pytest.mark.parametrize("ta, tb", [(False, False), (True, False), (False, True), (True, True)])
def test_a_product_in_parts_is_the_product(ta, tb):
    a, b = matrix(256, 512), matrix(512, 320, seed=1)
    out = np.empty((256, 320), np.float32)
    kernel = sharing.product(ta, tb)
    kernel(np.ascontiguousarray(a.T) if ta else a, np.ascontiguousarray(b.T) if tb else b, out)
    np.testing.assert_allclose(out, a.astype(np.float64) @ b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(32, 1), (2, 16), (1, 32)])
def test_a_batch_of_products_is_shared_along_its_longest_axis(shape):
    x, y = matrix(*shape, 128, 96), matrix(*shape, 128, 96, seed=1)
    with tf.Graph().as_default(), tf.Session() as sess:
        given = tf.placeholder(tf.float32, x.shape)
        result = sess.run(tf.matmul(given, y, transpose_b=True), {given: x})
    np.testing.assert_allclose(result, x.astype(np.float64) @ y.swapaxes(-1, -2), rtol=1e-4, atol=1e-4)


def step_of_two_layers():
    """Losses of some steps whose products are large."""
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [128, 600])
        hidden = tf.nn.relu(tf.matmul(x, tf.Variable(0.05 * matrix(600, 512))))
        loss = tf.reduce_mean(tf.square(tf.matmul(hidden, tf.Variable(0.05 * matrix(512, 512, seed=1))) - 1.0))
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        sess.run(tf.global_variables_initializer())
        return [sess.run([loss, train], {x: matrix(128, 600, seed=2)})[0] for _ in range(3)]


@pytest.mark.native
def test_results_are_the_same_for_any_number_of_threads(monkeypatch):
    shared = step_of_two_layers()
    monkeypatch.setattr(parallel._team, "start", lambda: None)
    monkeypatch.setattr(parallel._team, "helpers", 0)
    assert step_of_two_layers() == shared


@pytest.mark.native
@pytest.mark.skipif(not blas.available, reason="numpy comes without a BLAS that can be asked")
def test_blas_has_as_many_threads_afterwards_as_before():
    before = blas._get_threads()
    step_of_two_layers()
    assert blas._get_threads() == before
