"""What native code does faster than numpy, put into the table of primitives where it is found."""

from __future__ import annotations

from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu import blas, onednn


def install() -> None:
    """Takes what is there; without it numpy goes on doing everything."""
    if blas.available:
        primitives.serial = blas.serial
    path = onednn.find()
    if path is not None:
        onednn.install(primitives, path)
