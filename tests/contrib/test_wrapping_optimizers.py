"""tf.contrib.opt's optimizers around others, and those from outside."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

import pyflow as tf
from tests.contrib.test_image import check
from tests.golden_cases import Golden

GOLDEN = Golden("contrib_wrapper_cases", "contrib_wrappers.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    check(GOLDEN.run(name), GOLDEN.expected[name])


def test_swapping_saver(tmp_path):
    v = tf.Variable(3.0, name="v")
    optimizer = tf.contrib.opt.MovingAverageOptimizer(tf.train.GradientDescentOptimizer(0.5), 0.5)
    with pytest.raises(RuntimeError, match="Must call apply_gradients or minimize"):
        optimizer.swapping_saver()
    train = optimizer.minimize(tf.square(v))
    saver, plain = optimizer.swapping_saver(), tf.train.Saver([v])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        value, average = session.run([v, optimizer._ema.average(v)])
        path = saver.save(session, str(tmp_path / "model"))
        plain.restore(session, path)
        assert (value, session.run(v)) == (0.0, average)


class Descent(tf.contrib.opt.ExternalOptimizerInterface):
    def _minimize(self, initial_val, loss_grad_func, step_callback, **_):
        for _ in range(50):
            initial_val = initial_val - 0.1 * loss_grad_func(initial_val)[1]
            step_callback(initial_val)
        return initial_val


def test_minimizer_from_outside():
    a, b = tf.Variable([1.0, 2.0]), tf.Variable([[3.0]])
    losses, steps = [], []
    loss = tf.reduce_sum(tf.square(a - 5.0)) + tf.reduce_sum(tf.square(b + 1.0))
    minimizer = Descent(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        minimizer.minimize(session, fetches=[loss], loss_callback=losses.append, step_callback=steps.append)
        np.testing.assert_allclose(session.run(a), [5, 5], atol=1e-3)
        np.testing.assert_allclose(session.run(b), [[-1]], atol=1e-3)
    assert len(steps) == 50 and losses[0] == 41 and losses[-1] < 1e-3


class Result(dict):
    message, fun = "done", 0.5


def test_scipy_is_given_what_it_needs(monkeypatch):
    seen = {}

    def minimize(function, start, **kwargs):
        seen.update(kwargs, start=start.tolist(), first=function(start))
        return Result(x=np.array([7.0, 8.0]))

    scipy = types.ModuleType("scipy")
    scipy.optimize = types.SimpleNamespace(minimize=minimize)
    monkeypatch.setitem(sys.modules, "scipy", scipy)
    monkeypatch.setitem(sys.modules, "scipy.optimize", scipy.optimize)
    v = tf.Variable([1.0, 2.0])
    loss = tf.reduce_sum(tf.square(v))
    minimizer = tf.contrib.opt.ScipyOptimizerInterface(
        loss, equalities=[v[0] - 1.0], var_to_bounds={v: (0.0, [1.0, 2.0])}, options={"maxiter": 5}
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        minimizer.minimize(session)
        assert session.run(v).tolist() == [7.0, 8.0]
        assert seen["constraints"][0]["jac"](np.array([1.0, 2.0]))[0].tolist() == [1.0, 0.0]
    assert seen["bounds"] == [(0.0, 1.0), (0.0, 2.0)] and seen["method"] == "L-BFGS-B" and seen["jac"] is True
    assert seen["options"] == {"maxiter": 5} and seen["start"] == [1.0, 2.0]
    assert seen["first"][0] == 5.0 and seen["first"][1].tolist() == [2.0, 4.0]
    assert [c["type"] for c in seen["constraints"]] == ["eq"]
