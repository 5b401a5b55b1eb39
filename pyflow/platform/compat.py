"""tf.compat: text as bytes or str, groups of number types, and the date that gates changes of graphs."""

from __future__ import annotations

import contextlib
import datetime
import numbers
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from pyflow.core.api import export

integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)
complex_types = (numbers.Complex, np.number)
bytes_or_text_types = (bytes, str)

for _name in ("integral_types", "real_types", "complex_types", "bytes_or_text_types"):
    export(f"compat.{_name}")(globals()[_name])

# The day of the TF 1.15 release branch: changes gated by an earlier date are on.
_RELEASE_DAY = datetime.date(2019, 8, 21)
_horizon: datetime.date | None = None


@export("compat.as_bytes")
def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """bytes, bytearray or str as bytes; TypeError for anything else."""
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, (bytes, bytearray)):
        return bytes(bytes_or_text)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


@export("compat.as_text", "compat.as_str")
def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """bytes or str as str; TypeError for anything else."""
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


@export("compat.as_str_any")
def as_str_any(value: Any) -> str:
    """`str(value)`, but bytes are decoded."""
    return as_str(value) if isinstance(value, bytes) else str(value)


@export("compat.path_to_str")
def path_to_str(path: Any) -> Any:
    """A path object as str; anything else as it is."""
    return as_str_any(path.__fspath__()) if hasattr(path, "__fspath__") else path


@export("compat.forward_compatible")
def forward_compatible(year: int, month: int, day: int) -> bool:
    """Whether graphs may use what was added up to that day.

    True for days before the release of TF 1.15; the environment variable TF_FORWARD_COMPATIBILITY_DELTA_DAYS moves that
    day, `forward_compatibility_horizon` replaces it.
    """
    horizon = _horizon
    if horizon is None:
        horizon = _RELEASE_DAY + datetime.timedelta(int(os.getenv("TF_FORWARD_COMPATIBILITY_DELTA_DAYS") or 0))
    return (horizon.year, horizon.month, horizon.day) > (year, month, day)


@export("compat.forward_compatibility_horizon")
@contextlib.contextmanager
def forward_compatibility_horizon(year: int, month: int, day: int) -> Iterator[None]:
    """Within the block, `forward_compatible` answers as if that day were the horizon."""
    global _horizon
    before, _horizon = _horizon, datetime.date(year, month, day)
    try:
        yield
    finally:
        _horizon = before
