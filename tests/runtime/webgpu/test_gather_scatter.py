"""Picking and changing rows on the device: duplicates of indices do what they do on the CPU, wrong ones are refused."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.runtime.webgpu.on_device import on_both, ops_done

pytestmark = pytest.mark.native

SOFT = tf.ConfigProto(allow_soft_placement=True)


def uniform(*shape):
    return np.random.RandomState(1).uniform(-1, 1, shape).astype(np.float32)


def picked(limit, *shape):
    return np.random.RandomState(2).randint(limit, size=shape)


GATHERS = {
    "rows": (lambda x, i: tf.gather(x, i), (50, 7), 50, (3, 5)),
    "along the last axis": (lambda x, i: tf.gather(x, i, axis=-1), (4, 5, 9), 9, (6,)),
    "in the middle": (lambda x, i: tf.gather(x, i, axis=1), (4, 5, 9), 5, (2, 3)),
    "in batches": (lambda x, i: tf.gather(x, i, axis=2, batch_dims=1), (3, 2, 5, 7), 5, (3, 4)),
    "by coordinates": (lambda x, i: tf.gather_nd(x, i), (4, 5, 3), 4, (6, 2)),
    "elements": (lambda x, i: tf.gather_nd(x, i), (4, 5, 5), 4, (2, 6, 3)),
    "embeddings": (lambda x, i: tf.nn.embedding_lookup(x, i), (1000, 33), 1000, (32, 20)),
}


@pytest.mark.parametrize("kind", GATHERS)
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_gathers(kind, dtype, adapter):
    function, shape, limit, indices = GATHERS[kind]
    for x in (uniform(*shape), (uniform(*shape) * 99).astype(np.int32), uniform(*shape) > 0):
        (value,), (wanted,), ran = on_both(function, [x, picked(limit, *indices).astype(dtype)])
        assert ran.ops and value.dtype == wanted.dtype
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize("kind", ["rows", "along the last axis", "in batches", "by coordinates"])
def test_gradients_of_gathers(kind, adapter):
    function, shape, limit, indices = GATHERS[kind]

    def gradient(x, i):
        (dx,) = tf.gradients(tf.square(function(x, i)), x)
        return tf.convert_to_tensor(dx)

    (value,), (wanted,), _ = on_both(gradient, [uniform(*shape), picked(limit, *indices)])
    np.testing.assert_allclose(value, wanted, rtol=1e-6, atol=1e-6)


def test_wrong_indices_are_refused_or_give_zeros(adapter):
    x = uniform(5, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = 5 is not in \[0, 5\)"):
        on_both(lambda x, i: tf.gather(x, i), [x, np.array([0, 5])])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = \[2, 3\] does not index into"):
        on_both(lambda x, i: tf.gather_nd(x, i), [x, np.array([[0, 0], [2, 3]])])
    with tf.Graph().as_default(), tf.device("/gpu:0"):
        i = tf.placeholder(tf.int32, [3])
        y = tf.gather(tf.constant(x), i * 2)  # not known on the host
        with tf.Session(config=SOFT) as sess:
            np.testing.assert_array_equal(sess.run(y, {i: [0, 2, 3]}), [x[0], x[4], [0, 0, 0]])


@pytest.mark.parametrize("count", [7, 400, 3000])
@pytest.mark.parametrize("rows", [5, 2000])
@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min"])
def test_segments(kind, rows, count, adapter):
    data, ids = uniform(count, 9), picked(rows + 2, count) - 2
    ids[ids == 1] = 2  # one is left out
    function = getattr(tf, f"unsorted_segment_{kind}")
    (value,), (wanted,), ran = on_both(lambda x, i: function(x, i, rows), [data, ids])
    assert ran.first
    np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(40,), (6, 7), (900, 50, 4)])
def test_scatter_nd_and_updates_of_tensors(shape, adapter):
    depth = min(2, len(shape))
    indices = picked(min(shape[:depth]), 300, depth)
    updates, x = uniform(300, *shape[depth:]), uniform(*shape)
    (value,), (wanted,), ran = on_both(lambda u, i: tf.scatter_nd(i, u, shape), [updates, indices])
    assert ran.first
    np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-5)

    def changed(x, u, i):
        return [f(x, i, u) for f in (tf.tensor_scatter_add, tf.tensor_scatter_sub, tf.tensor_scatter_update)]

    values, expected, ran = on_both(changed, [x, updates, indices])
    assert ran.first
    for value, wanted in zip(values, expected):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize("kind", ["update", "add", "sub", "mul", "div", "min", "max"])
def test_rows_of_variables(kind, use_resource, adapter):
    start, indices, updates = uniform(50, 6), picked(20, 40), uniform(40, 6) + 2
    results = []
    for device in ("/gpu:0", "/cpu:0"):
        with tf.Graph().as_default(), tf.device(device):
            v = tf.get_variable("v", initializer=start, use_resource=use_resource)
            i, u = tf.placeholder(tf.int64, [40]), tf.placeholder(tf.float32, [40, 6])
            changed = getattr(tf, f"scatter_{kind}")(v, i, u)
            op_type = f"Scatter{kind.title()}"
            node = next(op for op in tf.get_default_graph().get_operations() if op.type.endswith(op_type))
            with tf.Session(config=SOFT) as sess:
                sess.run(tf.global_variables_initializer())
                sess.run(changed.op, {i: indices, u: updates})
                assert (node.name in ops_done(sess)) == (device == "/gpu:0")
                results.append(sess.run(v))
                with pytest.raises(tf.errors.InvalidArgumentError, match="is not in"):
                    sess.run(changed.op, {i: indices + 31, u: updates})
    np.testing.assert_allclose(*results, rtol=1e-5)


@pytest.mark.parametrize("kind", ["update", "add", "sub"])
def test_slices_of_variables(kind, adapter):
    start, indices, updates = uniform(7, 9, 5), picked(7, 30, 2), uniform(30, 5)
    results = []
    for device in ("/gpu:0", "/cpu:0"):
        with tf.Graph().as_default(), tf.device(device):
            v = tf.get_variable("v", initializer=start)
            i, u = tf.placeholder(tf.int32, [30, 2]), tf.placeholder(tf.float32, [30, 5])
            changed = getattr(tf, f"scatter_nd_{kind}")(v, i, u)
            with tf.Session(config=SOFT) as sess:
                sess.run(tf.global_variables_initializer())
                sess.run(changed.op, {i: indices, u: updates})
                results.append(sess.run(v))
    np.testing.assert_allclose(*results, rtol=1e-5)


UPDATES = {
    "Momentum": lambda v, s, g, i: tf.raw_ops.SparseApplyMomentum(
        var=v, accum=s[0], lr=0.1, grad=g, indices=i, momentum=0.9, use_nesterov=True
    ),
    "Adagrad": lambda v, s, g, i: tf.raw_ops.SparseApplyAdagrad(var=v, accum=s[0], lr=0.1, grad=g, indices=i),
    "RMSProp": lambda v, s, g, i: tf.raw_ops.SparseApplyRMSProp(
        var=v, ms=s[0], mom=s[1], lr=0.1, rho=0.9, momentum=0.5, epsilon=1e-3, grad=g, indices=i
    ),
    "Ftrl": lambda v, s, g, i: tf.raw_ops.SparseApplyFtrl(
        var=v, accum=s[0], linear=s[1], grad=g, indices=i, lr=0.1, l1=0.01, l2=0.01, lr_power=-0.5
    ),
    "Adadelta": lambda v, s, g, i: tf.raw_ops.SparseApplyAdadelta(
        var=v, accum=s[0], accum_update=s[1], lr=0.1, rho=0.9, epsilon=1e-3, grad=g, indices=i
    ),
}


@pytest.mark.parametrize("kind", UPDATES)
def test_optimisers_change_rows_as_on_the_cpu(kind, adapter):
    """An index that comes again sees what its first occurrence did."""
    indices, gradients = picked(12, 25), uniform(25, 6)
    results = []
    for device in ("/gpu:0", "/cpu:0"):
        with tf.Graph().as_default(), tf.device(device):
            variables = [tf.Variable(uniform(30, 6)), *(tf.Variable(uniform(30, 6) ** 2 + 0.5) for _ in range(2))]
            i, g = tf.placeholder(tf.int32, [25]), tf.placeholder(tf.float32, [25, 6])
            changed = UPDATES[kind](variables[0]._ref(), [v._ref() for v in variables[1:]], g, i)
            with tf.Session(config=SOFT) as sess:
                sess.run(tf.global_variables_initializer())
                for _ in range(3):
                    sess.run(changed.op, {i: indices, g: gradients})
                assert (changed.op.name in ops_done(sess)) == (device == "/gpu:0")
                results.append(sess.run(variables))
    for value, wanted in zip(*results):
        np.testing.assert_allclose(value, wanted, rtol=2e-5, atol=1e-6)
