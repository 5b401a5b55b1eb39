"""What runs where, in which order, and where variables are: a run on the device means what it means on the CPU."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import pyflow as tf
from pyflow.runtime.webgpu.residency import ResidentCell
from tests.runtime.webgpu.on_device import cpu_session, dispatches, on_both, ops_done, segments

pytestmark = pytest.mark.native

SOFT = tf.ConfigProto(allow_soft_placement=True)
ROWS = np.arange(48, dtype=np.float32).reshape(6, 8) / 8 - 3  # so that all results are exact


def test_nothing_is_done_there_unless_asked_for_or_worth_it(adapter):
    x = tf.placeholder(tf.float32, [6, 8])
    with tf.Session() as sess:
        sess.run(tf.nn.relu(x), {x: ROWS})
        assert not segments(sess)
        large = tf.placeholder(tf.float32, [200, 200])
        sess.run(tf.nn.relu(large), {large: np.ones((200, 200))})
        assert segments(sess)


def test_what_is_put_on_the_cpu_stays_there(adapter):
    with tf.device("/cpu:0"):
        x = tf.placeholder(tf.float32, [200, 200])
        y = tf.nn.relu(x)
    with tf.Session() as sess:
        sess.run(y, {x: np.ones((200, 200))})
        assert not segments(sess)


def test_device_count_zero_is_no_gpu(adapter):
    with cpu_session() as sess:
        assert [d.device_type for d in sess.list_devices()] == ["CPU"]
    with tf.Session() as sess:
        assert [d.device_type for d in sess.list_devices()] == ["CPU", "GPU"]


def test_an_op_of_the_cpu_runs_between_two_segments(adapter):
    x = tf.placeholder(tf.float32, [6, 8])
    with tf.device("/gpu:0"):
        y = tf.nn.relu(x) * 2.0
        with tf.device("/cpu:0"):
            z = tf.reverse(y, [0])
        w = tf.nn.relu(z - 1.0) + y
    with tf.Session(config=SOFT) as sess:
        value = sess.run(w, {x: ROWS})
        assert len(segments(sess)) == 2
    doubled = np.maximum(ROWS, 0) * 2
    np.testing.assert_allclose(value, np.maximum(doubled[::-1] - 1, 0) + doubled)


def test_host_work_in_between_does_not_part_what_needs_none_of_it(adapter):
    x = tf.placeholder(tf.float32, [6, 8])
    with tf.device("/gpu:0"):
        y = tf.nn.relu(x)
        for _ in range(4):
            count = tf.Variable(0, dtype=tf.int64, trainable=False)
            y = y * tf.cast(tf.assign_add(count, 1), tf.float32)
    with tf.Session(config=SOFT) as sess:
        sess.run(tf.global_variables_initializer())
        np.testing.assert_allclose(sess.run(y, {x: ROWS}), np.maximum(ROWS, 0))
        np.testing.assert_allclose(sess.run(y, {x: ROWS}), np.maximum(ROWS, 0) * 16)
        assert dispatches(sess) == 1


class TestVariables:
    def make(self, use_resource=False):
        with tf.device("/gpu:0"):
            v = tf.get_variable("v", initializer=ROWS, use_resource=use_resource)
            step = tf.train.GradientDescentOptimizer(1.0).minimize(tf.add_n([v * 2.0]))
        return v, step

    @pytest.mark.parametrize("use_resource", [False, True])
    def test_stay_on_the_device_and_come_down_when_asked_for(self, adapter, use_resource):
        v, step = self.make(use_resource)
        with tf.Session(config=SOFT) as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(3):
                sess.run(step)
            (cell,) = cells(sess)
            assert isinstance(cell, ResidentCell) and not cell.residence.on_host
            np.testing.assert_allclose(sess.run(v), ROWS - 6)
            assert cell.residence.on_host and cell.residence.on_device

    @pytest.mark.parametrize("use_resource", [False, True])
    def test_go_up_again_when_the_host_has_changed_them(self, adapter, use_resource):
        v, step = self.make(use_resource)
        with tf.device("/cpu:0"):
            doubled = v.assign(v * 2.0)
        with tf.Session(config=SOFT) as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(step)
            sess.run(doubled)
            sess.run(step)
            np.testing.assert_allclose(sess.run(v), (ROWS - 2) * 2 - 2)
            v.load(ROWS, sess)
            sess.run(step)
            np.testing.assert_allclose(sess.run(v), ROWS - 2)

    def test_are_saved_and_restored(self, adapter, tmp_path):
        v, step = self.make()
        saver = tf.train.Saver()
        with tf.Session(config=SOFT) as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(step)
            path = saver.save(sess, str(tmp_path / "model"))
            sess.run(step)
            saver.restore(sess, path)
            sess.run(step)
            np.testing.assert_allclose(sess.run(v), ROWS - 4)

    def test_must_be_initialised(self, adapter):
        v, step = self.make()
        with tf.Session(config=SOFT) as sess:
            with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
                sess.run(step)

    def test_are_read_before_and_after_a_write_as_control_dependencies_say(self, adapter):
        with tf.device("/gpu:0"):
            v = tf.get_variable("v", initializer=ROWS, use_resource=True)
            before = v.read_value() * 1.0
            with tf.control_dependencies([before]):
                write = v.assign_add(ROWS * 0 + 1.0, read_value=False)
            with tf.control_dependencies([write]):
                after = v.read_value() * 1.0
        with tf.Session(config=SOFT) as sess:
            sess.run(tf.global_variables_initializer())
            first, second = sess.run([before, after])
        np.testing.assert_allclose(first, ROWS)
        np.testing.assert_allclose(second, ROWS + 1)

    def test_are_not_written_when_an_assertion_before_fails(self, adapter):
        v, _ = self.make()
        with tf.device("/gpu:0"):
            doubled = v * 2.0
            with tf.control_dependencies([tf.Assert(tf.reduce_max(doubled) < 1.0, ["too large"])]):
                write = v.assign(doubled)
        with tf.Session(config=SOFT) as sess:
            sess.run(tf.global_variables_initializer())
            with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
                sess.run(write)
            np.testing.assert_allclose(sess.run(v), ROWS)


def cells(sess):
    from pyflow.core.resources import VariableCell

    return sess.resources.of_kind(VariableCell)


def test_a_program_runs_in_many_threads_at_once(adapter):
    x = tf.placeholder(tf.float32, [6, 8])
    with tf.device("/gpu:0"):
        y = tf.nn.relu(x) + x * 3.0
    wrong = []
    with tf.Session(config=SOFT) as sess:

        def work(factor):
            for _ in range(20):
                value = sess.run(y, {x: ROWS * factor})
                if not np.allclose(value, np.maximum(ROWS * factor, 0) + ROWS * factor * 3):
                    wrong.append(factor)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ops_done(sess)
    assert not wrong


def test_placements_are_logged_in_tensorflows_words(adapter, capsys):
    with tf.device("/gpu:0"):
        x = tf.placeholder(tf.float32, [6, 8], name="x")
        y = tf.nn.relu(x, name="y")
    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True, log_device_placement=True)) as sess:
        sess.run(y, {x: ROWS})
    printed = capsys.readouterr().out
    assert "/job:localhost/replica:0/task:0/device:GPU:0 -> device: 0, name: " in printed
    assert "y: (Relu): /job:localhost/replica:0/task:0/device:GPU:0" in printed


def test_a_trace_has_each_dispatch(adapter):
    with tf.device("/gpu:0"):
        x = tf.placeholder(tf.float32, [6, 8], name="x")
        y = tf.matmul(tf.nn.relu(x, name="y"), x, transpose_b=True, name="product")
    metadata = tf.RunMetadata()
    with tf.Session(config=SOFT) as sess:
        sess.run(y, {x: ROWS}, tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), metadata)
    (gpu,) = [d for d in metadata.step_stats.dev_stats if d.device.endswith("GPU:0")]
    assert [n.node_name for n in gpu.node_stats] == ["y", "product"]


def test_the_device_is_listed(adapter):
    from pyflow.platform.devices import list_local_devices

    assert tf.test.is_gpu_available() and tf.test.gpu_device_name() == "/device:GPU:0"
    (gpu,) = [d for d in list_local_devices() if d.device_type == "GPU"]
    assert gpu.name == "/device:GPU:0" and adapter in gpu.physical_device_desc and gpu.memory_limit > 0


class TestPassing:
    """What only a later segment needs stays on the device, though the host has something to do in between."""

    def make(self, wait):
        x = tf.placeholder(tf.float32, [6, 8])
        with tf.device("/gpu:0"):
            y = tf.nn.relu(x) * 2.0
            total = tf.reduce_sum(y, 1)
        with tf.device("/cpu:0"):
            factor = tf.ensure_shape(tf.py_func(wait, [total], tf.float32), [6])
        with tf.device("/gpu:0"):
            z = y[:, ::-1] * tf.expand_dims(factor, 1)
        return x, z

    def test_nothing_but_what_the_host_needs_comes_there(self, adapter):
        x, z = self.make(lambda total: total)
        with tf.Session(config=SOFT) as sess:
            value = sess.run(z, {x: ROWS})
            first, second = segments(sess)
            assert [v.shape for v in first._outputs] == [(6,)] and len(second._uploads) == 1
            doubled = np.maximum(ROWS, 0) * 2
            np.testing.assert_allclose(value, doubled[:, ::-1] * doubled.sum(1, keepdims=True), rtol=1e-6)
            np.testing.assert_allclose(sess.run(z, {x: ROWS}), value)

    def test_runs_under_way_at_once_keep_each_its_own(self, adapter):
        meet = threading.Barrier(2)

        def wait(total):
            meet.wait(60)
            return total

        x, z = self.make(wait)
        doubled, results = np.maximum(ROWS, 0) * 2, {}
        wanted = doubled[:, ::-1] * doubled.sum(1, keepdims=True)
        with tf.Session(config=SOFT) as sess:

            def run(scale):
                results[scale] = [sess.run(z, {x: ROWS * scale}) for _ in range(3)]

            threads = [threading.Thread(target=run, args=(scale,)) for scale in (1, 3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for scale, values in results.items():
            for value in values:
                np.testing.assert_allclose(value, wanted * scale**2, rtol=1e-5)


@pytest.mark.parametrize("dtype", [tf.float64, tf.int8, tf.uint8], ids=lambda dtype: dtype.name)
def test_types_that_devices_have_not_stay_on_the_cpu(adapter, dtype):
    def make(x):
        pooled = [tf.matmul(x, x), tf.nn.softmax(x), tf.cumsum(x, 1)] if dtype.is_floating else []
        return [tf.reduce_max(x, 1), tf.argmax(x, 1), tf.reduce_sum(x, 0), *pooled]

    found, expected, ran = on_both(make, [np.ones((64, 64), dtype.as_numpy_dtype)])
    assert not ran.first
    for value, wanted in zip(found, expected):
        assert value.dtype == wanted.dtype and np.array_equal(value, wanted)
