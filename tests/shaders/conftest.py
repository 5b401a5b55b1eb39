"""The adapters that the shaders are tested on: each that Vulkan finds, lavapipe and SwiftShader where installed."""

from __future__ import annotations

from tests.shaders import runner


def pytest_generate_tests(metafunc):
    if "adapter" in metafunc.fixturenames:
        found = runner.adapters()
        metafunc.parametrize("adapter", found, ids=[a.name for a in found], scope="session")
    if "adapter_with_halves" in metafunc.fixturenames:
        found = [a for a in runner.adapters() if "shader-f16" in a.device.features]
        metafunc.parametrize("adapter_with_halves", found, ids=[a.name for a in found], scope="session")
