"""Which adapter a session uses.

A hardware adapter is used where there is one. A software adapter (lavapipe, SwiftShader) is slower than the CPU
kernels, and used only if the environment variable PYFLOW_ADAPTER names it: it holds a part of the adapter's name, or
"none".
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

if sys.platform == "emscripten":
    from pyflow.runtime.webgpu import browser as _driver
else:
    from pyflow.runtime.webgpu import native as _driver

driver: Any = _driver

_lock = threading.Lock()
_devices: dict[str, Any] = {}


def chosen(config: Any = None) -> Any:
    """The device for a session with that `ConfigProto`, or None where all is to be done by the CPU.

    Raises:
      ValueError: PYFLOW_ADAPTER names an adapter there isn't.
    """
    wanted = os.environ.get("PYFLOW_ADAPTER", "")
    if wanted.lower() in ("none", "cpu") or (config is not None and dict(config.device_count).get("GPU", 1) == 0):
        return None
    index = config.gpu_options.visible_device_list if config is not None else ""
    with _lock:
        key = f"{wanted}/{index}"
        if key not in _devices or (_devices[key] is not None and _devices[key].lost):
            adapter = _adapter(wanted, index)
            _devices[key] = None if adapter is None else driver.open_device(adapter)
        return _devices[key]


def why_none() -> str:
    """What to say to a program that asks for a GPU where sessions use none."""
    software = [driver.describe(a).name for a in driver.adapters() if driver.describe(a).is_software]
    if software:
        return (
            f" The requested device appears to be a GPU, but there are only software adapters ({', '.join(software)}). "
            "They are slower than the CPU, and used if the environment variable PYFLOW_ADAPTER names one."
        )
    return " The requested device appears to be a GPU, but no adapter was found; `pyflow doctor` tells more."


def _adapter(wanted: str, index: str) -> Any:
    found = driver.adapters()
    if wanted:
        named = [a for a in found if wanted.lower() in " ".join(map(str, driver.describe(a))).lower()]
        if not named:
            names = ", ".join(driver.describe(a).name for a in found) or "none"
            raise ValueError(f"PYFLOW_ADAPTER is {wanted!r}, but the adapters found are: {names}")
        return named[0]
    hardware = [a for a in found if not driver.describe(a).is_software]
    if index:
        positions = [int(i) for i in index.split(",") if i.strip().isdigit()]
        hardware = [hardware[i] for i in positions if i < len(hardware)]
    return hardware[0] if hardware else None
