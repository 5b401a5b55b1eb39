"""The adapters that the shaders are tested on: each that Vulkan finds, lavapipe and SwiftShader where installed."""

from __future__ import annotations

from tests.shaders import runner


def pytest_generate_tests(metafunc):
    if "adapter" in metafunc.fixturenames:
        found = runner.adapters()
        metafunc.parametrize("adapter", found, ids=[a.name for a in found], scope="session")
