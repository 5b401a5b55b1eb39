"""Which devices a program can be run on: those that PyFlow's runtime has, and no others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pyflow
from playground import offered


@offered
def available() -> list[dict[str, Any]]:
    """[{"type": "CPU" or "GPU", "name": what its user would call it}], the first being what a session prefers."""
    with pyflow.Graph().as_default(), pyflow.Session() as session:
        devices = session.list_devices()
    found = {d.device_type: {"type": d.device_type, "name": getattr(d, "description", "")} for d in devices}
    return [found[kind] for kind in ("GPU", "CPU") if kind in found]


@contextlib.contextmanager
def chosen(kind: str) -> Iterator[None]:
    """In the block, what says nothing else is placed on a device of this kind."""
    if kind not in [device["type"] for device in available()]:
        kind = "CPU"
    with pyflow.device("/cpu:0") if kind == "CPU" and len(available()) > 1 else contextlib.nullcontext():
        yield
