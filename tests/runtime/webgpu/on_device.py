"""Runs a graph on the device and on the CPU, and tells what the device has done of it."""

from __future__ import annotations

from typing import Any

import pyflow as tf
from pyflow.runtime.webgpu.recording import Segment


def cpu_session() -> tf.Session:
    """A session without GPU."""
    return tf.Session(config=tf.ConfigProto(device_count={"GPU": 0}, allow_soft_placement=True))


def segments(session: Any) -> list[Segment]:
    """The recorded programs of all that the session has run."""
    executables = list(session._executables.values())
    return [s.kernel for e in executables for s in e.steps if isinstance(s.kernel, Segment)]


def ops_done(session: Any) -> set[str]:
    """The names of the nodes that the device has done."""
    return {work.step.op.name for segment in segments(session) for work in segment.works}


def dispatches(session: Any) -> int:
    """How many dispatches there are in the program run last."""
    newest = list(session._executables.values())[-1]
    return sum(len(s.kernel.planned) for s in newest.steps if isinstance(s.kernel, Segment))
