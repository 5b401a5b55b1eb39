"""tf.contrib.slim's model_analyzer and queues."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.graph import Graph
from pyflow.core.scopes import get_collection
from pyflow.train.coordinator import Coordinator


@export("contrib.slim.model_analyzer.tensor_description")
def tensor_description(var: Any) -> str:
    """The dtype and shape of a tensor or variable: "(float32 2x3)"."""
    return f"({var.dtype.name} {'x'.join(str(size) for size in var.get_shape())})"


@export("contrib.slim.model_analyzer.analyze_ops")
def analyze_ops(graph: Graph, print_info: bool = False) -> int:
    """How many numbers the outputs of a graph's nodes hold, as far as their shapes are known.

    Args:
      print_info: whether to print each node.
    """
    if print_info:
        print("---------")
        print("Operations: name -> (type shapes) [size]")
        print("---------")
    total = 0
    for op in graph.get_operations():
        size = sum(output.get_shape().num_elements() or 0 for output in op.outputs)
        shapes = [tensor_description(output) for output in op.outputs if output.get_shape()]
        if print_info:
            print(op.name, "\t->", ", ".join(shapes), f"[{size}]")
        total += size
    return total


@export("contrib.slim.model_analyzer.analyze_vars")
def analyze_vars(variables: Any, print_info: bool = False) -> tuple[int, int]:
    """How many numbers variables hold, and in how many bytes.

    Args:
      print_info: whether to print each variable.
    """
    if print_info:
        print("---------")
        print("Variables: name (type shape) [size]")
        print("---------")
    total, total_bytes = 0, 0
    for var in variables:
        size = var.get_shape().num_elements() or 0
        size_bytes = size * var.dtype.size
        total, total_bytes = total + size, total_bytes + size_bytes
        if print_info:
            print(var.name, tensor_description(var), f"[{size}, bytes: {size_bytes}]")
    if print_info:
        print(f"Total size of variables: {total}")
        print(f"Total bytes of variables: {total_bytes}")
    return total, total_bytes


_running = threading.Lock()


@export("contrib.slim.queues.NestedQueueRunnerError")
class NestedQueueRunnerError(Exception):
    """`QueueRunners` within `QueueRunners`."""


@export("contrib.slim.queues.QueueRunners")
@contextlib.contextmanager
def QueueRunners(session: Any) -> Iterator[None]:
    """Within it, the graph's queue runners run in threads; at its end they are stopped.

    Raises:
      NestedQueueRunnerError: they run already.
    """
    if not _running.acquire(False):
        raise NestedQueueRunnerError("QueueRunners cannot be nested")
    coordinator = Coordinator()
    threads = []
    for runner in get_collection(GraphKeys.QUEUE_RUNNERS):
        threads += runner.create_threads(session, coord=coordinator, daemon=True, start=True)
    try:
        yield
    finally:
        coordinator.request_stop()
        try:
            coordinator.join(threads, stop_grace_period_secs=120)
        except RuntimeError:
            session.close()
        _running.release()
