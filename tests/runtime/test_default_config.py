"""tf.config: what sessions without a configuration of their own take."""

from __future__ import annotations

import pytest

import pyflow as tf
from pyflow.runtime import default_config


@pytest.fixture(autouse=True)
def fresh():
    yield
    default_config._config.Clear()


def test_sessions_take_what_is_set():
    tf.debugging.set_log_device_placement(True)
    tf.config.set_soft_device_placement(True)
    assert tf.debugging.get_log_device_placement() and tf.config.get_soft_device_placement()
    with tf.Session() as session:
        assert session._config.log_device_placement and session._config.allow_soft_placement
    with tf.Session(config=tf.ConfigProto()) as session:
        assert not session._config.log_device_placement


def test_devices():
    (cpu,) = tf.config.experimental.list_physical_devices("CPU")
    assert repr(cpu) == "PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')"
    assert tf.config.experimental.list_logical_devices("CPU")[0].name.endswith("/device:CPU:0")
    with pytest.raises(ValueError, match="Cannot set memory growth on non-GPU devices"):
        tf.config.experimental.set_memory_growth(cpu, True)


def test_benchmark_config():
    rewrites = tf.test.benchmark_config().graph_options.rewrite_options
    assert rewrites.dependency_optimization == rewrites.OFF


def test_native_libraries_are_refused(tmp_path):
    with pytest.raises(tf.errors.NotFoundError, match="cannot open shared object file"):
        tf.load_op_library("/nowhere.so")
    (tmp_path / "own.so").write_bytes(b"")
    with pytest.raises(NotImplementedError, match="load_op_library"):
        tf.load_op_library(str(tmp_path / "own.so"))
