"""Every op that has a kernel for the GPU, on its own samples: the values are those of the CPU."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import OPS
from pyflow.runtime.identities import FORWARDING_OPS
from tests.op_samples import SAMPLES, flatten, input_arrays
from tests.runtime.webgpu.on_device import cpu_session, ops_done

pytestmark = pytest.mark.native

# Ops whose results are known when a run is planned, if they are as small as in the samples; and those that the
# device does only of what it has computed itself.
FOLDED = {"ZerosLike", "CheckNumerics", "MaxPoolGradWithArgmax", *FORWARDING_OPS}
# Ops that take their seeds from the host; test_random.py has them.
SEEDED = "Stateless"

WITH_KERNEL = sorted(n for n, op in OPS.items() if op.gpu is not None and op.samples and not n.startswith(SEEDED))


def build(op, sample):
    """(outputs, feeds, node): floats are fed; the first input where there are none, or nothing would be left to run."""
    arrays = input_arrays(op, sample)
    has_floats = any(a.dtype.kind == "f" for a in flatten(arrays))
    feeds = {}

    def tensor(array):
        if array.dtype.kind != "f" and (has_floats or feeds):
            return tf.constant(array)
        fed = tf.placeholder(tf.as_dtype(array.dtype), array.shape)
        feeds[fed] = array
        return fed

    with tf.device("/gpu:0"):
        inputs = [[tensor(a) for a in group] if isinstance(group, list) else tensor(group) for group in arrays]
        result = op(*inputs, **sample.attrs)
    outputs = flatten(list(result) if isinstance(result, (list, tuple)) else [result])
    return outputs, feeds, outputs[0].op


@pytest.mark.parametrize("name", WITH_KERNEL)
def test_device_and_cpu_agree(name, adapter):
    done = 0
    for op, sample in SAMPLES:
        if op.name != name:
            continue
        outputs, feeds, node = build(op, sample)
        with cpu_session() as sess:
            expected = sess.run(outputs, feeds)
        with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
            values = sess.run(outputs, feeds)
            done += node.name in ops_done(sess)
        for value, wanted in zip(values, expected):
            assert value.dtype == wanted.dtype and value.shape == wanted.shape
            if wanted.dtype == object:
                assert value.tolist() == wanted.tolist()
            else:
                np.testing.assert_allclose(value, wanted, rtol=2e-5, atol=1e-6)
    assert done or name in FOLDED, f"the device has run none of the samples of {name}"
