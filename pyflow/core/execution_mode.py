"""Graph mode is the only mode: the switches of TF 1.15's transition to 2.x, as far as they make sense."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from pyflow.core.api import export

ENABLE_CONTROL_FLOW_V2 = False  # programs look at it; functions stand behind loops and conditionals either way


@export("executing_eagerly")
def executing_eagerly() -> bool:
    """False: operations are added to a graph, and run in a session."""
    return False


@export("enable_eager_execution")
def enable_eager_execution(config: Any = None, device_policy: Any = None, execution_mode: Any = None) -> None:
    """Raises NotImplementedError: there is no eager execution."""
    raise NotImplementedError("enable_eager_execution: PyFlow builds graphs and runs them in sessions")


@export("enable_v2_behavior")
def enable_v2_behavior() -> None:
    """Raises NotImplementedError: there is no eager execution."""
    raise NotImplementedError("enable_v2_behavior: PyFlow is TensorFlow 1's programming model")


@export("disable_eager_execution", "disable_v2_behavior", "disable_v2_tensorshape_behavior", "disable_tensor_equality",
        "disable_control_flow_v2", "enable_control_flow_v2")  # fmt: skip
def already_so() -> None:
    """Does nothing: graph mode and TensorFlow 1's behaviour are what there is."""


@contextlib.contextmanager
def graph_mode() -> Iterator[None]:
    """A block in graph mode, as every block is."""
    yield


def eager_mode() -> Any:
    """Raises NotImplementedError: there is no eager execution."""
    raise NotImplementedError("eager_mode: PyFlow builds graphs and runs them in sessions")


def num_gpus() -> int:
    """How many GPUs the process uses."""
    return 0


@export("control_flow_v2_enabled")
def control_flow_v2_enabled() -> bool:
    """False: loops and conditionals have the names that they had before version 2."""
    return ENABLE_CONTROL_FLOW_V2


def EnableControlFlowV2(graph: Any) -> bool:
    """Whether a graph is the body of a function."""
    return graph.building_function
