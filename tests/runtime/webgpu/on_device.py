"""Runs a graph on the device and on the CPU, and tells what the device has done of it."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

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


class Ran(NamedTuple):
    """What the device has done: the nodes' names, whether the node of the first output is one, and the dispatches."""

    ops: set[str]
    first: bool
    dispatches: int


def on_both(function: Callable, arrays: list[Any]) -> tuple[list[Any], list[Any], Ran]:
    """(outputs on the device, on the CPU, what the device has done) of `function(*tensors)` with these arrays fed."""
    with tf.Graph().as_default(), tf.device("/gpu:0"):
        inputs = [tf.placeholder(tf.as_dtype(a.dtype), a.shape) for a in arrays]
        outputs = function(*inputs)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        feeds = dict(zip(inputs, arrays))
        with cpu_session() as sess:
            expected = sess.run(outputs, feeds)
        with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
            values = sess.run(outputs, feeds)
            done = ops_done(sess)
            return values, expected, Ran(done, outputs[0].op.name in done, dispatches(sess))
