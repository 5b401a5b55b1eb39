"""tf.contrib: helpers that TensorFlow 1 kept outside of its core. Loaded when first used."""

import sys
from typing import Any


def __getattr__(name: str) -> Any:
    if name == "keras":  # where TensorFlow 1.3 had it
        return sys.modules["pyflow"].keras
    raise AttributeError(name)
