"""What goes wrong on a device is an error that names the op; nothing is computed wrong, and training can go on."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.runtime.webgpu import shaders
from tests.runtime.webgpu.on_device import ops_done

pytestmark = pytest.mark.native


def train_op():
    with tf.device("/gpu:0"):
        w = tf.get_variable("w", [8, 16], initializer=tf.ones_initializer())
        x = tf.placeholder(tf.float32, [4, 8], name="x")
        y = tf.matmul(x, w, name="product")
        step = tf.train.GradientDescentOptimizer(0.01).minimize(tf.add_n([y, y], name="loss"))
    return x, w, y, step


FED = np.linspace(-1, 1, 32, dtype=np.float32).reshape(4, 8)
SOFT = tf.ConfigProto(allow_soft_placement=True)


def test_every_run_after_a_device_is_lost_raises(adapter):
    x, w, y, step = train_op()
    with tf.Session(config=SOFT) as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step, {x: FED})
        assert "GradientDescent/update_w/ApplyGradientDescent" in ops_done(sess)
        sess.device._device.destroy()
        for fetch in (step, y, w, step):
            with pytest.raises(tf.errors.AbortedError, match="lost"):
                sess.run(fetch, {x: FED})


def test_a_new_session_has_a_new_device(adapter):
    x, w, y, step = train_op()
    with tf.Session(config=SOFT) as sess:
        sess.run(tf.global_variables_initializer())
        sess.device._device.destroy()
        with pytest.raises(tf.errors.AbortedError):
            sess.run(step, {x: FED})
    with tf.Session(config=SOFT) as sess:
        sess.run(tf.global_variables_initializer())
        np.testing.assert_allclose(sess.run(y, {x: FED}), FED @ np.ones((8, 16)), rtol=1e-5)


def test_monitored_training_goes_on_from_the_last_checkpoint(adapter, tmp_path):
    x, w, y, step = train_op()
    global_step = tf.train.get_or_create_global_step()
    with tf.control_dependencies([step]):
        count = tf.assign_add(global_step, 1)
    with tf.train.MonitoredTrainingSession(
        checkpoint_dir=str(tmp_path),
        save_checkpoint_steps=1,
        save_summaries_steps=None,
        save_summaries_secs=None,
        config=SOFT,
    ) as sess:
        for _ in range(3):
            sess.run(count, {x: FED})
        before = sess.run(w)
        sess._tf_sess().device._device.destroy()
        assert sess.run(count, {x: FED}) == 4
        after = sess.run(w)
    np.testing.assert_allclose(before - after, 0.02 * FED.sum(0)[:, None].repeat(16, 1), rtol=1e-3, atol=1e-6)


def test_too_large_a_tensor_is_named(adapter):
    with tf.device("/gpu:0"):
        x = tf.placeholder(tf.float32, [1 << 15, 1 << 14], name="huge")
        y = tf.nn.relu(x, name="positive")
    with tf.Session(config=SOFT) as sess:
        with pytest.raises(tf.errors.ResourceExhaustedError, match=r"OOM.*32768,16384"):
            sess.run(y, {x: np.broadcast_to(np.float32(0), (1 << 15, 1 << 14))})


def test_a_refused_shader_names_op_shapes_and_dtype(adapter, monkeypatch):
    x, w, y, step = train_op()
    monkeypatch.setattr(shaders, "specialised", lambda *_: "fn main( {")
    with tf.Session(config=SOFT) as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InternalError, match=r"product.*float32\[4, 8\]") as caught:
            sess.run(y, {x: FED})
    assert caught.value.op.name == "product"


def test_memory_is_given_back_when_the_session_closes(adapter):
    x, w, y, step = train_op()
    with tf.Session(config=SOFT) as sess:
        device = sess.device
        before = device.memory_in_use()
        sess.run(tf.global_variables_initializer())
        sess.run(step, {x: FED})
        assert device.memory_in_use() > before
    assert device.memory_in_use() == before
