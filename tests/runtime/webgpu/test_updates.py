"""Variables that change on the GPU: assignments and the updates of the optimisers are those of the CPU."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import OPS
from tests.runtime.webgpu.on_device import cpu_session, dispatches, ops_done

pytestmark = pytest.mark.native

UPDATES = sorted(name for name, op in OPS.items() if op.gpu is not None and name.startswith(("Apply", "ResourceApply")))
NUMBERS = {"lr": 0.1, "l1": 0.02, "l2": 0.3, "lr_power": -0.5, "l2_shrinkage": 0.1, "epsilon": 1e-3, "alpha": 0.2}
NUMBERS |= {"rho": 0.9, "momentum": 0.8, "beta": 0.7, "beta1": 0.9, "beta2": 0.99, "beta1_power": 0.81}
NUMBERS |= {"beta2_power": 0.98, "logbase": 1.2, "sign_decay": 0.6}
SHAPE = (3, 37)
_rng = np.random.RandomState(1)
VALUES = [np.abs(_rng.randn(*SHAPE)).astype(np.float32) + 0.5 for _ in range(4)]


def updated(name, session, numbers, steps=3, **attrs):
    """The variables after some steps, and the name of the node."""
    op = OPS[name]
    with tf.Graph().as_default(), tf.device("/gpu:0"):
        is_resource = name.startswith("Resource")
        gradient = tf.placeholder(tf.float32, SHAPE)
        arguments, variables = {}, []
        for argument in op.inputs:
            if argument.name in ("grad", "delta"):
                arguments[argument.name] = gradient
            elif argument.name == "global_step":
                arguments["global_step"] = tf.constant(7, tf.int64)
            elif argument.name in numbers:
                arguments[argument.name] = tf.constant(numbers[argument.name])
            else:
                v = tf.Variable(VALUES[len(variables)], use_resource=is_resource, name=argument.name)
                variables.append(v)
                arguments[argument.name] = v.handle if is_resource else v
        step = op(**arguments, **attrs)
        node = step.op if hasattr(step, "op") else step
        with session() as sess:
            sess.run(tf.global_variables_initializer())
            for k in range(steps):
                sess.run(node, {gradient: VALUES[3] * (-0.7) ** k})
            return sess.run(variables), node.name in ops_done(sess)


def check(name, numbers=NUMBERS, **attrs):
    expected, _ = updated(name, cpu_session, numbers, **attrs)
    values, done = updated(name, tf.Session, numbers, **attrs)
    assert done
    for value, wanted in zip(values, expected):
        np.testing.assert_allclose(value, wanted, rtol=5e-6, atol=2e-6)


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_is_that_of_the_cpu(name, adapter):
    check(name)


@pytest.mark.parametrize("name", ["ApplyMomentum", "ResourceApplyMomentum", "ApplyAdam", "ResourceApplyAdam"])
def test_nesterov(name, adapter):
    check(name, use_nesterov=True)


def test_adagrad_may_leave_its_slots(adapter):
    check("ApplyAdagrad", update_slots=False)


@pytest.mark.parametrize("name", ["ApplyFtrl", "ApplyFtrlV2"])
def test_ftrl_with_another_power(name, adapter):
    check(name, {**NUMBERS, "lr_power": -0.7})


@pytest.mark.parametrize("name", ["ApplyProximalAdagrad", "ApplyProximalGradientDescent", "ApplyAdagradDA"])
def test_without_l1(name, adapter):
    check(name, {**NUMBERS, "l1": 0.0})


@pytest.mark.parametrize("use_resource", [False, True])
class TestAssignments:
    def test_assigning_adding_and_subtracting(self, use_resource, adapter):
        with tf.device("/gpu:0"):
            v = tf.Variable(tf.zeros([70, 2]), use_resource=use_resource)
            x = tf.placeholder(tf.float32, [70, 2])
            steps = [v.assign(x * 2.0), v.assign_add(x), v.assign_sub(x + 1.0)]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            ones = np.ones((70, 2))
            for step, expected in zip(steps, (2, 3, 1)):
                sess.run(step.op if hasattr(step, "op") else step, {x: ones})
                assert dispatches(sess) == 1
                np.testing.assert_array_equal(sess.run(v), ones * expected)

    def test_another_shape_is_the_error_of_the_cpu(self, use_resource, adapter):
        with tf.device("/gpu:0"):
            v = tf.Variable(tf.zeros([70]), use_resource=use_resource)
            x = tf.placeholder(tf.float32, None)
            steps = [v.assign_add(x)] if use_resource else [v.assign(x), v.assign_add(x), v.assign_sub(x)]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for step in steps:
                for value in (1.0, np.ones((1, 70)), np.ones((2, 70))):
                    with pytest.raises(tf.errors.InvalidArgumentError):
                        sess.run(step, {x: value})
            assert not sess.run(v).any()

    def test_a_variable_without_value(self, use_resource, adapter):
        with tf.device("/gpu:0"):
            v = tf.Variable(tf.zeros([70]), use_resource=use_resource)
            step = v.assign_add(tf.ones([70]))
        with tf.Session() as sess, pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized"):
            sess.run(step)


def test_assigning_another_shape_without_validation(adapter):
    with tf.device("/gpu:0"):
        v = tf.Variable(tf.zeros([70]), validate_shape=False)
        step = tf.assign(v, tf.ones([3, 50]) * 2.0, validate_shape=False)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(v).shape == (70,)
        sess.run(step)
        assert sess.run(v).tolist() == [[2.0] * 50] * 3
