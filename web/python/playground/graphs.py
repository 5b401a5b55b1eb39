"""The graph of the last program, or of a file, as the page draws it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pyflow
from playground import Refused, offered
from pyflow.core import dtypes
from pyflow.core.shapes import TensorShape
from pyflow.protos.meta_graph_pb2 import MetaGraphDef, SavedModel
from pyflow.runtime.executable import Executable
from pyflow.runtime.ordering import needed_ops
from pyflow.runtime.session import BaseSession
from pyflow.runtime.webgpu.recording import Segment

_MOST_NODES = 100_000
_MOST_BYTES = 1 << 28
_MOST_TEXT = 400

# "graph": a Graph or GraphDef, "nodes": its nodes by name, "ran": the device that each node ran on, CPU or GPU
_shown: dict[str, Any] = {}
_last_session: list[Any] = []
_placed: dict[Any, str] | None = None  # while a program runs, the device that each operation runs on


def install() -> None:
    """Has what a program does remembered: the graph of its last session, and where what it runs is done."""
    initialize, prepare = BaseSession.__init__, Executable.__init__

    def init(self: BaseSession, *args: Any, **options: Any) -> None:
        initialize(self, *args, **options)
        _last_session[:] = [self.graph]

    def planned(
        self: Executable, session: Any, fetches: Any, targets: Any, feeds: Any, *args: Any, **options: Any
    ) -> None:
        prepare(self, session, fetches, targets, feeds, *args, **options)
        if _placed is not None:
            _place(_placed, self.steps, needed_ops(fetches, targets, feeds))

    BaseSession.__init__, Executable.__init__ = init, planned


def _place(placed: dict[Any, str], steps: Any, ops: list[Any]) -> None:
    """Notes where the steps of a plan are done; a node that is part of another's step goes where its result goes."""
    for step in steps:
        if isinstance(step.kernel, Segment):
            placed.update((work.step.op, "GPU") for work in step.kernel.works)
        else:
            placed.setdefault(step.op, "CPU")
    own = set(ops)
    for op in reversed(ops):
        if op not in placed:
            users = [user for value in op.outputs for user in value.consumers() if user in own and user in placed]
            placed[op] = placed[users[0]] if users else "CPU"


@contextlib.contextmanager
def watching() -> Iterator[None]:
    """In the block, a program runs; afterwards its graph is what is shown."""
    global _placed
    _placed = {}
    _last_session.clear()
    try:
        yield
    finally:
        _keep(pyflow.get_default_graph(), _placed)
        _placed = None


def _keep(default: Any, placed: dict[Any, str]) -> None:
    """Remembers what the program built: the default graph, or if it is empty that of its last session."""
    graph = default if default.version or not _last_session else _last_session[0]
    _last_session.clear()
    _shown.clear()
    _shown["graph"] = graph
    _shown["ran"] = {op.name: device for op, device in placed.items() if op.graph is graph}


@offered
def nodes(path: str = "") -> dict[str, Any]:
    """{"names", "ops", "devices", "inputs"}, one entry a node; inputs are numbers of nodes, a control input's negative.

    The devices are those that nodes ran on if "ran" is true; else nothing has run, and they are those asked for.

    Args:
      path: a file with a graph; empty for that of the last program.
    """
    if path:
        _shown.update(graph=_of_file(path), ran={})
    definition = _definition()
    if len(definition.node) > _MOST_NODES:
        raise Refused(f"A graph of {len(definition.node)} nodes is too large to be shown")
    number = {node.name: i for i, node in enumerate(definition.node)}
    inputs = [
        [_edge(text, number) for text in node.input if text.lstrip("^").split(":")[0] in number]
        for node in definition.node
    ]
    return {
        "names": [node.name for node in definition.node],
        "ops": [node.op for node in definition.node],
        "devices": [_device(node) for node in definition.node],
        "ran": bool(_shown["ran"]),
        "inputs": inputs,
    }


def _device(node: Any) -> str:
    return _shown["ran"].get(node.name, "") if _shown["ran"] else node.device.rpartition("device:")[2]


def _edge(text: str, number: dict[str, int]) -> int:
    i = number[text.lstrip("^").split(":")[0]]
    return -1 - i if text.startswith("^") else i


@offered
def node(name: str) -> dict[str, Any]:
    """{"op", "device", "ran", "inputs", "shapes", "attrs"} of a node, each as text."""
    _definition()
    found = _shown["nodes"].get(name)
    if found is None:
        raise Refused(f"There is no node {name}")
    shapes = [str(TensorShape(shape)) for shape in found.attr["_output_shapes"].list.shape]
    attrs = {key: _text(value) for key, value in sorted(found.attr.items()) if not key.startswith("_output")}
    return {
        "op": found.op,
        "device": found.device,
        "ran": _shown["ran"].get(name, "not" if _shown["ran"] else ""),
        "inputs": list(found.input),
        "shapes": shapes,
        "attrs": attrs,
    }


def _definition() -> Any:
    graph = _shown.get("graph")
    if graph is None:
        raise Refused("No program has run yet")
    if isinstance(graph, pyflow.Graph):
        graph = _shown["graph"] = graph.as_graph_def(add_shapes=True)
    if "nodes" not in _shown or _shown.get("of") is not graph:
        _shown["nodes"], _shown["of"] = {node.name: node for node in graph.node}, graph
    return graph


def _text(value: Any) -> str:
    kind = value.WhichOneof("value")
    if kind == "type":
        return dtypes.as_dtype(value.type).name
    if kind == "shape":
        return str(TensorShape(value.shape))
    if kind == "s":
        return value.s.decode(errors="replace")[:_MOST_TEXT]
    if kind == "tensor":
        return f"{dtypes.as_dtype(value.tensor.dtype).name} {TensorShape(value.tensor.tensor_shape)}"
    text = " ".join(str(getattr(value, kind)).split()) if kind else ""
    return text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + " …"


def _of_file(path: str) -> Any:
    from pyflow.tools import inspection  # not loaded before it is needed

    with open(path, "rb") as file:
        content = file.read(_MOST_BYTES + 1)
    message = inspection.as_message(content, len(content)) if len(content) <= _MOST_BYTES else None
    if isinstance(message, SavedModel):
        message = message.meta_graphs[0]
    if message is None:
        raise Refused(f"{path} has no graph that can be shown")
    return message.graph_def if isinstance(message, MetaGraphDef) else message
