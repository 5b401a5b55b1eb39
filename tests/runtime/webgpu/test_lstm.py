"""LSTM layers on the device, forwards and backwards, against the CPU."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.runtime.webgpu.on_device import on_both

pytestmark = pytest.mark.native


def arrays(time, batch, inputs, cells):
    random = np.random.default_rng(cells)
    shapes = [(time, batch, inputs), (batch, cells), (batch, cells), (inputs + cells, 4 * cells), (4 * cells,)]
    return [random.uniform(-0.5, 0.5, shape).astype("f4") for shape in shapes]


def build(op, steps, **attrs):
    def make(x, cs, h, w, b):
        none = tf.zeros([cs.shape[1]])
        values = op(tf.constant(steps, tf.int64), x, cs, h, w, none, none, none, b, **attrs)
        gradients = tf.gradients([values[1] * 0.5, values[6] * values[6]], [x, cs, h, w, b])
        return [*values, *gradients]

    return make


def build_with_peepholes(op, steps, **attrs):
    def make(x, cs, h, w, b, *peepholes):
        values = op(tf.constant(steps, tf.int64), x, cs, h, w, *peepholes, b, use_peephole=True, **attrs)
        inputs = [x, cs, h, w, b, *peepholes]
        return [*values, *tf.gradients([values[1] * 0.5, values[6] * values[6]], inputs)]

    return make


def check(found, expected):
    for value, wanted in zip(found, expected):
        np.testing.assert_allclose(value, wanted, rtol=2e-5, atol=2e-5 * max(1, np.abs(wanted).max()))


@pytest.mark.parametrize("time, batch, inputs, cells", [(5, 6, 3, 7), (1, 1, 1, 1), (3, 9, 5, 70), (7, 4, 8, 16)])
def test_a_layer_and_its_gradients(adapter, time, batch, inputs, cells):
    found, expected, ran = on_both(build(raw.BlockLSTM, time), arrays(time, batch, inputs, cells))
    assert any("BlockLSTMGrad" in name for name in ran.ops) and ran.first
    check(found, expected)


def test_the_other_order_of_gates_a_clip_and_fewer_steps(adapter):
    found, expected, _ = on_both(build(raw.BlockLSTMV2, 3, cell_clip=0.3), arrays(5, 6, 3, 7))
    check(found, expected)
    assert not found[6][3:].any()


@pytest.mark.parametrize("op", [raw.BlockLSTM, raw.BlockLSTMV2])
@pytest.mark.parametrize("time, batch, inputs, cells, steps", [(5, 6, 3, 7, 5), (3, 9, 5, 70, 2), (1, 1, 1, 1, 1)])
def test_peepholes(adapter, op, time, batch, inputs, cells, steps):
    peepholes = list(np.random.default_rng(1).uniform(-1, 1, (3, cells)).astype("f4"))
    given = [*arrays(time, batch, inputs, cells), *peepholes]
    found, expected, ran = on_both(build_with_peepholes(op, steps, cell_clip=0.4), given)
    assert any("LSTMGrad" in name or "LSTMV2Grad" in name or "LSTMGradV2" in name for name in ran.ops) and ran.first
    check(found, expected)


def test_a_layer_takes_eight_dispatches_with_its_gradients(adapter):
    time, batch, size = 6, 32, 128

    def make(x, cs, h, w, b):
        none = tf.zeros([size])
        values = raw.BlockLSTM(tf.constant(time, tf.int64), x, cs, h, w, none, none, none, b)
        out = [values[6], *raw.BlockLSTMGrad(time, x, cs, h, w, none, none, none, b, *values, x, x, use_peephole=False)]
        return [out[0], out[1], out[4], out[8]]

    found, expected, ran = on_both(make, arrays(time, batch, size, size))
    assert ran.dispatches <= 8
    check(found, expected)
