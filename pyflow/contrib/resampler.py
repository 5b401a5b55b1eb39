"""tf.contrib.resampler: images at places between their pixels."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.resampling import Resampler


@export("contrib.resampler.resampler")
def resampler(data: Any, warp: Any, name: str = "resampler") -> Tensor:
    """Images [n, height, width, channels] at places (x, y), [n, ..., 2], by bilinear interpolation; 0 outside."""
    with name_scope(name, "resampler", [data, warp]):
        return Resampler(convert_to_tensor(data, name="data"), convert_to_tensor(warp, name="warp"))
