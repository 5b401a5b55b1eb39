"""Which adapters are found, and which one a session uses."""

from __future__ import annotations

import sys

import pytest

import pyflow as tf
from pyflow.runtime.webgpu import adapters, native
from tests.runtime.webgpu.conftest import ADAPTERS

pytestmark = pytest.mark.native


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have hardware adapters or none")
def test_there_are_two_software_adapters_to_test_on():
    assert any("llvmpipe" in name for name in ADAPTERS) and any("SwiftShader" in name for name in ADAPTERS)


def test_software_is_never_chosen_by_itself(monkeypatch):
    monkeypatch.delenv("PYFLOW_ADAPTER", raising=False)
    device = adapters.chosen()
    assert device is None or not device.info.is_software


def test_a_part_of_the_name_chooses(adapter):
    assert adapters.chosen().info.name == adapter


def test_none_is_no_adapter(monkeypatch):
    monkeypatch.setenv("PYFLOW_ADAPTER", "none")
    assert adapters.chosen() is None and not tf.test.is_gpu_available()


def test_a_name_that_is_not_there_lists_those_that_are(monkeypatch):
    monkeypatch.setenv("PYFLOW_ADAPTER", "voodoo")
    with pytest.raises(ValueError, match="PYFLOW_ADAPTER is 'voodoo', but the adapters found are: .*llvmpipe"):
        tf.Session()


class _Adapter:
    def __init__(self, name, kind):
        self.info = {"device": name, "adapter_type": kind, "backend_type": "Vulkan", "description": ""}


def test_hardware_is_chosen_by_the_visible_device_list(monkeypatch):
    monkeypatch.delenv("PYFLOW_ADAPTER", raising=False)
    found = [_Adapter("soft", "CPU"), _Adapter("first", "DiscreteGPU"), _Adapter("second", "IntegratedGPU")]
    monkeypatch.setattr(native, "adapters", lambda: found)
    assert adapters._adapter("", "") is found[1]
    assert adapters._adapter("", "1") is found[2]
    assert adapters._adapter("", "-1") is None
