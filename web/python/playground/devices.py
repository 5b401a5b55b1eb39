"""Which devices a program can be run on: the CPU, and the adapters that PyFlow's runtime finds."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from playground import offered
from pyflow.runtime.webgpu.adapters import driver

_VARIABLE = "PYFLOW_ADAPTER"


@offered
def available() -> list[dict[str, Any]]:
    """[{"type": "CPU" or "GPU", "name", "software"}], the fastest kind first."""
    found = [driver.describe(adapter) for adapter in driver.adapters()]
    gpus = [{"type": "GPU", "name": info.name, "software": info.is_software} for info in found]
    cpu = {"type": "CPU", "name": "CPU", "software": False}
    return sorted([*gpus, cpu], key=lambda device: (device["software"], device["type"] == "CPU"))


@contextlib.contextmanager
def chosen(name: str) -> Iterator[None]:
    """In the block, sessions are made for the device of that name; for the CPU if there is no such device."""
    gpus = [device["name"] for device in available() if device["type"] == "GPU"]
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = name if name in gpus else "none"
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE)
        if before is not None:
            os.environ[_VARIABLE] = before
