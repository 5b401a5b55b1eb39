"""PyFlow: the programming model of TensorFlow 1. `import pyflow as tf`.

The names below `tf` are TensorFlow 1.15's; FEATURES.md lists which there are.
"""

from __future__ import annotations

import sys as _sys
from typing import Any as _Any

from pyflow import namespaces as _namespaces
from pyflow.core import stages as _stages

_namespaces.load()

__version__ = "1.15.0"

# Programs that were prepared for TensorFlow 2 call everything by tf.compat.v1.
_namespaces.module_of("pyflow.compat").v1 = _sys.modules[__name__]  # type: ignore[attr-defined]


def __getattr__(name: str) -> _Any:
    if name in _namespaces.LAZY:
        return _namespaces.load_lazy(name)
    return _namespaces.find(_sys.modules[__name__], name)


def __dir__() -> list[str]:
    _stages.complete()
    return sorted(globals())
