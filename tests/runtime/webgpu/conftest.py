"""The adapters that the tests of the GPU backend run on: every one that is found, software ones above all."""

from __future__ import annotations

import os
import pathlib

import pytest

_SWIFTSHADER = ("/usr/lib/chromium/vk_swiftshader_icd.json", "/usr/lib/chromium-browser/vk_swiftshader_icd.json")

for _path in _SWIFTSHADER:
    if pathlib.Path(_path).exists():
        os.environ.setdefault("VK_ADD_DRIVER_FILES", _path)  # beside the drivers that are installed

from pyflow.runtime.webgpu import native  # noqa: E402  # the drivers are looked for once

ADAPTERS = [native.describe(a).name for a in native.adapters()]


@pytest.fixture(params=ADAPTERS, ids=lambda name: name.split()[0])
def adapter(request, monkeypatch):
    """The name of an adapter, which sessions use as long as the test runs."""
    monkeypatch.setenv("PYFLOW_ADAPTER", request.param)
    return request.param
