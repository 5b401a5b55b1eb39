"""PyFlow: the programming model of TensorFlow 1. `import pyflow as tf`.

The names below `tf` are TensorFlow 1.15's; FEATURES.md lists which there are.
"""

from __future__ import annotations

import sys as _sys
from typing import Any as _Any

from pyflow import namespaces as _namespaces

_namespaces.load()
_namespaces.lay_out()

__version__ = "1.15.0"

# Programs that were prepared for TensorFlow 2 call everything by tf.compat.v1.
compat.v1 = _sys.modules[__name__]  # type: ignore[name-defined]  # noqa: F821  (laid out above)


def __getattr__(name: str) -> _Any:
    if name in _namespaces.LAZY:
        package = _namespaces.load_package(f"pyflow.{name}")
        _namespaces.lay_out(f"{name}.")
        return package
    raise _namespaces.unknown_name(_sys.modules[__name__], name)
